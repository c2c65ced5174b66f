"""Writes from many threads -> one transaction after the other, each with all the writes that were waiting for it. Pure.

A database is made durable once a transaction, and that is what writes wait for: fifty at once wait no longer than one.
An answer is given after the commit, so that whatever was answered is there to stay. There is no thread for it: of the
threads that wait, the first writes for all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from pipeline.errors import PipelineError

Result = TypeVar("Result")
Work = Callable[[Any], Any]
# In a transaction: more of them make the first wait for the last.
AT_ONCE = 64


class _Ticket:
    """A write that waits: ``woken`` is released when it has an answer, or when its thread is to write for all."""

    __slots__ = ("answer", "done", "error", "woken", "work")

    def __init__(self, work: Work) -> None:
        self.work = work
        self.woken = threading.Lock()
        self.woken.acquire()
        self.done = False
        self.answer: Any = None
        self.error: BaseException | None = None


class Turns(Generic[Result]):
    """``transact`` does all of the works that it is given in one transaction and returns their answers, or raises and
    has done nothing at all. Then each of them is done on its own, so that the one at fault fails alone."""

    def __init__(self, transact: Callable[[Sequence[Work]], list[Any]]) -> None:
        self._transact = transact
        self._guard = threading.Lock()
        self._waiting: list[_Ticket] = []
        self._led = False

    def do(self, work: Callable[[Any], Result]) -> Result:
        """The work's answer, once it is committed. Works may be done twice, and only the second time count."""
        answer = self.do_all((work,))[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def do_all(self, works: Sequence[Callable[[Any], Result]]) -> list[Result | BaseException]:
        """For each work its answer, or what it raised; as if each had a thread of its own."""
        tickets = [_Ticket(work) for work in works]
        with self._guard:
            self._waiting.extend(tickets)
            leads, self._led = not self._led, True
        for ticket in tickets:
            if not leads:
                ticket.woken.acquire()
            leads = False
            if not ticket.done:
                self._lead()
        return [ticket.answer if ticket.error is None else ticket.error for ticket in tickets]

    def _lead(self) -> None:
        with self._guard:
            tickets, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
        try:
            self._answer(tickets)
        finally:
            with self._guard:
                following = self._waiting[0] if self._waiting else None
                self._led = following is not None
            for ticket in tickets:
                if not ticket.done:  # the leader itself was stopped
                    ticket.done, ticket.error = True, RuntimeError("stopped while writing")
                ticket.woken.release()
            if following:
                following.woken.release()

    def _answer(self, tickets: Sequence[_Ticket]) -> None:
        try:
            answers = self._transact([ticket.work for ticket in tickets])
        except Exception as error:
            # What the disk or another process refuses one of them, it refuses all.
            if len(tickets) == 1 or isinstance(error, PipelineError):
                for ticket in tickets:
                    ticket.error, ticket.done = error, True
                return
            for ticket in tickets:
                self._answer([ticket])
            return
        for ticket, answer in zip(tickets, answers, strict=True):
            ticket.answer, ticket.done = answer, True
