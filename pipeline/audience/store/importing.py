"""Many readers at once, from another list: which of them are taken, and why the others aren't. A batch is one turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from pipeline.audience.consent import Consent
from pipeline.audience.store.people import blank
from pipeline.audience.store.rows import of_preferences
from pipeline.audience.store.tables import former, subscriber, suppression
from pipeline.audience.store.turn import Turn
from pipeline.audience.subscriber import NewReader, State, Verdict, import_verdict, line, tidied
from pipeline.recipients.addresses import address as checked

# In one statement: SQLite takes 32,766 values at most, and long statements are slow to make.
_ASKED_AT_ONCE = 1000
_KNOWN = select(subscriber.c.id, subscriber.c.hash, subscriber.c.state, subscriber.c.unsubscribed).where(
    subscriber.c.hash.in_(bindparam("hashes", expanding=True))
)
_SUPPRESSED = select(suppression.c.hash).where(suppression.c.hash.in_(bindparam("hashes", expanding=True)))
_LEFT_SINCE = (
    select(former.c.hash)
    .join(subscriber, subscriber.c.id == former.c.subscriber)
    .where(former.c.hash.in_(bindparam("hashes", expanding=True)), subscriber.c.unsubscribed.is_not(None))
)
_CONFIRM = update(subscriber).where(subscriber.c.id == bindparam("id_"))


def import_batch(
    turn: Turn, rows: Sequence[NewReader], hashes: Sequence[bytes], consent: Consent, now: datetime
) -> list[Verdict]:
    """The verdict on each row. Whoever is there and pending is confirmed; nobody else's row is changed."""
    known, suppressed = known_and_suppressed(turn.connection, hashes)
    left = _who_has_left(turn.connection, known, hashes)
    verdicts: list[Verdict] = []
    new: dict[bytes, NewReader] = {}
    pending: dict[bytes, tuple[int, NewReader]] = {}
    for row, hashed in zip(rows, hashes, strict=True):
        there = known.get(hashed)
        again = hashed in new or hashed in pending
        state: State | None = "confirmed" if again else there.state if there else None
        verdict = import_verdict(state, hashed in left, hashed in suppressed)
        verdicts.append(verdict)
        if verdict == "taken" and there:
            pending[hashed] = there.id, row
        elif verdict == "taken":
            new[hashed] = row
    _insert(turn, new, consent, now)
    for hashed, (number, row) in pending.items():
        turn.run(_CONFIRM, {"id_": number, "state": "confirmed", "confirmed": row.confirmed or now, "mailed": None})
        turn.unqueue(number, "confirm")
        turn.log(number, hashed, _said(consent, row))
    return verdicts


def judge_batch(connection: Connection, hashes: Sequence[bytes]) -> list[Verdict]:
    """What the verdict on each of these addresses would be."""
    known, suppressed = known_and_suppressed(connection, hashes)
    left = _who_has_left(connection, known, hashes)
    states = ((one, known[one].state if one in known else None) for one in hashes)
    return [import_verdict(state, one in left, one in suppressed) for one, state in states]


def known_and_suppressed(connection: Connection, hashes: Sequence[bytes]) -> tuple[dict[bytes, Row[Any]], set[bytes]]:
    """By hash, who of these is there; and which of them are suppressed."""
    known = {row.hash: row for row in _in_parts(connection, _KNOWN, hashes)}
    return known, {row.hash for row in _in_parts(connection, _SUPPRESSED, hashes)}


def _who_has_left(connection: Connection, known: dict[bytes, Row[Any]], hashes: Sequence[bytes]) -> set[bytes]:
    """Which of the addresses are of people who have left, be it that they had them before another one."""
    left = {hashed for hashed, row in known.items() if row.unsubscribed is not None}
    return left | {row.hash for row in _in_parts(connection, _LEFT_SINCE, hashes)}


def _said(consent: Consent, row: NewReader) -> Consent:
    # Not by replace(), which takes five times as long.
    c = consent
    return Consent(c.what, c.at, c.how, c.form, row.evidence or c.version, c.wording, row.ip or c.ip, c.language)


def _insert(turn: Turn, new: dict[bytes, NewReader], consent: Consent, now: datetime) -> None:
    first = turn.new_ids(len(new))
    made: list[dict[str, Any]] = []
    for number, (hashed, row) in enumerate(new.items(), first):
        asked = {"name": line(row.name), **of_preferences(tidied(row.preferences))}
        told = {"state": "confirmed", "created": min(row.asked or now, now), "confirmed": row.confirmed or now}
        made.append({**blank(number, hashed, checked(row.address), turn.sign(number)), **asked, **told})
        turn.log(number, hashed, _said(consent, row))
    turn.insert(subscriber, made)


def _in_parts(connection: Connection, statement: Any, hashes: Sequence[bytes]) -> Iterator[Row[Any]]:
    for begin in range(0, len(hashes), _ASKED_AT_ONCE):
        yield from connection.execute(statement, {"hashes": hashes[begin : begin + _ASKED_AT_ONCE]})
