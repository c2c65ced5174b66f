"""A recurring digest: when it falls due, and which articles it takes. Pure: no clock, no files.

Moments are compared in UTC: Python compares two of one time zone by what the clock shows, and in an autumn night the
clock shows the same twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from types import MappingProxyType
from typing import Any, Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim

from pipeline import languages
from pipeline.model import Block, Digest, Edition, FrontMatter, Pick

Kind = Literal["draft", "no date", "language", "tags", "gone out", "copy", "before", "late", "after", "over", "unread"]

_PLACE = re.compile(r"\{([a-z.]+)\}")


@dataclass(frozen=True, slots=True)
class Window:
    """From ``begin`` up to and without ``end``, the tick at which the edition is due; both in the digest's zone."""

    digest: str
    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Recurring:
    """A digest's edition as content would have it, its window, and the slugs of the articles taken from it."""

    edition: Edition
    window: Window
    taken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article that a digest could take. ``sha256`` is that of its body, empty for an empty body."""

    front_matter: FrontMatter
    sha256: str


@dataclass(frozen=True, slots=True)
class GoneOut:
    """An article as it went out in one edition of the digest."""

    slug: str
    title: str
    date: datetime | None
    sha256: str
    edition: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An article that the digest doesn't take, and why."""

    slug: str
    kind: Kind
    reason: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What a digest makes of the articles: those it takes and those it leaves out, the newest first in both."""

    taken: tuple[Candidate, ...]
    left_out: tuple[LeftOut, ...]


def ticks(digest: Digest, after: datetime, until: datetime) -> Iterator[datetime]:
    """The moments of the schedule later than ``after`` and not later than ``until``, the earliest first.

    A time that the clock leaves out in spring comes once, at the moment that the clock jumps to; one that it shows
    twice in autumn comes once, the first time.
    """
    for tick in _forward(digest, after):
        if _utc(tick) > _utc(until):
            return
        yield tick


def due(digest: Digest, last: datetime | None, now: datetime) -> tuple[Window, ...]:
    """The windows whose tick has passed since ``last``, the latest tick that was built; ``None`` where none ever was.

    What ``catch_up`` says of missed ticks: "one" window up to the latest, "all", each its own, or "none" but the
    latest.
    """
    begins = [moment.astimezone(ZoneInfo(digest.timezone)) for moment in (last, digest.since) if moment]
    begin = max(begins, key=_utc, default=None)
    back = _backward(digest, now)
    latest = next(back, None)
    if latest is None or (begin and _utc(latest) <= _utc(begin)):
        return ()
    if begin is None or digest.catch_up == "none":
        before = next(back, latest)
        return (Window(digest.name, max(before, begin or before, key=_utc), latest),)
    missed = [latest] if digest.catch_up == "one" else [*ticks(digest, begin, now)]
    return _windows(digest, [begin, *missed])


def upcoming(digest: Digest, now: datetime, count: int) -> tuple[Window, ...]:
    """The next windows whose tick is later than ``now``."""
    since = [digest.since.astimezone(ZoneInfo(digest.timezone))] if digest.since else []
    begins = sorted([*islice(_backward(digest, now), 1), *since], key=_utc)[-1:]
    return _windows(digest, [*begins, *islice(_forward(digest, max([now, *since], key=_utc)), count)])


def choose(
    digest: Digest, window: Window, articles: Sequence[Candidate], gone_out: Sequence[GoneOut], own: str
) -> Choice:
    """The articles dated in the window that fit the digest, and for each other one the reason why not.

    What went out in this window's own edition, of the slug ``own``, is no reason: built again, it takes the same
    articles.
    """
    before = next(_backward(digest, window.begin - timedelta(microseconds=1)), None) if gone_out else None
    known: dict[tuple[str, ...], tuple[Kind, str]] = {}
    for gone in gone_out:
        if gone.edition != own:
            known |= dict.fromkeys(_keys(gone), ("gone out", f"already in edition {gone.edition}"))
    taken: list[Candidate] = []
    left_out: list[LeftOut] = []
    for one in sorted(articles, key=_newest_first):
        keys = _keys(record(one, own))
        told = next((known[key] for key in keys if key in known), None)
        reason = next(_reasons(digest, window, one.front_matter, told, before, len(taken)), None)
        if reason is None:
            taken.append(one)
            same = f"the same article as {one.front_matter.slug}, which this edition has"
            known |= dict.fromkeys(keys, ("copy", same))
        else:
            left_out.append(LeftOut(one.front_matter.slug, *reason))
    return Choice(tuple(taken), tuple(left_out))


def recurring(digest: Digest, window: Window, choice: Choice, slug: str) -> Recurring:
    """The edition of this window, its blocks naming the articles taken, of which there is at least one."""
    slugs = tuple(one.front_matter.slug for one in choice.taken)
    return Recurring(_edition(digest, window, choice, slug, slugs), window, slugs)


def _edition(digest: Digest, window: Window, choice: Choice, slug: str, slugs: tuple[str, ...]) -> Edition:
    return Edition(
        slug=slug,
        subject=_fill(digest.subject, digest, window, choice) or choice.taken[0].front_matter.title,
        preheader=_fill(digest.preheader, digest, window, choice),
        date=window.end,
        language=digest.language,
        direction=languages.direction(digest.language),
        template=digest.template,
        letter=digest.letter,
        blocks=tuple(_named(block, slugs) for block in digest.blocks),
        where=digest.where,
        findings=digest.findings,
        fit=digest.fit,
    )


def record(candidate: Candidate, edition: str) -> GoneOut:
    """What has to be kept of an article that goes out in the edition of this slug."""
    facts = candidate.front_matter
    return GoneOut(facts.slug, facts.title, facts.date, candidate.sha256, edition)


def slugs_of(digest: Digest, window: Window) -> tuple[str, ...]:
    """``weekly-2026-11-23``, and what to take if that is taken: the same with ``-0800`` behind it.

    A digest with another tick on that day has the hour in any case.
    """
    around = [*islice(_backward(digest, window.end), 1, 2), *islice(_forward(digest, window.end), 1)]
    twice = any(tick.date() == window.end.date() for tick in around)
    day, hour = f"{digest.name}-{window.end:%Y-%m-%d}", f"{digest.name}-{window.end:%Y-%m-%d-%H%M}"
    return (hour,) if twice else (day, hour)


def _windows(digest: Digest, moments: Sequence[datetime]) -> tuple[Window, ...]:
    return tuple(Window(digest.name, begin, end) for begin, end in pairwise(moments))


def _forward(digest: Digest, after: datetime) -> Iterator[datetime]:
    zone = ZoneInfo(digest.timezone)
    last = _utc(after)
    for shown in CronSim(digest.schedule, after.astimezone(zone).replace(tzinfo=None)):
        tick = _moment(shown, zone)
        if tick > last:
            last = tick
            yield tick.astimezone(zone)


def _backward(digest: Digest, until: datetime) -> Iterator[datetime]:
    """The moments of the schedule up to and with ``until``, the latest first."""
    zone = ZoneInfo(digest.timezone)
    last = _utc(until) + timedelta(microseconds=1)
    # In the second of two equal hours the clock shows less than at a later time of the first: look a day ahead.
    start = until.astimezone(zone).replace(tzinfo=None, microsecond=0) + timedelta(days=1)
    for shown in CronSim(digest.schedule, start, reverse=True):
        tick = _moment(shown, zone)
        if tick < last:
            last = tick
            yield tick.astimezone(zone)


def _moment(shown: datetime, zone: ZoneInfo) -> datetime:
    """When the clock of the zone shows this for the first time; where it never does, when it jumps over it. In UTC.

    cronsim's own care for clock changes is for schedules without a star in the minutes and hours only.
    """
    while (moment := _utc(shown.replace(tzinfo=zone))).astimezone(zone).replace(tzinfo=None) != shown:
        shown += timedelta(minutes=1)
    return moment


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _newest_first(candidate: Candidate) -> tuple[float, str]:
    facts = candidate.front_matter
    return (-facts.date.timestamp() if facts.date else float("inf"), facts.slug)


def _keys(article: GoneOut) -> list[tuple[str, ...]]:
    """What tells an article from others: two that have one of these in common are the same, renamed or re-dated."""
    keys: list[tuple[str, ...]] = [("slug", article.slug)]
    if article.sha256:
        keys.append(("body", article.sha256))
    if article.date:
        keys.append(("title", article.title, _utc(article.date).isoformat()))
    return keys


def _reasons(
    digest: Digest,
    window: Window,
    article: FrontMatter,
    told: tuple[Kind, str] | None,
    before: datetime | None,
    taken: int,
) -> Iterator[tuple[Kind, str]]:
    """Why the digest doesn't take the article, the weightiest reason first.

    ``told`` is that it has it already, ``before`` the tick before the window, if there was an edition then.
    """
    if article.draft:
        yield "draft", "draft"
    if article.date is None:
        yield "no date", "no date"
        return
    if languages.primary(article.language) != languages.primary(digest.language):
        yield "language", f"another language ({article.language}; the digest is in {digest.language})"
    if digest.tags and not {tag.casefold() for tag in digest.tags} & {tag.casefold() for tag in article.tags}:
        yield "tags", f"none of the tags {', '.join(digest.tags)}"
    if told:
        yield told
    dated = _shown(article.date, digest)
    if before and _utc(before) <= _utc(article.date) < _utc(window.begin):
        yield "late", f"too late (dated {dated}, in the window before, and in no edition; date it anew to have it sent)"
    if _utc(article.date) < _utc(window.begin):
        yield "before", f"before the window (dated {dated}; the window begins {_shown(window.begin, digest)})"
    if _utc(article.date) >= _utc(window.end):
        ends = _shown(window.end, digest)
        yield "after", f"after the window (published only on {dated}; the window ends {ends})"
    if digest.max is not None and taken >= digest.max:
        yield "over", f"over the maximum of {digest.max}"


def _shown(moment: datetime, digest: Digest) -> str:
    return f"{moment.astimezone(ZoneInfo(digest.timezone)):%Y-%m-%d %H:%M}"


def _fill(text: str, digest: Digest, window: Window, choice: Choice) -> str:
    """The text with its places filled, each once: braces in a title are a title's."""
    lead = choice.taken[0].front_matter
    values = {
        "lead.title": lambda: lead.title,
        "lead.dek": lambda: lead.dek,
        "count": lambda: str(len(choice.taken)),
        "date": lambda: languages.long_date(window.end.date(), digest.language),
    }
    return " ".join(_PLACE.sub(lambda place: values[place[1]](), text).split())


def _named(block: Block, slugs: tuple[str, ...]) -> Block:
    data = {key: _picked(value, slugs) for key, value in block.data.items()}
    return replace(block, data=MappingProxyType(data))


def _picked(value: Any, slugs: tuple[str, ...]) -> Any:
    """The value with slugs for each Pick; in a list, those of a Pick that stands for several take its place."""
    if isinstance(value, tuple):
        return tuple(one for part in value for one in _parts(part, slugs))
    if isinstance(value, Pick):
        return slugs[0] if value is Pick.NEWEST else slugs if value is Pick.ALL else slugs[1:]
    return value


def _parts(part: Any, slugs: tuple[str, ...]) -> tuple[Any, ...]:
    found = _picked(part, slugs)
    return found if part is Pick.REST or part is Pick.ALL else (found,)
