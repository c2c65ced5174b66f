"""What a rule is: its data and what it looks for, together in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.checks.reading.mail import Mail
from pipeline.errors import Where
from pipeline.model import Level


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a mail, and where. ``level`` is said where the rule has more than one."""

    message: str
    where: Where
    level: Level | None = None


Look = Callable[[Mail], Iterator[Fault]]


@dataclass(frozen=True, slots=True)
class Rule:
    """``reason`` is what a fault costs the reader, ``remedy`` how to mend it; ``source`` is who says so.

    ``look`` yields the faults of a mail; it never raises, and needs no network.
    """

    id: str
    name: str
    level: Level
    reason: str
    remedy: str
    source: str
    look: Look


def rule(id: str, name: str, level: Level, *, reason: str, remedy: str, source: str) -> Callable[[Look], Rule]:
    """Make a Rule of a function that looks for its faults."""
    return lambda look: Rule(id, name, level, reason, remedy, source, look)
