"""A small send-out for tests: recipients by number, and messages of which each tells whose it is."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipeline.delivery.outputs import output_of
from pipeline.errors import ContentError
from pipeline.recipients import Batch, Rejected

DATE = datetime(2026, 11, 24, 7, tzinfo=UTC)
BODY = b"Breathe in.\r\n" * 20


@dataclass(frozen=True)
class Program:
    """Makes small messages. The address ``killer`` kills the worker that comes to it, as long as the file ``armed`` is
    there; for those in ``bad`` there is no message.
    """

    fingerprint: str = "p"
    killer: str = ""
    armed: Path = Path("/nowhere")
    slow: float = 0
    bad: frozenset[str] = frozenset()

    def id(self, address: str) -> str:
        return hashlib.blake2b(address.encode(), digest_size=12).hexdigest()

    def chunks(self, batch: Batch) -> Iterator[tuple[bytes, ...]]:
        if self.bad.intersection(batch.emails):
            raise ContentError("has a value that can't stand in a message")
        for address in batch.emails:
            if address == self.killer and self.armed.exists():
                self.armed.unlink() if self.armed.suffix == ".once" else None
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(self.slow)
            yield b"From: hello@blog.example.com\r\nTo: ", address.encode(), b"\r\n\r\n", BODY


@dataclass(frozen=True)
class Shard:
    """The recipients with these numbers; every hundredth has no address."""

    number: int
    first: int
    rows: int

    def read(self) -> Iterator[Batch | Rejected]:
        emails = []
        for row in range(self.first, self.first + self.rows):
            if row % 100 == 99:
                yield Rejected(row + 2, "has no address", {"email": "", "first_name": f"Ünal, {row}"})
            else:
                emails.append(address(row))
        yield Batch(emails, {"email": emails}, [int(one.partition("@")[0][6:]) + 2 for one in emails])


@dataclass(frozen=True)
class Source:
    """So many rows."""

    rows: int
    fingerprint: str = "s"
    columns: tuple[str, ...] = field(default=("email",))

    def shards(self, size: int) -> tuple[Shard, ...]:
        starts = range(0, self.rows, size)
        return tuple(Shard(number, first, min(size, self.rows - first)) for number, first in enumerate(starts))


def address(row: int) -> str:
    return f"reader{row}@example.com"


def addresses(rows: int) -> list[str]:
    """Who gets a message, in the order of the rows."""
    return [address(row) for row in range(rows) if row % 100 != 99]


def output(target, *, alone=True):
    return output_of(str(target), "hello@blog.example.com", DATE, alone=alone)


def files(folder: Path) -> dict[str, bytes]:
    """All files of an output by their paths, but for what is hidden."""
    paths = {path.relative_to(folder): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {
        str(name): path.read_bytes()
        for name, path in paths.items()
        if not any(part.startswith(".") for part in name.parts)
    }


def hidden(folder: Path) -> list[str]:
    """The hidden names, at any depth."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob(".*"))
