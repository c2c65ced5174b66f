"""The clock, the content and the outbox's record -> what is due, and what will be."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline import digests, freshness, record
from pipeline.content import Library
from pipeline.digests import Candidate, Choice, GoneOut, LeftOut, Recurring, Window
from pipeline.errors import ContentError, PipelineError, Where, flatten, raise_all
from pipeline.model import Digest
from pipeline.record import Manifest, Record

# The reasons that nobody wonders at.
OF_COURSE = ("before", "gone out", "language", "tags")


@dataclass(frozen=True, slots=True)
class Planned:
    """A digest's edition: its window, and which articles it takes and leaves out. ``slug`` is the edition's."""

    slug: str
    digest: str
    window: Window
    choice: Choice

    @property
    def noteworthy(self) -> tuple[LeftOut, ...]:
        """What somebody may have wanted in it: not what went out long ago, nor what the digest isn't for."""
        return tuple(one for one in self.choice.left_out if one.kind not in OF_COURSE)


@dataclass(frozen=True, slots=True)
class Agenda:
    """What is due: the editions' slugs in order, those among them that digests make, and what is told besides.

    ``ticks`` are those that digests have seen without an edition, the latest of each.
    """

    slugs: tuple[str, ...] = ()
    recurring: Mapping[str, Recurring] = field(default_factory=dict)
    planned: tuple[Planned, ...] = ()
    skipped: tuple[Planned, ...] = ()
    ticks: Mapping[str, datetime] = field(default_factory=dict)
    errors: tuple[PipelineError, ...] = ()


def due(library: Library, now: datetime, tried: Collection[str] = (), *, force: bool = False) -> Agenda:
    """Every edition whose date has come and that isn't built as it stands (with ``force`` also those that are), and of
    every digest the first that is due.

    The first only: what it takes, once it is built, has a say in the next. Of the slugs ``tried`` none is due again,
    and a digest whose edition failed makes no other before that one. An edition that can't be read is due as well, so
    that its error is told. A digest's edition that is once built stays as it is, whatever becomes of its articles.
    """
    known = record.read(library.folder / record.FOLDER)
    there = freshness.editions_there(library.folder) if force else _unbuilt(library.folder, known)
    slugs = [slug for slug in there if slug not in tried and _has_come(library, slug, now)]
    if known.damaged and library.digests:
        # An edition that has a file mends its own manifest, so the digests wait for that.
        return Agenda(tuple(slugs), errors=() if slugs else known.damaged)
    recurring: dict[str, Recurring] = {}
    planned: list[Planned] = []
    skipped: list[Planned] = []
    ticks: dict[str, datetime] = {}
    errors: list[PipelineError] = []
    for name in library.digests:
        try:
            digest = library.digests[name]
            empty, first = _first_of(digest, now, library, known)
        except PipelineError as error:
            errors += flatten(error)
            continue
        try:
            recurring |= {slug: one for slug, one in _damaged_editions(name, library, known) if slug not in tried}
        except PipelineError as error:  # an old edition that can't be made again holds no new one back
            errors += flatten(error)
        if empty:
            ticks[name] = empty[-1].window.end
        if digest.when_empty == "fail":
            errors += [_empty(one, digest.where) for one in empty]
        else:
            skipped += empty
        if first and first.slug not in tried:
            planned.append(first)
            recurring[first.slug] = digests.recurring(digest, first.window, first.choice, first.slug)
    return Agenda((*slugs, *recurring), recurring, tuple(planned), tuple(skipped), ticks, tuple(errors))


def plan(digest: Digest, library: Library, now: datetime, count: int) -> tuple[Planned, ...]:
    """A digest's next editions, those that are due already first.

    Raises a PipelineError where it can't be known what goes into them.
    """
    known = record.read(library.folder / record.FOLDER)
    raise_all((*known.damaged, *library.article_errors))
    windows = (*digests.due(digest, last_tick(digest.name, known), now), *digests.upcoming(digest, now, count))
    return tuple(gather(digest, windows[:count], library, known))


def gather(digest: Digest, windows: Sequence[Window], library: Library, known: Record) -> Iterator[Planned]:
    """Each window's edition, of the articles that are there; what an earlier one takes isn't there for the later."""
    if not windows:
        return
    articles = library.articles
    candidates = [Candidate(facts, articles.bodies[slug]) for slug, facts in articles.front_matter.items()]
    gone = list(gone_out(digest.name, known))
    for window in windows:
        slug = _free_slug(digest, window, library, known)
        choice = digests.choose(digest, window, candidates, gone, slug)
        gone += [digests.record(one, slug) for one in choice.taken]
        yield Planned(slug, digest.name, window, choice)


def again(slug: str, manifest: Manifest, library: Library) -> Recurring:
    """A digest's edition as it once was, of the same articles as they are now.

    Raises a ContentError where the digest or an article isn't there any more.
    """
    told = manifest["digest"]
    if told["name"] not in list(library.digests):
        raise ContentError(f"the digest {told['name']!r} isn't there any more", Where("content/newsletter.toml"))
    digest, articles = library.digests[told["name"]], library.articles
    zone = ZoneInfo(digest.timezone)
    begin, end = (datetime.fromisoformat(told[at]).astimezone(zone) for at in ("begin", "end"))
    slugs = [one["slug"] for one in manifest["articles"]]
    where = Where(f"{record.FOLDER}/{slug}")
    gone = (one for one in slugs if one not in articles.front_matter)
    raise_all(ContentError(f"the article {one!r}, which went out in it, isn't there any more", where) for one in gone)
    taken = tuple(Candidate(articles.front_matter[one], articles.bodies[one]) for one in slugs)
    return digests.recurring(digest, Window(digest.name, begin, end), Choice(taken, ()), slug)


def last_tick(digest: str, known: Record) -> datetime | None:
    """The latest tick that this digest has an edition of, or has seen without one."""
    ends = [datetime.fromisoformat(manifest["digest"]["end"]) for manifest in _editions_of(digest, known).values()]
    return max([*ends, *(known.ticks[name] for name in (digest,) if name in known.ticks)], default=None)


def gone_out(digest: str, known: Record) -> Iterator[GoneOut]:
    """Every article in every edition of this digest, as it was when it went out."""
    for slug, manifest in _editions_of(digest, known).items():
        for one in manifest["articles"]:
            date = datetime.fromisoformat(one["date"]) if one["date"] else None
            yield GoneOut(one["slug"], one["title"], date, one["sha256"], slug)


def _editions_of(digest: str, known: Record) -> dict[str, Manifest]:
    manifests = known.manifests.items()
    return {slug: manifest for slug, manifest in manifests if (manifest.get("digest") or {}).get("name") == digest}


def _first_of(
    digest: Digest, now: datetime, library: Library, known: Record
) -> tuple[tuple[Planned, ...], Planned | None]:
    """What is due of a digest, up to the first edition that isn't empty: the empty ones, and that one.

    Raises the errors of articles that can't be read: nobody knows whether they belong in it.
    """
    windows = digests.due(digest, last_tick(digest.name, known), now)
    if windows:
        raise_all(library.article_errors)
    empty: list[Planned] = []
    for one in gather(digest, windows, library, known):
        if one.choice.taken:
            return tuple(empty), one
        empty.append(one)
    return tuple(empty), None


def _damaged_editions(digest: str, library: Library, known: Record) -> Iterator[tuple[str, Recurring]]:
    """The editions of a digest of which a file is missing or isn't what was written, as they once were."""
    folder = library.folder / record.FOLDER
    for slug, manifest in _editions_of(digest, known).items():
        if not record.is_whole(folder, slug, manifest) and not record.is_cleaned(folder, slug):
            yield slug, again(slug, manifest, library)


def _free_slug(digest: Digest, window: Window, library: Library, known: Record) -> str:
    """The slug of this window's edition: none that an edition with a file has, or another window's."""
    files = set(library.editions)
    slugs = digests.slugs_of(digest, window)
    for slug in slugs:
        manifest = known.manifests.get(slug)
        if slug not in files and (manifest is None or _is_of(manifest, digest, window)):
            return slug
    message = f"the edition of {window.end:%Y-%m-%d %H:%M} can't be called {' or '.join(slugs)}: another one is"
    raise ContentError(message, digest.where)


def _is_of(manifest: Manifest, digest: Digest, window: Window) -> bool:
    told = manifest.get("digest") or {}
    return told.get("name") == digest.name and datetime.fromisoformat(told["end"]) == window.end


def _unbuilt(folder: Path, known: Record) -> Iterator[str]:
    hashes: dict[str, str] = {}
    for slug in freshness.editions_there(folder):
        manifest = known.manifests.get(slug)
        if freshness.state(folder, slug, manifest, hashes) in ("not built", "changed") or _is_of_digest(manifest):
            yield slug


def _is_of_digest(manifest: Manifest | None) -> bool:
    return bool(manifest and manifest.get("digest"))


def _has_come(library: Library, slug: str, now: datetime) -> bool:
    try:
        return library.editions[slug].date <= now
    except PipelineError:
        return True


def _empty(planned: Planned, where: Where) -> ContentError:
    window = planned.window
    message = f"{planned.digest} has nothing new between {window.begin:%Y-%m-%d %H:%M} and {window.end:%Y-%m-%d %H:%M}"
    return ContentError(f'{message}, and when_empty is "fail"', where)
