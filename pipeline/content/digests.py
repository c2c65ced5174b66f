"""``[digests.NAME]`` of ``content/newsletter.toml`` -> Digests; a Pick stands where a window's articles belong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, cast

from markupsafe import Markup

from pipeline.content.articles import SLUG, Articles, read_date
from pipeline.content.editions import read_blocks, read_letter
from pipeline.content.fields import Fields
from pipeline.content.newsletter import check_places, read_timezone
from pipeline.content.source import Source
from pipeline.errors import Where, raise_all
from pipeline.model import PLACES, Block, Digest, Finding, FrontMatter, Newsletter, Pick

EXAMPLE = '{lead = "newest"}'
# Blocks whose bare value names one article; that of teasers names several.
ONE = ("lead", "article", "next")
SEVERAL = ("teasers",)


class Digests(Mapping[str, Digest]):
    """The recurring digests by name, each read on first use. A wrong one raises ContentErrors, all of them together."""

    def __init__(self, source: Source, newsletter: Newsletter, articles: Articles) -> None:
        self.source = source
        self.newsletter = newsletter
        self.articles = articles
        self.tables: Mapping[str, Mapping[str, Any]] = source.values.get("digests", {})
        self.read: dict[str, Digest] = {}

    def __getitem__(self, name: str) -> Digest:
        if name not in self.read:
            fields = Fields(self.source, self.tables[name], ("digests", name))
            digest = self._digest(name, fields)
            fields.refuse_unknown()
            raise_all(fields.errors)
            self.read[name] = digest
        return self.read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)

    def _digest(self, name: str, fields: Fields) -> Digest:
        if not SLUG.fullmatch(name) or len(name) > 100:
            fields.wrong("a digest's name must be letters, digits, '-', '_' and '.' only, 100 at the most")
        newsletter = self.newsletter
        include = fields.table("include")
        limit = _maximum(include)
        timezone = read_timezone(fields, newsletter.timezone)
        letter, findings = self._letter(name, fields)
        digest = Digest(
            name=name,
            schedule=_schedule(fields),
            timezone=timezone,
            subject=_line(fields, "subject", newsletter),
            preheader=_line(fields, "preheader", newsletter, ""),
            language=fields.text("language", newsletter.language),
            template=fields.text("template", "digest"),
            tags=include.words("tags"),
            max=limit,
            blocks=_blocks(fields, newsletter, self.articles, limit),
            letter=letter,
            when_empty=cast(Literal["skip", "fail"], fields.choice("when_empty", ("skip", "fail"))),
            catch_up=cast(Literal["one", "all", "none"], fields.choice("catch_up", ("one", "all", "none"))),
            since=read_date(fields, timezone, "since"),
            where=fields.where(),
            findings=findings,
            fit=fields.flag("fit"),
        )
        include.refuse_unknown()
        return digest

    def _letter(self, name: str, fields: Fields) -> tuple[Markup, tuple[Finding, ...]]:
        text = fields.value("letter")
        if not isinstance(text, str | None):
            fields.wrong(f"`{fields.label('letter')}` must be text", "letter")
        if not text or not isinstance(text, str):
            return Markup(), ()
        page = FrontMatter(name, "", self.newsletter.url, fields.where("letter", 0))
        return read_letter(fields, text, page, self.articles)


def _line(fields: Fields, name: str, newsletter: Newsletter, default: str | None = None) -> str:
    text = fields.prose(name, newsletter.merge_fields, default)
    check_places(fields, name, text, PLACES)
    return text


def _schedule(fields: Fields) -> str:
    from cronsim import CronSim, CronSimError  # most newsletters have no digest

    schedule = fields.text("schedule")
    advice = "write five cron fields, such as 0 8 * * MON"
    try:
        if schedule and len(schedule.split()) != 5:
            fields.wrong(f"the schedule {schedule[:80]!r} has {len(schedule.split())} fields; {advice}", "schedule")
        elif schedule and next(CronSim(schedule, datetime(2000, 1, 1)), None) is None:
            fields.wrong(f"the schedule {schedule[:80]!r} never comes", "schedule")
    except (CronSimError, ValueError) as error:
        fields.wrong(f"the schedule {schedule[:80]!r} can't be read ({error}); {advice}", "schedule")
    return schedule


def _maximum(include: Fields) -> int | None:
    value = include.value("max")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        include.wrong(f"`{include.label('max')}` must be a whole number from 1, and {value!r} isn't", "max")
        return None
    return value


def _blocks(fields: Fields, newsletter: Newsletter, articles: Articles, limit: int | None) -> tuple[Block, ...]:
    where = fields.where("blocks")
    if fields.value("blocks") is None:
        return (_block("lead", Pick.NEWEST, where), _block("teasers", Pick.REST, where))
    found = read_blocks(fields, newsletter, articles.images, EXAMPLE)
    blocks = tuple(_with_picks(block, fields, index) for index, block in enumerate(found))
    if isinstance(fields.value("blocks"), list):
        _check_shown(blocks, fields, limit)
    return blocks


def _block(name: str, value: Pick, where: Where) -> Block:
    return Block(name, where, MappingProxyType({"value": value}))


def _with_picks(block: Block, fields: Fields, index: int) -> Block:
    data = dict(block.data)
    for key, value in block.data.items():
        one = key == "article" or (key == "value" and block.name in ONE)
        if one or key == "articles" or (key == "value" and block.name in SEVERAL):
            data[key] = _pick(value)
        if one and data[key] in (Pick.REST, Pick.ALL):
            message = f'{block.name} takes one article, and "{value}" stands for several; write "newest"'
            fields.wrong(message, "blocks", index, block.name, key)
    return replace(block, data=MappingProxyType(data))


def _pick(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_pick(one) for one in value)
    return Pick(value) if value in list(Pick) else value


def _check_shown(blocks: tuple[Block, ...], fields: Fields, limit: int | None) -> None:
    """An article that is taken and not shown would count as gone out, or be lost."""
    values = [value for block in blocks for value in block.data.values()]
    parts = [part for value in values for part in (value if isinstance(value, tuple) else (value,))]
    shown = {part for part in parts if isinstance(part, Pick)}
    if Pick.ALL in shown or shown >= {Pick.NEWEST, Pick.REST} or (Pick.NEWEST in shown and limit == 1):
        return
    advice = 'write {lead = "newest"} and {teasers = "rest"}, or {teasers = "all"}'
    fields.wrong(f"the blocks don't show all articles that the digest takes; {advice}", "blocks")
