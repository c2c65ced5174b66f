"""Text -> what stands for it in a header: the text itself where it may, encoded words where it may not (RFC 2047).

A text that looks like an encoded word is encoded as well, and a control character is refused: nothing that a stranger
writes becomes a header (CVE-2024-6923 and its kin).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator, Sequence
from typing import cast

from pipeline.errors import ContentError

LINE = 76
WORD = 75
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?: [\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII).fullmatch
# In a name, "q" leaves only these as they are (RFC 2047, 5); blanks have become underscores.
_IN_NAMES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+/=_-\n"
_Q, _B, _END = "=?utf-8?q?", "=?utf-8?b?", "?="
_FRAME = len(_Q) + len(_END)


def unstructured(text: str, used: int) -> str:
    """The text as an unstructured header such as Subject has it, in lines of at most 76 characters.

    ``used`` is how many characters stand on the first line already. Raises a ContentError for a control character.
    """
    found = as_text(text, used)
    return _encoded([text], used)[0] if found is None else found


def phrase(text: str, used: int) -> str:
    """The text as a name before an address has it, likewise: as it is, between quotation marks, or in encoded words."""
    found = as_name(text, used)
    return _encoded([text], used)[0] if found is None else found


def column(texts: Sequence[str], used: int, plain: Callable[[str, int], str | None]) -> list[str]:
    """Many texts at once, each as ``unstructured`` has it, or ``phrase``: ``plain`` is ``as_text``, or ``as_name``."""
    found = [plain(text, used) for text in texts]
    if None not in found:
        return cast(list[str], found)
    words = iter(_encoded([text for text, one in zip(texts, found, strict=True) if one is None], used))
    return [next(words) if one is None else one for one in found]


def as_text(text: str, used: int) -> str | None:
    """The text where it can stand in a header as it is, folded if need be; ``None`` where it can't."""
    if not text.isascii() or "=?" in text or not text.isprintable() or text[:1] == " " or text[-1:] == " ":
        return None
    return text if used + len(text) <= LINE else _folded(text, used)


def as_name(text: str, used: int) -> str | None:
    """The same for a name, which may need quotation marks."""
    if used + len(text) > LINE or not text.isascii() or "=?" in text or not text.isprintable():
        return None
    if _ATOMS(text) or not text:
        return text
    inner = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inner}"' if used + len(inner) + 2 <= LINE else None


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


def _encoded(texts: list[str], used: int) -> list[str]:
    """Each text in encoded words, one a line, written in whichever of the two ways is the shorter."""
    for text in texts:
        if not text.isprintable() and (found := CONTROL.search(text)):
            raise ContentError(f"a header can't hold the control character {found[0]!a}: {text[:60]!a}")
    lines = "\n".join(texts)
    try:
        raw = lines.encode()
    except UnicodeEncodeError as error:
        raise ContentError(f"a header can't hold half a character: {lines[error.start :][:20]!a}") from error
    return [_words(*one, used) for one in zip(_quoted(raw).split("\n"), raw.split(b"\n"), strict=True)]


def _words(quoted: str, raw: bytes, used: int) -> str:
    if len(quoted) <= (len(raw) + 2) // 3 * 4:
        if used + len(quoted) + _FRAME <= WORD:
            return f"{_Q}{quoted}{_END}"
        words = [f"{_Q}{word}{_END}" for word in _cut_quoted(quoted, used)]
    else:
        words = [f"{_B}{binascii.b2a_base64(part, newline=False).decode()}{_END}" for part in _cut(raw, used)]
    return "\r\n ".join(words)


def _quoted(lines: bytes) -> str:
    """Each line in "q"."""
    # A blank at the very end would be written otherwise than one at a line's end.
    encoded = binascii.b2a_qp(lines + b"\n", istext=True, header=True)[:-1].replace(b"=\n", b"")
    for special in set(encoded.translate(None, _IN_NAMES)):
        encoded = encoded.replace(bytes((special,)), b"=%02X" % special)
    return encoded.decode()


def _cut_quoted(quoted: str, used: int) -> Iterator[str]:
    """Parts for a word each, cut between characters; ``used`` is for the first one, the others follow a blank."""
    begin, room = 0, min(WORD, LINE - used) - _FRAME
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


def _cut(raw: bytes, used: int) -> Iterator[bytes]:
    """The same for base64, which makes four letters of three bytes."""
    begin, room = 0, (min(WORD, LINE - used) - _FRAME) // 4 * 3
    while len(raw) - begin > room:
        end = begin + room
        while raw[end] & 0xC0 == 0x80:
            end -= 1
        yield raw[begin:end]
        begin, room = end, (WORD - _FRAME) // 4 * 3
    yield raw[begin:]
