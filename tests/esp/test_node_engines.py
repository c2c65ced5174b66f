"""As in ``test_engines.py``, by the engines that npm has: Handlebars, LiquidJS (Customer.io's own), and Mustache.

``npm install --prefix tests/esp/engines``; where they aren't there these tests skip, but with CI set they fail.
"""

import json
import os
import shutil
import subprocess
from html import escape
from urllib.parse import quote

import pytest

from tests.esp import mails, rendering
from tests.esp.rendering import EQUALITY, KNOWLEDGE, LISTS, PARTS, READERS, SHARE, WISHES

pytestmark = [pytest.mark.node, pytest.mark.slow]

ENGINES = rendering.HERE / "engines"


@pytest.fixture(scope="module")
def render():
    """Several sources, each for its values, by one engine."""
    there = shutil.which("node") and (ENGINES / "node_modules/handlebars").is_dir()
    if not there and "CI" not in os.environ:
        pytest.skip("npm's handlebars is not installed")
    assert there, "CI is set, and npm's handlebars is not installed"

    def render(engine, asked):
        given = json.dumps([{"engine": engine, "source": source, "values": values} for source, values in asked])
        command = ["node", ENGINES / "render.mjs"]
        done = subprocess.run(command, input=given.encode(), capture_output=True, check=True, timeout=120)
        return json.loads(done.stdout)

    return render


def as_it_is(value):
    return value


def check(render, name, mail, *, readers=READERS, named=dict, in_html=as_it_is, alike=as_it_is):
    """Each reader is told the same by the service as by us; ``in_html`` is what the sender must do to the values, and
    ``alike`` makes the same of what means the same."""
    exported = rendering.exported(name, mail)
    html = rendering.with_pages(exported.html, name, html=True)
    text = rendering.with_pages(exported.text, name, html=False)
    asked = []
    for values in readers:
        safe = {key: in_html(one) if isinstance(one, str) else one for key, one in values.items()}
        asked += [(html, named(safe)), (text, named(values)), (exported.subject, named(values))]
    answers = iter(render(name, asked))
    for values in readers:
        ours = mails.ours(mail, {**rendering.pages_of(name), **values})
        assert mails.understood(alike(next(answers))) == mails.understood(alike(ours[0]))
        assert (next(answers), next(answers)) == ours[1:]


@pytest.mark.parametrize("name", ["sendgrid", "mailgun"])
def test_handlebars(render, name):
    """SendGrid's and Mailgun's, rendered by Handlebars with the helpers that they add."""
    check(render, name, rendering.mail(SHARE))


def test_ses(render):
    """Amazon SES's, rendered by Handlebars that escapes nothing: the values are given escaped for the HTML."""
    check(render, "ses", rendering.mail(SHARE, audiences=KNOWLEDGE), in_html=escape)


def test_postmark(render):
    """Postmark's, which has no conditions, rendered by Mustache."""
    mail = mails.otherwise_default(rendering.mail(SHARE))
    exported = rendering.exported("postmark", mail)
    # Its blocks stand as for nobody, and so they do in ours.
    nobody = [one for one in READERS if not one.get("plan") and not one.get("city")]
    assert nobody
    check(render, "postmark", mails.otherwise_default(mail), readers=nobody)
    hello = mails.email(f"<p>Hello {mails.field('first_name')}</p>", f"Hello {mails.field('first_name')}")
    check(render, "postmark", hello)
    assert exported.html


def test_customer_io(render):
    """Customer.io's, rendered by LiquidJS."""

    def named(values):
        return {"customer": {key: list(one) if isinstance(one, tuple) else one for key, one in values.items()}}

    def alike(html):
        """JavaScript's encodeURIComponent leaves some characters as they are that Python's quote encodes."""
        for character in "!'()*":
            html = html.replace(quote(character, safe=""), "&#39;" if character == "'" else character)
        return html

    mail = rendering.mail(LISTS + SHARE + PARTS, audiences=EQUALITY | WISHES)
    check(render, "customerio", mail, named=named, alike=alike)
