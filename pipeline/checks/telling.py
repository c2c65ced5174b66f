"""How rules word what they found: quotations that fit on a line, and many faults of one kind told as few."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Any

from pipeline.checks.reading.mail import Mail
from pipeline.checks.rule import Fault
from pipeline.errors import Where
from pipeline.model import Level

_LONGEST = 60
_MOST_PLACES = 5


def quoted(text: str) -> str:
    """The words as they stand in a message: on one line, cut where they are long."""
    text = " ".join(text.split())
    return f'"{text[: _LONGEST - 1]}…"' if len(text) > _LONGEST else f'"{text}"'


def grouped(found: Iterable[tuple[str, Where]]) -> Iterator[Fault]:
    """Faults of one kind as few: one a place, five in all; each says how many it stands for."""
    by_place: dict[Where, list[str]] = {}
    for message, where in found:
        by_place.setdefault(where, []).append(message)
    places = list(by_place.items())
    left_out = sum(len(messages) for _, messages in places[_MOST_PLACES:])
    for index, (where, messages) in enumerate(places[:_MOST_PLACES]):
        more = len(messages) - 1 + (left_out if index == _MOST_PLACES - 1 else 0)
        yield Fault(messages[0] + (f", and {more} more" if more else ""), where)


class Kinds:
    """Faults of one kind, such as one pair of colours: told as one, by its first element, for all that it holds for."""

    def __init__(self) -> None:
        self._found: dict[Hashable, tuple[str, Level | None, dict[Any, None]]] = {}

    def add(self, kind: Hashable, element: Any, message: str, level: Level | None = None) -> None:
        self._found.setdefault(kind, (message, level, {}))[2][element] = None

    def faults(self, mail: Mail) -> Iterator[Fault]:
        for message, level, elements in self._found.values():
            more = f", and {len(elements) - 1} more" if len(elements) > 1 else ""
            yield Fault(message + more, mail.place(next(iter(elements))), level)


def by_reader(found: Iterator[tuple[str, str, Where]]) -> Iterator[Fault]:
    """One fault for what is the same for several readers, with the first one's name."""
    readers_of: dict[str, tuple[Where, list[str]]] = {}
    for reader, message, where in found:
        readers_of.setdefault(message, (where, []))[1].append(reader)
    for message, (where, names) in readers_of.items():
        more = len(set(names)) - 1
        yield Fault(f"{names[0]}{f' and {more} more' if more else ''}: {message}", where)
