"""What the service does besides answering, for as long as it runs: the letters that wait go out; what isn't to be kept
any longer is forgotten, where people signed up from, and those who haven't confirmed; new articles are noticed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from pipeline.audience.store import Store
from pipeline.delivery.post import Post
from pipeline.errors import PipelineError
from pipeline.settings import Settings
from pipeline.web.signup.posting import PostProcess

FORGET_EVERY = 3600.0
LOOK_EVERY = 30.0
# What a letter that is under way may still take when the service ends.
LAST_LETTER = 10.0

_log = logging.getLogger(__name__)


@asynccontextmanager
async def upkeep(
    post: Post | PostProcess, store: Store, now: Callable[[], datetime], settings: Settings, look: Callable[[], None]
) -> AsyncIterator[None]:
    """At work for the block. ``look`` sees what is new in ``content/``."""
    sending = asyncio.create_task(post.run())
    others = [asyncio.create_task(forget(store, now, settings)), asyncio.create_task(look_again(look))]
    try:
        yield
    finally:
        for task in others:
            task.cancel()
        post.stop()
        await asyncio.wait((sending,), timeout=LAST_LETTER)
        sending.cancel()
        for task in (sending, *others):
            with suppress(asyncio.CancelledError):
                await task


async def forget(store: Store, now: Callable[[], datetime], settings: Settings, every: float = FORGET_EVERY) -> None:
    """Forget what is older than the settings say, again and again. A busy store is asked later."""
    while True:
        origins = unconfirmed = 0
        with suppress(PipelineError):
            origins = await asyncio.to_thread(store.forget_origins, now() - timedelta(days=settings.keep_ip_days))
        with suppress(PipelineError):
            before = now() - timedelta(days=settings.keep_unconfirmed_days)
            while found := await asyncio.to_thread(store.forget_unconfirmed, before, now()):
                unconfirmed += found
        if origins or unconfirmed:
            _log.info("forgotten: %d internet addresses, %d who haven't confirmed", origins, unconfirmed)
        await asyncio.sleep(every)


async def look_again(look: Callable[[], None], every: float = LOOK_EVERY) -> None:
    """Again and again; what somebody writes there doesn't end it."""
    while True:
        await asyncio.sleep(every)
        try:
            await asyncio.to_thread(look)
        except Exception as error:
            _log.error("what is new in content/ isn't seen, by a fault of ours: %s", type(error).__name__)
