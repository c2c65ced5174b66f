"""A name that people give (a file, ``-``, a database's URL) -> a Source, whose shards are read apart from each other.

Opening reads the input once, and that finds what no shard can find alone: its columns, where its rows begin, and which
of them repeat an earlier row's address.
"""

from __future__ import annotations

import hashlib
import json
import os
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from pipeline.errors import ConfigurationError, ContentError, DiskError, Where
from pipeline.model import FieldType
from pipeline.recipients import database, parquet, spool
from pipeline.recipients.addresses import key, keys
from pipeline.recipients.batch import Batch, Rejected
from pipeline.recipients.block import ALL, Block, Place, Reader
from pipeline.recipients.cleaning import cleaned
from pipeline.recipients.delimited import Delimited, read_header
from pipeline.recipients.duplicates import Hashes, duplicates
from pipeline.recipients.header import EMAIL, normalised
from pipeline.recipients.json_lines import JsonLines, read_start
from pipeline.recipients.plain import HEAD, format_of
from pipeline.recipients.values import texts

BATCH = 512
# The rows of a block of the first reading, and so of those that a shard may have to pass over to find its first.
_BLOCK = 512

# A file's size and time: the same as long as nobody writes it.
Stamp = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Shard:
    """So many rows of the input, which any process that sees the file can read on its own.

    ``rows`` counts all rows, the rejected and the blank ones among them; ``first`` is the number of the first, from 0.
    """

    number: int
    first: int
    rows: int
    columns: tuple[str, ...]
    _where: str
    _reader: Reader
    _types: Mapping[str, FieldType]
    _stamp: Stamp
    _place: Place
    _skip: int
    _duplicates: array[int]

    def read(self, batch_size: int = BATCH) -> Iterator[Batch | Rejected]:
        """Its readers in batches of at most so many, in the order of the input; before each batch its rejected rows.

        Raises a ContentError where the file isn't the one any more that was opened.
        """
        if _stamp_of(self._reader.path, self._where) != self._stamp:
            raise ContentError("has changed while it was read; start again", Where(self._where))
        place = self._place
        for block in self._reader.blocks(place, self._skip, _BLOCK) if self._skip else ():
            place = block.end
        repeated = frozenset(self._duplicates)
        for block in self._reader.blocks(place, self.rows, batch_size):
            found = cleaned(block, self._types, self.columns, repeated)
            yield from found.rejected
            if found.batch.emails:
                yield found.batch


@dataclass(frozen=True, slots=True)
class Source:
    """An input that has been read once. Close it, or use it in a ``with``: then a spooled copy is removed.

    ``columns`` are the fields that it brings, email among them, in its order; ``rows`` counts all its rows, the
    rejected and the blank ones among them; ``fingerprint`` changes when its content or what is read of it does.
    """

    name: str
    columns: tuple[str, ...]
    rows: int
    fingerprint: str
    _reader: Reader
    _types: Mapping[str, FieldType]
    _stamp: Stamp
    _index: _Index
    _duplicates: array[int]
    _temporary: ExitStack

    @property
    def is_csv(self) -> bool:
        """Not JSON lines, nor a table that was made into such."""
        return isinstance(self._reader, Delimited)

    def shards(self, size: int) -> tuple[Shard, ...]:
        """The input in parts of so many rows; the last may be smaller."""
        return tuple(self._shard(number, first, size) for number, first in enumerate(range(0, self.rows, size)))

    def _shard(self, number: int, first: int, size: int) -> Shard:
        rows = min(size, self.rows - first)
        place, skip = self._index.find(first)
        begin = bisect_left(self._duplicates, place.line)
        end = bisect_right(self._duplicates, self._index.line_after(first + rows))
        return Shard(
            number=number,
            first=first,
            rows=rows,
            columns=self.columns,
            _where=self.name,
            _reader=self._reader,
            _types=self._types,
            _stamp=self._stamp,
            _place=place,
            _skip=skip,
            _duplicates=self._duplicates[begin:end],
        )

    def close(self) -> None:
        self._temporary.close()

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Index:
    """Where each block of the input begins: its first row, its offset, its line."""

    def __init__(self) -> None:
        self.rows = 0
        self._firsts = array("Q")
        self._offsets = array("Q")
        self._lines = array("Q")

    def add(self, block: Block) -> None:
        self._firsts.append(self.rows)
        self._offsets.append(block.start.offset)
        self._lines.append(block.start.line)
        self.rows += block.rows

    def begin(self, block: int) -> Place:
        return Place(self._offsets[block], self._lines[block])

    def find(self, row: int) -> tuple[Place, int]:
        """The begin of the row's block, and how many of the block's rows come before the row."""
        block = bisect_right(self._firsts, row) - 1
        return self.begin(block), row - self._firsts[block]

    def line_after(self, row: int) -> int:
        """A line that the row doesn't begin after."""
        block = bisect_left(self._firsts, row)
        return self._lines[block] if block < len(self._lines) else ALL


def open_source(
    name: str, fields: Mapping[str, FieldType], *, ignore: Collection[str] = (), query: str | None = None
) -> Source:
    """Read the input of this name once: a file's path, ``-`` for standard input, or a database's URL with a query.

    ``fields`` are the merge fields that are declared; ``ignore`` are columns to be left out, ``*`` for all that aren't
    declared. Raises a ContentError where the input can't be used as a whole, a ConfigurationError where an engine isn't
    there, a DiskError where a temporary file can't be written.
    """
    types: dict[str, FieldType] = {**fields, EMAIL: "text"}
    left_out = frozenset(map(normalised, ignore))
    with ExitStack() as undo:
        if query is not None or "://" in name:
            name, reader = _of_query(name, query, types, left_out, undo)
        else:
            reader = _of_file(name, types, left_out, undo)
        return _opened(name, reader, types, left_out, undo)


def open_batches(name: str, batches: Iterable[Batch], fields: Mapping[str, FieldType]) -> Source:
    """Write readers down once, in a temporary file for this user alone, so that they can be read in shards.

    All batches bring these fields. Raises a DiskError where the file can't be written.
    """
    types: dict[str, FieldType] = {**fields, EMAIL: "text"}
    columns = tuple(dict.fromkeys((EMAIL, *fields)))
    with ExitStack() as undo:
        path, _ = spool.spooled(lambda file: spool.write_batches(file, columns, batches))
        undo.callback(path.unlink, missing_ok=True)
        return _opened(name, JsonLines(str(path), name, columns, frozenset(), Place(0, 1)), types, frozenset(), undo)


def _opened(
    name: str, reader: Reader, types: Mapping[str, FieldType], ignore: frozenset[str], undo: ExitStack
) -> Source:
    stamp = _stamp_of(reader.path, name)
    index, columns, repeated = _look_through(reader, name, types)
    if EMAIL not in columns:
        raise ContentError("no line has an address; name it email", Where(name))
    return Source(
        name=name,
        columns=columns,
        rows=index.rows,
        fingerprint=_fingerprint(reader.path, {column: types[column] for column in columns}, ignore),
        _reader=reader,
        _types=types,
        _stamp=stamp,
        _index=index,
        _duplicates=repeated,
        _temporary=undo.pop_all(),
    )


def _of_query(
    url: str, query: str | None, types: Mapping[str, FieldType], ignore: frozenset[str], undo: ExitStack
) -> tuple[str, Reader]:
    if query is None:
        raise ConfigurationError("a database needs a query, as --query 'SELECT email, first_name FROM readers'")
    name = database.shown(url)
    path, columns = spool.spooled(lambda file: database.write_rows(url, query, file, types, ignore))
    undo.callback(path.unlink, missing_ok=True)
    return name, JsonLines(str(path), name, columns, frozenset(), Place(0, 1))


def _of_file(name: str, types: Mapping[str, FieldType], ignore: frozenset[str], undo: ExitStack) -> Reader:
    # Absolute, because a shard may be read by a process that stands in another folder.
    path, where = Path(name).absolute(), Where(name)
    try:
        if name == "-" or path.is_fifo():
            path, _ = spool.spooled(lambda file: spool.copy_all(name, file))
            undo.callback(path.unlink, missing_ok=True)
        with path.open("rb") as file:
            kind = format_of(file.read(HEAD), where)
        if kind == "csv":
            return read_header(str(path), name, types, ignore)
    except OSError as error:
        raise ContentError(f"can't be read: {error.strerror}", where) from error
    if kind == "json":
        return read_start(str(path), name, tuple(types), ignore)
    table = str(path)
    path, columns = spool.spooled(lambda file: parquet.write_rows(table, where, file, types, ignore))
    undo.callback(path.unlink, missing_ok=True)
    return JsonLines(str(path), name, columns, frozenset(), Place(0, 1))


def _look_through(
    reader: Reader, name: str, types: Mapping[str, FieldType]
) -> tuple[_Index, tuple[str, ...], array[int]]:
    """Where the input's blocks begin, the columns that it brings, and the lines of its duplicates."""
    index, seen = _Index(), dict[str, None]()

    def again(number: int) -> Iterator[tuple[int, str]]:
        block = next(reader.blocks(index.begin(number), _BLOCK, _BLOCK))
        found = cleaned(block, types, reader.columns)
        return zip(found.batch.lines, map(key, found.batch.emails), strict=True)

    try:
        with Hashes() as hashes:
            for block in reader.blocks(reader.start, ALL, _BLOCK):
                index.add(block)
                seen |= dict.fromkeys(block.columns)
                hashes.add(keys(texts(block.columns.get(EMAIL, ()))[0]))
            # A header says it where no row does.
            return index, tuple(seen) if index.rows else reader.columns, duplicates(hashes, again)
    except OSError as error:
        told = f"can't be read, or its temporary files can't be written: {error.strerror}"
        raise DiskError(told, Where(name)) from error


def _stamp_of(path: str, name: str) -> Stamp:
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError as error:
        raise ContentError(f"can't be read: {error.strerror}", Where(name)) from error
    return found.st_size, found.st_mtime_ns


def _fingerprint(path: str, types: Mapping[str, FieldType], ignore: Collection[str]) -> str:
    with open(path, "rb") as file:  # noqa: PTH123
        content = hashlib.file_digest(file, "sha256").hexdigest()
    return hashlib.sha256(json.dumps([content, types, sorted(ignore)]).encode()).hexdigest()
