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
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=lambda _: None)

# Lists have few shapes; one in which each line has its own must not fill the memory.
_MAX_SHAPES = 1000

# The fields of an object's keys, None for those that are left out; or why no object may have these keys.
Shape = tuple[str | None, ...] | str


@dataclass(frozen=True, slots=True)
class JsonLines:
    """A file of JSON lines that may bring the fields ``columns``. ``where`` is its name in errors."""

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
        found: list[Mapping[Any, Any]] = []
        numbers: list[int] = []
        rejected: list[Rejected] = []
        fields: dict[str | None, None] = {}
        last: Shape | None = None
        for line, written in enumerate(lines, start.line):
            try:
                text = written.decode().strip()
            except UnicodeDecodeError as error:
                raise not_utf8(error, Where(self.where, line)) from error
            if not text:
                continue
            try:
                row = _decoded(text)
            except ValueError as error:
                rejected.append(Rejected(line, str(error), {}))
                continue
            keys = tuple(row)
            if (shape := shapes.get(keys)) is None:
                shape = shapes[keys] = self._shape(keys)
            if isinstance(shape, str):
                rejected.append(Rejected(line, shape, {EMAIL: self._email(row)}))
                continue
            if shape is not last:
                fields |= dict.fromkeys(shape)
                last = shape
            found.append(row if shape == keys else dict(zip(shape, row.values(), strict=True)))
            numbers.append(line)
        columns = {field: [row.get(field) for row in found] for field in fields if field is not None}
        return Block(start, end, len(lines), numbers, columns, tuple(rejected))

    def _shape(self, keys: Sequence[str]) -> Shape:
        fields = tuple(field_of(key, self.columns, self.ignore) for key in keys)
        for number, field in enumerate(fields):
            if field is not None and field not in self.columns:
                return undeclared(keys[number], self.columns)
            if field is not None and field in fields[:number]:
                return f"{keys[number]!r} is a second value of {field}"
        return fields

    def _email(self, row: Mapping[str, Any]) -> str:
        """What seems to be the address of a row that can't be used."""
        return next((str(cell) for key, cell in row.items() if field_of(key, self.columns, ()) == EMAIL), "")


def _decoded(text: str) -> dict[str, Any]:
    try:
        row, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise ValueError("no JSON") from error
    if end != len(text):
        raise ValueError("no JSON")
    if not isinstance(row, dict):
        raise ValueError("no JSON object")
    return row


def read_start(path: str, where: str, declared: tuple[str, ...], ignore: frozenset[str]) -> JsonLines:
    with open(path, "rb") as file:  # noqa: PTH123
        offset = len(BOM) if file.read(len(BOM)) == BOM else 0
    return JsonLines(path, where, declared, ignore, Place(offset, 1))
