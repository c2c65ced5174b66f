"""Many at once who have left another list, or can't be written to there: they are never confirmed by an import here.

Who has left is noted as having left here too, so that no other export of that list brings them back; they can always
sign up again themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import bindparam, exists, insert, literal_column, select, update

from pipeline.audience.consent import Consent, What
from pipeline.audience.store.importing import known as known_of
from pipeline.audience.store.people import blank
from pipeline.audience.store.rows import of_preferences
from pipeline.audience.store.tables import consent as consents
from pipeline.audience.store.tables import subscriber, suppression
from pipeline.audience.store.turn import Turn
from pipeline.audience.subscriber import Preferences, State, Withdrawal

_LEAVE = update(subscriber).where(subscriber.c.id == bindparam("id_"))
_CAME_BACK = select(
    exists(literal_column("1")).where(
        consents.c.subscriber == bindparam("id_"), consents.c.what == "confirmed", consents.c.at > bindparam("left")
    )
)


def withdraw_batch(
    turn: Turn, rows: Sequence[Withdrawal], hashes: Sequence[bytes], consent: Consent, now: datetime
) -> list[bool]:
    """For each row, whether it has changed anything: it hasn't for who has left or is suppressed already, nor for who
    has left that list, and has confirmed here since."""
    found = known_of(turn.connection, hashes).values()
    known = {one.hash: (one.id, one.state) for one in found if one.id and one.state}
    suppressed = {one.hash for one in found if one.is_suppressed}
    return [
        _leave(turn, row, hashed, known, suppressed, _said(consent, row), now)
        for row, hashed in zip(rows, hashes, strict=True)
    ]


def _leave(
    turn: Turn,
    row: Withdrawal,
    hashed: bytes,
    known: dict[bytes, tuple[int, State]],
    suppressed: set[bytes],
    consent: Consent,
    now: datetime,
) -> bool:
    """What has become of the row is noted in ``known`` and ``suppressed``: the address may stand in a later one too."""
    number, state = known.get(hashed, (0, None))
    if hashed in suppressed:
        return False
    if row.reason != "unsubscribed":
        suppressed.add(hashed)
        turn.run(insert(suppression), {"hash": hashed, "reason": row.reason, "at": now})
        if number:
            turn.unqueue(number)
        turn.log(number, hashed, consent)
        return True
    left = min(row.at or now, now)
    if state is None:
        number = turn.new_ids()
        told = {"name": "", **of_preferences(Preferences()), "state": "unsubscribed", "created": now}
        turn.run(
            insert(subscriber), {**blank(number, hashed, row.address, turn.sign(number)), **told, "unsubscribed": left}
        )
    elif state == "unsubscribed" or (row.at and turn.connection.scalar(_CAME_BACK, {"id_": number, "left": left})):
        return False
    else:
        turn.run(_LEAVE, {"id_": number, "state": "unsubscribed", "unsubscribed": left, "asked_address": ""})
        turn.unqueue(number)
    known[hashed] = number, "unsubscribed"
    turn.log(number, hashed, consent)
    return True


def _said(consent: Consent, row: Withdrawal) -> Consent:
    what: What = "unsubscribed" if row.reason == "unsubscribed" else "suppressed"
    return replace(consent, what=what, version=row.evidence)
