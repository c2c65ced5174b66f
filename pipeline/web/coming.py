"""The digests, what has gone out, and the clock -> the digests' editions that are due, and the next ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline import agenda, digests, record
from pipeline.agenda import Planned
from pipeline.content import Library
from pipeline.digests import LeftOut, Recurring, Window
from pipeline.errors import ContentError, PipelineError, flatten, nearest, raise_all
from pipeline.model import Digest
from pipeline.record import Record

# Of a digest that has missed more dates and catches up with them all, the latest so many are shown.
MOST = 12

_EDITION = re.compile(r"(.+)-\d{4}-\d\d-\d\d(?:-\d{4})?")


@dataclass(frozen=True, slots=True)
class Gathered:
    """A digest's edition as it would be today; ``unread`` are the articles that can't be read."""

    digest: Digest
    planned: Planned
    unread: tuple[LeftOut, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.planned.choice.taken

    @property
    def recurring(self) -> Recurring:
        """For an edition that isn't empty."""
        return digests.recurring(self.digest, self.planned.window, self.planned.choice, self.planned.slug)


class Coming:
    """Each digest's editions that are due, and its next one: found out once, until something changes.

    Raises the PipelineError of a digest that can't be read.
    """

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self.folder = folder
        self.now = now
        self.found: dict[str, tuple[Gathered, ...]] = {}
        self.known: Record | None = None

    def forget(self, *, outbox_too: bool) -> None:
        """Something has changed. Of the outbox hundreds of manifests are read: not at each save of an article."""
        self.found.clear()
        if outbox_too:
            self.known = None

    def editions(self, name: str, library: Library) -> list[Gathered]:
        """The editions that the digest will make, by their dates; the last is the next one, and may be empty."""
        found = self._found(name, library)
        return [one for one in found if one is found[-1] or not one.is_empty or one.digest.when_empty == "fail"]

    def edition(self, slug: str, library: Library) -> Gathered:
        """What an edition's slug stands for, also once it is built; the digest's name, as every other, for the next."""
        name = digest_of(slug, library.digests)
        if name is None:
            message = f"there is no digest {slug!r} in content/newsletter.toml{nearest(slug, library.digests)}"
            raise ContentError(message)
        known = chain(self._found(name, library), self._built(name, slug, library))
        same = next((one for one in known if one.planned.slug == slug), None)
        return same or self.editions(name, library)[0]

    def is_due(self, gathered: Gathered) -> bool:
        return _has_come(gathered.planned.window, self.now())

    def _found(self, name: str, library: Library) -> tuple[Gathered, ...]:
        now, found = self.now(), self.found.get(name)
        if found is None or _has_come(found[-1].planned.window, now):
            digest = library.digests[name]
            due = digests.due(digest, agenda.last_tick(name, self._record()), now)
            windows = (*due[-MOST:], *digests.upcoming(digest, now, 1))
            found = self.found[name] = tuple(self._gather(digest, windows, library))
        return found

    def _built(self, name: str, slug: str, library: Library) -> Iterator[Gathered]:
        """The edition as it would be built again."""
        told = self._record().manifests.get(slug, {}).get("digest") or {}
        if told.get("name") == name:
            digest = library.digests[name]
            begin, end = (datetime.fromisoformat(told[at]) for at in ("begin", "end"))
            zone = ZoneInfo(digest.timezone)
            yield from self._gather(digest, [Window(name, begin.astimezone(zone), end.astimezone(zone))], library)

    def _gather(self, digest: Digest, windows: Sequence[Window], library: Library) -> Iterator[Gathered]:
        unread = tuple(LeftOut(slug, "unread", _unread(error)) for slug, error in library.articles.broken.items())
        for planned in agenda.gather(digest, windows, library, self._record()):
            yield Gathered(digest, planned, unread)

    def _record(self) -> Record:
        if self.known is None:
            self.known = record.read(self.folder / record.FOLDER)
        raise_all(self.known.damaged)
        return self.known


def digest_of(slug: str, names: Container[str]) -> str | None:
    """The digest of these that this is the name of, or the slug of an edition of: ``weekly``, ``weekly-2026-11-30``."""
    found = _EDITION.fullmatch(slug)
    return slug if slug in names else found[1] if found and found[1] in names else None


def _has_come(window: Window, now: datetime) -> bool:
    return window.end.astimezone(UTC) <= now.astimezone(UTC)


def _unread(error: PipelineError) -> str:
    return f"can't be read: {flatten(error)[0]}"
