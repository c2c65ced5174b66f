"""How wide the boxes of a mail have to be at least, in a window, and how wide its text may become.

This is CSS's min-content width, with letters half as wide as high. ``max-width: 100%`` and ``overflow-wrap:
break-word`` help everywhere but in a table, which grows with what is in it (tried in Chromium): ``loose`` is the width
without their help.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pipeline.checks.reading.cascade import Cascade, Style
from pipeline.checks.reading.matching import View

_LETTER = 0.5
# Where a line may end: at white space other than the kinds that don't break, after a hyphen, a dash, an ellipsis or a
# question mark; and between any two letters of the writings of East and South-East Asia, and around emoji.
_BREAK = re.compile(
    "[ \t\n\r\f\u00ad\u1680\u2000-\u2006\u2008-\u200b\u2010\u2012-\u2014\u2026\u205f\u3000?-]+"
    "|[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U0001f000-\U0001faff]"
)
_TABLES = ("table", "inline-table")


@dataclass(frozen=True, slots=True)
class Need:
    """Pixels that a box can't do without; ``cause`` is the element, or the text in it, that makes it so wide."""

    width: float
    loose: float
    cause: Any
    text: str = ""


_NOTHING = Need(0.0, 0.0, None)


def needs(looks: Cascade, view: View, *, of_cells: bool = False) -> dict[Any, Need]:
    """By element what it needs, the last one first. ``of_cells`` also counts the widths that are wished for table
    cells, as a window does that is wide enough for them."""
    styles = looks.styles(view)
    found: dict[Any, Need] = {}
    for element in reversed(looks.elements):
        style = styles[element]
        if not style.shown or style.position in ("absolute", "fixed"):
            found[element] = _NOTHING
        elif element.tag == "img":
            found[element] = _of_image(element, style)
        else:
            inside = _inside(element, style, styles, found)
            found[element] = inside if style.inline else _of_box(element, style, inside, view, of_cells)
    return found


def _of_image(image: Any, style: Style) -> Need:
    """One that is a percentage of its box needs nothing by itself."""
    sizes = [size for size in (style.width, style.max_width) if size]
    if not sizes or any(unit != "px" for _, unit in sizes):
        return _NOTHING
    width = min(number for number, _ in sizes)
    return Need(width, width, image)


def _inside(element: Any, style: Style, styles: Mapping[Any, Style], found: Mapping[Any, Need]) -> Need:
    if style.display == "table-row":
        cells = [found[one] for one in element if one in found and styles[one].display == "table-cell"]
        others = [found[one] for one in element if one in found and styles[one].display != "table-cell"]
        return _widest([_of_row(element, cells), *others])
    parts = list(_parts(element, style, styles, found))
    if style.wraps:
        return _widest([need for need in parts if need])
    lines: list[list[Need]] = [[]]
    for need in parts:
        if need is None:
            lines.append([])
        else:
            lines[-1].append(need)
    return _widest([_one_line(element, line) for line in lines if line])


def _parts(element: Any, style: Style, styles: Mapping[Any, Style], found: Mapping[Any, Need]) -> Iterator[Need | None]:
    """What the text and each child need; ``None`` is a line's end."""
    if element.text and not element.text.isspace():
        yield _of_text(element, element.text, style)
    for child in element:
        if child in found:
            ends = child.tag == "br" or not (styles[child].inline or styles[child].display.startswith("inline"))
            yield from (None, found[child], None) if ends else (found[child],)
        if child.tail and not child.tail.isspace():
            yield _of_text(element, child.tail, style)


def _of_text(element: Any, text: str, style: Style) -> Need:
    if not style.seen:
        return _NOTHING
    letters, word = _longest(text, style.white_space)
    width = letters * _LETTER * style.font_size
    breaks = style.wraps and (style.word_break in ("break-all", "break-word") or style.overflow_wrap == "anywhere")
    if breaks:
        return _NOTHING
    return Need(0.0 if style.wraps and style.overflow_wrap == "break-word" else width, width, element, word)


@lru_cache(maxsize=8192)
def _longest(text: str, white_space: str) -> tuple[int, str]:
    """The longest part of a text that stands in one line."""
    if white_space == "nowrap":
        parts = [re.sub(r"[ \t\n\r\f]+", " ", text)]
    else:
        parts = text.expandtabs().split("\n") if white_space == "pre" else _BREAK.split(text)
    longest = max(parts, key=len)
    return len(longest), longest.strip()


def _widest(parts: Sequence[Need]) -> Need:
    if len(parts) < 2:
        return parts[0] if parts else _NOTHING
    widest, loosest = max(parts, key=lambda need: need.width), max(parts, key=lambda need: need.loose)
    one = widest if widest.width >= loosest.loose else loosest
    return Need(widest.width, loosest.loose, one.cause, one.text)


def _one_line(element: Any, parts: Sequence[Need]) -> Need:
    width, loose = sum(need.width for need in parts), sum(need.loose for need in parts)
    return Need(width, loose, element, " ".join(need.text for need in parts if need.text))


def _of_row(row: Any, cells: Sequence[Need]) -> Need:
    width = sum(need.width for need in cells)
    loose = sum(max(need.width, need.loose) for need in cells)
    widest = max(cells, key=lambda need: need.loose, default=_NOTHING)
    return Need(width, loose, widest.cause if widest.loose > loose * 0.8 else row, widest.text)


def _of_box(element: Any, style: Style, inside: Need, view: View, of_cells: bool) -> Need:
    """What a box needs with what is around it: its padding, its margin, a width of its own."""
    around, outside, own, own_loose = _box(style, view, of_cells)
    width = 0.0 if style.clips else inside.width + around
    loose = 0.0 if style.clips else max(inside.loose, inside.width) + around
    if style.display in _TABLES and not style.fixed:
        width = loose
    if not (own_loose or outside or around or width != inside.width):
        return inside
    cause, text = (inside.cause, inside.text) if inside.cause is not None else (element, "")
    if own_loose > loose or own > width:
        cause, text = element, ""
    return Need(max(width, own) + outside, max(loose, own_loose) + outside, cause, text)


@lru_cache(maxsize=8192)
def _box(style: Style, view: View, of_cells: bool) -> tuple[float, float, float, float]:
    """Of a box its padding and its margin, and how wide it is of itself, with and without ``max-width: 100%``."""
    around, outside = (max(0.0, edge[1]) + max(0.0, edge[3]) for edge in (style.padding, style.margin))
    cell = style.display == "table-cell"
    own = 0.0 if cell and not of_cells else _fixed(style, view, of_cells)
    own += around if own and not (style.border_box or cell or style.display in _TABLES) else 0.0
    own_loose = own
    if style.max_width and own:
        limited = style.max_width[1] == "px"
        own = min(own, style.max_width[0]) if limited else 0.0
        own_loose = own if limited else own_loose
    least = style.min_width[0] if style.min_width and style.min_width[1] == "px" else 0.0
    return around, outside, max(own, least), max(own_loose, least)


def _fixed(style: Style, view: View, wide: bool) -> float:
    """In a window that is wide enough a part of it is no fixed width."""
    if style.width is None or style.width[1] == "%" or (wide and style.width[1] == "vw"):
        return 0.0
    return style.width[0] * (view.width / 100 if style.width[1] == "vw" else 1)


def too_wide(found: Mapping[Any, Need], limit: float) -> dict[Any, Need]:
    """By its cause each need that is over the limit, told where it first is and not again for all that is around it;
    nor where a box around it cuts off or scrolls what is too wide for it."""
    over: dict[Any, Need] = {}
    for element in list(found)[::-1]:
        need, parent = found[element], element.getparent()
        if need.width > limit and (parent in over or parent is None or parent.tag in ("html", "body")):
            over[element] = need
    around = {element.getparent() for element in over}
    return {need.cause: need for element, need in over.items() if element not in around}


def sticks_out(looks: Cascade, view: View) -> Mapping[Any, float]:
    """By element of which the width is a percentage, how many pixels it sticks out of the window with what CSS adds to
    such a width: its padding, its margin."""
    styles, found = looks.styles(view), dict[Any, float]()
    for element, style in styles.items():
        if style.width and style.width[1] == "%" and style.width[0] >= 100 and not style.display.startswith("table-"):
            padding = 0.0 if style.border_box or style.display in _TABLES else style.padding[1] + style.padding[3]
            more = padding + style.margin[1] + style.margin[3] + (style.width[0] - 100) / 100 * view.width
            above = [styles[one] for one in element.iterancestors() if one in styles] if more > 0 else ()
            if above and style.shown and not any(one.clips for one in above):
                over = more - sum(max(0.0, one.padding[1]) + max(0.0, one.margin[1]) for one in above)
                found |= {element: over} if over > 0 else {}
    return found


def rooms(looks: Cascade, view: View) -> Mapping[Any, float]:
    """By element how wide its text may become, by what it says and what is said around it; infinite if nothing is."""
    found: dict[Any, float] = {}
    for element, style in looks.styles(view).items():
        room = found.get(element.getparent(), math.inf)
        for size in (style.width, style.max_width):
            if size and size[1] == "px":
                room = min(room, size[0])
            elif size and size[1] == "%" and size[0] <= 100:
                room *= size[0] / 100
        found[element] = room
    return found
