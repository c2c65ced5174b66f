"""The exported files, rendered by the services' template languages, are what our own messages say to the same readers.

Python has Liquid, Django's language (Klaviyo's and Buttondown's; Brevo's is a copy of it in Go) and Jinja2 (which
HubSpot's is a copy of in Java). Mailchimp's tags are read here as its pages tell, Ghost's as its source does.
JavaScript's engines are in ``test_node_engines.py``; Go's there are none of.
"""

import re
from datetime import date
from html import escape
from urllib.parse import quote_plus

import django
import jinja2
import liquid
import pytest
from django.conf import settings
from django.template import Context, Engine, Library
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline import esp
from pipeline.esp import DIALECTS
from tests.esp import mails, rendering
from tests.esp.rendering import EQUALITY, LISTS, PARTS, READERS, SHARE, WISHES


@pytest.fixture(scope="module")
def django_engine():
    if not settings.configured:
        settings.configure(USE_TZ=True)
        django.setup()
    library = Library()
    library.filter("lookup", lambda person, name: person.get(name))
    engine = Engine()
    engine.template_builtins.append(library)
    return lambda source, values: engine.from_string(source).render(Context(values))


@pytest.fixture(scope="module")
def newsletter():
    return mails.newsletter()


def with_liquid(source, values):
    return liquid.Environment().from_string(source).render(**values)


def with_jinja(source, values):
    environment = jinja2.Environment(keep_trailing_newline=True)
    return environment.from_string(source).render(values)


def with_hubl(source, values):
    """What HubL has that Jinja2 has not, or otherwise."""
    environment = jinja2.Environment(keep_trailing_newline=True)
    contact = {f"contact.{name}": value for name, value in values["contact"].items()}
    environment.globals["personalization_token"] = lambda name, fallback: contact.get(name) or fallback
    environment.filters["escape_html"] = environment.filters["e"]
    environment.filters["split"] = lambda text, by: (text or "").split(by)
    environment.filters["urlencode"] = quote_plus
    return environment.from_string(source).render(values)


def with_mailchimp(source, values):
    """IF, IFNOT, ELSE: and END:IF, nested; what is unknown is nothing."""
    out, stack = [], []
    for part in re.split(r"(\*\|[^|]*\|\*)", source):
        tag = part[2:-2] if part.startswith("*|") and part.endswith("|*") else None
        if tag is None:
            out += [part] * all(stack)
        elif tag == "END:IF":
            stack.pop()
        elif tag == "ELSE:":
            stack[-1] = not stack[-1]
        elif found := re.fullmatch(r"(IF|IFNOT):(\w+)(?:(!?=)(.*))?", tag):
            kind, name, sign, wanted = found.groups()
            value = values.get(name, "")
            holds = bool(value) if sign is None else (value == wanted) is (sign == "=")
            stack.append(holds is (kind == "IF"))
        else:
            out += [values.get(tag, "")] * all(stack)
    assert not stack
    return "".join(out)


def with_ghost(source, values):
    def filled(found):
        name, fallback = re.fullmatch(r'(\w+?)(?:,? *(?:"|&quot;)(.*?)(?:"|&quot;))?', found[1]).groups()
        return values.get(name) or fallback or ""

    return re.sub(r"%%\{(.*?)\}%%", filled, source)


def check(name, mail, render, named, readers=READERS):
    """Each reader is told the same by the service as by us."""
    exported = rendering.exported(name, mail)
    for values in readers:
        ours = mails.ours(mail, {**rendering.pages_of(name), **values})
        given = named(values)
        html = render(rendering.with_pages(exported.html, name, html=True), given)
        assert mails.understood(html) == mails.understood(ours[0])
        text = render(rendering.with_pages(exported.text, name, html=False), given)
        assert (text, render(exported.subject, given)) == ours[1:]


def test_customer_io():
    """Customer.io's, rendered by Liquid. What is missing is given as empty: to this Liquid nil isn't blank, while it is
    to LiquidJS, which Customer.io has."""

    def named(values):
        given = {key: list(one) if isinstance(one, tuple) else one for key, one in values.items()}
        return {"customer": {**dict.fromkeys(mails.TYPES, ""), **given}}

    check("customerio", rendering.mail(LISTS + SHARE + PARTS, audiences=EQUALITY | WISHES), with_liquid, named)


def test_klaviyo(django_engine):
    """Klaviyo's, rendered by Django's templates."""

    def named(values):
        return {**{key: values.get(key) for key in ("first_name", "last_name", "email")}, "person": values}

    check("klaviyo", rendering.mail(LISTS + SHARE + PARTS, audiences=EQUALITY | WISHES), django_engine, named)


def test_buttondown(django_engine):
    """Buttondown's, rendered by Django's templates."""

    def named(values):
        return {"subscriber": {"email": values.get("email"), "metadata": values}}

    check("buttondown", rendering.mail(LISTS + SHARE + PARTS, audiences=EQUALITY | WISHES), django_engine, named)


def test_brevo(django_engine):
    """Brevo's, rendered by Django's templates; its plain text says nothing of escaping, so Django is told not to."""

    def named(values):
        names = {"first_name": "FIRSTNAME"}
        return {"contact": {names.get(key, key.upper()): one for key, one in values.items()}}

    def render(source, values):
        plain = "<" not in source
        return django_engine(f"{{% autoescape off %}}{source}{{% endautoescape %}}" if plain else source, values)

    check("brevo", rendering.mail(SHARE), render, named)


def test_hubspot():
    """HubSpot's, rendered by Jinja2 with HubL's filters; a property of several values is one text with semicolons."""

    def named(values):
        names = {"first_name": "firstname"}
        joined = {key: ";".join(one) if isinstance(one, tuple) else one for key, one in values.items()}
        return {"contact": {names.get(key, key): one for key, one in joined.items()}}

    asked = mails.block(4, "<p>Sleep</p>") + mails.block(5, "<p>No sleep</p>")
    check("hubspot", rendering.mail(asked + SHARE + PARTS, audiences=EQUALITY | WISHES), with_hubl, named)


@pytest.mark.parametrize("own", [{}, mails.PAGES])
def test_jinja(own):
    """Plain Jinja2, dates and all; a reader's own pages are given, or the newsletter's with the reader's token."""
    dates = {
        "block_6": "since < '2026-03-01'",
        "block_7": "not since >= '2026-03-01'",
        "block_8": "since == '2026-03-01'",
    }
    extra = "".join(mails.block(int(one[6:]), f"<p>{one}</p>") for one in dates)
    mail = rendering.mail(LISTS + SHARE + PARTS + extra, audiences=EQUALITY | WISHES | dates)
    days = [{"since": date(2026, 2, day)} for day in (1, 28)] + [{"since": date(2026, 3, day)} for day in (1, 2)]
    exported = rendering.exported("jinja", mail)
    for values in READERS + days:
        ours = mails.ours(mail, {**own, **values})
        given = {**own, **values, **({"since": values["since"].isoformat()} if "since" in values else {})}
        assert mails.understood(with_jinja(exported.html, given)) == mails.understood(ours[0])
        assert (with_jinja(exported.text, given), with_jinja(exported.subject, given)) == ours[1:]


def test_jinja_autoescaping():
    """The HTML is the same where the program's Jinja2 escapes by itself."""
    source = rendering.exported("jinja", rendering.mail(SHARE + PARTS)).html
    escaping = jinja2.Environment(autoescape=True, keep_trailing_newline=True)
    for values in READERS:
        assert escaping.from_string(source).render(values) == with_jinja(source, values)


def test_mailchimp():
    """Mailchimp's, read as its pages tell; it is left open there whether values are escaped, so these need none."""

    def named(values):
        names = {"first_name": "FNAME", "token": "UNIQID"}
        return {names.get(key, key.upper()): one for key, one in values.items()}

    check("mailchimp", rendering.mail(SHARE), with_mailchimp, named, READERS[:4])


def test_ghost():
    """Ghost's, read as its source does; nothing but a member's name, address and id, and no conditions."""
    html = f'<p title="{mails.field("first_name")}">Hello {mails.field("first_name")}</p> {mails.field("token", "")}'
    mail = mails.email(html, f"Hello {mails.field('first_name')}\n{mails.field('unsubscribe_url')}")

    def named(values):
        return {"first_name": values.get("first_name"), "uuid": values.get("token")}

    check("ghost", mail, with_ghost, named, READERS[:4])


ANY_TEXT = st.text(
    st.one_of(st.sampled_from("{}%#*|\\'\"&<>! \n-"), st.characters(exclude_categories=("Cc", "Cs"))), max_size=40
)


@given(written=ANY_TEXT, fallback=ANY_TEXT, value=ANY_TEXT)
@example(written="{", fallback="}", value="}")
@example(written="{{", fallback="{%", value="{#")
@example(written="{", fallback="'", value="")
@example(written="", fallback="}{", value="")
def test_any_text(django_engine, newsletter, written, fallback, value):
    """Whatever an author writes around a field and in it, and whatever a reader is called, is said as it is."""
    fallback, value = (" ".join(one.split()) for one in (fallback, value))
    field = mails.field("first_name", fallback)
    html = f"<p>{escape(written)}{field}{escape(written)}</p>{mails.block(0, escape(f'{written}x{written}'))}"
    text = f"{written}{field}{written}{mails.block(0, f'{written}x{written}', html=False)}{written}"
    mail = mails.email(html, text, block_0="first_name")
    ours = mails.ours(mail, {"first_name": value})
    for name, render, values in (
        ("jinja", with_jinja, {"first_name": value}),
        ("klaviyo", django_engine, {"first_name": value}),
        ("customerio", with_liquid, {"customer": {"first_name": value}}),
    ):
        exported = esp.export(mail, newsletter, DIALECTS[name])
        assert mails.understood(render(exported.html, values)) == mails.understood(ours[0])
        assert render(exported.text, values) == ours[1]
