"""The consent log in each database: it can only grow, and what somebody changes behind its back is found."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from pipeline.audience.consent import Fault, entry
from pipeline.audience.store import log, open_store
from pipeline.audience.subscriber import Preferences
from pipeline.errors import ConfigurationError
from tests.audience.conftest import SECRET, sign
from tests.audience.saying import DAY, NOW, WORDS, confirmed, pending, said


@pytest.fixture
def run(url):
    """Runs statements as anybody could who has the database's password."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))

    def run(*statements):
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    yield run
    engine.dispose()


def test_entries(store):
    """An entry says who, when, how, from where, and in answer to which words."""
    found = confirmed(store)
    store.unsubscribe(found.id, said("unsubscribed", "one-click", NOW + DAY, "", ""), NOW + DAY)
    first, second, third = store.consents()
    assert first.consent == said("asked")
    assert second.consent == said("confirmed")
    assert third.consent == said("unsubscribed", "one-click", NOW + DAY, "", "")
    assert {one.who for one in store.consents()} == {store.who("ann@example.com")}
    assert [one.number for one in store.consents(1)] == [2, 3]
    assert store.consents_of(found.id) == [first, second, third]
    assert store.consents_of(99) == []


def test_words_stay_as_they_were(store):
    """Each entry keeps the words of its own time."""
    pending(store)
    store.ask("bob@example.com", "", Preferences(), said("asked", wording="Other words"), NOW)
    assert [one.consent.wording for one in store.consents()] == [WORDS, "Other words"]
    assert store.verify() is None


STATEMENTS = {
    "": [
        "UPDATE consent SET what = 'confirmed'",
        "DELETE FROM consent WHERE number = 2",
        "UPDATE wording SET text = 'Sell my address'",
        "DELETE FROM wording",
        "UPDATE origin SET ip = '198.51.100.1'",
    ],
    "sqlite": [
        "INSERT OR REPLACE INTO consent SELECT * FROM consent",
        "INSERT OR REPLACE INTO wording SELECT hash, 'Sell my address' FROM wording",
    ],
    "postgresql": ["TRUNCATE consent", "TRUNCATE wording"],
}


def test_the_log_can_only_grow(store, run, url):
    """The database itself refuses to change an entry or the words that it tells of."""
    confirmed(store)
    before = list(store.consents())
    for statement in STATEMENTS[""] + STATEMENTS[url.partition(":")[0]]:
        with pytest.raises(DBAPIError, match=r"append-only|kept or deleted"):
            run(statement)
    assert list(store.consents()) == before
    assert store.verify() is None


def unguarded(url, table):
    """What takes the database's own guards away."""
    if url.startswith("sqlite"):
        return [f"DROP TRIGGER {table}_no_{what}" for what in ("update", "delete")]
    return [f"ALTER TABLE {table} DISABLE TRIGGER ALL"]


@pytest.mark.parametrize(
    ("table", "statement", "number"),
    [
        ("consent", "UPDATE consent SET what = 'confirmed' WHERE number = 1", 1),
        ("consent", "UPDATE consent SET at = at + 1 WHERE number = 2", 2),
        ("consent", "DELETE FROM consent WHERE number = 1", 1),
        ("consent", "DELETE FROM consent WHERE number = 2", 2),
        ("consent", "DELETE FROM consent WHERE number = 4", 4),
        ("consent", "DELETE FROM consent", 1),
        ("wording", "UPDATE wording SET text = 'Sell my address'", 1),
        ("wording", "DELETE FROM wording", 1),
    ],
)
def test_changes_behind_its_back(store, run, url, table, statement, number):
    """Who takes the guards away and changes something is found out by ``verify``."""
    confirmed(store)
    confirmed(store, "bob@example.com")
    assert store.verify() is None
    run(*unguarded(url, table), statement)
    assert store.verify().number == number


FORGED = (
    "INSERT INTO consent SELECT {}, subscriber, who, at, what, how, form, version, wording, language, seal, previous, "
    "hash FROM consent WHERE number = 1"
)


@pytest.mark.parametrize("number", [0, -1, -(2**63)])
def test_entries_before_the_first(store, run, number):
    """Are forged: the log counts from 1."""
    confirmed(store)
    run(FORGED.format(number))
    assert store.verify().number == number


def test_entries_after_the_last(store, run):
    """Are forged too, however well they follow: the service didn't write them."""
    ann = confirmed(store)
    *_, last = store.consents()
    made = entry(3, ann.id, last.who, said("confirmed", ip=""), "", last.hash)
    run(
        "INSERT INTO consent SELECT 3, subscriber, who, at, what, how, form, version, wording, language, '', "
        f"'{last.hash}', '{made.hash}' FROM consent WHERE number = 2"
    )
    assert list(store.consents())[-1] == made
    assert store.verify().number == 3


def test_what_is_written_while_the_log_is_read_is_no_forgery(store, monkeypatch):
    """The log may grow meanwhile."""
    confirmed(store)
    end, seen = log.end, []

    def end_and_on(engine):
        found = end(engine)
        if not seen:
            seen.append(confirmed(store, "bob@example.com"))
        return found

    monkeypatch.setattr(log, "end", end_and_on)
    assert store.verify() is None
    assert seen


@pytest.mark.parametrize("change", ["at = 'never'", "at = 9e18", "subscriber = 'ann'", "form = x'ff'", "at = x'00'"])
def test_what_no_column_should_hold(tmp_path, change):
    """SQLite keeps anything anywhere: it is found out, and stops nobody from looking."""
    url = f"sqlite:///{tmp_path / 'a.db'}"
    with open_store(url, [SECRET], sign) as store:
        confirmed(store)
        engine = create_engine(url)
        with engine.begin() as connection:
            for statement in (*unguarded(url, "consent"), f"UPDATE consent SET {change} WHERE number = 2"):
                connection.execute(text(statement))
        engine.dispose()
        assert store.verify() == Fault(2, "isn't the one that was written")


def test_a_lost_head(store, run, url):
    """Nothing is begun anew beside people who are there: their hashes would be of another salt."""
    confirmed(store)
    run("DELETE FROM head")
    assert store.verify().number == 1
    with pytest.raises(ConfigurationError, match="head"):
        open_store(url, [SECRET], sign)


def test_forged_origins(store, run):
    """An internet address that was put in place of another is found out."""
    confirmed(store)
    run("INSERT INTO origin (number, at, ip, nonce) SELECT 9, at, ip, nonce FROM origin WHERE number = 1")
    run("DELETE FROM origin WHERE number = 2")
    assert store.verify() is None
    run("INSERT INTO origin (number, at, ip, nonce) SELECT 2, at, '198.51.100.1', nonce FROM origin WHERE number = 1")
    assert store.verify().number == 2


def test_origins_go_after_a_while(store):
    """Internet addresses are kept as long as it is said, and the log is whole without them."""
    pending(store)
    store.ask("bob@example.com", "", Preferences(), said("asked", at=NOW + DAY), NOW + DAY)
    assert store.forget_origins(NOW) == 0
    assert store.forget_origins(NOW + timedelta(seconds=1)) == 1
    assert [one.consent.ip for one in store.consents()] == ["", "203.0.113.7"]
    assert store.verify() is None


def test_origins_are_gone_for_good(tmp_path):
    """From the file too, and from what SQLite puts beside it."""
    with open_store(f"sqlite:///{tmp_path / 'a.db'}", [SECRET], sign) as store:
        pending(store)
        assert store.forget_origins(NOW + DAY) == 1
        assert not [one.name for one in tmp_path.iterdir() if b"203.0.113.7" in one.read_bytes()]


def test_a_failed_write_leaves_no_entry(url):
    """Where one of the things that belong together fails, none of them is there, and the next write is sound."""

    def fails(number):
        if number == 2:
            raise RuntimeError("no token")
        return sign(number)

    with open_store(url, [SECRET], fails) as store:
        pending(store)
        with pytest.raises(RuntimeError, match="no token"):
            pending(store, "bob@example.com")
        assert len(list(store.consents())) == 1
        assert store.verify() is None
        assert store.counts()["pending"] == 1
        assert len(store.claim(NOW, 10)) == 1
