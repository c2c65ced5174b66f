"""Merge fields: ``[[first_name|there]]`` in content, an alphanumeric token on the way, a value at the end.

MJML compilers, CSS inliners and URL encoders mangle every ESP's merge tags, so none of them gets to see
one: a field travels as letters and digits, which hold its name and its fallback, from before Markdown
until after the last HTML step.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from html import escape
from urllib.parse import quote

from pipeline.errors import ContentError, PipelineError, Where, nearest, raise_all
from pipeline.languages import long_date
from pipeline.model import MergeField, Value, Values

# "q" and "z" are no hexadecimal digits, so a token ends where it says.
TOKEN = re.compile(r"zqmf([0-9a-f]+)qz")
# The same, or a service's own tag.
ANY_TOKEN = re.compile(r"zqm(?:f([0-9a-f]+)|t([0-9a-f]+))qz")
# A reader's own pages; their fallbacks are patterns.
BUILT_IN_URLS = ("unsubscribe_url", "preferences_url", "web_url")
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
# An address that stands in a text before a token, without a blank between; a field can be where it begins.
_RUN = re.compile(r"(?:(?<!\w)(?:https?|mailto|tel|sms):|(?<!\w)zqmf([0-9a-f]+)qz)[^\s<>\"]*\Z", re.IGNORECASE)


class Context(StrEnum):
    """Where a field stands, which says how its value is written there."""

    HTML = "html"
    """Between tags, or in an attribute."""
    URL = "url"
    """The address that a link or a picture has, whole or from where it begins: ``[[web_url]]#comments``."""
    URL_PART = "url-part"
    """A part of an address."""
    TEXT = "text"
    """Plain text."""
    HEADER = "header"
    """A header of the message, before it is encoded as RFC 2047 has it."""


@dataclass(frozen=True, slots=True)
class Field:
    """One place of a merge field."""

    name: str
    fallback: str
    context: Context


@dataclass(frozen=True, slots=True)
class Raw:
    """A service's own merge tag, which an author has written, and only the service fills."""

    tag: str


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
        line = None if where.line is None else where.line + source.count("\n", 0, found.start())
        if name not in declared:
            errors.append(undeclared(name, declared, Where(where.path, line)))
            return found[0]
        if fallback is None and not declared[name].fallback and declared[name].type != "token":
            errors.append(without_fallback(name, f"[[{name}|…]]", Where(where.path, line)))
            return found[0]
        fallback = declared[name].fallback if fallback is None else fallback.strip()
        if tags_in(fallback):
            errors.append(tag_for_fallback(name, fallback, Where(where.path, line)))
            return found[0]
        return token(name, fallback)

    result = WRITTEN.sub(swap, source)
    raise_all(errors)
    return result


def without_fallback(name: str, written: str, where: Where | None = None) -> ContentError:
    return ContentError(
        f"nothing says what stands here for readers who have no {name}; write {written}, "
        f"or `fallback` under [merge_fields.{name}]",
        where,
    )


def tag_for_fallback(name: str, fallback: str, where: Where | None = None) -> ContentError:
    """For a service's tag that would stand where the reader has no value: a fallback is words, and nobody fills it."""
    return ContentError(f"the fallback of {name} can't be a tag of the ESP's, {sorted(tags_in(fallback))[0]}", where)


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


def public_url(pattern: str, slug: str) -> str:
    """A built-in URL for a reader of whom nothing is known."""
    return pattern.replace("{edition}", slug).replace("{token}", "")


def with_edition(source: str, slug: str) -> str:
    """The source with ``{edition}`` filled in wherever a built-in URL's pattern stands as a fallback."""

    def filled(found: re.Match[str]) -> str:
        name, fallback = read_token(found)
        return token(name, fallback.replace("{edition}", slug)) if name in BUILT_IN_URLS else found[0]

    return TOKEN.sub(filled, source)


def protected(source: str, tag: re.Pattern[str]) -> str:
    """The source with each of a service's own merge tags as letters and digits, so that nothing mangles it."""
    return tag.sub(lambda found: f"zqmt{found[0].encode().hex()}qz", source)


def split_html(html: str) -> Iterator[str | Field | Raw]:
    """HTML cut at its tokens, each as the field that it is, where it stands; what is between them as it is."""

    def context(found: re.Match[str]) -> Context:
        quotation = html.rfind('"', 0, found.start())
        if not html[max(quotation - 12, 0) : quotation].endswith(_BEFORE_URL):
            return Context.HTML
        return Context.URL if quotation + 1 == found.start() else Context.URL_PART

    return _split(html, context)


def split_text(text: str) -> Iterator[str | Field | Raw]:
    """Plain text, cut in the same way. What stands in a URL there is a part of it, too."""

    def context(found: re.Match[str]) -> Context:
        run = _RUN.search(text, text.rfind("\n", 0, found.start()) + 1, found.start())
        begins = run and (run[1] is None or LEADS.match(read_token(run)[1]))
        return Context.URL_PART if begins else Context.TEXT

    return _split(text, context)


def split_header(text: str) -> Iterator[str | Field | Raw]:
    """A header's text, cut in the same way."""
    return _split(text, lambda found: Context.HEADER)


def tags_in(source: str) -> frozenset[str]:
    """A service's own tags that an author has written in it."""
    return frozenset(bytes.fromhex(found[2]).decode() for found in ANY_TOKEN.finditer(source) if found[2])


def _split(source: str, context: Callable[[re.Match[str]], Context]) -> Iterator[str | Field | Raw]:
    end = 0
    for found in ANY_TOKEN.finditer(source):
        if found.start() > end:
            yield source[end : found.start()]
        yield Field(*read_token(found), context(found)) if found[1] else Raw(bytes.fromhex(found[2]).decode())
        end = found.end()
    if end < len(source):
        yield source[end:]


def fill_text(source: str, values: Values, language: str = "en") -> str:
    """Plain text with each token replaced by the reader's value, or by the fallback where there is none."""
    return "".join(filled(one, values, language) for one in split_text(source))


def fill_html(source: str, values: Values, language: str = "en") -> str:
    """HTML with each token replaced, escaped for where it stands: text, attribute, part of a URL, whole URL.

    A whole URL that isn't one of a mail's is replaced by the fallback, and by nothing where that isn't one either.
    """
    return "".join(filled(one, values, language) for one in split_html(source))


def filled(piece: str | Field | Raw, values: Values, language: str) -> str:
    """What a reader with these values is shown for the piece."""
    if isinstance(piece, str):
        return piece
    if isinstance(piece, Raw):
        return piece.tag
    value = values.get(piece.name, "")
    if piece.name in BUILT_IN_URLS and not LEADS.match(shown(value, language)):
        return "".join(one if isinstance(one, str) else filled(one, values, language) for one in expanded(piece))
    return encode(value, piece, language)


def expanded(field: Field) -> tuple[str | Field, ...]:
    """A built-in URL by its pattern, for readers who bring no such value: with their token where the pattern has it."""
    before, mark, after = field.fallback.partition("{token}")
    if field.context is Context.HTML or field.context is Context.URL:
        before, after = escape(before), escape(after)
    elif field.context is Context.URL_PART:
        before, after = quote(before, safe=""), quote(after, safe="")
    return (before, Field("token", "", Context.URL_PART), after) if mark else (before,)


def encode(value: Value, field: Field, language: str) -> str:
    """The value as it stands in the mail where the field is; the fallback in its place where there is none.

    Dates are written out as the language does, and as ISO 8601 in URLs; lists with commas.
    """
    text = shown(value, language)
    match field.context:
        case Context.HTML:
            return escape(text or field.fallback)
        case Context.URL:
            return escape(next((url for url in (text, field.fallback) if LEADS.match(url)), ""))
        case Context.URL_PART:
            return quote((value.isoformat() if isinstance(value, date) else text) or field.fallback, safe="")
    return text or field.fallback


def shown(value: Value, language: str) -> str:
    """A value in one line of words, as a reader reads it."""
    if isinstance(value, str):
        return " ".join(value.split())
    return (
        ", ".join(" ".join(one.split()) for one in value) if isinstance(value, tuple) else _written_out(value, language)
    )


@lru_cache(maxsize=4096)
def _written_out(value: date, language: str) -> str:
    return long_date(value, language)
