"""A file that somebody wrote -> its text, its values, and the line of each value."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import ContentError, PipelineError, Where

MAX_BYTES = 1_000_000
MAX_VALUES = 50_000
MAX_DEPTH = 40

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_FENCED = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.*?)(?:^|\n)\1[ \t]*(?:\n|\Z)", re.S | re.M)
_TOML_HEADER = re.compile(r"^\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_TOML_QUOTES = re.compile("\"\"\"|'''")
_TOML_TEXT_BELOW = re.compile(r"""=\s*(?:\"{3}|'{3})\s*$""")
_TOML_KEY = re.compile(r"""^\s*("[^"]*"|'[^']*'|[\w.-]+)\s*=""")


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


def read_text(file: Path, path: str, error: type[PipelineError] = ContentError) -> str:
    """The file's text, newlines as ``\\n``. Refuses what is too big, not UTF-8, or holds control characters."""
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
    return text


def read_front_matter(file: Path, path: str) -> Source:
    """A Markdown file -> its front matter (YAML between ``---``, TOML between ``+++``) and its body."""
    text = read_text(file, path)
    fenced = _FENCED.match(text)
    if fenced is None:
        if text.startswith(("---\n", "+++\n")):
            raise ContentError(f"the front matter is not closed; end it with a line {text[:3]}", Where(path, 1))
        raise ContentError("has no front matter; begin the file with a block between two lines ---", Where(path, 1))
    parse = parse_yaml if fenced[1] == "---" else parse_toml
    values, lines = parse(fenced[2], path, first_line=2)
    if not isinstance(values, dict):
        raise ContentError("the front matter must be lines of the form `key: value`", Where(path, 2))
    return Source(path, values, lines, text[fenced.end() :], text.count("\n", 0, fenced.end()) + 1)


def parse_toml(
    text: str, path: str, first_line: int = 1, error: type[PipelineError] = ContentError
) -> tuple[Any, dict[KeyPath, int]]:
    try:
        return tomllib.loads(text), _toml_lines(text, first_line)
    except tomllib.TOMLDecodeError as problem:
        found = re.search(r"\(at line (\d+), column \d+\)|\(at end of document\)", str(problem))
        line = int(found[1]) if found and found[1] else text.count("\n") + 1
        said = str(problem).partition(" (at ")[0]
        raise error(f"broken TOML: {said}", Where(path, line + first_line - 1)) from problem
    except RecursionError as problem:
        raise error("the TOML is nested too deeply", Where(path, first_line)) from problem


def _toml_lines(text: str, first_line: int) -> dict[KeyPath, int]:
    """The line of each header and each key. tomllib gives none, and no key is worth a second TOML parser.

    A text of several lines that begins below its key has its own line under the key's path and 0.
    """
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    counts: dict[KeyPath, int] = {}
    for number, line in _toml_rows(text, first_line):
        if header := _TOML_HEADER.match(line):
            table = tuple(part.strip().strip("\"'") for part in header[1].split("."))
            if line.lstrip().startswith("[["):
                counts[table] = counts.get(table, -1) + 1
                lines.setdefault(table, number)
                table = (*table, counts[table])
            for end in range(1, len(table) + 1):
                lines.setdefault(table[:end], number)
        elif key := _TOML_KEY.match(line):
            name = key[1]
            parts = (name.strip("\"'"),) if name[0] in "\"'" else tuple(name.split("."))
            for end in range(1, len(parts) + 1):
                lines.setdefault((*table, *parts[:end]), number)
            if _TOML_TEXT_BELOW.search(line):
                lines.setdefault((*table, *parts, 0), number + 1)
    return lines


def _toml_rows(text: str, first_line: int) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, without those that begin inside a text of several lines."""
    inside = ""
    for number, line in enumerate(text.split("\n"), first_line):
        if not inside:
            yield number, line
        if inside or not line.lstrip().startswith("#"):
            for quotes in _TOML_QUOTES.findall(line):
                inside = inside or quotes if inside != quotes else ""


def parse_yaml(text: str, path: str, first_line: int = 1) -> tuple[Any, dict[KeyPath, int]]:
    loader = yaml.CSafeLoader(text) if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader(text)
    lines: dict[KeyPath, int] = {}
    try:
        node = loader.get_single_node()
        if node is None:
            return {}, lines
        _expanded_size(node, {}, path, first_line)
        _yaml_lines(node, (), lines, first_line, path)
        return loader.construct_document(node), lines
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = (mark.line if mark else 0) + first_line
        said = problem.problem or problem.context or "can't be read"
        advice = _quoting_advice(text, line - first_line)
        raise ContentError(f"broken YAML: {said}{advice}", Where(path, line)) from problem
    except (yaml.YAMLError, ValueError, OverflowError) as problem:
        line = _line_of_bad_scalar(text, loader, first_line)
        raise ContentError(f"broken YAML: {problem}", Where(path, line)) from problem
    except RecursionError as problem:
        raise ContentError("the YAML is nested too deeply", Where(path, first_line)) from problem
    finally:
        loader.dispose()


def _quoting_advice(text: str, index: int) -> str:
    rows = text.split("\n")
    row = rows[index] if 0 <= index < len(rows) else ""
    return '; put a value that holds ": " between quotation marks' if row.count(": ") > 1 else ""


def _line_of_bad_scalar(text: str, loader: Any, first_line: int) -> int:
    """PyYAML doesn't say where an impossible date stands: the first scalar that can't be built alone is it."""
    fresh = type(loader)(text)
    try:
        for event in fresh.get_single_node().value:
            for node in event if isinstance(event, tuple) else (event,):
                try:
                    fresh.construct_object(node, deep=True)
                except (ValueError, OverflowError):
                    return int(node.start_mark.line) + first_line
    except yaml.YAMLError:
        pass
    finally:
        fresh.dispose()
    return first_line


def _expanded_size(node: Any, sizes: dict[int, int], path: str, first_line: int, depth: int = 0) -> int:
    """How many values the node holds with its aliases written out; refuses the ones that grow out of bounds."""
    key = id(node)
    if key in sizes:
        if sizes[key] == 0:
            raise ContentError("a YAML alias holds itself", Where(path, node.start_mark.line + first_line))
        return sizes[key]
    sizes[key] = 0
    children = node.value if isinstance(node.value, list) else []
    flat = [part for child in children for part in (child if isinstance(child, tuple) else (child,))]
    total = 1 + sum(_expanded_size(child, sizes, path, first_line, depth + 1) for child in flat)
    if total > MAX_VALUES or depth > MAX_DEPTH:
        line = node.start_mark.line + first_line
        raise ContentError("the YAML is nested too deeply, or too large", Where(path, line))
    sizes[key] = total
    return total


def _yaml_lines(node: Any, at: KeyPath, lines: dict[KeyPath, int], first_line: int, path: str) -> None:
    lines.setdefault(at, node.start_mark.line + first_line)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*at, str(key.value))
            line = key.start_mark.line + first_line
            if here in lines and key.value != "<<":
                raise ContentError(f"`{key.value}` stands here twice", Where(path, line))
            lines[here] = line
            _yaml_lines(value, here, lines, first_line, path)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _yaml_lines(value, (*at, index), lines, first_line, path)
