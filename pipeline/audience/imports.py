"""A list's CSV export -> whom to write to, whom never again, and who can't be taken and why. Pure but for the file.

Each service is its columns, as its exports have them:

- Mailchimp: the headers of real exports in public repositories (subscribed, unsubscribed, cleaned, nonsubscribed), and
  its help on what is unsubscribed and cleaned;
- listmonk: ``ExportSubscribers`` in cmd/subscribers.go, and models.SubscriberStatus;
- Ghost: ``unparse`` in core/server/services/members, and its tests of the round trip;
- Buttondown: the fields and subscriber types of docs.buttondown.com/api-subscribers-introduction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import PurePath
from typing import Literal, cast

from pipeline.audience.exports import unguarded
from pipeline.audience.rhythm import RHYTHMS
from pipeline.audience.subscriber import NewReader, Preferences, Withdrawal, WithdrawalReason
from pipeline.languages import primary
from pipeline.model import FieldType, Value
from pipeline.recipients import Batch, Rejected, Source, open_source
from pipeline.recipients.addresses import address as checked

# What becomes of a row's person: they get mail, they have left, or they are never to be written to, and why.
Standing = Literal["confirmed"] | WithdrawalReason

# What the exports' words for a person's state mean.
_STANDINGS: Mapping[str, Standing] = {
    **dict.fromkeys(("subscribed", "confirmed", "active", "enabled", "true", "yes", "1"), "confirmed"),
    # Buttondown's. Who stops paying, or pauses that, is a subscriber still.
    **dict.fromkeys(
        ("regular", "premium", "trialed", "unpaid", "gifted", "churning", "churned", "paused", "past_due"), "confirmed"
    ),
    **dict.fromkeys(("unsubscribed", "opted_out", "false", "no", "0"), "unsubscribed"),
    **dict.fromkeys(("cleaned", "bounced", "bounce", "undeliverable"), "bounce"),
    **dict.fromkeys(("complained", "complaint", "abuse"), "complaint"),
    **dict.fromkeys(("blocklisted", "blacklisted", "blocked", "banned", "suppressed", "removed", "spammy"), "manual"),
}
_NEVER_ASKED = "is a contact only (customers are such), and has never asked for mail"
_REFUSED: Mapping[str, str] = {
    **dict.fromkeys(
        ("pending", "unconfirmed", "unactivated"), "hasn't confirmed there; let them sign up here, and confirm"
    ),
    **dict.fromkeys(("nonsubscribed", "non_subscribed", "transactional"), _NEVER_ASKED),
    **dict.fromkeys(("disabled", "archived", "deleted"), "isn't written to there any more"),
}
# What stands in a column of confirmations where there is none.
_NO = ("false", "no", "0")
# Mailchimp's way to tell who has called a mail spam.
_SPAM = re.compile(r"spam|abuse", re.IGNORECASE)
# Mailchimp's files of contacts say in their names alone what the contacts are.
_FILE = re.compile(r"(subscribed|unsubscribed|cleaned|nonsubscribed|archived)_(?:members|email_audience)_export")
# Go's way to write a time, as listmonk's exports have it: 2021-02-01 10:00:00.123 +0000 UTC.
_GO_TIME = re.compile(r"(.+) ([+-][0-9]{4})(?: \S+)?")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
LONGEST_NAME = 200

# Standings, from what is outweighed by everything to what outweighs everything.
_ORDER: Mapping[str, int] = {"confirmed": 0, "unsubscribed": 2, "manual": 3, "bounce": 4, "complaint": 5}

# Cells a column at a time, by the column's name.
Columns = Mapping[str, Sequence[Value]]


@dataclass(frozen=True, slots=True)
class Service:
    """Where an export comes from: the columns that only its exports have, and what the others mean.

    Column names are in lower case with underscores. Of several for one meaning, the first that is filled counts.
    ``gone`` are those with the time since when somebody is that; ``why`` may say that it was for spam.
    """

    name: str
    known_by: frozenset[str] = frozenset()
    status: tuple[str, ...] = ()
    gone: Mapping[str, Standing | Literal["deleted"]] = field(default_factory=dict)
    why: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
    ip: tuple[str, ...] = ()
    topics: tuple[str, ...] = ("tags",)
    language: tuple[str, ...] = ("language",)


MAILCHIMP = Service(
    "Mailchimp",
    frozenset({"member_rating", "leid", "euid"}),
    status=("status",),
    gone={"clean_time": "bounce", "unsub_time": "unsubscribed"},
    why=("unsub_reason", "unsub_reason_other"),
    asked=("optin_time",),
    confirmed=("confirm_time",),
    ip=("confirm_ip", "optin_ip"),
)
LISTMONK = Service(
    "listmonk", frozenset({"uuid", "attributes"}), status=("status", "subscription_status"), asked=("created_at",)
)
GHOST = Service(
    "Ghost",
    frozenset({"subscribed_to_emails"}),
    status=("subscribed_to_emails",),
    gone={"deleted_at": "deleted"},
    asked=("created_at",),
    topics=("labels",),
)
BUTTONDOWN = Service(
    "Buttondown",
    frozenset({"creation_date", "subscriber_type", "undeliverability_date"}),
    status=("subscriber_type", "type", "status"),
    gone={"undeliverability_date": "bounce", "unsubscription_date": "unsubscribed"},
    why=("undeliverability_reason",),
    asked=("creation_date",),
    ip=("ip_address",),
)
OWN = Service(
    "Stay Updated",
    frozenset({"rhythm", "paused_until"}),
    status=("status",),
    gone={"unsubscribed": "unsubscribed"},
    asked=("created",),
    confirmed=("confirmed",),
    topics=("topics",),
)
PLAIN = Service(
    "plain",
    status=("status",),
    gone={"bounced_at": "bounce", "unsubscribed_at": "unsubscribed"},
    asked=("created", "created_at", "subscribed_at", "date", "optin_time"),
    confirmed=("confirmed", "confirmed_at"),
    ip=("ip", "ip_address", "optin_ip"),
    topics=("topics", "tags", "labels"),
    language=("language", "lang", "locale"),
)
SERVICES = (MAILCHIMP, LISTMONK, GHOST, BUTTONDOWN, OWN)

_NAME = ("name", "full_name")
_FIRST = ("first_name", "firstname", "fname")
_LAST = ("last_name", "lastname", "lname", "surname")
_LISTS = ("tags", "labels", "topics", "kinds")
# Our own exports alone have these.
_OWN = ("mood", "kinds", "minutes", "rhythm", "paused_until")


@dataclass(frozen=True, slots=True)
class Row:
    """A person who can be taken, or has left: the line they stand in, and what the store is told of them."""

    line: int
    told: NewReader | Withdrawal


@dataclass(frozen=True, slots=True)
class Refused:
    """A person who can't be taken: the line, the address as it stands there, and the reason."""

    line: int
    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class Export:
    """An export that has been looked through: where it is from, how many rows it has. Close it, or use a ``with``.

    ``status`` is what the file's name says of everybody in it; empty where it says nothing.
    """

    name: str
    service: Service
    rows: int
    status: str
    _source: Source

    def read(self, size: int = 2000) -> Iterator[tuple[list[Row], list[Refused]]]:
        """Its people in the order of the file, about so many at a time.

        Who stands there twice is taken once; but of somebody who has left in one of the rows the last word is that
        they have. Raises a ContentError where the file has changed since it was opened.
        """
        rows: list[Row] = []
        refused: list[Refused] = []
        for shard in self._source.shards(max(1, self._source.rows)):
            for found in shard.read(size):
                if isinstance(found, Rejected):
                    self._note_rejected(found, rows, refused)
                else:
                    self._note_batch(found, rows, refused)
                if len(rows) + len(refused) >= size:
                    yield rows, refused
                    rows, refused = [], []
        if rows or refused:
            yield rows, refused

    def _note_batch(self, batch: Batch, rows: list[Row], refused: list[Refused]) -> None:
        columns, service, size = batch.columns, self.service, len(batch.emails)
        if service is OWN:
            columns = {name: _unguarded(column) for name, column in columns.items()}
        emails = cast(Sequence[str], columns["email"])
        standings = self._standings(columns, size)
        evidence = _evidence(service, columns, size)
        left = _times(tuple(service.gone), columns, size)
        readers = map(
            NewReader,
            emails,
            _names(columns, size),
            _preferences(service, columns, size),
            _times(service.confirmed, columns, size),
            _times(service.asked, columns, size),
            _firsts(service.ip, columns, size),
            evidence,
        )
        found = zip(batch.lines, standings, readers, left, strict=True)
        for line, standing, reader, since in found:
            if standing == "confirmed":
                rows.append(Row(line, reader))
            elif standing in _ORDER:
                reason = cast(WithdrawalReason, standing)
                rows.append(Row(line, Withdrawal(reader.address, reason, since, reader.evidence)))
            else:
                refused.append(Refused(line, reader.address, standing))

    def _note_rejected(self, found: Rejected, rows: list[Row], refused: list[Refused]) -> None:
        """Whatever is wrong with a row: who has left in it has left."""
        refused.append(Refused(found.row, found.values.get("email", ""), found.reason))
        columns = {name: (cell,) for name, cell in found.values.items()}
        (standing,) = self._standings(columns, 1)
        try:
            if standing in _ORDER and standing != "confirmed":
                (since,) = _times(tuple(self.service.gone), columns, 1)
                email = checked(columns["email"][0])
                rows.append(Row(found.row, Withdrawal(email, cast(WithdrawalReason, standing), since)))
        except (KeyError, ValueError):
            pass  # no address, so nobody who could be written to

    def _standings(self, columns: Columns, size: int) -> list[str]:
        """Each person's standing, or why they can't be taken: the worst that one of the columns says."""
        service = self.service
        said: list[Sequence[str]] = [[self.status] * size] if self.status else []
        said += [texts for name in service.status if (texts := _texts(name, columns))]
        for name, standing in service.gone.items():
            if texts := _texts(name, columns):
                said.append([standing if cell else "" for cell in texts])
        for name in service.confirmed:
            if texts := _texts(name, columns):
                said.append(["unconfirmed" if cell.casefold() in _NO else "" for cell in texts])
        for name in service.why:
            if texts := _texts(name, columns):
                said.append(["complaint" if _SPAM.search(cell) else "" for cell in texts])
        # What is said of a person is one of few combinations.
        combined = list(zip(*said, strict=True)) if said else [()] * size
        worst = {
            one: max(map(_standing_of, filter(None, one)), key=_weight, default="confirmed") for one in set(combined)
        }
        return [worst[one] for one in combined]

    def close(self) -> None:
        self._source.close()

    def __enter__(self) -> Export:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def open_export(name: str) -> Export:
    """Look through the export in this file, ``-`` for standard input.

    Raises a ContentError where it is no CSV, isn't in UTF-8, or no column has addresses.
    """
    types = _types()
    source = open_source(name, types, ignore=("*",))
    service = next((one for one in SERVICES if one.known_by.intersection(source.columns)), PLAIN)
    found = _FILE.match(PurePath(name).name)
    return Export(name, service, source.rows, found[1] if found else "", source)


def _types() -> dict[str, FieldType]:
    """Every column that means something to somebody."""
    names = {*_NAME, *_FIRST, *_LAST, *_OWN}
    for one in (*SERVICES, PLAIN):
        names |= {*one.known_by, *one.status, *one.gone, *one.why, *one.asked, *one.confirmed, *one.ip, *one.topics}
        names |= {*one.language}
    return {name: "list" if name in _LISTS else "text" for name in sorted(names)}


def _unguarded(column: Sequence[Value]) -> Sequence[Value]:
    """The column as it was before our own export guarded it."""
    return [
        unguarded(cell) if isinstance(cell, str) else tuple(map(unguarded, cast(tuple[str, ...], cell)))
        for cell in column
    ]


def _standing_of(said: str) -> str:
    """What an export's word for a state means, or why somebody in it can't be taken."""
    word = re.sub(r"[\s-]+", "_", said.strip().casefold())
    if word in _ORDER:
        return word
    if word in _REFUSED:
        return f"{said.strip()!r}: {_REFUSED[word]}"
    return _STANDINGS.get(word) or f"{said[:60]!r} is no state that is known (subscribed, unsubscribed, bounced …)"


def _weight(standing: str) -> int:
    """Who must never get mail is that whatever else is said; who can't be taken at least isn't taken."""
    return _ORDER.get(standing, 1)


def _texts(name: str, columns: Columns) -> Sequence[str]:
    """The column, or nothing where it isn't there or has nothing in it."""
    column = columns.get(name, ())
    return cast(Sequence[str], column) if any(column) else ()


def _firsts(names: Sequence[str], columns: Columns, size: int) -> Sequence[str]:
    """Of each row the first of the cells that is filled."""
    found = [texts for name in names if (texts := _texts(name, columns))]
    if len(found) < 2:
        return found[0] if found else [""] * size
    return [next(filter(None, cells), "") for cells in zip(*found, strict=True)]


def _names(columns: Columns, size: int) -> Sequence[str]:
    whole, first, last = (_firsts(names, columns, size) for names in (_NAME, _FIRST, _LAST))
    return [
        (name or f"{one} {other}".strip())[:LONGEST_NAME] for name, one, other in zip(whole, first, last, strict=True)
    ]


def _times(names: Sequence[str], columns: Columns, size: int) -> Sequence[datetime | None]:
    return [_time(text) if text else None for text in _firsts(names, columns, size)]


def _time(text: str) -> datetime | None:
    """The moment in UTC, which exports mean where they name no zone; None for what isn't written as ISO 8601."""
    if text[-1:].isalpha() and (found := _GO_TIME.fullmatch(text)):
        text = f"{found[1]}{found[2]}"
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _evidence(service: Service, columns: Columns, size: int) -> Sequence[str]:
    """When they have consented, as the export says it: ``optin_time 2018-10-11 09:55:14``."""
    told = []
    for name in (*service.asked, *service.confirmed):
        if texts := _texts(name, columns):
            told.append([f"{name} {cell}" if cell else "" for cell in texts])
    return [", ".join(filter(None, cells)) for cells in zip(*told, strict=True)] if told else [""] * size


def _preferences(service: Service, columns: Columns, size: int) -> Sequence[Preferences]:
    """What they have asked for; what can't be understood of it isn't asked for."""
    topics = _lists(service.topics, columns, size)
    languages = _firsts(service.language, columns, size)
    if not any(_texts(name, columns) for name in _OWN):
        return list(map(_asked, topics, languages))
    return list(
        map(
            _asked,
            topics,
            languages,
            _firsts(("mood",), columns, size),
            _lists(("kinds",), columns, size),
            _firsts(("minutes",), columns, size),
            _firsts(("rhythm",), columns, size),
            _firsts(("paused_until",), columns, size),
        )
    )


def _lists(names: Sequence[str], columns: Columns, size: int) -> Sequence[tuple[str, ...]]:
    found = (columns[name] for name in names if any(columns.get(name, ())))
    return cast(Sequence[tuple[str, ...]], next(found, [()] * size))


@lru_cache(maxsize=4096)
def _asked(
    topics: tuple[str, ...],
    language: str,
    mood: str = "",
    kinds: tuple[str, ...] = (),
    minutes: str = "",
    rhythm: str = "",
    paused_until: str = "",
) -> Preferences:
    """Of a million people most have asked for the same."""
    return Preferences(
        topics=topics,
        mood=mood,
        kinds=kinds,
        minutes=minutes,
        rhythm=rhythm if rhythm in RHYTHMS else "each",
        paused_until=_day(paused_until),
        language=_language(language),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _language(text: str) -> str:
    """The language's tag, as ``pt-BR``; empty for what is none."""
    if not _LANGUAGE.fullmatch(text):
        return ""
    _, *rest = text.replace("_", "-").split("-")
    return "-".join((primary(text), *rest))
