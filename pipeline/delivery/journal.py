"""What a send-out has finished, shard by shard, in a file: the next run goes on from there.

Its first line tells of which send-out it is, each further one of a shard, in their order. A line is added once the
shard's messages are on the disk in their place; a torn last line is one that nobody has told of.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.delivery.files import sync_folder

_TEMPORARY = ".tmp"


@dataclass(frozen=True, slots=True)
class Entry:
    """A finished shard: how many messages it has, their bytes as they stand in the output, how many were rejected."""

    messages: int
    bytes: int
    rejected: int


class Journal:
    """The journal in this file. Only for the holder of the output's lock; raises an OSError as files do."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def exists(self) -> bool:
        return self.path.exists()

    def header(self) -> Mapping[str, Any]:
        """Of which send-out it is; nothing where it is damaged."""
        with self.path.open("rb") as file:
            return _parsed(file.readline()) or {}

    def entries(self) -> list[Entry]:
        """The finished shards from the first on."""
        return [entry for entry, _, _ in self._read()]

    def rejected(self) -> Iterator[tuple[int, str, dict[str, str]]]:
        """The rejected rows of all finished shards, in their order: line, reason, the row's values."""
        for _, rejected, _ in self._read():
            yield from rejected

    def begin(self, header: Mapping[str, Any]) -> None:
        """Begin anew, in one step: from here on the output is this send-out's, and nothing of it is finished."""
        temporary = self.path.with_name(self.path.name + _TEMPORARY)
        with temporary.open("wb") as file:
            file.write(_line(header))
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(self.path)
        sync_folder(self.path.parent)

    def keep(self, number: int) -> None:
        """Forget all but the first so many shards, and what was torn."""
        with self.path.open("rb") as file:
            end = len(file.readline())
        for _, (_, _, line_end) in zip(range(number), self._read(), strict=False):
            end = line_end
        if end != self.path.stat().st_size:
            os.truncate(self.path, end)

    def add(self, told: Sequence[Mapping[str, Any]]) -> None:
        """Note finished shards, in their order: messages, bytes, and the rejected rows. Then they are on the disk."""
        size = self.path.stat().st_size
        try:
            with self.path.open("ab") as file:
                file.writelines(map(_line, told))
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            os.truncate(self.path, size)
            raise

    def _read(self) -> Iterator[tuple[Entry, list[Any], int]]:
        """Each finished shard, its rejected rows, and where its line ends."""
        with self.path.open("rb") as file:
            end = len(file.readline())
            for line in file:
                told = _parsed(line)
                if told is None:
                    return
                end += len(line)
                yield Entry(told["messages"], told["bytes"], len(told["rejected"])), told["rejected"], end


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _parsed(line: bytes) -> dict[str, Any] | None:
    """What a line says; ``None`` for one that is torn."""
    try:
        told = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    return told if isinstance(told, dict) else None
