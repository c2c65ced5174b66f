"""CSV -> blocks of rows: whatever separator and quotes a spreadsheet or a list's export has written."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING

from pipeline.errors import Where
from pipeline.recipients.batch import Rejected
from pipeline.recipients.block import Block, Place
from pipeline.recipients.header import known, layout, normalised
from pipeline.recipients.plain import BOM, not_utf8

if TYPE_CHECKING:
    from _csv import Reader

SEPARATORS = ",;\t|"

# The first line by which Excel is told the separator.
_SEP = re.compile(rb"sep=([,;\t|])\r?\n", re.IGNORECASE)

_REASONS = (
    ("unexpected end", "a quotation mark opens here, and none closes it"),
    ("field larger", "a value is too long; a quotation mark may open here that none closes"),
    ("expected after", "a quotation mark stands within a value in quotation marks; write it twice"),
    ("new-line", "a carriage return stands in the middle of the row"),
)


@dataclass(frozen=True, slots=True)
class Delimited:
    """A CSV file whose columns bring ``fields``; None is a column to be left out. ``where`` is its name in errors."""

    path: str
    where: str
    separator: str
    fields: tuple[str | None, ...]
    start: Place

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(field for field in self.fields if field is not None)

    def blocks(self, start: Place, rows: int, size: int) -> Iterator[Block]:
        with open(self.path, "rb") as file:  # noqa: PTH123  # a Path's takes twice as long, and says no more
            file.seek(start.offset)
            lines = _Lines(file, self.separator, start.line, self.where)
            while rows > 0 and (block := self._block(lines, min(rows, size))):
                yield block
                rows -= block.rows

    def _block(self, lines: _Lines, size: int) -> Block | None:
        start = lines.place()
        if columns := lines.take_plain(size, len(self.fields)):
            chosen = {field: column for field, column in zip(self.fields, columns, strict=True) if field is not None}
            rows = len(columns[0])
            return Block(start, lines.place(), rows, range(start.line, start.line + rows), chosen)
        try:
            found = lines.take(size)
            numbers, broken = _numbers(found, start.line, lines.place().line), list[Rejected]()
        except csv.Error:
            lines.go(start)
            found, numbers, broken = lines.take_singly(size)
        rows = len(found) + len(broken)
        if set(map(len, found)) - {len(self.fields)}:
            found, numbers, ragged = self._evened(found, numbers)
            broken = sorted((*broken, *ragged), key=lambda one: one.row)
        chosen = {field: list(map(itemgetter(at), found)) for at, field in enumerate(self.fields) if field is not None}
        return Block(start, lines.place(), rows, numbers, chosen, tuple(broken)) if rows else None

    def _evened(
        self, found: Sequence[list[str]], numbers: Sequence[int]
    ) -> tuple[list[list[str]], Sequence[int], list[Rejected]]:
        """The rows with as many cells as the header: empty ones are added and taken away."""
        width = len(self.fields)
        good: list[list[str]] = []
        lines: list[int] = []
        rejected: list[Rejected] = []
        for line, row in zip(numbers, found, strict=True):
            if any(cell.strip() for cell in row[width:]):
                values = {field: cell for field, cell in zip(self.fields, row, strict=False) if field is not None}
                rejected.append(Rejected(line, f"{len(row)} cells, where the header has {width}", values))
            else:
                good.append(row[:width] + [""] * (width - len(row)))
                lines.append(line)
        return good, lines, rejected


class _Lines:
    """The rows of an open file, with the place of each next one.

    The csv module takes no line more from the file than a row needs, so the file's own position is where the next
    row begins, whatever newlines stand in quotation marks.
    """

    def __init__(self, file: BufferedReader, separator: str, line: int, where: str) -> None:
        self._file = file
        self._separator = separator
        self._where = where
        self._between = separator.encode()
        self._flat = bytes.maketrans(b"\n", self._between)
        # All bytes but those whose number and order tell the form of plain rows.
        self._others = bytes(set(range(256)) - set(b'"\r\n' + self._between))
        self._begin(line)

    def _begin(self, line: int) -> None:
        self._first = line
        self._rows: Reader = csv.reader(
            map(bytes.decode, self._file), delimiter=self._separator, skipinitialspace=True, strict=True
        )

    def place(self) -> Place:
        return Place(self._file.tell(), self._first + self._rows.line_num)

    def go(self, place: Place) -> None:
        self._file.seek(place.offset)
        self._begin(place.line)

    def take_plain(self, size: int, width: int) -> list[list[str]] | None:
        """The columns of the next rows where these need no CSV reader, which takes twice as long, or None.

        They need none where nothing is quoted and all rows have so many cells; both are seen in bulk.
        """
        if b'"' in self._file.peek():
            return None
        offset = self._file.tell()
        rows = list(islice(self._file, size))
        text = b"".join(rows)
        newline = b"\r\n" if b"\r" in text else b"\n"
        text += b"" if text.endswith(newline) else newline
        even = text.translate(None, self._others) == (self._between * (width - 1) + newline) * len(rows)
        if not rows or not even or max(map(len, rows)) > csv.field_size_limit():
            self._file.seek(offset)
            return None
        try:
            cells = text.translate(self._flat, b"\r").decode().split(self._separator)
        except UnicodeDecodeError:
            self._file.seek(offset)
            return None
        self._first += len(rows)
        return [cells[column:-1:width] for column in range(width)]

    def take(self, size: int) -> list[list[str]]:
        """Raises a csv.Error where one of the rows is broken, and a ContentError where it isn't UTF-8."""
        try:
            return list(islice(self._rows, size))
        except UnicodeDecodeError as error:
            raise not_utf8(error, Where(self._where, self.place().line)) from error

    def take_singly(self, size: int) -> tuple[list[list[str]], list[int], list[Rejected]]:
        """Rows, the line of each, and the broken ones. A stray quotation mark costs its own line only."""
        rows: list[list[str]] = []
        lines: list[int] = []
        broken: list[Rejected] = []
        while len(rows) + len(broken) < size:
            place = self.place()
            try:
                found = self.take(1)
            except csv.Error as error:
                broken.append(Rejected(place.line, _reason(error), {}))
                self._file.seek(place.offset)
                self._file.readline()
                self._begin(place.line + 1)
                continue
            if not found:
                break
            rows += found
            lines.append(place.line)
        return rows, lines, broken


def read_header(path: str, where: str, declared: Collection[str], ignore: Collection[str]) -> Delimited:
    """The file's separator and columns. Raises a ContentError where the header can't be used."""
    with open(path, "rb") as file:  # noqa: PTH123
        offset = len(BOM) if file.read(len(BOM)) == BOM else 0
        file.seek(offset)
        begin, separators = Place(offset, 1), SEPARATORS
        if found := _SEP.fullmatch(file.readline()):
            begin, separators = Place(file.tell(), 2), found[1].decode()
        headers = [_header(file, begin, separator, where) for separator in separators]
    # The right separator finds the most names that are known, or else the most names.
    separator, names, start = max(
        headers, key=lambda header: (sum(known(name, declared) for name in header[1]), len(header[1]))
    )
    while len(names) > 1 and not normalised(names[-1]):  # Excel's empty columns at the right
        names.pop()
    return Delimited(path, where, separator, layout(names, declared, ignore, Where(where, begin.line)), start)


def _header(file: BufferedReader, begin: Place, separator: str, where: str) -> tuple[str, list[str], Place]:
    file.seek(begin.offset)
    lines = _Lines(file, separator, begin.line, where)
    try:
        found = lines.take(1)
    except csv.Error:
        found = []
    return separator, found[0] if found else [], lines.place()


def _numbers(rows: Sequence[list[str]], line: int, end: int) -> Sequence[int]:
    """The line of each row."""
    if end - line == len(rows):
        return range(line, end)
    numbers = []
    for row in rows:
        numbers.append(line)
        line += 1 + sum(cell.count("\n") for cell in row)
    return numbers


def _reason(error: csv.Error) -> str:
    told = str(error)
    return next((reason for begin, reason in _REASONS if begin in told), told)
