"""Text -> quoted-printable (RFC 2045, 6.7) in pieces that can be put together: each begins at the start of a line.

No line is over 76 characters. No line begins with "." or "From ": so the same bytes serve SMTP, files and mbox alike.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

LINE = 76
SOFT_BREAK = b"=\r\n"
_AS_THEY_ARE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:/?&%#+;_.~-\n"
# The first letters of a line that SMTP or mbox would change.
_SHIELDS = ((b".", b"=2E"), (b"From ", b"=46rom "))
_TO_SHIELD = re.compile(rb"^(?:\.|From )", re.MULTILINE)


def static(text: str) -> bytes:
    """A text of many lines. Where it ends without a line end, its last line has room for a soft break."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    encoded = binascii.b2a_qp(plain.encode(), istext=True).replace(b"=\n", b"")
    *lines, last = encoded.split(b"\n")
    broken = [b"=\r\n".join(_broken(line, LINE)) + b"\r\n" for line in lines]
    return b"".join([*broken, value(last)])


def value(encoded: bytes) -> bytes:
    """One line, all of it encoded already, broken so that a soft break may stand behind it."""
    return SOFT_BREAK.join(_broken(encoded, LINE - 1))


def _broken(line: bytes, longest: int) -> Iterator[bytes]:
    """The line in parts that get a soft break each, but for the last one, which may have ``longest`` characters."""
    while True:
        for bare, shielded in _SHIELDS:
            if line.startswith(bare):
                line = shielded + line[len(bare) :]
        if len(line) <= longest:
            yield line
            return
        end = LINE - 1
        while b"=" in line[end - 2 : end]:
            end -= 1
        yield line[:end]
        line = line[end:]


def column(texts: str) -> list[bytes]:
    """Many values at once, one a line -> each as ``value`` has it.

    One call encodes them all; only those that it doesn't leave as they have to be are looked at one by one.
    """
    # No value has a line end of its own, so "\r" can stand for a soft break while the values are cut apart.
    encoded = texts.encode()
    if encoded.translate(None, _AS_THEY_ARE):
        encoded = binascii.b2a_qp(encoded, istext=True).replace(b"=\n", b"\r")
    lines = encoded.split(b"\n")
    if (len(encoded) < LINE or len(max(lines, key=len)) < LINE) and not _TO_SHIELD.search(encoded):
        return lines
    return [
        line if len(line) < LINE and not _TO_SHIELD.match(line) else value(line.replace(b"\r", b"")) for line in lines
    ]
