"""A newsletter's folder -> what its pages look like now. Keeps up with the disk; each page keeps its last good look."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from time import perf_counter
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pipeline import build, freshness, listing, merge_fields, outbox, personal, record
from pipeline.content import is_article, is_edition
from pipeline.errors import CombinedError, ContentError, OutboxError, PipelineError, flatten, nearest
from pipeline.model import Edition, Email, Newsletter, Persona
from pipeline.web.coming import Coming, Gathered, digest_of

Kind = Literal["editions", "articles", "digests"]
KINDS: tuple[Kind, ...] = ("editions", "articles", "digests")
# So many pages keep what they last looked like; who opens more than that in a day waits for one rendering.
KEPT = 64


@dataclass(frozen=True, slots=True, order=True)
class Page:
    """What can be opened: an edition, an article in an edition of its own, a digest's edition that is to come.

    Prints as ``editions/better-sleep``.
    """

    kind: Kind
    slug: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.slug}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the list. ``bytes`` is what its HTML part weighs, once that is known."""

    page: Page
    title: str
    state: str
    date: datetime | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What a page last looked like when all was well, and what is wrong with it now; ``version`` grows with both.

    It is ``fresh`` until a file changes. A digest's edition is ``gathered``; while it is empty there is no email.
    """

    version: int = 0
    fresh: bool = False
    errors: tuple[PipelineError, ...] = ()
    gathered: Gathered | None = None
    edition: Edition | None = None
    email: Email | None = None
    newsletter: Newsletter | None = None
    personas: tuple[Persona, ...] = ()
    seconds: float = 0.0


class LiveProject:
    """The project as it is on the disk, and the looks of its pages. Not for two threads at once.

    When it can't be opened any more, that is an error of every page until it can be; the last project stays till then.
    """

    def __init__(self, project: build.Project, now: Callable[[], datetime]) -> None:
        self.project = project
        self.now = now
        self.coming = Coming(project.folder, now)
        self.errors: tuple[PipelineError, ...] = ()
        self.unread: set[str] = set()
        self.looks: dict[Page, Look] = {}
        self.sizes: dict[Page, int] = {}
        self.weighed: set[Page] = set()
        self.broken: set[Page] = set()
        self.last_listed: dict[str, list[Page]] = {}
        self.titles: dict[Page, tuple[str, datetime]] = {}
        self.hashes: dict[str, str] = {}

    @property
    def folder(self) -> Path:
        return self.project.folder

    def files_changed(self, paths: Collection[str]) -> None:
        """These files, by their paths in the newsletter's folder, are not what they were."""
        sources = {path for path in paths if not path.startswith(outbox.FOLDER)}
        self.coming.forget(outbox_too=len(sources) < len(paths))
        if sources:
            self._sources_changed(sources)
        # What has gone out has a say in what a digest takes, and in nothing else.
        concerned = KINDS if sources else ("digests",)
        self.looks = {
            page: replace(look, fresh=look.fresh and page.kind not in concerned) for page, look in self.looks.items()
        }
        self.weighed = {page for page in self.weighed - self.broken if page.kind != "digests"}

    def _sources_changed(self, paths: Collection[str]) -> None:
        self.unread.update(paths)
        self.hashes.clear()
        if all(is_article(path) or is_edition(path) for path in paths):
            for path in paths:
                self.titles.pop(Page("editions", PurePosixPath(path).stem), None)
        else:
            self.titles.clear()
        try:
            self.project = build.reopen_project(self.project, self.unread)
        except PipelineError as error:
            self.errors = flatten(error)
        else:
            self.errors = ()
            self.unread.clear()

    def stale(self, pages: Collection[Page]) -> list[Page]:
        """Those of the pages that may look different now."""
        return [page for page in pages if page not in self.looks or not self.looks[page].fresh]

    def look(self, page: Page) -> Look:
        """What the page looks like now; rendered if anything has changed since it was last asked for."""
        look = self.looks.pop(page, None) or Look()
        if not look.fresh:
            look = self._newer(look, page)
        self.looks[page] = look
        for oldest in list(self.looks)[:-KEPT]:
            del self.looks[oldest]
        return look

    def weigh_next(self) -> bool:
        """Find out what one more page weighs, and whether it is broken; false where that is known of all."""
        unknown = (page for kind in KINDS for page in self._pages(kind) if page not in self.weighed)
        page = next(unknown, None)
        if page is None or self.errors:
            return False
        self.weighed.add(page)
        self._newer(Look(), page)
        return True

    def personas(self) -> tuple[Persona, ...]:
        try:
            return self.project.library.personas
        except PipelineError:  # told by every page
            return ()

    def entries(self, kind: Kind) -> list[Entry]:
        """What there is of this kind, as far as it is known: nothing is rendered for it.

        The newest is first; of the digests' editions, which are still to come, the next.
        """
        if kind == "digests":
            return sorted(self._digests(), key=_next_first)
        return sorted(self._editions() if kind == "editions" else self._articles(), key=_newest_first)

    def _editions(self) -> Iterator[Entry]:
        library = self.project.library
        for slug in library.editions:
            page = Page("editions", slug)
            try:
                title, date = self.titles.get(page) or self.titles.setdefault(page, _title(library.editions[slug]))
            except PipelineError:
                yield Entry(page, slug, "broken")
                continue
            state = "broken" if page in self.broken else freshness.state_of(self.folder, slug, self.hashes)
            size = self.sizes.get(page) or self._built_size(slug)
            yield Entry(page, title, state, date, size)

    def _built_size(self, slug: str) -> int | None:
        """What the HTML part weighed when it was last built, if it ever was."""
        with suppress(OutboxError):
            manifest = record.read_manifest(self.folder / outbox.FOLDER, slug)
            return record.html_bytes(manifest) if manifest else None
        return None

    def _articles(self) -> Iterator[Entry]:
        articles, now = self.project.library.articles, self.now()
        for slug in articles:
            page, facts = Page("articles", slug), articles.front_matter.get(slug)
            if facts is None or slug in articles.broken:
                yield Entry(page, slug, "broken")
                continue
            state = "broken" if page in self.broken else listing.article_state(facts, now)
            yield Entry(page, facts.title, state, facts.date, self.sizes.get(page))

    def _digests(self) -> Iterator[Entry]:
        library = self.project.library
        for name in library.digests:
            try:
                found = [self._coming(one) for one in self.coming.editions(name, library)]
            except Exception:  # told by the digest's own page, a bug of ours too
                pages = self.last_listed.get(name) or [Page("digests", name)]
                yield from (Entry(page, page.slug, "broken") for page in pages)
                continue
            self.last_listed[name] = [entry.page for entry in found]
            yield from found

    def _coming(self, gathered: Gathered) -> Entry:
        planned = gathered.planned
        page = Page("digests", planned.slug)
        title = "" if gathered.is_empty else _title(gathered.recurring.edition)[0]
        state = "broken" if page in self.broken else "due" if self.coming.is_due(gathered) else "coming"
        return Entry(page, title, state, planned.window.end, self.sizes.get(page))

    def _pages(self, kind: Kind) -> Iterator[Page]:
        if kind == "digests":
            return (page for name in self.project.library.digests for page in self.last_listed.get(name, ()))
        return (Page(kind, slug) for slug in _there(kind, self.project))

    def _newer(self, last: Look, page: Page) -> Look:
        started = perf_counter()
        try:
            look = self._render(page)
        except PipelineError as error:
            return self._not_good(last, page, flatten(error))
        except Exception as error:
            traceback.print_exc()
            bug = PipelineError(f"{type(error).__name__}: {error}. This is a bug of ours, not of yours.")
            return self._not_good(last, page, (bug,))
        self.broken.discard(page)
        self._weigh(page, look.email)
        seconds = perf_counter() - started
        if _shown(look) == _shown(last):
            return replace(last, fresh=True, seconds=seconds)
        return replace(look, version=last.version + 1, fresh=True, seconds=seconds)

    def _weigh(self, page: Page, email: Email | None) -> None:
        self.weighed.add(page)
        if email:
            self.sizes[page] = len(build.fill_email(email, {}).html.encode())
        else:
            self.sizes.pop(page, None)

    def _not_good(self, last: Look, page: Page, errors: tuple[PipelineError, ...]) -> Look:
        self.broken.add(page)
        same = [str(one) for one in errors] == [str(one) for one in last.errors]
        return replace(last, version=last.version + (not same), fresh=True, errors=errors)

    def _render(self, page: Page) -> Look:
        if self.errors:
            raise CombinedError(self.errors)
        library = self.project.library
        gathered = self.coming.edition(page.slug, library) if page.kind == "digests" else None
        look = Look(gathered=gathered, newsletter=library.newsletter, personas=library.personas)
        if gathered and gathered.is_empty:
            return look
        edition = self._compose_digest(gathered) if gathered else self._compose(page)
        edition, email = build.fit_email(edition, self.project)
        if page.kind != "articles":  # of an article alone nobody wants to know what its mail lacks
            of_service = build.check_service(email, library.newsletter)
            email = replace(email, findings=(*of_service, *build.check_email(email, edition, self.project)))
        personas = (*library.personas, *personal.other_readers(email, library.personas))
        return replace(look, edition=edition, email=email, personas=personas)

    def _compose_digest(self, gathered: Gathered) -> Edition:
        slug = gathered.planned.slug
        return build.compose_edition(slug, replace(self.project, recurring={slug: gathered.recurring}))

    def _compose(self, page: Page) -> Edition:
        there = _there(page.kind, self.project)
        if page.slug not in there:
            name = page.kind.removesuffix("s")
            raise ContentError(f"there is no {name} {page.slug!r} in content/{page.kind}/{nearest(page.slug, there)}")
        if page.kind == "editions":
            return build.compose_edition(page.slug, self.project)
        zone = ZoneInfo(self.project.library.newsletter.timezone)
        return build.compose_article(page.slug, self.project, self.now().astimezone(zone))


def page_named(name: str, project: build.Project) -> Page:
    """The edition of this slug, or else the article, or else the digest. Raises a ContentError for none of them."""
    for kind in KINDS:
        slug, there = name.removeprefix(f"{kind}/"), _there(kind, project)
        if slug in there or (kind == "digests" and digest_of(slug, there)):
            return Page(kind, slug)
    known = [slug for kind in KINDS for slug in _there(kind, project)]
    raise ContentError(f"there is no edition, article or digest {name!r} in content/{nearest(name, known)}")


def _there(kind: Kind, project: build.Project) -> Collection[str]:
    library = project.library
    there = {"editions": library.editions, "articles": library.articles, "digests": library.digests}
    return there[kind]


def _shown(look: Look) -> tuple[Any, ...]:
    return look.email, look.gathered, look.personas, look.errors


def _title(edition: Edition) -> tuple[str, datetime]:
    return merge_fields.fill_text(edition.subject, {}), edition.date


def _newest_first(entry: Entry) -> tuple[float, str]:
    return (-entry.date.timestamp() if entry.date else float("inf"), entry.page.slug)


def _next_first(entry: Entry) -> tuple[float, str]:
    return (entry.date.timestamp() if entry.date else float("inf"), entry.page.slug)
