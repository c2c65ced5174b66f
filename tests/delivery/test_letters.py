"""Letters: they say what they have to and nothing else, in six languages; nothing a stranger typed is in them; they
pass the project's own checks."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from functools import cache
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import build, checks, languages, templates
from pipeline.audience.subscriber import Outgoing, Preferences, Subscriber
from pipeline.delivery.letters import Letters
from pipeline.errors import RefusedError
from pipeline.templates.plain_text import columns
from tests import folders
from tests.browser import SCHEMES, WIDTHS
from tests.folders import REPOSITORY

NOW = datetime(2026, 12, 23, 14, 5, tzinfo=UTC)
LANGUAGES = ("ar", "de", "en", "es", "fr", "he")
KINDS = ("confirm", "address", "welcome")
LINK = "https://news.example.com/confirm?t=17~1795356300.bGV0dGVycy1hbmQtZGlnaXRzLW9mLTMy"
NEWEST = "https://blog.example.com/newsletter/better-sleep"
# A letter to somebody who is on no list has no list to name and none to leave. All other rules hold for it, too.
NOT_FOR_LETTERS = {"L01", "L02", "L05", "L07"}
PLAIN = Subscriber(17, "ana@example.com", "", "pending", Preferences(), "T0KEN", NOW, None)


@pytest.fixture(scope="module")
def outbox(tmp_path_factory):
    return folders.make(tmp_path_factory.mktemp("newsletter")) / "outbox"


@cache
def project():
    return build.open_project(REPOSITORY)


def letters_of(outbox):
    return Letters(project().library.newsletter, project().environment, build.render_email, outbox)


@pytest.fixture(scope="module")
def letters(outbox):
    put(outbox, "better-sleep", "2026-12-20", "Sleep better this week", "en")
    put(outbox, "rest-ar", "2026-12-01", "مساء هادئ هذا الأسبوع", "ar")
    return letters_of(outbox)


def put(outbox, slug, day, subject, language):
    """An edition in the outbox, as far as its manifest goes."""
    manifest = {
        "edition": slug,
        "subject": subject,
        "preheader": "What a sleep medicine does, and five minutes of rain",
        "date": f"{day}T08:00:00+01:00",
        "language": language,
        "files": {name: {"bytes": 1, "sha256": ""} for name in ("digest.html", "digest.txt", "message.eml")},
        "articles": [],
        "findings": [],
        "inputs": {},
        "tools": {},
    }
    (outbox / slug).mkdir(parents=True)
    (outbox / slug / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def a_mail(kind="confirm", address="ana@example.com", **more):
    return Outgoing(3, kind, 17, address, "ab12", NOW - timedelta(minutes=2), 0, NOW, **more)


def reader(language="en", **more):
    return replace(PLAIN, preferences=Preferences(language=language), **more)


def written(letters, kind="confirm", language="en", **more):
    """The letter as Python's parser reads it."""
    letter = letters.write(a_mail(kind), reader(language, **more), LINK if kind != "welcome" else "", NOW)
    return message_from_bytes(letter.message, policy=policy.default)


def html(message):
    return message.get_body(("html",)).get_content()


def text(message):
    return message.get_body(("plain",)).get_content().replace("\r\n", "\n")


def links(message):
    """Where the HTML leads."""
    return [unescape(url) for url in re.findall(r'<a [^>]*href="([^"]*)"', html(message))]


def urls(message):
    return re.findall(r"https?://[^\s<>]+", text(message))


# --- What they say ---


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["confirm", "address"])
def test_one_link(letters, kind, language):
    """A letter that asks for a confirmation has one link, as it was signed, and the same one in its text."""
    message = written(letters, kind, language)
    assert links(message) == [LINK]
    assert urls(message) == [LINK]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["confirm", "address"])
def test_who_asks_and_when(letters, kind, language):
    """It says which newsletter it is about, when it was asked for by the newsletter's clock, and for how long."""
    message = written(letters, kind, language)
    asked = languages.long_moment(NOW - timedelta(minutes=2), "Europe/Berlin", language)
    for part in (" ".join(text(message).split()), " ".join(unescape(html(message)).split())):
        assert " ".join(asked.split()) in part
        assert "Aura's Mindfulness Blog" in part
        assert "48" in part
        assert "14 Example Street" in part
    assert "Aura's Mindfulness Blog" in message["Subject"]


def test_asked():
    """A moment is written as each language writes it, with its time zone."""
    moment = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    written = {one: languages.long_moment(moment, "Europe/Berlin", one) for one in ("en", "de", "fr", "xx")}
    assert {one: " ".join(text.split()) for one, text in written.items()} == {
        "en": "July 2, 2026, 12:30 AM (GMT+02:00)",
        "de": "2. Juli 2026, 00:30 (GMT+02:00)",
        "fr": "2 juillet 2026, 00:30 (UTC+02:00)",
        "xx": "2026-07-02 00:30+02:00",
    }


def test_confirm_in_words(letters):
    """The confirmation in full: what happened, what to do, what not, why it came, who sends it."""
    assert text(written(letters)) == (
        "Aura's Mindfulness Blog\n\n"
        "One more step\n=============\n"
        "On December 23, 2026, 3:03 PM (GMT+01:00), this address was entered\n"
        "into the form of Aura's Mindfulness Blog.\n\n"
        "Was it you? Then press the button. It leads to a page with one more, and\n"
        "only that one puts you on the list.\n\n"
        f"Confirm my address\n{LINK}\n\n"
        "Wasn't it you? Then there is nothing to do. Nothing happens by itself.\n"
        "The link works for 48 hours.\n\n"
        f"{'-' * 72}\n"
        "This one mail comes because somebody entered your address into the form.\n"
        "You are on no list.\n\n"
        "Aura Health Team\n14 Example Street\n10115 Berlin\nGermany\n"
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_text_lines(letters, kind, language):
    """No line of the text part is longer than 72 columns, but for addresses."""
    lines = [line for line in text(written(letters, kind, language)).split("\n") if "://" not in line]
    assert max(map(columns, lines)) <= 72


@pytest.mark.parametrize("kind", ["confirm", "address"])
def test_no_marketing(letters, kind):
    """Of the brand there is the logo; no digest, no app, no social networks, no mark that counts visits."""
    message = written(letters, kind)
    assert len(re.findall("<img ", html(message))) == 1
    for part in (html(message), text(message)):
        assert "utm_" not in part
        assert "social.example.com" not in part
        assert "aura.example.com" not in part


def test_welcome(letters):
    """The welcome has the newest digest, and where to choose and to leave."""
    message = written(letters, "welcome")
    token = "https://blog.example.com/newsletter/{}?t=T0KEN"
    digest = f"{NEWEST}?utm_source=newsletter&utm_medium=email&utm_campaign=welcome"
    assert links(message) == [token.format("preferences"), digest] + [
        token.format(one) for one in ("preferences", "unsubscribe")
    ]
    assert urls(message) == links(message)
    assert "Sleep better this week" in text(message)
    assert "Sleep better this week" in html(message)


def test_which_digest(outbox, letters):
    """The newest in the reader's language, or else in the newsletter's; none whose date hasn't come, or is damaged."""
    assert "مساء هادئ" in text(written(letters, "welcome", "ar"))
    assert "Sleep better this week" in text(written(letters, "welcome", "de"))
    put(outbox, "to-come", "2026-12-24", "To come", "en")
    put(outbox, "brand-new", "2026-12-22", "Brand new", "en")
    put(outbox, "damaged", "2026-12-23", "Damaged", "en")
    (outbox / "damaged/manifest.json").write_text("{")
    assert "Brand new" in text(written(letters, "welcome"))


def test_no_digest_yet(tmp_path):
    """Before the first digest a welcome has none, and its words all the same."""
    message = written(letters_of(tmp_path / "outbox"), "welcome")
    assert "newest" not in text(message)
    assert len(links(message)) == 3


def test_the_readers_language(letters):
    """A letter is in the reader's language, and in the newsletter's where there are no words in it."""
    found = {
        one: written(letters, language=one)["Content-Language"] for one in ("de", "de-AT", "he", "ja", "", "e\r\nn")
    }
    assert found == {"de": "de", "de-AT": "de", "he": "he", "ja": "en", "": "en", "e\r\nn": "en"}
    assert 'dir="rtl"' in html(written(letters, language="he"))


# --- What a stranger typed ---


@pytest.mark.parametrize("kind", KINDS)
@given(
    name=st.text(max_size=60) | st.just("Cheap pills https://evil.example"),
    more=st.lists(st.text(max_size=20), max_size=3),
    language=st.just("en") | st.text(max_size=10).map(lambda text: f"en-{text}"),
)
def test_nothing_a_stranger_typed(letters, kind, name, more, language):
    """Whatever stands in the form's fields, the letter is the same to the byte as with nothing in them."""
    typed = Preferences(topics=tuple(more), mood=name, kinds=tuple(more), minutes=name, language=language)
    stranger = replace(PLAIN, name=name, preferences=typed)
    assert letters.write(a_mail(kind), stranger, LINK, NOW) == letters.write(a_mail(kind), PLAIN, LINK, NOW)


def test_the_old_address(letters):
    """Who gets the letter about a new address doesn't learn the old one, nor the reader's own token."""
    mail = a_mail("address", "new@example.com")
    letter = letters.write(mail, reader(address="old@example.com"), LINK, NOW)
    assert letter.to == "new@example.com"
    assert b"old@" not in letter.message
    assert b"T0KEN" not in letter.message
    assert b"T0KEN" not in letters.write(a_mail(), PLAIN, LINK, NOW).message


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ana",
        "a@b@c.example",
        "ana@example.com\r\nBcc: eve@example.com",
        "ana@example.com, eve@example.com",
        "a b@c.de",
    ],
)
def test_addresses_that_arent(letters, address):
    """No letter is written to what is no address, so that none becomes a header."""
    with pytest.raises(RefusedError, match="no address"):
        letters.write(a_mail(address=address), PLAIN, LINK, NOW)


@given(st.text('\r\n<>@,;: "abc.', max_size=30))
def test_any_address(letters, text):
    """Whatever an address is, there is one reader in To and no header that wasn't meant."""
    try:
        letter = letters.write(a_mail(address=f"{text}@example.com"), PLAIN, LINK, NOW)
    except RefusedError:
        return
    message = message_from_bytes(letter.message, policy=policy.default)
    assert [one.addr_spec for one in message["To"].addresses] == [letter.to]
    assert len(message.keys()) == len(set(message.keys())) == 10


# --- The message ---


def test_the_same_letter_the_same_bytes(outbox):
    """Who writes a letter first, and when, makes no difference to the next one."""
    one, other = letters_of(outbox), letters_of(outbox)
    other.write(replace(a_mail(), asked=datetime(2026, 5, 1, 5, tzinfo=UTC)), PLAIN, LINK, NOW - timedelta(days=300))
    assert one.write(a_mail(), PLAIN, LINK, NOW) == other.write(a_mail(), PLAIN, LINK, NOW)


@pytest.mark.parametrize("kind", KINDS)
def test_headers(letters, kind):
    """No machine answers a letter. Only a welcome comes from a list, and has its reader's own way out of it."""
    message = written(letters, kind)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["To"] == "ana@example.com"
    assert message["From"].addresses[0].addr_spec == "hello@blog.example.com"
    assert message["Date"].datetime == NOW
    of_lists = [name for name in message.keys() if name.startswith("List-")]  # noqa: SIM118
    if kind != "welcome":
        assert of_lists == []
        return
    assert of_lists == ["List-Id", "List-Post", "List-Unsubscribe", "List-Unsubscribe-Post"]
    assert message["List-Unsubscribe"] == "<https://blog.example.com/newsletter/unsubscribe?t=T0KEN>"


def test_message_ids(letters):
    """The same at each try, whenever that is; another one for each mail. It doesn't tell the address."""

    def id_of(mail, now=NOW):
        return message_from_bytes(letters.write(mail, PLAIN, LINK, now).message)["Message-ID"]

    mail = a_mail()
    assert id_of(mail) == id_of(mail, NOW + timedelta(days=2)) == "<confirm.3.20261223140300@blog.example.com>"
    others = [replace(mail, id=4), replace(mail, kind="address"), replace(mail, asked=NOW)]
    assert len({id_of(one) for one in (mail, *others)}) == 4


def test_names_of_files(letters):
    """A letter is called by its kind and number."""
    assert letters.write(a_mail(), PLAIN, LINK, NOW).id == "confirm-3"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_checks(letters, kind, language):
    """A letter passes all checks that a digest passes, without a warning, but for those that are about lists."""
    edition = letters.compose(kind, language, NOW)
    asked = languages.long_moment(NOW - timedelta(minutes=2), "Europe/Berlin", language)
    values = {"link": LINK, "asked": asked, "token": "T0KEN"}
    email = build.fill_email(letters.render(edition), values)
    message = letters.write(a_mail(kind), reader(language), LINK, NOW).message
    mail = checks.of_email(email, edition, project().library.newsletter, message)
    found = {one.rule for one in checks.check(mail, project().library.newsletter.checks)}
    assert found == (set() if kind == "welcome" else NOT_FOR_LETTERS)


def test_editions_are_no_others_for_letters():
    """A change of a letter makes no edition out of date: letters are none of what editions are made by."""
    assert not [one for one in templates.files(project().environment) if "letters/" in one]


# --- The look ---


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_look(browser, letters, kind, language):
    """At each width, light and dark: nothing to scroll sideways for, nothing that axe objects to, a button for thumbs
    on the first screen of a phone."""
    browser.show(html(written(letters, kind, language)))
    for width in WIDTHS:
        for scheme in SCHEMES:
            browser.resize(width, scheme)
            assert browser.overflow() <= 0
            assert browser.axe() == []
            [[button]] = browser.rows(".button a")
            assert button["height"] >= 44
            assert button["bottom"] <= 800
