"""Colours turned round, as clients do that force a dark scheme on a light mail.

White becomes nearly black, and black white. In between, every two colours keep the contrast that they had (WCAG's
ratio of luminances) as far as there are colours; hue and chroma, those of Oklab (https://bottosson.github.io/posts/
oklab/), stay as they are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import tinycss2
from lxml import etree
from tinycss2.ast import FunctionBlock
from tinycss2.color4 import Color, parse_color

from pipeline.clients.css import Head

RULE = "dark-colours"
_ATTRIBUTES = frozenset(("bgcolor", "color", "text", "link", "vlink", "alink", "bordercolor"))

# The luminance of what was white: #121212, a browser's own dark ground.
_GROUND = 0.006
_PROPERTY = re.compile(r".*color$|background(-image)?$|border|outline|text-decoration|column-rule|text-emphasis")

Triple = tuple[float, float, float]


def change(head: Head) -> tuple[Head, str] | None:
    """The declaration with its colours turned round; None where it has none."""
    value = _turned(head.value) if _PROPERTY.match(head.name) else None
    if value is None:
        return None
    important = " !important" if head.important else ""
    return Head(f"{head.name}:{tinycss2.serialize(value).strip()}{important}"), RULE


def darken(root: Any, counts: Counter[str]) -> None:
    """Turn the colours of all attributes round, and let the browser's own colours be those for the dark."""
    for element in root.iter(etree.Element):
        for name in _ATTRIBUTES.intersection(element.keys()):
            colour = attribute(element.get(name))
            if colour:
                element.set(name, colour)
                counts[RULE] += 1
    root.set("style", f"color-scheme:dark;{root.get('style') or ''}")


@lru_cache(maxsize=1024)
def attribute(value: str) -> str | None:
    """A colour attribute's value turned round; None if it is no colour. Old mails write ``ffffff`` for ``#ffffff``."""
    value = value.strip()
    return _other(value) or _other(f"#{value}")


def _turned(tokens: Iterable[Any]) -> list[Any] | None:
    """The tokens with other colours; None if there is no colour among them."""
    result, changed = [], False
    for token in tokens:
        other = None
        if token.type == "function" and token.lower_name.endswith("gradient"):
            arguments = _turned(token.arguments)
            other = arguments and FunctionBlock(token.source_line, token.source_column, token.name, arguments)
        elif token.type in ("hash", "ident", "function"):
            colour = _other(token.serialize())
            other = colour and tinycss2.parse_one_component_value(colour)
        result.append(other or token)
        changed = changed or other is not None
    return result if changed else None


@lru_cache(maxsize=4096)
def _other(colour: str) -> str | None:
    """The colour turned round, in CSS; None for what isn't one, and for what is clear."""
    try:
        parsed = parse_color(colour)
        if not isinstance(parsed, Color) or not parsed.alpha:
            return None
        red, green, blue, alpha = parsed.to("srgb")
        return _css(turned((red, green, blue)), alpha)
    except (ArithmeticError, LookupError, TypeError, ValueError, NotImplementedError):
        return None


def _css(colour: Triple, alpha: float) -> str:
    bytes_ = [round(255 * channel) for channel in colour]
    if alpha < 1:
        return f"rgba({bytes_[0]}, {bytes_[1]}, {bytes_[2]}, {alpha:.3g})"
    return "#{:02x}{:02x}{:02x}".format(*bytes_)


def turned(colour: Triple) -> Triple:
    """An sRGB colour, each channel from 0 to 1, as light as it was dark. It is made greyer until sRGB has it."""
    _, a, b = _oklab(colour)
    light = 1.05 * (_GROUND + 0.05) / (luminance(colour) + 0.05) - 0.05
    lightness = min(1.0, light) ** (1 / 3)  # exact for greys, near for others
    candidates = (_srgb((lightness, a * part / 16, b * part / 16)) for part in range(16, -1, -1))
    fit = next((one for one in candidates if all(-0.002 <= channel <= 1.002 for channel in one)), (lightness,) * 3)
    return _clipped(fit)


def luminance(colour: Triple) -> float:
    """WCAG's relative luminance, from 0 to 1."""
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: Triple) -> Triple:
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in _clipped(colour))
    return red, green, blue


def _clipped(colour: Triple) -> Triple:
    red, green, blue = (min(1.0, max(0.0, channel)) for channel in colour)
    return red, green, blue


def _oklab(colour: Triple) -> Triple:
    r, g, b = _linear(colour)
    l_ = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    m_ = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    s_ = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * l_ + 0.7936177850 * m_ - 0.0040720468 * s_,
        1.9779984951 * l_ - 2.4285922050 * m_ + 0.4505937099 * s_,
        0.0259040371 * l_ + 0.7827717662 * m_ - 0.8086757660 * s_,
    )


def _srgb(lab: Triple) -> Triple:
    lightness, a, b = lab
    l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3  # noqa: E741
    m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    )
    red, green, blue = (12.92 * x if x <= 0.0031308 else 1.055 * x ** (1 / 2.4) - 0.055 for x in linear)
    return red, green, blue
