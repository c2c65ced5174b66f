"""mime.py: one message that every parser reads back as it was meant. Rules M01 to M15."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import mime
from pipeline.content.newsletter import read_newsletter
from pipeline.errors import ContentError
from pipeline.model import Address, Email
from tests import folders


@pytest.fixture(scope="module")
def newsletter(tmp_path_factory):
    return read_newsletter(folders.make(tmp_path_factory.mktemp("mime")))


def email(**values):
    own = {
        "slug": "breathe",
        "subject": "Breathe a little",
        "preheader": "",
        "date": datetime(2026, 11, 24, 8, tzinfo=timezone(timedelta(hours=1))),
        "language": "en",
        "html": "<!DOCTYPE html><p>Hi</p>",
        "text": "Hi\n",
        "blocks": (),
        "articles": (),
    }
    return Email(**{**own, **values})


def parse(raw):
    return message_from_bytes(raw, policy=policy.default)


def test_headers(newsletter):
    """Each header stands once, and says what the newsletter and the edition say."""
    message = parse(mime.message(email(), newsletter))
    assert dict(message.items()) == {
        "From": "The Quiet Hour <hello@blog.example.com>",
        "To": "The Quiet Hour <hello@blog.example.com>",
        "Subject": "Breathe a little",
        "Date": "Tue, 24 Nov 2026 08:00:00 +0100",
        "Message-ID": "<breathe.20261124@blog.example.com>",
        "List-Id": "The Quiet Hour <newsletter.blog.example.com>",
        "List-Post": "NO",
        "List-Unsubscribe": "<https://blog.example.com/unsubscribe>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "MIME-Version": "1.0",
        "Content-Language": "en",
        "Content-Type": 'multipart/alternative; boundary="=_stay-updated_alternative"',
    }


def test_parts(newsletter):
    """Text first, HTML last, both UTF-8 in quoted-printable, both as they were."""
    html, text = "<!DOCTYPE html><p>" + "né — 你好 " * 300 + "</p>\n", "né\n.\nFrom here\n= \n" + "x" * 2000 + "\n"
    message = parse(mime.message(email(html=html, text=text), newsletter))
    first, last = message.iter_parts()
    assert [part.get_content_type() for part in (first, last)] == ["text/plain", "text/html"]
    assert {part["Content-Transfer-Encoding"] for part in (first, last)} == {"quoted-printable"}
    assert text_of(first) == text.rstrip("\n")
    assert text_of(last) == html.rstrip("\n")


def text_of(part):
    return part.get_payload(decode=True).decode().replace("\r\n", "\n").rstrip("\n")


def check_bytes(raw):
    assert raw.isascii()
    assert b"\x00" not in raw
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    assert all(len(line) <= 76 for line in raw.partition(b"\r\n\r\n")[2].split(b"\r\n"))
    assert all(len(word) <= 75 for word in re.findall(rb"=\?[^?\s]+\?[bq]\?[^?\s]*\?=", raw))


SCRIPTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=1, max_size=200)


@given(subject=SCRIPTS.filter(str.strip), text=st.text(st.characters(codec="utf-8", exclude_characters="\r\x00")))
def test_any_words(newsletter, subject, text):
    """Any subject and any text come back from the bytes as they went in, within the RFC's lines."""
    subject = " ".join(subject.split())
    raw = mime.message(email(subject=subject, text=text), newsletter)
    check_bytes(raw)
    message = parse(raw)
    assert " ".join(message["Subject"].split()) == subject
    assert text_of(next(message.iter_parts())) == text.rstrip("\n")
    assert len(message.keys()) == 12


@pytest.mark.parametrize("bomb", ["=?utf-8?q?x=0ABcc:_y@evil?=", "=?utf-8?b?eApCY2M6IHlAZXZpbA==?=", "a =?x"])
def test_encoded_word_bombs(newsletter, bomb):
    """A text that looks like an encoded word is text, and puts no header into the message (CVE-2024-6923)."""
    message = parse(mime.message(email(subject=bomb), newsletter))
    assert message["Subject"] == bomb
    assert message["Bcc"] is None


@pytest.mark.parametrize("character", ["\n", "\r", "\x00", "\x85", "\u2028"])
def test_control_characters(newsletter, character):
    """A control character in a header is an error, never a line of its own."""
    with pytest.raises(ContentError, match="control character"):
        mime.message(email(subject=f"a{character}Bcc: x@example.com"), newsletter)


@pytest.mark.parametrize(
    ("address", "header"),
    [
        (Address("Aura, Inc. (Berlin)", "a@example.com"), '"Aura, Inc. (Berlin)" <a@example.com>'),
        (Address("Zoë", "a@münchen.example"), "=?utf-8?q?Zo=C3=AB?= <a@xn--mnchen-3ya.example>"),
    ],
)
def test_mailbox(address, header):
    """Names are quoted or encoded as they need to be, domains stand in their ASCII form."""
    assert mime.mailbox("From", address) == header


def test_addresses_in_other_scripts(newsletter):
    """A newsletter whose addresses are in letters beyond ASCII has headers in ASCII."""
    elsewhere = replace(newsletter, url="https://münchen.example", unsubscribe_url="https://münchen.example/für?a=%20ö")
    message = parse(mime.message(email(), elsewhere))
    assert message["List-Id"] == "The Quiet Hour <newsletter.xn--mnchen-3ya.example>"
    assert message["List-Unsubscribe"] == "<https://xn--mnchen-3ya.example/f%C3%BCr?a=%20%C3%B6>"


@pytest.mark.parametrize("name", ["é" * 30 + " x", "word " * 50, "x" * 2000, "a " + "ü" * 200])
def test_long_names(newsletter, name):
    """A name of any length keeps within the lines that RFC 2047 allows, and comes back as it was."""
    raw = mime.message(email(), replace(newsletter, name=name, sender=Address(name, "hello@blog.example.com")))
    assert max(map(len, raw.split(b"\r\n"))) <= 76
    assert parse(raw)["From"].addresses[0].addr_spec == "hello@blog.example.com"
    assert parse(raw)["From"].addresses[0].display_name.replace(" ", "") == name.replace(" ", "")


def test_message_id_of_any_slug(newsletter):
    """Slugs in other scripts and with dots at their ends make a Message-ID all the same."""
    message = parse(mime.message(email(slug="كيف.", date=datetime(2026, 1, 2, tzinfo=UTC)), newsletter))
    assert message["Message-ID"] == "<_643_64a_641_2e.20260102@blog.example.com>"
    assert message["Date"].endswith("+0000")
