"""Work of the service's in a process of its own, beside the answers and not in their time.

The process ends with the service, also where that is killed: it has a connection whose other end only the service has.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from pipeline.web.signup.guard import told

log = logging.getLogger("pipeline.signup")
# Seconds until a process that has ended by itself is followed by another one.
PAUSE = 5.0
Work = Callable[[Connection], None]


class ServiceProcess:
    """``work`` is done elsewhere, until its end of the connection has nothing more to read: it has to be a function of
    a module, or a partial of one."""

    def __init__(self, name: str, work: Work) -> None:
        self._name, self._work = name, work
        self._connection: Connection | None = None
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Until ``stop``; a process that ends before is followed by another one."""
        while not self._stopping.is_set():
            try:
                ended = f"has ended, with exit code {await self._one()}"
            except Exception as error:  # the system has no room for another process, or not yet
                ended = f"can't begin: {told(error)}"
            if not self._stopping.is_set():
                log.error("the %s %s; it begins anew", self._name, ended)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), PAUSE)

    def stop(self) -> None:
        """What is under way there is finished."""
        self._stopping.set()
        self._close()

    def begun(self, connection: Connection) -> None:
        """There is a process, at the other end of this."""

    def ending(self, connection: Connection) -> None:
        """The connection is about to be closed."""

    async def _one(self) -> int | None:
        """With one process, until it ends: its exit code."""
        try:
            process = self._start()
            try:
                await asyncio.to_thread(process.join)
            finally:
                process.kill()  # where nobody waits for it any more
            return process.exitcode
        finally:
            self._close()

    def _start(self) -> BaseProcess:
        own = multiprocessing.get_context("spawn")  # a fork of a process with threads may have their locks
        self._connection, theirs = own.Pipe()
        process = own.Process(target=_work, args=(self._name, self._work, theirs), name=self._name)
        with theirs, _undisturbed():
            process.start()
        self.begun(self._connection)
        return process

    def _close(self) -> None:
        if self._connection is not None:
            self.ending(self._connection)
            self._connection.close()
            self._connection = None


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


def _work(name: str, work: Work, connection: Connection) -> None:
    try:
        work(connection)
    except Exception as error:
        log.error("the %s can't go on: %s", name, told(error))
        raise SystemExit(1) from None
