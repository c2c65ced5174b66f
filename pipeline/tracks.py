"""Tracks and what is asked of them -> the tracks that fit, the best first. Pure: the index lives in memory."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from pipeline.errors import ContentError, Where, nearest
from pipeline.model import Track

LIMIT = 3
MAX_LIMIT = 12

# A track's moods say what it is for; its title and description only hint at it. In the order of the columns below.
WEIGHTS = "8.0, 3.0, 1.0, 2.0"


def choose_tracks(tracks: Sequence[Track], wanted: Mapping[str, Any], where: Where) -> tuple[Track, ...]:
    """The tracks that fit ``mood`` (free words), ``kind`` (one or several) and ``minutes`` (``0-5``, ``10``).

    At most ``limit``, by fit; in the catalogue's own order where no mood is asked for. A mood finds nothing
    rather than something that doesn't fit. Raises a ContentError for a kind that no track has.
    """
    limit, mood, found = read_limit(wanted.get("limit"), where), wanted.get("mood"), allowed(tracks, wanted, where)
    return tuple((found if mood is None else by_mood(found, str(mood)))[:limit])


def allowed(tracks: Sequence[Track], wanted: Mapping[str, Any], where: Where) -> list[Track]:
    """All tracks of the ``kind`` and the ``minutes``, in the catalogue's own order."""
    return _of(tracks, _kinds(wanted.get("kind"), tracks, where), *_minutes(wanted.get("minutes"), where))


def _of(tracks: Sequence[Track], kinds: frozenset[str], shortest: int, longest: int) -> list[Track]:
    return [one for one in tracks if shortest <= one.minutes <= longest and (not kinds or _fold(one.kind) in kinds)]


def read_limit(written: Any, where: Where) -> int:
    """How many are to be shown."""
    limit = LIMIT if written is None else written
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MAX_LIMIT:
        raise ContentError(f"`limit` is a number from 1 to {MAX_LIMIT}, not {limit!r}", where)
    return limit


def fitting(tracks: Sequence[Track], mood: str, kinds: Sequence[str], minutes: str) -> list[Track]:
    """The tracks that fit what a reader asks for, ``minutes`` being a length or nothing; of a kind that there isn't,
    there are none."""
    found = _of(tracks, frozenset(map(_fold, kinds)), *_minutes(minutes or None, Where("")))
    return by_mood(found, mood) if mood else found


def is_length(minutes: str) -> bool:
    """Whether the text says how long a track may be."""
    found = _SPAN.fullmatch(minutes)
    return found is not None and int(found[2] or found[1]) >= int(found[1])


def by_mood(tracks: Sequence[Track], mood: str) -> list[Track]:
    """The tracks that match any of the mood's words, by their stems, the best first (SQLite FTS5, bm25)."""
    words = re.findall(r"\w+", mood)
    if not words:
        return []
    with closing(sqlite3.connect(":memory:")) as index:
        index.execute(
            "CREATE VIRTUAL TABLE tracks USING fts5(moods, title, description, kind, tokenize='porter unicode61')"
        )
        rows = [(" ".join(track.moods), track.title, track.description, track.kind) for track in tracks]
        index.executemany("INSERT INTO tracks VALUES (?, ?, ?, ?)", rows)
        query = " OR ".join(f'"{word}"' for word in words if _fold(word) not in STOP_WORDS) or f'"{words[0]}"'
        found = index.execute(
            f"SELECT rowid FROM tracks WHERE tracks MATCH ? ORDER BY bm25(tracks, {WEIGHTS}), rowid", (query,)
        )
        return [tracks[rowid - 1] for (rowid,) in found]


# Words that say nothing of a mood and would match half the catalogue.
STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a about after all am an and are as at be before but by can for from get i in is it me my no not of on or so "
        "that the this to too up very want when while with you your",
    )
)


ANY_LENGTH = (0, 24 * 60)
_SPAN = re.compile(r"\s*(\d{1,4})\s*(?:[-–]\s*(\d{1,4})\s*)?")


def _minutes(written: Any, where: Where) -> tuple[int, int]:
    if written is None:
        return ANY_LENGTH
    found = _SPAN.fullmatch(str(written))
    if found is None or not is_length(found[0]):
        raise ContentError(f"`minutes` of tracks is a span such as 0-5, or a longest length, not {written!r}", where)
    return (int(found[1]), int(found[2])) if found[2] else (0, int(found[1]))


def _kinds(written: Any, tracks: Sequence[Track], where: Where) -> frozenset[str]:
    wanted = () if written is None else written if isinstance(written, tuple) else (str(written),)
    known = {_fold(track.kind): track.kind for track in tracks}
    for kind in wanted:
        if _fold(str(kind)) not in known:
            there = ", ".join(sorted(known.values()))
            raise ContentError(
                f"no track is of the kind {kind!r}{nearest(str(kind), known.values())} (there are {there})", where
            )
    return frozenset(_fold(str(kind)) for kind in wanted)


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())
