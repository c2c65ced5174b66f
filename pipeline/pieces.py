"""An Email -> its HTML, its text and its headers in pieces: what is the same for all readers, and what isn't.

Nothing is rendered again for a reader: static pieces are joined with the values of fields, with the blocks that the
reader is in the audience of, and with the cards that are chosen for the reader.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from pipeline import marks, merge_fields
from pipeline.errors import TemplateError, Where, raise_all
from pipeline.marks import Mark
from pipeline.merge_fields import Context, Field, Raw
from pipeline.model import Block, Email, Personal, Values

__all__ = [
    "Context",
    "Field",
    "Piece",
    "Pieces",
    "Place",
    "Raw",
    "Shown",
    "View",
    "fill",
    "of_header",
    "of_html",
    "of_text",
    "refuse_unmarked",
]


@dataclass(frozen=True, slots=True)
class Shown:
    """A block that is for some readers only."""

    block: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where one of the cards stands that a block has for the reader: the first, the second …, counted from 0."""

    block: int
    index: int


Piece = str | Field | Raw | Shown | Place


@dataclass(frozen=True, slots=True)
class Pieces:
    """The pieces in their order, and by block the pieces of each of its candidates' cards."""

    pieces: tuple[Piece, ...]
    cards: Mapping[int, tuple[tuple[Piece, ...], ...]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class View:
    """What one reader sees: whether each block that is for some only, and which candidates of those with a choice."""

    shown: Mapping[int, bool]
    picks: Mapping[int, tuple[int, ...]]


def of_html(email: Email, *, marked: bool = False) -> Pieces:
    """The HTML in pieces; ``marked`` with the marks of its blocks, for those who look at it block by block."""
    return _Cutter(email.personal, html=True, marked=marked).cut(email.html)


def of_text(email: Email) -> Pieces:
    return _Cutter(email.personal, html=False).cut(email.text)


def of_header(text: str) -> Pieces:
    """A header's text in pieces, such as a subject."""
    return Pieces(tuple(merge_fields.split_header(text)))


def refuse_unmarked(email: Email, blocks: Sequence[Block]) -> None:
    """Raise a TemplateError for each block that isn't the same for all readers, and that its template makes so."""
    parts = ((of_html(email), "mjml"), (of_text(email), "txt"))
    raise_all(
        TemplateError(_unmarked(index, personal, part), Where(f"templates/blocks/{blocks[index].name}.{kind}.j2"))
        for part, kind in parts
        for index, personal in email.personal.items()
        if _unmarked(index, personal, part)
    )


def _unmarked(index: int, personal: Personal, part: Pieces) -> str:
    """What the marks of a block lack; "" for nothing."""
    if personal.audience and not any(isinstance(one, Shown) and one.block == index for one in part.pieces):
        return "is for some readers only, and the frame that includes it doesn't put it between its two marks"
    if not personal.choice:
        return ""
    within = [one.pieces if isinstance(one, Shown) else (one,) for one in part.pieces]
    places = {one.index for some in within for one in some if isinstance(one, Place) and one.block == index}
    cards = part.cards.get(index, ())
    if len(cards) == len(personal.choice.candidates) and places == set(range(len(personal.choice.default))):
        return ""
    return "is to be chosen for each reader, and doesn't show what it shows by ui.card"


def fill(pieces: Pieces, values: Values, view: View, language: str) -> str:
    """What a reader with these values sees. ``language`` is that of the edition, which dates are written in."""
    return "".join(_filled(pieces.pieces, pieces.cards, values, view, language))


def _filled(
    pieces: Iterable[Piece],
    cards: Mapping[int, Sequence[tuple[Piece, ...]]],
    values: Values,
    view: View,
    language: str,
) -> Iterator[str]:
    for piece in pieces:
        if isinstance(piece, Shown):
            if view.shown[piece.block]:
                yield from _filled(piece.pieces, cards, values, view, language)
        elif isinstance(piece, Place):
            card = cards[piece.block][view.picks[piece.block][piece.index]]
            yield from _filled(card, cards, values, view, language)
        else:
            yield merge_fields.filled(piece, values, language)


class _Cutter:
    """One part of an Email on its way into pieces: what is open is a list on the stack."""

    def __init__(self, personal: Mapping[int, Personal], *, html: bool, marked: bool = False) -> None:
        self.personal = personal
        self.html = html
        self.marked = marked
        self.stack: list[list[Piece]] = [[]]
        self.cards: dict[int, dict[int, tuple[Piece, ...]]] = defaultdict(dict)

    def cut(self, source: str) -> Pieces:
        split = merge_fields.split_html if self.html else merge_fields.split_text
        for part in marks.split(source, html=self.html):
            if isinstance(part, str):
                self.stack[-1] += split(part)
            elif part.kind == "block":
                self.block(part)
            elif part.kind == "place":
                self.stack[-1].append(Place(part.block, part.index))
            elif part.opens:
                self.stack.append([])
            else:
                self.cards[part.block][part.index] = tuple(self.stack.pop())
        by_block = {block: tuple(cards[index] for index in sorted(cards)) for block, cards in self.cards.items()}
        return Pieces(tuple(self.stack[0]), MappingProxyType(by_block))

    def block(self, mark: Mark) -> None:
        personal = self.personal.get(mark.block)
        conditional = personal is not None and personal.audience is not None
        written = [marks.mark("block", mark.block, closes=not mark.opens, html=True)] if self.marked else []
        if conditional and mark.opens:
            self.stack.append([*written])
        elif conditional:
            self.stack[-1] += written
            shown = Shown(mark.block, tuple(self.stack.pop()))
            self.stack[-1].append(shown)
        else:
            self.stack[-1] += written
