"""What a screen reader needs: the language and its direction, tables that are layout, words for pictures, headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import unquote, urlsplit

from lxml import etree

from pipeline.checks.reading.mail import Mail, text_of
from pipeline.checks.rule import Fault, rule
from pipeline.checks.telling import grouped, quoted
from pipeline.errors import Where
from pipeline.model import Article, Track

_TABLE = re.compile(r"<table\b[^>]*>", re.I)
_LAYOUT = re.compile(r"""\srole\s*=\s*["']?(?:presentation|none)\b""", re.I)
_FILE = re.compile(r"\S+\.(?:png|jpe?g|gif|webp|svg|bmp|tiff?|heic|avif)|(?:img|dsc|pict?|image|photo)[-_ ]?\d+", re.I)
_SAYS_NOTHING = frozenset(
    (
        *("alt", "banner", "bild", "foto", "graphic", "header", "hero", "icon", "illustration", "image", "imagen"),
        *("img", "logo", "photo", "photograph", "pic", "picture", "placeholder", "portrait", "screenshot", "spacer"),
        *("thumbnail", "untitled", "صورة", "تصویر", "תמונה", "图片", "写真", "画像"),
    )
)
_LONGEST_ALT = 250
_INVISIBLE = re.compile(r"[\s\u00ad\u034f\u200b-\u200f\u2060\ufeff]+")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


@rule(
    "A03",
    "layout-tables",
    "error",
    reason='A screen reader says "table with one row and one column" before every part of the mail.',
    remedy='Write role="presentation" on each <table> that only puts things in their places; give a table of data <th> '
    "cells: in Markdown, its first row.",
    source="https://www.w3.org/WAI/tutorials/tables/tips/",
)
def layout_tables(mail: Mail) -> Iterator[Fault]:
    tables = [one for one in mail.elements if one.tag == "table" and one not in mail.hidden]
    headed = {next(one.iterancestors("table"), None) for one in mail.root.xpath("//th | //td[@scope]")}
    yield from grouped(
        (f'the table of {quoted(text_of(one))} has neither role="presentation" nor header cells', mail.place(one))
        for one in tables
        if one not in headed and (one.get("role") or "table").strip().lower() in ("table", "grid")
    )
    yield from grouped(
        (f"the table of {quoted(text_of(one))} has header cells, and says it is for layout", mail.place(one))
        for one in tables
        if one in headed and (one.get("role") or "").strip().lower() in ("presentation", "none")
    )
    yield from grouped(
        ('a table in a conditional comment for Outlook has no role="presentation"', _place_of(comment, mail))
        for comment in mail.root.iter(etree.Comment)
        if (text := comment.text or "").lstrip().startswith("[if")
        for table in _TABLE.findall(text)
        if not _LAYOUT.search(table)
    )


def _place_of(comment: Any, mail: Mail) -> Where:
    beside = (comment.getnext(), comment.getprevious(), comment.getparent())
    return next((mail.place(one) for one in beside if one is not None and isinstance(one.tag, str)), mail.where)


@rule(
    "A04",
    "alt",
    "error",
    reason="Who can't see a picture, or has pictures off, gets its file's name or nothing at all, and can't follow it.",
    remedy="Write `alt` beside the picture: what it shows, in one short sentence. Empty is for what adds nothing.",
    source="https://www.w3.org/TR/WCAG22/#non-text-content",
)
def alt(mail: Mail) -> Iterator[Fault]:
    names = _names(mail)
    for image in mail.images:
        if image in mail.hidden:
            continue
        src = image.get("src") or ""
        name = names.get(src) or f"the picture {quoted(_file(src))}"
        wrong = _wrong_alt(image, src)
        if wrong:
            yield Fault(f"{name} {wrong}", mail.place(image))
        elif len(image.get("alt")) > _LONGEST_ALT:
            yield Fault(f"{name} has an alt of {len(image.get('alt'))} characters", mail.place(image), "warn")


def _names(mail: Mail) -> dict[str, str]:
    """What pictures are, in the words of content, by their addresses."""
    names: dict[str, str] = {}
    for block in mail.edition.blocks if mail.edition else ():
        for value in block.data.values():
            for one in value if isinstance(value, tuple) else (value,):
                if isinstance(one, Article) and one.hero:
                    names.setdefault(one.hero.src, f"the hero of {one.slug}")
                if isinstance(one, Track) and one.image:
                    names.setdefault(one.image.src, f"the picture of the track {quoted(one.title)}")
    return names


def _wrong_alt(image: Any, src: str) -> str:
    value = image.get("alt")
    if value is None:
        return "has no alt"
    words = value.strip()
    if not _INVISIBLE.sub("", words):
        link = next(image.iterancestors("a"), None)
        return "is alone in its link and has an empty alt" if link is not None and not _words_of(link) else ""
    stem = _file(src).rpartition(".")[0].lower()
    if _FILE.fullmatch(words) or (words.lower() == stem and re.search(r"[\d_-]", stem)):
        return f"has a file's name for its alt: {quoted(words)}"
    if words.strip(" .:!-").lower() in _SAYS_NOTHING:
        return f"has an alt that says nothing: {quoted(words)}"
    return ""


def _words_of(element: Any) -> str:
    return _INVISIBLE.sub("", text_of(element, alt=True))


def _file(src: str) -> str:
    try:
        return unquote(urlsplit(src).path.rpartition("/")[2]) or src
    except ValueError:
        return src


@rule(
    "A06",
    "headings",
    "error",
    reason="Who listens goes from heading to heading, as others skim; a gap or an empty one sends them looking for a "
    "part that isn't there.",
    remedy="Keep one h1, the name plate's; let the level of a block's headings follow from what stands above it.",
    source="https://www.w3.org/WAI/tutorials/page-structure/headings/",
)
def headings(mail: Mail) -> Iterator[Fault]:
    found = [(_level(one), text_of(one, mail.hidden, alt=True), one) for one in mail.elements if _level(one)]
    shown = [one for one in found if one[2] not in mail.hidden]
    empty = [(level, one) for level, text, one in shown if not _INVISIBLE.sub("", text)]
    yield from grouped((f"an h{level} is empty", mail.place(one)) for level, one in empty)
    first = [one for one in shown if one[0] == 1]
    if not first:
        yield Fault("there is no h1", mail.where)
    if len(first) > 1:
        others = " and ".join(quoted(text) for _, text, _ in first[:2])
        yield Fault(f"there are {len(first)} h1: {others}", mail.place(first[1][2]))
    # A mail may begin with a level 2 above its h1.
    yield from grouped(
        (f"after {f'an h{before}' if before else 'nothing'} comes an h{level}, {quoted(text)}", mail.place(one))
        for (before, _, _), (level, text, one) in pairwise([(1, "", None), *shown])
        if level > before + 1
    )


def _level(element: Any) -> int:
    """1 to 6 for a heading; else 0."""
    if element.tag in _HEADINGS:
        return int(element.tag[1])
    level = (element.get("aria-level") or "2") if element.get("role") == "heading" else ""
    return int(level) if level.isdecimal() and len(level) == 1 else 0


RULES = (layout_tables, alt, headings)
