"""How rules word what they found: quotations that fit on a line, and many faults of one kind told as few."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.checks.rule import Fault
from pipeline.errors import Where

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
