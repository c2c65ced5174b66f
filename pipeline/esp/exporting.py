"""An Email -> its HTML and its text in a dialect: what isn't the same for all readers is left to the service."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pipeline import conditions, merge_fields
from pipeline.conditions import Known
from pipeline.errors import ContentError, PipelineError, Where, raise_all
from pipeline.esp import writing
from pipeline.esp.dialect import Dialect
from pipeline.model import Email, Finding, Newsletter
from pipeline.pieces import Context, Field, Piece, Pieces, Place, Raw, Shown, of_header, of_html, of_text


@dataclass(frozen=True, slots=True)
class Exported:
    """An Email in a service's dialect. ``notes`` tell what the service doesn't do for the values."""

    dialect: str
    html: str
    text: str
    subject: str
    preheader: str
    notes: tuple[Finding, ...] = ()


def export(email: Email, newsletter: Newsletter, dialect: Dialect) -> Exported:
    """The Email in the dialect. Raises ContentErrors, all together, for what the service can't express."""
    writer = _Writer(email, newsletter, dialect)
    exported = Exported(
        dialect.name,
        html=writer.write(of_html(email), "the HTML", html=True),
        text=writer.write(of_text(email), "the plain text", html=False),
        subject=writer.write(of_header(email.subject), "the subject", html=False),
        preheader=writer.write(of_header(email.preheader), "the preheader", html=False),
        notes=tuple(dict.fromkeys(writer.notes)),
    )
    raise_all(writer.errors)
    return exported


def files_of(exported: Exported) -> dict[str, bytes]:
    """The files of an export by their names in the edition's folder; the subject's has the preheader below it."""
    texts = {
        "digest.html": exported.html,
        "digest.txt": exported.text,
        "subject.txt": f"{exported.subject}\n{exported.preheader}\n",
    }
    return {f"{exported.dialect}/{name}": text.encode() for name, text in texts.items()}


class _Writer:
    """Pieces on their way into a dialect, and what there is to say of them."""

    def __init__(self, email: Email, newsletter: Newsletter, dialect: Dialect) -> None:
        self.email = email
        self.newsletter = newsletter
        self.dialect = dialect
        self.where = Where(email.blocks[0].where.path) if email.blocks else newsletter.where
        self.errors: list[PipelineError] = []
        self.notes: list[Finding] = []

    def write(self, pieces: Pieces, part: str, *, html: bool) -> str:
        return self.written(self.chosen(pieces.pieces, pieces), part, html=html)

    def chosen(self, pieces: Iterable[Piece], whole: Pieces) -> list[Piece]:
        """The pieces, with the default choice of cards in the places of those that each reader has others in."""
        found: list[Piece] = []
        for piece in pieces:
            if isinstance(piece, Shown):
                found.append(Shown(piece.block, tuple(self.chosen(piece.pieces, whole))))
            elif isinstance(piece, Place):
                found += self.chosen(self.card(piece, whole), whole)
            else:
                found.append(piece)
        return found

    def card(self, place: Place, whole: Pieces) -> tuple[Piece, ...]:
        personal = self.email.personal[place.block]
        if personal.choice is None:
            return ()
        if personal.otherwise == "refuse":
            self.refuse_block(place.block, "choose tracks or articles for each reader")
        return whole.cards[place.block][personal.choice.default[place.index]]

    def written(self, pieces: Iterable[Piece], part: str, *, html: bool) -> str:
        parts, tag_before = [""], False
        for piece in pieces:
            text, tag = self.piece(piece, part, html=html), not isinstance(piece, str)
            # A brace beside a tag's own makes another tag of it.
            if tag_before and not tag and text.startswith("}") and parts[-1].endswith("}"):
                text = self.brace("}", part, html=html) + text[1:]
            if tag and not tag_before and text.startswith("{") and parts[-1].endswith("{"):
                parts[-1] = parts[-1][:-1] + self.brace("{", part, html=html)
            parts.append(text)
            tag_before = tag
        return "".join(parts)

    def brace(self, brace: str, part: str, *, html: bool) -> str:
        """The brace where it stands beside a tag."""
        written = writing.brace(brace, self.dialect, html=html)
        if written is None:
            self.refuse(f"{part} holds {brace!r} beside a merge field, which {self.dialect.title} would read as one")
        return written or brace

    def piece(self, piece: Piece, part: str, *, html: bool) -> str:
        match piece:
            case str():
                return self.static(piece, part, html=html)
            case Raw(tag):
                return self.raw(tag)
            case Shown(block, pieces):
                return self.shown(block, self.written(pieces, part, html=html), html=html)
            case Field(name) if name in merge_fields.BUILT_IN_URLS:
                return self.page(piece, part, html=html)
            case Field():
                return self.field(piece, part, html=html)
            case Place():
                return ""

    def static(self, text: str, part: str, *, html: bool) -> str:
        defused = writing.defused(text, self.dialect, html=html)
        if defused is not None:
            return defused
        found = self.dialect.begins.search(text)
        there = text[found.start() :][:12] if found else text
        self.refuse(f"{part} holds {there!r}, which {self.dialect.title} takes for a tag; write it otherwise")
        return ""

    def raw(self, tag: str) -> str:
        if not self.dialect.tag.fullmatch(tag):
            self.refuse(f"{tag} is no tag of {self.dialect.title}'s; write a merge field in its place")
        return tag

    def page(self, field: Field, part: str, *, html: bool) -> str:
        """A reader's own page: the service's, or else the newsletter's."""
        tag = self.dialect.urls.get(field.name)
        if tag and field.context is not Context.URL_PART:
            return tag
        own = self.written(merge_fields.expanded(field), part, html=html)
        if tag is None:
            return own
        given = writing.write_field(replace(field, fallback=""), "url", self.dialect, html=html) or ""
        return writing.write_condition(Known(field.name), given, own, self.dialect) or own

    def field(self, field: Field, part: str, *, html: bool) -> str:
        declared = self.newsletter.merge_fields[field.name]
        written = writing.write_field(field, declared.type, self.dialect, html=html)
        self.tell(field, declared.type)
        if written is not None:
            return written
        if writing.name_of(field.name, self.dialect):
            wrong = f"{self.dialect.title} can't hold the fallback {field.fallback!r} of [[{field.name}]]"
        else:
            wrong = f"{self.dialect.title} knows no field {field.name}, and [[{field.name}]] stands in {part}"
        self.refuse(wrong)
        return ""

    def shown(self, block: int, written: str, *, html: bool) -> str:
        """A block for some readers only, under its condition."""
        personal = self.email.personal[block]
        if personal.audience is None:
            return written
        inner = writing.between_tags(written, self.dialect, html=html) or written
        conditional = writing.write_condition(personal.audience.test, inner, "", self.dialect)
        if conditional is not None:
            return conditional
        if personal.otherwise == "refuse":
            self.refuse_block(block, f"ask whether {personal.audience.source}")
        return written if conditions.holds(personal.audience.test, {}) else ""

    def tell(self, field: Field, type: str) -> None:
        """Note what the service doesn't do for this field, and the sender has to."""
        title, name = self.dialect.title, field.name
        if type != "token" and not writing.can_encode(field.context, self.dialect):
            self.note(f"{title} doesn't encode [[{name}]] in an address; only letters and digits are safe there")
        if field.context is Context.URL:
            self.note(f"{title} doesn't look whether [[{name}]] is an address that a mail may lead to")
        if type == "date":
            self.note(f"{title} writes [[{name}]] as the date is stored there")
        if type == "list" and not self.dialect.joins:
            self.note(f"{title} writes [[{name}]] as the list is stored there")

    def note(self, message: str) -> None:
        self.notes.append(Finding("esp", "note", message, self.newsletter.where))

    def refuse(self, message: str, where: Where | None = None) -> None:
        self.errors.append(ContentError(message, where or self.where))

    def refuse_block(self, block: int, what: str) -> None:
        size = self.email.blocks[block]
        message = f"{self.dialect.title} can't {what}, which the block {size.name} needs; write otherwise: default"
        self.refuse(f"{message} in it, and it stands as for a reader of whom nothing is known", size.where)
