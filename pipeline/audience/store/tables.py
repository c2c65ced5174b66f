"""The tables, as the newest migration leaves them. Why each index is there stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    literal_column,
)

from pipeline.audience.suppression import HASH_BYTES

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Microseconds since 1970, UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(written: int) -> datetime:
    """The moment, of its microseconds."""
    return _EPOCH + timedelta(microseconds=written)


def plain(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as it is written: moments as microseconds."""
    moments = (column.name for column in table.columns if isinstance(column.type, Moment))
    return {**row, **{name: micros(row[name]) for name in moments if row[name] is not None}}


class Moment(TypeDecorator[datetime]):
    """A moment as microseconds since 1970 in UTC: the same on all databases, compared without regard to zones."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else moment(value)


# SQLite only gives numbers by itself to a column that is called INTEGER; all its integers are of 64 bits.
_Number = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData()

# One row. Whoever writes has it: it keeps what each entry and each subscriber is numbered by, and where the chain ends,
# so that an entry cut off at the end is noticed too.
head = Table(
    "head",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("proof", LargeBinary, nullable=False),
    Column("last_subscriber", BigInteger, nullable=False),
    Column("last_entry", BigInteger, nullable=False),
    Column("last_hash", String(64), nullable=False),
)

subscriber = Table(
    "subscriber",
    metadata,
    # The audience and every listing walk along the primary key, a page at a time.
    Column("id", _Number, primary_key=True, autoincrement=False),
    # Sign-up, import, bounces: whose address is it? Of the address's normal form, and at home in suppression too.
    Column("hash", LargeBinary(HASH_BYTES), nullable=False, unique=True),
    Column("address", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("token", Text, nullable=False),
    Column("topics", Text, nullable=False),
    Column("mood", Text, nullable=False),
    Column("kinds", Text, nullable=False),
    Column("minutes", Text, nullable=False),
    Column("rhythm", String(16), nullable=False),
    Column("paused_until", String(10), nullable=False),  # ISO 8601, "" for not at all: earlier than any day
    Column("language", Text, nullable=False),
    Column("sent", Text, nullable=False),
    Column("last_edition", Text, nullable=False),
    Column("last_edition_date", Moment),
    Column("created", Moment, nullable=False),
    Column("mailed", Moment),
    Column("confirmed", Moment),
    Column("unsubscribed", Moment),
    Column("asked_address", Text, nullable=False),
)
# SQLite takes an index of some rows only for who asks for these in the same words.
NOT_CONFIRMED = subscriber.c.state != literal_column("'confirmed'")
# Who is in another state is counted and listed along it. With those who are confirmed in it too, whoever leaves would
# have two more pages written, each in another place of the disk.
Index(
    "ix_subscriber_state_id",
    subscriber.c.state,
    subscriber.c.id,
    sqlite_where=NOT_CONFIRMED,
    postgresql_where=NOT_CONFIRMED,
)

suppression = Table(
    "suppression",
    metadata,
    # Asked for by hash alone, at sign-up, import, and for each reader of an audience.
    Column("hash", LargeBinary(HASH_BYTES), primary_key=True),
    Column("reason", String(16), nullable=False),
    Column("at", Moment, nullable=False),
)

# The addresses that people had before they changed them: whoever leaves has left at those too.
former = Table(
    "former",
    metadata,
    Column("hash", LargeBinary(HASH_BYTES), primary_key=True),
    Column("subscriber", BigInteger, nullable=False, index=True),
)

# The words that people said yes to: a million entries hold their hash.
wording = Table("wording", metadata, Column("hash", String(64), primary_key=True), Column("text", Text, nullable=False))

consent = Table(
    "consent",
    metadata,
    # The chain is read in its order.
    Column("number", _Number, primary_key=True, autoincrement=False),
    # One person's data.
    Column("subscriber", BigInteger, nullable=False, index=True),
    Column("who", String(2 * HASH_BYTES), nullable=False),
    Column("at", Moment, nullable=False),
    Column("what", String(16), nullable=False),
    Column("how", String(16), nullable=False),
    Column("form", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("wording", String(64), nullable=False),
    Column("language", Text, nullable=False),
    Column("seal", String(64), nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

# Beside the log, for these go after a while.
origin = Table(
    "origin",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=False),
    # Which are old enough to go?
    Column("at", Moment, nullable=False, index=True),
    Column("ip", Text, nullable=False),
    Column("nonce", String(32), nullable=False),
)

outgoing = Table(
    "outgoing",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("subscriber", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("asked", Moment, nullable=False),
    # What is to go out now?
    Column("not_before", Moment, nullable=False, index=True),
    Column("tries", Integer, nullable=False),
    Column("error", Text, nullable=False),
    # One mail of a kind is waiting for a person, and all of a person's go when the person does.
    UniqueConstraint("subscriber", "kind"),
    # The done ones are deleted; a number isn't given to another mail then.
    sqlite_autoincrement=True,
)
