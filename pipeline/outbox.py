"""Email -> ``outbox/<edition>/``, whole or not at all, with a manifest. The only writer of ``outbox/``."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import record
from pipeline.errors import BusyError, OutboxError, Where
from pipeline.record import failure

if TYPE_CHECKING:
    from filelock import FileLock

    from pipeline.model import Email, Finding

FOLDER = record.FOLDER
LOCK = ".lock"
TEMPORARY = ".tmp"
# Each recipient's own message, if they are written into the edition's folder: no build makes them, nor takes them away.
MESSAGES = "messages"
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def files_of(
    email: Email, message: bytes, provenance: Mapping[str, Any], exported: Mapping[str, bytes] | None = None
) -> dict[str, bytes]:
    """The files of an edition by name, with those that were ``exported`` for a service in a folder of its own. The
    manifest, last, tells of the others, and of what they were made of."""
    files = {"digest.html": email.html.encode(), "digest.txt": email.text.encode(), "message.eml": message}
    files |= exported or {}
    manifest = {
        "edition": email.slug,
        "subject": email.subject,
        "preheader": email.preheader,
        "date": email.date.isoformat(),
        "language": email.language,
        "files": _told(files),
        "blocks": [{"name": block.name, "bytes": block.bytes, "where": str(block.where)} for block in email.blocks],
        "findings": [finding_as_json(found) for found in email.findings],
        **provenance,
    }
    return {**files, record.MANIFEST: _as_json(manifest)}


def add(folder: Path, slug: str, exported: Mapping[str, bytes]) -> Path:
    """Put more files into an edition's folder, in one step: those that are there stay, and the manifest tells of all.

    Only for the holder of the lock, and for an edition that is whole. Raises as ``write`` does.
    """
    try:
        manifest = json.loads((folder / slug / record.MANIFEST).read_bytes())
        there = {name: (folder / slug / name).read_bytes() for name in manifest["files"]}
    except OSError as error:
        raise failure(error, Where(f"{FOLDER}/{slug}"), "read") from error
    files = {**there, **exported}
    return write(folder, slug, {**files, record.MANIFEST: _as_json({**manifest, "files": _told(files)})})


def _told(files: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()} for name, content in files.items()
    }


def _as_json(manifest: Mapping[str, Any]) -> bytes:
    return (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode()


def _refuse_foreign(target: Path) -> None:
    """Raise an OutboxError where something stands that no build has made, and that mustn't be lost."""
    try:
        there = os.listdir(target)  # noqa: PTH208
        ours = not there or bool({record.MANIFEST, *record.OUTPUTS, MESSAGES}.intersection(there))
    except NotADirectoryError:
        ours = False
    except FileNotFoundError:
        ours = not target.is_symlink()
    if not ours:
        raise OutboxError(
            "stands in the way, and is no edition of ours; move it elsewhere", Where(f"{FOLDER}/{target.name}")
        )


def finding_as_json(found: Finding) -> dict[str, str]:
    return {
        "rule": found.rule,
        "check": found.check,
        "level": found.level,
        "message": found.message,
        "where": str(found.where),
    }


def write(folder: Path, slug: str, files: Mapping[str, bytes]) -> Path:
    """Put the files into ``folder/<slug>/`` in one step; what stood there stands there until then. Messages stay.

    They are written to a temporary folder beside it, which then changes places with it. Raises an OutboxError
    where the disk is full or the folder can't be written; the last good build is then untouched.
    """
    target = folder / slug
    if target.parent != folder or slug.startswith(".") or not slug:
        raise OutboxError(f"{slug!r} can't be a folder of the outbox")
    temporary: Path | None = None
    try:
        _refuse_foreign(target)
        folder.mkdir(parents=True, exist_ok=True)
        temporary = _temporary(folder, slug)
        # mkdtemp's own folder is for its owner alone; the edition's is as open as the umask lets it be.
        new = temporary / "new"
        new.mkdir()
        for name, content in files.items():
            (new / name).parent.mkdir(exist_ok=True)
            _write_file(new / name, content)
        for one in {(new / name).parent for name in files} | {new}:
            _sync_folder(one)
        _swap(new, target)
        _hand_over_messages(temporary, target)
        _sync_folder(folder)
    except OSError as error:
        raise failure(error, Where(f"{FOLDER}/{slug}")) from error
    except ValueError as error:  # a NUL, or half a surrogate pair
        raise OutboxError(f"{slug!r} can't be a folder of the outbox") from error
    finally:
        # Where the old edition made room and could neither be followed nor put back, the next start puts it back.
        if temporary is not None and (target.exists() or not (temporary / "old").exists()):
            _discard(temporary)
    return target


@contextmanager
def locked(folder: Path, wait: float = 0) -> Iterator[None]:
    """Have the outbox alone for the block; what a killed run has left behind is swept first.

    Waits so many seconds for another run to end. Raises a BusyError where it doesn't. The kernel lets go of the lock
    when its holder ends, however it ends.
    """
    from filelock import FileLock, Timeout  # a run with nothing to do needs no lock, and this takes a while

    lock = FileLock(folder / LOCK)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=wait)
        sweep(folder)
    except Timeout as error:
        raise BusyError("another run is building; wait for it with --wait SECONDS", Where(FOLDER)) from error
    except OSError as error:
        _let_go(lock)
        raise failure(error, Where(FOLDER)) from error
    # What goes wrong in the block is the block's to tell.
    try:
        yield
    finally:
        _let_go(lock)


def _let_go(lock: FileLock) -> None:
    """Raises an OutboxError where the system refuses even that; it then lets go of the lock as the process ends."""
    try:
        lock.release()
    except OSError as error:
        raise failure(error, Where(FOLDER)) from error


def sweep(folder: Path) -> None:
    """Remove the temporary folders that killed runs have left. Only for the holder of the lock.

    A run that was killed where one folder had made room and the other hadn't taken it yet has left no edition there:
    the one that had made room is put back.
    """
    for left in leftovers(folder):
        slug = left.name[1:].removesuffix(TEMPORARY).rpartition(".")[0]
        if slug and (left / "old").is_dir() and (left / "new").is_dir() and not (folder / slug).exists():
            (left / "old").rename(folder / slug)
        _hand_over_messages(left, folder / slug)
        _discard(left)


def leftovers(folder: Path) -> list[Path]:
    """What killed runs have left."""
    return [*folder.glob(f".*{TEMPORARY}"), *(folder / record.RECORD).glob(f"*{TEMPORARY}")]


def _temporary(folder: Path, slug: str) -> Path:
    import tempfile  # a run with nothing to do needs none

    return Path(tempfile.mkdtemp(prefix=f".{slug}.", suffix=TEMPORARY, dir=folder))


def _discard(folder: Path) -> None:
    """Remove a file, or a folder with all in it. What the disk refuses twice is swept at the next start."""
    if folder.is_file():
        with suppress(OSError):
            folder.unlink()
        return
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


def oldest(folder: Path, keep: int) -> list[str]:
    """The slugs of all our editions in the outbox but the newest so many, the oldest first.

    One whose manifest is damaged isn't among them: it couldn't be kept on record.
    """
    manifests = record.read(folder).manifests
    dates = {
        slug: datetime.fromisoformat(manifests[slug]["date"]) for slug in record.editions(folder) if slug in manifests
    }
    by_date = sorted(dates, key=lambda slug: (dates[slug], slug))
    return by_date[: max(0, len(by_date) - keep)]


def remove(folder: Path, slug: str) -> None:
    """Take an edition's folder away, but keep the record of what has gone out in it."""
    try:
        _keep(record.recorded(folder, slug), (folder / slug / record.MANIFEST).read_bytes())
        gone = _temporary(folder, slug)
        try:
            (folder / slug).rename(gone / "old")
        finally:
            _discard(gone)
    except OSError as error:
        raise failure(error, Where(f"{FOLDER}/{slug}")) from error


def note_ticks(folder: Path, ticks: Mapping[str, datetime]) -> None:
    """Put on record that these digests have seen these ticks. Only for the holder of the lock."""
    known = record.read_ticks(folder)
    seen = {**known, **{name: max(tick, known.get(name, tick)) for name, tick in ticks.items()}}
    if seen != known:
        told = json.dumps({name: tick.isoformat() for name, tick in sorted(seen.items())}, indent=2) + "\n"
        try:
            _keep(folder / record.RECORD / record.TICKS, told.encode())
        except OSError as error:
            raise failure(error, Where(FOLDER)) from error


def _keep(file: Path, content: bytes) -> None:
    """Write a file of the record in one step."""
    if not file.parent.is_dir():
        file.parent.mkdir()
        _sync_folder(file.parent.parent)
    temporary = file.with_name(file.name + TEMPORARY)
    try:
        _write_file(temporary, content)
        temporary.rename(file)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(file.parent)


def _write_file(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _swap(new: Path, target: Path) -> None:
    """Let the new folder stand where the old one stood; the old one, if any, is beside where the new one was."""
    if not target.exists():
        new.rename(target)
    elif not _exchange(new, target):
        old = new.with_name("old")
        target.rename(old)
        try:
            new.rename(target)
        except OSError:
            old.rename(target)
            raise


def _hand_over_messages(temporary: Path, target: Path) -> None:
    """Put the recipients' messages that stood with the old files to the new ones."""
    for name in ("old", "new"):
        messages = temporary / name / MESSAGES
        if messages.is_dir() and target.is_dir() and not (target / MESSAGES).exists():
            messages.rename(target / MESSAGES)
            _sync_folder(target)


def _exchange(one: Path, other: Path) -> bool:
    """Both names change places in one step (Linux's renameat2); false where the system or the disk can't do that."""
    if sys.platform != "linux":
        return False
    import ctypes  # a run with nothing to do needs none

    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    return bool(renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0)
