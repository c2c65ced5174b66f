"""A mail -> how each of its elements looks, in a colour scheme and in a window, as far as rules ask for it.

Style sheets, presentation attributes, ``style=""``, what browsers do by themselves, and inheritance. No layout: what
a browser only knows when it has set the page isn't told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from pipeline.checks.reading import defaults, values
from pipeline.checks.reading.mail import UNSHOWN
from pipeline.checks.reading.matching import StyleRule, Tree, View
from pipeline.checks.reading.values import AUTO, Color, Length

# A window in which columns stand side by side, and the narrowest one in which a mail must work (WCAG 1.4.10).
LIGHT, DARK = View("light", 800), View("dark", 800)
PHONE, DARK_PHONE = View("light", 320), View("dark", 320)

_CLEAR: Color = (0.0, 0.0, 0.0, 0.0)
# Inherited properties where they are said to be as nothing had been said.
_INITIAL: Mapping[str, Any] = {
    "color": (0.0, 0.0, 0.0, 1.0),
    "direction": "ltr",
    "font-size": (16.0, "px"),
    "font-style": "normal",
    "font-weight": 400.0,
    "line-height": AUTO,
    "overflow-wrap": "normal",
    "text-align": "start",
    "visibility": "visible",
    "white-space": "normal",
    "word-break": "normal",
}
_ABSOLUTE = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4, "rem": 16.0}
_OWN_SIZE = {"em": 1.0, "ex": 0.5, "ch": 0.5}


@dataclass(frozen=True, slots=True, eq=False)
class Style:
    """How an element looks. Sizes are in CSS pixels; widths are also ``(100, "%")`` or "vw", ``None`` is auto.

    ``ground`` is the colour behind its text, blended from all that lies under it; ``None`` where a picture does.
    ``background`` is its own. ``shown`` is whether anybody sees it, ``opacity`` is its own times those around it.
    ``underlined`` holds for all the text in an underlined element, ``dark`` where the mail says it is made for it.
    ``margin`` and ``padding`` are those above, to the right, below, to the left.
    """

    color: Color
    link: Color
    ground: Color | None
    font_size: float = 16.0
    weight: float = 400.0
    italic: bool = False
    line: Length | None = None
    align: str = "start"
    white_space: str = "normal"
    overflow_wrap: str = "normal"
    word_break: str = "normal"
    direction: str = "ltr"
    visible: bool = True
    dark: bool = False
    shown: bool = True
    opacity: float = 1.0
    underlined: bool = False
    display: str = "block"
    background: Color = _CLEAR
    bordered: bool = False
    width: Length | None = None
    max_width: Length | None = None
    min_width: Length | None = None
    height: float | None = None
    margin: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    padding: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    floats: str = "none"
    position: str = "static"
    moved: bool = False
    order: float = 0.0
    reversed: bool = False
    clips: bool = False
    border_box: bool = False
    fixed: bool = False

    @property
    def line_height(self) -> float | None:
        """In pixels; ``None`` where the font decides, which is about 1.2."""
        return None if self.line is None else self.line[0] * (1 if self.line[1] == "px" else self.font_size)

    @property
    def seen(self) -> bool:
        return self.shown and self.visible and self.opacity > 0 and self.font_size > 0

    @property
    def wraps(self) -> bool:
        return self.white_space not in ("nowrap", "pre")

    @property
    def inline(self) -> bool:
        """Whether it stands in a line with the text around it and takes part in it."""
        return self.display in ("inline", "contents") and self.floats == "none"


_LIGHT_PAGE = Style((0.0, 0.0, 0.0, 1.0), (0.0, 0.0, 238 / 255, 1.0), (1.0, 1.0, 1.0, 1.0))
# Chromium's own dark page, which a mail gets that says it is made for the dark.
_GROUND = (18 / 255, 18 / 255, 18 / 255, 1.0)
_DARK_PAGE = Style((1.0, 1.0, 1.0, 1.0), (158 / 255, 158 / 255, 1.0, 1.0), _GROUND, dark=True)


class Cascade:
    """The styles of one mail; each View is worked out once."""

    def __init__(self, root: Any) -> None:
        tree = Tree(root)
        self.elements: Sequence[Any] = tree.elements
        self._rows = [
            (one, tree.parents[one], one.tag, _attributes(one), one.get("style") or "", tree.rules.get(one, ()))
            for one in tree.elements
        ]
        self._rules = {row[-1] for row in self._rows}
        _, _, *html, rules = self._rows[0]
        said = [one.get("content") or "" for one in tree.by_name.get("meta", ()) if one.get("name") == "color-scheme"]
        self._dark = _style(_LIGHT_PAGE, *html, rules).dark or any("dark" in one.lower() for one in said)
        self._views: dict[View, Mapping[Any, Style]] = {}
        self._root = root

    @cached_property
    def texts(self) -> Mapping[Any, str]:
        """By element the words that stand in it and in none of its children; none of one without words."""
        found: dict[Any, str] = {}
        for node in self._root.iter():
            if node.text and isinstance(node.tag, str) and node.tag not in UNSHOWN:
                _say(found, node, node.text)
            if node.tail:
                _say(found, node.getparent(), node.tail)
        return found

    def styles(self, view: View) -> Mapping[Any, Style]:
        """By element its style, in the order of the document."""
        if view not in self._views:
            self._views[view] = self._worked_out(view)
        return self._views[view]

    def _worked_out(self, view: View) -> Mapping[Any, Style]:
        page = _DARK_PAGE if view.scheme == "dark" and self._dark else _LIGHT_PAGE
        live = {rules: tuple(rule for rule in rules if rule.holds(view)) for rules in self._rules}
        found: dict[Any, Style] = {}
        for element, parent, tag, attributes, inline, rules in self._rows:
            found[element] = _style(found.get(parent, page), tag, attributes, inline, live[rules])
        return found


@lru_cache(maxsize=4)
def cascade(root: Any) -> Cascade:
    """Of a mail's root, which must stay as it is: several rules share what is worked out."""
    return Cascade(root)


def _say(found: dict[Any, str], element: Any, text: str) -> None:
    words = " ".join(text.split())
    if words:
        found[element] = f"{found[element]} {words}" if element in found else words


def _attributes(element: Any) -> tuple[tuple[str, str], ...]:
    return tuple(one for one in element.items() if one[0] in defaults.ATTRIBUTES)


@lru_cache(maxsize=16384)
def _style(
    above: Style, tag: str, attributes: tuple[tuple[str, str], ...], inline: str, rules: tuple[StyleRule, ...]
) -> Style:
    """The style of an element in one whose style is ``above``."""
    own = _own(tag, attributes, inline, rules)
    size = _font_size(own.get("font-size"), above.font_size)

    def sized(name: str) -> Length | None:
        return _size(own.get(name), size)

    def edges(name: str) -> tuple[float, float, float, float]:
        top, right, bottom, left = (_pixels(sized(f"{name}-{side}")) or 0.0 for side in values.SIDES)
        return top, right, bottom, left

    display, floats, position = own.get("display", "inline"), own.get("float", "none"), own.get("position", "static")
    height, clips = _pixels(sized("height")), own.get("overflow", "visible") in ("hidden", "clip", "auto", "scroll")
    flat = 0.0 in (height, _pixels(sized("max-height"))) or (height == 1.0 == _pixels(sized("width")))
    opacity = above.opacity * min(1.0, max(0.0, own.get("opacity", 1.0)))
    background = above.color if own.get("background-color") == "currentcolor" else own.get("background-color", _CLEAR)
    afloat = display == "inline-block" or floats != "none" or position in ("absolute", "fixed")
    link = defaults.color(dict(attributes).get("link")) if tag == "body" else None
    text = above.link if own.get("color") == defaults.LINK else own.get("color", above.color)
    return Style(
        color=above.color if text == "currentcolor" else text,
        link=link or above.link,
        ground=None if own.get("background-image") else blend(background, above.ground, opacity),
        font_size=size,
        weight=own.get("font-weight", above.weight),
        italic=own.get("font-style", "italic" if above.italic else "normal") != "normal",
        line=_line(own["line-height"], size) if "line-height" in own else above.line,
        align=own.get("text-align", above.align),
        white_space=own.get("white-space", above.white_space),
        overflow_wrap=own.get("overflow-wrap", above.overflow_wrap),
        word_break=own.get("word-break", above.word_break),
        direction=own.get("direction", above.direction),
        visible=own.get("visibility", "visible" if above.visible else "hidden") == "visible",
        dark="dark" in own.get("color-scheme", "dark" if above.dark else ""),
        shown=above.shown and display != "none" and not (clips and flat),
        opacity=opacity,
        underlined=(above.underlined and not afloat) or "underline" in own.get("text-decoration-line", ""),
        display="block" if display == "inline" and position in ("absolute", "fixed") else display,
        background=background,
        bordered=own.get("border-bottom", False),
        width=sized("width"),
        max_width=sized("max-width"),
        min_width=sized("min-width"),
        height=height,
        margin=edges("margin"),
        padding=edges("padding"),
        floats=floats,
        position=position,
        moved=position == "relative" and any((sized(side) or (0.0,))[0] for side in values.SIDES),
        order=own.get("order", 0.0),
        reversed=own.get("flex-reverse", False),
        clips=clips,
        border_box=own.get("box-sizing") == "border-box",
        fixed=own.get("table-layout") == "fixed",
    )


def _own(tag: str, attributes: tuple[tuple[str, str], ...], inline: str, rules: Sequence[StyleRule]) -> dict[str, Any]:
    """What is said about an element itself, by property: what wins."""
    said = [one for rule in rules for one in rule.declared], values.declared(inline)
    own = dict(defaults.of(tag, attributes))
    for important in (False, True):
        own.update((name, value) for origin in said for name, value, so in origin if so is important)
    for name in [name for name, value in own.items() if value in values.EVERYWHERE]:
        value = own.pop(name)
        if value == "initial" and name in _INITIAL:
            own[name] = _INITIAL[name]
    return own


def _font_size(said: Length | None, above: float) -> float:
    if said and said[1] == "%":
        return above * said[0] / 100
    size = _size(said, above)
    return size[0] if size and size[1] == "px" else above


def _line(said: Length | str, font_size: float) -> Length | None:
    if isinstance(said, str) or said[1] == "":
        return None if isinstance(said, str) else said
    return (said[0] * font_size / 100, "px") if said[1] == "%" else _size(said, font_size)


def _size(said: Length | str | None, font_size: float) -> Length | None:
    """In pixels, or relative to what is around it or to the window; ``None`` for auto and what isn't known here."""
    if said is None or isinstance(said, str):
        return None
    number, unit = said
    if unit in ("%", "vw"):
        return said
    factor = _ABSOLUTE.get(unit) or font_size * _OWN_SIZE.get(unit, 0.0)
    return (number * factor, "px") if factor or not number else None


def _pixels(size: Length | None) -> float | None:
    return size[0] if size and size[1] == "px" else None


def blend(over: Color, under: Color | None, opacity: float = 1.0) -> Color | None:
    """A colour laid over an opaque one; ``None`` where what is under it isn't known and is seen through it."""
    alpha = over[3] * opacity
    if alpha >= 1.0 or under is None:
        return (*over[:3], 1.0) if alpha >= 1.0 else None
    red, green, blue = (one * alpha + other * (1 - alpha) for one, other in zip(over[:3], under[:3], strict=True))
    return red, green, blue, 1.0
