"""What many requests want written at once -> one transaction, and one thread that waits for it.

Fifty threads that each wait for the disk keep each other, and the loop that answers, from work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

Wish = TypeVar("Wish")


class Gathering(Generic[Wish]):
    """``write_all`` answers to each of the wishes, of which it gets so many at a time at most, or gives the exception
    that it has raised."""

    def __init__(self, write_all: Callable[[Sequence[Wish]], Awaitable[Sequence[Any]]], most: int) -> None:
        self._write_all = write_all
        self._most = most
        self._waiting: list[tuple[Wish, asyncio.Future[Any]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, wish: Wish) -> Any:
        """The answer to it. Whoever comes while others are being written down shares the next transaction."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((wish, answer))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return await answer

    async def _write(self) -> None:
        while self._waiting:
            wishes, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            try:
                answers = await self._write_all([wish for wish, _ in wishes])
                for (_, waiting), answer in zip(wishes, answers, strict=True):
                    _settle(waiting, answer)
            except Exception as error:  # whatever it is: nobody waits for ever, and the next are written
                for _, waiting in wishes:
                    _settle(waiting, error)
        self._writing = None


def _settle(waiting: asyncio.Future[Any], answer: Any) -> None:
    if waiting.done():
        return  # the client has gone
    if isinstance(answer, BaseException):
        waiting.set_exception(answer)
    else:
        waiting.set_result(answer)
