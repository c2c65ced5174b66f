"""CSS declarations -> values that can be counted with: colours, lengths, and the few words that matter to a rule.

Shorthands are told as their parts. What CSS wouldn't understand is left out, as in a browser: it overrides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Literal

from tinycss2.color4 import Color as ParsedColor
from tinycss2.color4 import parse_color

from pipeline.clients import css

# sRGB with its alpha, each from 0 to 1.
Color = tuple[float, float, float, float]
# A number with its unit, in lower case: "px", "em", "%", "vw" … "" is a plain number.
Length = tuple[float, str]
Declared = tuple[tuple[str, Any, bool], ...]

AUTO: Literal["auto"] = "auto"
SIDES = ("top", "right", "bottom", "left")
# What any property may say instead of a value of its own.
EVERYWHERE = ("inherit", "initial", "unset", "revert", "revert-layer")
_SIZES = {"xx-small": 9, "x-small": 10, "small": 13, "medium": 16, "large": 18, "x-large": 24, "xx-large": 32}
_RELATIVE_SIZES = {"smaller": (100 / 1.2, "%"), "larger": (120.0, "%")}
_WEIGHTS = {"normal": 400, "bold": 700, "bolder": 700, "lighter": 300}
_LINES = ("none", "hidden", "dotted", "dashed", "solid", "double", "groove", "ridge", "inset", "outset")
_UNKNOWN_SIZES = ("auto", "none", "fit-content", "min-content", "max-content")
_CALCULATED = ("calc", "min", "max", "clamp")


@lru_cache(maxsize=8192)
def declared(text: str) -> Declared:
    """What the text of a style attribute declares: property, value, and whether it is important, in its order."""
    return of_pieces(css.declarations(text))


def of_pieces(pieces: Sequence[css.Piece]) -> Declared:
    """The same of declarations that have been read already."""
    heads = [head for piece in pieces for head in piece.heads if head.name in _READERS]
    return tuple((name, value, head.important) for head in heads for name, value in _of_head(head))


def _of_head(head: css.Head) -> Iterator[tuple[str, Any]]:
    tokens = [token for token in head.value if token.type not in ("whitespace", "comment")]
    word = tokens[0].lower_value if len(tokens) == 1 and tokens[0].type == "ident" else ""
    if word in EVERYWHERE:
        yield from ((name, word) for name in _PARTS.get(head.name, (head.name,)))
    elif tokens:
        yield from ((name, value) for name, value in _READERS[head.name](head.name, tokens) if value is not None)


@lru_cache(maxsize=1024)
def color(text: str) -> Color | Literal["currentcolor"] | None:
    """A colour as CSS writes it; ``None`` for what is none."""
    try:
        parsed = parse_color(text)
        if not isinstance(parsed, ParsedColor):
            return "currentcolor" if parsed else None
        red, green, blue, alpha = (min(1.0, max(0.0, channel or 0)) for channel in parsed.to("srgb"))
        return red, green, blue, alpha
    except (ArithmeticError, LookupError, TypeError, ValueError, NotImplementedError):
        return None


def length(token: Any) -> Length | Literal["auto"] | None:
    """A length, "auto" for one that only a browser can tell, ``None`` for what is none."""
    match token.type:
        case "dimension":
            return token.value, token.lower_unit
        case "percentage":
            return token.value, "%"
        case "number":
            return (0.0, "px") if token.value == 0 else None
        case "ident" if token.lower_value in _UNKNOWN_SIZES:
            return AUTO
        case "function" if token.lower_name in _CALCULATED:
            return AUTO
    return None


Read = Iterator[tuple[str, Any]]


def _word(name: str, tokens: Sequence[Any]) -> Read:
    if tokens[0].type == "ident":
        yield name, tokens[0].lower_value


def _words(name: str, tokens: Sequence[Any]) -> Read:
    yield name, " ".join(token.lower_value for token in tokens if token.type == "ident")


def _length(name: str, tokens: Sequence[Any]) -> Read:
    yield name, length(tokens[0])


def _number(name: str, tokens: Sequence[Any]) -> Read:
    if tokens[0].type in ("number", "percentage"):
        yield name, tokens[0].value / (100 if tokens[0].type == "percentage" else 1)


def _color(name: str, tokens: Sequence[Any]) -> Read:
    yield name, color(tokens[0].serialize())


def _background(name: str, tokens: Sequence[Any]) -> Read:
    yield "background-image", any(map(_is_image, tokens))
    colors = [found for token in tokens if (found := color(token.serialize()))]
    yield "background-color", colors[-1] if colors else (0.0, 0.0, 0.0, 0.0)


def _background_image(name: str, tokens: Sequence[Any]) -> Read:
    yield name, any(map(_is_image, tokens))


def _is_image(token: Any) -> bool:
    function: str = token.lower_name if token.type == "function" else ""
    return token.type == "url" or function.endswith(("gradient", "image-set", "url"))


def _four(name: str, tokens: Sequence[Any]) -> Read:
    """``margin`` and ``padding``: top, right, bottom, left, those that aren't said as those opposite."""
    values = [length(token) for token in tokens[:4]]
    if None not in values:
        four = [values[at] for at in ((0, 0, 0, 0), (0, 1, 0, 1), (0, 1, 2, 1), (0, 1, 2, 3))[len(values) - 1]]
        yield from ((f"{name}-{side}", value) for side, value in zip(SIDES, four, strict=True))


def _font_size(name: str, tokens: Sequence[Any]) -> Read:
    word = tokens[0].lower_value if tokens[0].type == "ident" else ""
    size = (float(_SIZES[word]), "px") if word in _SIZES else _RELATIVE_SIZES.get(word) or length(tokens[0])
    yield name, None if size == AUTO else size


def _line_height(name: str, tokens: Sequence[Any]) -> Read:
    one = tokens[0]
    normal = one.type == "ident" and one.lower_value == "normal"
    yield name, (one.value, "") if one.type == "number" else AUTO if normal else length(one)


def _weight(name: str, tokens: Sequence[Any]) -> Read:
    yield name, tokens[0].value if tokens[0].type == "number" else _WEIGHTS.get(getattr(tokens[0], "lower_value", ""))


def _font(name: str, tokens: Sequence[Any]) -> Read:
    """The shorthand: its size is the first length, what stands after a slash is the height of a line."""
    slash = next((at for at, token in enumerate(tokens) if token == "/"), None)
    before = [token for token in tokens[:slash] if token.type != "literal"]
    size = next((at for at, token in enumerate(before) if token.type in ("dimension", "percentage")), None)
    if size is None:
        return
    yield from _font_size("font-size", before[size:])
    yield "font-weight", next((one for token in before[:size] for _, one in _weight("", [token]) if one), 400)
    yield "font-style", next((token.lower_value for token in before[:size] if token == "italic"), "normal")
    if slash is None or slash + 1 == len(tokens):
        yield "line-height", AUTO
    else:
        yield from _line_height("line-height", tokens[slash + 1 :])


def _border(name: str, tokens: Sequence[Any]) -> Read:
    """Whether there is a line below."""
    words = [token.lower_value for token in tokens if token.type == "ident" and token.lower_value in _LINES]
    thin = any(token.type in ("number", "dimension") and token.value == 0 for token in tokens)
    yield "border-bottom", bool(words) and words[0] not in ("none", "hidden") and not thin


def _flow(name: str, tokens: Sequence[Any]) -> Read:
    """``flex-flow``, and its parts: which of it runs backwards."""
    words = [token.lower_value for token in tokens if token.type == "ident"]
    yield "flex-reverse", any(word.endswith("-reverse") for word in words)


Reader = Callable[[str, Sequence[Any]], Read]
_READERS: dict[str, Reader] = {
    **dict.fromkeys(("color", "background-color"), _color),
    **dict.fromkeys(("opacity", "order"), _number),
    **dict.fromkeys(("margin", "padding"), _four),
    **{f"{name}-{side}": _length for name in ("margin", "padding") for side in SIDES},
    **dict.fromkeys((*SIDES, "height", "max-height", "width", "max-width", "min-width"), _length),
    **dict.fromkeys(("display", "visibility", "white-space", "text-align", "direction", "float", "position"), _word),
    **dict.fromkeys(("overflow-wrap", "word-break", "font-style", "box-sizing", "table-layout", "overflow"), _word),
    **dict.fromkeys(("color-scheme",), _words),
    **dict.fromkeys(("flex-direction", "flex-wrap", "flex-flow"), _flow),
    **dict.fromkeys(("border", "border-bottom"), _border),
    "word-wrap": lambda name, tokens: _word("overflow-wrap", tokens),
    "overflow-x": lambda name, tokens: _word("overflow", tokens),
    "text-decoration": lambda name, tokens: _words("text-decoration-line", tokens),
    "text-decoration-line": _words,
    "background": _background,
    "background-image": _background_image,
    "font": _font,
    "font-size": _font_size,
    "line-height": _line_height,
    "font-weight": _weight,
}
_PARTS = {
    **{name: tuple(f"{name}-{side}" for side in SIDES) for name in ("margin", "padding")},
    "background": ("background-image", "background-color"),
    "font": ("font-size", "font-weight", "font-style", "line-height"),
    **dict.fromkeys(("flex-direction", "flex-wrap", "flex-flow"), ("flex-reverse",)),
    "border": ("border-bottom",),
    "word-wrap": ("overflow-wrap",),
    "overflow-x": ("overflow",),
    "text-decoration": ("text-decoration-line",),
}
