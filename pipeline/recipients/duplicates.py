"""Which rows repeat an earlier row's address: exactly, over an input of any length, in memory that stays flat.

Each address leaves a hash of 64 bits in temporary files, once in the order of the rows and once in one of 256 buckets,
each small enough to be looked through at once. Hashes that occur twice are suspects only: the blocks of rows that hold
some are read again, and there the addresses themselves are compared, again a bucket at a time.
"""

from __future__ import annotations

import marshal
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from heapq import merge
from tempfile import TemporaryFile
from types import TracebackType
from typing import Generic, TypeVar

_BUCKETS = 256
# What waits in memory to be written, and the suspects that are known by name: of more, all rows are.
_WAITING = 65_536
_SUSPECTS = 65_536

T = TypeVar("T")


class _Buckets(Generic[T]):
    """What is put in by hash, and comes out a bucket at a time, in the same order. Kept in a temporary file."""

    def __init__(self, encode: Callable[[list[T]], bytes], decode: Callable[[bytes], Iterable[T]]) -> None:
        self._encode, self._decode = encode, decode
        self._file = TemporaryFile()  # noqa: SIM115
        self._waiting: list[list[T]] = [[] for _ in range(_BUCKETS)]
        self._count = 0
        # Where each bucket begins in each part that was written, and where the last one ends.
        self._parts: list[array[int]] = []

    def close(self) -> None:
        self._file.close()

    def put(self, hashes: Sequence[int], what: Sequence[T]) -> None:
        puts = [bucket.append for bucket in self._waiting]
        for one, thing in zip(hashes, what, strict=True):
            puts[one & 255](thing)
        self._count += len(hashes)
        if self._count >= _WAITING:
            self._write()

    def _write(self) -> None:
        begins = array("Q", [self._file.seek(0, 2)])
        for bucket in self._waiting:
            begins.append(begins[-1] + self._file.write(self._encode(bucket)))
            bucket.clear()
        self._parts.append(begins)
        self._count = 0

    def __iter__(self) -> Iterator[list[T]]:
        self._write()
        for number in range(_BUCKETS):
            bucket: list[T] = []
            for begins in self._parts:
                self._file.seek(begins[number])
                bucket += self._decode(self._file.read(begins[number + 1] - begins[number]))
            yield bucket


class Hashes:
    """The hashes of the addresses of an input, block by block. Python's own: they hold for this process only."""

    def __init__(self) -> None:
        with ExitStack() as files:
            self._in_order = files.enter_context(TemporaryFile())
            self._buckets: _Buckets[int] = _Buckets(_to_bytes, _from_bytes)
            files.callback(self._buckets.close)
            self._files = files.pop_all()
        self._sizes = array("L")

    def __enter__(self) -> Hashes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.close()

    def add(self, keys: Iterable[str]) -> None:
        """The next block's addresses."""
        hashes = array("q", map(hash, keys))
        self._in_order.write(hashes)
        self._sizes.append(len(hashes))
        self._buckets.put(hashes, hashes)

    def suspects(self) -> set[int] | None:
        """The hashes that occur twice; None where they are too many to be told."""
        found: set[int] = set()
        for hashes in self._buckets:
            if len(set(hashes)) < len(hashes):
                found |= _twice(hashes)
            if len(found) > _SUSPECTS:
                return None
        return found

    def blocks_with(self, suspects: set[int]) -> Iterator[int]:
        """The numbers of the blocks that hold one of the hashes."""
        self._in_order.seek(0)
        for number, size in enumerate(self._sizes):
            hashes = array("q")
            hashes.fromfile(self._in_order, size)
            if not suspects.isdisjoint(hashes):
                yield number

    def all_blocks(self) -> Iterable[int]:
        return range(len(self._sizes))


def duplicates(hashes: Hashes, block: Callable[[int], Iterable[tuple[int, str]]]) -> array[int]:
    """The lines of the rows that repeat an earlier row's address, in order.

    ``block`` reads the block of this number again: the line and the key of each row that is good but for that.
    """
    suspects = hashes.suspects()
    if suspects is not None and not suspects:
        return array("Q")
    rows: _Buckets[tuple[int, str]] = _Buckets(marshal.dumps, marshal.loads)
    try:
        for number in hashes.all_blocks() if suspects is None else hashes.blocks_with(suspects):
            found = [row for row in block(number) if suspects is None or hash(row[1]) in suspects]
            rows.put([hash(key) for _, key in found], found)
        return array("Q", merge(*(_repeated(bucket) for bucket in rows)))
    finally:
        rows.close()


def _repeated(rows: Iterable[tuple[int, str]]) -> array[int]:
    seen: set[str] = set()
    lines = array("Q")
    for line, key in rows:
        if key in seen:
            lines.append(line)
        seen.add(key)
    return lines


def _twice(hashes: Iterable[int]) -> set[int]:
    seen: set[int] = set()
    twice: set[int] = set()
    for one in hashes:
        (twice if one in seen else seen).add(one)
    return twice


def _to_bytes(hashes: list[int]) -> bytes:
    return array("q", hashes).tobytes()


def _from_bytes(encoded: bytes) -> array[int]:
    return array("q", encoded)
