"""A Markdown file -> its front matter and its body."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.content.source import Source, read_text
from pipeline.content.toml import parse_toml
from pipeline.content.yaml import parse_yaml
from pipeline.errors import ContentError, Where

_FENCED = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.*?)(?:^|\n)\1[ \t]*(?:\n|\Z)", re.S | re.M)


def read_front_matter(file: Path, path: str, *, tags: re.Pattern[str] | None = None) -> Source:
    """A Markdown file -> its front matter (YAML between ``---``, TOML between ``+++``) and its body."""
    text = read_text(file, path, tags=tags)
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
