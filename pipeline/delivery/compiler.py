"""An Email -> the ops that make its messages: bytes that are the same for all readers, and what is each reader's own.

The lines of quoted-printable are broken softly on both sides of a value, so each piece begins at the start of a line
and is encoded without a look at its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b

from pipeline import merge_fields, mime, pieces
from pipeline.delivery import quoted_printable
from pipeline.errors import ContentError
from pipeline.merge_fields import BUILT_IN_URLS, Field, Raw
from pipeline.model import Email, Newsletter
from pipeline.pieces import Piece, Place, Shown


@dataclass(frozen=True, slots=True)
class Recipient:
    """The value of To: the reader's name, in pieces, and address."""

    name: tuple[str | Field, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """A Subject that has fields, in pieces."""

    text: tuple[str | Field, ...]


@dataclass(frozen=True, slots=True)
class Id:
    """The reader's part of the Message-ID."""


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """The reader's own URL in List-Unsubscribe: as the reader brings it, or else with the token between these two.

    Without a pattern for tokens, nothing stands before it.
    """

    before: str
    after: str
    brought: bool


@dataclass(frozen=True, slots=True)
class Audience:
    """An op of a block that is for some readers only; for the others there is nothing."""

    block: int
    op: Op


@dataclass(frozen=True, slots=True)
class Card:
    """The card at one of a block's places: one of the candidates, each reader's own."""

    block: int
    index: int
    candidates: Candidates


# Each makes one chunk of a message: bytes the same for all readers, the others one for each.
Op = bytes | Field | Recipient | Subject | Id | Unsubscribe | Audience | Card
# Each card that a block has to choose from: the same for all readers, or in ops.
Candidates = tuple[bytes | tuple[Op, ...], ...]


@dataclass(frozen=True, slots=True)
class Compiler:
    """What the Email and the newsletter say -> ops, for readers who bring these fields."""

    email: Email
    newsletter: Newsletter
    brought: frozenset[str]

    def head(self) -> tuple[Op, ...]:
        """The edition's own headers, with the reader's in the place of some."""
        email, newsletter = self.email, self.newsletter
        subject = self.header(email.subject)
        for_nobody = " ".join(merge_fields.fill_text(email.subject, {}, email.language).split())
        own: dict[str, tuple[Op, ...]] = {
            "To": (Recipient(self.header(newsletter.recipient_name)),),
            "Message-ID": (b"<", Id(), f".{mime.message_id(email, newsletter)}>".encode()),
            "List-Unsubscribe": (b"<", self.unsubscribe(), b">"),
        }
        if any(isinstance(one, Field) for one in subject):
            own["Subject"] = (Subject(subject),)
        ops: list[Op] = []
        for name, value in mime.headers(replace(email, subject=for_nobody), newsletter):
            ops += [f"{name}: ".encode(), *own.get(name, (value.encode(),)), b"\r\n"]
            if name == "List-Unsubscribe-Post":
                ops.append(f"Feedback-ID: {self.feedback_id()}\r\n".encode())
        return merged(ops)

    def unsubscribe(self) -> Unsubscribe:
        pattern = self.newsletter.unsubscribe_url.replace("{edition}", self.email.slug)
        before, mark, after = mime.ascii_url(pattern).partition("{token}")
        brought = "unsubscribe_url" in self.brought
        if brought or (mark and "token" in self.brought):
            return Unsubscribe(before if mark else "", after, brought)
        raise ContentError(
            "readers can't unsubscribe: they have to bring an unsubscribe_url, or a token, for which "
            "unsubscribe_url in content/newsletter.toml has to have a {token}",
            self.newsletter.where,
        )

    def feedback_id(self) -> str:
        """What Gmail counts complaints by: the edition, its day, the kind of mail, and the sender, which stays."""
        sender = self.newsletter.sender.email.rpartition("@")[2].lower()
        known_by = blake2b(sender.encode(), digest_size=6).hexdigest()
        return f"{mime.atoms(self.email.slug)}:{self.email.date:%Y%m%d}:newsletter:{known_by}"

    def header(self, text: str) -> tuple[str | Field, ...]:
        """The pieces of a header that is one line of words, with no blank too many where all fields have values."""
        found = self.resolved(pieces.of_header(text).pieces)
        tidy = [re.sub(r"\s+", " ", one) if isinstance(one, str) else one for one in found]
        for end, strip in ((0, str.lstrip), (-1, str.rstrip)):
            if tidy and isinstance(one := tidy[end], str):
                tidy[end] = strip(one)
        return tuple(one for one in tidy if isinstance(one, str | Field))

    def body(self) -> tuple[Op, ...]:
        ops: list[Op] = []
        for subtype, part in (("plain", pieces.of_text(self.email)), ("html", pieces.of_html(self.email))):
            cards = {
                block: tuple(_card(merged(self.ops(card, {}))) for card in candidates)
                for block, candidates in part.cards.items()
            }
            written = self.ops(part.pieces, cards)
            # Nothing follows that the last line could be softly broken before.
            if written and written[-1] == quoted_printable.SOFT_BREAK:
                written.pop()
            ops += [mime.part_head(subtype), *written, b"\r\n"]
        return merged([*ops, mime.END])

    def ops(self, written: Iterable[Piece], cards: Mapping[int, Candidates]) -> list[Op]:
        """Each piece from the start of a line to the start of another. ``cards`` are those of each block."""
        soft = quoted_printable.SOFT_BREAK
        ops: list[Op] = []
        after_value = False
        for piece in self.resolved(written):
            encoded = quoted_printable.static(piece) if isinstance(piece, str) else b""
            if after_value and not encoded.startswith(b"\r\n"):
                ops.append(soft)
            after_value = isinstance(piece, Field)
            if isinstance(piece, str):
                ops += [encoded] if encoded.endswith(b"\r\n") else [encoded, soft]
            elif isinstance(piece, Field):
                ops.append(piece)
            elif isinstance(piece, Shown):
                ops += [Audience(piece.block, op) for op in merged(self.ops(piece.pieces, cards))]
            else:
                ops.append(Card(piece.block, piece.index, cards[piece.block]))
        return [*ops, soft] if after_value else ops

    def resolved(self, written: Iterable[Piece]) -> list[str | Field | Shown | Place]:
        """The pieces with what no reader brings as the text that it is for all."""
        found: list[str | Field | Shown | Place] = []
        for piece in written:
            for one in self.known(piece) if isinstance(piece, Field) else (piece,):
                if isinstance(one, Raw):
                    message = f"the edition {self.email.slug} has {one.tag}, a tag that only its ESP fills"
                    raise ContentError(message, self.newsletter.where)
                if isinstance(one, str) and found and isinstance(found[-1], str):
                    found[-1] += one
                elif one != "":
                    found.append(one)
        return found

    def known(self, field: Field) -> Iterator[str | Field]:
        if field.name not in self.newsletter.merge_fields:
            raise merge_fields.undeclared(field.name, self.newsletter.merge_fields, self.newsletter.where)
        if field.name in self.brought:
            yield field
        elif field.name in BUILT_IN_URLS:
            for one in merge_fields.expanded(field):
                yield from self.known(one) if isinstance(one, Field) else (one,)
        else:
            yield merge_fields.encode("", field, self.email.language)


def merged(ops: Iterable[Op]) -> tuple[Op, ...]:
    """Neighbours that are the same for all readers as one."""
    found: list[Op] = []
    for op in ops:
        if isinstance(op, bytes) and found and isinstance(found[-1], bytes):
            found[-1] += op
        elif op != b"":
            found.append(op)
    return tuple(found)


def _card(ops: tuple[Op, ...]) -> bytes | tuple[Op, ...]:
    alike = [op for op in ops if isinstance(op, bytes)]
    return b"".join(alike) if len(alike) == len(ops) else ops
