"""What the readers of recipients hand on: readers a column at a time, and the rows that can't be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.model import Value


@dataclass(frozen=True, slots=True)
class Batch:
    """So many readers. Each column, by its field's name, is as long as ``emails``, which is the column ``email``.

    Text, URLs and tokens are str, dates ``datetime.date``, lists tuples of str; what isn't known is ``""`` or ``()``.
    ``lines`` are those of the input that the readers stand in, where they stand in one.
    """

    emails: Sequence[str]
    columns: Mapping[str, Sequence[Value]]
    lines: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that no message can be made for: its line (of a table: its row, from 1), the reason, its cells by field."""

    row: int
    reason: str
    values: Mapping[str, str]
