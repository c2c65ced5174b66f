"""What has gone out: the manifests in the outbox, those of editions cleaned away, and the ticks that digests have seen.

A manifest that is damaged is no manifest that isn't there: what went out in that edition would go out again.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.errors import DeniedError, DiskError, OutboxError, Where

FOLDER = "outbox"
MANIFEST = "manifest.json"
OUTPUTS = ("digest.html", "digest.txt", "message.eml")
# The manifests of editions whose folders were cleaned away, and the ticks.
RECORD = ".record"
TICKS = "ticks"
Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """The manifests by slug, the latest tick that each digest has seen, and what of it all can't be read."""

    manifests: Mapping[str, Manifest] = field(default_factory=dict)
    ticks: Mapping[str, datetime] = field(default_factory=dict)
    damaged: tuple[OutboxError, ...] = ()


def read(folder: Path) -> Record:
    """The record of the outbox in this folder. Raises an OutboxError where nothing can be read of it."""
    manifests: dict[str, Manifest] = {}
    damaged: list[OutboxError] = []
    for slug in _slugs(folder):
        try:
            manifest = manifest_of(folder, slug)
        except OutboxError as error:
            damaged.append(error)
        else:
            manifests |= {slug: manifest} if manifest else {}
    ticks: Mapping[str, datetime] = {}
    try:
        ticks = read_ticks(folder)
    except OutboxError as error:
        damaged.append(error)
    return Record(manifests, ticks, tuple(damaged))


def manifest_of(folder: Path, slug: str) -> Manifest | None:
    """The edition's manifest, also where its folder was cleaned away; ``None`` where there is none, or none of ours.

    Raises an OutboxError for one that is damaged.
    """
    return read_manifest(folder, slug) or _read(recorded(folder, slug), lambda told: _is_manifest(told, slug))


def read_manifest(folder: Path, slug: str) -> Manifest | None:
    """The manifest of an edition's last build, if its folder is there. Raises as ``manifest_of`` does."""
    return _read(folder / slug / MANIFEST, lambda told: _is_manifest(told, slug))


def read_ticks(folder: Path) -> dict[str, datetime]:
    """The latest tick that each digest has seen, whether an edition came of it or not."""
    told = _read(folder / RECORD / TICKS, _is_ticks) or {}
    return {name: datetime.fromisoformat(tick) for name, tick in told.items()}


def html_bytes(manifest: Manifest) -> int:
    """What the HTML part weighs."""
    return int(manifest["files"]["digest.html"]["bytes"])


def recorded(folder: Path, slug: str) -> Path:
    return folder / RECORD / f"{slug}.json"


def editions(folder: Path) -> list[str]:
    """The slugs of the editions whose folders are there, those with a damaged manifest too."""
    return [name for name in _names(folder) if name[0] != "." and (folder / name / MANIFEST).exists()]


def is_cleaned(folder: Path, slug: str) -> bool:
    """Whether the edition has been built once, and its folder cleaned away since."""
    return recorded(folder, slug).is_file() and not (folder / slug).exists()


def is_whole(folder: Path, slug: str, manifest: Manifest) -> bool:
    """Whether the files that the manifest tells of are there, each as it says.

    A file that isn't younger than the manifest, which is written last, isn't read: its size tells enough.
    """
    try:
        written = (folder / slug / MANIFEST).stat().st_mtime_ns
        names = dict.fromkeys((*OUTPUTS, *manifest["files"]))
        return all(_is_as_told(folder / slug / name, manifest["files"][name], written) for name in names)
    except (OSError, KeyError):
        return False


def failure(error: OSError, where: Where, what: str = "written") -> OutboxError:
    """What the system refused, as an error of the kind that it is."""
    denied = (errno.EACCES, errno.EPERM, errno.EROFS)
    kind = DeniedError if error.errno in denied else DiskError if error.errno == errno.EIO else OutboxError
    return kind(f"can't be {what}: {error.strerror or error}", where)


def _slugs(folder: Path) -> Iterator[str]:
    cleaned = (name.removesuffix(".json") for name in _names(folder / RECORD) if name.endswith(".json"))
    return iter(dict.fromkeys([*editions(folder), *cleaned]))


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208  # of hundreds, and pathlib takes twice as long
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise failure(error, Where(FOLDER), "read") from error


def _read(file: Path, is_sound: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
    where = Where("/".join((FOLDER, *file.parts[-2:])))
    try:
        found = json.loads(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise failure(error, where, "read") from error
    except (ValueError, RecursionError) as error:
        raise _damaged(where) from error
    if isinstance(found, dict) and file.name == MANIFEST and "edition" not in found:
        return None  # another program's
    if not isinstance(found, dict) or not is_sound(found):
        raise _damaged(where)
    return found


def _damaged(where: Where) -> DiskError:
    return DiskError("is damaged, so nobody knows what went out in it; put a copy back, or remove it", where)


def _is_manifest(told: dict[str, Any], slug: str) -> bool:
    """Whether it has all that is asked of a manifest, each of its kind."""
    try:
        digest = told.get("digest") or {"name": "", "begin": told["date"], "end": told["date"]}
        articles = [told_of[key] for told_of in told["articles"] for key in ("slug", "title", "date", "sha256")]
        dates = [one["date"] for one in told["articles"] if one["date"]]
        moments = [datetime.fromisoformat(one) for one in (told["date"], digest["begin"], digest["end"], *dates)]
        paths = [*told["inputs"], *told["files"]]
        texts = [told["subject"], digest["name"], *articles, *told["inputs"].values(), *told["tools"].values()]
        sizes = [told["files"][name]["bytes"] for name in (*OUTPUTS, *told["files"])]
        sound = told["edition"] == slug and all(moment.tzinfo for moment in moments)
        sound = sound and all("\0" not in path for path in paths) and all(isinstance(text, str) for text in texts)
        return sound and isinstance(told["findings"], list) and all(isinstance(size, int) for size in sizes)
    except (AttributeError, KeyError, TypeError, ValueError):
        return False


def _is_ticks(told: dict[str, Any]) -> bool:
    try:
        return all(datetime.fromisoformat(tick).tzinfo for tick in told.values())
    except (TypeError, ValueError):
        return False


def _is_as_told(file: Path, told: Mapping[str, Any], written: int) -> bool:
    found = file.stat()
    if found.st_size != told["bytes"]:
        return False
    return found.st_mtime_ns <= written or hashlib.sha256(file.read_bytes()).hexdigest() == told["sha256"]
