"""An export's cells, a column at a time -> names, times, preferences: whatever of them can be understood. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import cast

from pipeline.audience.rhythm import RHYTHMS
from pipeline.audience.services import FIRST, LAST, NAME, WISHES, Service
from pipeline.audience.subscriber import Preferences
from pipeline.languages import primary
from pipeline.model import Value

# Go's way to write a time, as listmonk's exports have it: 2021-02-01 10:00:00.123 +0000 UTC.
_GO_TIME = re.compile(r"(.+) ([+-][0-9]{4})(?: \S+)?")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")

# Of a cell, in characters.
_EVIDENCE = 64

# Cells a column at a time, by the column's name.
Columns = Mapping[str, Sequence[Value]]


def texts(name: str, columns: Columns) -> Sequence[str]:
    """The column, or nothing where it isn't there or has nothing in it."""
    column = columns.get(name, ())
    return cast(Sequence[str], column) if any(column) else ()


def firsts(names: Sequence[str], columns: Columns, size: int) -> Sequence[str]:
    """Of each row the first of the cells that is filled."""
    found = [column for name in names if (column := texts(name, columns))]
    if len(found) < 2:
        return found[0] if found else [""] * size
    return [next(filter(None, cells), "") for cells in zip(*found, strict=True)]


def origins(names: Sequence[str], columns: Columns, size: int) -> Sequence[str]:
    """Addresses of the internet; of what is none, nothing."""
    return [text if text and _is_ip(text) else "" for text in firsts(names, columns, size)]


def names(columns: Columns, size: int) -> Sequence[str]:
    whole, first, last = (firsts(names, columns, size) for names in (NAME, FIRST, LAST))
    return [(name or f"{one} {other}".strip()) for name, one, other in zip(whole, first, last, strict=True)]


def times(names: Sequence[str], columns: Columns, size: int) -> Sequence[datetime | None]:
    return [_time(text) if text else None for text in firsts(names, columns, size)]


def _time(text: str) -> datetime | None:
    """The moment in UTC, which exports mean where they name no zone; None for what isn't written as ISO 8601."""
    if text[-1:].isalpha() and (found := _GO_TIME.fullmatch(text)):
        text = f"{found[1]}{found[2]}"
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def evidence(service: Service, columns: Columns, size: int) -> Sequence[str]:
    """When they have consented, as the export says it: ``optin_time 2018-10-11 09:55:14``.

    It goes into the record for ever: what is longer than any time, or an address, stood there by mistake.
    """
    told = []
    for name in (*service.asked, *service.confirmed):
        if column := texts(name, columns):
            told.append([f"{name} {cell[:_EVIDENCE]}" if cell and "@" not in cell else "" for cell in column])
    return [", ".join(filter(None, cells)) for cells in zip(*told, strict=True)] if told else [""] * size


def preferences(service: Service, columns: Columns, size: int) -> Sequence[Preferences]:
    """What they have asked for; what can't be understood of it isn't asked for."""
    topics = _lists(service.topics, columns, size)
    languages = firsts(service.language, columns, size)
    if not any(texts(name, columns) for name in WISHES):
        return list(map(_asked, topics, languages))
    return list(
        map(
            _asked,
            topics,
            languages,
            firsts(("mood",), columns, size),
            _lists(("kinds",), columns, size),
            firsts(("minutes",), columns, size),
            firsts(("rhythm",), columns, size),
            firsts(("paused_until",), columns, size),
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
