"""Readers' values -> what each of them sees: which blocks, and which of the tracks and articles that are chosen.

A reader's tracks are those that fit the ``mood``, the ``kinds`` and the longest length in ``minutes`` that the reader
has asked for, but for those in ``sent``; the articles those with one of the reader's ``topics``. Whatever places are
left then go to the edition's own choice, so that there is never a gap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from pipeline import conditions, tracks
from pipeline.model import Article, Choice, Email, FieldType, Track, Value, Values
from pipeline.pieces import View

# The fields that a choice asks for, and their types.
ASKED: Mapping[str, Mapping[str, FieldType]] = {
    "tracks": {"mood": "text", "kinds": "list", "minutes": "text", "sent": "list"},
    "topics": {"topics": "list"},
}
_NOTHING: Mapping[FieldType, Value] = {"text": "", "list": ()}


def view(email: Email, values: Values) -> View:
    """What a reader with these values sees."""
    shown, picks = views(email, {name: (value,) for name, value in values.items()}, 1)
    return View({block: one[0] for block, one in shown.items()}, {block: one[0] for block, one in picks.items()})


def views(
    email: Email, columns: Mapping[str, Sequence[Any]], size: int
) -> tuple[dict[int, list[bool]], dict[int, list[tuple[int, ...]]]]:
    """By block, what each of so many readers sees, their values given by field."""
    shown = {
        block: conditions.column(personal.audience.test, columns, size)
        for block, personal in email.personal.items()
        if personal.audience
    }
    picks = {
        block: _picked(personal.choice, columns, size) for block, personal in email.personal.items() if personal.choice
    }
    return shown, picks


def everything(email: Email, *, shown: bool = True) -> View:
    """What nobody's values stand for: all blocks that are for some only, or none of them, and the default choices."""
    return View(
        {block: shown for block, personal in email.personal.items() if personal.audience},
        {block: personal.choice.default for block, personal in email.personal.items() if personal.choice},
    )


def _picked(choice: Choice, columns: Mapping[str, Sequence[Any]], size: int) -> list[tuple[int, ...]]:
    asked = [columns.get(name) or [_NOTHING[kind]] * size for name, kind in ASKED[choice.by].items()]
    places = len(choice.default)
    if choice.by == "topics":
        return [_by_topics(choice, topics)[:places] for (topics,) in zip(*asked, strict=True)]
    return [
        _without(_by_wishes(choice, mood, kinds, minutes), choice, sent)[:places]
        for mood, kinds, minutes, sent in zip(*asked, strict=True)
    ]


@lru_cache(maxsize=1 << 14)
def _by_topics(choice: Choice, topics: tuple[str, ...]) -> tuple[int, ...]:
    """All candidates: those with the most of the topics first, then as the edition has them."""
    wanted = {topic.casefold() for topic in topics}
    common = [
        len(wanted.intersection(tag.casefold() for tag in one.tags)) if isinstance(one, Article) else 0
        for one in choice.candidates
    ]
    return tuple(sorted(_in_order(choice), key=lambda index: -common[index]))


@lru_cache(maxsize=1 << 14)
def _by_wishes(choice: Choice, mood: str, kinds: tuple[str, ...], minutes: str) -> tuple[int, ...]:
    """All candidates: those that are what was asked for, then those that are but for the mood, then the others."""
    candidates = _tracks(choice)
    exact = tracks.fitting(candidates, mood, kinds, minutes) if mood or kinds or minutes else ()
    nearly = tracks.fitting(candidates, "", kinds, minutes) if kinds or minutes else ()
    places = {id(track): index for index, track in enumerate(candidates)}
    return tuple(dict.fromkeys([*(places[id(one)] for one in (*exact, *nearly)), *_in_order(choice)]))


def _without(ranked: tuple[int, ...], choice: Choice, sent: tuple[str, ...]) -> tuple[int, ...]:
    """What was sent before comes last."""
    if not sent:
        return ranked
    named = _by_name(choice)
    known = {named[name] for one in sent if (name := one.casefold()) in named}
    return tuple(sorted(ranked, key=known.__contains__)) if known else ranked


@lru_cache(maxsize=64)
def _by_name(choice: Choice) -> Mapping[str, int]:
    """Each track's title, its address and the last part of that -> its index."""
    named: dict[str, int] = {}
    for index, track in enumerate(_tracks(choice)):
        for name in (track.title, track.url, track.url.rstrip("/").rpartition("/")[2]):
            named[name.casefold()] = index
    return named


def _tracks(choice: Choice) -> tuple[Track, ...]:
    return tuple(one for one in choice.candidates if isinstance(one, Track))


def _in_order(choice: Choice) -> list[int]:
    """The default, then the other candidates."""
    return list(dict.fromkeys((*choice.default, *range(len(choice.candidates)))))
