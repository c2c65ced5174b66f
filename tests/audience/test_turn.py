"""turn.py: many works in one transaction are what they are one after the other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from pipeline.audience.store import Confirm, SignUp, Unsubscribe, importing, log, people, queue, tables, withdrawing
from pipeline.audience.store import turn as turn_module
from pipeline.audience.store.turn import Turn
from pipeline.audience.subscriber import NewReader, Preferences, Withdrawal
from tests.audience.saying import DAY, NOW, said

ADDRESSES = st.sampled_from(["ann@example.com", "Ann@EXAMPLE.com", "ben@example.com", "cy@bücher.example"])
NUMBERS = st.integers(1, 4)
TIMES = st.sampled_from([NOW - 40 * DAY, NOW - 2 * DAY, NOW, NOW + timedelta(minutes=5)])
WISHES = st.sampled_from([Preferences(), Preferences(("sleep",), "calm", (), "", "weekly", None, "de")])


def _consent(what, at, how="form"):
    return said(what, how, at)


def hashes(store, rows):
    return list(store._hasher.hashes(row.address for row in rows))


def _checked(address):
    return address.replace("bücher", "xn--bcher-kva")


def works(store):
    """Whatever the writer may be asked for."""
    readers = st.lists(st.builds(NewReader, ADDRESSES.map(_checked)), min_size=1, max_size=3)
    reasons = st.sampled_from(["unsubscribed", "bounce"])
    leaving = st.lists(
        st.builds(Withdrawal, ADDRESSES.map(_checked), reason=reasons, at=st.none() | TIMES), min_size=1, max_size=3
    )
    return st.one_of(
        st.builds(lambda a, p, at: SignUp(a, "Lee", p, _consent("asked", at), at), ADDRESSES, WISHES, TIMES),
        st.builds(lambda n, at: Confirm(n, _consent("confirmed", at), at), NUMBERS, TIMES),
        st.builds(lambda n, at: Unsubscribe(n, _consent("unsubscribed", at), at), NUMBERS, TIMES),
        st.builds(
            lambda a, at: lambda turn: people.suppress(turn, a, "bounce", _consent("suppressed", at), at),
            ADDRESSES,
            TIMES,
        ),
        st.builds(lambda a, at: lambda turn: people.lift(turn, a, _consent("lifted", at)), ADDRESSES, TIMES),
        st.builds(lambda n, at: lambda turn: people.erase(turn, n, _consent("erased", at), at), NUMBERS, TIMES),
        st.builds(lambda n: lambda turn: people.lapse(turn, n, NOW - 30 * DAY, NOW), st.lists(NUMBERS, min_size=1)),
        st.builds(
            lambda n, p, at: lambda turn: people.change(turn, n, p, "Bo", _consent("changed", at)),
            NUMBERS,
            WISHES,
            TIMES,
        ),
        st.builds(
            lambda n, a, at, may: lambda turn: people.ask_address(turn, n, a, at, may),
            NUMBERS,
            ADDRESSES,
            TIMES,
            st.booleans(),
        ),
        st.builds(
            lambda n, a, at: lambda turn: people.change_address(turn, n, store.who(a), _consent("changed", at)),
            NUMBERS,
            ADDRESSES,
            TIMES,
        ),
        st.builds(
            lambda r, at: lambda turn: importing.import_batch(turn, r, hashes(store, r), _consent("imported", at), at),
            readers,
            TIMES,
        ),
        st.builds(
            lambda r, at: (
                lambda turn: withdrawing.withdraw_batch(turn, r, hashes(store, r), _consent("unsubscribed", at), at)
            ),
            leaving,
            TIMES,
        ),
        st.builds(lambda at: lambda turn: log.forget_origins(turn, at), TIMES),
        st.builds(lambda at: lambda turn: [(one.kind, one.subscriber_id) for one in queue.claim(turn, at, 10)], TIMES),
    )


def done(store, turns):
    """What the works of these turns answer, and what is in the database after them. It is empty again then."""
    with store._database.writer.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        answers = []
        for works in turns:
            addresses = [work.address for work in works if isinstance(work, SignUp)]
            numbers = [work.number for work in works if isinstance(work, Confirm | Unsubscribe)]
            turn = Turn(connection, store._hasher, store._sign, frozenset(), addresses, numbers)
            answers += [work(turn) for work in works]
            turn.end()
        found = {table.name: rows(connection, table) for table in tables.metadata.sorted_tables}
        connection.rollback()
    return answers, found


def rows(connection, table):
    """All rows, without what is made anew each time."""
    omitted = {"outgoing": {"id"}, "origin": {"nonce"}, "consent": {"seal", "previous", "hash"}, "head": {"last_hash"}}
    columns = [column for column in table.c if column.name not in omitted.get(table.name, ())]
    return sorted(map(repr, connection.execute(select(*columns))))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_works_of_one_turn(store, data, monkeypatch):
    """Works of one transaction answer, and leave, what they would if each had its own; PostgreSQL has two rows by COPY
    already."""
    monkeypatch.setattr(turn_module, "_MANY", 2)
    before = [[work] for work in data.draw(st.lists(works(store), max_size=6))]
    together = data.draw(st.lists(works(store), min_size=2, max_size=8))
    alone = [[work] for work in together]
    assert done(store, [*before, together]) == done(store, [*before, *alone])


@pytest.mark.parametrize("leave", [people.erase, lambda turn, number, *_: people.lapse(turn, [number], NOW + DAY, NOW)])
def test_who_goes_in_the_turn_in_which_they_came(store, leave):
    """Nobody knows any more where somebody signed up from who is gone, be it that both were written together."""
    wish = SignUp("ann@example.com", "", Preferences(), said("asked"), NOW)
    store._transact([wish, lambda turn: leave(turn, 1, said("erased"), NOW)])
    assert store.counts()["pending"] == 0
    assert next((one.consent.what, one.consent.ip) for one in store.consents_of(1)) == ("asked", "")
    assert store.verify() is None


def test_who_comes_back_in_the_turn_in_which_they_left(store):
    """Who has confirmed after leaving another list stays, also where both were written together."""
    store._transact([SignUp("ann@example.com", "", Preferences(), said("asked"), NOW)])
    left = [Withdrawal("ann@example.com", "unsubscribed", NOW - DAY)]
    consent = said("unsubscribed", "import")
    answers = store._transact(
        [
            Confirm(1, said("confirmed"), NOW),
            lambda turn: withdrawing.withdraw_batch(turn, left, hashes(store, left), consent, NOW),
        ]
    )
    assert answers[1] == [False]
