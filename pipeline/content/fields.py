"""Values that somebody wrote -> typed values; what is wrong is collected, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from pipeline import merge_fields
from pipeline.content.source import Source
from pipeline.errors import ContentError, PipelineError, Where, flatten, nearest
from pipeline.model import FieldType, MergeField, Value

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_EMAIL = re.compile(r"[^@\s<>\"(),:;\[\]\\]{1,64}@[^@\s<>\"(),:;\[\]\\]{1,253}")


class Fields:
    """One mapping, read key by key.

    A value that is missing or wrong is noted in ``errors`` and read as an empty one, so that one look finds
    all that is wrong. ``refuse_unknown`` notes the keys that nobody asked for, and names the nearest known one.
    """

    def __init__(
        self,
        source: Source,
        values: Mapping[str, Any] | None = None,
        path: tuple[str | int, ...] = (),
        errors: list[PipelineError] | None = None,
        error: type[PipelineError] = ContentError,
    ) -> None:
        self.source = source
        self.values = source.values if values is None else values
        self.path = path
        self.errors: list[PipelineError] = [] if errors is None else errors
        self.error = error
        self.asked: set[str] = set()

    def where(self, *names: str | int) -> Where:
        return self.source.where(*self.path, *names)

    def wrong(self, message: str, *names: str | int) -> None:
        self.errors.append(self.error(message, self.where(*names)))

    def adopt(self, error: PipelineError) -> None:
        """Note what another reader has found in this file, as an error of this file's kind."""
        self.errors.extend(self.error(one.message, one.where) for one in flatten(error))

    def label(self, name: str) -> str:
        return ".".join(part for part in (*self.path, name) if isinstance(part, str))

    def value(self, name: str) -> Any:
        self.asked.add(name)
        return self.values.get(name)

    def first(self, *names: str) -> tuple[str, Any]:
        """The first of several spellings of a key that has a value, with the value."""
        values = {name: self.value(name) for name in names}
        return next(((name, value) for name, value in values.items() if value not in (None, "")), (names[0], None))

    def text(self, name: str, default: str | None = None) -> str:
        """One line of text; without a default it must be there."""
        value = self.value(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            if default is None:
                self.wrong(f"`{self.label(name)}` is missing", name)
            return default or ""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self.wrong(f"`{self.label(name)}` must be text", name)
            return default or ""
        return " ".join(str(value).split())

    def prose(self, name: str, declared: Mapping[str, MergeField], default: str | None = None) -> str:
        """One line of text that may hold merge fields; they come out as tokens."""
        text = self.text(name, default)
        try:
            return merge_fields.tokenise(text, declared, self.where(name))
        except PipelineError as error:
            self.adopt(error)
            return text

    def reader_value(self, name: str, type: FieldType) -> Value:
        """What a reader has for a field of this type; none where nothing is said."""
        value = self.value(name)
        if type == "list":
            return self.words(name)
        if type != "date" or value in (None, ""):
            return self.text(name, "")
        try:
            return date.fromisoformat(str(value).strip()[: len("2026-11-24")])
        except ValueError:
            self.wrong(f"`{self.label(name)}` must be a date such as 2026-11-24, and {value!r} isn't", name)
            return ""

    def lines(self, name: str) -> str:
        """Text of several lines; it must be there."""
        value = self.value(name)
        if not isinstance(value, str) or not value.strip():
            self.wrong(f"`{self.label(name)}` is missing", name)
            return ""
        return "\n".join(" ".join(line.split()) for line in value.strip().split("\n"))

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """One of the words, the first where nothing is said."""
        value = self.text(name, choices[0])
        if value not in choices:
            self.wrong(f"`{self.label(name)}` must be one of {', '.join(choices)}{nearest(value, choices)}", name)
            return choices[0]
        return value

    def flag(self, name: str) -> bool:
        value = self.value(name)
        if not isinstance(value, bool | None):
            self.wrong(f"`{self.label(name)}` must be true or false", name)
        return value is True

    def url(self, name: str, default: str | None = None) -> str:
        """An absolute https URL, without a slash at its end."""
        value = self.text(name, default)
        if value and not is_https(value):
            self.wrong(f"`{self.label(name)}` must begin with https://, and {value!r} doesn't", name)
        return value.rstrip("/")

    def color(self, name: str) -> str:
        value = self.text(name)
        if value and not _COLOR.fullmatch(value):
            self.wrong(f"`{self.label(name)}` must be a colour of the form #1f2933, and {value!r} isn't", name)
        return value

    def email(self, name: str) -> str:
        value = self.text(name)
        if value and not _EMAIL.fullmatch(value):
            self.wrong(f"`{self.label(name)}` must be an e-mail address, and {value!r} isn't", name)
        return value

    def words(self, *names: str) -> tuple[str, ...]:
        """A list of texts, also where only one is given, or several with commas between them."""
        name, value = self.first(*names)
        parts: Iterable[Any] = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else ()
        if value is not None and not isinstance(value, str | list):
            self.wrong(f"`{self.label(name)}` must be a list", name)
        found = (" ".join(str(part).split()) for part in parts if isinstance(part, str | int | float))
        return tuple(dict.fromkeys(word for word in found if word))

    def table(self, name: str, *, required: bool = False) -> Fields:
        """The mapping under a key; an empty one where there is none."""
        value = self.value(name)
        if value is None and required:
            self.wrong(f"`{self.label(name)}` is missing", name)
        elif value is not None and not isinstance(value, dict):
            self.wrong(f"`{self.label(name)}` must be a table of keys and values", name)
        return self._below(value if isinstance(value, dict) else {}, name)

    def named_tables(self, name: str) -> dict[str, Fields]:
        """A mapping of mappings: ``[authors.maya]``, ``[authors.jonas]``."""
        parent = self.table(name)
        return {str(key): parent.table(str(key)) for key in parent.values}

    def tables(self, name: str) -> list[Fields]:
        """A list of mappings: ``[[socials]]``."""
        value = self.value(name)
        if value is not None and not (isinstance(value, list) and all(isinstance(one, dict) for one in value)):
            self.wrong(f"`{self.label(name)}` must be a list of tables, each under [[{self.label(name)}]]", name)
            return []
        return [self._below(one, name, index) for index, one in enumerate(value or [])]

    def _below(self, values: Mapping[str, Any], *names: str | int) -> Fields:
        return Fields(self.source, values, (*self.path, *names), self.errors, self.error)

    def refuse_unknown(self) -> None:
        for name in self.values:
            if name not in self.asked:
                self.wrong(f"`{self.label(str(name))}` is not a known key{nearest(str(name), self.asked)}", str(name))


def is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and not re.search(r"[\s<>\"\\]", url)
