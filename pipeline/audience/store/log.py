"""The consent log, read a page at a time, each entry with its words and, while it is kept, where it came from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Engine, Row, Select, bindparam, delete, select, type_coerce

from pipeline.audience.consent import FIRST, Consent, Entry
from pipeline.audience.store.tables import consent, head, moment, origin, wording
from pipeline.audience.store.turn import Turn

_PAGE = 4096
_AT = type_coerce(consent.c.at, BigInteger).label("at")
_FROM_THE_FIRST = -(2**63)
_ALL: Select[Any] = (
    select(*(one for one in consent.c if one is not consent.c.at), _AT, origin.c.ip, origin.c.nonce, wording.c.text)
    .outerjoin(origin, origin.c.number == consent.c.number)
    .outerjoin(wording, wording.c.hash == consent.c.wording)
)
_PAGE_FROM = _ALL.where(consent.c.number >= bindparam("first")).order_by(consent.c.number).limit(_PAGE)
_OF = _ALL.where(consent.c.subscriber == bindparam("id_")).order_by(consent.c.number)
_END = select(head.c.last_entry, head.c.last_hash)
_OLD = delete(origin).where(origin.c.at < bindparam("before"))


def entries(engine: Engine, after: int | None) -> Iterator[Entry]:
    """Those after the one of this number; ``None`` for all, with those too that no service can have written."""
    first = _FROM_THE_FIRST if after is None else after + 1
    while True:
        with engine.connect() as connection:
            rows = connection.execute(_PAGE_FROM, {"first": first}).all()
        yield from map(_entry, rows)
        if len(rows) < _PAGE:
            return
        first = rows[-1].number + 1


def entries_of(engine: Engine, number: int) -> list[Entry]:
    with engine.connect() as connection:
        return [_entry(row) for row in connection.execute(_OF, {"id_": number})]


def end(engine: Engine) -> tuple[int, str]:
    """The number and the hash of the last entry, as the head tells them; without one, nothing was ever written."""
    with engine.connect() as connection:
        row = connection.execute(_END).first()
        return (0, FIRST) if row is None else (row.last_entry, row.last_hash)


def forget_origins(turn: Turn, before: datetime) -> int:
    return turn.log_there.execute(_OLD, {"before": before}).rowcount


def _moment(written: Any) -> datetime:
    """A forger may have put there what is no time. Then it is one that the entry's hash isn't made of."""
    try:
        return moment(written)
    except (TypeError, OverflowError):
        return datetime.min.replace(tzinfo=UTC)


def _entry(row: Row[Any]) -> Entry:
    said = Consent(
        what=row.what,
        at=_moment(row.at),
        how=row.how,
        form=row.form,
        version=row.version,
        wording=row.text or "",
        ip=row.ip or "",
        language=row.language,
    )
    return Entry(
        row.number, row.subscriber, row.who, said, row.wording, row.seal, row.nonce or "", row.previous, row.hash
    )
