"""An article's Markdown -> its intro, its sections and its notes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import unescape
from typing import Any

from markdown_it.token import Token
from markupsafe import Markup

from pipeline.errors import PipelineError, Where, raise_all
from pipeline.markdown import anchors as blog_anchors
from pipeline.markdown import leftovers, sanitise, words
from pipeline.markdown.parser import at, parse
from pipeline.markdown.writer import Writer, plain
from pipeline.model import Finding, Image, Section

_WITHIN_WORDS = re.compile(
    r'<sup class="footnote">\d+</sup>|</?(?:a|abbr|b|bdi|bdo|code|em|i|mark|s|small|span|strong|sub|sup|u|wbr)\b[^>]*>'
)
_TAG = re.compile(r"<[^>]*>")
_NOTE = re.compile(r"^[ \t>]*\[\^([^\]\s]+)\]:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """Markdown, rendered. ``words`` counts what a reader reads of it, the notes left aside; ``findings`` tells
    what was left out."""

    intro: Markup
    sections: tuple[Section, ...]
    notes: Markup
    words: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """A run of tokens below one heading, or before the first."""

    tokens: list[Token] = field(default_factory=list)
    title: str = ""
    anchor: str = ""
    level: int = 0
    line: int = 0


def render(
    source: str,
    where: Where,
    *,
    url: str,
    link: Callable[[str, Where], str],
    image: Callable[[str, str, Where], Image],
    anchors: blog_anchors.Rules = "github",
    title: str = "",
    code: Callable[[str], str] = str,
) -> Document:
    """The Markdown that begins at ``where``, as sanitised HTML in its parts.

    ``link`` makes an href absolute, ``image`` finds the picture of a src and an alt; both get the place where it
    stands, and what they raise is raised together. ``code`` gets the text of code and gives what to show of it.
    ``title``: a first heading that only repeats it is dropped. Raises a ContentError for what is no text, too long
    or nested too deep.
    """
    tokens, notes = parse(source, where)
    writer = Writer(where, code)
    errors: list[PipelineError] = []
    html = partial(_html, writer=writer, link=link, image=image, errors=errors)
    body, footnotes = _split_notes(tokens)
    intro, *parts = _parts(body, writer, blog_anchors.namer(anchors), title)
    beginning = html(intro)
    sections = tuple(_section(part, html(part), url, where) for part in parts)
    ends = html(_Part(footnotes))
    _report_unused(notes, source, writer)
    raise_all(errors)
    count = _words(beginning) + sum(words.count(section.title) + _words(section.html) for section in sections)
    return Document(beginning, sections, ends, count, tuple(sorted(writer.findings, key=_order)))


def _html(
    part: _Part,
    *,
    writer: Writer,
    link: Callable[[str, Where], str],
    image: Callable[[str, str, Where], Image],
    errors: list[PipelineError],
) -> Markup:
    """What stands below one heading: written, sanitised on its own, its links and pictures settled."""
    place = partial(at, writer.where)
    written = writer.blocks(part.tokens)
    cleaned = sanitise.clean_raw(written, place(part.line)) if writer.raw else sanitise.clean(written)
    return Markup(sanitise.settle(cleaned, place, link, image, errors).strip())


def _section(part: _Part, html: Markup, url: str, where: Where) -> Section:
    whole = f"{url}#{sanitise.percent_encode(part.anchor)}" if part.anchor else url
    return Section(part.title, part.anchor, part.level, html, whole, at(where, part.line))


def _words(html: str) -> int:
    return words.count(unescape(_TAG.sub(" ", _WITHIN_WORDS.sub("", html))))


def _order(finding: Finding) -> int:
    return finding.where.line or 0


def _split_notes(tokens: list[Token]) -> tuple[list[Token], list[Token]]:
    for index, token in enumerate(tokens):
        if token.type == "footnote_block_open":
            _tighten(tokens[index:])
            return tokens[:index], tokens[index:]
    return tokens, []


def _tighten(notes: Sequence[Token]) -> None:
    """Notes of one paragraph need no tags around it."""
    note: list[Token] = []
    for token in notes:
        if token.type == "footnote_close" and sum(one.nesting == 1 for one in note) == 1:
            for one in note:
                one.hidden = True
        note.append(token)
        if token.type == "footnote_open":
            note = []


def _parts(
    tokens: list[Token], writer: Writer, anchor: Callable[[str, str, str], str], article_title: str
) -> list[_Part]:
    """The intro, and a part for each heading that stands at top level and has words."""
    parts = [_Part()]
    index = 0
    while index < len(tokens):
        token = tokens[index]
        words_of_it = _title(tokens[index + 1]) if token.type == "heading_open" and not token.level else ""
        if not words_of_it:
            if token.type == "leftover" and leftovers.is_toc(token.content):
                _drop_list(parts[-1].tokens)
            parts[-1].tokens.append(token)
            index += 1
            continue
        explicit = token.meta["id"] or _id_below(tokens, index + 3)
        name = anchor(_title(tokens[index + 1], pictures=False), tokens[index + 1].content, explicit)
        writer.inline(tokens[index + 1])  # only to report what is left out of it
        level = int(token.tag[1])
        if len(parts) > 1 or level > 1 or words_of_it.casefold() != " ".join(article_title.split()).casefold():
            parts.append(_Part([], words_of_it, name, level, token.map[0] if token.map else 0))
        index += 4 if explicit and not token.meta["id"] else 3
    return parts


def _title(inline: Token, pictures: bool = True) -> str:
    return " ".join(plain(inline.children or (), pictures).split())


def _id_below(tokens: Sequence[Token], index: int) -> str:
    """The id that kramdown reads from the line below a heading."""
    below = tokens[index] if index < len(tokens) else None
    return leftovers.explicit_id(below.content) if below is not None and below.type == "leftover" else ""


def _drop_list(tokens: list[Token]) -> None:
    """Take away the list at the end, which kramdown replaces by a table of contents."""
    if not tokens or tokens[-1].type not in {"bullet_list_close", "ordered_list_close"}:
        return
    while tokens and not (tokens[-1].type in {"bullet_list_open", "ordered_list_open"} and not tokens[-1].level):
        tokens.pop()
    tokens.pop()


def _report_unused(notes: Mapping[str, Any], source: str, writer: Writer) -> None:
    """Tell of footnotes that nothing refers to: markdown-it drops them."""
    unused = {label[1:] for label, number in notes.get("footnotes", {}).get("refs", {}).items() if number < 0}
    if not unused:
        return
    line = position = 0
    for note in _NOTE.finditer(source):
        line += source.count("\n", position, note.start())
        position = note.start()
        if note[1] in unused:
            writer.report(f"the footnote [^{note[1]}] is left out of the mail: nothing refers to it", line)
