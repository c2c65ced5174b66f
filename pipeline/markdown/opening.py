"""The opening of an article or a section: what it begins with, cut at a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from pipeline.markdown import words as counting
from pipeline.markdown.sanitise import names
from pipeline.markdown.tree import Node, blocks, parse, words

_NOT_IN_OPENINGS = re.compile(r'<sup class="footnote">\d+</sup>|<img [^>]*>')
_NO_LINK_TEXT = re.compile(r"<a [^>]*>\s*</a>")

_STOP = re.compile(
    r"""(?P<stop>[.!?…؟۔।॥։።፧။។៕]|\.\.\.)+["'’”»›)\]）」』]*(?=\s|<br>|\Z)|[。！？｡]+["'’”»›)\]）」』]*"""
)
_UP_TO_LETTER = re.compile(r"""(?:\s|<[^>]*>|["'“‘«‹„(\[¿¡*_–—-])*""")
_LAST_WORD = re.compile(r"[^\s(\[“„«<>/]*\Z")
_PASSED_OVER = frozenset({"table", "pre"})
_STOPPED = re.compile(r"""[.!?…؟۔।॥։።፧。！？｡]["'’”»›)\]）」』]*\Z""")
_UNFINISHED = re.compile(r"[,;،؛、；，](?:\s+\w+)?\s*\Z")

ABBREVIATIONS = names(
    "al approx apt art aug ave bd bspw bzw ca cap cf ch co corp dec dept dipl dr ed eds eq est etc ev evtl ex feb fig"
    " figs fr ft gen ggf gov hrsg ibid inc incl ing inkl ins jan jr lb lbs ltd max mg mia mig min mio ml mm mr mrs ms"
    " mt mx no nos nov nr núm oct op oz pág pp pl prof pt pts ref resp rev sec sen sep sept sog spp sr sra srta st str"
    " tab tel tsp tbsp univ usw vgl vol vs zzgl"
)
"""Words before a full stop that rarely ends a sentence. Where it does, the cut only comes one sentence later."""


@dataclass(slots=True)
class _Piece:
    """What is taken of one block: its source and its words. ``cut`` where the block goes on after it; ``gap`` is
    the tag of the next block where that was left out."""

    node: Node
    html: str
    words: int
    cut: bool = False
    gap: str = ""


def opening(html: str, words: int) -> Markup:
    """The first ``words`` words or fewer of sanitised HTML: whole blocks, and of the last one whole sentences.

    At least the first sentence is given, however long. Pictures, tables, code and footnote numbers are passed
    over; of a list whole items are taken. A last sentence that announces what was left out (``...:``) goes too.
    """
    html = _NO_LINK_TEXT.sub("", _NOT_IN_OPENINGS.sub("", html))
    pieces = _take(html, parse(html).children, words, True)
    return Markup("\n".join(piece.html for piece in pieces))


def _take(html: str, nodes: list[Node], left: int, first: bool) -> list[_Piece]:
    """The pieces of the leading blocks, as far as ``left`` words go; the first sentence goes further if ``first``."""
    pieces: list[_Piece] = []
    for node in blocks(nodes):
        count = counting.count(words(node))
        if not count:
            continue
        lonely = not pieces or (len(pieces) == 1 and _only_announces(html, pieces[0], node.tag))
        piece = None if node.tag in _PASSED_OVER else _piece(html, node, count, left, first and lonely)
        if piece is None and pieces:
            pieces[-1].gap = node.tag
        if piece is None and node.tag not in _PASSED_OVER:
            break
        if piece is not None:
            pieces.append(piece)
            left -= piece.words
            if piece.cut:
                break
    return _without_announcements(html, pieces)


def _piece(html: str, node: Node, count: int, left: int, first: bool) -> _Piece | None:
    """What of a block goes into ``left`` words; None where nothing does."""
    if node.tag in {"blockquote", "div"}:
        return _around(html, node, _take(html, node.children, left, first), count)
    if node.tag in {"ul", "ol"}:
        items = _items(html, node, left, first)
        unfinished = items and not first and _UNFINISHED.search(words(items[-1].node))
        return None if unfinished and len(items) < len(node.children) else _around(html, node, items, count)
    if count <= left:
        return _Piece(node, _whole(html, node), count)
    if node.tag == "p":
        return _cut(html, node, left, first)
    return _Piece(node, _whole(html, node), count, cut=True) if first else None


def _around(html: str, node: Node, pieces: list[_Piece], count: int) -> _Piece | None:
    if not pieces:
        return None
    taken = sum(piece.words for piece in pieces)
    inner = "\n".join(piece.html for piece in pieces)
    return _Piece(node, f"{html[node.start : node.inner]}{inner}{html[node.tail : node.end]}", taken, cut=taken < count)


def _items(html: str, node: Node, left: int, first: bool) -> list[_Piece]:
    items: list[_Piece] = []
    for child in node.children:
        count = counting.count(words(child))
        if child.tag != "li" or not count:
            continue
        if _has_passed_over(child) or (count > left and not (first and not items)):
            break
        items.append(_Piece(child, _whole(html, child), count))
        left -= count
    return items


def _has_passed_over(node: Node) -> bool:
    return node.tag in _PASSED_OVER or any(_has_passed_over(child) for child in node.children)


def _whole(html: str, node: Node) -> str:
    return _paragraph(html, node, node.tail) if node.tag == "p" else html[node.start : node.end]


def _paragraph(html: str, node: Node, end: int) -> str:
    return f"{html[node.start : node.inner] or '<p>'}{html[node.inner : end].rstrip()}</p>"


def _cut(html: str, node: Node, left: int, first: bool) -> _Piece | None:
    """The leading sentences of a paragraph; all of it where the first one is too long and ends only with it."""
    total = 0
    best: tuple[int, int] | None = None
    position = node.inner
    for end in _sentence_ends(html, node):
        total += _count(html[position:end])
        position = end
        if total > left and (best or not first):
            break
        best = (end, total)
        if total > left:
            break
    if best is None:
        return _Piece(node, _whole(html, node), counting.count(words(node)), cut=True) if first else None
    return _Piece(node, _paragraph(html, node, best[0]), best[1], cut=True)


def _count(source: str) -> int:
    return counting.count(words(parse(source)))


def _sentence_ends(html: str, node: Node) -> Iterator[int]:
    """Where in ``html`` sentences end that end in the paragraph's own text, not in its links or emphasis."""
    for child in node.children:
        if child.tag:
            continue
        for stop in _STOP.finditer(html, child.start, child.end):
            if _is_between(html, stop.end(), child, node) and _ends_sentence(html, stop, child.start, node.tail):
                yield stop.end()


def _is_between(html: str, position: int, child: Node, node: Node) -> bool:
    """Whether what follows is not the next element straight away, which would belong to the same word."""
    return position < child.end or position == node.tail or html.startswith("<br>", position)


def _ends_sentence(html: str, stop: re.Match[str], start: int, end: int) -> bool:
    if not stop["stop"]:
        return True
    following = _UP_TO_LETTER.match(html, stop.end(), end)
    if following and html[following.end() : min(following.end() + 1, end)].islower():
        return False
    single = stop[0].startswith(".") and not stop[0].startswith("..")
    return not single or not _is_abbreviation(html[max(start, stop.start() - 30) : stop.start()])


def _is_abbreviation(before: str) -> bool:
    """Whether a full stop after this text belongs to its last word: ``Dr.``, ``e.g.``, ``J.``, ``3.``"""
    found = _LAST_WORD.search(before)
    word = found[0].lower() if found else ""
    if word.isdecimal():
        return len(word) < 3
    return word in ABBREVIATIONS or (len(word) == 1 and word.isalpha()) or ("." in word and word[-1].isalpha())


def _announces(piece: _Piece, following: str) -> bool:
    """Whether a paragraph leads to the next block: by a colon, or as a sentence that a list or table completes."""
    if piece.node.tag != "p" or piece.cut:
        return False
    text = words(piece.node).rstrip()
    return text.endswith((":", "：")) or (following != "p" and not _STOPPED.search(text))


def _only_announces(html: str, piece: _Piece, following: str) -> bool:
    return _announces(piece, following) and _before_last_sentence(html, piece.node) is None


def _before_last_sentence(html: str, node: Node) -> int | None:
    """Where the last sentence but one of a paragraph ends; None where it has only one."""
    ends = [end for end in _sentence_ends(html, node) if html[end : node.tail].strip()]
    return ends[-1] if ends else None


def _without_announcements(html: str, pieces: list[_Piece]) -> list[_Piece]:
    """The pieces without sentences that announce a block which was left out, as long as something else remains."""
    kept: list[_Piece] = []
    for piece in pieces:
        if not piece.gap or not _announces(piece, piece.gap):
            kept.append(piece)
        elif end := _before_last_sentence(html, piece.node):
            source = _paragraph(html, piece.node, end)
            kept.append(_Piece(piece.node, source, _count(source), cut=True))
    return kept or pieces
