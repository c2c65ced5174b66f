"""What MJML's tags are: who stands in whom, their attributes, and the values these take.

The facts are the reference's own (``preset.json``, made by ``tests/mjml/dump_preset.mjs``), less what
mrml, the engine, refuses or has no effect for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

PRESET = Path(__file__).with_name("preset.json")

# The reference takes these two on any tag, and any attribute on mjml; only these reach the HTML.
EVERYWHERE = {"mj-class": "string", "css-class": "string"}
ROOT_ATTRIBUTES = {"lang": "string", "dir": "enum(ltr,rtl,auto)"}
STYLE_ATTRIBUTES = {"inline": "enum(inline)"}

# The engine refuses mj-raw here, though the reference takes it.
NO_RAW = frozenset({"mjml", "mj-accordion", "mj-accordion-element", "mj-navbar", "mj-social"})
EMPTY = frozenset({"mj-breakpoint", "mj-carousel-image"})
ONCE = frozenset({"mj-body", "mj-head", "mj-preview", "mj-title"})
PLAIN = frozenset({"mj-title", "mj-preview"})
REFUSED = {
    "mj-include": "does not work with this compiler; use Jinja's include, import or macros",
    "mj-html-attributes": "does not work with this compiler; write the attributes where they belong",
}
BORDERS = ("border-top", "border-right", "border-bottom", "border-left")
PADDINGS = ("inner-padding-top", "inner-padding-right", "inner-padding-bottom", "inner-padding-left")

# What the reference knows and mrml 6.0 ignores without a word, or but for Outlook.
UNSUPPORTED: Mapping[str, frozenset[str]] = {
    "mj-accordion-title": frozenset({"font-weight"}),
    "mj-body": frozenset({"id"}),
    "mj-button": frozenset({"title"}),
    "mj-carousel-image": frozenset({"rel"}),
    "mj-hero": frozenset({"border-radius", "inner-padding", *PADDINGS}),
    "mj-image": frozenset({"sizes", *BORDERS}),
    "mj-raw": frozenset({"position"}),
    "mj-section": frozenset({"gutter", "text-padding"}),
    "mj-social": frozenset({"border"}),
    "mj-social-element": frozenset({"border", "icon-position", "sizes", "srcset"}),
    "mj-table": frozenset({"role"}),
    "mj-wrapper": frozenset({"gap", "gutter", "text-padding"}),
}

_SHORT_HEX = re.compile(r"#([0-9a-fA-F])([0-9a-fA-F])([0-9a-fA-F])")
_COLOR = re.compile(
    r"#[0-9a-fA-F]{6}|rgba\(\d{1,3}(,\s?\d{1,3}){2},\s?\d(\.\d{1,3})?\)|rgb\(\d{1,3}(,\s?\d{1,3}){2}\)", re.IGNORECASE
)
_KIND = re.compile(r"(\w+)(?:\(([^)]*)\))?(?:\{(\d),(\d)\})?")


@dataclass(frozen=True, slots=True)
class Tag:
    """One MJML tag. What stands in an ``ending`` tag is HTML (CSS in mj-style), not MJML."""

    name: str
    ending: bool
    attributes: Mapping[str, str]
    children: frozenset[str]


@cache
def known() -> Mapping[str, Tag]:
    """Every tag that the engine takes, by name."""
    preset: dict[str, dict[str, Any]] = _preset()["tags"]
    refused = {"mj-html-attributes", "mj-selector", "mj-html-attribute"}
    tags = {name: _tag(name, facts, refused) for name, facts in preset.items() if name not in refused}
    of_body = frozenset(tags) - tags["mj-head"].children - {"mjml", "mj-head"}
    tags["mj-attributes"] = Tag("mj-attributes", False, EVERYWHERE, of_body | {"mj-all", "mj-class"})
    tags["mj-all"] = Tag("mj-all", False, _any_attribute(tags), frozenset())
    tags["mj-class"] = Tag("mj-class", False, {**tags["mj-all"].attributes, "name": "string"}, frozenset())
    return tags


@cache
def _preset() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(PRESET.read_text(encoding="utf-8"))
    return facts


def _tag(name: str, facts: Mapping[str, Any], refused: set[str]) -> Tag:
    attributes = {"mjml": ROOT_ATTRIBUTES, "mj-style": STYLE_ATTRIBUTES}.get(name, facts["attributes"])
    children = frozenset(facts["children"]) - refused - ({"mj-raw"} if name in NO_RAW else set())
    return Tag(name, facts["ending"], {**attributes, **EVERYWHERE}, children)


def _any_attribute(tags: Mapping[str, Tag]) -> dict[str, str]:
    kinds: dict[str, set[str]] = {}
    for tag in tags.values():
        for attribute, kind in tag.attributes.items():
            kinds.setdefault(attribute, set()).add(kind)
    return {attribute: " or ".join(sorted(kind)) for attribute, kind in kinds.items()}


def parents(name: str) -> list[str]:
    """The tags that it may stand in, but for mj-attributes, where tags are only named."""
    return sorted(tag.name for tag in known().values() if name in tag.children and tag.name != "mj-attributes")


def read_value(kind: str, value: str) -> str | None:
    """The value as the engine and every client understand it, or None where it is not of that kind.

    ``kind`` is as the reference writes it: ``color``, ``unit(px,%){1,4}``, ``enum(left,right)``; several are
    parted by " or ". The engine takes ``0 20px`` for no length at all, so a bare zero becomes ``0px``; Outlook
    knows no three-digit colours, so these become six digits, as in the reference.
    """
    if "string" in kind:
        return value
    return next((read for one in kind.split(" or ") if (read := _read(one, value)) is not None), None)


@lru_cache(maxsize=1024)
def _read(kind: str, value: str) -> str | None:
    name, choices, _, most = _parts(kind)
    match name:
        case "color":
            return _color(value)
        case "enum":
            return value if value in choices else None
        case "boolean":
            return value if value in ("true", "false") else None
        case "integer":
            return value if re.fullmatch(r"[0-9]+", value) else None
    return _lengths(value, choices, int(most), negative=name == "unitWithNegative")


def _parts(kind: str) -> tuple[str, list[str], str, str]:
    found = _KIND.fullmatch(kind)
    if found is None:
        raise ValueError(f"{PRESET.name} names a kind of value that is not known: {kind}")
    return found[1], (found[2] or "").split(","), found[3] or "1", found[4] or "1"


def _color(value: str) -> str | None:
    long = _SHORT_HEX.sub(r"#\1\1\2\2\3\3", value) if len(value) == 4 else value
    return long if long in _colors() or _COLOR.fullmatch(long) else None


@cache
def _colors() -> frozenset[str]:
    return frozenset(_preset()["colors"])


def _lengths(value: str, units: list[str], most: int, *, negative: bool) -> str | None:
    words = value.split()
    allowed = "|".join(re.escape(unit) for unit in units if unit != "auto")
    number = rf"{'-?' if negative else ''}(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:{allowed})"
    one = re.compile(f"{number}|0|auto" if "auto" in units else f"{number}|0")
    if not 1 <= len(words) <= most or not all(map(one.fullmatch, words)):
        return None
    return " ".join("0px" if word == "0" and "px" in units else word for word in words)


def expected(kind: str) -> str:
    """What to write for a value of that kind, in words."""
    return " or ".join(dict.fromkeys(_expected(one) for one in kind.split(" or ")))


def _expected(kind: str) -> str:
    name, choices, _, most = _parts(kind)
    match name:
        case "enum":
            return " or ".join(choice for choice in choices if choice)
        case "color":
            return "a colour such as #1f2933"
        case "boolean":
            return "true or false"
        case "integer":
            return "a whole number"
        case "string":
            return "text"
    units = " or ".join(unit or "no unit" for unit in choices if unit != "auto")
    number = f"1 to {most} numbers" if most != "1" else "a number"
    return f"{number} with {units}" + (", or auto" if "auto" in choices else "")
