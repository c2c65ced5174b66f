"""HTML or text in which each block stands between two marks -> the marks, each block's weight, all without the marks.

``templates/`` write them with ``mark``: two around each block, and in a block that is chosen for each reader two
around each of its cards, and one where each card that the reader gets is to stand. In HTML they are comments, which
come through MJML and premailer unharmed; in text they stand between two characters that no content has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.errors import TemplateError, Where
from pipeline.model import Block, BlockSize

Kind = Literal["block", "card", "place"]
_MARK = r"(/?)(block|card|place):(\d+)(?:\.(\d+))?"
_COMMENT = re.compile(_MARK)
_IN_HTML = re.compile(rf"<!--{_MARK}-->\n?")
_IN_TEXT = re.compile(rf"\x02{_MARK}\x03\n?")


@dataclass(frozen=True, slots=True)
class Mark:
    """A block's index, that of a card or a place in the block, and whether it begins there."""

    kind: Kind
    block: int
    index: int
    opens: bool


def mark(kind: Kind, block: int, index: int = 0, *, closes: bool = False, html: bool = False) -> str:
    """The mark as it is written."""
    written = f"{'/' if closes else ''}{kind}:{block}" + ("" if kind == "block" else f".{index}")
    return f"<!--{written}-->" if html else f"\x02{written}\x03"


def read(comment: str) -> Mark | None:
    """The block's mark that a comment of the HTML is; ``None`` for any other comment."""
    found = _COMMENT.fullmatch(comment)
    return _mark(found) if found and found[2] == "block" else None


def split(source: str, *, html: bool) -> Iterator[str | Mark]:
    """The marks, and what is between them."""
    end = 0
    for found in (_IN_HTML if html else _IN_TEXT).finditer(source):
        if found.start() > end:
            yield source[end : found.start()]
        yield _mark(found)
        end = found.end()
    if end < len(source):
        yield source[end:]


def _mark(found: re.Match[str]) -> Mark:
    kind: Kind = "block" if found[2] == "block" else "card" if found[2] == "card" else "place"
    return Mark(kind, int(found[3]), int(found[4] or 0), not found[1])


def weigh(html: str, blocks: Sequence[Block]) -> tuple[BlockSize, ...]:
    """What each block weighs, in bytes of UTF-8. Raises a TemplateError for a layout that doesn't mark its blocks."""
    found = sizes(html)
    for index, block in enumerate(blocks):
        if index not in found:
            message = f"the layout doesn't put block {index} ({block.name}) between its two marks"
            raise TemplateError(message, Where("templates"))
    return tuple(BlockSize(block.name, found[index], block.where) for index, block in enumerate(blocks))


def sizes(html: str) -> dict[int, int]:
    """The bytes of UTF-8 of each block that stands between its two marks, by its index."""
    places = {(found[1], int(found[3])): found for found in _IN_HTML.finditer(html) if found[2] == "block"}
    return {
        index: len(html[begin.end() : places["/", index].start()].encode())
        for (closes, index), begin in places.items()
        if not closes and ("/", index) in places
    }


def without_marks(html: str) -> str:
    return _IN_HTML.sub("", html)
