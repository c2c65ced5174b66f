"""What Word does with HTML that other clients don't: limits of partly supported features, its own padding, VML.

Sources: the notes of Can I email on ``outlook.windows``, and
https://www.hteumeuleu.com/2020/outlook-rendering-engine/.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from pipeline.clients import css, parsing

VML, PADDING = "vml", "mso-padding-alt"

_SHAPES = ("v:rect", "v:roundrect", "v:oval", "v:shape")
_KEPT = ("width", "height", "text-align")


def _not_on(*tags: str) -> Callable[[str, str], bool]:
    return lambda tag, value: tag not in tags


def _only_on(*tags: str) -> Callable[[str, str], bool]:
    return lambda tag, value: tag in ("", *tags)


# By the notes on the features that Outlook supports partly.
LIMITS: dict[str, Callable[[str, str], bool]] = {
    "css-display": lambda tag, value: value.strip().lower().startswith("none"),
    "css-height": _not_on("body", "span", "div", "p"),
    "css-margin": _not_on("span"),
    "css-max-width": _only_on("table"),
    "css-padding": _only_on("td", "th"),
    "css-width": _not_on("body", "span", "div", "p", "img"),
    "html-background": _only_on("body"),
}


def change(head: css.Head) -> tuple[css.Head, str] | None:
    """Word's own padding, which wins over the other, as a browser writes it."""
    if head.name != "mso-padding-alt":
        return None
    return css.Head(f"padding:{head.text.partition(':')[2]}"), PADDING


def draw_vml(root: Any, counts: Counter[str]) -> None:
    """Shapes become boxes that a browser can draw, with what is written in them; what else is Office's own goes."""
    for element in [one for one in root.iter() if parsing.is_element(one)]:
        prefix, colon, _ = element.tag.partition(":")
        if element.tag in _SHAPES:
            _box(element)
            counts[VML] += 1
        elif element.tag == "v:textbox":
            parsing.unwrap(element)
        elif (colon and prefix in ("v", "o", "w", "m")) or element.tag == "xml":
            parsing.drop(element)


def _box(shape: Any) -> None:
    fill: Any = next((child for child in shape if child.tag == "v:fill"), {})
    colour, picture = fill.get("color") or shape.get("fillcolor"), fill.get("src")
    style = [
        head.text for piece in css.declarations(shape.get("style") or "") for head in piece.heads if head.name in _KEPT
    ]
    if colour and not (shape.get("fill") or shape.get("filled") or "t").lower().startswith("f"):
        style.append(f"background-color:{colour}")
    if picture:
        style.append(f"background-image:url('{picture}')")
    href = shape.get("href")
    if href:
        style.append("display:inline-flex;align-items:center;justify-content:center")
    shape.tag = "a" if href else "div"
    shape.attrib.clear()
    shape.attrib.update({"style": ";".join(style)} | ({"href": href} if href else {}))
