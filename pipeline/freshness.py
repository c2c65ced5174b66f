"""An edition's last build -> whether it still stands: made of the same files, by the same tools, and whole.

Nothing is rendered for that, nor even parsed: a run with nothing to do is done before an engine is imported.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pipeline import inputs, record
from pipeline.errors import DiskError

State = Literal["built", "changed", "not built", "cleaned", "damaged"]
EDITIONS = "content/editions"
SUFFIXES = (".md", ".markdown")


def editions_there(folder: Path) -> list[str]:
    """The slugs of the editions that have a file, sorted."""
    there = (folder / EDITIONS).iterdir() if (folder / EDITIONS).is_dir() else ()
    return sorted({file.stem for file in there if file.suffix in SUFFIXES and not file.name.startswith((".", "_"))})


def state_of(folder: Path, slug: str, hashes: dict[str, str]) -> State:
    """What has become of the last build of an edition that has a file; ``hashes`` keeps those of files once read.

    A digest's edition of the same slug isn't this one.
    """
    try:
        manifest = record.manifest_of(folder / record.FOLDER, slug)
    except DiskError:
        return "damaged"
    return "changed" if manifest and manifest.get("digest") else state(folder, slug, manifest, hashes)


def state(folder: Path, slug: str, manifest: record.Manifest | None, hashes: dict[str, str]) -> State:
    """What has become of the build that this manifest tells of; ``None`` where there is none."""
    if manifest is None:
        return "not built"
    if not record.is_whole(folder / record.FOLDER, slug, manifest):
        return "cleaned" if record.is_cleaned(folder / record.FOLDER, slug) else "changed"
    if manifest["tools"] != inputs.tools() or not inputs.is_told(manifest):
        return "changed"
    recorded = manifest["inputs"]
    return "built" if inputs.hash_inputs(folder, recorded, hashes) == recorded else "changed"
