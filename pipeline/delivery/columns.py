"""Readers' values, a column at a time -> what stands in their messages where a field is.

What is right for one value, ``merge_fields.encode`` says. Here a whole column is one text, a value a line, so that each
step is one call: to write out, to escape, to percent-encode, to make it quoted-printable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from urllib.parse import quote

from pipeline.delivery import quoted_printable
from pipeline.encoded_words import CONTROL
from pipeline.errors import ContentError
from pipeline.merge_fields import BUILT_IN_URLS, LEADS, Context, Field, encode, filled, shown
from pipeline.model import Value

# Members of an enumeration, looked up once: the lookup takes as long as a comparison of long texts.
_HTML, _URL, _URL_PART = Context.HTML, Context.URL, Context.URL_PART
_UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~\n"


class Columns:
    """So many readers' values by field, and what has been made of them so far: one field has many places."""

    __slots__ = ("_lines", "_quoted", "language", "size", "values")

    def __init__(self, values: Mapping[str, Sequence[Value]], size: int, language: str) -> None:
        self.values = values
        self.size = size
        self.language = language
        self._lines: dict[str, str] = {}
        self._quoted: dict[tuple[str, Context, str], list[bytes]] = {}

    def quoted(self, field: Field) -> list[bytes]:
        """As quoted-printable, from the start of a line, with room for a soft break behind it."""
        # Another fallback is no other column, but for a built-in URL, whose fallback is its pattern.
        place = (field.name, field.context, field.fallback if field.name in BUILT_IN_URLS else "")
        found = self._quoted.get(place)
        if found is None:
            found = self._quoted[place] = quoted_printable.column(self._encode(field))
        if b"" not in found:
            return found
        fallback = quoted_printable.static(encode("", field, self.language))
        return [one or fallback for one in found]

    def encoded(self, field: Field) -> list[str]:
        """As ``merge_fields.encode`` has it."""
        texts = self._encode(field).split("\n")
        if "" not in texts:
            return texts
        fallback = encode("", field, self.language)
        return [text or fallback for text in texts]

    def shown(self, name: str) -> list[str]:
        """As the reader reads it; "" where there is none."""
        return self._lines_of(name).split("\n")

    def _encode(self, field: Field) -> str:
        """A value a line; an empty one where the fallback belongs."""
        lines = self._lines_of(field.name)
        if field.name in BUILT_IN_URLS and not self._all_lead(lines):
            return "\n".join(self._one_by_one(field))
        if field.context is _HTML:
            return escape(lines)
        if field.context is _URL:
            if not self._all_lead(lines):
                lines = "\n".join(line if LEADS.match(line) else "" for line in lines.split("\n"))
            return escape(lines)
        return self._percent_encoded(lines, field) if field.context is _URL_PART else lines

    def _all_lead(self, lines: str) -> bool:
        """Whether each value is a web address; the others, which are rare, are looked at one by one."""
        return lines.startswith("https://") and lines.count("\nhttps://") == self.size - 1

    def _one_by_one(self, field: Field) -> list[str]:
        """For readers who bring a built-in URL each, or else a token for its pattern."""
        urls, tokens = self.values[field.name], self.values.get("token") or ("",) * self.size
        self._lines_of("token")
        return [
            filled(field, {field.name: url, "token": token}, self.language)
            for url, token in zip(urls, tokens, strict=True)
        ]

    def _percent_encoded(self, lines: str, field: Field) -> str:
        if not lines.encode().translate(None, _UNRESERVED):
            return lines
        values = zip(self.values[field.name], lines.split("\n"), strict=True)
        return "\n".join(quote(one.isoformat() if isinstance(one, date) else line, safe="") for one, line in values)

    def _lines_of(self, name: str) -> str:
        found = self._lines.get(name)
        if found is None:
            values = self.values.get(name) or ("",) * self.size
            found = self._lines[name] = self._clean(name, values)
        return found

    def _clean(self, name: str, values: Sequence[Value]) -> str:
        """Each value as it is shown. Most columns need no more than a look.

        Raises a ContentError for a control character that isn't a blank, and for half a character.
        """
        try:
            lines = "\n".join(values)  # type: ignore[arg-type]
        except TypeError:  # dates, lists
            pass
        else:
            if lines.isalnum() or self._is_clean(lines):
                return lines
        texts = [shown(value, self.language) for value in values]
        lines = "\n".join(texts)
        try:
            lines.encode()
        except UnicodeEncodeError as error:
            raise ContentError(f"a reader's {name} holds half a character: {lines[error.start :][:20]!a}") from error
        for text in texts if CONTROL.search(lines.replace("\n", "")) else ():
            if found := CONTROL.search(text):
                raise ContentError(f"a reader's {name} holds the control character {found[0]!a}: {text[:60]!a}")
        return lines

    def _is_clean(self, lines: str) -> bool:
        """Whether all are without blanks too many and without control characters."""
        return (
            lines.count("\n") == self.size - 1
            and "  " not in lines
            and "\n " not in lines
            and " \n" not in lines
            and lines.strip(" ") == lines
            and lines.replace("\n", "").isprintable()
        )
