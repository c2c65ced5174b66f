"""Markdown -> markdown-it's tokens, which know where links, pictures, tags and leftovers stand."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

from markdown_it import MarkdownIt, helpers
from markdown_it.common.utils import normalizeReference
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, autolink, html_inline, image, link
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from pipeline.errors import ContentError, Where
from pipeline.markdown import leftovers
from pipeline.markdown.raw_html import KNOWN
from pipeline.markdown.sanitise import too_deep

NESTING = 20
"""How many quotes and lists may stand in one another (a list counts as two)."""

CAPS = (
    ("", 1_000_000, "over 1 MB of Markdown; split it"),
    ("\n", 30_000, "over 30,000 lines of Markdown; split it"),
    ("[", 20_000, "over 20,000 square brackets; split it, or put them in a code block of an article of its own"),
    ("<", 20_000, "over 20,000 tags or less-than signs; split it"),
)
"""What keeps the time bounded: a text that is counted in the Markdown, how often it may stand there, what to say."""

_NOT_TEXT = re.compile(r"[\x00\ud800-\udfff]")
_CONTROL = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_LOCATED = frozenset({"link_open", "image", "html_inline"})

InlineRule = Callable[[StateInline, bool], bool]


def parse(source: str, where: Where) -> tuple[list[Token], dict[str, Any]]:
    """The tokens of the Markdown and markdown-it's notes on it; a ContentError where it can't be read in fair time.

    An inline token's children have in ``meta["pos"]`` where in its content they begin.
    """
    check(source, where)
    notes: dict[str, Any] = {}
    tokens = _engine().parse(_CONTROL.sub(" ", source), notes)
    for token in tokens:
        if token.level >= NESTING - 1 and token.nesting == 1:
            raise too_deep(at(where, token.map[0] if token.map else 0))
    return tokens, notes


def at(where: Where, line: int) -> Where:
    """The place ``line`` lines (from 0) below the first line of the Markdown."""
    return where if where.line is None else Where(where.path, where.line + line)


def check(source: str, where: Where) -> None:
    """Raise a ContentError for what is no text, or too much of it."""
    for counted, most, message in CAPS:
        if len(source) > most and (not counted or source.count(counted) > most):
            raise ContentError(message, where)
    if found := _NOT_TEXT.search(source):
        line = source.count("\n", 0, found.start())
        raise ContentError(f"U+{ord(found[0]):04X} is no text; save the file as UTF-8", at(where, line))


@cache
def _engine() -> MarkdownIt:
    engine = MarkdownIt("commonmark", {"maxNesting": NESTING})
    engine.enable(["table", "strikethrough"]).use(footnote_plugin)
    setattr(engine, "validateLink", lambda url: True)  # noqa: B010  the sanitiser judges, and leaves the words
    setattr(engine, "normalizeLink", str)  # noqa: B010  the callbacks see a URL as it was written
    engine.helpers = cast(
        Any,
        SimpleNamespace(
            parseLinkLabel=helpers.parseLinkLabel,
            parseLinkTitle=helpers.parseLinkTitle,
            parseLinkDestination=_destination,
        ),
    )
    engine.core.ruler.before("inline", "heading_ids", _heading_ids)
    engine.block.ruler.before(
        "blockquote", "leftovers", _leftover_lines, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    engine.inline.ruler.before("link", "leftover", _leftover)
    for name, char, rule in (("link", "[", link), ("image", "!", image), ("autolink", "<", autolink)):
        engine.inline.ruler.at(name, _located(rule, char))
    engine.inline.ruler.at("html_inline", _located(html_inline, "<"))
    return engine


def _located(rule: InlineRule, char: str) -> InlineRule:
    """The rule, which now also says where its token begins."""

    def located(state: StateInline, silent: bool) -> bool:
        position = state.pos
        if state.src[position] != char:
            return False
        count = len(state.tokens)
        if not rule(state, silent):
            return False
        if not silent:
            for token in state.tokens[count : count + 2]:
                if token.type in _LOCATED:
                    token.meta["pos"] = position
                    break
        return True

    return located


def _heading_ids(state: StateCore) -> None:
    opening = None
    for token in state.tokens:
        if token.type == "heading_open":
            opening = token
        elif opening is not None:
            token.content, opening.meta["id"] = leftovers.split_heading(token.content)
            opening = None


def _leftover_lines(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    position = state.bMarks[start] + state.tShift[start]
    char = state.src[position : position + 1]
    if char not in {"{", "<", ":", "[", "i", "e"} or state.is_code_block(start):
        return False
    limit = state.eMarks[end - 1]
    if char in "ie":
        found = None if silent or state.level else leftovers.module_lines(state.src, position, limit)
    else:
        found = leftovers.lines(state.src, position, limit)
    if found is None or (char == "<" and not _is_component(state.src[position : found.end])):
        return False
    if not silent:
        _push_lines(state, start, position, found)
    return True


def _push_lines(state: StateBlock, start: int, position: int, found: leftovers.Leftover) -> None:
    last = start
    while state.eMarks[last] < found.end:
        last += 1
    state.line = last + 1
    token = state.push("leftover", "", 0)
    token.map = [start, last + 1]
    token.content = state.src[position : found.end]
    if found.code:
        token.content = state.src[position : state.eMarks[start]]
        code = state.push("fence", "code", 0)
        code.map = token.map
        code.content = state.getLines(start + 1, last, state.blkIndent, False)


def _is_component(tag: str) -> bool:
    """Whether the tag is MDX's: HTML's own names are HTML however they are written, but for MDX's braces."""
    name = re.split(r"[\s/>]", tag.lstrip("</"), maxsplit=1)[0]
    return name.lower() not in KNOWN or "={" in tag


def _leftover(state: StateInline, silent: bool) -> bool:
    found = leftovers.inline(state.src, state.pos, state.posMax)
    if not found or _is_html_or_reference(found, state.env):
        return False
    if not silent:
        token = state.push("leftover", "", 0)
        token.content = found[0]
        token.meta["pos"] = state.pos
    state.pos = found.end()
    return True


def _is_html_or_reference(found: re.Match[str], notes: Any) -> bool:
    groups = found.groupdict()
    if groups.get("component"):
        return not _is_component(found[0])
    bare = groups.get("shortcode") and not groups["attributes"]
    return bool(bare) and normalizeReference(groups["shortcode"]) in notes.get("references", {})


def _destination(source: str, pos: int, maximum: int) -> Any:
    """markdown-it's own, and beside it destinations that hold another generator's tag with its blanks."""
    end = leftovers.destination(source, pos, maximum)
    if end > pos:
        return SimpleNamespace(ok=True, pos=end, str=source[pos:end])
    return helpers.parseLinkDestination(source, pos, maximum)
