"""How an element looks before any CSS: browsers' own style sheet, and the attributes that are older than CSS."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pipeline.checks.reading import values
from pipeline.checks.reading.values import Color

# The colour of a link of which no colour is said: the page knows it.
LINK = "link"
_GROUPS = {"body": "row", "head": "header", "foot": "footer"}
_HEADING = "display:block;font-weight:bold"
_BROWSER = {
    **dict.fromkeys(("address", "article", "aside", "center", "dd", "details", "div", "dl", "dt"), "display:block"),
    **dict.fromkeys(("fieldset", "figcaption", "figure", "footer", "form", "header", "hr"), "display:block"),
    **dict.fromkeys(("html", "main", "nav", "section", "summary"), "display:block"),
    **dict.fromkeys(("head", "link", "meta", "noscript", "script", "style", "template", "title"), "display:none"),
    **dict.fromkeys(("b", "strong"), "font-weight:bold"),
    **dict.fromkeys(("cite", "em", "i", "var"), "font-style:italic"),
    **dict.fromkeys(("ins", "u"), "text-decoration:underline"),
    **{f"t{name}": f"display:table-{group}-group" for name, group in _GROUPS.items()},
    **{f"h{n}": f"{_HEADING};font-size:{em}em" for n, em in enumerate((2, 1.5, 1.17, 1, 0.83, 0.67), 1)},
    "blockquote": "display:block;margin:16px 40px",
    "body": "display:block;margin:8px",
    "caption": "display:table-caption",
    "li": "display:list-item",
    "nobr": "white-space:nowrap",
    "ol": "display:block;margin:16px 0;padding-left:40px",
    "p": "display:block;margin:1em 0",
    "pre": "display:block;white-space:pre;margin:1em 0;font-size:13px",
    "small": "font-size:smaller",
    "sub": "font-size:smaller",
    "sup": "font-size:smaller",
    "table": "display:table",
    "td": "display:table-cell",
    "th": "display:table-cell;font-weight:bold;text-align:center",
    "tr": "display:table-row",
    "ul": "display:block;margin:16px 0;padding-left:40px",
}
_SIZED = ("table", "td", "th", "img", "col", "hr", "video")
_COLORED = ("body", "table", "tbody", "thead", "tfoot", "tr", "td", "th")
_ALIGNED = ("td", "th", "tr", "tbody", "div", "p", "h1", "h2", "h3", "h4", "h5", "h6")
_FONT_SIZES = (10.0, 13.0, 16.0, 18.0, 24.0, 32.0, 48.0)
ATTRIBUTES = frozenset(
    ("align", "background", "bgcolor", "color", "dir", "height", "hidden", "href", "nowrap", "size", "text", "width")
)
_LENGTH = re.compile(r"\s*\+?(\d+\.?\d*)\s*(%|px)?\s*")


@lru_cache(maxsize=2048)
def of(tag: str, attributes: tuple[tuple[str, str], ...]) -> Mapping[str, Any]:
    """By property what an element has by its tag and its attributes."""
    said: dict[str, Any] = {name: value for name, value, _ in values.declared(_BROWSER.get(tag, ""))}
    if tag == "a" and any(name == "href" for name, _ in attributes):
        said |= {"color": LINK, "text-decoration-line": "underline"}
    for name, value in attributes:
        word = value.strip().lower()
        match name:
            case "bgcolor" if tag in _COLORED and (found := color(value)):
                said["background-color"] = found
            case "background" if tag in _COLORED and word:
                said["background-image"] = True
            case "color" | "text" if (tag, name) in (("font", "color"), ("body", "text")):
                said["color"] = color(value) or "currentcolor"
            case "size" if tag == "font" and word in tuple("1234567"):
                said["font-size"] = (_FONT_SIZES[int(word) - 1], "px")
            case "width" | "height" if tag in _SIZED and (match := _LENGTH.match(word)):
                said[name] = (float(match[1]), match[2] or "px")
            case "nowrap" if tag in ("td", "th"):
                said["white-space"] = "nowrap"
            case "hidden":
                said["display"] = "none"
            case "dir" if word in ("ltr", "rtl"):
                said["direction"] = word
            case "align" if tag in _ALIGNED:
                said["text-align"] = word
            case "align" if tag in ("table", "img") and word in ("left", "right"):
                said["float"] = word
    return said


@lru_cache(maxsize=512)
def color(value: str | None) -> Color | None:
    """Old mails write ``ffffff`` for ``#ffffff``."""
    found = (values.color(value.strip()) or values.color(f"#{value.strip()}")) if value else None
    return None if found == "currentcolor" else found
