"""Some rows as they stand in the input, a column at a time, and what each reader of a format can do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pipeline.recipients.batch import Rejected

# More rows than any input has.
ALL = 2**63 - 1

# A cell: str, and in JSON lines also None, a bool, a list, or an object, which is of no use. Numbers are str.
Raw = Any


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row begins: its offset in bytes, and its line, counted from 1."""

    offset: int
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """``rows`` rows of the input from ``start`` to before ``end``.

    Each column is as long as ``lines``, which has the line of each row that could be read; the others are rejected.
    """

    start: Place
    end: Place
    rows: int
    lines: Sequence[int]
    columns: Mapping[str, Sequence[Raw]]
    rejected: tuple[Rejected, ...] = ()


class Reader(Protocol):
    """One format's way to read a file; frozen, and small enough to be sent to another process."""

    @property
    def path(self) -> str: ...

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields that the input may bring, in its order."""
        ...

    @property
    def start(self) -> Place: ...

    def blocks(self, start: Place, rows: int, size: int) -> Iterator[Block]:
        """So many rows from ``start``, at most ``size`` in a block. A place is the start of a row, and no other."""
        ...
