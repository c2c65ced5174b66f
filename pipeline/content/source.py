"""A file that somebody wrote -> its text, its values, and the line of each value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import merge_fields
from pipeline.errors import ContentError, PipelineError, Where

MAX_BYTES = 1_000_000

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """What a file says: ``values`` with the line of each under its path of keys, and the text below them."""

    path: str
    values: Mapping[str, Any]
    lines: Mapping[KeyPath, int]
    body: str = ""
    body_line: int = 1

    def where(self, *path: str | int) -> Where:
        """The place of the value at this path, or of the nearest one around it."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.lines:
                return Where(self.path, self.lines[path[:end]])
        return Where(self.path, 1)


def service_tags(esp: str) -> re.Pattern[str] | None:
    """What the service's own merge tags look like; ``None`` where there is no service, or none of this name."""
    if not esp:
        return None
    from pipeline.esp import DIALECTS  # few newsletters have tags of their own

    return DIALECTS[esp].tag if esp in DIALECTS else None


def read_text(
    file: Path, path: str, error: type[PipelineError] = ContentError, *, tags: re.Pattern[str] | None = None
) -> str:
    """The file's text, newlines as ``\\n``, with a service's own ``tags`` as letters and digits.

    Refuses what is too big, not UTF-8, or holds control characters.
    """
    try:
        raw = file.read_bytes()
    except OSError as problem:
        raise error(f"can't be read: {problem.strerror}", Where(path)) from problem
    if len(raw) > MAX_BYTES:
        raise error(f"{len(raw):,} bytes are more than the {MAX_BYTES:,} that a file may have; split it", Where(path))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        raise error("is not UTF-8; save it with the encoding UTF-8", Where(path, line)) from problem
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if found := _CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise error(f"the control character U+{ord(found[0]):04X} can't be in a text; delete it", Where(path, line))
    if not text.strip():
        raise error("is empty", Where(path))
    return merge_fields.protected(text, tags) if tags else text
