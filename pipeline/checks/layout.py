"""Widths, sizes and targets: what fits on a phone, and what can be read and touched there."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from pipeline.checks.reading import legibility, order, widths
from pipeline.checks.reading.cascade import LIGHT, PHONE, Cascade, cascade
from pipeline.checks.reading.legibility import HEADINGS, Paragraph
from pipeline.checks.reading.mail import Mail, text_of
from pipeline.checks.reading.matching import View
from pipeline.checks.reading.widths import Need
from pipeline.checks.rule import Fault, rule
from pipeline.checks.telling import Kinds, quoted

_WIDEST, _NARROWEST = 640, 320
_BODY, _SMALL_PRINT, _LEADING = 14.0, 12.0, 1.4
_IN = {LIGHT: "", PHONE: " on a phone"}


@rule(
    "H08",
    "width",
    "error",
    reason="A mail wider than 640 pixels is cut off or shrunk in the preview pane of desktop clients.",
    remedy="Let pictures, tables and columns fit into the 600 pixels of templates/digest.mjml.j2.",
    source="https://www.campaignmonitor.com/blog/email-marketing/2011/06/how-wide-are-html-email-designs-today/",
)
def width(mail: Mail) -> Iterator[Fault]:
    looks, kinds = cascade(mail.root), Kinds()
    for element, need in _wide(looks).items():
        kind, message = _told(element, need)
        if _pixels(element) <= _WIDEST or element.tag != "img":
            kinds.add(kind, element, f"{message}, more than {_WIDEST}")
    for image in mail.images:
        if (pixels := _pixels(image)) > _WIDEST and looks.styles(LIGHT)[image].shown:
            kinds.add(("img", pixels), image, f"a picture is {pixels} px wide in Outlook, more than {_WIDEST}")
    rooms = widths.rooms(looks, LIGHT)
    for paragraph in legibility.paragraphs(looks, LIGHT):
        room = rooms[paragraph.element]
        if paragraph.runs and room > _WIDEST:
            becomes = "as wide as the window" if room == math.inf else f"{room:.0f} px wide, more than {_WIDEST}"
            message = f"the text {quoted(paragraph.words)} becomes {becomes}"
            kinds.add(("text", room), paragraph.element, message, "warn" if room == math.inf else None)
    yield from kinds.faults(mail)


def _pixels(image: Any) -> int:
    """What an image's attribute says, which Outlook goes by whatever its style says."""
    found = re.fullmatch(r"\s*(\d{1,6})(?:px)?\s*", image.get("width") or "")
    return int(found[1]) if found else 0


@lru_cache(maxsize=4)
def _wide(looks: Cascade) -> dict[Any, Need]:
    """By its cause what needs more than the widest mail; two rules ask for it."""
    return widths.too_wide(widths.needs(looks, LIGHT, of_cells=True), _WIDEST)


@rule(
    "A11",
    "reflow",
    "error",
    reason="On a small phone, or with large letters, every line has to be scrolled sideways to be read.",
    remedy="Let boxes be a percentage of the screen or stack below 480 px, and let long words break.",
    source="https://www.w3.org/TR/WCAG22/#reflow",
)
def reflow(mail: Mail) -> Iterator[Fault]:
    looks, kinds = cascade(mail.root), Kinds()
    wide = _wide(looks)
    for element, need in widths.too_wide(widths.needs(looks, PHONE), _NARROWEST).items():
        if element not in wide:
            kind, message = _told(element, need)
            kinds.add(kind, element, f"{message}, more than a phone's {_NARROWEST}")
    for element, over in widths.sticks_out(looks, PHONE).items():
        message = f"<{element.tag}> is 100% wide and has padding or margin as well: it sticks out by {over:.0f} px"
        kinds.add(("out", element.tag, over), element, message)
    yield from kinds.faults(mail)


def _told(element: Any, need: Need) -> tuple[Any, str]:
    """A need's kind, and what it is."""
    pixels = f"{need.width:.0f} px"
    if need.text:
        one_line = "stays in one line" if " " in need.text else "doesn't break"
        return ("text", need.text), f"{quoted(need.text)} {one_line} and needs about {pixels}"
    if element.tag == "tr":
        return ("columns", pixels), f"columns side by side need {pixels}"
    name = "a picture" if element.tag == "img" else f"<{element.tag}>"
    return (element.tag, pixels), f"{name} needs {pixels}"


@rule(
    "A09",
    "readable",
    "warn",
    reason="Small or tight letters tire the eyes or aren't read at all, and a thumb misses small links.",
    remedy="Set body text in 14 px or more, small print in 12, lines 1.4 times as high, in templates/theme.css.",
    source="https://www.w3.org/TR/WCAG22/#target-size-minimum",
)
def readable(mail: Mail) -> Iterator[Fault]:
    looks, kinds = cascade(mail.root), Kinds()
    for view in (LIGHT, PHONE):
        _tiny(looks, view, kinds)
        paragraphs = legibility.paragraphs(looks, view)
        _small(paragraphs, view, kinds)
        _tight(paragraphs, view, kinds)
        for target in legibility.crowded(mail, looks, view):
            what = quoted(text_of(target.link, alt=True))
            pixels = min(target.width, target.height, target.patch)
            message = f"the link {what} has {pixels:.0f} px to be touched in, less than 24"
            kinds.add("target", target.link, message + _IN[view])
    yield from kinds.faults(mail)


def _tiny(looks: Cascade, view: View, kinds: Kinds) -> None:
    """Letters that are too small for anything; marks of footnotes are small by their nature."""
    styles = looks.styles(view)
    for element, words in looks.texts.items():
        style = styles[element]
        if style.font_size < _SMALL_PRINT and style.seen and element.tag not in ("sup", "sub"):
            message = f"{quoted(words)} is in {style.font_size:.4g} px, less than {_SMALL_PRINT:.0f}"
            kinds.add(("tiny", style.font_size), element, message + _IN[view])


def _small(paragraphs: Sequence[Paragraph], view: View, kinds: Kinds) -> None:
    """Running text in the size of small print. What comes after the last of the body is small print."""
    body = [at for at, one in enumerate(paragraphs) if one.style.font_size >= _BODY and (one.runs or _is_heading(one))]
    for one in paragraphs[: body[-1]] if body else paragraphs:
        size = one.style.font_size
        if one.runs and _SMALL_PRINT <= size < _BODY:
            message = f"the text {quoted(one.words)} is in {size:.4g} px, less than {_BODY:.0f}"
            kinds.add(("small", size), one.element, message + _IN[view])


def _is_heading(one: Paragraph) -> bool:
    return one.element.tag in HEADINGS


def _tight(paragraphs: Sequence[Paragraph], view: View, kinds: Kinds) -> None:
    for one in paragraphs:
        if not one.runs or _is_heading(one):
            continue
        height = one.style.line_height or 1.2 * one.style.font_size
        if one.style.font_size and height / one.style.font_size < _LEADING - 0.005:
            lines = f"lines {height / one.style.font_size:.2f} times as high as its letters, less than {_LEADING}"
            kinds.add(("tight", height), one.element, f"the text {quoted(one.words)} has {lines}{_IN[view]}")
        if one.style.align == "justify":
            kinds.add("justified", one.element, f"the text {quoted(one.words)} is justified{_IN[view]}")


@rule(
    "A10",
    "reading-order",
    "warn",
    reason="What is read aloud, and what a phone stacks, is in the order of the source: not in the one that is seen.",
    remedy="Put the columns of the block's template in the order in which they are read.",
    source="https://www.w3.org/TR/WCAG22/#meaningful-sequence",
)
def reading_order(mail: Mail) -> Iterator[Fault]:
    looks, kinds = cascade(mail.root), Kinds()
    for view in (LIGHT, PHONE):
        for kind, element, message in order.turned(looks, view):
            kinds.add(kind, element, message + _IN[view])
    yield from kinds.faults(mail)


RULES = (width, reflow, readable, reading_order)
