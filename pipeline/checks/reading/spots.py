"""The places of a mail that aren't the same for all readers, and the readers that they are looked at with.

A mail differs from one reader to the next only where its merge fields stand: only these places are filled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from pipeline import clients, marks, merge_fields
from pipeline.checks.reading.mail import INLINE, Mail, text_of
from pipeline.errors import Where
from pipeline.model import Values


class Reader(NamedTuple):
    name: str
    values: Values


# By what they are called: what such a reader's text fields hold.
_WORST = {
    "a reader of whom nothing is known": "",
    "a reader whose name has 300 letters and no blank": "x" * 300,
    "a reader whose name is written from right to left": "شهرزاد",
    "a reader whose name is HTML": "<b>x</b>",
    "a reader whose name is a template's expression": "{{7*7}}",
}


@dataclass(frozen=True, slots=True)
class Spot:
    """A part of the mail with fields in it, as a reader reads it but for their tokens; of the HTML, its box."""

    text: str
    part: str
    where: Where
    box: Any | None = None

    def of(self, values: Values) -> str:
        return merge_fields.fill_text(self.text, values)


def readers(mail: Mail) -> Iterator[Reader]:
    yield from (Reader(persona.name, persona.values) for persona in mail.personas)
    declared = mail.newsletter.merge_fields.values() if mail.newsletter else ()
    fields = [field.name for field in declared if field.type == "text"]
    yield from (Reader(name, dict.fromkeys(fields, value)) for name, value in _WORST.items())


@lru_cache(maxsize=4)
def tree(html: str) -> Any:
    """The HTML with its tokens, which must not be changed."""
    return clients.parse(html)


def spots(mail: Mail) -> Iterator[Spot]:
    if mail.email is None:
        return
    if "zqmf" in mail.email.html:
        root, boxes = tree(mail.email.html), dict[Any, None]()
        for text in root.xpath("body/descendant::text()[contains(., 'zqmf')]"):
            boxes[_box(text.getparent().getparent() if text.is_tail else text.getparent())] = None
        yield from (Spot(text_of(box), "the HTML", place(box, mail), box) for box in boxes)
    lines = [("the subject", mail.email.subject), ("the preheader", mail.email.preheader)]
    lines += [("the text part", line) for line in mail.email.text.split("\n")]
    yield from (Spot(line, part, mail.where) for part, line in lines if "zqmf" in line)


def is_worst(reader: Reader) -> bool:
    """Whether the reader is none of the newsletter's own."""
    return reader.name in _WORST


def _box(element: Any) -> Any:
    """The element whose words stand in lines with those of this one."""
    while element.tag in INLINE and element.getparent() is not None:
        element = element.getparent()
    return element


def place(element: Any, mail: Mail) -> Where:
    """The place of the block that an element of the mail with its tokens stands in."""
    for comment in element.xpath("preceding::comment()")[::-1]:
        if mark := marks.read(comment.text or ""):
            return mail.blocks[mark.block].where if mark.opens and mark.block < len(mail.blocks) else mail.where
    return mail.where


def place_at(position: int, mail: Mail) -> Where:
    """The place of the block that stands at this position of the mail's HTML with its tokens."""
    html = mail.email.html if mail.email else ""
    begin = html.rfind("<!--block:", 0, position)
    mark = marks.read(html[begin + 4 : html.find("-->", begin)]) if begin >= 0 else None
    inside = mark and mark.block < len(mail.blocks) and html.rfind("<!--/block:", 0, position) < begin
    return mail.blocks[mark.block].where if mark and inside else mail.where
