"""Who an edition is for, judged page by page at the moment of asking, as Batches of recipients.

Each page is a short look into the database, so that an hour of making messages holds nobody up. Memory holds a page.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Engine, Select, and_, bindparam, exists, func, not_, or_, select, update

from pipeline.audience import rhythm
from pipeline.audience.store.hashes import asked, of
from pipeline.audience.store.rows import joined, split
from pipeline.audience.store.tables import subscriber, suppression
from pipeline.audience.store.turn import Turn
from pipeline.model import Value
from pipeline.recipients.batch import Batch

_PAGE = 4096
_LAST = select(func.max(subscriber.c.id))
BATCH = 512
# Of the tracks that a reader was sent, so many of the last are known.
_SENT = 100


def _first_names(names: Sequence[str]) -> Sequence[str]:
    return [name.partition(" ")[0] for name in names]


def _lists(texts: Sequence[str]) -> Sequence[Value]:
    return list(map(split, texts))


def _plain(texts: Sequence[str]) -> Sequence[str]:
    return texts


# The fields that the list knows of a reader, each with its column and how that is read.
FIELDS: dict[str, tuple[Column[str], Callable[[Sequence[str]], Sequence[Value]]]] = {
    "token": (subscriber.c.token, _plain),
    "name": (subscriber.c.name, _plain),
    "first_name": (subscriber.c.name, _first_names),
    "topics": (subscriber.c.topics, _lists),
    "mood": (subscriber.c.mood, _plain),
    "kinds": (subscriber.c.kinds, _lists),
    "minutes": (subscriber.c.minutes, _plain),
    "rhythm": (subscriber.c.rhythm, _plain),
    "language": (subscriber.c.language, _plain),
    "sent": (subscriber.c.sent, _lists),
    "seen": (subscriber.c.sent, _lists),
}


def audience(
    engine: Engine,
    edition: str,
    edition_date: datetime,
    now: datetime,
    fields: Collection[str],
    size: int,
) -> Iterator[Batch]:
    wanted = [name for name in FIELDS if name in fields]
    columns = list(dict.fromkeys(FIELDS[name][0] for name in wanted))
    statement = _fitting(columns)
    values: dict[str, Any] = {f"{name}_": date for name, date in rhythm.latest(edition_date).items()}
    values |= {"edition": edition, "today": now.date().isoformat()}
    with engine.connect() as connection:
        last = connection.scalar(_LAST) or 0
    # So many numbers a page, not so many readers: a page is found by the primary key alone, whatever PostgreSQL, which
    # may not have counted a new table's rows yet, takes for the best way to the first of all that fit.
    for after in range(0, last, _PAGE):
        with engine.connect() as connection:
            # The driver's own rows: SQLAlchemy's would take a third of the time, to know columns by name.
            cursor = connection.execute(statement, {**values, "after": after, "upto": after + _PAGE}).cursor
            rows = cursor.fetchall() if cursor else []
        for begin in range(0, len(rows), size):
            emails, *texts = zip(*rows[begin : begin + size], strict=True)
            found = dict(zip(columns, texts, strict=True))
            yield Batch(emails, {name: FIELDS[name][1](found[FIELDS[name][0]]) for name in wanted})


def _fitting(columns: Sequence[Column[str]]) -> Select[Any]:
    """A page of those for whom an edition may be made. What ``rhythm.fits`` says, in SQL."""
    s = subscriber.c
    long_ago = [
        and_(s.rhythm == name, s.last_edition_date <= bindparam(f"{name}_", type_=s.last_edition_date.type))
        for name in rhythm.SHORTEST
    ]
    unbound = s.rhythm.not_in(tuple(rhythm.SHORTEST))
    its_own = s.last_edition == bindparam("edition")
    allowed = [
        s.id > bindparam("after"),
        s.id <= bindparam("upto"),
        s.state == "confirmed",
        s.paused_until <= bindparam("today"),
        or_(unbound, s.last_edition_date.is_(None), its_own, *long_ago),
        not_(exists().where(suppression.c.hash == s.hash)),
    ]
    return select(s.address, *columns).where(*allowed).order_by(s.id)


# An older edition that is made anew isn't the last one.
_NEWER = or_(subscriber.c.last_edition_date.is_(None), subscriber.c.last_edition_date <= bindparam("date_"))
_MADE = update(subscriber).where(subscriber.c.hash.in_(select(asked.c.hash)), _NEWER)
_BEFORE = select(subscriber.c.id, subscriber.c.hash, subscriber.c.last_edition_date, subscriber.c.sent).join(
    asked, asked.c.hash == subscriber.c.hash
)


def note_made(
    turn: Turn, hashes: Sequence[bytes], edition: str, edition_date: datetime, sent: Sequence[Sequence[str]] | None
) -> None:
    made = {"last_edition": edition, "last_edition_date": edition_date}
    if sent is None:
        turn.connection.execute(_MADE.values(made), {**of(hashes), "date_": edition_date})
        return
    tracks = dict(zip(hashes, sent, strict=True))
    for number, hashed, last, before in turn.connection.execute(_BEFORE, of(hashes)).all():
        is_newest = last is None or last <= edition_date
        after = joined(list(dict.fromkeys((*split(before), *tracks[hashed])))[-_SENT:])
        turn.change(number, {"sent": after, **(made if is_newest else {})})
