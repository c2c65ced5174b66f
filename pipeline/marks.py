"""HTML in which each block stands between two marks -> each block's weight, and the HTML without the marks.

The layout writes ``<!--block:3-->`` before the edition's block 3 and ``<!--/block:3-->`` behind it. Comments come
through MJML and premailer unharmed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import TemplateError, Where
from pipeline.model import Block, BlockSize

_COMMENT = re.compile(r"(/?)block:(\d+)")
_MARK = re.compile(r"<!--(/?)block:(\d+)-->\n?")


@dataclass(frozen=True, slots=True)
class Mark:
    """One of a block's two marks: the block's index, and whether it begins there."""

    block: int
    opens: bool


def read(comment: str) -> Mark | None:
    """The mark that a comment is; ``None`` for any other comment."""
    found = _COMMENT.fullmatch(comment)
    return Mark(int(found[2]), not found[1]) if found else None


def weigh(html: str, blocks: Sequence[Block]) -> tuple[BlockSize, ...]:
    """What each block weighs, in bytes of UTF-8. Raises a TemplateError for a layout that doesn't mark its blocks."""
    places = {(found[1], int(found[2])): found for found in _MARK.finditer(html)}
    sizes = []
    for index, block in enumerate(blocks):
        begin, end = places.get(("", index)), places.get(("/", index))
        if begin is None or end is None:
            message = f"the layout doesn't put block {index} ({block.name}) between its two marks"
            raise TemplateError(message, Where("templates"))
        sizes.append(BlockSize(block.name, len(html[begin.end() : end.start()].encode()), block.where))
    return tuple(sizes)


def without_marks(html: str) -> str:
    return _MARK.sub("", html)
