"""The writer in a process of its own: what many ask for at once is written beside the answers.

A thread that writes, row by row, and the one that answers take Python's lock from each other for every row, so that one
of them stands still while the other works.
"""

from __future__ import annotations

import asyncio
import copyreg
import gc
import pickle
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import fields
from functools import partial
from multiprocessing.connection import Connection
from operator import attrgetter
from typing import Any

from pipeline.audience.consent import Consent
from pipeline.audience.store import Confirm, SignUp, Store, Unsubscribe
from pipeline.audience.subscriber import Asked, Preferences, Subscriber
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
                self._connection.send_bytes(pickle.dumps(wishes))
                return await self._answer
        return await asyncio.to_thread(self._store.do_all, wishes)

    def begun(self, connection: Connection) -> None:
        asyncio.get_running_loop().add_reader(connection.fileno(), self._hear, connection)

    def ending(self, connection: Connection) -> None:
        self._lose(connection, EOFError())

    def _hear(self, connection: Connection) -> None:
        """First that it is there, then its answers; it has ended where there is nothing to read."""
        try:
            heard = pickle.loads(connection.recv_bytes())
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
        wishes.send_bytes(pickle.dumps(()))
        while True:
            wishes.send_bytes(pickle.dumps(store.do_all(pickle.loads(wishes.recv_bytes()))))


def _pickle_at_once(kind: type) -> None:
    """By its values in their order: a dataclass with slots would be asked for its fields each time, which takes longer
    than all the rest."""
    values = attrgetter(*(field.name for field in fields(kind)))
    copyreg.pickle(kind, lambda one: (kind, values(one)))


for _kind in (SignUp, Confirm, Unsubscribe, Consent, Preferences, Asked, Subscriber):
    _pickle_at_once(_kind)
