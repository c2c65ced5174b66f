"""The mails that wait to go out. What is handed out comes back by itself when nobody says what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, exists, not_, select, update

from pipeline.audience.store.tables import outgoing, subscriber, suppression
from pipeline.audience.store.turn import Turn
from pipeline.audience.subscriber import Outgoing, line

# How long whoever has taken a mail has it alone. A process that was killed has sent it or not: it goes out once more.
LEASE = timedelta(minutes=10)
_WAITING = (
    select(outgoing, subscriber.c.address, subscriber.c.asked_address)
    .join(subscriber, subscriber.c.id == outgoing.c.subscriber)
    .where(outgoing.c.not_before <= bindparam("now"), not_(exists().where(suppression.c.hash == subscriber.c.hash)))
    .order_by(outgoing.c.not_before, outgoing.c.id)
    .limit(bindparam("limit_"))
)
_TAKE = update(outgoing).where(outgoing.c.id == bindparam("id_"))
_TRIED = _TAKE.values(tries=outgoing.c.tries + 1)
_DONE = delete(outgoing).where(outgoing.c.id == bindparam("id_"))


def claim(turn: Turn, now: datetime, limit: int) -> list[Outgoing]:
    rows = turn.connection.execute(_WAITING, {"now": now, "limit_": limit}).all()
    found = []
    for row in rows:
        address = row.asked_address if row.kind == "address" else row.address
        if not address:
            turn.run(_DONE, {"id_": row.id})  # taken back since
            continue
        who = turn.hash(address).hex()
        found.append(Outgoing(row.id, row.kind, row.subscriber, address, who, row.asked, row.tries, row.not_before))
    if found:
        turn.run(_TAKE, [{"id_": one.id, "not_before": now + LEASE} for one in found])
    return found


def done(turn: Turn, number: int) -> None:
    turn.run(_DONE, {"id_": number})


def later(turn: Turn, number: int, not_before: datetime, error: str) -> None:
    turn.run(_TRIED, {"id_": number, "not_before": not_before, "error": line(error)})


def give_back(turn: Turn, number: int, not_before: datetime, error: str) -> None:
    turn.run(_TAKE, {"id_": number, "not_before": not_before, "error": line(error)})
