"""The clock, the content and the outbox's record -> what is due, and what will be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline import digests, freshness, outbox
from pipeline.content import Library
from pipeline.digests import Candidate, Choice, GoneOut, LeftOut, Recurring, Window
from pipeline.errors import ContentError, PipelineError, Where, flatten
from pipeline.model import Digest

# How the reasons begin that nobody wonders at.
OF_COURSE = ("before the window", "already in edition", "another language", "none of the tags")


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
        return tuple(one for one in self.choice.left_out if not one.reason.startswith(OF_COURSE))


@dataclass(frozen=True, slots=True)
class Agenda:
    """What is due: the editions' slugs in order, those among them that digests make, and what is told besides."""

    slugs: tuple[str, ...] = ()
    recurring: Mapping[str, Recurring] = field(default_factory=dict)
    planned: tuple[Planned, ...] = ()
    skipped: tuple[Planned, ...] = ()
    errors: tuple[PipelineError, ...] = ()


def due(library: Library, now: datetime) -> Agenda:
    """Every edition whose date has come and that isn't built as it stands, and every digest's whose tick has passed.

    An edition that can't be read is due as well, so that its error is told. A digest whose edition is once built is
    done with that tick, whatever becomes of its articles.
    """
    manifests = outbox.manifests(library.folder / outbox.FOLDER)
    slugs = [slug for slug in _unbuilt(library.folder, manifests) if _has_come(library, slug, now)]
    recurring: dict[str, Recurring] = {}
    planned: list[Planned] = []
    skipped: list[Planned] = []
    errors: list[PipelineError] = []
    for name in library.digests:
        try:
            digest = library.digests[name]
            found = _of_digest(digest, digests.due(digest, last_tick(name, manifests), now), library, manifests)
        except PipelineError as error:
            errors += flatten(error)
            continue
        for one in found:
            if one.choice.taken:
                planned.append(one)
                recurring[one.slug] = Recurring(digests.edition(digest, one.window, one.choice), one.window)
            elif digest.when_empty == "fail":
                errors.append(_empty(one, digest.where))
            else:
                skipped.append(one)
    return Agenda((*slugs, *recurring), recurring, tuple(planned), tuple(skipped), tuple(errors))


def plan(library: Library, now: datetime, count: int) -> tuple[Planned, ...]:
    """The digests' next editions, those that are due already first; so many of all digests together, by their ticks.

    Raises the PipelineError of a digest that can't be read.
    """
    manifests = outbox.manifests(library.folder / outbox.FOLDER)
    found: list[Planned] = []
    for name in library.digests:
        digest = library.digests[name]
        windows = (*digests.due(digest, last_tick(name, manifests), now), *digests.upcoming(digest, now, count))
        found += _of_digest(digest, windows, library, manifests)
    return tuple(sorted(found, key=lambda one: (one.window.end, one.slug))[:count])


def gather(
    digest: Digest, windows: Sequence[Window], library: Library, manifests: Mapping[str, Mapping[str, Any]]
) -> tuple[Planned, ...]:
    """Each window's edition, of the articles that are there; ``manifests`` are those of what has gone out."""
    return tuple(_of_digest(digest, windows, library, manifests))


def last_tick(digest: str, manifests: Mapping[str, Mapping[str, Any]]) -> datetime | None:
    """The latest tick for which this digest has an edition."""
    ends = (manifest["digest"]["end"] for manifest in _editions_of(digest, manifests).values())
    return max((datetime.fromisoformat(end) for end in ends), default=None)


def gone_out(digest: str, manifests: Mapping[str, Mapping[str, Any]]) -> Iterator[GoneOut]:
    """Every article in every edition of this digest, as it was when it went out."""
    for slug, manifest in _editions_of(digest, manifests).items():
        for one in manifest.get("articles", ()):
            date = datetime.fromisoformat(one["date"]) if one["date"] else None
            yield GoneOut(one["slug"], one["title"], date, one["sha256"], slug)


def _editions_of(digest: str, manifests: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {
        slug: manifest for slug, manifest in manifests.items() if (manifest.get("digest") or {}).get("name") == digest
    }


def _of_digest(
    digest: Digest, windows: Sequence[Window], library: Library, manifests: Mapping[str, Mapping[str, Any]]
) -> Iterator[Planned]:
    """Each window's edition; what an earlier one takes has gone out for the later ones."""
    if not windows:
        return
    articles = library.articles
    candidates = [Candidate(facts, articles.bodies[slug]) for slug, facts in articles.front_matter.items()]
    gone = list(gone_out(digest.name, manifests))
    for window in windows:
        slug, choice = digests.slug_of(digest, window), digests.choose(digest, window, candidates, gone)
        gone += [digests.record(one, slug) for one in choice.taken]
        yield Planned(slug, digest.name, window, choice)


def _unbuilt(folder: Path, manifests: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    hashes: dict[str, str] = {}
    for slug in freshness.editions_there(folder):
        if freshness.state(folder, slug, manifests.get(slug), hashes) in ("not built", "changed"):
            yield slug


def _has_come(library: Library, slug: str, now: datetime) -> bool:
    try:
        return library.editions[slug].date <= now
    except PipelineError:
        return True


def _empty(planned: Planned, where: Where) -> ContentError:
    window = planned.window
    message = f"{planned.digest} has nothing new between {window.begin:%Y-%m-%d %H:%M} and {window.end:%Y-%m-%d %H:%M}"
    return ContentError(f'{message}, and when_empty is "fail"', where)
