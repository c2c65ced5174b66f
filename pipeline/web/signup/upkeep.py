"""What the service does besides answering, for as long as it runs: the letters that wait go out, and where people
signed up from is forgotten when its time is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from pipeline.audience.store import Store
from pipeline.delivery.post import Post
from pipeline.errors import PipelineError
from pipeline.web.signup.posting import PostProcess

FORGET_EVERY = 3600.0
# What a letter that is under way may still take when the service ends.
LAST_LETTER = 10.0


@asynccontextmanager
async def upkeep(
    post: Post | PostProcess, store: Store, now: Callable[[], datetime], keep_ip: timedelta
) -> AsyncIterator[None]:
    """At work for the block."""
    sending = asyncio.create_task(post.run())
    forgetting = asyncio.create_task(forget_origins(store, now, keep_ip))
    try:
        yield
    finally:
        forgetting.cancel()
        post.stop()
        await asyncio.wait((sending,), timeout=LAST_LETTER)
        sending.cancel()
        for task in (sending, forgetting):
            with suppress(asyncio.CancelledError):
                await task


async def forget_origins(
    store: Store, now: Callable[[], datetime], keep_ip: timedelta, every: float = FORGET_EVERY
) -> None:
    """Forget the internet addresses of consents that are older, again and again. A busy store is asked later."""
    while True:
        with suppress(PipelineError):
            await asyncio.to_thread(store.forget_origins, now() - keep_ip)
        await asyncio.sleep(every)
