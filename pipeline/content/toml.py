"""TOML -> its values, and the line of each."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from pipeline.content.source import KeyPath
from pipeline.errors import ContentError, PipelineError, Where

_HEADER = re.compile(r"^\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_QUOTES = re.compile("\"\"\"|'''")
_TEXT_BELOW = re.compile(r"""=\s*(?:\"{3}|'{3})\s*$""")
_KEY = re.compile(r"""^\s*("[^"]*"|'[^']*'|[\w.-]+)\s*=""")


def parse_toml(
    text: str, path: str, first_line: int = 1, error: type[PipelineError] = ContentError
) -> tuple[Any, dict[KeyPath, int]]:
    try:
        return tomllib.loads(text), _lines(text, first_line)
    except tomllib.TOMLDecodeError as problem:
        found = re.search(r"\(at line (\d+), column \d+\)|\(at end of document\)", str(problem))
        line = int(found[1]) if found and found[1] else text.count("\n") + 1
        said = str(problem).partition(" (at ")[0]
        raise error(f"broken TOML: {said}", Where(path, line + first_line - 1)) from problem
    except RecursionError as problem:
        raise error("the TOML is nested too deeply", Where(path, first_line)) from problem


def _lines(text: str, first_line: int) -> dict[KeyPath, int]:
    """The line of each header and each key. tomllib gives none, and no key is worth a second TOML parser.

    A text of several lines that begins below its key has its own line under the key's path and 0.
    """
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    counts: dict[KeyPath, int] = {}
    for number, line in _rows(text, first_line):
        if header := _HEADER.match(line):
            table = tuple(part.strip().strip("\"'") for part in header[1].split("."))
            if line.lstrip().startswith("[["):
                counts[table] = counts.get(table, -1) + 1
                lines.setdefault(table, number)
                table = (*table, counts[table])
            for end in range(1, len(table) + 1):
                lines.setdefault(table[:end], number)
        elif key := _KEY.match(line):
            name = key[1]
            parts = (name.strip("\"'"),) if name[0] in "\"'" else tuple(name.split("."))
            for end in range(1, len(parts) + 1):
                lines.setdefault((*table, *parts[:end]), number)
            if _TEXT_BELOW.search(line):
                lines.setdefault((*table, *parts, 0), number + 1)
    return lines


def _rows(text: str, first_line: int) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, without those that begin inside a text of several lines."""
    inside = ""
    for number, line in enumerate(text.split("\n"), first_line):
        if not inside:
            yield number, line
        if inside or not line.lstrip().startswith("#"):
            for quotes in _QUOTES.findall(line):
                inside = inside or quotes if inside != quotes else ""
