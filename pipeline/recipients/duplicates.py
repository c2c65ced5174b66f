"""Which rows repeat an earlier row's address: exactly, over an input of any length, in memory that stays flat.

Each address leaves a hash of 64 bits in temporary files, once in the order of the rows and once in one of 256 buckets,
each small enough to be looked through at once. Hashes that occur twice are suspects only: the blocks of rows that hold
some are read again, and there the addresses themselves are compared.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from tempfile import TemporaryFile
from types import TracebackType

_BUCKETS = 256
# Hashes that wait in memory to be written, and suspects that are compared in one go (some 20 MB of addresses).
_WAITING = 65_536
_SUSPECTS = 131_072
_BYTES = 8


class Hashes:
    """The hashes of the addresses of an input, block by block. Python's own: they hold for this process only."""

    def __init__(self) -> None:
        with ExitStack() as files:
            self._in_order = files.enter_context(TemporaryFile())
            self._in_buckets = files.enter_context(TemporaryFile())
            self._files = files.pop_all()
        self._sizes = array("L")
        self._buckets: list[list[int]] = [[] for _ in range(_BUCKETS)]
        self._waiting = 0
        # Where each bucket's hashes begin in each part that was written, and where the last one's end.
        self._parts: list[array[int]] = []

    def __enter__(self) -> Hashes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.close()

    def add(self, keys: Iterable[str]) -> None:
        """The next block's addresses."""
        hashes = array("q", map(hash, keys))
        hashes.tofile(self._in_order)
        self._sizes.append(len(hashes))
        put = [bucket.append for bucket in self._buckets]
        for one in hashes:
            put[one & 255](one)
        self._waiting += len(hashes)
        if self._waiting >= _WAITING:
            self._write()

    def _write(self) -> None:
        begins = array("Q", [self._in_buckets.tell()])
        for bucket in self._buckets:
            array("q", bucket).tofile(self._in_buckets)
            begins.append(begins[-1] + len(bucket) * _BYTES)
            bucket.clear()
        self._parts.append(begins)
        self._waiting = 0

    def suspects(self) -> Iterator[set[int]]:
        """The hashes that occur twice, so many at a time."""
        self._write()
        found: set[int] = set()
        for bucket in range(_BUCKETS):
            hashes = self._bucket(bucket)
            if len(set(hashes)) < len(hashes):
                found |= _twice(hashes)
            if len(found) >= _SUSPECTS:
                yield found
                found = set()
        if found:
            yield found

    def _bucket(self, number: int) -> array[int]:
        hashes = array("q")
        for begins in self._parts:
            self._in_buckets.seek(begins[number])
            hashes.frombytes(self._in_buckets.read(begins[number + 1] - begins[number]))
        return hashes

    def blocks_with(self, suspects: set[int]) -> Iterator[int]:
        """The numbers of the blocks that hold one of the hashes."""
        self._in_order.seek(0)
        for number, size in enumerate(self._sizes):
            hashes = array("q")
            hashes.fromfile(self._in_order, size)
            if not suspects.isdisjoint(hashes):
                yield number


def _twice(hashes: Iterable[int]) -> set[int]:
    seen: set[int] = set()
    twice: set[int] = set()
    for one in hashes:
        (twice if one in seen else seen).add(one)
    return twice


def duplicates(hashes: Hashes, block: Callable[[int], Iterable[tuple[int, str]]]) -> array[int]:
    """The lines of the rows that repeat an earlier row's address, in order.

    ``block`` reads the block of this number again: the line and the key of each row that is good but for that.
    """
    found: list[int] = []
    for suspects in hashes.suspects():
        seen: set[str] = set()
        for number in hashes.blocks_with(suspects):
            for line, key in block(number):
                if hash(key) in suspects:
                    if key in seen:
                        found.append(line)
                    seen.add(key)
    return array("Q", sorted(found))
