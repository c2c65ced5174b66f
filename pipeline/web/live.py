"""A newsletter's folder -> what its pages look like now. Keeps up with the disk; each page keeps its last good look."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from time import perf_counter
from typing import Literal
from zoneinfo import ZoneInfo

from pipeline import build, freshness, listing, merge_fields, outbox
from pipeline.content import is_article, is_edition
from pipeline.errors import CombinedError, ContentError, PipelineError, flatten, nearest
from pipeline.model import Article, Edition, Email, Newsletter, Persona

Kind = Literal["editions", "articles"]
KINDS: tuple[Kind, ...] = ("editions", "articles")
# So many pages keep what they last looked like; who opens more than that in a day waits for one rendering.
KEPT = 64


@dataclass(frozen=True, slots=True, order=True)
class Page:
    """What can be opened: an edition, or an article in an edition of its own. Prints as ``editions/better-sleep``."""

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

    It is ``fresh`` until a file changes.
    """

    version: int = 0
    fresh: bool = False
    errors: tuple[PipelineError, ...] = ()
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
        self.errors: tuple[PipelineError, ...] = ()
        self.unread: set[str] = set()
        self.looks: dict[Page, Look] = {}
        self.sizes: dict[Page, int] = {}
        self.broken: set[Page] = set()
        self.titles: dict[Page, tuple[str, datetime]] = {}
        self.hashes: dict[str, str] = {}

    @property
    def folder(self) -> Path:
        return self.project.folder

    def files_changed(self, paths: Collection[str]) -> None:
        """These files, by their paths in the newsletter's folder, are not what they were."""
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
        self.looks = {page: replace(look, fresh=False) for page, look in self.looks.items()}
        self.sizes = {page: size for page, size in self.sizes.items() if page not in self.broken}

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
        unknown = (page for kind in KINDS for page in self._pages(kind) if page not in self.sizes)
        page = next(unknown, None)
        if page is None or self.errors:
            return False
        self.sizes[page] = 0
        self._newer(Look(), page)
        return True

    def personas(self) -> tuple[Persona, ...]:
        try:
            return self.project.library.personas
        except PipelineError:  # told by every page
            return ()

    def entries(self, kind: Kind) -> list[Entry]:
        """What there is of this kind, the newest first, as far as it is known: nothing is rendered for it."""
        found = self._editions() if kind == "editions" else self._articles()
        return sorted(found, key=_newest_first)

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
            size = self.sizes.get(page) or outbox.html_bytes(self.folder / outbox.FOLDER, slug)
            yield Entry(page, title, state, date, size)

    def _articles(self) -> Iterator[Entry]:
        articles, now = self.project.library.articles, self.now()
        for slug in articles:
            page, facts = Page("articles", slug), articles.front_matter.get(slug)
            if facts is None or slug in articles.broken:
                yield Entry(page, slug, "broken")
                continue
            state = "broken" if page in self.broken else listing.article_state(facts, now)
            yield Entry(page, facts.title, state, facts.date, self.sizes.get(page) or None)

    def _pages(self, kind: Kind) -> Iterator[Page]:
        yield from (Page(kind, slug) for slug in _there(kind, self.project))

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
        assert look.email
        self.broken.discard(page)
        self.sizes[page] = len(build.fill_email(look.email, {}).html.encode())
        same = (look.email, look.personas, ()) == (last.email, last.personas, last.errors)
        seconds = perf_counter() - started
        if same:
            return replace(last, fresh=True, seconds=seconds)
        return replace(look, version=last.version + 1, fresh=True, seconds=seconds)

    def _not_good(self, last: Look, page: Page, errors: tuple[PipelineError, ...]) -> Look:
        self.broken.add(page)
        same = [str(one) for one in errors] == [str(one) for one in last.errors]
        return replace(last, version=last.version + (not same), fresh=True, errors=errors)

    def _render(self, page: Page) -> Look:
        if self.errors:
            raise CombinedError(self.errors)
        library = self.project.library
        edition = self._compose(page)
        email = build.render_email(edition, library.newsletter, self.project.environment)
        return Look(edition=edition, email=email, newsletter=library.newsletter, personas=library.personas)

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
    """The edition of this slug, or else the article. Raises a ContentError for neither, naming the nearest."""
    for kind in KINDS:
        if (slug := name.removeprefix(f"{kind}/")) in _there(kind, project):
            return Page(kind, slug)
    known = [slug for kind in KINDS for slug in _there(kind, project)]
    raise ContentError(f"there is no edition or article {name!r} in content/{nearest(name, known)}")


def _there(kind: Kind, project: build.Project) -> Mapping[str, Edition] | Mapping[str, Article]:
    return project.library.editions if kind == "editions" else project.library.articles


def _title(edition: Edition) -> tuple[str, datetime]:
    return merge_fields.fill_text(edition.subject, {}), edition.date


def _newest_first(entry: Entry) -> tuple[float, str]:
    return (-entry.date.timestamp() if entry.date else float("inf"), entry.page.slug)
