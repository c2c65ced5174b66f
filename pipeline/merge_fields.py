"""Merge fields: ``[[first_name|there]]`` in content, an alphanumeric token on the way, a value at the end.

MJML compilers, CSS inliners and URL encoders mangle every ESP's merge tags, so none of them gets to see
one: a field travels as letters and digits, which hold its name and its fallback, from before Markdown
until after the last HTML step.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape
from urllib.parse import quote

from pipeline.errors import ContentError, PipelineError, Where, nearest, raise_all
from pipeline.model import MergeField

# "q" and "z" are no hexadecimal digits, so a token ends where it says.
TOKEN = re.compile(r"zqmf([0-9a-f]+)qz")
NAME = re.compile(r"[^\W\d]\w*")
# Blanks and hyphens stand in no name, but in what people write for one: then it is an error, and reaches no reader.
WRITTEN = re.compile(
    r"(?P<escape>\\)?\[\[(?:[ \t]*(?P<name>[^\W\d](?:[\w-]| (?=[\w-]))*)[ \t]*(?:\|(?P<fallback>[^\[\]\n]*))?\]\])?"
)
# The schemes that a link in a mail may have. A reader's value is a stranger's word, and may begin with "javascript:".
LEADS = re.compile(r"\s*(?:https?|mailto|tel|sms):", re.IGNORECASE)
_SCHEME = re.compile(r"\s*[a-zA-Z][\w+.-]*:")
# What stands before the quotation mark that opens a URL.
_BEFORE_URL = (" href=", " src=", " background=")


def token(name: str, fallback: str) -> str:
    """The field as letters and digits."""
    return f"zqmf{f'{name}|{fallback}'.encode().hex()}qz"


def read_token(found: re.Match[str]) -> tuple[str, str]:
    """The name and the fallback that a token holds."""
    name, _, fallback = bytes.fromhex(found[1]).decode("utf-8", "replace").partition("|")
    return name, fallback


def tokenise(source: str, declared: Mapping[str, MergeField], where: Where, *, markdown: bool = False) -> str:
    r"""The source with each ``[[name]]`` and ``[[name|fallback]]`` as a token.

    ``\[[`` is a plain bracket; in Markdown its backslash stays, because Markdown itself reads it.
    Raises a ContentError at its line for each field that is not declared.
    """
    if "[[" not in source:
        return source
    errors: list[PipelineError] = []

    def swap(found: re.Match[str]) -> str:
        name, fallback = found["name"], found["fallback"]
        if found["escape"]:
            return found[0] if markdown else found[0][1:]
        if name is None:
            return found[0]
        if name not in declared and source.startswith("(", found.end()):
            return found[0]  # a link whose text stands in brackets
        if name not in declared:
            line = None if where.line is None else where.line + source.count("\n", 0, found.start())
            errors.append(undeclared(name, declared, Where(where.path, line)))
            return found[0]
        return token(name, declared[name].fallback if fallback is None else fallback.strip())

    result = WRITTEN.sub(swap, source)
    raise_all(errors)
    return result


def undeclared(name: str, declared: Mapping[str, MergeField], where: Where) -> ContentError:
    return ContentError(
        f"[[{name}]] is not a declared merge field{nearest(name, declared)} "
        f"(declare it under [merge_fields.{name}] in content/newsletter.toml, or write \\[[ for a plain bracket)",
        where,
    )


def check_link(href: str, where: Where) -> None:
    """Raise a ContentError for a link that leads nowhere: another scheme, or a field first whose fallback is no URL."""
    found = TOKEN.match(href)
    if found and not LEADS.match(read_token(found)[1]):
        name, fallback = read_token(found)
        raise ContentError(
            f"[[{name}]] stands where a link leads, and its fallback {fallback!r} is no address; "
            f"write [[{name}|https://…]]",
            where,
        )
    if _SCHEME.match(href) and not LEADS.match(href):
        raise ContentError(f"{href[:60]!r} is not where a mail can lead; use https://, mailto:, tel: or sms:", where)


def written(source: str) -> str:
    """The source with each token written again as people write it; for code samples, which show it."""
    return TOKEN.sub(lambda found: "[[{}|{}]]".format(*read_token(found)), source)


def fill_text(source: str, values: Mapping[str, str]) -> str:
    """Plain text with each token replaced by the reader's value, or by the fallback where there is none."""
    return _fill(source, values, lambda value, found: value)


def fill_html(source: str, values: Mapping[str, str]) -> str:
    """HTML with each token replaced, escaped for where it stands: text, attribute, part of a URL, whole URL.

    A whole URL that isn't one of a mail's is replaced by the fallback, and by nothing where that isn't one either.
    """

    def encoded(value: str, found: re.Match[str]) -> str:
        quotation = source.rfind('"', 0, found.start())
        in_url = source[max(quotation - 12, 0) : quotation].endswith(_BEFORE_URL)
        whole = quotation + 1 == found.start() and source.startswith('"', found.end())
        if in_url and whole:
            return escape(next((url for url in (value, read_token(found)[1]) if LEADS.match(url)), ""))
        return quote(value, safe="") if in_url else escape(value)

    return _fill(source, values, encoded)


def _fill(source: str, values: Mapping[str, str], encode: Callable[[str, re.Match[str]], str]) -> str:
    def value(found: re.Match[str]) -> str:
        name, fallback = read_token(found)
        return encode(values.get(name, "").strip() or fallback, found)

    return TOKEN.sub(value, source)
