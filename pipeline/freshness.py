"""An edition's last build -> whether it still stands: made of the same files, by the same tools, and whole.

Nothing is rendered for that, nor even parsed: a run with nothing to do is done before an engine is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pipeline import inputs, outbox

State = Literal["built", "changed", "not built", "cleaned"]
EDITIONS = "content/editions"
SUFFIXES = (".md", ".markdown")


def editions_there(folder: Path) -> list[str]:
    """The slugs of the editions that have a file, sorted."""
    there = (folder / EDITIONS).iterdir() if (folder / EDITIONS).is_dir() else ()
    return sorted({file.stem for file in there if file.suffix in SUFFIXES and not file.name.startswith((".", "_"))})


def state_of(folder: Path, slug: str, hashes: dict[str, str]) -> State:
    """What has become of the edition's last build; ``hashes`` keeps those of files once read."""
    return state(folder, slug, outbox.manifest_of(folder / outbox.FOLDER, slug), hashes)


def state(folder: Path, slug: str, manifest: Mapping[str, Any] | None, hashes: dict[str, str]) -> State:
    """The same, of what the edition's manifest says; ``None`` where it has none."""
    if manifest is None:
        return "not built"
    if not outbox.is_whole(folder / outbox.FOLDER, slug, manifest):
        return "cleaned" if outbox.is_cleaned(folder / outbox.FOLDER, slug) else "changed"
    recorded = manifest.get("inputs")
    if not isinstance(recorded, dict) or manifest.get("tools") != inputs.tools():
        return "changed"
    return "built" if inputs.hash_inputs(folder, recorded, hashes) == recorded else "changed"
