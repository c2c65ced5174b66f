"""JSON lines -> blocks of rows: one object a line, its keys are the columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pipeline.errors import Where
from pipeline.recipients.batch import Rejected
from pipeline.recipients.block import Block, Place
from pipeline.recipients.header import EMAIL, field_of, undeclared
from pipeline.recipients.plain import BOM, not_utf8

# Numbers stay as they are written; what is no number isn't known.
_decode = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=lambda _: None).decode

# Lists have few shapes; one in which each line has its own must not fill the memory.
_MAX_SHAPES = 1000

Shape = dict[str, str] | str


@dataclass(frozen=True, slots=True)
class JsonLines:
    """A file of JSON lines that may bring the declared fields."""

    path: str
    where: str
    columns: tuple[str, ...]
    ignore: frozenset[str]
    start: Place

    def blocks(self, start: Place, rows: int, size: int) -> Iterator[Block]:
        shapes: dict[tuple[str, ...], Shape] = {}
        with open(self.path, "rb") as file:  # noqa: PTH123
            file.seek(start.offset)
            while rows > 0 and (lines := list(islice(file, min(rows, size)))):
                if len(shapes) > _MAX_SHAPES:
                    shapes.clear()
                end = Place(file.tell(), start.line + len(lines))
                yield self._block(lines, start, end, shapes)
                rows -= len(lines)
                start = end

    def _block(self, lines: Sequence[bytes], start: Place, end: Place, shapes: dict[tuple[str, ...], Shape]) -> Block:
        found: list[Mapping[str, Any]] = []
        numbers: list[int] = []
        rejected: list[Rejected] = []
        for line, written in enumerate(lines, start.line):
            try:
                text = written.decode().strip()
            except UnicodeDecodeError as error:
                raise not_utf8(error, Where(self.where, line)) from error
            if not text:
                continue
            try:
                found.append(self._row(text, shapes))
                numbers.append(line)
            except _RowError as error:
                rejected.append(Rejected(line, str(error), error.values))
        names = {name: None for row in found for name in row} if found else {}
        columns = {name: [row.get(name) for row in found] for name in names}
        return Block(start, end, len(lines), numbers, columns, tuple(rejected))

    def _row(self, text: str, shapes: dict[tuple[str, ...], Shape]) -> Mapping[str, Any]:
        try:
            row = _decode(text)
        except (ValueError, RecursionError) as error:
            raise _RowError("no JSON") from error
        if not isinstance(row, dict):
            raise _RowError("no JSON object")
        keys = tuple(row)
        if (shape := shapes.get(keys)) is None:
            shape = shapes[keys] = self._shape(keys)
        if isinstance(shape, str):
            raise _RowError(
                shape, {EMAIL: next((str(row[key]) for key in keys if field_of(key, self.columns, ()) == EMAIL), "")}
            )
        return {field: row[key] for key, field in shape.items()}

    def _shape(self, keys: Sequence[str]) -> Shape:
        """The field of each key that isn't left out, or why lines of such keys are rejected."""
        shape: dict[str, str] = {}
        for key in keys:
            field = field_of(key, self.columns, self.ignore)
            if field is None:
                continue
            if field not in self.columns:
                return undeclared(key, self.columns)
            if field in shape.values():
                return f"{key!r} is a second value of {field}"
            shape[key] = field
        return shape


class _RowError(Exception):
    def __init__(self, reason: str, values: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.values = values or {}


def read_start(path: str, where: str, declared: tuple[str, ...], ignore: frozenset[str]) -> JsonLines:
    with open(path, "rb") as file:  # noqa: PTH123
        offset = len(BOM) if file.read(len(BOM)) == BOM else 0
    return JsonLines(path, where, declared, ignore, Place(offset, 1))
