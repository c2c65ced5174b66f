"""Saves -> what each open window is told: its page at once, the list of what there is when there is time."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

import anyio
from starlette.applications import Starlette
from watchfiles import Change, DefaultFilter, awatch

from pipeline import outbox
from pipeline.web import report
from pipeline.web.live import LiveProject, Page

LOG = logging.getLogger(__name__)
WATCHED = ("content", "templates", outbox.FOLDER)

# Changes that come within ten milliseconds of each other are one save: editors write, rename, and touch.
_changes = partial(awatch, step=10, debounce=60)
# The list of what there is waits until nothing has changed for so many seconds; one page is weighed in so many.
IDLE, PAUSE = 0.25, 0.05
# So many seconds after folders have come or gone the new ones are watched.
SETTLED = 0.3

T = TypeVar("T")


class Window:
    """One open window, and what it hasn't been told yet; of several news of one kind, the last."""

    def __init__(self, page: Page | None) -> None:
        self.page = page
        self.news: dict[str, dict[str, Any]] = {}
        self.has_news = asyncio.Event()
        self.closed = False

    def tell(self, name: str, value: dict[str, Any]) -> None:
        self.news[name] = value
        self.has_news.set()

    def close(self) -> None:
        self.closed = True
        self.has_news.set()

    async def events(self) -> AsyncIterator[dict[str, str]]:
        while await self.has_news.wait() and not self.closed:
            self.has_news.clear()
            news, self.news = self.news, {}
            for name, value in news.items():
                yield {"event": name, "data": json.dumps(value)}


class Windows:
    """The windows that are open on one newsletter. ``start`` is what opens at first.

    Everything that touches the project runs in one thread, a piece at a time: saves first, the list of what there
    is when nothing else is to be done.
    """

    def __init__(self, live: LiveProject, start: Page | None = None) -> None:
        self.live = live
        self.start = start
        self.windows: set[Window] = set()
        self.listing: dict[str, Any] | None = None
        self.listing_is_old = asyncio.Event()
        self.folders_moved = asyncio.Event()
        self.catching_up: asyncio.Task[None] | None = None
        self.changed_at = 0.0
        self.one_at_a_time = anyio.CapacityLimiter(1)

    async def ask(self, question: Callable[..., T], *arguments: Any) -> T:
        return await anyio.to_thread.run_sync(question, *arguments, limiter=self.one_at_a_time)

    async def watch(self) -> None:
        """Follow the folder for ever: each save is shown by the windows that it concerns."""
        polling: bool | None = None
        while True:
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self.follow_folders(polling))
                    tasks.create_task(self.follow_files(polling))
            except* (OSError, RuntimeError) as errors:  # the system watches no more files for this user, say
                if polling:
                    raise
                polling = True
                LOG.warning("can't be told of changes (%s); looking for them instead", errors.exceptions[0])

    async def follow_folders(self, polling: bool | None) -> None:
        """Notice when a watched folder comes or goes: the first build makes the outbox."""

        def is_watched(change: Change, path: str) -> bool:
            return Path(path).name in WATCHED and change != Change.modified

        async for _ in _changes(self.live.folder, watch_filter=is_watched, recursive=False, force_polling=polling):
            self.folders_moved.set()

    async def follow_files(self, polling: bool | None) -> None:
        folder = self.live.folder
        while True:
            self.folders_moved.clear()
            there = [folder / name for name in WATCHED if (folder / name).is_dir()]
            changed = _changes(*there, watch_filter=_is_source, stop_event=self.folders_moved, force_polling=polling)
            async for changes in changed:
                await self.files_changed({_in_folder(Path(path), folder) for _, path in changes})
            await self.files_changed(set(WATCHED))
            # What changes until the new folders are watched is seen a moment later.
            asyncio.get_running_loop().call_later(SETTLED, self.catch_up)

    def catch_up(self) -> None:
        # A task that nobody refers to may be collected before it has run (the asyncio documentation, create_task).
        self.catching_up = asyncio.create_task(self.files_changed(set(WATCHED)))

    async def files_changed(self, paths: set[str]) -> None:
        self.changed_at = perf_counter()
        self.listing_is_old.set()
        await self.ask(self.live.files_changed, paths)
        pages = {one.page for one in self.windows if one.page}
        await asyncio.gather(*(self.show(page) for page in await self.ask(self.live.stale, pages)))

    async def show(self, page: Page) -> None:
        told = await self.ask(self.look, page)
        told["milliseconds"] = round((perf_counter() - self.changed_at) * 1000, 1)
        for window in self.windows:
            if window.page == page:
                window.tell("page", told)

    def look(self, page: Page) -> dict[str, Any]:
        return report.look(page, self.live.look(page), self.live.folder)

    async def keep_listing(self) -> None:
        """Keep the list of what there is, and what all of it weighs, up to date for ever: when nothing else happens."""
        while True:
            await self.listing_is_old.wait()
            while (wait := self.changed_at + IDLE - perf_counter()) > 0:
                await asyncio.sleep(wait)
            self.listing_is_old.clear()
            await self.tell_listing()
            weighed = False
            while not self.listing_is_old.is_set() and await self.ask(self.live.weigh_next):
                weighed = True
                await asyncio.sleep(PAUSE)
            if weighed:
                await self.tell_listing()

    async def tell_listing(self) -> None:
        self.listing = await self.ask(report.listing, self.live, self.start)
        for window in self.windows:
            window.tell("list", self.listing)

    async def events(self, page: Page | None) -> AsyncIterator[dict[str, str]]:
        """What a window is told, from its opening to its end."""
        window = Window(page)
        self.windows.add(window)
        try:
            if page:
                window.tell("page", await self.ask(self.look, page))
            if self.listing:
                window.tell("list", self.listing)
            else:
                self.listing_is_old.set()
            async for event in window.events():
                yield event
        finally:
            self.windows.discard(window)

    def close(self) -> None:
        """End what every window is told, so that the server can stop."""
        for window in self.windows:
            window.close()

    @asynccontextmanager
    async def running(self, app: Starlette) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            following = [tasks.create_task(self.watch()), tasks.create_task(self.keep_listing())]
            yield
            for task in following:
                task.cancel()


def _is_source(change: Change, path: str) -> bool:
    """Not what editors and builds leave beside the files on their way."""
    return _SOURCES(change, path) and not any(part.startswith(".") for part in Path(path).parts[-2:])


_SOURCES = DefaultFilter()


def _in_folder(path: Path, folder: Path) -> str:
    """The path of a watched file in the newsletter's folder, also where ``content`` or ``templates`` is a link."""
    for name in WATCHED:
        for root in (folder / name, (folder / name).resolve()):
            if path.is_relative_to(root):
                return f"{name}/{path.relative_to(root).as_posix()}"
    return path.as_posix()
