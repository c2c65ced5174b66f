"""Email -> ``outbox/<edition>/``, whole or not at all, with a manifest. The only writer of ``outbox/``."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import OutboxError, Where
from pipeline.model import Email, Finding

FOLDER = "outbox"
MANIFEST = "manifest.json"
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
        "articles": list(email.articles),
        "findings": [finding_as_json(found) for found in email.findings],
        **provenance,
    }
    return {**files, MANIFEST: (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode()}


def finding_as_json(found: Finding) -> dict[str, str]:
    return {"check": found.check, "level": found.level, "message": found.message, "where": str(found.where)}


def write(folder: Path, slug: str, files: Mapping[str, bytes]) -> Path:
    """Put the files into ``folder/<slug>/`` in one step; what stood there before stands there until then.

    They are written to a temporary folder beside it, which then changes places with it. Raises an OutboxError
    where the disk is full or the folder can't be written; the last good build is then untouched.
    """
    target = folder / slug
    if target.parent != folder or slug in ("", ".", ".."):
        raise OutboxError(f"{slug!r} can't be a folder of the outbox")
    temporary: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{slug}.", suffix=".tmp", dir=folder))
        # mkdtemp's own folder is for its owner alone; the edition's is as open as the umask lets it be.
        new = temporary / "new"
        new.mkdir()
        for name, content in files.items():
            _write_file(new / name, content)
        _sync_folder(new)
        _swap(new, target)
        _sync_folder(folder)
    except OSError as error:
        raise OutboxError(f"can't be written: {error.strerror or error}", Where(f"{FOLDER}/{slug}")) from error
    except ValueError as error:  # a NUL, or half a surrogate pair
        raise OutboxError(f"{slug!r} can't be a folder of the outbox") from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    return target


def read_manifest(folder: Path, slug: str) -> dict[str, Any] | None:
    """The manifest of an edition's last build; ``None`` where there is none that can be read."""
    try:
        manifest = json.loads((folder / slug / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) else None


def html_bytes(manifest: Mapping[str, Any] | None) -> int | None:
    """What the HTML part weighed in that build; None where the manifest doesn't say."""
    try:
        return int((manifest or {})["files"]["digest.html"]["bytes"])
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
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    return bool(renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0)
