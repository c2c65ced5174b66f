"""The Store: people in a database, SQLite or PostgreSQL. The only importer of SQLAlchemy here, and of Alembic.

Reading looks into the database as it is at that moment. Writing is one transaction after the other (``turns``), so
that the consent log is one chain; an answer means that it is on the disk. Any thread may call any method; several
processes may have the same database open. All of them raise a BusyError where another process writes for too long,
and a DiskError where the disk is full or the database is gone.
"""

from __future__ import annotations

import secrets as chance
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, exists, func, insert, literal_column, or_, select

from pipeline.audience.consent import FIRST, Consent, Entry, Fault, first_fault
from pipeline.audience.store import importing, log, people, queue, readers, withdrawing
from pipeline.audience.store.checkpoints import Checkpoints
from pipeline.audience.store.opening import Database, failures, open_database, writing
from pipeline.audience.store.people import Confirm, SignUp, Unsubscribe
from pipeline.audience.store.readers import BATCH, FIELDS
from pipeline.audience.store.rows import to_subscriber
from pipeline.audience.store.tables import NOT_CONFIRMED, consent, head, subscriber, suppression
from pipeline.audience.store.turn import Turn
from pipeline.audience.store.turns import AT_ONCE, Turns
from pipeline.audience.subscriber import (
    STATES,
    Asked,
    NewReader,
    Outgoing,
    Preferences,
    State,
    Subscriber,
    Verdict,
    Withdrawal,
)
from pipeline.audience.suppression import SALT_BYTES, Hasher, Reason
from pipeline.errors import ConfigurationError, PipelineError
from pipeline.recipients.batch import Batch

__all__ = ["AT_ONCE", "FIELDS", "Confirm", "SignUp", "Store", "Unsubscribe", "open_store"]

Result = TypeVar("Result")
_PAGE = 1024
_HEAD = select(head)
_SOMEBODY = select(or_(*(exists(literal_column("1")).select_from(one) for one in (consent, subscriber, suppression))))
_PAGE_OF_ALL = select(subscriber).where(subscriber.c.id > bindparam("after")).order_by(subscriber.c.id).limit(_PAGE)
_PAGE_OF_STATE = _PAGE_OF_ALL.where(subscriber.c.state == bindparam("state_"))
_OTHERS = select(subscriber.c.state, func.count().label("people")).where(NOT_CONFIRMED).group_by(subscriber.c.state)
_STATES = _OTHERS.union_all(select(literal_column("'all'"), func.count()).select_from(subscriber))
_REASONS = select(suppression.c.reason, func.count()).group_by(suppression.c.reason)


def open_store(url: str, secrets: Sequence[bytes], sign: Callable[[int], str]) -> Store:
    """The store in the database of this URL, migrated to the newest tables first.

    ``secrets`` are the deployment's keys, newest first: hashes of addresses are made with the one that the database
    began with, which therefore has to stay among them. ``sign`` makes the reader's token of a subscriber's number.
    Raises a ConfigurationError where there is no such database or none of the keys is its own.
    """
    database = open_database(url)
    try:
        with failures(), writing(database.writer) as connection:
            hasher = _hasher(connection, secrets)
    except PipelineError:
        database.close()
        raise
    return Store(database, hasher, sign)


def _hasher(connection: Connection, secrets: Sequence[bytes]) -> Hasher:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE head")  # two processes may begin with an empty one
    row = connection.execute(_HEAD).first()
    if row is None:
        if connection.scalar(_SOMEBODY):
            raise ConfigurationError(
                "the table head of the database is empty, and without it nobody knows who was erased or where "
                "the record of consents ends; put a copy of the database back"
            )
        salt = chance.token_bytes(SALT_BYTES)
        hasher = Hasher(secrets[0], salt)
        begin = {"last_subscriber": 0, "last_entry": 0, "last_hash": FIRST}
        connection.execute(insert(head), {"id": 1, "salt": salt, "proof": hasher.proof(), **begin})
        return hasher
    for secret in secrets:
        hasher = Hasher(secret, row.salt)
        if chance.compare_digest(hasher.proof(), row.proof):
            return hasher
    raise ConfigurationError(
        "no key in SECRET_KEY is the one that this database began with, and without it nobody knows who was erased; "
        "put it back, after the new one: SECRET_KEY=new,old"
    )


class Store:
    """People, and what they have said. Times are aware; an address that is none raises a ValueError with the reason."""

    def __init__(self, database: Database, hasher: Hasher, sign: Callable[[int], str]) -> None:
        self._database = database
        self._engine = database.readers
        self._hasher = hasher
        self._sign = sign
        self._turns: Turns[Any] = Turns(self._transact)
        self._wordings: frozenset[str] = frozenset()
        is_sqlite = database.writer.dialect.name == "sqlite"
        self._checkpoints = Checkpoints(database.readers, database.writer) if is_sqlite else None

    def close(self) -> None:
        self._database.close()
        if self._checkpoints:
            self._checkpoints.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Signing up and leaving

    def ask(self, address: str, name: str, preferences: Preferences, consent: Consent, now: datetime) -> Asked:
        """Somebody signs up with the address. ``mail``: new, pending or left, and not written to in the last 24 hours;
        a confirmation mail is queued. ``quiet``: nothing has changed, and nothing goes out."""
        return self._do(SignUp(address, name, preferences, consent, now))

    def confirm(self, number: int, consent: Consent, now: datetime) -> Subscriber | None:
        """Pending -> confirmed, and the welcome mail is queued; a confirmed one stays so. ``None`` where nobody can be
        confirmed: erased, suppressed, or unsubscribed since."""
        return self._do(Confirm(number, consent, now))

    def unsubscribe(self, number: int, consent: Consent, now: datetime) -> Subscriber | None:
        """At once, and as often as anybody likes; what is queued for the reader doesn't go out. ``None`` for nobody."""
        return self._do(Unsubscribe(number, consent, now))

    # Changing

    def change(
        self, number: int, preferences: Preferences, name: str, consent: Consent, now: datetime
    ) -> Subscriber | None:
        """The reader's preferences and name are these now. ``None`` where there is nobody."""
        return self._do(lambda turn: people.change(turn, number, preferences, name, consent))

    def ask_address(self, number: int, new_address: str, now: datetime, *, may_mail: bool = True) -> Asked:
        """The reader would like to be written to elsewhere: a mail to the new address is queued (``mail``), but where
        it is somebody's already or suppressed, or has been written to enough (``quiet``)."""
        return self._do(lambda turn: people.ask_address(turn, number, new_address, now, may_mail))

    def change_address(self, number: int, who: str, consent: Consent, now: datetime) -> Subscriber | None:
        """The owner of the new address has confirmed. ``who`` is the address's hash, from the ``Outgoing`` that the
        mail was made of. ``None`` where it isn't the one asked for last, or is somebody's or suppressed by now."""
        return self._do(lambda turn: people.change_address(turn, number, who, consent))

    # Never again

    def suppress(self, address: str, reason: Reason, consent: Consent, now: datetime) -> bool:
        """Whoever has the address is never written to. False where that was so before."""
        return self._do(lambda turn: people.suppress(turn, address, reason, consent, now))

    def lift(self, address: str, consent: Consent) -> bool:
        """The address may be written to again, as the state of whoever has it says. False where it was before."""
        return self._do(lambda turn: people.lift(turn, address, consent))

    def erase(self, number: int, consent: Consent, now: datetime) -> bool:
        """Nothing of the person stays but salted hashes. False where there was nobody."""
        found = self._do(lambda turn: people.erase(turn, number, consent, now))
        if found and self._checkpoints:
            self._checkpoints.all()  # what is overwritten in the file still stands in its log
        return found

    def overwrite_erased(self) -> None:
        """SQLite may have copies of those who were erased, or whose sign-up has lapsed, in parts of its file that are
        of no use any more: they go. Writers wait for that, four seconds for a million people, and it takes as much
        room again. PostgreSQL has its own ways, and whoever runs it."""
        if self._checkpoints:
            with failures():
                self._checkpoints.overwrite()

    def is_suppressed(self, address: str) -> bool:
        with failures(), self._engine.connect() as connection:
            return bool(connection.scalar(people.IS_SUPPRESSED, {"hash_": self._hasher.hash(address)}))

    def suppression(self, address: str) -> tuple[Reason, datetime] | None:
        """Why nobody writes to the address, and since when; ``None`` where it isn't suppressed."""
        with failures(), self._engine.connect() as connection:
            row = connection.execute(people.SUPPRESSION, {"hash_": self._hasher.hash(address)}).first()
            return None if row is None else (row.reason, row.at)

    # Looking

    def by_id(self, number: int) -> Subscriber | None:
        with failures(), self._engine.connect() as connection:
            row = connection.execute(people.BY_ID, {"id_": number}).first()
            return None if row is None else to_subscriber(row._mapping)

    def by_address(self, address: str) -> Subscriber | None:
        """``None`` too for what is no address."""
        try:
            hashed = self._hasher.hash(address)
        except ValueError:
            return None
        with failures(), self._engine.connect() as connection:
            row = connection.execute(people.FIND, {"hash_": hashed}).one()
            return None if row.id is None else to_subscriber(row._mapping)

    def who(self, address: str) -> str:
        """The address's salted hash, in hexadecimal."""
        return self._hasher.hash(address).hex()

    def subscribers(self, state: State | None = None) -> Iterator[Subscriber]:
        """All of them, or those in a state, by number; a page at a time."""
        statement, values = (_PAGE_OF_STATE, {"state_": state}) if state else (_PAGE_OF_ALL, {})
        if state and state != "confirmed":
            statement = statement.where(NOT_CONFIRMED)
        after = 0
        while True:
            with failures(), self._engine.connect() as connection:
                rows = connection.execute(statement, values | {"after": after}).mappings().all()
            yield from map(to_subscriber, rows)
            if len(rows) < _PAGE:
                return
            after = rows[-1]["id"]

    def counts(self) -> Mapping[str, int]:
        """How many there are in each state, and suppressed for each reason there is (as ``suppressed: bounce``)."""
        with failures(), self._engine.connect() as connection:
            states = {row.state: row.people for row in connection.execute(_STATES)}
            everybody = states.pop("all")
            reasons = {f"suppressed: {reason}": count for reason, count in connection.execute(_REASONS)}
        states["confirmed"] = everybody - sum(states.values())
        return {**{state: states.get(state, 0) for state in STATES}, **dict(sorted(reasons.items()))}

    # Editions

    def audience(
        self,
        edition: str,
        edition_date: datetime,
        now: datetime,
        fields: Collection[str] = FIELDS,
        size: int = BATCH,
    ) -> Iterator[Batch]:
        """Those for whom the edition may be made, by number, in batches of at most so many: confirmed, not suppressed,
        not paused on the day that ``now`` is in its zone, and it fits their rhythm. Columns are those of ``fields``
        that the list knows (``FIELDS``)."""
        with failures():
            yield from readers.audience(self._engine, edition, edition_date, now, fields, size)

    def note_made(
        self,
        addresses: Sequence[str],
        edition: str,
        edition_date: datetime,
        sent: Sequence[Sequence[str]] | None = None,
    ) -> None:
        """Messages of the edition were made for these readers, with these tracks for each. May be noted again."""
        hashes = list(self._hasher.hashes(addresses))
        for begin in range(0, len(hashes), _PAGE):
            part = slice(begin, begin + _PAGE)
            tracks = None if sent is None else sent[part]
            self._note(hashes[part], edition, edition_date, tracks)

    def _note(
        self, hashes: Sequence[bytes], edition: str, date: datetime, sent: Sequence[Sequence[str]] | None
    ) -> None:
        self._do(lambda turn: readers.note_made(turn, hashes, edition, date, sent))

    def import_rows(
        self, batches: Iterable[Sequence[NewReader]], consent: Consent, now: datetime
    ) -> Iterator[list[Verdict]]:
        """For each batch, once it is in the database, the verdict on each of its rows: nothing is imported that isn't
        iterated over. Addresses have to be checked. Batches of some thousands are the fastest; sign-ups go between."""
        for batch in batches:
            yield self._import(batch, consent, now)

    def _import(self, batch: Sequence[NewReader], consent: Consent, now: datetime) -> list[Verdict]:
        hashes = list(self._hasher.hashes(row.address for row in batch))
        return self._do(lambda turn: importing.import_batch(turn, batch, hashes, consent, now))

    def judge_rows(self, addresses: Sequence[str]) -> list[Verdict]:
        """What the verdict on each would be if it were imported now. Addresses have to be checked."""
        hashes = list(self._hasher.hashes(addresses))
        with failures(), self._engine.connect() as connection:
            return importing.judge_batch(connection, hashes)

    def withdraw_rows(self, rows: Sequence[Withdrawal], consent: Consent, now: datetime) -> list[bool]:
        """Those who have left another list have left this one, or are suppressed; for each, whether that is news.
        Addresses have to be checked. Some thousands at most: they are one turn."""
        hashes = list(self._hasher.hashes(row.address for row in rows))
        return self._do(lambda turn: withdrawing.withdraw_batch(turn, rows, hashes, consent, now))

    # The consent log

    def consents(self, after: int = 0) -> Iterator[Entry]:
        """The entries after the one of this number."""
        with failures():
            yield from log.entries(self._engine, after)

    def consents_of(self, number: int) -> list[Entry]:
        """All that a person has said."""
        with failures():
            return log.entries_of(self._engine, number)

    def verify(self) -> Fault | None:
        """The first entry of the consent log that isn't as it was written; ``None`` where all are."""
        with failures():
            number, end = log.end(self._engine)
            return first_fault(log.entries(self._engine, None), number, end, lambda: log.end(self._engine)[0])

    def end_of_log(self) -> tuple[int, str]:
        """How many consents there are, and the hash of the last, which all of them are in."""
        with failures():
            return log.end(self._engine)

    def forget_origins(self, before: datetime) -> int:
        """Delete the internet addresses that consents from before this moment came from; how many there were."""
        found = self._do(lambda turn: log.forget_origins(turn, before))
        if found and self._checkpoints:
            self._checkpoints.all()
        return found

    def forget_unconfirmed(self, before: datetime, now: datetime) -> int:
        """Of those who were last written to before this moment, and haven't confirmed, nothing stays but salted hashes
        in the log; who has left before has left again. Some at a time: how many, 0 when there are no more."""
        with failures(), self._engine.connect() as connection:
            numbers = connection.scalars(people.SOME_UNCONFIRMED, {"before": before}).all()
        found = self._do(lambda turn: people.lapse(turn, numbers, before, now)) if numbers else 0
        if found and self._checkpoints:
            self._checkpoints.all()
        return found

    # Mails that wait

    def claim(self, now: datetime, limit: int) -> list[Outgoing]:
        """So many of the mails that are due, for the caller alone for ten minutes; after that they are due again."""
        return self._do(lambda turn: queue.claim(turn, now, limit))

    def done(self, number: int) -> None:
        """The mail has gone out."""
        self._do(lambda turn: queue.done(turn, number))

    def later(self, number: int, not_before: datetime, error: str) -> None:
        """The mail was tried in vain; it is due again then."""
        self._do(lambda turn: queue.later(turn, number, not_before, error))

    def give_back(self, number: int, not_before: datetime, error: str) -> None:
        """The mail wasn't tried, be it that none got through; it is due again then."""
        self._do(lambda turn: queue.give_back(turn, number, not_before, error))

    def do_all(self, wishes: Sequence[SignUp | Confirm | Unsubscribe]) -> list[Any]:
        """What ``ask``, ``confirm`` and ``unsubscribe`` answer to each, or the exception that they raise: in one
        transaction, of up to ``AT_ONCE``, and with one thread that waits."""
        return self._turns.do_all(wishes)

    def _do(self, work: Callable[[Turn], Result]) -> Result:
        answer: Result = self._turns.do(work)
        return answer

    def _transact(self, works: Sequence[Callable[[Turn], Any]]) -> list[Any]:
        if self._checkpoints:
            self._checkpoints.before_writing()
        with failures(), writing(self._database.writer) as connection:
            addresses = [work.address for work in works if isinstance(work, SignUp)]
            numbers = [work.number for work in works if isinstance(work, Confirm | Unsubscribe)]
            turn = Turn(connection, self._hasher, self._sign, self._wordings, addresses, numbers)
            answers = [work(turn) for work in works]
            turn.end()
            connection.commit()
            if self._checkpoints:
                self._checkpoints.written(connection)
        self._wordings |= frozenset(turn.wordings)
        return answers
