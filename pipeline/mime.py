"""Email, its merge fields filled -> one RFC 5322 message, ready to be handed to a mail server."""

from __future__ import annotations

import binascii
import re
from email.header import Header
from email.utils import format_datetime, formataddr
from functools import lru_cache
from string import punctuation
from urllib.parse import quote, urlsplit

from pipeline import merge_fields
from pipeline.errors import ContentError
from pipeline.model import Address, Email, Newsletter

# "=_" can't stand in quoted-printable (RFC 2045, 6.7), so the boundary may be the same in every message.
BOUNDARY = "=_stay-updated_alternative"
LINE = 76
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def message(email: Email, newsletter: Newsletter) -> bytes:
    """multipart/alternative, text first, HTML last, both quoted-printable; lines end in CRLF.

    Addressed to the sender: it is the edition's own copy, not a reader's. Date and Message-ID are the edition's,
    so the same Email gives the same bytes. Raises a ContentError for a control character in a header.
    """
    sender = newsletter.sender
    domain = sender.email.rpartition("@")[2]
    host = urlsplit(newsletter.url).hostname or ""
    headers = [
        ("From", mailbox("From", sender)),
        ("To", mailbox("To", sender)),
        *([("Reply-To", mailbox("Reply-To", newsletter.reply_to))] if newsletter.reply_to else []),
        ("Subject", text_header("Subject", email.subject)),
        ("Date", format_datetime(email.date)),
        ("Message-ID", f"<{atoms(email.slug)}.{email.date:%Y%m%d}@{_ascii_domain(domain)}>"),
        ("List-Id", _named("List-Id", newsletter.name, f"newsletter.{_ascii_domain(host)}")),
        # Nobody may write to it (RFC 2369, 3.4). SpamAssassin knows a real list by three such headers.
        ("List-Post", "NO"),
        ("List-Unsubscribe", f"<{_ascii_url(merge_fields.public_url(newsletter.unsubscribe_url, email.slug))}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("MIME-Version", "1.0"),
        ("Content-Language", email.language),
        ("Content-Type", f'multipart/alternative; boundary="{BOUNDARY}"'),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers).encode("ascii")
    parts = (_part("plain", email.text), _part("html", email.html))
    return head + b"\r\n" + b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


@lru_cache(maxsize=256)
def text_header(name: str, text: str) -> str:
    """The value of an unstructured header, in encoded words where it isn't plain ASCII (RFC 2047)."""
    if _CONTROL.search(text):
        raise ContentError(f"the {name} holds a control character: {text!r}")
    return _folded(name, text, "us-ascii" if _is_plain(text) else "utf-8")


@lru_cache(maxsize=64)
def mailbox(name: str, address: Address) -> str:
    """``name <local@domain>``, the domain in its ASCII form (RFC 5890)."""
    local, _, domain = address.email.rpartition("@")
    return _named(name, address.name, f"{local}@{_ascii_domain(domain)}")


def _named(header: str, name: str, path: str) -> str:
    """``name <path>``, folded before the path where an encoded word's line would get too long (RFC 2047, 2)."""
    if _CONTROL.search(name):
        raise ContentError(f"the {header} holds a control character: {name!r}")
    short = _is_plain(name) and len(name) < LINE
    phrase = formataddr((name, "x@x"))[: -len(" <x@x>")] if short else _folded(header, name, "utf-8")
    line = f"{header}: {phrase} <{path}>".rpartition("\r\n")[2]
    return f"{phrase} <{path}>" if len(line) <= LINE else f"{phrase}\r\n <{path}>"


def _is_plain(text: str) -> bool:
    """Whether the text can stand in a header as it is: letters that can, and blanks to fold it at."""
    # A text that looks like an encoded word would be read as one (CVE-2024-6923 and its kin).
    return text.isascii() and "=?" not in text and all(len(word) <= LINE for word in text.split(" "))


def _folded(header: str, text: str, charset: str) -> str:
    return Header(text, charset, maxlinelen=LINE - 1, header_name=header).encode(linesep="\r\n")


def _ascii_domain(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ContentError(f"{domain!r} is not a domain") from error


def _ascii_url(url: str) -> str:
    """The URL with its other letters written as a URI has them (RFC 3987, 3.1)."""
    parts = urlsplit(url)
    return quote(parts._replace(netloc=_ascii_domain(parts.netloc)).geturl(), safe=punctuation)


def atoms(slug: str) -> str:
    """The slug as a dot-atom (RFC 5322, 3.2.3), other scripts' letters as their numbers."""
    return re.sub(r"[^a-z0-9-]", lambda found: f"_{ord(found[0]):x}", slug.lower())


def _part(subtype: str, text: str) -> bytes:
    head = (
        f"--{BOUNDARY}\r\nContent-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    encoded = binascii.b2a_qp(text.replace("\r\n", "\n").encode(), istext=True)
    return head.encode() + encoded.replace(b"\n", b"\r\n") + b"\r\n"
