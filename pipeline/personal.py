"""Readers' values -> what each of them sees: which blocks, and which of the tracks and articles that are chosen.

A reader's tracks are those that fit the ``mood``, the ``kinds`` and the longest length in ``minutes`` that the reader
has asked for, but for those in ``sent``; the articles those with one of the reader's ``topics``, but for those in
``seen``. Whatever places are left then go to the edition's own choice, so that there is never a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

from pipeline import conditions, tracks
from pipeline.errors import Where
from pipeline.merge_fields import shown
from pipeline.model import Article, Block, Choice, Edition, Email, FieldType, Persona, Track, Value, Values
from pipeline.pieces import View

# The fields that a choice asks for, and their types.
ASKED: Mapping[str, Mapping[str, FieldType]] = {
    "tracks": {"mood": "text", "kinds": "list", "minutes": "text", "sent": "list"},
    "topics": {"topics": "list", "seen": "list"},
}
_NOTHING: Mapping[FieldType, Value] = {"text": "", "list": ()}


def view(email: Email, values: Values) -> View:
    """What a reader with these values sees."""
    seen, picks = views(email, {name: (value,) for name, value in values.items()}, 1)
    return View({block: one[0] for block, one in seen.items()}, {block: one[0] for block, one in picks.items()})


def views(
    email: Email, columns: Mapping[str, Sequence[Any]], size: int
) -> tuple[dict[int, list[bool]], dict[int, list[tuple[int, ...]]]]:
    """By block, what each of so many readers sees, their values given by field."""
    audiences = {
        block: conditions.column(personal.audience.test, columns, size)
        for block, personal in email.personal.items()
        if personal.audience
    }
    picks = {
        block: _picked(personal.choice, columns, size) for block, personal in email.personal.items() if personal.choice
    }
    return audiences, picks


def seen(edition: Edition, view: View) -> Edition:
    """The composed edition as this reader sees it: a block that isn't shown is there without its data."""
    return replace(edition, blocks=tuple(_seen(index, block, view) for index, block in enumerate(edition.blocks)))


def _seen(index: int, block: Block, view: View) -> Block:
    if not view.shown.get(index, True):
        return Block("hidden", block.where)
    if block.personal is None or block.personal.choice is None:
        return block
    picked = tuple(block.personal.choice.candidates[one] for one in view.picks[index])
    key = {"tracks": "tracks", "topics": "articles"}[block.personal.choice.by]
    return replace(block, data=MappingProxyType({**block.data, key: picked}), personal=None)


def views_to_look_at(email: Email, personas: Sequence[Persona]) -> dict[str, View]:
    """By who sees it, every view that is worth a look: that of nobody in particular, those of the sample readers, and
    those of as many others as it takes for each block that can be to be shown once, and to be left out once.
    """
    if not email.personal:
        return {"": view(email, {})}
    found = {"": view(email, {})}
    for one in (*personas, *other_readers(email, personas)):
        seen = view(email, one.values)
        if seen not in found.values():
            found[f"{one.name} ({one.key})" if one.name in found else one.name] = seen
    return found


def other_readers(email: Email, personas: Sequence[Persona]) -> tuple[Persona, ...]:
    """Readers who see what neither nobody in particular nor any of the sample readers does: a block, the mail without
    it, or an article among those that are chosen by topics. Tracks' cards are all of one make."""
    tests = _tests(email)
    looked_at = {part for values in ({}, *(one.values for one in personas)) for part in _parts(view(email, values))}
    found: list[Values] = []
    while left := [part for part in _sides(tests) if part not in looked_at]:
        values: Values = conditions.reader((tests[block], bool(shows)) for _, block, shows in left)
        seen = _parts(view(email, values))
        if seen.isdisjoint(left):  # nobody sees what is left
            break
        found.append(values)
        looked_at |= seen
    for part, values in _readers_of_articles(email, tests):
        seen = _parts(view(email, values))
        if part in seen - looked_at:
            found.append(values)
            looked_at |= seen
    return tuple(_other(number, values, email.language) for number, values in enumerate(found, 1))


# What a reader may see: a side of a condition, by block and whether it holds; a card, by block and candidate.
_Part = tuple[Literal["side", "card"], int, int]


def _parts(view: View) -> set[_Part]:
    cards = ((block, index) for block, picked in view.picks.items() if view.shown.get(block, True) for index in picked)
    return {("side", *one) for one in view.shown.items()} | {("card", *one) for one in cards}


def _sides(tests: Mapping[int, conditions.Test]) -> list[_Part]:
    return [("side", block, shows) for block in tests for shows in (True, False)]


def _readers_of_articles(email: Email, tests: Mapping[int, conditions.Test]) -> Iterator[tuple[_Part, Values]]:
    """By the card of each article that is chosen by topics, the reader whose topics are the article's."""
    for block, personal in email.personal.items():
        if personal.choice and personal.choice.by == "topics":
            audience = conditions.reader([(tests[block], True)]) if block in tests else {}
            for index, one in enumerate(personal.choice.candidates):
                if isinstance(one, Article):
                    yield ("card", block, index), {**audience, "topics": one.tags}


def _other(number: int, values: Values, language: str) -> Persona:
    told = ", ".join(f"{name} {shown(value, language)}" for name, value in values.items() if value)
    return Persona(f"other-{number}", f"a reader with {told or 'nothing'}", values, Where(""))


def never_shown(email: Email) -> list[int]:
    """The blocks whose condition holds for nobody."""
    return [block for block, test in _tests(email).items() if conditions.is_for_nobody(test)]


def _tests(email: Email) -> dict[int, conditions.Test]:
    return {block: personal.audience.test for block, personal in email.personal.items() if personal.audience}


def everything(email: Email) -> View:
    """All blocks, also those that no reader sees together, with the default choices."""
    return View(
        {block: True for block, personal in email.personal.items() if personal.audience},
        {block: personal.choice.default for block, personal in email.personal.items() if personal.choice},
    )


def _picked(choice: Choice, columns: Mapping[str, Sequence[Any]], size: int) -> list[tuple[int, ...]]:
    asked = [columns.get(name) or [_NOTHING[kind]] * size for name, kind in ASKED[choice.by].items()]
    places = len(choice.default)
    if choice.by == "topics":
        return [
            _without(_by_topics(choice, topics), choice, seen)[:places] for topics, seen in zip(*asked, strict=True)
        ]
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
    minutes = minutes if tracks.is_length(minutes) else ""
    exact = tracks.fitting(candidates, mood, kinds, minutes) if mood or kinds or minutes else ()
    nearly = tracks.fitting(candidates, "", kinds, minutes) if kinds or minutes else ()
    places = {id(track): index for index, track in enumerate(candidates)}
    beside = {places[id(one)] for one in nearly}
    in_order = sorted(_in_order(choice), key=lambda index: index not in beside)
    return tuple(dict.fromkeys([*(places[id(one)] for one in exact), *in_order]))


def _without(ranked: tuple[int, ...], choice: Choice, sent: tuple[str, ...]) -> tuple[int, ...]:
    """What the reader has had before comes last."""
    if not sent:
        return ranked
    named = _by_name(choice)
    known = {named[name] for one in sent if (name := one.casefold()) in named}
    return tuple(sorted(ranked, key=known.__contains__)) if known else ranked


@lru_cache(maxsize=64)
def _by_name(choice: Choice) -> Mapping[str, int]:
    """Each candidate's title, its address and the last part of that, an article's slug -> its index."""
    named: dict[str, int] = {}
    for index, one in enumerate(choice.candidates):
        slug = one.slug if isinstance(one, Article) else one.url.rstrip("/").rpartition("/")[2]
        for name in (one.title, one.url, slug):
            named[name.casefold()] = index
    return named


def _tracks(choice: Choice) -> tuple[Track, ...]:
    return tuple(one for one in choice.candidates if isinstance(one, Track))


def _in_order(choice: Choice) -> list[int]:
    """The default, then the other candidates."""
    return list(dict.fromkeys((*choice.default, *range(len(choice.candidates)))))
