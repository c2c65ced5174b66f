"""One transaction of the only writer: the numbers it gives out, the consents it logs, at its end all in one go."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.audience.consent import Consent, Entry, entry
from pipeline.audience.store.tables import consent as consents
from pipeline.audience.store.tables import head, origin, outgoing, wording
from pipeline.audience.subscriber import Kind
from pipeline.audience.suppression import Hasher

_NONCE_BYTES = 16
# Whoever has this row writes; another process waits here. (SQLite has one writer anyway, and no such words.)
_TAKE = select(head).with_for_update()


class Turn:
    """What a write is done with. ``known`` are the hashes of wordings that are there for sure."""

    def __init__(
        self, connection: Connection, hasher: Hasher, sign: Callable[[int], str], known: frozenset[str]
    ) -> None:
        self.connection = connection
        self.hasher = hasher
        self.sign = sign
        self.known = known
        self.wordings: dict[str, str] = {}
        self._entries: list[Entry] = []
        taken = connection.execute(_TAKE).one()
        self._before = taken
        self._subscriber, self._entry, self._hash = taken.last_subscriber, taken.last_entry, taken.last_hash

    def one(self, statement: Any, values: dict[str, Any]) -> Row[Any] | None:
        return self.connection.execute(statement, values).first()

    def run(self, statement: Any, values: dict[str, Any] | Sequence[dict[str, Any]]) -> None:
        self.connection.execute(statement, values)

    def new_ids(self, count: int = 1) -> int:
        """The first of so many numbers, which nobody has had before: the log knows people by them for ever."""
        first: int = self._subscriber + 1
        self._subscriber += count
        return first

    def log(self, subscriber: int, who: bytes, consent: Consent) -> None:
        nonce = secrets.token_hex(_NONCE_BYTES) if consent.ip else ""
        made = entry(self._entry + 1, subscriber, who.hex(), consent, nonce, self._hash)
        self._entry, self._hash = made.number, made.hash
        self._entries.append(made)
        if made.wording_hash not in self.known:
            self.wordings[made.wording_hash] = consent.wording

    def queue(self, subscriber: int, kind: Kind, now: Any) -> None:
        """Have the mail go out. One of its kind that still waits is asked for anew, and keeps its turn."""
        values = {"subscriber": subscriber, "kind": kind, "asked": now, "not_before": now, "tries": 0, "error": ""}
        self.run(_QUEUE[self.connection.dialect.name], values)

    def end(self) -> None:
        """Write what was gathered. After this nothing more can be done in the turn."""
        for hashed, words in self.wordings.items():
            if self.one(_WORDING, {"hash": hashed}) is None:
                self.run(insert(wording), {"hash": hashed, "text": words})
        if self._entries:
            self.run(insert(consents), [_row(one) for one in self._entries])
        origins = [_origin(one) for one in self._entries if one.nonce]
        if origins:
            self.run(insert(origin), origins)
        if (self._subscriber, self._entry) != (self._before.last_subscriber, self._before.last_entry):
            values = {"last_subscriber": self._subscriber, "last_entry": self._entry, "last_hash": self._hash}
            self.run(update(head), values)


def _queue(dialect: Any) -> Any:
    """Both have the same words for it, each its own way to them."""
    statement = dialect.insert(outgoing)
    return statement.on_conflict_do_update(
        index_elements=["subscriber", "kind"], set_={"asked": statement.excluded.asked}
    )


_QUEUE = {"sqlite": _queue(sqlite), "postgresql": _queue(postgresql)}
_WORDING = select(wording.c.hash).where(wording.c.hash == bindparam("hash"))


def _row(one: Entry) -> dict[str, Any]:
    consent = one.consent
    return {
        "number": one.number,
        "subscriber": one.subscriber,
        "who": one.who,
        "at": consent.at,
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


def _origin(one: Entry) -> dict[str, Any]:
    return {"number": one.number, "at": one.consent.at, "ip": one.consent.ip, "nonce": one.nonce}
