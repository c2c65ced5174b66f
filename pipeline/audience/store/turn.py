"""One transaction of the only writer: the numbers it gives out, the consents it logs, the mails it has wait.

What nobody reads in the same turn is gathered, and written at its end in one go: a turn of fifty sign-ups logs their
consents with one statement.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain, islice
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import Connection, Dialect, Row, Table, bindparam, delete, insert, select, union_all, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from pipeline.audience.consent import Consent, Entry, entry
from pipeline.audience.store.tables import Moment, head, micros, origin, outgoing, subscriber, suppression, wording
from pipeline.audience.store.tables import consent as consents
from pipeline.audience.subscriber import Kind
from pipeline.audience.suppression import Hasher

_NONCE_BYTES = 16
# Rows from which on PostgreSQL has them by COPY: its INSERTs are answered one by one.
_MANY = 100
# Whoever has this row writes; another process waits here. (SQLite has one writer anyway, and no such words.)
_TAKE = select(head).with_for_update()
_WORDING = select(wording.c.hash).where(wording.c.hash == bindparam("hash_"))
# Where an address can be.
_LISTS = (subscriber, suppression)
_KNOWN = union_all(
    *(select(table.c.hash).where(table.c.hash.in_(bindparam("hashes", expanding=True))) for table in _LISTS)
)
_UNQUEUE = delete(outgoing).where(outgoing.c.subscriber == bindparam("id_"))
_UNQUEUE_ONE = _UNQUEUE.where(outgoing.c.kind == bindparam("kind_"))


class Turn:
    """What a write is done with. ``known`` are the hashes of wordings that are there for sure; ``unknown`` those of
    addresses that neither list has, of all that the turn's sign-ups are with: one look for all of them."""

    def __init__(
        self,
        connection: Connection,
        hasher: Hasher,
        sign: Callable[[int], str],
        known: frozenset[str] = frozenset(),
        hashes: Sequence[bytes] = (),
    ) -> None:
        self.connection = connection
        self.hasher = hasher
        self.sign = sign
        self.known = known
        self.wordings: dict[str, str] = {}
        self._said: list[tuple[int, str, Consent]] = []
        self._queued: dict[tuple[int, Kind], datetime] = {}
        # First: with this, nobody else writes until the end.
        self._before = connection.execute(_TAKE).one()
        self._subscriber: int = self._before.last_subscriber
        self._entry: int = self._before.last_entry
        self._hash: str = self._before.last_hash
        self.unknown = set(hashes)
        if hashes:
            self.unknown.difference_update(connection.scalars(_KNOWN, {"hashes": list(hashes)}))

    def one(self, statement: Any, values: dict[str, Any]) -> Row[Any] | None:
        return self.connection.execute(statement, values).first()

    def run(self, statement: Any, values: dict[str, Any] | Sequence[dict[str, Any]]) -> None:
        self.connection.execute(statement, values)

    def insert(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Rows with all columns, as the database has them: moments as microseconds. They are made while it takes them
        in, so that they can ask it nothing. Handed to the driver as they are: SQLAlchemy would take longer to look at
        the values of a million rows than SQLite takes to write them."""
        if self.unknown and table in _LISTS:
            rows = list(rows)
            self.unknown.difference_update(row["hash"] for row in rows)
        cells = map(_cells(table), rows)
        some = list(islice(cells, _MANY))
        if len(some) == _MANY and self.connection.dialect.name == "postgresql":
            _copy(self.connection, table, chain(some, cells))
        elif some:
            self.connection.exec_driver_sql(_insertion(table, self.connection.dialect), [*some, *cells])

    def new_ids(self, count: int = 1) -> int:
        """The first of so many numbers, which nobody has had before: the log knows people by them for ever."""
        first = self._subscriber + 1
        self._subscriber += count
        return first

    def log(self, subscriber: int, who: bytes, consent: Consent) -> None:
        self._said.append((subscriber, who.hex(), consent))

    def queue(self, subscriber: int, kind: Kind, now: datetime) -> None:
        """Have the mail go out. One of its kind that still waits is asked for anew, and keeps its turn."""
        self._queued[subscriber, kind] = now

    def unqueue(self, subscriber: int, kind: Kind | None = None) -> None:
        """What waits for the person, or that kind of it, doesn't go out."""
        for key in [key for key in self._queued if key[0] == subscriber and kind in (None, key[1])]:
            del self._queued[key]
        self.run(*((_UNQUEUE_ONE, {"id_": subscriber, "kind_": kind}) if kind else (_UNQUEUE, {"id_": subscriber})))

    def write_queue(self) -> None:
        """For whoever reads it in this turn."""
        rows = [{"subscriber": number, "kind": kind, "now": now} for (number, kind), now in self._queued.items()]
        self._queued.clear()
        if rows:
            self.run(_QUEUE[self.connection.dialect.name], rows)

    def end(self) -> None:
        """Write what was gathered. After this nothing more can be done in the turn."""
        self.write_queue()
        origins: list[dict[str, Any]] = []
        self.insert(consents, self._entries(origins))
        self.insert(origin, origins)
        missing = {key: text for key, text in self.wordings.items() if self.one(_WORDING, {"hash_": key}) is None}
        self.insert(wording, [{"hash": key, "text": text} for key, text in missing.items()])
        if (self._subscriber, self._entry) != (self._before.last_subscriber, self._before.last_entry):
            values = {"last_subscriber": self._subscriber, "last_entry": self._entry, "last_hash": self._hash}
            self.run(update(head), values)

    def _entries(self, origins: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The log's new rows. Where they came from is noted in ``origins``."""
        for person, who, consent in self._said:
            nonce = secrets.token_hex(_NONCE_BYTES) if consent.ip else ""
            made = entry(self._entry + 1, person, who, consent, nonce, self._hash)
            self._entry, self._hash = made.number, made.hash
            if made.wording_hash not in self.known:
                self.wordings[made.wording_hash] = consent.wording
            at = _micros(consent.at)
            if nonce:
                origins.append({"number": made.number, "at": at, "ip": consent.ip, "nonce": nonce})
            yield _row(made, at)


def _queue(dialect: Any) -> Any:
    """Both databases have the same words for it, SQLAlchemy a module for each."""
    now = bindparam("now", type_=Moment)
    statement = dialect.insert(outgoing).values(asked=now, not_before=now, tries=0, error="")
    return statement.on_conflict_do_update(
        index_elements=["subscriber", "kind"], set_={"asked": statement.excluded.asked}
    )


_QUEUE = {"sqlite": _queue(sqlite), "postgresql": _queue(postgresql)}


# The consents of a turn are of few moments.
_micros = lru_cache(maxsize=64)(micros)


@lru_cache(maxsize=16)
def _cells(table: Table) -> Callable[[Mapping[str, Any]], Sequence[Any]]:
    return itemgetter(*table.columns.keys())


@lru_cache(maxsize=16)
def _insertion(table: Table, dialect: Dialect) -> str:
    return str(insert(table).compile(dialect=dialect))


def _copy(connection: Connection, table: Table, rows: Iterable[Sequence[Any]]) -> None:
    statement = f"COPY {table.name} ({', '.join(table.columns.keys())}) FROM STDIN"
    cursor: Any = connection.connection.cursor()
    errors: Any = connection.dialect.loaded_dbapi.Error
    try:
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except errors as error:  # as SQLAlchemy tells of what it sends itself
        raise cast(DBAPIError, DBAPIError.instance(statement, None, error, errors)) from error


def _row(one: Entry, at: int) -> dict[str, Any]:
    consent = one.consent
    return {
        "number": one.number,
        "subscriber": one.subscriber,
        "who": one.who,
        "at": at,
        "what": consent.what,
        "how": consent.how,
        "form": consent.form,
        "version": consent.version,
        "wording": one.wording_hash,
        "language": consent.language,
        "seal": one.seal,
        "previous": one.previous,
        "hash": one.hash,
    }
