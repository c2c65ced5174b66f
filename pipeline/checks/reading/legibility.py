"""How a mail's text is set: its paragraphs, and the links that are touched as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from pipeline.checks.reading.cascade import Cascade, Style
from pipeline.checks.reading.mail import Mail, text_of
from pipeline.checks.reading.matching import View

HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
# From so many letters on a text is read and not looked at: it fills two lines of a phone.
_RUNNING = 100
_TARGET = 24.0
_ROOMY = 1000.0


@dataclass(frozen=True, slots=True)
class Paragraph:
    """The words of a box with what stands in its lines; ``style`` is that of most of them."""

    element: Any
    words: str
    style: Style

    @property
    def runs(self) -> bool:
        return len(self.words) >= _RUNNING


def paragraphs(looks: Cascade, view: View) -> Sequence[Paragraph]:
    """What is seen, in the order of the document."""
    styles = looks.styles(view)
    parts: dict[Any, list[tuple[Any, str]]] = {}
    for element in looks.elements:
        words = looks.texts.get(element)
        if words and styles[element].seen:
            parts.setdefault(box_of(element, styles), []).append((element, words))
    return [_paragraph(box, its, styles) for box, its in parts.items()]


def _paragraph(box: Any, parts: Sequence[tuple[Any, str]], styles: Mapping[Any, Style]) -> Paragraph:
    longest = max(parts, key=lambda part: len(part[1]))[0]
    return Paragraph(box, " ".join(words for _, words in parts), styles[longest])


def box_of(element: Any, styles: Mapping[Any, Style]) -> Any:
    """The element itself, or the nearest around it, that isn't part of a line."""
    while styles[element].inline and element.getparent() is not None:
        element = element.getparent()
    return element


@dataclass(frozen=True, slots=True)
class Target:
    """A link that isn't one of the words of a text, with the room that is its own, in pixels; ``patch`` is the height
    of itself."""

    link: Any
    box: Any
    width: float
    height: float
    patch: float


def crowded(mail: Mail, looks: Cascade, view: View) -> Iterator[Target]:
    """Targets of less than 24 pixels that are so near to another that the wrong one is touched (WCAG 2.5.8)."""
    styles = looks.styles(view)
    targets = [one for link in mail.links if (one := _target(link, looks, styles))]
    for one, other in pairwise(targets):
        if min(one.width, one.height, other.width, other.height) < _TARGET:
            side = _side(one, other, styles)
            narrow = (target for target in (one, other) if side and getattr(target, side) < _TARGET)
            yield from narrow
    yield from (target for target in targets if target.patch < _TARGET and _is_button(target, styles))


def _side(one: Target, other: Target, styles: Mapping[Any, Style]) -> Literal["width", "height", ""]:
    """In which of its sizes a target comes near to the next: they stand beside each other, or one below the other."""
    if one.box is other.box:
        return "width"
    above = {child.getparent(): child for child in (one.box, *one.box.iterancestors())}
    after = next((child for child in (other.box, *other.box.iterancestors()) if child.getparent() in above), None)
    before = None if after is None else above[after.getparent()]
    if before is None or before.getnext() is not after:
        return ""
    if styles[before].display in ("table-cell", "inline-block", "inline-table") or styles[before].floats != "none":
        return "width"
    return "height" if all(len(list(box.iter("a"))) == 1 and len(text_of(box)) < 60 for box in (before, after)) else ""


def _target(link: Any, looks: Cascade, styles: Mapping[Any, Style]) -> Target | None:
    if link.tag != "a" or not styles[link].seen:
        return None
    box = box_of(link, styles)
    images = [one for one in link.iter("img") if styles[one].seen]
    if not images and box is not link and box in looks.texts:
        return None
    words = text_of(link)
    alone = box is link or text_of(box) == words
    if not (words or images) or not (alone or images):
        return None
    width, height = _size(link, words, images, styles)
    width, height = width + sum(styles[link].padding[1::2]), height + sum(styles[link].padding[::2])
    around = [styles[one] for one in (box, box.getparent()) if alone and one is not link and _holds_one(one)]
    space = [*(style.padding for style in around), *(style.margin for style in around), styles[link].margin]
    across, along = sum(sum(edges[1::2]) for edges in space), sum(sum(edges[::2]) for edges in space)
    return Target(link, box, width + across, height + along, height)


def _holds_one(box: Any) -> bool:
    return box is not None and box.tag in ("td", "th", "li", "p", "div") and len(list(box.iter("a"))) == 1


def _size(link: Any, words: str, images: Sequence[Any], styles: Mapping[Any, Style]) -> tuple[float, float]:
    """Of what is in the link; what isn't known is roomy."""
    sizes = [(_pixels(styles[one].width), _pixels_of(styles[one].height)) for one in images]
    if words:
        inner = [styles[one] for one in link.iter() if one in styles and one.tag != "img"]
        line = max(style.line_height or 1.2 * style.font_size for style in inner)
        sizes.append((len(words) * 0.5 * inner[-1].font_size, line))
    return max(width for width, _ in sizes), max(height for _, height in sizes)


def _pixels(size: tuple[float, str] | None) -> float:
    return size[0] if size and size[1] == "px" else _ROOMY


def _pixels_of(size: float | None) -> float:
    return _ROOMY if size is None else size


def _is_button(target: Target, styles: Mapping[Any, Style]) -> bool:
    """Whether it is a patch of colour with a word in it."""
    return styles[target.link].background[3] > 0 and not styles[target.link].inline
