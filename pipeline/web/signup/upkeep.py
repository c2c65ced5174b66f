"""What the service does besides answering, for as long as it runs: the letters that wait go out; what isn't to be kept
any longer is forgotten, where people signed up from, and those who haven't confirmed; new articles are noticed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta

from pipeline.audience.store import Store
from pipeline.delivery.post import Post
from pipeline.settings import Settings
from pipeline.web.signup.guard import told
from pipeline.web.signup.processes import ServiceProcess

FORGET_EVERY = 3600.0
OVERWRITE_EVERY = 24 * FORGET_EVERY
LOOK_EVERY = 30.0
# What a letter that is under way may still take when the service ends.
LAST_LETTER = 10.0

_log = logging.getLogger(__name__)


@asynccontextmanager
async def upkeep(
    beside: Sequence[Post | ServiceProcess],
    store: Store,
    now: Callable[[], datetime],
    settings: Settings,
    look: Callable[[], None],
) -> AsyncIterator[None]:
    """At work for the block, and so are those ``beside``. ``look`` sees what is new in ``content/``."""
    running = [asyncio.create_task(one.run()) for one in beside]
    endless = (forget(store, now, settings), overwrite(store), look_again(look))
    others = [asyncio.create_task(one) for one in endless]
    try:
        yield
    finally:
        for task in others:
            task.cancel()
        for one in beside:
            one.stop()
        await asyncio.wait(running, timeout=LAST_LETTER)
        for task in running:
            task.cancel()
        for task in (*running, *others):
            with suppress(asyncio.CancelledError):
                await task


async def forget(store: Store, now: Callable[[], datetime], settings: Settings, every: float = FORGET_EVERY) -> None:
    """Forget what is older than the settings say, again and again. What fails is tried again the next time."""
    while True:
        with _told_if_it_fails("internet addresses that are old aren't forgotten"):
            found = await asyncio.to_thread(store.forget_origins, now() - timedelta(days=settings.keep_ip_days))
            if found:
                _log.info("forgotten: %d internet addresses", found)
        with _told_if_it_fails("who hasn't confirmed isn't forgotten"):
            if unconfirmed := await _forget_unconfirmed(store, now, settings):
                _log.info("forgotten: %d who haven't confirmed", unconfirmed)
        await asyncio.sleep(every)


async def _forget_unconfirmed(store: Store, now: Callable[[], datetime], settings: Settings) -> int:
    before, unconfirmed = now() - timedelta(days=settings.keep_unconfirmed_days), 0
    while found := await asyncio.to_thread(store.forget_unconfirmed, before, now()):
        unconfirmed += found
    return unconfirmed


async def overwrite(store: Store, every: float = OVERWRITE_EVERY) -> None:
    """Again and again, what is left of those who were erased, by whomever."""
    while True:
        with _told_if_it_fails("what is left of those who were erased isn't overwritten"):
            await asyncio.to_thread(store.overwrite_erased)
        await asyncio.sleep(every)


@contextmanager
def _told_if_it_fails(what: str) -> Iterator[None]:
    """In the log, without a word of what it was about: nothing ends this."""
    try:
        yield
    except Exception as error:
        _log.error("%s: %s", what, told(error))


async def look_again(look: Callable[[], None], every: float = LOOK_EVERY) -> None:
    """Again and again; what somebody writes there doesn't end it."""
    while True:
        await asyncio.sleep(every)
        with _told_if_it_fails("what is new in content/ isn't seen"):
            await asyncio.to_thread(look)
