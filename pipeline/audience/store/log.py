"""The consent log, read a page at a time, each entry with its words and, while it is kept, where it came from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, bindparam, delete, select

from pipeline.audience.consent import Consent, Entry
from pipeline.audience.store.tables import consent, head, origin, wording
from pipeline.audience.store.turn import Turn

_PAGE = 4096
_ALL = (
    select(consent, origin.c.ip, origin.c.nonce, wording.c.text)
    .outerjoin(origin, origin.c.number == consent.c.number)
    .outerjoin(wording, wording.c.hash == consent.c.wording)
)
_AFTER = _ALL.where(consent.c.number > bindparam("after")).order_by(consent.c.number).limit(_PAGE)
_OF = _ALL.where(consent.c.subscriber == bindparam("id_")).order_by(consent.c.number)
_END = select(head.c.last_entry, head.c.last_hash)
_OLD = delete(origin).where(origin.c.at < bindparam("before"))


def entries(engine: Engine, after: int) -> Iterator[Entry]:
    while True:
        with engine.connect() as connection:
            rows = connection.execute(_AFTER, {"after": after}).all()
        yield from map(_entry, rows)
        if len(rows) < _PAGE:
            return
        after = rows[-1].number


def entries_of(engine: Engine, number: int) -> list[Entry]:
    with engine.connect() as connection:
        return [_entry(row) for row in connection.execute(_OF, {"id_": number})]


def end(engine: Engine) -> tuple[int, str]:
    """The number and the hash of the last entry, as the head tells them."""
    with engine.connect() as connection:
        row = connection.execute(_END).one()
        return row.last_entry, row.last_hash


def forget_origins(turn: Turn, before: datetime) -> int:
    return turn.connection.execute(_OLD, {"before": before}).rowcount


def _entry(row: Row[Any]) -> Entry:
    said = Consent(
        what=row.what,
        at=row.at,
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
