"""The store, on each database: who is on the list, what becomes of it, and what stays of whom."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from unittest.mock import Mock

import pytest
from sqlalchemy import create_engine, event, inspect, text

from pipeline.audience.consent import Consent
from pipeline.audience.store import (
    FIELDS,
    Confirm,
    SignUp,
    Unsubscribe,
    checkpoints,
    importing,
    open_store,
    people,
    queue,
    withdrawing,
)
from pipeline.audience.subscriber import NewReader, Preferences, Withdrawal
from tests.audience.conftest import SECRET, sign
from tests.audience.saying import DAY, NOW, confirmed, pending, readers, said


def kinds(store, now=NOW):
    """The kinds of mail that are due, taken out of the queue."""
    found = store.claim(now, 100)
    for one in found:
        store.done(one.id)
    return [one.kind for one in found]


def log(store):
    return [(one.subscriber, one.consent.what) for one in store.consents()]


def test_sign_up(store):
    """A new address is pending, with what was asked for, and a confirmation mail waits for it."""
    wish = Preferences(("sleep", "focus"), "calm", ("story",), "10", "weekly", date(2026, 6, 1), "de")
    asked = store.ask(" Ann@EXAMPLE.com", "  Ann \n Lee ", wish, said("asked"), NOW)
    assert asked.kind == "mail"
    found = store.by_id(asked.subscriber.id)
    assert found == asked.subscriber
    assert (found.address, found.name, found.state, found.token) == ("Ann@EXAMPLE.com", "Ann Lee", "pending", "1.token")
    assert found.preferences == wish
    assert (found.created, found.confirmed) == (NOW, None)
    (mail,) = store.claim(NOW, 10)
    assert (mail.kind, mail.subscriber_id, mail.address, mail.asked) == ("confirm", found.id, "Ann@EXAMPLE.com", NOW)
    assert mail.who == store.who("ann@example.com")


def test_address_is_one_however_it_is_written(store):
    """Case and the form of a domain make no other person."""
    first = pending(store, "ann@bücher.example")
    assert first.address == "ann@xn--bcher-kva.example"
    assert store.by_address("ANN@Bücher.example") == first
    assert store.ask("Ann@BÜCHER.example", "", Preferences(), said("asked"), NOW).kind == "quiet"


@pytest.mark.parametrize(
    "address", ["", "ann", "ann@", "ann@example", "a b@example.com", "ann@example.com\nBcc: x@y.z"]
)
def test_no_address(store, address):
    """What is no address is refused with a reason, and is nobody's."""
    with pytest.raises(ValueError, match="address"):
        store.ask(address, "", Preferences(), said("asked"), NOW)
    assert store.by_address(address) is None
    assert store.counts() == {"pending": 0, "confirmed": 0, "unsubscribed": 0}


def test_hostile_texts(store):
    """Control characters, halves of characters and endless texts are kept as a short line."""
    name = "\x00A\ud800nn\r\nBcc: x@y.z\u202e" + "x" * 1000
    asked = store.ask("ann@example.com", name, Preferences(topics=("a\nb", "a b", "")), said("asked"), NOW)
    found = store.by_id(asked.subscriber.id)
    assert found == asked.subscriber
    assert found.name.startswith("A nn Bcc: x@y.z")
    assert len(found.name) == 200
    assert found.preferences.topics == ("a b",)


def test_one_mail_a_day(store):
    """However often somebody types an address in, its owner gets one mail in 24 hours."""
    found = pending(store)
    again = [store.ask("ann@example.com", "Eve", Preferences(), said("asked"), NOW + DAY / 2) for _ in range(5)]
    assert {one.kind for one in again} == {"quiet"}
    assert kinds(store) == ["confirm"]
    assert store.by_id(found.id) == found
    later = store.ask("ann@example.com", "Ann", Preferences(("focus",)), said("asked"), NOW + DAY)
    assert later.kind == "mail"
    assert later.subscriber == replace(found, name="Ann", preferences=Preferences(("focus",)))
    assert store.by_id(found.id) == later.subscriber
    assert kinds(store, NOW + DAY) == ["confirm"]
    assert log(store) == [(1, "asked"), (1, "asked")]


def test_confirming(store):
    """Who confirms is on the list, is logged and welcomed once, and may click again."""
    found = pending(store)
    there = store.confirm(found.id, said("confirmed"), NOW + DAY)
    assert there == replace(found, state="confirmed", confirmed=NOW + DAY)
    assert store.confirm(found.id, said("confirmed"), NOW + 2 * DAY) == there
    assert store.by_id(found.id) == there
    assert kinds(store, NOW + DAY) == ["welcome"]
    assert log(store) == [(1, "asked"), (1, "confirmed")]
    assert store.ask("ann@example.com", "Eve", Preferences(), said("asked"), NOW + 9 * DAY).kind == "quiet"
    assert store.by_id(found.id) == there


def test_confirming_nobody(store):
    """Nobody is confirmed who isn't there, has left since, is suppressed or erased."""
    gone, left, bounced = (pending(store, f"{name}@example.com").id for name in ("gone", "left", "bounced"))
    store.erase(gone, said("erased"), NOW)
    store.unsubscribe(left, said("unsubscribed"), NOW)
    store.suppress("bounced@example.com", "bounce", said("suppressed", "bounce"), NOW)
    for number in (gone, left, bounced, 99):
        assert store.confirm(number, said("confirmed"), NOW) is None
    assert readers(store) == []


def test_leaving(store):
    """Who unsubscribes is out at once, as often as they like; it is logged once, and nothing more goes out to them."""
    found = confirmed(store)
    assert readers(store) == ["ann@example.com"]
    there = store.unsubscribe(found.id, said("unsubscribed", "one-click"), NOW + DAY)
    assert there == replace(found, state="unsubscribed", unsubscribed=NOW + DAY)
    assert store.unsubscribe(found.id, said("unsubscribed", "one-click"), NOW + 2 * DAY) == there
    assert store.by_id(found.id) == there
    assert readers(store) == []
    assert kinds(store, NOW + DAY) == []
    assert log(store)[2:] == [(1, "unsubscribed")]
    assert store.unsubscribe(99, said("unsubscribed"), NOW) is None


def test_coming_back(store):
    """Who has left may sign up again, at once, and has to confirm again."""
    found = confirmed(store)
    store.unsubscribe(found.id, said("unsubscribed"), NOW)
    assert store.ask("ann@example.com", "Ann", Preferences(), said("asked"), NOW).kind == "mail"
    assert readers(store) == []
    assert kinds(store) == ["confirm"]
    there = store.confirm(found.id, said("confirmed"), NOW)
    assert (there.state, there.unsubscribed) == ("confirmed", None)
    assert readers(store) == ["ann@example.com"]


def test_changing(store):
    """A reader's preferences and name are what was said last."""
    found = confirmed(store)
    wish = Preferences(topics=("focus",), rhythm="monthly", paused_until=date(2026, 5, 5))
    there = store.change(found.id, wish, "Ann B.", said("changed"), NOW)
    assert there == replace(found, name="Ann B.", preferences=wish)
    assert store.by_id(found.id) == there
    assert store.change(99, wish, "", said("changed"), NOW) is None


def test_changing_the_address(store):
    """A new address counts once its owner has confirmed; until then mail goes to the old one."""
    found = confirmed(store)
    asked = store.ask_address(found.id, "Lee@Example.net", NOW)
    assert asked.kind == "mail"
    assert asked.subscriber == store.by_id(found.id) == replace(found, asked_address="Lee@Example.net")
    assert readers(store) == ["ann@example.com"]
    mail = next(one for one in store.claim(NOW, 10) if one.kind == "address")
    assert (mail.address, mail.who) == ("Lee@Example.net", store.who("lee@example.net"))
    assert store.change_address(found.id, store.who("eve@example.net"), said("changed"), NOW) is None
    there = store.change_address(found.id, mail.who, said("changed"), NOW)
    assert there == replace(found, address="Lee@Example.net") == store.by_address("lee@example.net")
    assert store.change_address(found.id, mail.who, said("changed"), NOW) == there
    assert readers(store) == ["Lee@Example.net"]
    assert store.by_address("ann@example.com") is None


def test_an_address_of_before(store):
    """Who changed the address and left has left at the old one too; who came back by themselves is there again."""
    found = confirmed(store)
    store.ask_address(found.id, "new@example.net", NOW)
    store.change_address(found.id, store.who("new@example.net"), said("changed"), NOW)
    old = [[NewReader("Ann@example.com")]]
    assert list(store.judge_rows(["ann@example.com"])) == ["taken"]
    store.unsubscribe(found.id, said("unsubscribed"), NOW)
    assert list(store.judge_rows(["ann@example.com"])) == ["unsubscribed"]
    assert list(store.import_rows(old, said("imported", "import"), NOW)) == [["unsubscribed"]]
    store.ask("new@example.net", "", Preferences(), said("asked"), NOW)
    store.confirm(found.id, said("confirmed"), NOW)
    assert list(store.judge_rows(["ann@example.com"])) == ["taken"]
    store.ask_address(found.id, "ann@example.com", NOW)
    assert store.change_address(found.id, store.who("ann@example.com"), said("changed"), NOW)
    assert list(store.import_rows(old, said("imported", "import"), NOW)) == [["joined"]]
    assert list(store.judge_rows(["new@example.net"])) == ["taken"]


def test_another_address_while_the_mail_to_the_first_goes_out(store):
    """The mail to the second goes out too."""
    found = confirmed(store)
    store.ask_address(found.id, "first@example.net", NOW)
    first = next(one for one in store.claim(NOW, 10) if one.kind == "address")
    store.ask_address(found.id, "second@example.net", NOW)
    store.done(first.id)
    assert [one.address for one in store.claim(NOW, 10)] == ["second@example.net"]


def test_addresses_of_others(store):
    """Nobody takes an address that is somebody's, is suppressed, or has become so since it was asked for."""
    ann, bob = confirmed(store, "ann@example.com"), confirmed(store, "bob@example.com")
    store.suppress("gone@example.com", "manual", said("suppressed", "command"), NOW)
    for address in ("BOB@example.com", "gone@example.com"):
        assert store.ask_address(ann.id, address, NOW).kind == "quiet"
    assert store.ask_address(ann.id, "new@example.com", NOW).kind == "mail"
    assert store.ask_address(bob.id, "new@example.com", NOW).kind == "mail"
    assert store.change_address(ann.id, store.who("new@example.com"), said("changed"), NOW)
    assert store.change_address(bob.id, store.who("new@example.com"), said("changed"), NOW) is None
    assert store.ask_address(bob.id, "later@example.com", NOW).kind == "mail"
    store.suppress("later@example.com", "complaint", said("suppressed", "bounce"), NOW)
    assert store.change_address(bob.id, store.who("later@example.com"), said("changed"), NOW) is None
    assert store.by_id(bob.id).address == "bob@example.com"
    assert store.ask_address(99, "x@example.com", NOW).kind == "quiet"


def test_only_the_last_address_is_written_to(store):
    """What waits for a new address doesn't go to the one asked for after it, where that is to have no mail."""
    ann = confirmed(store, "ann@example.com")
    confirmed(store, "bob@example.com")
    store.suppress("gone@example.com", "complaint", said("suppressed", "command"), NOW)
    for address in ("bob@example.com", "gone@example.com"):
        store.ask_address(ann.id, "new@example.com", NOW)
        store.ask_address(ann.id, address, NOW)
        assert "address" not in [one.kind for one in store.claim(NOW, 10)]
    store.ask_address(ann.id, "new@example.com", NOW)
    assert store.ask_address(ann.id, "new@example.com", NOW, may_mail=False).kind == "quiet"
    assert "new@example.com" in [one.address for one in store.claim(NOW, 10)]
    store.ask_address(ann.id, "other@example.com", NOW)
    store.ask_address(ann.id, "enough@example.com", NOW, may_mail=False)
    later = NOW + timedelta(hours=1)
    assert not {"other@example.com", "enough@example.com"} & {one.address for one in store.claim(later, 10)}


def test_suppression(store):
    """A suppressed address is written to by nobody, whatever is done to bring it back; what it is for stays."""
    found = confirmed(store)
    assert store.suppress("ANN@example.com", "bounce", said("suppressed", "bounce"), NOW)
    assert not store.suppress("ann@example.com", "manual", said("suppressed", "command"), NOW)
    assert store.is_suppressed("Ann@example.com")
    assert not store.is_suppressed("bob@example.com")
    assert store.suppress("bob@example.com", "manual", said("suppressed", "command"), NOW)
    assert store.ask("ann@example.com", "", Preferences(), said("asked"), NOW + 9 * DAY).kind == "quiet"
    assert store.ask("bob@example.com", "", Preferences(), said("asked"), NOW + 9 * DAY).kind == "quiet"
    rows = [[NewReader("ann@example.com"), NewReader("bob@example.com")]]
    assert list(store.import_rows(rows, said("imported", "import"), NOW)) == [["suppressed", "suppressed"]]
    assert store.ask_address(found.id, "lee@example.com", NOW).kind == "quiet"
    assert readers(store) == kinds(store) == []
    assert store.counts() == {
        "pending": 0,
        "confirmed": 1,
        "unsubscribed": 0,
        "suppressed: bounce": 1,
        "suppressed: manual": 1,
    }
    assert log(store)[2:] == [(1, "suppressed"), (0, "suppressed")]


def test_what_is_lifted(store):
    """Whoever is suppressed no longer is what they were before, and nobody is on the list who wasn't."""
    confirmed(store)
    left = confirmed(store, "left@example.com")
    store.unsubscribe(left.id, said("unsubscribed"), NOW)
    erased = confirmed(store, "erased@example.com")
    store.erase(erased.id, said("erased"), NOW)
    for name in ("ann", "left", "typo"):
        store.suppress(f"{name}@example.com", "manual", said("suppressed", "command"), NOW)
    assert store.suppression("Erased@example.com") == ("erased", NOW)
    assert (readers(store), store.end_of_log()[0]) == ([], 11)
    for name in ("Ann", "left", "typo", "erased"):
        assert store.lift(f"{name}@example.com", said("lifted", "command"))
        assert not store.lift(f"{name}@example.com", said("lifted", "command"))
        assert store.suppression(f"{name}@example.com") is None
    assert store.counts() == {"pending": 0, "confirmed": 1, "unsubscribed": 1}
    assert readers(store) == ["ann@example.com"]
    assert log(store)[-4:] == [(1, "lifted"), (left.id, "lifted"), (0, "lifted"), (0, "lifted")]
    rows = [[NewReader("left@example.com"), NewReader("typo@example.com")]]
    assert list(store.import_rows(rows, said("imported", "import"), NOW)) == [["unsubscribed", "taken"]]
    again = store.ask("erased@example.com", "", Preferences(), said("asked"), NOW)
    assert (again.kind, again.subscriber.state) == ("mail", "pending")
    assert store.verify() is None


def every_cell(url):
    """All that is in the database."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        tables = inspect(engine).get_table_names()
        found = [str(row) for name in tables for row in connection.execute(text(f"SELECT * FROM {name}"))]
    engine.dispose()
    return "\n".join(found)


def test_erasure(store, url, tmp_path):
    """Of an erased person stay salted hashes, of each address there was, and they can't be brought back."""
    found = confirmed(store)
    store.ask_address(found.id, "second@example.net", NOW)
    store.change_address(found.id, store.who("second@example.net"), said("changed"), NOW)
    store.ask_address(found.id, "third@example.net", NOW)
    assert "second@" in every_cell(url)
    assert "203.0.113.7" in every_cell(url)
    assert store.erase(found.id, said("erased"), NOW)
    assert not store.erase(found.id, said("erased"), NOW)
    assert store.by_id(found.id) is None
    told = every_cell(url)
    for secret in ("ann@", "second@", "third@", "example.", "Lee", "203.0.113.7", "1.token"):
        assert secret not in told
    for file in tmp_path.glob("audience_*.db*"):
        assert b"second@" not in file.read_bytes()
    rows = [[NewReader("second@example.net"), NewReader("ann@example.com"), NewReader("third@example.net")]]
    verdicts = list(store.import_rows(rows, said("imported", "import"), NOW))
    assert verdicts == [["suppressed", "suppressed", "taken"]]
    assert store.ask("ann@example.com", "", Preferences(), said("asked"), NOW + 9 * DAY).kind == "quiet"
    assert readers(store) == ["third@example.net"]
    assert store.counts()["suppressed: erased"] == 2
    assert store.verify() is None


def test_erasure_after_a_bounce(store):
    """Who was suppressed for another reason is erased all the same."""
    found = confirmed(store)
    store.suppress("ann@example.com", "bounce", said("suppressed", "bounce"), NOW)
    store.erase(found.id, said("erased"), NOW)
    assert store.counts() == {"pending": 0, "confirmed": 0, "unsubscribed": 0, "suppressed: erased": 1}


def test_who_never_confirms(store, url, tmp_path):
    """Of a sign-up that nobody confirms stay salted hashes in the log alone, and the address may sign up again."""
    found = pending(store)
    store.ask_address(found.id, "second@example.net", NOW)
    store.change_address(found.id, store.who("second@example.net"), said("changed"), NOW)
    there = confirmed(store, "there@example.com")
    late = pending(store, "late@example.com")
    store.ask("late@example.com", "", Preferences(), said("asked"), NOW + 2 * DAY)
    assert store.forget_unconfirmed(NOW, NOW + 30 * DAY) == 0
    assert store.forget_unconfirmed(NOW + DAY, NOW + 30 * DAY) == 1
    assert store.forget_unconfirmed(NOW + DAY, NOW + 30 * DAY) == 0
    told = every_cell(url)
    for secret in ("ann@", "second@", "1.token"):
        assert secret not in told
    for file in tmp_path.glob("audience_*.db*"):
        assert b"second@" not in file.read_bytes()
    assert [one.consent.ip for one in store.consents_of(found.id)] == ["", "", ""]
    assert store.consents_of(found.id)[-1].consent == Consent("lapsed", NOW + 30 * DAY, "time")
    assert store.confirm(found.id, said("confirmed"), NOW + 30 * DAY) is None
    assert (store.by_id(there.id), store.by_id(late.id).state) == (there, "pending")
    assert [one.subscriber_id for one in store.claim(NOW + 30 * DAY, 9)] == [there.id, late.id]
    assert pending(store).id > late.id
    assert store.counts() == {"pending": 2, "confirmed": 1, "unsubscribed": 0}
    assert store.verify() is None


def test_who_has_left_and_never_confirms_again(store):
    """Whoever left once, and whose new sign-up nobody confirms, has left still: no import brings them back; what was
    asked for in that sign-up is gone."""
    found = confirmed(store)
    left = store.unsubscribe(found.id, said("unsubscribed"), NOW)
    store.ask("ann@example.com", "Eve", Preferences(("focus",)), said("asked"), NOW)
    assert store.forget_unconfirmed(NOW + DAY, NOW + 30 * DAY) == 1
    assert store.by_id(found.id) == replace(left, name="", preferences=Preferences())
    assert kinds(store, NOW + 30 * DAY) == []
    assert store.judge_rows(["ann@example.com"]) == ["unsubscribed"]
    assert store.ask("ann@example.com", "", Preferences(), said("asked"), NOW + 30 * DAY).kind == "mail"
    assert store.verify() is None


def test_a_sign_up_in_the_turn_in_which_it_would_lapse(store):
    """Who confirms, or asks again, in the moment in which they would have been forgotten isn't."""
    ann, bob, eve = (pending(store, f"{name}@example.com").id for name in ("ann", "bob", "eve"))
    store._transact(
        [
            Confirm(ann, said("confirmed"), NOW + 9 * DAY),
            SignUp("bob@example.com", "", Preferences(), said("asked"), NOW + 9 * DAY),
            lambda turn: people.lapse(turn, [ann, bob, eve], NOW + DAY, NOW + 9 * DAY),
            sign_up("eve@example.com"),
        ]
    )
    assert [one.address for one in store.subscribers()] == ["ann@example.com", "bob@example.com", "eve@example.com"]
    assert store.by_id(eve) is None
    assert store.verify() is None


def test_an_erasure_while_somebody_looks(tmp_path):
    """As long as a backup reads the file as it was, the address stays in it; after the next write it doesn't."""
    file = tmp_path / "a.db"
    with open_store(f"sqlite:///{file}", [SECRET], sign) as store, closing(sqlite3.connect(file)) as backup:
        found = confirmed(store, "first@example.com")
        backup.execute("BEGIN")
        backup.execute("SELECT * FROM subscriber").fetchall()
        assert store.erase(found.id, said("erased"), NOW)
        backup.rollback()
        pending(store, "bob@example.com")
        with store._checkpoints._running:  # the thread that the write has started is through
            assert not [one.name for one in tmp_path.iterdir() if b"first@" in one.read_bytes()]


# Has SQLite's lock on moving pages for a while (WAL_CKPT_LOCK in its WAL format: byte 121 of the shared memory).
MOVING = """
import fcntl, sys, time
with open(sys.argv[1], "r+b") as shared:
    fcntl.lockf(shared, fcntl.LOCK_EX, 1, 121)
    print(flush=True)
    time.sleep(0.2)
"""


@pytest.mark.slow
def test_an_erasure_while_another_process_moves_pages(tmp_path):
    """The address leaves the log all the same, at once."""
    with open_store(f"sqlite:///{tmp_path / 'a.db'}", [SECRET], sign) as store:
        found = confirmed(store, "first@example.com")
        command = [sys.executable, "-c", MOVING, str(tmp_path / "a.db-shm")]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
            other.stdout.readline()
            assert store.erase(found.id, said("erased"), NOW)
            assert not [one.name for one in tmp_path.iterdir() if b"first@" in one.read_bytes()]


@pytest.mark.slow
def test_what_is_left_of_the_erased(tmp_path):
    """Where SQLite splits a page it keeps copies of rows; once they are overwritten, no erased one is in the file."""
    file, chance = tmp_path / "a.db", random.Random(0)
    with open_store(f"sqlite:///{file}", [SECRET], sign) as store:
        wishes = [
            SignUp(f"reader{number}@example.com", "Ann", Preferences(), said("asked"), NOW) for number in range(1500)
        ]
        people = [asked.subscriber for asked in store.do_all(wishes)]
        chance.shuffle(people)
        for one in people[:800]:
            store.change(one.id, Preferences(mood="c" * chance.randrange(300)), "Ann", said("changed"), NOW)
        for one in people[:600]:
            store.erase(one.id, said("erased"), NOW)

        def left():
            return [one.id for one in people[:600] if one.address.encode() in file.read_bytes()]

        assert left() != []
        store.overwrite_erased()
        assert left() == []
        made = file.stat().st_ino, file.stat().st_mtime_ns
        store.overwrite_erased()  # there is nothing to do
        assert (file.stat().st_ino, file.stat().st_mtime_ns) == made
        assert store.counts()["pending"] == 900


def test_a_log_that_is_always_written(tmp_path, monkeypatch):
    """While somebody always writes, SQLite's log begins anew again and again, and doesn't grow with what is written."""
    monkeypatch.setattr(checkpoints, "_ROWS", 50)
    monkeypatch.setattr(checkpoints, "_LONG", 100)
    log = tmp_path / "a.db-wal"
    with open_store(f"sqlite:///{tmp_path / 'a.db'}", [SECRET], sign) as store, ThreadPoolExecutor(2) as threads:

        def sign_up(number):
            pending(store, f"reader{number}@example.com")
            return log.stat().st_size

        size = max(threads.map(sign_up, range(600)))
        begun = int.from_bytes(log.read_bytes()[12:16], "big")  # how often (SQLite's file format, 4.1)
    assert begun > 3
    assert size < 600 * 4096


def test_no_room_for_a_thread(tmp_path, monkeypatch):
    """Where the system has none, what was written is written, and what has to leave the log leaves it later."""
    file = tmp_path / "a.db"
    with open_store(f"sqlite:///{file}", [SECRET], sign) as store:
        store._checkpoints._owed = True
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", Mock(side_effect=RuntimeError("can't start new thread")))
            found = pending(store, "first@example.com")
        assert store.erase(found.id, said("erased"), NOW)
        assert not [one.name for one in tmp_path.iterdir() if b"first@" in one.read_bytes()]


def test_somebody_types_in_a_readers_address(store):
    """Who has been on the list, and left, finds what they had chosen when they come back, whoever has asked for it."""
    wishes = Preferences(("sleep",), "calm", ("Story",), rhythm="monthly", language="en")
    ann = confirmed(store)
    store.change(ann.id, wishes, "Ann", said("changed"), NOW)
    store.unsubscribe(ann.id, said("unsubscribed"), NOW)
    store.ask("ann@example.com", "Win 1000", Preferences(language="de"), said("asked"), NOW)
    there = store.by_id(ann.id)
    assert (there.name, there.preferences) == ("Ann", replace(wishes, language="de"))
    store.unsubscribe(ann.id, said("unsubscribed"), NOW)
    store.ask("ann@example.com", "Ann", Preferences(("body",), language="en"), said("asked"), NOW + DAY)
    assert store.by_id(ann.id).preferences == replace(wishes, topics=("body",))


def test_an_import_of_who_has_not_confirmed(store):
    """Whoever has typed the address in, the reader is called what the other list calls them; what was asked for stays
    where that list says nothing of it."""
    ann, bob = pending(store, topics=("sleep",)), pending(store, "bob@example.com")
    rows = [NewReader("ann@example.com", "Victoria"), NewReader("bob@example.com", "", Preferences(("body",)))]
    assert list(store.import_rows([rows], said("imported", "import", ip=""), NOW)) == [["taken", "taken"]]
    found = [store.by_id(one.id) for one in (ann, bob)]
    assert [(one.name, one.preferences.topics) for one in found] == [("Victoria", ("sleep",)), ("", ("body",))]


def test_a_lapsed_return(store):
    """Who had left, and for whom somebody has signed up since, leaves nothing of that behind, not even where from."""
    ann = confirmed(store)
    store.unsubscribe(ann.id, said("unsubscribed"), NOW)
    store.ask("ann@example.com", "", Preferences(), said("asked", ip="192.0.2.66"), NOW)
    assert store.forget_unconfirmed(NOW + 30 * DAY, NOW + 30 * DAY) == 1
    assert store.by_id(ann.id).state == "unsubscribed"
    assert {one.consent.ip for one in store.consents_of(ann.id)} == {""}
    assert store.verify() is None


def test_numbers_are_never_given_again(store):
    """The log knows people by number: nobody gets that of an erased one."""
    first = pending(store).id
    store.erase(first, said("erased"), NOW)
    assert pending(store, "bob@example.com").id > first


def test_import(store):
    """An import confirms whom nobody knows or who is pending; who has left or is suppressed stays out."""
    known = confirmed(store, "known@example.com")
    waiting = pending(store, "waiting@example.com")
    left = confirmed(store, "left@example.com")
    store.unsubscribe(left.id, said("unsubscribed"), NOW)
    store.ask("left@example.com", "", Preferences(), said("asked"), NOW)
    store.suppress("bounced@example.com", "bounce", said("suppressed", "bounce"), NOW)
    before = NOW - 100 * DAY
    new = NewReader("New@example.com", "New", Preferences(("sleep",)), before)
    names = ("known", "waiting", "left", "bounced", "Known")
    rows = [[new, *(NewReader(f"{name}@example.com") for name in names)], [NewReader("NEW@example.com")], []]
    verdicts = list(store.import_rows(rows, said("imported", "import", ip=""), NOW))
    assert verdicts == [["taken", "joined", "taken", "unsubscribed", "suppressed", "joined"], ["joined"], []]
    there = store.by_address("new@example.com")
    assert (there.address, there.name, there.preferences) == ("New@example.com", "New", Preferences(("sleep",)))
    assert (there.state, there.confirmed, there.created, there.token) == ("confirmed", before, NOW, f"{there.id}.token")
    assert store.by_id(known.id) == known
    assert store.by_id(waiting.id).state == "confirmed"
    assert sorted(readers(store)) == ["New@example.com", "known@example.com", "waiting@example.com"]
    assert store.verify() is None
    # The welcome is for those who confirmed themselves.
    assert [(one.kind, one.address) for one in store.claim(NOW, 10)] == [
        ("welcome", "known@example.com"),
        ("confirm", "left@example.com"),
    ]


def test_duplicates_in_an_import(store):
    """Of an address that stands twice in a batch, the first counts."""
    rows = [[NewReader("a@example.com", "One"), NewReader("A@example.com", "Two")]]
    assert list(store.import_rows(rows, said("imported", "import"), NOW)) == [["taken", "joined"]]
    assert [one.name for one in store.subscribers()] == ["One"]


def test_audience_columns(store):
    """A batch has the fields that the list knows, in their types, and only those that are asked for."""
    asked = Preferences(("sleep", "focus"), "calm", ("story",), "10", "each", None, "de")
    store.confirm(
        store.ask("a@example.com", "Ann Lee", asked, said("asked"), NOW).subscriber.id, said("confirmed"), NOW
    )
    confirmed(store, "b@example.com")
    store.note_made(["a@example.com"], "april", NOW - 9 * DAY, [("rain", "box")])
    (batch,) = store.audience("may", NOW, NOW)
    assert batch.emails == ("a@example.com", "b@example.com")
    assert set(batch.columns) == set(FIELDS)
    assert {name: column[0] for name, column in batch.columns.items()} == {
        "token": "1.token",
        "name": "Ann Lee",
        "first_name": "Ann",
        "topics": ("sleep", "focus"),
        "mood": "calm",
        "kinds": ("story",),
        "minutes": "10",
        "rhythm": "each",
        "language": "de",
        "sent": ("rain", "box"),
        "seen": ("rain", "box"),
    }
    assert {name: column[1] for name, column in batch.columns.items()} | {"token": ""} == {
        **dict.fromkeys(FIELDS, ""),
        "name": "Ann Lee",
        "first_name": "Ann",
        "topics": (),
        "kinds": (),
        "rhythm": "each",
        "sent": (),
        "seen": (),
    }
    (small,) = store.audience("may", NOW, NOW, fields=("first_name", "plan"))
    assert small.columns == {"first_name": ["Ann", "Ann"]}


def test_an_import_of_hundreds(store):
    """Of hundreds in a batch too, each is kept as it was brought, with where and when they had signed up."""
    names = ["back\\slash", "\\N", "tab\t", 'quo"te', "", "é\U0001f600"]
    batch = [
        NewReader(
            f"r{n}@example.com", names[n % 6], Preferences(("sleep",)), NOW - DAY, ip=f"::{n}", evidence=f"form {n}"
        )
        for n in range(300)
    ]
    (verdicts,) = store.import_rows([batch], said("imported", "import", ip=""), NOW)
    assert verdicts == ["taken"] * 300
    found = [(one.address, one.name, one.preferences, one.confirmed, one.created) for one in store.subscribers()]
    assert found == [(one.address, one.name.strip(), one.preferences, one.confirmed, NOW) for one in batch]
    told = [(one.subscriber, one.consent.ip, one.consent.version) for one in store.consents()]
    assert told == [(n + 1, f"::{n}", f"form {n}") for n in range(300)]
    assert store.verify() is None
    assert store.judge_rows([one.address for one in batch]) == ["joined"] * 300


@pytest.mark.slow
def test_audience_in_batches(store):
    """All readers come, each once, by number, however large a batch is and however many leave meanwhile."""
    rows = [[NewReader(f"r{number}@example.com") for number in range(5000)]]
    list(store.import_rows(rows, said("imported", "import"), NOW))
    found = list(store.audience("may", NOW, NOW, size=300))
    assert {len(batch.emails) for batch in found[:13]} == {300}
    assert [email for batch in found for email in batch.emails] == [f"r{number}@example.com" for number in range(5000)]
    running = store.audience("may", NOW, NOW)
    next(running)
    store.unsubscribe(5000, said("unsubscribed"), NOW)
    assert "r4999@example.com" not in [email for batch in running for email in batch.emails]


def test_pauses(store):
    """Who has paused gets nothing before that day."""
    found = confirmed(store)
    store.change(found.id, Preferences(paused_until=NOW.date() + DAY), "", said("changed"), NOW)
    assert readers(store) == []
    assert readers(store, now=NOW + DAY) == ["ann@example.com"]


def test_rhythms(store):
    """An edition is for a weekly reader a week after the last one; the same may be made again."""
    confirmed(store, rhythm="weekly")
    store.note_made(["Ann@example.com"], "monday", NOW)
    assert store.by_address("ann@example.com").last_edition == "monday"
    assert readers(store, "tuesday", NOW + DAY) == []
    assert readers(store, "monday", NOW) == ["ann@example.com"]
    assert readers(store, "next-monday", NOW + 7 * DAY) == ["ann@example.com"]
    store.note_made(["ann@example.com"], "old", NOW - 30 * DAY)
    assert store.by_address("ann@example.com").last_edition == "monday"


def test_sent_tracks(store):
    """The tracks that a reader was sent are known, each once, the last of them for good."""
    found = confirmed(store)
    store.note_made(["ann@example.com"], "one", NOW, [["a", "b"]])
    store.note_made(["ann@example.com"], "one", NOW, [["a", "b"]])
    store.note_made(["ann@example.com"], "two", NOW, [["c"]])
    assert store.by_id(found.id).sent == ("a", "b", "c")
    store.note_made(["ann@example.com"], "three", NOW, [[str(number) for number in range(150)]])
    assert store.by_id(found.id).sent == tuple(str(number) for number in range(50, 150))


def test_listing(store):
    """All are listed by number, or those in a state."""
    people = [confirmed(store, f"r{number}@example.com") for number in range(3)]
    store.unsubscribe(people[1].id, said("unsubscribed"), NOW)
    assert [one.address for one in store.subscribers()] == [one.address for one in people]
    assert [one.id for one in store.subscribers("confirmed")] == [people[0].id, people[2].id]
    assert [one.id for one in store.subscribers("pending")] == []


def test_mails_that_wait(store):
    """A mail is one worker's for ten minutes; after that, or later on after a failure, it is due again."""
    pending(store)
    (mail,) = store.claim(NOW, 10)
    assert store.claim(NOW + timedelta(minutes=9), 10) == []
    (again,) = store.claim(NOW + timedelta(minutes=10), 10)
    assert (again.id, again.tries) == (mail.id, 0)
    store.later(mail.id, NOW + DAY, "the server\nis away")
    assert store.claim(NOW + DAY / 2, 10) == []
    (again,) = store.claim(NOW + DAY, 10)
    assert (again.id, again.tries, again.asked) == (mail.id, 1, NOW)
    store.done(mail.id)
    assert store.claim(NOW + 99 * DAY, 10) == []


def test_mails_in_their_order(store):
    """The mails that have waited longest go first, so many at a time."""
    for number in range(5):
        pending(store, f"r{number}@example.com")
    first, second = store.claim(NOW, 3), store.claim(NOW, 3)
    assert [one.address for one in (*first, *second)] == [f"r{number}@example.com" for number in range(5)]


@pytest.mark.slow
def test_many_at_once(store):
    """Sign-ups and farewells from many threads, some of them broken: each gets its own answer, none is lost."""
    errors, answers = [], {}

    def client(number):
        try:
            for round_ in range(5):
                address = f"c{number}-{round_}@example.com"
                answers[address] = store.ask(address, "", Preferences(), said("asked"), NOW).subscriber
                if round_ % 2:
                    store.confirm(answers[address].id, said("confirmed"), NOW)
                with pytest.raises(ValueError, match="address"):
                    store.ask("broken", "", Preferences(), said("asked"), NOW)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert {address: one.address for address, one in answers.items()} == {address: address for address in answers}
    assert len({one.id for one in answers.values()}) == len(answers) == 150
    assert store.counts() == {"pending": 90, "confirmed": 60, "unsubscribed": 0}
    assert store.verify() is None
    assert len(list(store.consents())) == 210


def test_one_address_at_once(store):
    """A hundred at once with one address make one person and one mail."""
    kinds = []
    threads = [
        threading.Thread(
            target=lambda: kinds.append(store.ask("ann@example.com", "", Preferences(), said("asked"), NOW).kind)
        )
        for _ in range(100)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(kinds) == ["mail"] + ["quiet"] * 99
    assert len(store.claim(NOW, 100)) == 1


def sign_up(address):
    return SignUp(address, "", Preferences(), said("asked"), NOW)


def test_addresses_that_a_turn_takes(store):
    """An address that a turn suppresses, imports, takes off or changes to isn't free for a sign-up of the same turn."""
    found = confirmed(store)
    store.ask_address(found.id, "moved@example.com", NOW)
    moved, taken = store.who("moved@example.com"), [NewReader("taken@example.com")]
    hashes, away = ([bytes.fromhex(store.who(f"{name}@example.com"))] for name in ("taken", "away"))
    left = [Withdrawal("away@example.com", "unsubscribed")]
    works = [
        lambda turn: people.suppress(turn, "gone@example.com", "bounce", said("suppressed"), NOW),
        lambda turn: importing.import_batch(turn, taken, hashes, said("imported"), NOW),
        lambda turn: withdrawing.withdraw_batch(turn, left, away, said("imported"), NOW),
        lambda turn: people.change_address(turn, found.id, moved, said("changed")),
        *(sign_up(f"{name}@example.com") for name in ("gone", "taken", "moved", "away", "free", "ann")),
    ]
    assert [one.kind for one in store._transact(works)[4:]] == ["quiet", "quiet", "quiet", "mail", "mail", "mail"]
    assert store.by_address("away@example.com").state == "pending"
    assert sorted(readers(store)) == ["moved@example.com", "taken@example.com"]


def test_one_turn(store):
    """Writes that share a transaction see each other, as if each had its own."""
    works = [
        sign_up("ann@example.com"),
        sign_up("ANN@example.com"),
        Confirm(1, said("confirmed"), NOW),
        sign_up("bob@example.com"),
        lambda turn: queue.claim(turn, NOW, 1),
        Unsubscribe(1, said("unsubscribed"), NOW),
        lambda turn: people.erase(turn, 1, said("erased"), NOW),
        sign_up("ann@example.com"),
    ]
    first, again, there, bob, (claimed,), gone, erased, never = store._transact(works)
    assert [one.kind for one in (first, again, bob, never)] == ["mail", "quiet", "mail", "quiet"]
    assert (there.state, gone.state, erased) == ("confirmed", "unsubscribed", True)
    assert (claimed.kind, claimed.subscriber_id) in {("welcome", 1), ("confirm", bob.subscriber.id)}
    waiting = store.claim(NOW + DAY, 10)
    assert [(one.kind, one.subscriber_id) for one in waiting] == [("confirm", bob.subscriber.id)]
    assert [one.consent.what for one in store.consents()] == ["asked", "confirmed", "asked", "unsubscribed", "erased"]
    assert store.verify() is None


def test_a_farewell_in_the_turn_of_a_sign_up(store):
    """What was queued in a turn doesn't go out when the same turn takes it back."""
    works = [
        sign_up("ann@example.com"),
        Unsubscribe(1, said("unsubscribed"), NOW),
    ]
    store._transact(works)
    assert store.claim(NOW + DAY, 10) == []


def test_many_who_leave(store):
    """Fifty who leave in one turn take as many statements as two, and the consents of all are in the log."""
    numbers = [pending(store, f"r{number}@example.com").id for number in range(60)]
    statements, counts = [], []
    event.listen(store._database.writer, "before_cursor_execute", lambda *args: statements.append(args[2]))
    for some in (numbers[:2], numbers[2:52]):
        readers = store.do_all([Unsubscribe(number, said("unsubscribed"), NOW) for number in some])
        assert {reader.state for reader in readers} == {"unsubscribed"}
        counts.append(len(statements))
    assert counts[1] == 2 * counts[0]
    assert store.counts()["unsubscribed"] == 52
    assert [one.subscriber_id for one in store.claim(NOW, 100)] == numbers[52:]
    assert store.verify() is None


def test_the_time_that_nothing_takes(tmp_path):
    """A sign-up that changes nothing for anybody is written to the disk, as one that does is."""
    file = tmp_path / "audience.db"
    with open_store(f"sqlite:///{file}", [SECRET], sign) as store:
        pending(store)
        with closing(sqlite3.connect(file)) as other:
            versions = []
            for _ in range(2):
                versions.append(other.execute("PRAGMA data_version").fetchone())
                assert store.ask("ann@example.com", "", Preferences(), said("asked"), NOW).kind == "quiet"
            versions.append(other.execute("PRAGMA data_version").fetchone())
    assert len(set(versions)) == 3


@pytest.mark.slow
def test_several_stores(store, url):
    """Two that have the same database open, as two processes do, make one chain and see the same people."""
    with open_store(url, [SECRET], sign) as other:
        stores = (store, other)
        threads = [
            threading.Thread(target=lambda one, number: pending(one, f"r{number}@example.com"), args=(stores[n % 2], n))
            for n in range(40)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert other.counts() == store.counts() == {"pending": 40, "confirmed": 0, "unsubscribed": 0}
        assert store.verify() is None
