"""Many readers at once, from another list: which of them are taken, and why the others aren't. A batch is one turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, or_, select, update

from pipeline.audience.consent import Consent
from pipeline.audience.store.hashes import asked, of
from pipeline.audience.store.people import blank
from pipeline.audience.store.rows import of_preferences
from pipeline.audience.store.tables import former, micros, subscriber, suppression
from pipeline.audience.store.turn import Turn
from pipeline.audience.subscriber import NewReader, Preferences, State, Verdict, import_verdict, line

_since = subscriber.alias("since")
_HAS_LEFT = or_(subscriber.c.unsubscribed.is_not(None), _since.c.unsubscribed.is_not(None))
_IS_SUPPRESSED = suppression.c.hash.is_not(None)
_KNOWN = (
    select(
        asked.c.hash,
        subscriber.c.id,
        subscriber.c.state,
        _HAS_LEFT.label("has_left"),
        _IS_SUPPRESSED.label("is_suppressed"),
    )
    .select_from(asked)
    .outerjoin(subscriber, subscriber.c.hash == asked.c.hash)
    .outerjoin(suppression, suppression.c.hash == asked.c.hash)
    .outerjoin(former, former.c.hash == asked.c.hash)
    .outerjoin(_since, _since.c.id == former.c.subscriber)
    .where(or_(subscriber.c.id.is_not(None), _HAS_LEFT, _IS_SUPPRESSED))
)
_CONFIRM = update(subscriber).where(subscriber.c.id == bindparam("id_"))


class Known(NamedTuple):
    """What there is of an address: who has it, whether they have left, be it that they had it before another one, and
    whether it is suppressed."""

    hash: bytes = b""
    id: int | None = None
    state: State | None = None
    has_left: bool = False
    is_suppressed: bool = False


_NOBODY = Known()


def known(connection: Connection, hashes: Sequence[bytes]) -> dict[bytes, Known]:
    """By hash, those of the addresses that there is anything of."""
    rows = connection.execute(_KNOWN, of(hashes))
    return {one.hash: one for one in map(Known._make, rows)}


def import_batch(
    turn: Turn, rows: Sequence[NewReader], hashes: Sequence[bytes], consent: Consent, now: datetime
) -> list[Verdict]:
    """The verdict on each row. Whoever is there and pending is confirmed, under the list's name for them, for the one
    that is there may be a stranger's; nobody else's row is changed."""
    found = known(turn.connection, hashes)
    verdicts: list[Verdict] = []
    new: dict[bytes, NewReader] = {}
    pending: dict[bytes, tuple[int, NewReader]] = {}
    for row, hashed in zip(rows, hashes, strict=True):
        there = found.get(hashed, _NOBODY)
        state: State | None = "confirmed" if hashed in new or hashed in pending else there.state
        verdict = import_verdict(state, there.has_left, there.is_suppressed)
        verdicts.append(verdict)
        if verdict == "taken" and there.id:
            pending[hashed] = there.id, row
        elif verdict == "taken":
            new[hashed] = row
    turn.insert(subscriber, _new(turn, new, consent, now))
    for hashed, (number, row) in pending.items():
        told = {"state": "confirmed", "confirmed": row.confirmed or now, "mailed": None, "name": line(row.name)}
        chosen = of_preferences(row.preferences) if row.preferences != Preferences() else {}
        turn.run(_CONFIRM, {"id_": number, **told, **chosen})
        turn.unqueue(number, "confirm")
        turn.log(number, hashed, _said(consent, row))
    return verdicts


def judge_batch(connection: Connection, hashes: Sequence[bytes]) -> list[Verdict]:
    """What the verdict on each of these addresses would be."""
    found = known(connection, hashes)
    there = (found.get(hashed, _NOBODY) for hashed in hashes)
    return [import_verdict(one.state, one.has_left, one.is_suppressed) for one in there]


def _said(consent: Consent, row: NewReader) -> Consent:
    if not (row.evidence or row.ip):
        return consent
    c = consent  # not by replace(), which takes five times as long
    return Consent(c.what, c.at, c.how, c.form, row.evidence or c.version, c.wording, row.ip or c.ip, c.language)


def _new(turn: Turn, new: dict[bytes, NewReader], consent: Consent, now: datetime) -> Iterator[dict[str, Any]]:
    for number, (hashed, row) in enumerate(new.items(), turn.new_ids(len(new))):
        turn.log(number, hashed, _said(consent, row))
        yield {
            **blank(number, hashed, row.address, turn.sign(number)),
            **of_preferences(row.preferences),
            "name": line(row.name),
            "state": "confirmed",
            "created": micros(min(row.asked or now, now)),
            "confirmed": micros(row.confirmed or now),
        }
