"""Many at once who have left another list, or can't be written to there: they are never confirmed by an import here.

Who has left is noted as having left here too, so that no other export of that list brings them back; they can always
sign up again themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, literal_column, select, update

from pipeline.audience.consent import Consent, What
from pipeline.audience.store.importing import known
from pipeline.audience.store.people import blank
from pipeline.audience.store.rows import of_preferences
from pipeline.audience.store.tables import consent as consents
from pipeline.audience.store.tables import micros, subscriber, suppression
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
    batch = _Batch(turn, hashes, now)
    news = [batch.leaves(row, hashed, _said(consent, row)) for row, hashed in zip(rows, hashes, strict=True)]
    turn.insert(subscriber, batch.strangers)
    turn.insert(suppression, batch.never)
    return news


class _Batch:
    """What has become of the rows so far, for an address may stand in a later one too; and the rows to be written."""

    def __init__(self, turn: Turn, hashes: Sequence[bytes], now: datetime) -> None:
        self._turn, self._now = turn, now
        found = known(turn.connection, hashes).values()
        self._people: dict[bytes, tuple[int, State | None]] = {one.hash: (one.id or 0, one.state) for one in found}
        self._suppressed = {one.hash for one in found if one.is_suppressed}
        self.strangers: list[dict[str, Any]] = []
        self.never: list[dict[str, Any]] = []

    def leaves(self, row: Withdrawal, hashed: bytes, consent: Consent) -> bool:
        """Whether that is news."""
        number, state = self._people.get(hashed, (0, None))
        left = min(row.at or self._now, self._now)
        if hashed in self._suppressed:
            return False
        if row.reason != "unsubscribed":
            self._suppressed.add(hashed)
            self.never.append({"hash": hashed, "reason": row.reason, "at": micros(self._now)})
        elif state is None:
            number = self._turn.new_ids()
            self.strangers.append(self._stranger(number, hashed, row.address, left))
            self._people[hashed] = number, "unsubscribed"
        elif state == "unsubscribed" or (row.at and self._came_back(number, left)):
            return False
        else:
            there = {"state": "unsubscribed", "unsubscribed": left, "asked_address": ""}
            self._turn.run(_LEAVE, {"id_": number, **there})
            self._people[hashed] = number, "unsubscribed"
        if state:
            self._turn.unqueue(number)
        self._turn.log(number, hashed, consent)
        return True

    def _came_back(self, number: int, left: datetime) -> bool:
        return bool(self._turn.log_there.scalar(_CAME_BACK, {"id_": number, "left": left}))

    def _stranger(self, number: int, hashed: bytes, address: str, left: datetime) -> dict[str, Any]:
        return {
            **blank(number, hashed, address, self._turn.sign(number)),
            **of_preferences(Preferences()),
            "name": "",
            "state": "unsubscribed",
            "created": micros(self._now),
            "unsubscribed": micros(left),
        }


def _said(consent: Consent, row: Withdrawal) -> Consent:
    what: What = "unsubscribed" if row.reason == "unsubscribed" else "suppressed"
    return replace(consent, what=what, version=row.evidence)
