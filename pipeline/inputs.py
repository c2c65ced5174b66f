"""The files that an edition is made of -> the SHA-256 of each. Tells whether a build would still come out the same."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

# The distributions that have a say in the bytes of an e-mail.
ENGINES = (
    "babel",
    "cssutils",
    "jinja2",
    "lxml",
    "markdown-it-py",
    "mdit-py-plugins",
    "mjml-python",
    "nh3",
    "premailer",
)
SOURCES = (".css", ".j2", ".markdown", ".md", ".toml", ".yaml")
_PACKAGE = Path(__file__).parent


def hash_inputs(folder: Path, paths: Iterable[str], known: dict[str, str] | None = None) -> dict[str, str]:
    """The SHA-256 of each file by its path in the newsletter's folder, sorted; a file that is gone has an empty one.

    What ``known`` has is not read again, and what is read is put into it: editions share their templates.
    """
    known = {} if known is None else known
    return {path: known.get(path) or known.setdefault(path, file_hash(folder / path)) for path in sorted(set(paths))}


def hash_sources(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file of content and templates but the pictures, by its path."""
    files = (file for name in ("content", "templates") for file in (folder / name).rglob("*"))
    sources = (file for file in files if file.suffix in SOURCES and not file.name.startswith(".") and file.is_file())
    return {file.relative_to(folder).as_posix(): file_hash(file) for file in sources}


def provenance(folder: Path, paths: Iterable[str], known: dict[str, str] | None = None) -> dict[str, Any]:
    """What a manifest says of where an edition comes from: each input's hash, one hash of them all, the tools."""
    hashes = hash_inputs(folder, paths, known)
    return {"inputs": hashes, "inputs_sha256": _together(hashes, tools()), "tools": dict(tools())}


def is_told(manifest: Mapping[str, Any]) -> bool:
    """Whether the manifest still lists all inputs that it was written with."""
    return bool(manifest.get("inputs_sha256") == _together(manifest["inputs"], manifest["tools"]))


def _together(hashes: Mapping[str, str], versions: Mapping[str, str]) -> str:
    lines = [f"{name} {value}\n" for name, value in (*hashes.items(), *versions.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def file_hash(path: Path) -> str:
    """The SHA-256 of a file, or of the names in a folder, where a new file tells; empty for what isn't there."""
    try:
        content = path.read_bytes()
    except IsADirectoryError:
        content = "\n".join(_names(path)).encode()
    except OSError:
        return ""
    return hashlib.sha256(content).hexdigest()


def _names(folder: Path) -> list[str]:
    names = (file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    return sorted(name for name in names if not name.startswith(".") and "/." not in name)


@cache
def tools() -> Mapping[str, str]:
    """The versions of the engines, and this project's own: its number and what its code hashes to."""
    installed = _installed()
    versions = {name: installed.get(_normal(name)) or _version(name) for name in ("stay-updated", *ENGINES)}
    return {**versions, "stay-updated": f"{versions['stay-updated']}+{_own_code()[:12]}"}


def _installed() -> dict[str, str]:
    """The versions of what is installed, by the names of its .dist-info folders (packaging.python.org, Recording
    installed projects). importlib.metadata would tell, but takes a quarter of a run that has nothing to do."""
    found: dict[str, str] = {}
    for folder in sys.path:
        for path in Path(folder).glob("*.dist-info"):
            distribution, _, number = path.name.removesuffix(".dist-info").partition("-")
            found.setdefault(_normal(distribution), number)
    return found


def _normal(name: str) -> str:
    return name.replace("-", "_").replace(".", "_").lower()


def _version(name: str) -> str:
    from importlib.metadata import version

    return version(name)


def _own_code() -> str:
    """Who changes the code changes what it makes, long before there is another version of it."""
    files = sorted(file for kind in ("py", "json") for file in _PACKAGE.rglob(f"*.{kind}"))
    names = (f"{file.relative_to(_PACKAGE).as_posix()} {file_hash(file)}\n" for file in files)
    return hashlib.sha256("".join(names).encode()).hexdigest()
