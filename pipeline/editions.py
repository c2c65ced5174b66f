"""An Edition as it was written -> the Edition composed: its blocks hold the articles, sections and tracks they name.

Pure. A block with nothing to show is left out, and a Finding says so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal

from pipeline import conditions
from pipeline.conditions import Condition
from pipeline.errors import ContentError, PipelineError, Where, nearest, raise_all
from pipeline.languages import direction, in_language
from pipeline.model import (
    NOTHING,
    Article,
    Block,
    Choice,
    Edition,
    Finding,
    FrontMatter,
    Newsletter,
    Personal,
    Section,
    Track,
)
from pipeline.personal import ASKED
from pipeline.tracks import allowed, choose_tracks, read_limit

# Put in by themselves where the edition doesn't list them.
FIRST = ("masthead", "letter")
LAST = ("footer",)
OPENING_WORDS = 70
# How far back `missed` looks, and among how many articles it chooses.
MISSED_DAYS = 31
MOST_MISSED = 12


@dataclass(frozen=True, slots=True)
class Shelf:
    """What blocks may take from: the articles by slug and what their front matter says, the tracks, and the
    newsletter's standing data."""

    newsletter: Newsletter
    articles: Mapping[str, Article]
    tracks: Callable[[], Sequence[Track]]
    front_matter: Mapping[str, FrontMatter]
    drafts: bool = False

    def article(self, slug: Any, where: Where) -> Article:
        """The article of this slug. Raises a ContentError for none, naming the nearest, and for a forbidden draft."""
        if not isinstance(slug, str):
            raise ContentError("name an article by its slug", where)
        if slug not in self.articles:
            raise ContentError(f"there is no article {slug!r}{nearest(slug, self.articles)}", where)
        article = self.articles[slug]
        if article.draft and not self.drafts:
            raise ContentError(f"{slug!r} is a draft; take `draft: true` out of {article.where.path} first", where)
        return article


def compose(edition: Edition, shelf: Shelf, partials: Collection[str]) -> Edition:
    """The edition with every block filled, in the order it will be read.

    ``partials`` are the names of the blocks that there are. Raises ContentErrors, all of them together, for
    unknown blocks, for articles and sections that aren't there, and for an edition with nothing to show.
    """
    errors: list[PipelineError] = []
    filled: list[Block] = []
    left_out: list[Finding] = []
    for block in _with_frame(edition):
        try:
            full = _fill(block, shelf, partials, replace(edition, blocks=tuple(filled)))
        except PipelineError as error:
            errors.append(error)
            continue
        if block.name in SHOWN_BY and not full.data.get(SHOWN_BY[block.name]):
            message = f"{block.name} has nothing to show and is left out"
            left_out.append(Finding("empty-block", "note", message, block.where))
        elif block.name != "letter" or edition.letter:
            filled.append(full)
    if not errors and all(block.name in FIRST[:1] + LAST for block in filled):
        errors.append(ContentError("the edition has nothing to show; give it `blocks` or a letter", edition.where))
    errors += _without_disclaimer(filled, edition, shelf.newsletter)
    raise_all(errors)
    told = [finding for article in articles_of(filled) for finding in article.findings]
    late = _not_yet_published(filled, edition)
    return replace(edition, blocks=tuple(filled), findings=(*edition.findings, *told, *late, *left_out))


def smaller(edition: Edition) -> Iterator[Edition]:
    """The edition with less and less in its teasers: no lists of sections, then no deks, then no pictures."""
    for what, less in LESS.items():
        blocks = tuple(_with_less(block, less) for block in edition.blocks)
        teasers = [block for block, before in zip(blocks, edition.blocks, strict=True) if block != before]
        if teasers:
            message = f"the teasers' {what} are left out, so that Gmail doesn't clip the mail"
            told = [Finding("fit", "note", message, block.where) for block in teasers]
            edition = replace(edition, blocks=blocks, findings=(*edition.findings, *told))
            yield edition


# What a teaser can do without, the least missed first.
LESS: Mapping[str, Callable[[Article], Article]] = {
    "lists of sections": lambda article: replace(article, sections=()),
    "deks": lambda article: replace(article, dek=""),
    "pictures": lambda article: replace(article, hero=None),
}


def _with_less(block: Block, less: Callable[[Article], Article]) -> Block:
    if block.name not in ("teasers", "missed"):
        return block
    articles = tuple(less(article) for article in block.data["articles"])
    smaller = replace(block, data=MappingProxyType({**block.data, "articles": articles}))
    candidates = tuple(less(one) if isinstance(one, Article) else one for one in candidates_of(block))
    if candidates == candidates_of(block) or not (block.personal and block.personal.choice):
        return smaller
    choice = replace(block.personal.choice, candidates=candidates)
    return replace(smaller, personal=replace(block.personal, choice=choice))


def edition_of(article: Article, date: datetime) -> Edition:
    """An edition that shows this article whole, and nothing else; dated as the article is, or else so."""
    return Edition(
        slug=article.slug,
        subject=article.title,
        preheader=article.dek,
        date=article.date or date,
        language=article.language,
        direction=direction(article.language),
        template="digest",
        letter=NOTHING,
        blocks=(Block("article", article.where, MappingProxyType({"value": article.slug})),),
        where=article.where,
    )


def articles_of(blocks: Sequence[Block]) -> tuple[Article, ...]:
    """The articles that the blocks show, each once, in the order of their first appearance."""
    shown = (value for block in blocks for value in (*block.data.values(), *candidates_of(block)))
    return tuple({part.slug: part for value in shown for part in _articles_in(value)}.values())


def candidates_of(block: Block) -> tuple[Track | Article, ...]:
    """What a block may show to one reader or another, beside what it shows to all."""
    return block.personal.choice.candidates if block.personal and block.personal.choice else ()


def _articles_in(value: Any) -> tuple[Article, ...]:
    if isinstance(value, Article):
        return (value,)
    return tuple(part for part in value if isinstance(part, Article)) if isinstance(value, tuple) else ()


def _with_frame(edition: Edition) -> list[Block]:
    listed = {block.name for block in edition.blocks}
    first, last = ([Block(name, edition.where) for name in names if name not in listed] for names in (FIRST, LAST))
    return [*first, *edition.blocks, *last]


def _fill(block: Block, shelf: Shelf, partials: Collection[str], before: Edition) -> Block:
    if block.name not in partials:
        there = ", ".join(sorted(partials))
        raise ContentError(
            f"there is no block {block.name!r}{nearest(block.name, partials)} (there are {there})", block.where
        )
    data = {**shelf.newsletter.blocks.get(block.name, {}), **block.data}
    if block.name in FILL:
        data = FILL[block.name](data, block.where, shelf, before)
    else:
        data = _named_articles(data, block.where, shelf)
    personal = block.personal
    if block.name == "missed" and not (personal and personal.audience):
        personal = replace(personal or Personal(), audience=_seldom(shelf.newsletter, block.where))
    if isinstance(data.get(CHOICE), Choice):
        personal = replace(personal or Personal(), choice=data.pop(CHOICE))
    return replace(block, data=MappingProxyType(data), personal=personal)


Data = dict[str, Any]
# Under which a block's data has its Choice until the block is made.
CHOICE = "for"


def _lead(data: Data, where: Where, shelf: Shelf, before: Edition) -> Data:
    _known(data, where, "lead", "value", "article", "cta")
    return {**data, "article": shelf.article(data.get("article", data.get("value")), where)}


def _article(data: Data, where: Where, shelf: Shelf, before: Edition) -> Data:
    _known(data, where, "article", "value", "article")
    return {**data, "article": shelf.article(data.get("article", data.get("value")), where)}


def _teasers(data: Data, where: Where, shelf: Shelf, before: Edition) -> Data:
    _known(data, where, "teasers", "value", "articles", "columns", "title", "for", "limit")
    columns = data.get("columns", 1)
    if columns not in (1, 2):
        raise ContentError(f"`columns` of teasers is 1 or 2, not {columns!r}", where)
    slugs = data.get("articles", data.get("value", ()))
    slugs = (slugs,) if isinstance(slugs, str) else slugs
    articles = _each(slugs, lambda slug: shelf.article(slug, where), where)
    filled = {**data, "articles": articles, "columns": columns}
    if not _is_for_reader(data, where):
        if "limit" in data:
            raise ContentError("`limit` of teasers goes with `for: reader`", where)
        return filled
    choice = _choice("topics", articles, articles[: read_limit(data.get("limit"), where)], shelf.newsletter, where)
    return {**filled, "articles": tuple(choice.candidates[index] for index in choice.default), CHOICE: choice}


def _missed(data: Data, where: Where, shelf: Shelf, before: Edition) -> Data:
    """What came out before, for readers who don't get every edition: by their topics, then the newest."""
    _known(data, where, "missed", "title", "limit", "days", "columns")
    days = data.get("days", MISSED_DAYS)
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= 366:
        raise ContentError(f"`days` of missed is a number from 1 to 366, not {days!r}", where)
    shown = {article.slug for article in articles_of(before.blocks)}
    recent = [
        one
        for one in shelf.front_matter.values()
        if one.date and before.date - timedelta(days=days) <= one.date < before.date
        if one.slug not in shown and not one.draft and one.language == before.language
    ]
    newest = sorted(recent, key=lambda one: (one.date, one.slug), reverse=True)[:MOST_MISSED]
    articles = tuple(one.slug for one in newest)
    told = {key: value for key, value in data.items() if key != "days"}
    return _teasers({**told, "articles": articles, CHOICE: "reader"}, where, shelf, before)


def _seldom(newsletter: Newsletter, where: Where) -> Condition:
    """The readers who have asked for digests less often than they come out."""
    types = {name: field.type for name, field in newsletter.merge_fields.items()}
    return conditions.parse("rhythm in ('weekly', 'monthly')", types, where)


def _sections(data: Data, where: Where, shelf: Shelf, before: Edition) -> Data:
    _known(data, where, "sections", "article", "pick", "words", "title")
    words = data.get("words", OPENING_WORDS)
    if isinstance(words, bool) or not isinstance(words, int) or not 10 <= words <= 1000:
        raise ContentError(f"`words` of sections is a number from 10 to 1000, not {words!r}", where)
    article = shelf.article(data.get("article"), where)
    picked = data.get("pick", tuple(section.anchor for section in article.sections))
    picked = (picked,) if isinstance(picked, str) else picked
    sections = _each(picked, lambda anchor: _section(article, anchor, where), where)
    return {**data, "article": article, "sections": sections, "words": words}


def _section(article: Article, anchor: Any, where: Where) -> Section:
    """The section of this anchor or title; where only sub-headings stand below it, with their text."""
    for index, section in enumerate(article.sections):
        if anchor in (section.anchor, section.title):
            below = article.sections[index + 1 :]
            if not section.html.strip() and below and below[0].level > section.level:
                return replace(section, html=below[0].html)
            return section
    anchors = [section.anchor for section in article.sections]
    there = f" (it has {', '.join(anchors)})" if anchors else " (it has none)"
    raise ContentError(f"{article.slug} has no section {anchor!r}{nearest(str(anchor), anchors)}{there}", where)


def _next(data: Data, where: Where, shelf: Shelf, before: Edition) -> Data:
    _known(data, where, "next", "value", "article")
    slug = data.get("article", data.get("value"))
    if slug is None:
        shown = articles_of(before.blocks)
        slug = next((article.next for article in shown if article.next), None)
    return {**data, "article": shelf.article(slug, where) if slug is not None else None}


def _tracks(data: Data, where: Where, shelf: Shelf, before: Edition) -> Data:
    _known(data, where, "tracks", "mood", "kind", "minutes", "limit", "title", "for")
    default = choose_tracks(shelf.tracks(), data, where)
    filled = {**data, "tracks": default}
    if not _is_for_reader(data, where):
        return filled
    # What the edition says of kinds and lengths holds for all readers; a mood is the reader's own.
    candidates = allowed(shelf.tracks(), data, where)
    return {**filled, CHOICE: _choice("tracks", candidates, default, shelf.newsletter, where)}


def _is_for_reader(data: Data, where: Where) -> bool:
    """Whether what the block shows is to be chosen for each reader."""
    if data.get("for", "reader") != "reader":
        raise ContentError(f"`for` can only say reader, and not {data['for']!r}", where)
    return "for" in data


def _choice(
    by: Literal["tracks", "topics"],
    candidates: Sequence[Track | Article],
    default: Sequence[Track | Article],
    newsletter: Newsletter,
    where: Where,
) -> Choice:
    asked = ASKED[by]
    declared = {name: newsletter.merge_fields[name].type for name in asked if name in newsletter.merge_fields}
    for name, type in declared.items():
        if type != asked[name]:
            message = (
                f"what is chosen by {name} needs [merge_fields.{name}] of the type {asked[name]}, and it is {type}"
            )
            raise ContentError(message, where)
    if not declared:
        message = f"nothing is known of readers to choose by; declare one of {', '.join(asked)} under [merge_fields]"
        raise ContentError(message, where)
    places = {id(one): index for index, one in enumerate(candidates)}
    return Choice(by, tuple(candidates), tuple(places[id(one)] for one in default))


def _popular(data: Data, where: Where, shelf: Shelf, before: Edition) -> Data:
    _known(data, where, "popular", "title", "categories")
    return data


def _benefits(data: Data, where: Where, shelf: Shelf, before: Edition) -> Data:
    _known(data, where, "benefits", "title", "items")
    return data


# How a block's data is gathered, ``before`` being the edition as far as it is composed; a block that isn't listed gets
# what `article` and `articles` name, and the rest as is.
FILL: Mapping[str, Callable[[Data, Where, Shelf, Edition], Data]] = {
    "lead": _lead,
    "teasers": _teasers,
    "missed": _missed,
    "sections": _sections,
    "article": _article,
    "tracks": _tracks,
    "next": _next,
    "popular": _popular,
    "benefits": _benefits,
}

# The datum without which a block has nothing to show.
SHOWN_BY = {
    "teasers": "articles",
    "missed": "articles",
    "sections": "sections",
    "tracks": "tracks",
    "popular": "categories",
    "benefits": "items",
    "promo": "title",
    "next": "article",
}


def _named_articles(data: Data, where: Where, shelf: Shelf) -> Data:
    named = dict(data)
    if "article" in data:
        named["article"] = shelf.article(data["article"], where)
    if "articles" in data:
        named["articles"] = _each(data["articles"], lambda slug: shelf.article(slug, where), where)
    return named


def _known(data: Data, where: Where, block: str, *names: str) -> None:
    unknown = (name for name in data if name not in names)
    raise_all(ContentError(f"`{name}` is not a key of {block}{nearest(name, names)}", where) for name in unknown)


def _each(names: Any, find: Callable[[Any], Any], where: Where) -> tuple[Any, ...]:
    """What each name stands for; the names that stand for nothing are told together."""
    if names is None:
        return ()
    if not isinstance(names, tuple):
        raise ContentError(f"this must be a list, not {names!r}", where)
    found, errors = [], []
    for name in names:
        try:
            found.append(find(name))
        except PipelineError as error:
            errors.append(error)
    raise_all(errors)
    return tuple(found)


def _without_disclaimer(blocks: Sequence[Block], edition: Edition, newsletter: Newsletter) -> list[PipelineError]:
    medical = [article for article in articles_of(blocks) if article.medical]
    if not medical or in_language(newsletter.medical_disclaimer, edition.language):
        return []
    message = (
        f"{medical[0].slug} is a medical article, and there is no disclaimer in the edition's language; "
        f"write one under [medical_disclaimer] {edition.language} = …"
    )
    return [ContentError(message, newsletter.where)]


def _not_yet_published(blocks: Sequence[Block], edition: Edition) -> list[Finding]:
    return [
        Finding("published", "warn", f"{article.slug} is dated after the edition that shows it", article.where)
        for article in articles_of(blocks)
        if article.date and article.date.date() > edition.date.date()
    ]
