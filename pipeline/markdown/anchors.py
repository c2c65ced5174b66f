"""The anchors that a blog gives its headings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Literal
from unicodedata import category

Rules = Literal["github", "kramdown"]

_NOT_KRAMDOWN = re.compile(r"[^a-zA-Z0-9 -]")
_BEFORE_LETTER = re.compile(r"^[^a-zA-Z]+")
_ASCII_PUNCTUATION = re.compile(r"[^\w\- ]")


def namer(rules: Rules) -> Callable[[str, str, str], str]:
    """A function of a heading's plain text, its Markdown and its explicit id, that gives its anchor.

    It remembers: the second heading of one name gets ``-1``, the third ``-2``, as GitHub and kramdown do.
    """
    seen: Counter[str] = Counter()

    def anchor(text: str, source: str, explicit: str) -> str:
        if explicit:
            seen[explicit] += 1
            return explicit
        return _unique(_github(text) if rules == "github" else _kramdown(source), seen)

    return anchor


def _unique(base: str, seen: Counter[str]) -> str:
    name = base
    while name in seen:
        name = f"{base}-{seen[base]}"
        seen[base] += 1
    seen[name] += 1
    return name


def _github(text: str) -> str:
    """Lower case, blanks as hyphens; letters, marks, digits and connectors of every script are kept."""
    text = text.lower()
    if text.isascii():
        return _ASCII_PUNCTUATION.sub("", text).replace(" ", "-")
    return "".join("-" if char == " " else char for char in text if char in " -" or _is_word(category(char)))


def _is_word(kind: str) -> bool:
    return kind[0] in "LM" or kind in {"Nd", "Nl", "Pc"}


def _kramdown(source: str) -> str:
    """kramdown's own rule: ASCII letters, digits and hyphens, from the first letter on; else ``section``."""
    return _NOT_KRAMDOWN.sub("", _BEFORE_LETTER.sub("", source)).replace(" ", "-").lower() or "section"
