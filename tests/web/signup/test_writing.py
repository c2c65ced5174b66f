"""writing.py: the writer in a process of its own."""

import asyncio
import multiprocessing
import os
import random
import signal
import sqlite3
from contextlib import asynccontextmanager, closing
from functools import partial

import pytest

from pipeline.audience.store import Confirm, SignUp, Unsubscribe, open_store
from pipeline.audience.subscriber import Preferences
from pipeline.errors import DiskError
from pipeline.web.signup import processes
from pipeline.web.signup.gathering import Gathering
from pipeline.web.signup.writing import WriterProcess
from tests.audience.conftest import SECRET, sign
from tests.audience.saying import NOW, said
from tests.loops import in_a_loop
from tests.web.signup.serving import SECONDS

# Each test starts processes.
pytestmark = pytest.mark.slow


@pytest.fixture
def opened(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "PAUSE", 0.01)
    return partial(open_store, f"sqlite:///{tmp_path / 'a.db'}", [SECRET], sign)


@pytest.fixture
def store(opened):
    with opened() as store:
        yield store


@asynccontextmanager
async def writing(store, opened):
    writer = WriterProcess(store, opened)
    task = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        writer.stop()
        await asyncio.wait_for(task, SECONDS)


async def there(writer):
    async with asyncio.timeout(SECONDS):
        while not writer._is_there:
            await asyncio.sleep(0.005)


def sign_up(name):
    return SignUp(f"{name}@example.com", "", Preferences(language="en"), said("asked"), NOW)


def pid():
    (found,) = (one.pid for one in multiprocessing.active_children())
    return found


def refuse(*_):
    raise AssertionError("this process has written")


def test_written_there(store, opened, monkeypatch):
    """What is asked is written by the process, which answers as the store does, also with what is wrong."""

    async def asking():
        async with writing(store, opened) as writer:
            await there(writer)
            with monkeypatch.context() as patched:
                patched.setattr(store, "do_all", refuse)
                first = await writer.do_all([sign_up("ann"), sign_up("two words"), sign_up("ann")])
                return first, await writer.do_all([Confirm(1, said("confirmed"), NOW), Unsubscribe(7, said("x"), NOW)])

    (ann, wrong, again), (confirmed, nobody) = in_a_loop(asking())
    assert (ann.kind, type(wrong), again.kind, again.subscriber.id) == ("mail", ValueError, "quiet", ann.subscriber.id)
    assert (confirmed, nobody) == (store.by_id(1), None)
    assert [one.consent.what for one in store.consents()] == ["asked", "confirmed"]
    assert multiprocessing.active_children() == []


def test_before_it_is_there(store, opened):
    """Whoever asks while the process begins is written down by this one."""

    async def asking():
        async with writing(store, opened) as writer:
            (asked,) = await writer.do_all([sign_up("ann")])
            await there(writer)
            return asked, await writer.do_all([sign_up("ann")])

    asked, (again,) = in_a_loop(asking())
    assert (asked.kind, again.kind) == ("mail", "quiet")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_killed_while_it_writes(store, opened, caplog, number):
    """Whose wish the process has taken away with it, or has never read, is answered by this one."""

    async def asking():
        async with writing(store, opened) as writer:
            await there(writer)
            os.kill(pid(), number)
            asked = asyncio.create_task(writer.do_all([sign_up("ann")]))
            await asyncio.sleep(0.05)
            if not asked.done():
                os.kill(pid(), signal.SIGKILL)
            (answer,) = await asyncio.wait_for(asked, SECONDS)
            await there(writer)
            return answer, await writer.do_all([sign_up("ann"), sign_up("bob")])

    answer, (again, bob) = in_a_loop(asking())
    assert [one.kind for one in (answer, again, bob)] == ["mail", "quiet", "mail"]
    assert caplog.messages == ["the writer has ended, with exit code -9; it begins anew"]
    assert store.verify() is None


def test_what_the_database_refuses(store, opened, tmp_path):
    """What goes wrong with the database there is told as it would be here."""

    async def asking():
        async with writing(store, opened) as writer:
            await there(writer)
            with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
                other.execute("DROP TABLE head")
            return await writer.do_all([sign_up("ann"), sign_up("bob")])

    assert [type(one) for one in in_a_loop(asking())] == [DiskError] * 2


def test_killed_again_and_again(store, opened):
    """However often the process is killed, everybody has an answer, and what it says is so, once."""
    people, chance = 300, random.Random(5)

    async def one(gathering, number):
        await asyncio.sleep(chance.random() * 6)
        asked = (await gathering.write(sign_up(f"r{number}"))).subscriber
        await gathering.write(Confirm(asked.id, said("confirmed"), NOW))
        await asyncio.sleep(chance.random() * 2)
        left = await gathering.write(Unsubscribe(asked.id, said("unsubscribed"), NOW))
        return left.id, left.state

    async def kill(writer):
        for _ in range(12):
            await there(writer)
            await asyncio.sleep(chance.random() * 0.05)
            for one in multiprocessing.active_children():
                one.kill()

    async def asking():
        async with writing(store, opened) as writer:
            gathering = Gathering(writer.do_all, 64)
            killing = asyncio.create_task(kill(writer))
            found = await asyncio.gather(*(one(gathering, number) for number in range(people)))
            await asyncio.wait_for(killing, SECONDS)
            return found

    assert {state for _, state in in_a_loop(asking())} == {"unsubscribed"}
    said_of = {}
    for entry in store.consents():
        said_of.setdefault(entry.subscriber, []).append(entry.consent.what)
    assert list(said_of.values()) == [["asked", "confirmed", "unsubscribed"]] * people
    assert store.verify() is None
