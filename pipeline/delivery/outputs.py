"""Where messages go: a folder of .eml files, an mbox, a maildir, or nowhere. A shard stands there whole or not at all.

A worker writes a shard's messages to a hidden place of their own; the run puts what is there into its place, shard by
shard in their order, once it is on the disk.
"""

from __future__ import annotations

import glob
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from pipeline.delivery.files import append, discard, sync_disk, sync_folder, write_chunks
from pipeline.errors import OutboxError, Where
from pipeline.record import failure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.delivery.journal import Entry

MAILDIR = "maildir:"
MBOX = ".mbox"
NOWHERE = os.devnull
REJECTED = "rejected.csv"
JOURNAL = ".messages"
LOCK = ".lock"
TEMPORARY = ".tmp"
# How many recipients a shard has: a hundred megabytes of messages at most, as they usually are.
SHARD = 1000
_SHARD_NAME = re.compile(r"[0-9]{4,}")
_MAILDIR_NAME = re.compile(r"[0-9]+\.[0-9a-f]{24}\.stay-updated(:.*)?")

# A message: its recipient's address, and its bytes as chunks.
Message = tuple[str, Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Part:
    """A shard's messages where a worker has written them: how many, their bytes, and the place, if it has a name."""

    messages: int
    bytes: int
    path: str = ""


class Output(Protocol):
    """Where messages go. A copy of it goes along with each worker, so it holds no open file."""

    shard: ClassVar[int]

    @property
    def path(self) -> Path: ...

    @property
    def journal(self) -> Path:
        """Where the journal is; the output is ours if it is there."""

    @property
    def rejected(self) -> Path | None:
        """Where the rejected rows are told of unless asked otherwise."""

    def is_foreign(self) -> bool:
        """Whether something stands there, though no journal says that it's ours."""

    def sweep(self) -> None:
        """Remove what workers have left that were killed, or whose shard came too late."""

    def resume(self, entries: Sequence[Entry], complete: bool) -> int:
        """Make ready for the shards that aren't finished; how many of the finished ones are still there."""

    def write(self, number: int, messages: Iterable[Message], name: Callable[[str], str]) -> Part:
        """Write a shard's messages to a place of their own. Leaves nothing there where it fails."""

    def settle(self, first: int, parts: Sequence[Part]) -> None:
        """Put the parts of this shard and the next ones where they belong, to stay there."""

    def finish(self) -> None:
        """Make the whole of it what was asked for, all shards being there."""


def output_of(target: str, sender: str, date: datetime, *, alone: bool) -> Output:
    """The output that ``--to`` names. ``alone`` says that one worker writes all shards, in their order.

    ``sender`` and ``date`` are the edition's: an mbox tells of them before each message, a maildir in each name.
    """
    if target.startswith(MAILDIR):
        return Maildir(Path(target.removeprefix(MAILDIR)), int(date.timestamp()))
    if target == NOWHERE:
        return Nowhere()
    if target.endswith(MBOX):
        return Mbox(Path(target), f"From {sender} {time.asctime(date.utctimetuple())}\n".encode(), alone)
    return Folder(Path(target))


@dataclass(frozen=True, slots=True)
class Folder:
    """A file for each message: ``0000/<id>.eml``, a folder for each shard."""

    path: Path
    shard: ClassVar[int] = SHARD

    @property
    def journal(self) -> Path:
        return self.path / JOURNAL

    @property
    def rejected(self) -> Path | None:
        return self.path / REJECTED

    def is_foreign(self) -> bool:
        return _holds_more(self.path, ours=())

    def sweep(self) -> None:
        for left in self.path.glob(f".*{TEMPORARY}"):
            discard(left)

    def resume(self, entries: Sequence[Entry], complete: bool) -> int:
        there = 0
        while there < len(entries) and self._place(there).is_dir():
            there += 1
        for left in self.path.iterdir():
            if _SHARD_NAME.fullmatch(left.name) and int(left.name) >= there:
                discard(left)
        return there

    def write(self, number: int, messages: Iterable[Message], name: Callable[[str], str]) -> Part:
        return _write_files(self.path, number, ((f"{name(address)}.eml", chunks) for address, chunks in messages))

    def settle(self, first: int, parts: Sequence[Part]) -> None:
        sync_disk(self.path)
        for number, part in enumerate(parts, first):
            Path(part.path).rename(self._place(number))
        sync_folder(self.path)

    def finish(self) -> None:
        pass

    def _place(self, number: int) -> Path:
        return self.path / f"{number:04}"


@dataclass(frozen=True, slots=True)
class Maildir:
    """A maildir: each message a file in ``new/``, named by the edition's date and the message's id."""

    path: Path
    seconds: int
    shard: ClassVar[int] = SHARD

    @property
    def journal(self) -> Path:
        return self.path / JOURNAL

    @property
    def rejected(self) -> Path | None:
        return self.path / REJECTED

    def is_foreign(self) -> bool:
        folders = ("new", "cur", "tmp")
        return _holds_more(self.path, folders) or any(_holds_more(self.path / one, ()) for one in folders)

    def sweep(self) -> None:
        for left in self.path.glob(f"tmp/.*{TEMPORARY}"):
            discard(left)

    def resume(self, entries: Sequence[Entry], complete: bool) -> int:
        for name in ("new", "cur", "tmp"):
            (self.path / name).mkdir(exist_ok=True)
        if not entries:  # what stands there is another send-out's, which this one takes the place of
            for message in (*(self.path / "new").iterdir(), *(self.path / "cur").iterdir()):
                if _MAILDIR_NAME.fullmatch(message.name):
                    message.unlink()
        return len(entries)  # a mail program may have moved the messages

    def write(self, number: int, messages: Iterable[Message], name: Callable[[str], str]) -> Part:
        named = ((f"{self.seconds}.{name(address)}.stay-updated", chunks) for address, chunks in messages)
        return _write_files(self.path / "tmp", number, named)

    def settle(self, first: int, parts: Sequence[Part]) -> None:
        sync_disk(self.path)
        new = self.path / "new"
        for part in parts:
            for name in os.listdir(part.path):  # noqa: PTH208  # thousands of them
                os.rename(f"{part.path}/{name}", new / name)  # noqa: PTH104
            Path(part.path).rmdir()
        sync_folder(new)

    def finish(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Mbox:
    """One file of all messages (RFC 4155), each after a line that tells of the sender and the date.

    Their own lines never begin with "From ", so that none has to be quoted. The file grows under a hidden name.
    Who writes ``alone`` writes straight into it; other workers write files of their own, which are put behind it.
    """

    path: Path
    separator: bytes
    alone: bool = False
    shard: ClassVar[int] = SHARD

    @property
    def journal(self) -> Path:
        return self._hidden(JOURNAL)

    @property
    def rejected(self) -> Path | None:
        return self.path.with_name(f"{self.path.stem}-{REJECTED}")

    def is_foreign(self) -> bool:
        return os.path.lexists(self.path)

    def sweep(self) -> None:
        for left in self.path.parent.glob(f"{glob.escape(self._hidden('.part').name)}-*{TEMPORARY}"):
            discard(left)

    def resume(self, entries: Sequence[Entry], complete: bool) -> int:
        if complete and not self._growing.exists() and self.path.exists():
            if self.path.stat().st_size != sum(entry.bytes for entry in entries):
                raise OutboxError("was changed since it was written; move it, or begin anew with --force", self._where)
            return len(entries)
        if entries and os.path.lexists(self.path):
            raise OutboxError("stands in the way of what is being written; move it elsewhere", self._where)
        self.path.unlink(missing_ok=True)  # another send-out's, which this one takes the place of
        with self._growing.open("ab") as file:
            size, end, there = file.tell(), 0, 0
            for entry in entries:
                if end + entry.bytes > size:
                    break
                end, there = end + entry.bytes, there + 1
            file.truncate(end)
        return there

    def write(self, number: int, messages: Iterable[Message], name: Callable[[str], str]) -> Part:
        if self.alone:
            return self._write(self._growing, messages)
        part = _temporary(self.path.parent, f"{self._hidden('.part').name}-{number:04}")
        try:
            return self._write(part, messages)
        except BaseException:
            discard(part)
            raise

    def _write(self, path: Path, messages: Iterable[Message]) -> Part:
        count = size = 0
        separator = self.separator
        with refusals(self.path), path.open("ab", buffering=0) as file:
            descriptor, start = file.fileno(), file.tell()
            try:
                for _, chunks in messages:
                    size += write_chunks(descriptor, [separator, *chunks, b"\n"])
                    count += 1
            except BaseException:
                file.truncate(start)
                raise
        return Part(count, size, "" if self.alone else str(path))

    def settle(self, first: int, parts: Sequence[Part]) -> None:
        with self._growing.open("r+b", buffering=0) as file:
            for part in parts:
                if part.path:
                    append(Path(part.path), file.fileno())
                    discard(Path(part.path))
            os.fsync(file.fileno())

    def finish(self) -> None:
        if self._growing.exists():
            self._growing.rename(self.path)
            sync_folder(self.path.parent)

    @property
    def _growing(self) -> Path:
        return self._hidden(TEMPORARY)

    def _hidden(self, ending: str) -> Path:
        return self.path.with_name(f".{self.path.name}{ending}")

    @property
    def _where(self) -> Where:
        return Where(str(self.path))


@dataclass(frozen=True, slots=True)
class Nowhere:
    """Nothing is written: to see how long it takes, and which rows would be rejected. ``path`` is for the journal."""

    path: Path = Path(NOWHERE)
    shard: ClassVar[int] = SHARD

    @property
    def journal(self) -> Path:
        return self.path / JOURNAL

    @property
    def rejected(self) -> Path | None:
        return None

    def is_foreign(self) -> bool:
        return False

    def sweep(self) -> None:
        pass

    def resume(self, entries: Sequence[Entry], complete: bool) -> int:
        return len(entries)

    def write(self, number: int, messages: Iterable[Message], name: Callable[[str], str]) -> Part:
        count = size = 0
        for _, chunks in messages:
            size += sum(map(len, chunks))
            count += 1
        return Part(count, size)

    def settle(self, first: int, parts: Sequence[Part]) -> None:
        pass

    def finish(self) -> None:
        pass


def _write_files(parent: Path, number: int, named: Iterable[Message]) -> Part:
    """A file for each message, by its name, in a hidden folder."""
    count = size = 0
    with refusals(parent):
        place = _temporary(parent, f".{number:04}")
        place.mkdir()
        folder = os.open(place, os.O_RDONLY)
        try:
            for name, chunks in named:
                descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666, dir_fd=folder)
                try:
                    size += write_chunks(descriptor, chunks)
                finally:
                    os.close(descriptor)
                count += 1
        except BaseException:
            discard(place)
            raise
        finally:
            os.close(folder)
    return Part(count, size, str(place))


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """What the system refuses in the block becomes an OutboxError about this path."""
    try:
        yield
    except OSError as error:
        raise failure(error, Where(str(path))) from error


def _holds_more(folder: Path, ours: Sequence[str]) -> bool:
    """Whether it holds anything but these names and what a run that was killed at its very start has left."""
    try:
        return any(name not in (*ours, JOURNAL + LOCK, JOURNAL + TEMPORARY) for name in os.listdir(folder))  # noqa: PTH208
    except FileNotFoundError:
        return folder.is_symlink()
    except NotADirectoryError:
        return True


def _temporary(parent: Path, name: str) -> Path:
    """A hidden name that no other worker takes, be it for the same shard. Nothing stands there yet."""
    return parent / f"{name}.{secrets.token_hex(6)}{TEMPORARY}"
