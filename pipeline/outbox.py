"""Email -> ``outbox/<edition>/``, whole or not at all, with a manifest. The only writer of ``outbox/``."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import BusyError, DeniedError, DiskError, OutboxError, Where

if TYPE_CHECKING:
    from filelock import FileLock

    from pipeline.model import Email, Finding

FOLDER = "outbox"
MANIFEST = "manifest.json"
# The manifests of editions whose folders were cleaned away.
RECORD = ".record"
LOCK = ".lock"
TEMPORARY = ".tmp"
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def files_of(email: Email, message: bytes, provenance: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of an edition by name. The manifest, last, tells of the others, and of what they were made of."""
    files = {"digest.html": email.html.encode(), "digest.txt": email.text.encode(), "message.eml": message}
    manifest = {
        "edition": email.slug,
        "subject": email.subject,
        "preheader": email.preheader,
        "date": email.date.isoformat(),
        "language": email.language,
        "files": {
            name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in files.items()
        },
        "blocks": [{"name": block.name, "bytes": block.bytes, "where": str(block.where)} for block in email.blocks],
        "findings": [finding_as_json(found) for found in email.findings],
        **provenance,
    }
    return {**files, MANIFEST: (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode()}


def finding_as_json(found: Finding) -> dict[str, str]:
    return {
        "rule": found.rule,
        "check": found.check,
        "level": found.level,
        "message": found.message,
        "where": str(found.where),
    }


def write(folder: Path, slug: str, files: Mapping[str, bytes]) -> Path:
    """Put the files into ``folder/<slug>/`` in one step; what stood there before stands there until then.

    They are written to a temporary folder beside it, which then changes places with it. Raises an OutboxError
    where the disk is full or the folder can't be written; the last good build is then untouched.
    """
    target = folder / slug
    if target.parent != folder or slug.startswith(".") or not slug:
        raise OutboxError(f"{slug!r} can't be a folder of the outbox")
    temporary: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = _temporary(folder, slug)
        # mkdtemp's own folder is for its owner alone; the edition's is as open as the umask lets it be.
        new = temporary / "new"
        new.mkdir()
        for name, content in files.items():
            _write_file(new / name, content)
        _sync_folder(new)
        _swap(new, target)
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


def failure(error: OSError, where: Where) -> OutboxError:
    """What the system refused, as an error of the kind that it is."""
    denied = (errno.EACCES, errno.EPERM, errno.EROFS)
    kind = DeniedError if error.errno in denied else DiskError if error.errno == errno.EIO else OutboxError
    return kind(f"can't be written: {error.strerror or error}", where)


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
    for left in folder.glob(f".*{TEMPORARY}"):
        slug = left.name[1:].removesuffix(TEMPORARY).rpartition(".")[0]
        if slug and (left / "old").is_dir() and (left / "new").is_dir() and not (folder / slug).exists():
            (left / "old").rename(folder / slug)
        _discard(left)


def _temporary(folder: Path, slug: str) -> Path:
    import tempfile  # a run with nothing to do needs none

    return Path(tempfile.mkdtemp(prefix=f".{slug}.", suffix=TEMPORARY, dir=folder))


def _discard(folder: Path) -> None:
    """Remove a folder with all that is in it. What the disk refuses twice is swept at the next start."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


def manifests(folder: Path) -> dict[str, dict[str, Any]]:
    """The manifest of every edition that has gone out, by slug: also of those whose folders were cleaned away."""
    built = (path.parent.name for path in folder.glob(f"[!.]*/{MANIFEST}"))
    cleaned = (path.stem for path in (folder / RECORD).glob("*.json"))
    found = {slug: manifest_of(folder, slug) for slug in (*built, *cleaned)}
    return {slug: manifest for slug, manifest in found.items() if manifest is not None}


def manifest_of(folder: Path, slug: str) -> dict[str, Any] | None:
    """The edition's manifest, also where its folder was cleaned away; ``None`` where there is none to be read."""
    return read_manifest(folder, slug) or _read_json(_record(folder, slug))


def is_cleaned(folder: Path, slug: str) -> bool:
    """Whether the edition has been built once, and its folder cleaned away since."""
    return _record(folder, slug).is_file() and not (folder / slug).exists()


def is_whole(folder: Path, slug: str, manifest: Mapping[str, Any]) -> bool:
    """Whether the files that the manifest tells of are there, each as it says.

    A file that isn't younger than the manifest, which is written last, isn't read: its size tells enough.
    """
    files: Any = manifest.get("files")
    try:
        written = (folder / slug / MANIFEST).stat().st_mtime_ns
        return bool(files) and all(_is_as_told(folder / slug / name, told, written) for name, told in files.items())
    except (OSError, AttributeError, KeyError, TypeError):
        return False


def _is_as_told(file: Path, told: Mapping[str, Any], written: int) -> bool:
    found = file.stat()
    if found.st_size != told["bytes"]:
        return False
    return found.st_mtime_ns <= written or hashlib.sha256(file.read_bytes()).hexdigest() == told["sha256"]


def oldest(folder: Path, keep: int) -> list[str]:
    """The slugs of all editions in the outbox but the newest so many, the oldest first."""
    there = [path.parent.name for path in folder.glob(f"[!.]*/{MANIFEST}")]
    by_date = sorted(there, key=lambda slug: (str((read_manifest(folder, slug) or {}).get("date", "")), slug))
    return by_date[: max(0, len(by_date) - keep)]


def remove(folder: Path, slug: str) -> None:
    """Take an edition's folder away, but keep the record of what has gone out in it."""
    record = _record(folder, slug)
    try:
        record.parent.mkdir(exist_ok=True)
        temporary = record.with_suffix(TEMPORARY)
        _write_file(temporary, (folder / slug / MANIFEST).read_bytes())
        temporary.rename(record)
        _sync_folder(record.parent)
        gone = _temporary(folder, slug)
        try:
            (folder / slug).rename(gone / "old")
        finally:
            _discard(gone)
    except OSError as error:
        raise failure(error, Where(f"{FOLDER}/{slug}")) from error


def _record(folder: Path, slug: str) -> Path:
    return folder / RECORD / f"{slug}.json"


def read_manifest(folder: Path, slug: str) -> dict[str, Any] | None:
    """The manifest of an edition's last build; ``None`` where there is none that can be read."""
    return _read_json(folder / slug / MANIFEST)


def _read_json(file: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def html_bytes(folder: Path, slug: str) -> int | None:
    """What the HTML part weighed in the edition's last build; None where no manifest says."""
    try:
        return int((read_manifest(folder, slug) or {})["files"]["digest.html"]["bytes"])
    except (KeyError, TypeError, ValueError):
        return None


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


def _exchange(one: Path, other: Path) -> bool:
    """Both names change places in one step (Linux's renameat2); false where the system or the disk can't do that."""
    if sys.platform != "linux":
        return False
    import ctypes  # a run with nothing to do needs none

    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    return bool(renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0)
