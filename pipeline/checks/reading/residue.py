"""What a template engine or a mailing service has left unfilled, told from an article's own words about such things."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from email.errors import MessageError
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from functools import lru_cache
from html import unescape
from typing import Any
from urllib.parse import unquote

from lxml import etree

from pipeline import merge_fields
from pipeline.checks.reading import markup
from pipeline.checks.reading.mail import Mail
from pipeline.errors import Where

# Jinja, Handlebars, Liquid; ERB, EJS; JavaScript; ExactTarget; Mailchimp; our own merge fields and their tokens.
_TAGS = re.compile(
    r"\{\{[^{}\n]{0,80}(?:\}\})?|\{%[^{}\n]{0,80}\}?|<%[^<>\n]{0,80}>?|\$\{\w[^{}\n]{0,80}\}"
    r"|%%\w[\w .-]{0,60}%%|\*\|[^|\n]{1,80}\|\*|\[\[\s*[^\W\d][\w -]{0,60}(?:\|[^\[\]\n]{0,80})?\]\]"
    r"|\[object [A-Z]\w+\]|[zZ][qQ][mM][fFtT][0-9a-fA-F]{4,}(?:[qQ][zZ])?"
)
_NOTHING = r"(?:None|undefined|null|NaN)"
# Alone, or behind a greeting or "by": elsewhere they are words.
_WORD = re.compile(
    rf"{_NOTHING}[.,!:]?|(?:\w+,? ){{1,2}}{_NOTHING}[,!].*|(?:.{{0,40}} )?(?:by|von|par|por) {_NOTHING}\.?"
)
# One of these stands in all of it: most texts are done with at once.
_SIGN = re.compile(r"\{[{%]|<%|\$\{|%%|\*\||\[\[|\[object |zqm[ft]|ZQM[FT]|None|undefined|null|NaN")
_IN_URL = re.compile(rf"[/=]{_NOTHING}(?=[/?&#.]|$)|^{_NOTHING}$|\{{\w[\w.]*\}}")
_ADDRESSES = frozenset(("href", "src", "background", "srcset"))
_WORDS = frozenset(("alt", "title", "aria-label"))
_HREF = re.compile(r'<a\b[^<>]*?\shref="([^"]*)"')
_MARKUP = re.compile(r"<[^<>]*>")
# Where a line was broken in the text part, and what stands before a quotation's lines there.
_BREAKS = re.compile(r"[\s|>]+")


@lru_cache(maxsize=4096)
def in_url(url: str) -> str:
    """What an address has of it; "" for none."""
    plain = unquote(url.strip())
    found = _TAGS.search(plain) or _IN_URL.search(plain)
    return found[0].strip("/=") if found else ""


def in_text(text: str) -> list[str]:
    """What words have of it."""
    if not _may_have(text):
        return []
    words = " ".join(text.split())
    alone = len(words) < 120 and _WORD.fullmatch(words)
    return _TAGS.findall(text) + ([words] if alone else [])


def _may_have(text: str) -> bool:
    return _SIGN.search(text) is not None


def _line(left: str) -> str:
    return " ".join(left.split())[:60]


def in_attributes(mail: Mail) -> Iterator[tuple[str, Where]]:
    """Where a link leads or a picture is, and what stands for one, residue is hardly ever meant."""
    for (name, text, _), offset in markup.tags(mail).items():
        for key, left in _in_tag(text):
            if mail.has_service_tag(left):
                continue
            if key in ("title", "aria-label"):
                meant = _told_by_author(mail, left)
            else:
                meant = key == "href" and re.fullmatch(_NOTHING, left) is not None and _is_authors_link(mail, text)
            if not meant:
                yield f"{_line(left)} is left unfilled in the {key} of <{name}>", markup.place(mail, offset)


def _is_authors_link(mail: Mail, tag: str) -> bool:
    """Whether a link stands in the content's own Markdown, as one to a manual's page of ``null`` does."""
    links = {one.value for one in markup.attributes(tag) if one.name == "href"}
    data: list[Any] = [mail.edition.blocks, mail.edition.letter] if mail.edition else []
    return any(unescape(found[1]) in links for html in _markup_in(data) for found in _HREF.finditer(html))


@lru_cache(maxsize=8192)
def _in_tag(text: str) -> Sequence[tuple[str, str]]:
    found = []
    for attribute in markup.attributes(text):
        if attribute.name in _ADDRESSES:
            found.append((attribute.name, in_url(attribute.value)))
        elif attribute.name in _WORDS:
            found += [(attribute.name, left) for left in in_text(attribute.value)]
    return tuple((key, left) for key, left in found if left)


def in_words(mail: Mail) -> Iterator[tuple[str, Where]]:
    """In what readers see, where it isn't the author's own."""
    if mail.body is None or not _may_have(etree.tostring(mail.body, method="text", encoding="unicode")):
        return
    for element in mail.body.iter(etree.Element):
        if element.tag not in ("style", "script"):
            shown = [element.text, *(child.tail for child in element)]
            for left in (left for text in shown if text for left in in_text(text)):
                if not _told_by_author(mail, left):
                    yield f"{_line(left)} is left unfilled in the text", mail.place(element)


def beside(mail: Mail) -> Iterator[tuple[str, Where]]:
    """In what a mail has beside its HTML."""
    lefts = [("subject", left) for left in in_text(mail.subject) if not _told_by_author(mail, left, letter=False)]
    lefts += [("preheader", left) for left in in_text(mail.preheader) if not _told_by_author(mail, left, letter=False)]
    if mail.text and _may_have(mail.text):
        text = [left for line in mail.text.splitlines() for left in in_text(line)]
        lefts += [("text part", left) for left in text if not _told_by_author(mail, left)]
    lefts += [(f"header {name[:60]}", left) for name, value in _headers(mail) for left in _TAGS.findall(value)]
    unfilled = ((place, left) for place, left in lefts if not mail.has_service_tag(left))
    yield from ((f"{_line(left)} is left unfilled in the {place}", mail.where) for place, left in unfilled)


def _headers(mail: Mail) -> Iterator[tuple[str, str]]:
    """All headers but the subject, decoded where they can be."""
    if mail.message is None:
        return
    for name, written in BytesHeaderParser().parsebytes(re.split(rb"\r?\n\r?\n", mail.message, maxsplit=1)[0]).items():
        value = str(written)
        if "=?" in value:
            with suppress(MessageError, ValueError, LookupError):
                value = str(make_header(decode_header(value)))
        if name.lower() != "subject":
            yield name, value


def _told_by_author(mail: Mail, what: str, *, letter: bool = True) -> bool:
    """Whether these are words of the content that the mail shows; without the letter, of its articles only."""
    if mail.edition is None:
        return False
    data: list[Any] = [mail.edition.blocks]
    if letter:
        data += [mail.edition.letter, mail.newsletter]
    words = merge_fields.fill_text(" ".join(_strings(data)), {})  # a field is nobody's word
    return _BREAKS.sub("", what) in _BREAKS.sub("", words)


def _markup_in(value: Any) -> Iterator[str]:
    return (one for one in _texts(value) if hasattr(one, "__html__"))


def _strings(value: Any) -> Iterator[str]:
    return (unescape(_MARKUP.sub("", one)) if hasattr(one, "__html__") else one for one in _texts(value))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _texts(one)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _texts(getattr(value, field.name))
