"""Faults of one kind, such as one pair of colours, told as one, by its first."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

from pipeline.checks.mail import Mail
from pipeline.checks.rule import Fault
from pipeline.model import Level


class Kinds:
    """By kind what is told of its first element, and all elements that it holds for."""

    def __init__(self) -> None:
        self._found: dict[Hashable, tuple[str, Level | None, dict[Any, None]]] = {}

    def add(self, kind: Hashable, element: Any, message: str, level: Level | None = None) -> None:
        self._found.setdefault(kind, (message, level, {}))[2][element] = None

    def faults(self, mail: Mail) -> Iterator[Fault]:
        for message, level, elements in self._found.values():
            more = f", and {len(elements) - 1} more" if len(elements) > 1 else ""
            yield Fault(message + more, mail.place(next(iter(elements))), level)
