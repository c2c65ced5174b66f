"""What runs, loads or asks for something of its own: elements, attributes, URLs and CSS that no mail client lets by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from pipeline.checks.reading.markup import attributes

_ELEMENTS = frozenset(("script", "form", "iframe", "object", "embed", "base", "link", "applet", "frame", "frameset"))
# Attributes whose value is words, or a name, and leads nowhere.
_WORDS = frozenset(
    ("alt", "title", "class", "id", "name", "lang", "summary", "label", "placeholder", "abbr", "content")
)
_SCHEMES = ("javascript", "vbscript", "livescript", "data")
# What browsers skip in front of a scheme and in it, and what other clients skip besides.
_SKIPPED = re.compile("[\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u2028\u2029\u2060\ufeff]+")
_URL = re.compile(rf"({'|'.join(_SCHEMES)}):", re.IGNORECASE)
# A srcset, an animation's values.
_FURTHER_URL = re.compile(rf"[,;]({'|'.join(_SCHEMES)}):", re.IGNORECASE)
_CSS_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_CSS_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})[ \t\r\n\f]?|([^\r\n]))")
_CSS_URL = re.compile(rf"(?:url|image|image-set)\([\"']?({'|'.join(_SCHEMES)}):", re.IGNORECASE)
_CSS_ACTIVE = re.compile(r"@import|expression\(|(?<![\w-])(?:-ms-)?behaviou?r:|-moz-binding:", re.IGNORECASE)


def is_active(url: str) -> bool:
    return ":" in url and _URL.match(_SKIPPED.sub("", url)) is not None


@lru_cache(maxsize=8192)
def of_tag(name: str, text: str) -> tuple[str, ...]:
    """What is active in a start tag, in words."""
    return tuple(_of_tag(name, text))


def _of_tag(name: str, text: str) -> Iterator[str]:
    if name in _ELEMENTS or name.rpartition(":")[2] == "script":
        yield f"<{name}>"
    for attribute in attributes(text):
        key, value = attribute.name, attribute.value
        if key[:2] == "on" and key.isalpha():
            yield f'an attribute "{key[:40]}" on <{name}>'
        elif key == "http-equiv" and name == "meta" and _SKIPPED.sub("", value).lower() == "refresh":
            yield '<meta http-equiv="refresh">'
        elif key == "style":
            yield from (f"{found} in the style of <{name}>" for found in of_css(value))
        elif ":" in value and key not in _WORDS and not key.startswith(("aria-", "data-")):
            squeezed = _SKIPPED.sub("", value)
            found = _URL.match(squeezed)
            if found is None and key in ("srcset", "values", "from", "to", "by", "imagesrcset"):
                found = _FURTHER_URL.search(squeezed)
            if found:
                yield f'a {found[1].lower()}: URL in the attribute "{key[:40]}" of <{name}>'


@lru_cache(maxsize=2048)
def of_css(css: str) -> tuple[str, ...]:
    """What is active in CSS, in words."""
    if "\\" in css:
        css = _CSS_ESCAPE.sub(_unescaped, css)
    squeezed = _SKIPPED.sub("", _CSS_COMMENT.sub("", css))
    found = [f"a {one.lower()}: URL" for one in _CSS_URL.findall(squeezed)]
    found += [one.lower().strip(":(") for one in _CSS_ACTIVE.findall(squeezed)]
    return tuple(dict.fromkeys(found))


def _unescaped(found: re.Match[str]) -> str:
    code = int(found[1], 16) if found[1] else 0
    return found[2] if found[2] else chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""
