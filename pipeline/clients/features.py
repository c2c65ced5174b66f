"""Which features a piece of CSS or HTML makes use of, by the slugs of Can I email.

Most slugs say themselves what to look for: ``css-border-image`` is a property, ``css-unit-vw`` a unit,
``html-video`` an element. Tables say the rest. What nobody can see in a mail's HTML (BIMI, AMP) is not looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlsplit

import tinycss2

from pipeline.clients.data import features

# tinycss2 itself reads any depth, and fails to write it.
_DEEPEST = 24
_VENDOR = re.compile(r"-(?:webkit|moz|ms|o)-")
_NO_PROPERTY = re.compile(
    r"css-(?:at|pseudo|selector|unit|function)-|.*-gradient$|css-(?:modern-color|rgba?|intrinsic-size|sytem-ui"
    r"|variables|nesting|important|comments|display-(?:none|flex|grid)|inert-attribute|inline-size)$"
)
_SIDES = ("inline", "block")
_ENDS = ("start", "end")
_LINE = ("color", "style", "width")

# Properties that their feature's slug doesn't name.
_PROPERTIES = {
    "css-left-right-top-bottom": ("left", "right", "top", "bottom"),
    "css-gap": ("row-gap", "column-gap", "grid-gap", "grid-row-gap", "grid-column-gap"),
    "css-border-radius": [f"border-{y}-{x}-radius" for y in ("top", "bottom") for x in ("left", "right")],
    "css-border-radius-logical": [f"border-{one}-{two}-radius" for one in _ENDS for two in _ENDS],
    "css-block-inline-size": ("block-size", "inline-size"),
    "css-margin-inline-block": ("margin-inline", "margin-block"),
    "css-margin-inline-start-end": ("margin-inline-start", "margin-inline-end"),
    "css-margin-block-start-end": ("margin-block-start", "margin-block-end"),
    "css-padding-inline-block": ("padding-inline", "padding-block"),
    "css-padding-inline-start-end": ("padding-inline-start", "padding-inline-end"),
    "css-padding-block-start-end": ("padding-block-start", "padding-block-end"),
    "css-border-inline-block": ("border-inline", "border-block"),
    "css-border-inline-block-individual": [f"border-{side}-{one}" for side in _SIDES for one in (*_LINE, *_ENDS)],
    "css-border-inline-block-longhand": [f"border-{s}-{end}-{one}" for s in _SIDES for end in _ENDS for one in _LINE],
    "css-column-layout-properties": ("columns", "column-fill", "column-rule", "column-span", "column-width"),
    "css-color-scheme": ("supported-color-schemes",),
}
_DISPLAYS = {
    "none": "css-display-none",
    "flex": "css-display-flex",
    "inline-flex": "css-display-flex",
    "grid": "css-display-grid",
    "inline-grid": "css-display-grid",
}
_KEYWORDS = {
    "initial": "css-unit-initial",
    **dict.fromkeys(("fit-content", "min-content", "max-content"), "css-intrinsic-size"),
    **dict.fromkeys(("system-ui", "ui-serif", "ui-sans-serif", "ui-rounded", "ui-monospace"), "css-sytem-ui"),
}
_FUNCTIONS = {
    **{name: f"css-function-{name}" for name in ("clamp", "max", "min", "light-dark")},
    **{
        f"{many}{name}-gradient": f"css-{name}-gradient" for many in ("", "repeating-") for name in ("linear", "radial")
    },
    **dict.fromkeys(("conic-gradient", "repeating-conic-gradient"), "css-conic-gradient"),
    **dict.fromkeys(("lab", "lch", "oklab", "oklch"), "css-modern-color"),
    "calc": "css-unit-calc",
    "var": "css-variables",
    "rgb": "css-rgb",
    "rgba": "css-rgba",
}
_MEDIA = {
    "orientation": "css-at-media-orientation",
    "hover": "css-at-media-hover",
    "any-hover": "css-at-media-hover",
    "prefers-color-scheme": "css-at-media-prefers-color-scheme",
    "prefers-reduced-motion": "css-at-media-prefers-reduced-motion",
    **{f"-webkit-{edge}device-pixel-ratio": "css-at-media-device-pixel-ratio" for edge in ("", "min-", "max-")},
}
_COMBINATORS = {
    " ": "css-selector-descendant",
    ">": "css-selector-child",
    "+": "css-selector-adjacent-sibling",
    "~": "css-selector-general-sibling",
}

_IMAGES = {"jpeg": "jpg", "tif": "tiff", "heic": "heif", "svg+xml": "svg"}
_TAGS = {
    "html-address": ("address",),
    "html-base": ("base",),
    "html-h1-h6": ("h1", "h2", "h3", "h4", "h5", "h6"),
    "html-image-maps": ("map", "area"),
    "html-lists": ("ul", "ol", "dl"),
    "html-semantics": (
        *("article", "aside", "details", "figcaption", "figure", "footer", "header"),
        *("main", "mark", "nav", "section", "summary", "time"),
    ),
    "html-svg": ("svg",),
}
_ATTRIBUTES = {"srcset": "html-srcset", "sizes": "html-srcset", "inert": "css-inert-attribute"}
_ELEMENT = re.compile(r'<(\w+)(?: type="(\w+)")?> element')
_ATTRIBUTE = re.compile(r"([\w-]+) attribute")

Slugs = tuple[str, ...]


def tokens(css: str) -> list[Any]:
    """tinycss2's component values of any CSS; none of what is nested deeper than any style sheet is."""
    found = tinycss2.parse_component_value_list(css, skip_comments=True)
    level = found
    for _ in range(_DEEPEST):
        level = [one for token in level for one in getattr(token, "content", getattr(token, "arguments", ()))]
    return [] if level else found


@cache
def _properties() -> dict[str, str]:
    regular = {slug.removeprefix("css-"): slug for slug in features() if _is_property(slug)}
    return regular | {name: slug for slug, names in _PROPERTIES.items() for name in names}


def _is_property(slug: str) -> bool:
    return slug.startswith("css-") and not _NO_PROPERTY.match(slug)


def _property(name: str) -> str | None:
    """The feature of a property, or of the shorthand that it is a part of."""
    name = _VENDOR.sub("", name)
    while name:
        slug = _properties().get(name)
        if slug:
            return slug
        name = name.rpartition("-")[0]
        name = "" if name == "font" else name  # font-family is no part of what the data calls the shorthand
    return None


def of_declaration(name: str, value: Iterable[Any], important: bool) -> Slugs:
    """The features of a CSS declaration, the property's own first. ``value`` are tinycss2's component values."""
    if name.startswith("--"):
        return ("css-variables",)
    found = [_property(name), *_of_value(value)]
    if name == "display":
        found += [_DISPLAYS.get(token.lower_value) for token in value if token.type == "ident"]
    if name == "background" and any((slug and slug.startswith("image-")) or slug == "url" for slug in found):
        found.append("css-background-image")
    if important:
        found.append("css-important")
    return _known(found)


def _of_value(tokens: Iterable[Any]) -> Iterator[str | None]:
    for token in tokens:
        match token.type:
            case "dimension":
                yield f"css-unit-{token.lower_unit}"
            case "percentage":
                yield "css-unit-percent"
            case "ident":
                yield _KEYWORDS.get(token.lower_value)
            case "url":
                yield from ("url", of_image(token.value))
            case "function":
                yield from _of_function(token)
            case "() block" | "[] block" | "{} block":
                yield from _of_value(token.content)


def _of_function(function: Any) -> Iterator[str | None]:
    if function.lower_name == "url":
        yield from ("url", *(of_image(token.value) for token in function.arguments if token.type == "string"))
        return
    yield _FUNCTIONS.get(_VENDOR.sub("", function.lower_name))
    yield from _of_value(function.arguments)


def of_selector(tokens: Iterable[Any], grouped: bool) -> Slugs:
    """The features of one selector of a rule; ``grouped`` if it is one of several."""
    found: list[str | None] = ["css-selector-grouping"] if grouped else []
    before, between, classes = "", "", 0
    for token in tokens:
        mark = token.value if token.type == "literal" else ""
        if token.type == "whitespace":
            between = between or " "
        elif mark in (">", "+", "~"):
            between = mark
        else:
            found.append(_COMBINATORS.get(between) if found[grouped:] else None)
            classes = (0 if between else classes) + (mark == ".")
            found += ["css-selector-chaining"] if classes == 2 else []
            found += _of_simple(token, before)
            before, between = mark, ""
    return _known(found)


def _of_simple(token: Any, before: str) -> Iterator[str | None]:
    """A simple selector's feature; ``before`` is the sign in front of the token."""
    match token.type:
        case "hash":
            yield "css-selector-id"
        case "[] block":
            yield "css-selector-attribute"
        case "literal" if token.value == "*":
            yield "css-selector-universal"
        case "ident" if before == ".":
            yield "css-selector-class"
        case "ident" | "function" if before == ":":
            name = _VENDOR.sub("", token.lower_value if token.type == "ident" else token.lower_name)
            yield from (f"css-pseudo-class-{name}", f"css-pseudo-element-{name}")
        case "ident":
            yield "css-selector-type"


def of_at_rule(name: str) -> Slugs:
    return _known([f"css-at-{name}"])


def of_media_query(tokens: Iterable[Any]) -> Slugs:
    """The features of one query of a list: ``@media`` itself, then what it asks for."""
    return _known(["css-at-media", *_asked(tokens)])


def _asked(tokens: Iterable[Any]) -> Iterator[str | None]:
    for token in tokens:
        if token.type == "ident":
            yield _MEDIA.get(token.lower_value)
        elif token.type == "() block":
            yield from _asked(token.content)


@lru_cache(maxsize=4096)
def of_image(url: str) -> str | None:
    """The feature of a picture's format, as far as its address tells it."""
    if url[:5].lower() == "data:":
        return "image-base64"
    try:
        kind = urlsplit(url).path.rpartition(".")[2].lower()
    except ValueError:
        return None
    slug = f"image-{_IMAGES.get(kind, kind)}"
    return slug if slug in features() else None


@cache
def _elements() -> dict[tuple[str, str], str]:
    """The feature of an element by its tag and, of form controls, its type."""
    found = {(tag, ""): slug for slug, tags in _TAGS.items() for tag in tags}
    for slug, feature in features().items():
        title = _ELEMENT.match(feature.title)
        if title and feature.category == "html":
            found[title[1], title[2] or ""] = slug
    return found


@cache
def _attributes() -> dict[str, str]:
    titles = {slug: _ATTRIBUTE.fullmatch(one.title) for slug, one in features().items() if one.category == "html"}
    return {title[1]: slug for slug, title in titles.items() if title} | _ATTRIBUTES


def of_element(element: Any) -> list[tuple[str, str]]:
    """The features of an lxml element, each with the attribute that it is about; "" if it is about the element."""
    attributes = element.attrib
    found = [(slug, "") for slug in _of_tag(element.tag, (attributes.get("type") or "").lower())]
    for name, value in attributes.items():
        slug = _attributes().get(name)
        if slug:
            found.append((slug, name))
        if name in ("src", "href", "background", "media", "name"):
            found += _of_attribute(element.tag, name, value)
    return found


@lru_cache(maxsize=1024)
def _of_tag(tag: str, kind: str) -> Slugs:
    default = {"input": "text", "button": "submit"}.get(tag, "")
    return _known([_elements().get((tag, "")), _elements().get((tag, kind or default)) if default else None])


@lru_cache(maxsize=4096)
def _of_attribute(tag: str, name: str, value: str) -> list[tuple[str, str]]:
    """What an attribute's value tells."""
    if name == "href" and tag == "a":
        slug = "html-anchor-links" if value.startswith("#") else None
        return [(slug or "html-mailto-links", name)] if slug or value[:7].lower() == "mailto:" else []
    if (name == "src" and tag == "img") or name == "background":
        picture = of_image(value)
        return [(picture, name)] if picture else []
    if name == "media" and tag in ("style", "link", "source"):
        return [(slug, "") for slug in of_media_query(tokens(value))]
    scheme = tag == "meta" and value.lower() in ("color-scheme", "supported-color-schemes")
    return [("html-meta-color-scheme", "")] if scheme else []


def _known(found: Iterable[str | None]) -> Slugs:
    known = features()
    return tuple(dict.fromkeys(slug for slug in found if slug in known))
