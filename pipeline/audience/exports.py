"""Subscribers -> CSV or JSON lines; and all that is held about one of them, as JSON. Pure.

A spreadsheet runs a cell that begins like a formula, and people type their names themselves. Such a cell gets an
apostrophe before it, which spreadsheets take for "this is text"; the import of our own exports takes it away again.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from io import StringIO
from typing import Any

from pipeline.audience.consent import Entry
from pipeline.audience.subscriber import Subscriber

# What a cell must not begin with: OWASP's list, https://owasp.org/www-community/attacks/CSV_Injection
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
GUARD = "'"
SUPPRESSED = "suppressed"
# Lists in a cell.
BETWEEN = ";"
# Where spreadsheets write decimals with a comma, ";" begins another cell for them. What looks as if it were guarded is
# guarded too, so that it is had again as it was.
_TO_GUARD = re.compile(f"(^|{BETWEEN})({GUARD}*[{re.escape(''.join(FORMULAS))}])")
_GUARDED = re.compile(f"(^|{BETWEEN}){GUARD}({GUARD}*[{re.escape(''.join(FORMULAS))}])")
COLUMNS = (
    "email",
    "name",
    "status",
    "topics",
    "mood",
    "kinds",
    "minutes",
    "rhythm",
    "paused_until",
    "language",
    "created",
    "confirmed",
    "unsubscribed",
    "last_edition",
)


# A subscriber, and whether the address is suppressed.
Listed = tuple[Subscriber, bool]


def csv_lines(listed: Iterable[Listed]) -> Iterator[str]:
    """The header, and a line for each: UTF-8 is the file's to be, CRLF is RFC 4180's."""
    yield csv_line(COLUMNS)
    for one in listed:
        yield csv_line(map(_cell, held(*one).values()))


def json_lines(listed: Iterable[Listed]) -> Iterator[str]:
    """An object for each, with what is empty left empty, so that all have the same keys."""
    for one in listed:
        yield json.dumps({name: plain(value) for name, value in held(*one).items()}, ensure_ascii=False) + "\n"


def held(subscriber: Subscriber, suppressed: bool) -> dict[str, Any]:
    """What an export tells of a subscriber, by column. The token is the subscriber's own, and stays here.

    Whoever is suppressed is told as that, whatever their state, so that nobody writes to them elsewhere either.
    """
    wishes = subscriber.preferences
    values = (
        subscriber.address,
        subscriber.name,
        SUPPRESSED if suppressed else subscriber.state,
        wishes.topics,
        wishes.mood,
        wishes.kinds,
        wishes.minutes,
        wishes.rhythm,
        wishes.paused_until,
        wishes.language,
        subscriber.created,
        subscriber.confirmed,
        subscriber.unsubscribed,
        subscriber.last_edition,
    )
    return dict(zip(COLUMNS, values, strict=True))


def person(subscriber: Subscriber, consents: Iterable[Entry], *, suppressed: bool) -> dict[str, Any]:
    """All that is held about one person, as it can be given to them: themselves, their wishes, what was made for them,
    and each thing they have said yes or no to, in the words that they read."""
    made = {
        "last_edition": subscriber.last_edition,
        "last_edition_date": plain(subscriber.last_edition_date),
        "tracks_sent": list(subscriber.sent),
    }
    told = {name: plain(value) for name, value in held(subscriber, suppressed).items() if name != "last_edition"}
    asked = {"asked_address": subscriber.asked_address} if subscriber.asked_address else {}
    return {**told, **asked, "made": made, "consents": [_consent(entry) for entry in consents]}


def _consent(entry: Entry) -> dict[str, Any]:
    said = entry.consent
    return {
        "number": entry.number,
        "what": said.what,
        "at": plain(said.at),
        "how": said.how,
        "form": said.form,
        "version": said.version,
        "wording": said.wording,
        "language": said.language,
        "ip": said.ip,
    }


def plain(value: Any) -> Any:
    """The value as JSON has it; what isn't known is ``""``."""
    if value is None:
        return ""
    if isinstance(value, date | datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def guarded(cell: str) -> str:
    """The cell as a spreadsheet takes it for text."""
    return _TO_GUARD.sub(rf"\1{GUARD}\2", cell)


def unguarded(cell: str) -> str:
    """What was guarded."""
    return _GUARDED.sub(r"\1\2", cell)


def _cell(value: Any) -> str:
    found = plain(value)
    return guarded(BETWEEN.join(found) if isinstance(found, list) else str(found))


def csv_line(cells: Iterable[str]) -> str:
    """A line of CSV with these cells, which are to be guarded if people have typed them."""
    text = StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
