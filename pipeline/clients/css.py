"""CSS -> its pieces with their features -> CSS again, without what a client refuses.

A declaration, a rule and an at-rule are all a ``Piece``: heads, and what stands in the braces. The heads of a rule are
its selectors, those of an at-rule its media queries, that of a declaration is itself. A piece goes when all its heads
are refused. What CSS is unreadable stays out, as it does in every client.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import tinycss2

from pipeline.clients import features

# What no attribute and no element of a tree may hold, and what would end a <style>.
_CONTROL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECLARATIONS = ("font-face", "page", "property", "counter-style")


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """``name`` is a declaration's property and ``value`` its tinycss2 tokens; ``subject`` is the element that a
    selector asks for."""

    text: str
    features: tuple[str, ...] = ()
    name: str = ""
    value: tuple[Any, ...] = ()
    important: bool = False
    subject: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """``body`` is None where there are no braces; ``keyword`` is an at-rule's, with its sign."""

    heads: tuple[Head, ...]
    body: tuple[Piece, ...] | None = None
    keyword: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Taste:
    """What a client does with CSS and HTML.

    ``refused`` are slugs. ``limits`` tells of a partly supported feature whether it works on this element (its tag,
    "" where that is unknown) with this value. ``change`` gives another declaration for one, and under which rule.
    """

    refused: frozenset[str]
    limits: Mapping[str, Callable[[str, str], bool]] = field(default_factory=dict)
    change: Callable[[Head], tuple[Head, str] | None] = lambda head: None

    def refuses(self, slugs: Iterable[str], tag: str = "", value: str = "") -> str | None:
        """The first of the features that the client doesn't do."""
        for slug in slugs:
            if slug in self.refused or (slug in self.limits and not self.limits[slug](tag, value)):
                return slug
        return None


Counts = tuple[tuple[str, int], ...]


@lru_cache(maxsize=8192)
def style(css: str, tag: str, taste: Taste) -> tuple[str, Counts]:
    """A style attribute's declarations without what the client refuses on this element; and the rules applied."""
    return _rewritten(css, declarations(css), tag, taste)


@lru_cache(maxsize=128)
def sheet(css: str, taste: Taste) -> tuple[str, Counts]:
    """The same of a ``<style>``."""
    return _rewritten(css, rules(css), "", taste)


def _rewritten(css: str, pieces: Sequence[Piece], tag: str, taste: Taste) -> tuple[str, Counts]:
    counts: Counter[str] = Counter()
    text = _written(pieces, tag, taste, counts)
    if not counts:
        return css, ()
    return _CONTROL.sub("", text).replace("</", "<\\/").removesuffix(";"), tuple(counts.items())


def _written(pieces: Sequence[Piece], tag: str, taste: Taste, counts: Counter[str]) -> str:
    return "".join(_piece(piece, tag, taste, counts) for piece in pieces)


def _piece(piece: Piece, tag: str, taste: Taste, counts: Counter[str]) -> str:
    kept = [head for head in (_head(one, tag, taste, counts) for one in piece.heads) if head]
    if not kept:
        return ""
    text = piece.keyword + ", ".join(head.text for head in kept)
    if piece.body is None:
        return f"{text};"
    body = _written(piece.body, kept[0].subject if len(kept) == 1 else "", taste, counts)
    return f"{text} {{ {body} }}\n" if body or not piece.body else ""


def _head(head: Head, tag: str, taste: Taste, counts: Counter[str]) -> Head | None:
    """The head as it is written; None if it is refused."""
    slug = taste.refuses(head.features, tag, head.text.partition(":")[2] if head.name else "")
    if slug:
        counts[slug] += 1
        return None
    changed = taste.change(head) if head.name else None
    if changed is None:
        return head
    counts[changed[1]] += 1
    return changed[0]


@lru_cache(maxsize=8192)
def declarations(css: str) -> tuple[Piece, ...]:
    """The declarations of a style attribute."""
    nodes = tinycss2.parse_blocks_contents(features.tokens(css), skip_comments=True, skip_whitespace=True)
    return tuple(_declaration(node) for node in nodes if node.type == "declaration")


@lru_cache(maxsize=128)
def rules(css: str) -> tuple[Piece, ...]:
    """The rules of a ``<style>``, with all that is in them."""
    return tuple(_pieces(tinycss2.parse_stylesheet(features.tokens(css), skip_comments=True, skip_whitespace=True)))


def _pieces(nodes: Iterable[Any], within: str = "") -> Iterator[Piece]:
    for node in nodes:
        if node.type == "declaration":
            yield _declaration(node)
        elif node.type == "qualified-rule":
            yield _rule(node, within)
        elif node.type == "at-rule":
            yield _at_rule(node, within)


def _declaration(node: Any) -> Piece:
    slugs = features.of_declaration(node.lower_name, node.value, node.important)
    return Piece((Head(node.serialize(), slugs, node.lower_name, tuple(node.value), node.important),))


def _rule(node: Any, within: str) -> Piece:
    parts = _parts(node.prelude)
    frames = within.endswith("keyframes")
    nested = ("css-nesting",) if within == "{" else ()
    slugs = [() if frames else nested + features.of_selector(part, len(parts) > 1) for part in parts]
    heads = (Head(_text(part), its, subject=_subject(part)) for part, its in zip(parts, slugs, strict=True))
    return Piece(tuple(heads), _body(node.content, "{"))


def _at_rule(node: Any, within: str) -> Piece:
    name = node.lower_at_keyword
    if name == "media":
        heads = [Head(_text(part), features.of_media_query(part)) for part in _parts(node.prelude)]
    else:
        heads = [Head(_text(node.prelude), features.of_at_rule(name))]
    body = None if node.content is None else _body(node.content, within if within == "{" else name)
    return Piece(tuple(heads), body, f"@{node.at_keyword} ")


def _body(content: Sequence[Any], within: str) -> tuple[Piece, ...]:
    if within == "{" or within in _DECLARATIONS:
        nodes = tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True)
    else:
        nodes = tinycss2.parse_rule_list(content, skip_comments=True, skip_whitespace=True)
    return tuple(_pieces(nodes, within))


def _parts(tokens: Sequence[Any]) -> list[list[Any]]:
    """What stands between the commas."""
    parts: list[list[Any]] = [[]]
    for token in tokens:
        if token.type == "literal" and token.value == ",":
            parts.append([])
        elif token.type != "comment":
            parts[-1].append(token)
    return parts


def _text(tokens: Sequence[Any]) -> str:
    text: str = tinycss2.serialize(tokens)
    return text.strip()


def _subject(part: list[Any]) -> str:
    """The element that a selector of one simple part names, as ``img`` does."""
    names = [token for token in part if token.type != "whitespace"]
    return names[0].lower_value if len(names) == 1 and names[0].type == "ident" else ""


# A feature, the text that uses it, and the features of the conditions that it stands under.
FeatureUse = tuple[str, str, tuple[str, ...]]


@lru_cache(maxsize=8192)
def style_uses(css: str) -> tuple[FeatureUse, ...]:
    """The features of a style attribute, each as often as it is used."""
    return tuple(_uses(declarations(css), ()))


@lru_cache(maxsize=128)
def sheet_uses(css: str) -> tuple[FeatureUse, ...]:
    """The same of a ``<style>``."""
    return tuple(_uses(rules(css), ("html-style",)))


def _uses(pieces: Sequence[Piece], within: tuple[str, ...]) -> Iterator[FeatureUse]:
    for piece in pieces:
        for head in piece.heads:
            text = piece.keyword + head.text
            # A client that refuses one feature of a head doesn't come to the others.
            yield from ((slug, text, within + head.features[:index]) for index, slug in enumerate(head.features))
        if piece.body:
            shared = [slug for slug in piece.heads[0].features if all(slug in head.features for head in piece.heads)]
            yield from _uses(piece.body, (*within, *shared))
