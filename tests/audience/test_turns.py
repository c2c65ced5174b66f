"""Turns: writes from many threads, one transaction after the other."""

from __future__ import annotations

import threading

import pytest

from pipeline.audience.store.turns import Turns
from pipeline.errors import BusyError


class Log:
    """A database of a sort: works append to a list, a failed transaction takes that back."""

    def __init__(self):
        self.done, self.sizes, self.gate = [], [], threading.Event()
        self.gate.set()

    def transact(self, works):
        self.gate.wait()
        before = list(self.done)
        try:
            answers = [work(self.done) for work in works]
        except BaseException:
            self.done[:] = before
            raise
        self.sizes.append(len(works))
        return answers


def add(number):
    def work(done):
        if number < 0:
            raise ValueError(f"not {number}")
        done.append(number)
        return number * 2

    return work


def all_at_once(log, numbers):
    """Each from a thread of its own, and so that all of them wait at once; what they got."""
    turns, got = Turns(log.transact), {}

    def client(number):
        try:
            got[number] = turns.do(add(number))
        except Exception as error:
            got[number] = str(error)

    log.gate.clear()
    threads = [threading.Thread(target=client, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    while len(turns._waiting) < len(numbers) - 1:
        pass
    log.gate.set()
    for thread in threads:
        thread.join()
    return got


def test_one_alone():
    """A write has its own answer and its own error."""
    log = Log()
    turns = Turns(log.transact)
    assert [turns.do(add(number)) for number in (1, 2)] == [2, 4]
    with pytest.raises(ValueError, match="not -1"):
        turns.do(add(-1))
    assert turns.do(add(3)) == 6
    assert log.done == [1, 2, 3]


def test_many_share_a_transaction():
    """Those that wait while one is written are written together, at most so many, each with its own answer."""
    log = Log()
    numbers = list(range(1, 151))
    assert all_at_once(log, numbers) == {number: number * 2 for number in numbers}
    assert sorted(log.done) == numbers
    assert len(log.sizes) == 4
    assert max(log.sizes) == 64


def test_the_one_at_fault_fails_alone():
    """Of those that share a transaction, each fails for its own reason only, and none is done twice."""
    log = Log()
    got = all_at_once(log, [1, -2, 3, -4, 5])
    assert got == {1: 2, -2: "not -2", 3: 6, -4: "not -4", 5: 10}
    assert sorted(log.done) == [1, 3, 5]


def test_what_fails_for_all_is_told_to_all():
    """Where the database is busy, none of those that wait tries again by itself."""
    calls = []

    def transact(works):
        calls.append(len(works))
        raise BusyError("busy")

    turns = Turns(transact)
    for _ in range(2):
        with pytest.raises(BusyError):
            turns.do(add(1))
    assert calls == [1, 1]


def test_stopped():
    """Who writes for all and is stopped doesn't leave the others waiting."""

    def transact(works):
        raise KeyboardInterrupt

    turns = Turns(transact)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            turns.do(add(1))


def test_all_of_one_thread():
    """Works that one thread brings are done in one transaction, and each gets its own answer or its own error."""
    log = Log()
    turns = Turns(log.transact)
    assert turns.do_all([add(number) for number in range(60)]) == [number * 2 for number in range(60)]
    assert log.sizes == [60]
    one, wrong, other = turns.do_all([add(100), add(-1), add(101)])
    assert (one, str(wrong), other) == (200, "not -1", 202)
    assert log.done == [*range(60), 100, 101]


def test_threads_that_bring_many():
    """Several threads that bring more than one transaction takes all get their answers, in order."""
    log, got = Log(), {}
    turns = Turns(log.transact)

    def client(first):
        got[first] = turns.do_all([add(number) for number in range(first, first + 150)])

    threads = [threading.Thread(target=client, args=(first,)) for first in range(0, 1500, 150)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(got[first] == [number * 2 for number in range(first, first + 150)] for first in got)
    assert sorted(log.done) == list(range(1500))
    assert max(log.sizes) == 64
