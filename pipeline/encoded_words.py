"""Text -> what stands for it in a header: the text itself where it may, encoded words where it may not (RFC 2047).

A text that looks like an encoded word is encoded as well, and a control character is refused: nothing that a stranger
writes becomes a header (CVE-2024-6923 and its kin).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from pipeline.errors import ContentError

LINE = 76
WORD = 75
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?: [\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII).fullmatch
# In a name, "q" leaves only these as they are (RFC 2047, 5), and writes a blank as an underscore.
_IN_NAMES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+/- "
_IN_QUOTED = _IN_NAMES + b"=_"
_SPECIALS = [(bytes((byte,)), b"=%02X" % byte) for byte in range(128)]
_Q, _B, _END = "=?utf-8?q?", "=?utf-8?b?", "?="
_BETWEEN_Q, _BETWEEN_B = f"{_END}\r\n {_Q}", f"{_END}\r\n {_B}"
_FRAME = len(_Q) + len(_END)


def unstructured(text: str, used: int) -> str:
    """The text as an unstructured header such as Subject has it, in lines of at most 76 characters.

    ``used`` is how many characters stand on the first line already. Raises a ContentError for a control character.
    """
    if text.isascii() and "=?" not in text and text.isprintable() and text[:1] != " " != text[-1:]:
        if used + len(text) <= LINE:
            return text
        if (folded := _folded(text, used)) is not None:
            return folded
    return _encoded(text, used)


def phrase(text: str, used: int) -> str:
    """The text as a name before an address has it, likewise: as it is, between quotation marks, or in encoded words."""
    if used + len(text) <= LINE and text.isascii() and "=?" not in text and text.isprintable():
        if _ATOMS(text) or not text:
            return text
        inner = text.replace("\\", "\\\\").replace('"', '\\"')
        if used + len(inner) + 2 <= LINE:
            return f'"{inner}"'
    return _encoded(text, used)


def _folded(text: str, used: int) -> str | None:
    """Plain words in lines; ``None`` where a word is too long for one."""
    lines, line = [], ""
    for word in re.findall(r" *[^ ]+", text):
        if line and used + len(line) + len(word) > LINE:
            lines.append(line)
            line, used = "", 0
        line += word
        if used + len(line) > LINE:
            return None
    return "\r\n".join([*lines, line])


def _encoded(text: str, used: int) -> str:
    """The text in encoded words, one a line, written in whichever of the two ways is the shorter."""
    if not text.isprintable() and (found := CONTROL.search(text)):
        raise ContentError(f"a header can't hold the control character {found[0]!a}: {text[:60]!a}")
    try:
        raw = text.encode()
    except UnicodeEncodeError as error:
        raise ContentError(f"a header can't hold half a character: {text[error.start :][:20]!a}") from error
    room = min(WORD, LINE - used) - _FRAME
    # Each other byte takes three characters in "q"; "b" makes four of any three bytes.
    if len(raw) + 2 * len(raw.translate(None, _IN_NAMES)) <= (len(raw) + 2) // 3 * 4:
        quoted = _quoted(raw)
        words = [quoted] if len(quoted) <= room else _cut_quoted(quoted, room)
        return _Q + _BETWEEN_Q.join(words) + _END
    parts = [raw] if len(raw) <= room // 4 * 3 else _cut(raw, room // 4 * 3)
    return _B + _BETWEEN_B.join([binascii.b2a_base64(part, newline=False).decode() for part in parts]) + _END


def _quoted(raw: bytes) -> str:
    encoded = binascii.b2a_qp(raw, header=True).replace(b"=\n", b"")
    if specials := encoded.translate(None, _IN_QUOTED):
        for special in set(specials):
            encoded = encoded.replace(*_SPECIALS[special])
    return encoded.decode()


def _cut_quoted(quoted: str, room: int) -> Iterator[str]:
    """Parts for a word each, cut between characters; ``room`` is that of the first one."""
    begin = 0
    while len(quoted) - begin > room:
        end = begin + room
        while not _begins_character(quoted, end):
            end -= 1
        yield quoted[begin:end]
        begin, room = end, WORD - _FRAME
    yield quoted[begin:]


def _begins_character(quoted: str, place: int) -> bool:
    inside = "=" in quoted[place - 2 : place]
    return not inside and not (quoted[place] == "=" and quoted[place + 1] in "89AB")


def _cut(raw: bytes, room: int) -> Iterator[bytes]:
    """The same for base64, in bytes."""
    begin = 0
    while len(raw) - begin > room:
        end = begin + room
        while raw[end] & 0xC0 == 0x80:
            end -= 1
        yield raw[begin:end]
        begin, room = end, (WORD - _FRAME) // 4 * 3
    yield raw[begin:]
