"""The post: what waits goes out once, through outages, refusals and crashes; what isn't wanted any more doesn't."""

import asyncio
import logging
import re
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from itertools import pairwise

import pytest

from pipeline import build
from pipeline.audience.consent import Consent
from pipeline.audience.store import open_store
from pipeline.audience.subscriber import Preferences
from pipeline.delivery import post
from pipeline.delivery.letters import Letters
from pipeline.delivery.post import Post, delay, pause
from pipeline.delivery.transport import open_transport
from pipeline.errors import BusyError
from tests import folders
from tests.delivery.mail_server import Server, free_port, silent
from tests.loops import in_a_loop

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
SENDER = "hello@blog.example.com"
READERS = [f"reader{number}@example.com" for number in range(5)]


class Clock:
    """A clock that is set by hand, and stands still unless it is let go."""

    def __init__(self):
        self.now = NOW
        self.begun = None

    def __call__(self):
        return self.now if self.begun is None else self.now + timedelta(seconds=time.monotonic() - self.begun)

    def let_go(self):
        self.begun = time.monotonic()


@pytest.fixture
def store(tmp_path):
    with open_store(f"sqlite:///{tmp_path}/audience.db", (b"k" * 32,), lambda id: f"token-{id}") as opened:
        yield opened


@pytest.fixture(scope="module")
def letters(tmp_path_factory):
    folder = folders.make(tmp_path_factory.mktemp("newsletter"))
    project = build.open_project(folder)
    return Letters(project.library.newsletter, project.environment, build.render_email, folder / "outbox")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def office(store, letters, clock):
    """A post for a port: the server there answers within a second, or never."""

    def opened(port, link=lambda mail, now: f"https://news.example.com/{mail.kind}?t={mail.subscriber_id}"):
        transport = open_transport(f"smtp://127.0.0.1:{port}?timeout=1", None, SENDER)
        return Post(store, transport, letters, link, clock)

    return opened


def said(what="asked", at=NOW):
    return Consent(what, at, "form")


def sign_up(store, *addresses):
    return [store.ask(one, "Eve", Preferences(), said(), NOW).subscriber.id for one in addresses]


def rounds(office, count=1):
    """What each round says."""

    async def going():
        return [await office.round() for _ in range(count)]

    return in_a_loop(going())


def waiting(store, now):
    """What is in the queue then; whoever asks has it for ten minutes."""
    return [(one.kind, one.address, one.tries) for one in store.claim(now, 100)]


def test_a_sign_up_is_answered(store, office):
    """A confirmation goes out at once, and after the confirmation a welcome; each of them once."""
    with Server().running() as server:
        [reader] = sign_up(store, READERS[0])
        assert rounds(office(server.port), 2) == ["more", "idle"]
        store.confirm(reader, said("confirmed"), NOW)
        assert rounds(office(server.port), 2) == ["more", "idle"]
    subjects = [message_from_bytes(message)["Subject"] for _, message in server.taken]
    assert subjects == ["Please confirm: The Quiet Hour", "Welcome to The Quiet Hour"]
    assert [to for to, _ in server.taken] == READERS[:1] * 2


def test_a_new_address_is_asked(store, office):
    """The letter about a new address goes there, and not to the old one."""
    with Server().running() as server:
        [reader] = sign_up(store, READERS[0])
        store.confirm(reader, said("confirmed"), NOW)
        rounds(office(server.port))
        store.ask_address(reader, "new@example.com", NOW)
        rounds(office(server.port))
    to, message = server.taken[-1]
    assert to == "new@example.com"
    assert b"Please confirm your new address" in message
    assert READERS[0].encode() not in message


@pytest.mark.slow
def test_an_outage_loses_nothing(store, office, clock):
    """Whatever is asked for while the server is away goes out when it is back, each once."""
    server = Server(port=free_port())
    with server.running():
        sign_up(store, READERS[0])
        assert rounds(office(server.port)) == ["more"]
    sign_up(store, *READERS[1:])
    for hours in range(100):  # for four days
        clock.now = NOW + timedelta(hours=hours)
        assert rounds(office(server.port)) == ["outage"]
    with server.running():
        clock.now += timedelta(minutes=10)
        assert rounds(office(server.port), 2) == ["more", "idle"]
    assert sorted(to for to, _ in server.taken) == READERS


def test_a_link_is_made_as_the_letter_goes(store, office, clock):
    """After an outage of days the link lives as long as ever: its time begins when the letter goes out."""
    made = []
    server = Server(port=free_port())
    sign_up(store, READERS[0])
    office = office(server.port, lambda mail, now: made.append(now) or "https://news.example.com/confirm")
    rounds(office)
    clock.now = NOW + timedelta(days=3)
    with server.running():
        rounds(office)
    assert made == [NOW + timedelta(days=3)]
    [(_, message)] = server.taken
    assert b"November 23, 2026" in message
    assert b"Date: Thu, 26 Nov 2026" in message


@pytest.mark.slow
def test_a_server_that_hangs(store, office, clock):
    """A server that doesn't answer costs one wait, not one for each letter; then all of them go."""
    sign_up(store, *READERS)
    with silent() as port:
        assert rounds(office(port)) == ["outage"]
    clock.now += timedelta(minutes=1)
    with Server().running() as server:
        assert rounds(office(server.port)) == ["more"]
    assert sorted(to for to, _ in server.taken) == READERS


def test_a_refused_reader(store, office, clock):
    """Whom the server doesn't know isn't tried again; the others get theirs."""
    sign_up(store, *READERS)
    with Server(answers={READERS[2]: "550 5.1.1 unknown"}).running() as server:
        rounds(office(server.port))
        assert [to for to, _ in server.taken] == READERS[:2] + READERS[3:]
        assert waiting(store, NOW + timedelta(days=30)) == []


def test_a_reader_put_off(store, office, clock):
    """Who is put off is tried again, at growing distances, for five days; the others get theirs at once."""
    sign_up(store, *READERS[:2])
    tried = []
    with Server(answers={READERS[0]: "450 4.2.1 full"}).running() as server:
        while clock.now - NOW <= timedelta(hours=6):
            before = len(server.commands)
            rounds(office(server.port))
            if "RCPT" in server.commands[before:]:
                tried.append(clock.now - NOW)
            clock.now += timedelta(minutes=5)
    assert [to for to, _ in server.taken] == READERS[1:2]
    gaps = [later - earlier for earlier, later in pairwise(tried)]
    assert gaps == sorted(gaps)
    assert gaps[-1] <= timedelta(hours=1, minutes=5)
    with Server(answers={READERS[0]: "450 4.2.1 full"}).running() as server:
        clock.now += timedelta(minutes=61)
        while rounds(office(server.port)) != ["idle"]:
            clock.now += timedelta(minutes=61)
    assert timedelta(days=4, hours=12) < clock.now - NOW < timedelta(days=6)


def test_put_off_after_an_outage(store, office, clock):
    """However long no server was there, a letter that one puts off then is tried for as long as any other."""
    sign_up(store, READERS[0])
    for _ in range(10):
        assert rounds(office(free_port())) == ["outage"]
        clock.now += timedelta(days=1)
    with Server(answers={READERS[0]: "450 4.2.1 grey"}).running() as server:
        rounds(office(server.port))
    clock.now += timedelta(minutes=2)
    with Server().running() as server:
        rounds(office(server.port))
    assert [to for to, _ in server.taken] == READERS[:1]


def test_delays():
    """A letter waits a minute, two, four, up to an hour; all of them wait seconds, up to five minutes."""
    assert [delay(tries) for tries in (0, 1, 2, 5, 6, 99)] == [timedelta(minutes=m) for m in (1, 2, 4, 32, 60, 60)]
    assert [pause(outages) for outages in (1, 2, 3, 99)] == [5, 10, 20, 300]


def test_a_line_that_breaks(store, office, clock):
    """Where nobody can say whether the server has it, a letter goes once more, under the same Message-ID."""
    sign_up(store, READERS[0])
    with Server(drops_after_data=1).running() as server:
        assert rounds(office(server.port)) == ["outage"]
        clock.now += timedelta(minutes=1)
        assert rounds(office(server.port), 2) == ["more", "idle"]
    ids = [message_from_bytes(message)["Message-ID"] for _, message in server.taken]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_killed_while_sending(store, office, clock):
    """Of what a killed process had taken, nothing is lost: it is due again later, and goes out then."""
    sign_up(store, *READERS)
    assert len(store.claim(NOW, 100)) == 5  # and then it is killed
    with Server().running() as server:
        assert rounds(office(server.port)) == ["idle"]
        clock.now += timedelta(minutes=11)
        assert rounds(office(server.port)) == ["more"]
    assert sorted(to for to, _ in server.taken) == READERS


def test_two_posts(store, office):
    """Two posts at one store send each letter once."""
    sign_up(store, *(f"reader{number}@example.com" for number in range(60)))
    with Server().running() as server:

        async def going():
            offices = [office(server.port) for _ in range(3)]
            while "more" in await asyncio.gather(*(one.round() for one in offices)):
                pass

        in_a_loop(going())
    assert sorted(to for to, _ in server.taken) == sorted(f"reader{number}@example.com" for number in range(60))


@pytest.mark.parametrize("what", ["confirmed", "unsubscribed", "erased", "suppressed"])
def test_what_isnt_wanted_any_more(store, office, what):
    """Who has confirmed, left, or must not be written to since, gets no confirmation."""
    [reader] = sign_up(store, READERS[0])
    if what == "confirmed":
        store.confirm(reader, said("confirmed"), NOW)
    elif what == "unsubscribed":
        store.unsubscribe(reader, said("unsubscribed"), NOW)
    elif what == "erased":
        store.erase(reader, said("erased"), NOW)
    else:
        store.suppress(READERS[0], "complaint", said("suppressed"), NOW)
    with Server().running() as server:
        rounds(office(server.port))
    subjects = [message_from_bytes(message)["Subject"] for _, message in server.taken]
    assert subjects == (["Welcome to The Quiet Hour"] if what == "confirmed" else [])


def test_a_new_address_that_is_suppressed_since(store, office):
    """A new address that must not be written to isn't, though the reader's own may be."""
    [reader] = sign_up(store, READERS[0])
    store.confirm(reader, said("confirmed"), NOW)
    store.ask_address(reader, "new@example.com", NOW)
    store.suppress("new@example.com", "complaint", said("suppressed"), NOW)
    with Server().running() as server:
        rounds(office(server.port))
    assert [to for to, _ in server.taken] == READERS[:1]


@pytest.mark.parametrize("error", [KeyError, ValueError])
def test_one_letter_that_cant_be_written(store, office, caplog, error):
    """A fault of ours in one letter puts that one off, and holds up no other; the log doesn't tell whose it is."""
    one, _ = sign_up(store, *READERS[:2])

    def link(mail, now):
        if mail.subscriber_id == one:
            raise error(mail.address)
        return "https://news.example.com/confirm"

    with Server().running() as server:
        assert rounds(office(server.port, link)) == ["more"]
        assert [to for to, _ in server.taken] == READERS[1:2]
    assert f"{error.__name__} at test_post.py" in caplog.text
    assert "@example.com" not in caplog.text
    assert waiting(store, NOW + timedelta(hours=1)) == [("confirm", READERS[0], 1)]


def test_logs_have_no_addresses(store, office, caplog):
    """Nothing that the post logs has an address or a token in it, whatever the server says."""
    caplog.set_level(logging.DEBUG, "pipeline")
    sign_up(store, *READERS)
    answers = {one: f"{code} 4.1.1 <{one}> no" for one, code in zip(READERS, (550, 450, 421), strict=False)}
    with Server(answers=answers).running() as server:
        rounds(office(server.port))
    assert "mail 1" in caplog.text
    assert not re.search(r"@|reader\d|[?]t=", caplog.text)


@contextmanager
def running(office):
    """The post at work, in the loop that is running."""
    task = asyncio.create_task(office.run())
    try:
        yield task
    finally:
        office.stop()


async def until(true):
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


def test_running(store, office, monkeypatch):
    """At work, the post sends what waits, what comes when it is woken, and ends when it is told to."""
    monkeypatch.setattr(post, "POLL", 1000.0)
    sign_up(store, READERS[0])

    async def working(server):
        one = office(server.port)
        with running(one) as task:
            await until(lambda: len(server.taken) == 1)
            sign_up(store, READERS[1])
            one.wake()
            await until(lambda: len(server.taken) == 2)
        await asyncio.wait_for(task, 5)

    with Server().running() as server:
        in_a_loop(working(server))


def test_running_through_an_outage(store, office, clock, monkeypatch, caplog):
    """At work, the post waits longer from try to try while nothing gets through, and sends all once it does."""
    monkeypatch.setattr(post, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(post, "LONGEST_PAUSE", 0.4)
    sign_up(store, *READERS)
    clock.let_go()
    server = Server(port=free_port())

    async def working():
        one = office(server.port)
        with running(one) as task:
            await until(lambda: caplog.text.count("letters wait") >= 3)
            with server.running():
                await until(lambda: len(server.taken) == 5)
        await asyncio.wait_for(task, 5)

    in_a_loop(working())
    assert sorted(to for to, _ in server.taken) == READERS


@pytest.mark.parametrize("error", [BusyError("busy"), ZeroDivisionError("reader0@example.com")])
def test_a_store_that_fails(store, office, caplog, monkeypatch, error):
    """A store that can't be used for a while doesn't end the post; what was wrong isn't told word for word."""
    monkeypatch.setattr(post, "FIRST_PAUSE", 0.01)
    sign_up(store, READERS[0])
    claim, failures = store.claim, iter([error] * 3)

    def failing(*arguments):
        for one in failures:
            raise one
        return claim(*arguments)

    monkeypatch.setattr(store, "claim", failing)

    async def working(server):
        with running(office(server.port)) as task:
            await until(lambda: server.taken)
        await asyncio.wait_for(task, 5)

    with Server().running() as server:
        in_a_loop(working(server))
    assert caplog.text.count("letters wait") == 3
    assert "@" not in caplog.text


def test_the_word_of_it_comes_late(store, office, monkeypatch):
    """A store that is busy when a letter has gone out is told again: the letter goes once."""
    monkeypatch.setattr(post, "RETRIES", (0.01, 0.01))
    sign_up(store, READERS[0])
    done, failures = store.done, iter([BusyError("busy")] * 2)

    def failing(number):
        for one in failures:
            raise one
        done(number)

    monkeypatch.setattr(store, "done", failing)
    with Server().running() as server:
        rounds(office(server.port))
    assert len(server.taken) == 1
    assert waiting(store, NOW + timedelta(days=1)) == []
