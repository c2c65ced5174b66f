"""A process that is killed while people confirm and leave: what it has answered is there, nothing is half there."""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from datetime import timedelta
from multiprocessing.connection import Connection

import pytest

from pipeline.audience.store import Confirm, Unsubscribe, open_store
from pipeline.audience.subscriber import Preferences
from tests.audience.conftest import SECRET, sign
from tests.audience.saying import NOW, said

PEOPLE, AT_ONCE, KILLS = 2000, 400, 200
FOLLOWING = {"pending": "confirmed", "confirmed": "unsubscribed", "unsubscribed": "unsubscribed"}
HOUR = timedelta(hours=1)
# A server that has all imported, and makes a process of itself for each that is to be killed.
processes = multiprocessing.get_context("forkserver")


def child(url: str, first: int, last: int, answers: Connection) -> None:
    """Confirm or unsubscribe each of these people in three threads, one or several at once, and say so after each."""
    saying = threading.Lock()

    def wish(number: int) -> Confirm | Unsubscribe:
        if store.by_id(number).state == "pending":
            return Confirm(number, said("confirmed"), NOW)
        return Unsubscribe(number, said("unsubscribed", "one-click"), NOW)

    def work(numbers: range, at_once: int) -> None:
        for begin in range(0, len(numbers), at_once):
            some = numbers[begin : begin + at_once]
            for number, found in zip(some, store.do_all([wish(one) for one in some]), strict=True):
                with saying:
                    answers.send((number, found.state))

    with open_store(url, [SECRET], sign) as store:
        answers.send(None)
        threads = [threading.Thread(target=work, args=(range(first + n, last, 3), 1 + 3 * n)) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


@pytest.mark.slow
def test_killed(url):
    """After each of 200 kills nothing is half done, the log is whole, and nobody who was answered is lost."""
    processes.set_forkserver_preload([__name__])
    chance = random.Random(7)
    with open_store(url, [SECRET], sign) as store:
        for number in range(PEOPLE):
            store.ask(f"r{number}@example.com", "", Preferences(), said("asked"), NOW)
    states = dict.fromkeys(range(1, PEOPLE + 1), "pending")
    changed = 0
    for hours in range(1, KILLS + 1):
        first = chance.randrange(1, PEOPLE - AT_ONCE)
        answered = killed(url, first, first + AT_ONCE, chance.uniform(0, 0.08))
        changed += len(answered)
        states = checked(url, states, answered, hours)
    assert changed > KILLS


def killed(url: str, first: int, last: int, seconds: float) -> dict[int, str]:
    """What a child has answered for these people until it was killed."""
    ours, its = processes.Pipe(duplex=False)
    process = processes.Process(target=child, args=(url, first, last, its))
    process.start()
    its.close()
    assert ours.recv() is None
    time.sleep(seconds)
    process.kill()
    found = {}
    try:
        while True:
            number, state = ours.recv()
            found[number] = state
    except (EOFError, OSError):  # the last answer may have been cut off
        pass
    process.join()
    ours.close()
    return found


def checked(url: str, before: dict[int, str], answered: dict[int, str], hours: int) -> dict[int, str]:
    """The states that people are in: those that were answered; of the others, as before, or one step further."""
    with open_store(url, [SECRET], sign) as store:
        # First, for it waits for what a server may still be committing. Those claimed an hour ago are due again.
        claimed = store.claim(NOW + hours * HOUR, PEOPLE)
        now = {person.id: person.state for person in store.subscribers()}
        assert store.verify() is None
        logged: dict[int, list[str]] = {}
        for one in store.consents():
            logged.setdefault(one.subscriber, []).append(one.consent.what)
    assert now.keys() == before.keys()
    for number, state in now.items():
        if number in answered:
            assert state == answered[number]
        assert state in (before[number], FOLLOWING[before[number]])
        assert logged[number] == ["asked", "confirmed", "unsubscribed"][: 1 + list(FOLLOWING).index(state)]
    due = {"pending": "confirm", "confirmed": "welcome"}
    waiting = sorted((one.subscriber_id, one.kind) for one in claimed)
    assert waiting == sorted((number, due[state]) for number, state in now.items() if state in due)
    return now
