"""What an edition's blocks have to show: the words of the articles, sections and tracks that they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

from pipeline import merge_fields
from pipeline.checks.reading.wording import Unit, unit, units
from pipeline.errors import Where
from pipeline.languages import in_language
from pipeline.model import Article, Block, Edition, Newsletter, Section, Track

# What content says to choose by, and doesn't show.
_UNSHOWN = ("value", "article", "articles", "pick", "image", "url", "minutes")
_KEYWORD = re.compile(r"[a-z0-9_-]*|(?:https?|mailto|tel|sms):.*", re.S)


@dataclass(frozen=True, slots=True)
class Piece:
    """Words of content: where they stand in it, and whose they are.

    A ``required`` piece must be shown; of any other the templates decide, and then for both parts. The units of an
    ``ordered`` one come one after another; those of a table may not.
    """

    kind: Literal["title", "line", "body"]
    units: tuple[Unit, ...]
    where: Where
    source: str
    required: bool = False
    ordered: bool = True


def pieces(block: Block, edition: Edition) -> Iterator[Piece]:
    """What a block has to show, in any order; nothing without words."""
    return (piece for piece in _pieces(block, edition) if piece.units)


def standing(newsletter: Newsletter, edition: Edition) -> Iterator[Piece]:
    """What the newsletter says in every edition, wherever that stands; its postal address is W01's."""
    for texts in (newsletter.tagline, newsletter.reason):
        said = in_language(texts, edition.language) or in_language(texts, newsletter.language)
        yield _line(said, newsletter.where, "newsletter.toml")


def medical_articles(block: Block) -> tuple[Article, ...]:
    return tuple(one for _, one in _data(block) if isinstance(one, Article) and one.medical)


def _data(block: Block) -> Iterator[tuple[str, Any]]:
    for name, value in block.data.items():
        yield from ((name, one) for one in (value if isinstance(value, tuple) else (value,)))


def _pieces(block: Block, edition: Edition) -> Iterator[Piece]:
    if block.name == "letter":
        yield _body(edition.letter, block.where, "the letter", True)
    for name, value in _data(block):
        if isinstance(value, Article):
            yield from _of_article(value, whole=block.name == "article")
        elif isinstance(value, Section):
            yield from _of_section(value, block.data.get("words"), False)
        elif isinstance(value, Track):
            yield _line(value.title, value.where, "the list of tracks", "title")
            yield _line(value.teacher, value.where, "the list of tracks")
            yield _line(value.description, value.where, "the list of tracks")
        elif name not in _UNSHOWN:
            kind: Literal["title", "line"] = "title" if name == "title" else "line"
            yield from (_line(said, block.where, "the edition", kind) for said in _said(value))


def _of_article(article: Article, whole: bool) -> Iterator[Piece]:
    yield _line(article.title, article.where, "the article", "title")
    for said in (article.dek, *(author.name for author in article.authors)):
        yield _line(said, article.where, "the article")
    yield _body(article.intro, article.where, "the article", whole)
    if whole:
        yield from chain.from_iterable(_of_section(section, None, True) for section in article.sections)
        yield _body(article.notes, article.where, "the article", True)
        return
    for section in article.sections:
        yield _line(section.title, section.where, "the article")


def _of_section(section: Section, limit: Any, required: bool) -> Iterator[Piece]:
    yield _line(section.title, section.where, "the article", "title")
    html = section.html
    if isinstance(limit, int):
        from pipeline import markdown  # it brings its parser, which few mails need

        html = markdown.opening(html, limit)
    yield _body(html, section.where, "the article", required)


def _line(text: str, where: Where, source: str, kind: Literal["title", "line"] = "line") -> Piece:
    return Piece(kind, unit(merge_fields.fill_text(text, {})), where, source)


def _body(html: str, where: Where, source: str, required: bool) -> Piece:
    shown = units(merge_fields.fill_html(html, {}))
    return Piece("body", shown, where, source, required, ordered="<table" not in html)


def _said(value: Any) -> Iterator[str]:
    """The texts in a block's data, but keywords and addresses."""
    if isinstance(value, Mapping):
        value = tuple(one for name, one in value.items() if name not in _UNSHOWN)
    if isinstance(value, tuple):
        yield from chain.from_iterable(map(_said, value))
    elif isinstance(value, str) and not _KEYWORD.fullmatch(value):
        yield value
