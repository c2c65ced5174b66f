"""Boxes that are seen in another order than they are written in."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from pipeline.checks.reading.cascade import Cascade, Style
from pipeline.checks.reading.mail import text_of
from pipeline.checks.reading.matching import View
from pipeline.checks.telling import quoted

Turned = tuple[str, Any, str]
_BESIDE = ("table-cell", "inline-block", "inline-table")
# Parts of a table that are shown first or last, wherever they are written.
_GROUPS = {"table-header-group": "thead", "table-footer-group": "tfoot"}


def turned(looks: Cascade, view: View) -> Iterator[Turned]:
    """A kind, an element that isn't seen where it is written, and how."""
    styles = looks.styles(view)
    body = next((style.direction for one, style in styles.items() if one.tag == "body"), "ltr")
    for element, style in styles.items():
        if style.shown and style.visible and style.opacity:
            if _suspect(style):
                what = f"<{element.tag}> {quoted(text_of(element, alt=True))}"
                yield from ((kind, element, f"{what} {how}") for kind, how in _by_itself(element, style))
            if len(element) > 1 and style.direction != body:
                yield from _by_direction(element, style, styles)


@lru_cache(maxsize=8192)
def _suspect(style: Style) -> bool:
    return (
        style.position in ("absolute", "fixed")
        or style.moved
        or bool(style.order)
        or style.reversed
        or min(style.margin) < 0
        or style.display in _GROUPS
        or style.floats != "none"
    )


def _by_itself(element: Any, style: Style) -> Iterator[tuple[str, str]]:
    if style.position in ("absolute", "fixed") or style.moved:
        yield "position", f"has position: {style.position}"
    if style.order:
        yield "order", f"has order: {style.order:.0f}"
    if style.reversed:
        yield "reverse", "shows what is in it in reverse"
    if min(style.margin) < 0:
        yield "margin", "has a negative margin"
    if _GROUPS.get(style.display, element.tag) != element.tag:
        yield "group", f"has display: {style.display}"
    if _floats_ahead(element, style):
        yield "float", "floats to the far side of what comes after it"


def _floats_ahead(element: Any, style: Style) -> bool:
    """Whether words float to where a line ends, ahead of words that come after them."""
    if style.floats != ("left" if style.direction == "rtl" else "right"):
        return False
    after = element.getnext()
    words_after = (element.tail or "").strip() or (after is not None and isinstance(after.tag, str) and text_of(after))
    return bool(text_of(element) and words_after)


def _by_direction(element: Any, style: Style, styles: Mapping[Any, Style]) -> Iterator[Turned]:
    """Columns in a direction that isn't the language's own of what stands in them."""
    beside = [one for one in element if one in styles and styles[one].display in _BESIDE]
    words = text_of(element)
    if len(beside) > 1 and written(words) not in ("", style.direction):
        yield "direction", element, f"the columns {quoted(words)} are turned round by direction: {style.direction}"


@lru_cache(maxsize=1024)
def written(words: str) -> str:
    """Which way most of the letters are written; empty where there are none."""
    kinds = [unicodedata.bidirectional(letter) for letter in words[:400]]
    to_left, to_right = sum(kind in ("R", "AL") for kind in kinds), kinds.count("L")
    return "" if not (to_left or to_right) else "rtl" if to_left > to_right else "ltr"
