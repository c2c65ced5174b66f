"""One transaction of the only writer: the numbers it gives out, the consents it logs, the mails it has wait.

What nobody reads in the same turn is gathered, and written at its end in one go, and what its works are about is read
in one go before: a turn of fifty people who leave takes as many statements as one of a single person.
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
_UPDATE = update(subscriber).where(subscriber.c.id == bindparam("id_"))
_READERS = (
    select(subscriber, suppression.c.reason)
    .outerjoin(suppression, suppression.c.hash == subscriber.c.hash)
    .where(subscriber.c.id.in_(bindparam("numbers", expanding=True)))
)


class Turn:
    """What a write is done with. ``known`` are the hashes of wordings that are there for sure. ``addresses`` are
    those that somebody signs up with in this turn, and ``numbers`` are of readers that it is about: one look for all of
    them; ``unknown`` are the hashes that neither list has."""

    def __init__(
        self,
        connection: Connection,
        hasher: Hasher,
        sign: Callable[[int], str],
        known: frozenset[str] = frozenset(),
        addresses: Sequence[str] = (),
        numbers: Sequence[int] = (),
    ) -> None:
        self._connection = connection
        self.hasher = hasher
        self.sign = sign
        self.known = known
        self.wordings: dict[str, str] = {}
        self._said: list[tuple[int, str, Consent]] = []
        self._new: list[dict[str, Any]] = []
        self._changed: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        self._unqueued: list[tuple[int, Kind | None]] = []
        self._queued: dict[tuple[int, Kind], datetime] = {}
        # First: with this, nobody else writes until the end.
        self._before = connection.execute(_TAKE).one()
        self._subscriber: int = self._before.last_subscriber
        self._entry: int = self._before.last_entry
        self._hash: str = self._before.last_hash
        self._hashes = {address: hasher.hash(address) for address in addresses}
        self.unknown = set(self._hashes.values())
        if self.unknown:
            self.unknown.difference_update(connection.scalars(_KNOWN, {"hashes": [*self.unknown]}))
        self._read: dict[int, Row[Any] | None] = dict.fromkeys(numbers)
        if numbers:
            self._read.update((row.id, row) for row in connection.execute(_READERS, {"numbers": [*self._read]}))

    @property
    def connection(self) -> Connection:
        """For whoever reads or writes at once: what was gathered is written first, and what was read may be old."""
        self._read.clear()
        self._write()
        return self._connection

    @property
    def log_there(self) -> Connection:
        """As ``connection``, for whoever looks into the consent log, or takes away where its entries came from."""
        self._write_log()
        return self.connection

    def hash(self, address: str) -> bytes:
        """The address's salted hash. Raises a ValueError for what is none."""
        return self._hashes.get(address) or self.hasher.hash(address)

    def one(self, statement: Any, values: dict[str, Any]) -> Row[Any] | None:
        return self.connection.execute(statement, values).first()

    def run(self, statement: Any, values: dict[str, Any] | Sequence[dict[str, Any]]) -> None:
        self.connection.execute(statement, values)

    def reader(self, number: int) -> Row[Any] | None:
        """All columns of the subscriber, and ``reason``, for which nobody writes to them."""
        if number not in self._read:
            return self.connection.execute(_READERS, {"numbers": [number]}).first()
        return self._read.pop(number)

    def take_up(self, there: dict[str, Any]) -> None:
        """A subscriber that is new, with all columns as the database has them."""
        self.unknown.discard(there["hash"])
        self._read.pop(there["id"], None)
        self._new.append(there)

    def change(self, number: int, values: dict[str, Any]) -> None:
        """These columns of the subscriber are so from now on."""
        self._read.pop(number, None)
        self._changed.setdefault(tuple(values), []).append({"id_": number, **values})

    def insert(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Rows with all columns, as the database has them: moments as microseconds. They are made while it takes them
        in, so that they can ask it nothing. Handed to the driver as they are: SQLAlchemy would take longer to look at
        the values of a million rows than SQLite takes to write them."""
        if self.unknown and table in _LISTS:
            rows = list(rows)
            self.unknown.difference_update(row["hash"] for row in rows)
        _insert(self.connection, table, rows)

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
        self._unqueued.append((subscriber, kind))

    def end(self) -> None:
        """Write what was gathered. After this nothing more can be done in the turn."""
        self._write()
        self._write_log()
        missing = {key: text for key, text in self.wordings.items() if self.one(_WORDING, {"hash_": key}) is None}
        self.insert(wording, [{"hash": key, "text": text} for key, text in missing.items()])
        if (self._subscriber, self._entry) != (self._before.last_subscriber, self._before.last_entry):
            values = {"last_subscriber": self._subscriber, "last_entry": self._entry, "last_hash": self._hash}
            self.run(update(head), values)

    def _write(self) -> None:
        """A mail that was taken back, and asked for again, waits: queueing comes last."""
        connection = self._connection
        _insert(connection, subscriber, self._new)
        for rows in self._changed.values():
            connection.execute(_UPDATE, rows)
        if of_all_kinds := [{"id_": number} for number, kind in self._unqueued if not kind]:
            connection.execute(_UNQUEUE, of_all_kinds)
        if of_one_kind := [{"id_": number, "kind_": kind} for number, kind in self._unqueued if kind]:
            connection.execute(_UNQUEUE_ONE, of_one_kind)
        if queued := [{"subscriber": number, "kind": kind, "now": now} for (number, kind), now in self._queued.items()]:
            connection.execute(_QUEUE[connection.dialect.name], queued)
        for gathered in (self._new, self._changed, self._unqueued, self._queued):
            gathered.clear()

    def _write_log(self) -> None:
        origins: list[dict[str, Any]] = []
        self.insert(consents, self._entries(origins))
        self.insert(origin, origins)
        self._said.clear()

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


def _insert(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    cells = map(_cells(table), rows)
    some = list(islice(cells, _MANY))
    if len(some) == _MANY and connection.dialect.name == "postgresql":
        _copy(connection, table, chain(some, cells))
    elif some:
        connection.exec_driver_sql(_insertion(table, connection.dialect), [*some, *cells])


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
