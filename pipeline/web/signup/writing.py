"""The writer in a process of its own: what many ask for at once is written beside the answers.

A thread that writes, row by row, and the one that answers take Python's lock from each other for every row, so that one
of them stands still while the other works.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from pipeline.audience.store import Store
from pipeline.web.signup.processes import ServiceProcess

Opened = Callable[[], Store]


class WriterProcess(ServiceProcess):
    """A Store elsewhere, which ``opened`` opens there. While there is none, be it not yet or not any more, ``store``
    writes: each wish is one that changes nothing the second time, and so can be written again where nobody knows
    whether it has been."""

    def __init__(self, store: Store, opened: Opened) -> None:
        super().__init__("writer", partial(_write, opened))
        self._store = store
        self._is_there = False
        self._answer: asyncio.Future[Sequence[Any]] | None = None

    async def do_all(self, wishes: Sequence[Any]) -> Sequence[Any]:
        """As the store's ``do_all``. One at a time."""
        if self._is_there and self._connection is not None:
            # Until its answer has come, it is asked nothing else.
            self._is_there = False
            self._answer = asyncio.get_running_loop().create_future()
            with suppress(EOFError, OSError):
                self._connection.send(wishes)
                return await self._answer
        return await asyncio.to_thread(self._store.do_all, wishes)

    def begun(self, connection: Connection) -> None:
        asyncio.get_running_loop().add_reader(connection.fileno(), self._hear, connection)

    def ending(self, connection: Connection) -> None:
        self._lose(connection, EOFError())

    def _hear(self, connection: Connection) -> None:
        """First that it is there, then its answers; it has ended where there is nothing to read."""
        try:
            heard = connection.recv()
        except (EOFError, OSError) as error:
            self._lose(connection, error)
            return
        self._is_there = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(heard)

    def _lose(self, connection: Connection, error: Exception) -> None:
        asyncio.get_running_loop().remove_reader(connection.fileno())
        self._is_there = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


def _write(opened: Opened, wishes: Connection) -> None:
    with opened() as store, suppress(EOFError, ConnectionError):  # the service has ended
        # What is there now stays: looking through it for garbage would hold up everybody, again and again.
        gc.collect()
        gc.freeze()
        wishes.send(())
        while True:
            wishes.send(store.do_all(wishes.recv()))
