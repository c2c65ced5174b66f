"""A block of rows -> a batch of readers, and the rows that are none."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import cast

from pipeline.model import FieldType, Value
from pipeline.recipients.addresses import MISSING
from pipeline.recipients.batch import Batch, Rejected
from pipeline.recipients.block import Block
from pipeline.recipients.header import EMAIL
from pipeline.recipients.values import clean

DUPLICATE = "duplicate: an earlier row has this address"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The readers of a block, and the rows that are none, by line."""

    batch: Batch
    rejected: tuple[Rejected, ...]


def cleaned(
    block: Block, types: Mapping[str, FieldType], columns: Collection[str], duplicates: frozenset[int] = frozenset()
) -> Cleaned:
    """The block's readers with these columns, without the rows whose lines are ``duplicates``."""
    values: dict[str, Sequence[Value]] = {}
    wrong: dict[int, str] = {}
    size = len(block.lines)
    # The address first: of several reasons it is the one to be told.
    for name in sorted(columns, key=lambda name: name != EMAIL):
        values[name], broken = clean(name, types[name], block.columns.get(name) or [None] * size)
        wrong = broken | wrong
    if duplicates and not duplicates.isdisjoint(block.lines):
        wrong = {index: DUPLICATE for index, line in enumerate(block.lines) if line in duplicates} | wrong
    kept = {name: values[name] for name in columns}
    if not wrong:
        return Cleaned(_batch(kept, block.lines), block.rejected)
    good = [index not in wrong for index in range(size)]
    kept = {name: list(compress(column, good)) for name, column in kept.items()}
    rejected = [Rejected(block.lines[index], wrong[index], _row(block, columns, index)) for index in sorted(wrong)]
    # A row without anything is nobody: Excel writes such at the end.
    rejected = [one for one in rejected if one.reason != MISSING or any(one.values.values())]
    return Cleaned(
        _batch(kept, list(compress(block.lines, good))),
        tuple(sorted((*block.rejected, *rejected), key=lambda one: one.row)),
    )


def _batch(columns: Mapping[str, Sequence[Value]], lines: Sequence[int]) -> Batch:
    return Batch(cast(Sequence[str], columns[EMAIL]), columns, lines)


def _row(block: Block, columns: Collection[str], index: int) -> dict[str, str]:
    """The row's cells as they stand there."""
    cells = {name: block.columns[name][index] if name in block.columns else None for name in columns}
    return {name: "" if cell is None else str(cell).strip() for name, cell in cells.items()}
