"""What the text part's templates shape their lines with."""

from __future__ import annotations

import re
from unicodedata import combining, east_asian_width

from markupsafe import Markup

from pipeline import merge_fields

LINE_WIDTH = 72


def wrap(text: str, first: str = "", rest: str | None = None, width: int = LINE_WIDTH) -> str:
    """The words in lines of at most so many columns; ``first`` stands before the first line, ``rest`` before others.

    No word is cut, so an address longer than that stands whole. A merge field counts as its fallback.
    """
    lines = [first]
    taken = indent = columns(first)
    for word in str(text).split():
        size = columns(word)
        if taken == indent:
            lines[-1] += word
            taken += size
        elif taken + 1 + size <= width:
            lines[-1] += f" {word}"
            taken += 1 + size
        else:
            indent = columns(first if rest is None else rest)
            lines.append((first if rest is None else rest) + word)
            taken = indent + size
    return "\n".join(lines)


def underline(text: str, mark: str = "=") -> str:
    """The wrapped text with a line of marks below it, as long as its longest line."""
    wrapped = wrap(text)
    return f"{wrapped}\n{mark * max(columns(line) for line in wrapped.split(chr(10)))}"


def tidy(text: str) -> str:
    """The text without empty lines around it, and with one at most between its parts."""
    return re.sub(r"\n(?:[ \t]*\n){2,}", "\n\n", text.strip("\n"))


def columns(text: str) -> int:
    """How many columns of a terminal the text takes up; a merge field as its fallback."""
    if merge_fields.ANY_TOKEN.search(text):
        text = merge_fields.fill_text(text, {})
    if text.isascii():
        return len(text)
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def plain(html: str, width: int = LINE_WIDTH) -> str:
    """The HTML of an article or a letter in lines of at most so many columns; a merge field counts as its fallback."""
    from pipeline import markdown

    tokens = [] if _OWN_USE.search(html) else [found[0] for found in merge_fields.ANY_TOKEN.finditer(html)]
    if not 0 < len(tokens) <= _PLACES:
        return markdown.to_text(html, width)
    places = (chr(_FIRST + index) * max(columns(token), 1) for index, token in enumerate(tokens))
    text = markdown.to_text(merge_fields.ANY_TOKEN.sub(lambda found: next(places), html), width)
    return _PLACE.sub(lambda found: tokens[ord(found[1]) - _FIRST], text)


# What stands for a token while lines are broken: a sign for private use, as often as its fallback has columns.
_FIRST, _PLACES = 0xE000, 0x1900
_OWN_USE = re.compile("[\ue000-\uf8ff]")
_PLACE = re.compile("([\ue000-\uf8ff])\\1*")


def opening(html: str, words: int) -> Markup:
    from pipeline import markdown

    return markdown.opening(html, words)
