"""The post in a process of its own: letters are written and sent beside the answers, and not in their time.

The process ends with the service, also where that is killed: it reads from a pipe whose other end only the service has.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from pipeline.delivery.post import Post
from pipeline.web.signup.guard import told

log = logging.getLogger("pipeline.signup")
# Seconds until a process that has ended by itself is followed by another one.
PAUSE = 5.0
# Whoever waits for an answer comes before whoever waits for a letter.
_NICE = 10
Opened = Callable[[], AbstractContextManager[Post]]


class PostProcess:
    """A Post elsewhere. ``opened`` opens it there, so that it has to be a function of a module, or a partial of one."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._wakes: Connection | None = None
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Until ``stop``; a process that ends before is followed by another one."""
        while not self._stopping.is_set():
            try:
                ended = f"has ended, with exit code {await self._work()}"
            except Exception as error:  # the system has no room for another process, or not yet
                ended = f"can't begin: {told(error)}"
            if not self._stopping.is_set():
                log.error("the post %s; it begins anew", ended)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), PAUSE)

    def wake(self) -> None:
        """A letter waits."""
        if self._wakes is not None:
            with suppress(BlockingIOError, BrokenPipeError):  # it is awake, or gone
                os.write(self._wakes.fileno(), b"\0")

    def stop(self) -> None:
        """The letter that is under way is finished."""
        self._stopping.set()
        self._close()

    async def _work(self) -> int | None:
        """With one process, until it ends: its exit code."""
        try:
            process = self._start()
            try:
                await asyncio.to_thread(process.join)
            finally:
                process.kill()  # where nobody waits for its last letter any more
            return process.exitcode
        finally:
            self._close()

    def _start(self) -> BaseProcess:
        own = multiprocessing.get_context("spawn")  # a fork of a process with threads may have their locks
        reading, self._wakes = own.Pipe(duplex=False)
        os.set_blocking(self._wakes.fileno(), False)
        process = own.Process(target=_work, args=(self._opened, reading), name="post")
        with reading, _undisturbed():
            process.start()
        return process

    def _close(self) -> None:
        if self._wakes is not None:
            self._wakes.close()
            self._wakes = None


@contextmanager
def _undisturbed() -> Iterator[None]:
    """What Ctrl-C and a service manager tell all processes at once is for the service to hear: a process that begins in
    the block never does, not even before it has a line of ours."""
    resource_tracker.ensure_running()  # which would end what is done here
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(opened: Opened, wakes: Connection) -> None:
    os.nice(_NICE)
    try:
        with opened() as post:
            asyncio.run(_run(post, wakes))
    except Exception as error:
        log.error("no letters go out: %s", told(error))
        raise SystemExit(1) from None


async def _run(post: Post, wakes: Connection) -> None:
    loop = asyncio.get_running_loop()

    def heard() -> None:
        if os.read(wakes.fileno(), 65_536):
            post.wake()
        else:
            loop.remove_reader(wakes.fileno())
            post.stop()

    loop.add_reader(wakes.fileno(), heard)
    await post.run()
