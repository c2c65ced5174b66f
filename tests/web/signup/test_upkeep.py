"""upkeep.py: what the service does besides answering."""

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.audience.consent import Consent
from pipeline.audience.store import open_store
from pipeline.audience.subscriber import Preferences
from pipeline.errors import BusyError
from pipeline.settings import Settings
from pipeline.web.signup.upkeep import forget, look_again, overwrite
from tests.loops import in_a_loop

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
SAID = Consent("asked", NOW, "form", wording="Yes", ip="203.0.113.7", language="en")
SETTINGS = Settings("", (), keep_ip_days=30, keep_unconfirmed_days=7)


@pytest.fixture
def store(tmp_path):
    with open_store(f"sqlite:///{tmp_path}/audience.db", [b"x" * 32], str) as opened:
        yield opened


async def until(is_so):
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.01)


def test_origins_are_forgotten(store):
    """Where people signed up from is forgotten after the days that it is kept, though the store was busy before."""
    clock, busy = [NOW], [BusyError("busy")]
    number = store.ask("dan@example.com", "", Preferences(), SAID, NOW).subscriber.id
    store.confirm(number, replace(SAID, what="confirmed", ip=""), NOW)
    forget_origins = store.forget_origins

    def forgets(before):
        if busy:
            raise busy.pop()
        return forget_origins(before)

    async def working():
        task = asyncio.create_task(forget(store, lambda: clock[0], SETTINGS, every=0.01))
        await asyncio.sleep(0.1)
        kept = store.consents_of(number)[0].consent.ip
        clock[0] += timedelta(days=31)
        await until(lambda: not store.consents_of(number)[0].consent.ip)
        task.cancel()
        return kept

    store.forget_origins = forgets
    assert in_a_loop(working()) == "203.0.113.7"
    assert busy == []


@pytest.mark.slow
def test_who_never_confirms_is_forgotten(store, caplog):
    """All who haven't confirmed are forgotten after the days that they are kept, however many, and the log says how
    many, once; who has confirmed stays."""
    clock = [NOW]
    numbers = [
        store.ask(f"r{n}@example.com", "", Preferences(), replace(SAID, ip=""), NOW).subscriber.id for n in range(600)
    ]
    store.confirm(numbers[0], replace(SAID, what="confirmed", ip=""), NOW)

    async def working():
        task = asyncio.create_task(forget(store, lambda: clock[0], SETTINGS, every=0.01))
        clock[0] += timedelta(days=7)
        await asyncio.sleep(0.1)
        kept = store.counts()["pending"]
        clock[0] += timedelta(seconds=1)
        await until(lambda: caplog.messages)
        await asyncio.sleep(0.1)
        task.cancel()
        return kept

    with caplog.at_level(logging.INFO, "pipeline"):
        assert in_a_loop(working()) == 599
    assert store.counts() == {"pending": 0, "confirmed": 1, "unsubscribed": 0}
    assert caplog.messages == ["forgotten: 599 who haven't confirmed"]


def test_forgetting_goes_on(store, caplog):
    """Whatever it was that kept it from forgetting, and is told once, it tries again."""
    numbers = [store.ask(f"r{n}@example.com", "", Preferences(), SAID, NOW).subscriber.id for n in range(2)]
    wrong = [RuntimeError("r1@example.com"), BusyError("busy")]
    forget_unconfirmed, forget_origins = store.forget_unconfirmed, store.forget_origins

    def failing(forget):
        def forgets(*arguments):
            if wrong:
                raise wrong.pop()
            return forget(*arguments)

        return forgets

    async def working():
        task = asyncio.create_task(forget(store, lambda: NOW + timedelta(days=40), SETTINGS, every=0.01))
        await until(lambda: not store.by_id(numbers[0]) and not store.consents_of(numbers[0])[0].consent.ip)
        task.cancel()

    store.forget_unconfirmed, store.forget_origins = failing(forget_unconfirmed), failing(forget_origins)
    in_a_loop(working())
    assert [message.partition(" at ")[0] for message in caplog.messages][:2] == [
        "internet addresses that are old aren't forgotten: BusyError",
        "who hasn't confirmed isn't forgotten: RuntimeError",
    ]
    assert "r1@" not in caplog.text


def test_overwriting(store):
    """Copies of those who were erased go by and by, whoever has erased them."""
    calls = []
    store.overwrite_erased = lambda: calls.append("again")

    async def working():
        task = asyncio.create_task(overwrite(store, every=0.01))
        await until(lambda: len(calls) > 2)
        task.cancel()

    in_a_loop(working())


def test_looking_goes_on(caplog):
    """A look that fails is followed by others, and the log has no word of what was read."""
    looks = []

    def look():
        looks.append(len(looks))
        if len(looks) == 1:
            raise ValueError("ann@example.com")

    async def working():
        task = asyncio.create_task(look_again(look, every=0.01))
        await until(lambda: len(looks) > 2)
        task.cancel()

    in_a_loop(working())
    (message,) = caplog.messages
    assert message.startswith("what is new in content/ isn't seen: ValueError at upkeep.py")
    assert "ann@" not in message
