"""The words of content, of the HTML and of the text part, so that they can be compared.

A word is what stands between blanks and punctuation, without its case and without what can't be seen (soft hyphens,
joiners); Han and kana, which have no blanks between words, count by characters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import lru_cache
from html import unescape
from typing import Any
from unicodedata import normalize

from lxml import etree

from pipeline import marks
from pipeline.checks.reading.mail import INLINE, Mail

_WIDE = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_APART = (
    r"\s\x00-/:-@\[-`{-\xa9\xab-\xb1\xb4\xb6-\xb8\xbb\xbf\u055a-\u055f\u0589\u05be\u05c0\u05c3\u05f3\u05f4\u060c\u061b"
    r"\u061f\u066a-\u066d\u06d4\u0964\u0965\u104a\u104b\u1361-\u1368\u17d4-\u17da\u2000-\u206f\u2190-\u2bff\u2e00-\u2e7f"
    r"\u3000-\u303f\ufe10-\ufe1f\ufe30-\ufe6f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)
_WORD = re.compile(f"[{_WIDE}]|[^{_APART}{_WIDE}]+")
_WORD_OR_LINE = re.compile(f"\n|{_WORD.pattern}")
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f]+")
# A raised number is a word of its own: "word¹" of the HTML is "word[1]" in the text part.
_IN_LINE = INLINE - {"sup"}
_TAG = re.compile(r'<!--.*?-->|</?([a-z][a-z0-9]*)(?:[^<>"]|"[^"]*")*>', re.S | re.I)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
# What the text part has beside an article's own words: addresses, the numbers of lists, pictures' words in brackets.
_ADDED = re.compile(r"<[a-z]+:[^<>\s]*>|\bhttps?://[^\s<>]+|^[ >|]*(?:\d{1,9}\.|\[\d{1,4}\])(?= )", re.I | re.M)
_ADDED_OR_PICTURE = re.compile(rf"{_ADDED.pattern}|\[[^\[\]]*\]", re.I | re.M)
# Arabic and Hebrew write "and" onto the next word, be that an address; the text part sets addresses apart.
_GLUED_ADDRESS = re.compile(r"(?<=[^\W_])(?=https?://)")
_LIKE_ADDED = re.compile(r"[.:/@\[]")
_BETWEEN_BLOCKS = re.compile(r"\n{3,}")
# So many words of addresses may stand beside those of one paragraph.
_ROOM = 80


def visible(text: str) -> str:
    """The text without what can't be seen, its letters composed."""
    return text if text.isascii() else _INVISIBLE.sub("", normalize("NFC", text))


def words(text: str) -> list[str]:
    return _WORD.findall(_GLUED_ADDRESS.sub(" ", visible(text).casefold()))


def in_line(some: Sequence[str]) -> str:
    """The words as one string, in which those of another can be looked for."""
    return f" {' '.join(some)} "


@dataclass(frozen=True, slots=True)
class Unit:
    """A paragraph, a heading, a cell: words that stand in a row wherever they are shown."""

    text: str
    words: tuple[str, ...]
    line: str


@lru_cache(maxsize=2048)
def units(html: str) -> tuple[Unit, ...]:
    """What sanitised HTML says, box by box."""
    boxes = _TAG.sub(lambda tag: "" if (tag[1] or "a").lower() in _IN_LINE else "\x1e", html).split("\x1e")
    return tuple(one for box in boxes for one in unit(unescape(box)))


@lru_cache(maxsize=4096)
def unit(text: str) -> tuple[Unit, ...]:
    """The unit that a text is; none where it has no words."""
    found = words(text)
    return (Unit(" ".join(visible(text).split()), tuple(found), in_line(found)),) if found else ()


@dataclass(frozen=True, slots=True)
class Passage:
    """Words of a mail; ``line`` is without what is no article's own, ``flat`` as it is shown, with single blanks."""

    text: str
    line: str
    flat: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A part of a mail: all of it, and what of it is each block's, as far as that can be told."""

    whole: Passage
    blocks: Mapping[int, Passage]

    def of(self, block: int) -> Passage:
        return self.blocks.get(block, self.whole)


@dataclass(frozen=True, slots=True)
class Page(Reading):
    """The HTML, with its headings: each one's element, its block's index (-1 for none), its text."""

    headings: tuple[tuple[Any, int, str], ...]


@lru_cache(maxsize=4)
def read_page(body: Any, hidden: frozenset[Any]) -> Page:
    """What is shown of a body, which must not change any more."""
    parts: list[str] = []
    begins: list[tuple[int, int]] = [(-1, 0)]
    opened: dict[Any, int] = {}
    headings: list[tuple[Any, int, str]] = []
    for event, node in etree.iterwalk(body, events=("start", "end", "comment", "pi")):
        if event == "comment" and (mark := marks.read(node.text or "")):
            begins.append((mark.block if mark.opens else -1, len(parts)))
        is_element = event in ("start", "end")
        parts.append(" " if is_element and node.tag not in _IN_LINE else "")
        if event == "start":
            parts.append("" if node in hidden else node.text or "")
            if node.tag in _HEADINGS and node not in hidden:
                opened[node] = len(parts) - 1
            continue
        if event == "end" and node in opened:
            headings.append((node, begins[-1][0], " ".join("".join(parts[opened.pop(node) :]).split())))
        if node is not body:
            parts.append("" if node.getparent() in hidden else node.tail or "")
    ends = [*(begin for _, begin in begins[1:]), len(parts)]
    read = [(block, _passage("".join(parts[begin:end]))) for (block, begin), end in zip(begins, ends, strict=True)]
    blocks = {block: passage for block, passage in read if block >= 0}
    return Page(_joined([passage for _, passage in read]), blocks, tuple(headings))


def _passage(text: str) -> Passage:
    return Passage(text, in_line(words(text)), " ".join(visible(text).split()))


def _joined(passages: list[Passage]) -> Passage:
    line = "".join(one.line[:-1] for one in passages if one.line.strip())
    text = "\n\n".join(one.text for one in passages)
    return Passage(text, f"{line} ", " ".join(one.flat for one in passages))


@lru_cache(maxsize=4)
def read_text(text: str, blocks: int) -> Reading:
    """A text part of so many blocks. Where it hasn't two empty lines between each and the next, only the whole."""
    parts = [part for part in _BETWEEN_BLOCKS.split(text) if part.strip()]
    read = [replace(_passage(part), line=in_line(words(_ADDED.sub(" ", part)))) for part in parts]
    return Reading(_joined(read), dict(enumerate(read)) if len(read) == blocks else {})


def page_of(mail: Mail) -> Page:
    return read_page(mail.root if mail.body is None else mail.body, mail.hidden)


def plain_of(mail: Mail) -> Reading | None:
    """The text part; None where there is none, or an empty one, which other rules tell."""
    blocks = len(mail.edition.blocks) if mail.edition else 0
    return read_text(mail.text, blocks) if mail.text and mail.text.strip() else None


def begins_lines(text: str) -> tuple[str, frozenset[int]]:
    """All words of a text part in a line, and where in it the lines of the text begin."""
    begins, parts, length, is_first = set(), [], 0, True
    for word in _WORD_OR_LINE.findall(visible(text).casefold()):
        if word == "\n":
            is_first = True
            continue
        if is_first:
            begins.add(length)
        parts.append(word)
        length += len(word) + 1
        is_first = False
    return in_line(parts), frozenset(begins)


def walks(unit: Unit, there: Passage) -> bool:
    """Whether the unit's words stand there with what a text part adds among them.

    Only what looks like an address itself may stand all in an address.
    """
    other, added = _optional(there.text)
    may_be_added = _LIKE_ADDED.search(unit.text) is not None
    return any(
        _walks(unit.words, other, added, start, may_be_added)
        for start, word in enumerate(other)
        if word == unit.words[0]
    )


@lru_cache(maxsize=64)
def _optional(text: str) -> tuple[tuple[str, ...], tuple[bool, ...]]:
    """The words of a text, and of each whether it may be what a text part adds."""
    found: list[tuple[str, bool]] = []
    position = 0
    for added in _ADDED_OR_PICTURE.finditer(text):
        found += [(word, False) for word in words(text[position : added.start()])]
        found += [(word, True) for word in words(added[0])]
        position = added.end()
    found += [(word, False) for word in words(text[position:])]
    return tuple(word for word, _ in found), tuple(added for _, added in found)


def _walks(wanted: Sequence[str], there: Sequence[str], added: Sequence[bool], start: int, may_be_added: bool) -> bool:
    step, position, own = 0, start, may_be_added
    end = min(start + 2 * len(wanted) + 4 * _ROOM, len(there))
    while position < end and step < len(wanted):
        if there[position] == wanted[step]:
            own = own or not added[position]
            step += 1
        elif not added[position]:
            return False
        position += 1
    return own and step == len(wanted) and any(added[start:position])


def difference(unit: Unit, there: Passage) -> tuple[str, str, str]:
    """The first words of the unit that don't stand there, what stands there instead, and what goes before them.

    The words are empty where something stands there too much; the unit's own, all of them, where hardly any is there.
    """
    other, added = _optional(there.text)
    nearest = SequenceMatcher(None, unit.words, other, autojunk=False).find_longest_match()
    begin = max(nearest.b - nearest.a - _ROOM, 0)
    near = other[begin : nearest.b + len(unit.words) - nearest.a + _ROOM]
    matcher = SequenceMatcher(None, unit.words, near, autojunk=False)
    same = sum(block.size for block in matcher.get_matching_blocks())
    if 2 * same < len(unit.words):
        return unit.text, "", ""
    spans = [(found.start(), found.end()) for found in _WORD.finditer(unit.text)]
    spans += [(len(unit.text), len(unit.text))] * (len(unit.words) - len(spans))
    for kind, first, last, begins, ends in matcher.get_opcodes():
        at_edge = first == 0 or last == len(unit.words)
        outside = kind == "insert" and (at_edge or all(added[begin + begins : begin + ends]))
        if kind == "equal" or outside:
            continue
        before = unit.text[spans[max(first - 3, 0)][0] : spans[first - 1][1]] if first else ""
        lost = unit.text[spans[first][0] : spans[last - 1][1]] if last > first else ""
        joined = "".join(unit.words[first:last])
        instead = [word for word in near[begins:ends] if not at_edge or word == joined]
        return lost, " ".join(instead), before
    return unit.text, "", ""


def alike(one: str, other: str) -> bool:
    """Whether one is the other with a word lost or glued."""
    return SequenceMatcher(None, one, other, autojunk=False).ratio() > 0.8
