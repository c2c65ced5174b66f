"""Rows -> Subscribers, and back. Lists are kept as lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import RowMapping

from pipeline.audience.subscriber import Preferences, Subscriber, tidied

_SEPARATOR = "\n"


def joined(items: Iterable[str]) -> str:
    return _SEPARATOR.join(items)


# Readers choose from few topics: most lists are those of others too, and needn't be made anew.
@lru_cache(maxsize=1 << 14)
def split(text: str) -> tuple[str, ...]:
    return tuple(text.split(_SEPARATOR)) if text else ()


# Of a million people most have asked for the same.
@lru_cache(maxsize=1 << 10)
def of_preferences(preferences: Preferences) -> Mapping[str, Any]:
    """Their columns, tidied."""
    preferences = tidied(preferences)
    return {
        "topics": joined(preferences.topics),
        "mood": preferences.mood,
        "kinds": joined(preferences.kinds),
        "minutes": preferences.minutes,
        "rhythm": preferences.rhythm,
        "paused_until": preferences.paused_until.isoformat() if preferences.paused_until else "",
        "language": preferences.language,
    }


def to_subscriber(row: Mapping[str, Any] | RowMapping) -> Subscriber:
    """From all columns of the table."""
    preferences = Preferences(
        topics=split(row["topics"]),
        mood=row["mood"],
        kinds=split(row["kinds"]),
        minutes=row["minutes"],
        rhythm=row["rhythm"],
        paused_until=date.fromisoformat(row["paused_until"]) if row["paused_until"] else None,
        language=row["language"],
    )
    return Subscriber(
        id=row["id"],
        address=row["address"],
        name=row["name"],
        state=row["state"],
        preferences=preferences,
        token=row["token"],
        created=row["created"],
        confirmed=row["confirmed"],
        last_edition=row["last_edition"],
        last_edition_date=row["last_edition_date"],
        unsubscribed=row["unsubscribed"],
        asked_address=row["asked_address"],
        sent=split(row["sent"]),
    )
