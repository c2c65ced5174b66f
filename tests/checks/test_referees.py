"""Others than us look at what we send: the Nu checker, html-validate, and three readers of mail.

They come from npm and from Debian (``npm install --prefix tests/checks/referees``, ``apt install
default-jre-headless``); where one isn't there its tests skip, but with CI set, as in ``.ci/run``, they fail.
SpamAssassin's word is in ``test_spam.py``, axe-core's and a browser's in ``tests/test_look.py``.
"""

import re
import shutil
from dataclasses import replace
from functools import cache
from urllib.parse import urlsplit

import pytest

from pipeline import build, merge_fields, mime
from pipeline.model import Address
from tests.folders import REPOSITORY
from tests.mail_readers import REFEREES, ask, ask_node, by_python, required

pytestmark = [pytest.mark.node, pytest.mark.slow]

VNU = REFEREES / "node_modules/vnu-jar/build/dist/vnu.jar"
EDITIONS = sorted(path.stem for path in REPOSITORY.glob("content/editions/*.md"))

# What the Nu checker may say of a mail, and why it stays; H16 has the same list.
NU_MAY_SAY = {
    r"CSS: “mso-[a-z-]+”: Property .*": "Outlook's own properties, for what it does otherwise than every other client",
    r"CSS: “supported-color-schemes”: Property .*": "the name that Apple Mail had for color-scheme first",
    r"Attribute “xmlns:[vo]” not allowed here\.": "MJML's: Outlook needs them for VML",
    r"The “(?:align|bgcolor|border|cellpadding|cellspacing|valign|width)” attribute on the “(?:table|td|th)” element "
    r"is obsolete\..*": "Outlook heeds these, and not the CSS that stands for them",
    r"The “type” attribute for the “style” element is not needed.*": "MJML's, and harmless",
    r"Trailing slash on void elements has no effect.*": "MJML's, and harmless: all its attributes are quoted",
}
# The same of html-validate, by rule.
HTML_VALIDATE_MAY_SAY = {
    r'no-deprecated-attr: Attribute "(?:align|bgcolor|cellpadding|cellspacing|valign|width)" is deprecated on '
    r"<(?:table|td|th)> element": "Outlook heeds these, and not the CSS that stands for them",
    r"prefer-native-element: Prefer to use the native <article> element": "MJML's wrapper of the whole mail; "
    "some clients take <article> away, and its attributes with it",
}

HOSTILE = {
    "other scripts": "Grüße an Zoë: 眠りの質 · नींद · שינה · استرخ 🌙",
    "long, in letters of two bytes": "Спокойной ночи, и пусть завтрашнее утро начнётся без будильника и без спешки "
    * 3,
    "long, in plain words": "Sleep well tonight, and let tomorrow begin without an alarm and without any haste at all "
    * 3,
    "one very long word": "Donaudampfschifffahrt" * 12,
    "an emoji family at each fold": "👩‍👩‍👧‍👦" * 20,
    "an encoded word that is a header": "=?utf-8?q?x=0ABcc:_y@evil.example?=",
    "an encoded word among words": "a =?utf-8?b?QmNjOiB5QGV2aWw=?= b",
    "half an encoded word": "1 =? 2 ?= 3",
    "a mailbox of its own": 'Fernando, Maya "Zen" \\ (she) <boss@evil.example>, x@evil.example;',
    "a header's look": "Bcc: y@evil.example",
}


@cache
def project():
    return build.open_project(REPOSITORY)


@cache
def email(slug):
    edition = build.compose_edition(slug, project())
    return build.fill_email(build.render_email(edition, project().library.newsletter, project().environment), {})


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """The HTML file of each edition."""
    folder = tmp_path_factory.mktemp("pages")
    found = {slug: folder / f"{slug}.html" for slug in EDITIONS}
    for slug, path in found.items():
        path.write_text(email(slug).html, "utf-8")
    return found


def objections(said, may_say):
    """What was said that nobody may say, each once."""
    return sorted({one for one in said if not any(re.fullmatch(pattern, one) for pattern in may_say)})


def idle(said, may_say):
    return [pattern for pattern in may_say if not any(re.fullmatch(pattern, one) for one in said)]


# --- HTML ---


@pytest.fixture(scope="session")
def nu(pages):
    """What the Nu checker says, by edition; Java is started once."""
    required(shutil.which("java") and VNU.is_file(), "the Nu checker (npm's vnu-jar and a Java runtime)")
    answer = ask("java", "-jar", VNU, "--format", "json", "--stdout", "--exit-zero-always", *pages.values())
    return {
        slug: [one["message"] for one in answer["messages"] if one.get("url", "").endswith(f"/{path.name}")]
        for slug, path in pages.items()
    }


@pytest.mark.parametrize("slug", EDITIONS)
def test_nu(nu, slug):
    """The Nu checker finds nothing but what has to stay."""
    assert objections(nu[slug], NU_MAY_SAY) == []


def test_nu_list(nu):
    """The list of what has to stay holds nothing that nobody says."""
    assert idle([one for said in nu.values() for one in said], NU_MAY_SAY) == []


@pytest.fixture(scope="session")
def html_validate(pages):
    """What html-validate says, by edition."""
    answer = ask_node("html_validate.mjs", "html-validate", pages.values())
    return {slug: [f"{rule}: {said}" for rule, said, _ in answer[str(path)]] for slug, path in pages.items()}


@pytest.mark.parametrize("slug", EDITIONS)
def test_html_validate(html_validate, slug):
    """html-validate, for HTML and for accessibility, finds nothing but what has to stay."""
    assert objections(html_validate[slug], HTML_VALIDATE_MAY_SAY) == []


def test_html_validate_list(html_validate):
    """The list of what has to stay holds nothing that nobody says."""
    assert idle([one for said in html_validate.values() for one in said], HTML_VALIDATE_MAY_SAY) == []


# --- The message ---


def with_name(name):
    """An edition whose subject, sender and newsletter are called so."""
    own = project().library.newsletter
    sender = Address(name, own.sender.email)
    return replace(email("better-sleep"), subject=name), replace(own, name=name, sender=sender)


def messages():
    editions = {slug: (email(slug), project().library.newsletter) for slug in EDITIONS}
    return editions | {title: with_name(name.strip()) for title, name in HOSTILE.items()}


@pytest.fixture(scope="session")
def readings(tmp_path_factory):
    """Each message as every reader reads it, by title and reader."""
    folder = tmp_path_factory.mktemp("messages")
    files = {title: folder / f"{number}.eml" for number, title in enumerate(messages())}
    for title, (one, newsletter) in messages().items():
        files[title].write_bytes(mime.message(one, newsletter))
    answer = ask_node("read_messages.mjs", "mailparser", files.values())
    return {title: {"Python": by_python(path.read_bytes()), **answer[str(path)]} for title, path in files.items()}


def meant(one, newsletter):
    """What a message is to say."""
    mailbox = [newsletter.sender.name, newsletter.sender.email]
    return {
        "subject": one.subject,
        "from": [mailbox],
        "to": [mailbox],
        "date": int(one.date.timestamp()),
        "message-id": f"<{one.slug}.{one.date:%Y%m%d}@{newsletter.sender.email.rpartition('@')[2]}>",
        "list-id": f"newsletter.{urlsplit(newsletter.url).hostname}",
        "list-unsubscribe": f"<{merge_fields.public_url(newsletter.unsubscribe_url, one.slug)}>",
        "list-unsubscribe-post": "List-Unsubscribe=One-Click",
        "text": one.text,
        "html": one.html,
    }


def normalised(reading):
    """One kind of line end, and none at the end: postal-mime counts the one in front of a boundary to the part."""
    return reading | {part: reading[part].replace("\r\n", "\n").rstrip("\n") for part in ("text", "html")}


@pytest.mark.parametrize("reader", ["Python", "mailparser", "postal-mime"])
@pytest.mark.parametrize("title", [*EDITIONS, *HOSTILE])
def test_readings(readings, title, reader):
    """Every reader reads what was meant, down to the last character of both parts, and no header besides."""
    read = normalised(readings[title][reader])
    headers = read.pop("headers")
    assert read == normalised(meant(*messages()[title]))
    assert headers == readings[EDITIONS[0]]["Python"]["headers"]
