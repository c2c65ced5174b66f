"""web/signup/worker.py: mails that wait go out, and what goes wrong loses none."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.audience.consent import Consent
from pipeline.audience.store import open_store
from pipeline.audience.subscriber import Preferences
from pipeline.delivery.transport import Envelope
from pipeline.errors import DeferredError, RefusedError, TransportError
from pipeline.web.signup.worker import Worker
from tests.loops import in_a_loop

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


class Post:
    """A transport that notes what it is given, and refuses as it is told."""

    def __init__(self):
        self.sent, self.faults = [], []

    @asynccontextmanager
    async def connected(self):
        async def send(envelope):
            if self.faults:
                fault = self.faults.pop(0)
                if fault:
                    raise fault
            self.sent.append(envelope.to)

        yield send


@pytest.fixture
def store(tmp_path):
    with open_store(f"sqlite:///{tmp_path}/audience.db", [b"x" * 32], str) as store:
        for name in ("ana", "ben", "cem"):
            said = Consent("asked", NOW, "form", wording="Yes", language="en")
            store.ask(f"{name}@example.com", "", Preferences(), said, NOW)
        yield store


@pytest.fixture
def clock():
    return [NOW]


@pytest.fixture
def worker(store, clock):
    def letter(one):
        return Envelope(f"{one.kind}-{one.id}", one.address, b"")

    return Worker(store, Post(), letter, lambda: clock[0])


def runs(work):
    """In a thread of its own: the browser of other tests has a loop in this one."""
    return in_a_loop(asyncio.wait_for(work(), 10))


def sends(worker):
    return runs(worker.send_all)


def test_sent_once(worker):
    assert sends(worker) == 3
    assert worker.transport.sent == ["ana@example.com", "ben@example.com", "cem@example.com"]
    assert sends(worker) == 0


def test_slow_server(worker, store, clock):
    """What a slow server leaves no time for is given back before anybody else may take it, and goes out later."""
    letter = worker.letter

    def slowly(one):
        clock[0] += timedelta(minutes=3)
        return letter(one)

    worker.letter = slowly
    assert sends(worker) == 2
    assert store.claim(clock[0], 10) == []
    clock[0] += timedelta(minutes=1)
    assert sends(worker) == 1
    assert worker.transport.sent == ["ana@example.com", "ben@example.com", "cem@example.com"]


def test_outage(worker, clock):
    """What couldn't go out goes out later, each time after a longer wait."""
    worker.transport.faults = [None, TransportError("the mail server was lost")]
    assert sends(worker) == 1
    clock[0] += timedelta(seconds=14)
    assert sends(worker) == 0
    clock[0] += timedelta(seconds=1)
    worker.transport.faults = [TransportError("still")]
    assert sends(worker) == 0
    clock[0] += timedelta(seconds=29)
    assert sends(worker) == 0
    clock[0] += timedelta(seconds=1)
    assert sends(worker) == 2
    assert sorted(worker.transport.sent) == ["ana@example.com", "ben@example.com", "cem@example.com"]


def test_long_outage(worker, clock):
    """After days it is still tried every hour."""
    for _ in range(100):
        worker.transport.faults = [TransportError("away")]
        sends(worker)
        clock[0] += timedelta(hours=1)
    assert sends(worker) == 3


def test_one_at_fault(worker, clock):
    """A mail that is deferred waits; one that is refused is given up; the others go out."""
    worker.transport.faults = [DeferredError("450"), RefusedError("550")]
    assert sends(worker) == 3
    assert worker.transport.sent == ["cem@example.com"]
    clock[0] += timedelta(hours=2)
    assert sends(worker) == 1
    assert worker.transport.sent == ["cem@example.com", "ana@example.com"]


def test_letter_at_fault(worker, clock):
    """A template that is broken for a while loses nothing."""
    good, worker.letter = worker.letter, lambda one: 1 / 0
    assert sends(worker) == 3
    worker.letter = good
    clock[0] += timedelta(minutes=1)
    assert sends(worker) == 3
    assert len(worker.transport.sent) == 3


def test_not_wanted(worker, store):
    """Whoever is gone by then gets nothing."""
    worker.letter = lambda one: None
    assert sends(worker) == 3
    assert worker.transport.sent == []
    assert sends(worker) == 0


def test_runs_on(worker):
    """It goes on by itself, also after a fault of the database."""
    claim, faults = worker.store.claim, [RuntimeError("gone")]

    def claimed(now, limit):
        if faults:
            raise faults.pop()
        return claim(now, limit)

    async def run():
        running = asyncio.create_task(worker.run())
        while len(worker.transport.sent) < 3:
            await asyncio.sleep(0.01)
            worker.wake()
        running.cancel()

    worker.store.claim = claimed
    runs(run)
    assert faults == []


def test_tidies_up(worker, store, clock):
    """Where people signed up from is forgotten after the days that it is kept, also while the service runs."""
    said = Consent("asked", NOW, "form", wording="Yes", ip="203.0.113.7", language="en")
    number = store.ask("dan@example.com", "", Preferences(), said, NOW).subscriber.id

    async def run(until):
        running = asyncio.create_task(worker.run())
        while not until():
            await asyncio.sleep(0.01)
            worker.wake()
        running.cancel()

    runs(lambda: run(lambda: len(worker.transport.sent) == 4))
    assert store.consents_of(number)[0].consent.ip == "203.0.113.7"
    clock[0] += timedelta(days=31)
    runs(lambda: run(lambda: store.consents_of(number)[0].consent.ip == ""))
