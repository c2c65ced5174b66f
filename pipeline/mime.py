"""Email, its merge fields filled -> one RFC 5322 message, ready to be handed to a mail server."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from email.utils import format_datetime
from functools import lru_cache
from string import punctuation
from urllib.parse import quote, urlsplit

from pipeline import encoded_words, merge_fields
from pipeline.errors import ContentError
from pipeline.model import Address, Email, Newsletter

# "=_" can't stand in quoted-printable (RFC 2045, 6.7), so the boundary may be the same in every message.
BOUNDARY = "=_stay-updated_alternative"
END = f"--{BOUNDARY}--\r\n".encode()


def message(email: Email, newsletter: Newsletter) -> bytes:
    """multipart/alternative, text first, HTML last, both quoted-printable; lines end in CRLF.

    Addressed to the sender: it is the edition's own copy, not a reader's. Date and Message-ID are the edition's,
    so the same Email gives the same bytes. Raises a ContentError for a control character in a header.
    """
    return assembled(headers(email, newsletter), email)


def assembled(headers: Iterable[tuple[str, str]], email: Email) -> bytes:
    """These headers above the email's two parts."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers).encode("ascii")
    parts = (
        part_head(subtype) + _quoted_printable(text) + b"\r\n"
        for subtype, text in (("plain", email.text), ("html", email.html))
    )
    return head + b"\r\n" + b"".join(parts) + END


def headers(email: Email, newsletter: Newsletter) -> tuple[tuple[str, str], ...]:
    """The headers in their order, each name with its value; ``delivery`` puts a reader's own in the place of some."""
    return (
        ("From", mailbox("From", newsletter.sender)),
        ("To", mailbox("To", newsletter.sender)),
        *([("Reply-To", mailbox("Reply-To", newsletter.reply_to))] if newsletter.reply_to else []),
        ("Subject", text_header("Subject", email.subject)),
        ("Date", format_datetime(email.date)),
        ("Message-ID", f"<{message_id(email, newsletter)}>"),
        ("List-Id", named("List-Id", newsletter.name, list_id(newsletter))),
        # Nobody may write to it (RFC 2369, 3.4). SpamAssassin knows a real list by three such headers.
        ("List-Post", "NO"),
        ("List-Unsubscribe", f"<{ascii_url(merge_fields.public_url(newsletter.unsubscribe_url, email.slug))}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("MIME-Version", "1.0"),
        ("Content-Language", email.language),
        ("Content-Type", f'multipart/alternative; boundary="{BOUNDARY}"'),
    )


def message_id(email: Email, newsletter: Newsletter) -> str:
    """The edition's own; a reader's has something before it."""
    domain = newsletter.sender.email.rpartition("@")[2]
    return f"{atoms(email.slug)}.{email.date:%Y%m%d}@{ascii_domain(domain)}"


@lru_cache(maxsize=256)
def text_header(name: str, text: str) -> str:
    """The value of an unstructured header, in encoded words where it isn't plain ASCII (RFC 2047)."""
    return encoded_words.unstructured(text, len(f"{name}: "))


@lru_cache(maxsize=64)
def mailbox(name: str, address: Address) -> str:
    """``name <local@domain>``, the domain in its ASCII form (RFC 5890)."""
    local, _, domain = address.email.rpartition("@")
    return named(name, address.name, f"{local}@{ascii_domain(domain)}")


def list_id(newsletter: Newsletter) -> str:
    """What names the list for as long as it is there (RFC 2919), whatever its title."""
    return f"newsletter.{ascii_domain(urlsplit(newsletter.url).hostname or '')}"


def named(header: str, name: str, path: str) -> str:
    """``name <path>``, folded before the path where an encoded word's line would get too long (RFC 2047, 2)."""
    phrase = encoded_words.phrase(name, len(header) + 2)
    last = f"{header}: {phrase} <{path}>".rpartition("\r\n")[2]
    return f"{phrase} <{path}>" if len(last) <= encoded_words.LINE else f"{phrase}\r\n <{path}>"


def ascii_domain(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ContentError(f"{domain!r} is not a domain") from error


def ascii_url(url: str) -> str:
    """The URL with its other letters written as a URI has them (RFC 3987, 3.1)."""
    parts = urlsplit(url)
    return quote(parts._replace(netloc=ascii_domain(parts.netloc)).geturl(), safe=punctuation)


def atoms(slug: str) -> str:
    """The slug as a dot-atom (RFC 5322, 3.2.3), other scripts' letters as their numbers."""
    return re.sub(r"[^a-z0-9-]", lambda found: f"_{ord(found[0]):x}", slug.lower())


def part_head(subtype: str) -> bytes:
    """What stands before a part of the message, its boundary first."""
    return (
        f"--{BOUNDARY}\r\nContent-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode()


def _quoted_printable(text: str) -> bytes:
    encoded = binascii.b2a_qp(text.replace("\r\n", "\n").encode(), istext=True)
    return encoded.replace(b"\n", b"\r\n")
