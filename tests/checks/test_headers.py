"""headers.py, parts.py and wire.py: what they must not find, what they read in mails of others, what they bear."""

from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import checks
from pipeline.checks import headers, parts
from pipeline.checks.reading import wire
from tests.checks.mutants_headers import MARK, added, header
from tests.checks.test_mutants import mail
from tests.folders import REPOSITORY


def ours():
    return mail(REPOSITORY, "better-sleep")


def foreign(message):
    return checks.of_message(message, "saved.eml")


def found(checked, *rules):
    """The ids of the rules that find something; of these rules, or of all of this family."""
    return {
        rule.id
        for rule in (*headers.RULES, *parts.RULES)
        if (not rules or rule.id in rules) and list(rule.look(checked))
    }


def written_by_python(**values):
    """A message as Python's own library makes it, base64 and all."""
    message = EmailMessage(policy=SMTP)
    own = {"From": "Ana <ana@example.org>", "To": "ben@example.org", "Subject": "Grüße"}
    for name, value in {
        **own,
        "Date": "Tue, 24 Nov 2026 08:00:00 +0000",
        "Message-ID": "<1@mx.example.net>",
        **values,
    }.items():
        message[name] = value
    message.set_content("Schöne Grüße\n" * 30)
    message.add_alternative("<!DOCTYPE html><p>Schöne Grüße</p>" * 30, subtype="html")
    return message


SOUND = {
    "a date without a day": header(b"Date", b"24 Nov 2026 00:00:00 +0100"),
    "a date without seconds, with a comment": header(b"Date", b"Tue, 24 Nov 2026 00:00 -0000 (UTC)"),
    "a date of one digit": header(b"Date", b"Sun,  1 Nov 2026 00:00:00 +0530"),
    "an id on a domain of the sender's": header(b"Message-ID", b"<1.2@mail.blog.example.com>"),
    "a message-id by another case": header(b"Message-ID", b"<1.2@BLOG.example.com>"),
    "an address without a name": header(b"To", b"hello@blog.example.com"),
    "names with commas and signs in them": header(b"To", b'"Aura, Inc. <x@y>" <a@example.com>, b@example.com (Ben)'),
    "a quoted local part": header(b"To", b'"a@b c"@example.com'),
    "an address literal": header(b"To", b"<a@[192.0.2.1]>"),
    "IDNA": header(b"To", b"<a@xn--mnchen-3ya.example>"),
    "64 characters before the @": header(b"To", b"<%b@example.com>" % (b"x" * 64)),
    "a group without members": header(b"To", b"undisclosed-recipients:;"),
    "a folded header": header(b"To", b"Aura\r\n <hello@blog.example.com>"),
    "a header of ours": added(b"Feedback-ID: a:b:c:d"),
    "an empty header": added(b"X-Empty:"),
    "a long line of ASCII": added(b"X-Long: " + b"x" * 900),
    "what looks like an encoded word, and is one": added(
        b"X-Bomb: =?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3D0ABcc=3A=5Fy=3F=3D?="
    ),
    "something like an encoded word": added(b"X-Sum: 2=?3 =?utf-8 ?="),
    "an epilogue of nothing": lambda mail: replace(mail, message=mail.message + b"\r\n"),
}


@pytest.mark.parametrize("case", SOUND)
def test_sound(case):
    """What the RFCs allow isn't found."""
    assert found(SOUND[case](ours())) == set()


def test_no_message():
    """An HTML file has no headers, and nothing is found."""
    assert found(checks.of_html("<p>x", "x.html")) == set()


def test_python_message():
    """A message that Python's library has made is sound, base64 or not."""
    assert found(foreign(written_by_python().as_bytes())) == set()


def test_saved_message():
    """A mail that was saved from a mailbox has the headers of its way, and the line ends of the machine."""
    way = {
        "Received": "from a by b; Tue, 24 Nov 2026 08:00:00 +0000",
        "DKIM-Signature": "v=1",
        "Return-Path": "<x@y.example>",
    }
    message = written_by_python(**way).as_bytes().replace(b"\r\n", b"\n")
    assert found(foreign(message)) == set()
    assert found(foreign(b"From ana@example.org Tue Nov 24 08:00:00 2026\n" + message)) == set()


def test_attachment():
    """In a message with an attachment the alternatives stand inside, pictures beside the HTML."""
    message = written_by_python()
    message.get_payload()[1].add_related(b"\x89PNG", "image", "png")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf")
    assert found(foreign(message.as_bytes())) == set()


def test_only_html():
    """A message of HTML alone has no text part."""
    message = written_by_python()
    message.clear_content()
    message.set_content("<p>x</p>", subtype="html")
    assert found(foreign(message.as_bytes())) == {"M06"}
    message.set_content("x\n")
    assert found(foreign(message.as_bytes())) == set()


def test_nested_boundary():
    """A boundary that another one begins with is found: parsers take one for the other."""
    inner = b'Content-Type: multipart/alternative; boundary="ab"\r\n\r\n--ab\r\n\r\nx\r\n'
    inner += b"--ab\r\nContent-Type: text/html\r\n\r\nx\r\n--ab--\r\n"
    head = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="a"\r\n\r\n'
    assert "M07" in found(foreign(head + b"--a\r\n" + inner + b"--a--\r\n"))
    assert (
        found(foreign(head.replace(b'"a"', b'"c"') + b"--c\r\n" + inner + b"--c--\r\n"), "M06", "M07", "M14") == set()
    )


@pytest.mark.parametrize(
    ("charset", "encoding", "body"),
    [
        ("x-nobody", "7bit", b"x"),
        ("utf-8", "8bit", b"\xff"),
        ("utf-8", "base64", b"A"),
        ("utf-8", "quoted-printable", b"a=XY"),
        ("us-ascii", "quoted-printable", b"=E2"),
        ("hex", "7bit", b"6162"),
    ],
)
def test_unreadable(charset, encoding, body):
    """A part of a foreign mail that can't be decoded is found."""
    head = f"MIME-Version: 1.0\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n"
    assert found(foreign(head.encode() + body), "M14") == {"M14"}


def test_repeats_are_told_once():
    """Of many lines alike the first is told, and how many there are."""
    many = replace(ours(), message=ours().message.replace(b"\r\n", b"\n"))
    assert len(list(checks.RULES["M02"].look(many))) == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=?utf-8?q?Zo=C3=AB_at?= =?utf-8?b?IGhvbWU=?= x", "Zoë at home x"),
        ("=?utf-8*en?Q?a?=", "a"),
        ("=?nobody?q?a?= b", "=?nobody?q?a?= b"),
        ("=?utf-8?b?A?=", "=?utf-8?b?A?="),
        ("a =?b", "a =?b"),
    ],
)
def test_decode_words(value, expected):
    """Encoded words are read as RFC 2047 has it; what is none stays as it is."""
    assert wire.decode_words(value) == expected


def test_boundary_of_parts():
    """Parts end before the line end that belongs to the boundary, and keep their own."""
    message = b"Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n"
    message += b"--b\r\n\r\nx\r\n\r\n--b  \r\nA: 1\r\n\r\ny\r\n--b--\r\nend"
    assert [part.body for part in wire.read_message(message).parts] == [b"x\r\n", b"y"]


@given(st.binary(max_size=400))
def test_any_bytes(message):
    """Whatever a message is, nothing is raised."""
    found(foreign(message))


PIECES = [
    *(
        b"From: ",
        b"To: ",
        b"Date: ",
        b"Subject: ",
        b"Message-ID: ",
        b"Content-Type: multipart/alternative; boundary=b",
        b" ",
    ),
    *(
        b"\r\n",
        b"\n",
        b"\r",
        b"\r\n\r\n",
        b"--b",
        b"--b--",
        b"=?utf-8?q?",
        b"=?hex?b?",
        b"?=",
        b"=0A",
        b"\xff",
        b"\x00",
    ),
    *(
        b'"',
        b"<",
        b">",
        b"@",
        b"a@b.example",
        b",",
        b":",
        b";",
        b"(",
        b"\\",
        b"Tue, 24 Nov 2026 08:00:00 +0100",
        b"99999",
    ),
    *(b"Content-Transfer-Encoding: base64", b"Content-Type: text/html; charset=", b"utf-8", MARK, b"MIME-Version: 1.0"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join))
def test_any_pieces(message):
    """Whatever is put together of a message's pieces, nothing is raised, of others' mails and of ours."""
    found(foreign(message))
    found(replace(ours(), message=message))
    found(replace(ours(), message=message + ours().message))


def test_parts_in_parts():
    """Parts in parts, a thousand deep, are more than Python's parser can take; the mail is checked all the same."""
    body = b"Content-Type: text/html\r\n\r\n<p>deep</p>\r\n"
    for at in range(1000):
        body = b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n%b\r\n--b%d--\r\n' % (at, at, body, at)
    assert checks.check(checks.of_message(b"From: a@example.org\r\n" + body, "deep.eml"))
