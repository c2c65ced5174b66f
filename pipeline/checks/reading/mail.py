"""A mail as the rules look at it: read once, shared by all of them. Our own Email, or any HTML file or message."""

from __future__ import annotations

import email.policy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from functools import cached_property
from typing import Any

from lxml import etree

from pipeline import clients, marks, merge_fields, personal, pieces
from pipeline.errors import Where
from pipeline.model import BlockSize, Edition, Email, Newsletter, Persona
from pipeline.pieces import View

# Whose text nobody is shown.
UNSHOWN = frozenset(("head", "style", "script", "title", "template", "noscript"))
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all|visibility\s*:\s*hidden", re.I)


@dataclass(frozen=True)
class Mail:
    """``html`` and ``text`` are what will be sent, merge fields filled; ``text`` is ``None`` where there is no such
    part. ``marked`` is ``html`` with the marks of its blocks, the same where it has none. ``message`` is the whole
    mail as RFC 5322 has it, where there is one. ``where`` is the place of the mail itself.

    Of our own mails there are the ``email`` that they are of, merge fields still in place, the ``edition``, its
    blocks holding what they name, and the ``newsletter``; any other mail has none of them.
    """

    html: str
    text: str | None
    subject: str
    where: Where
    preheader: str = ""
    marked: str = ""
    message: bytes | None = None
    blocks: tuple[BlockSize, ...] = ()
    email: Email | None = None
    edition: Edition | None = None
    newsletter: Newsletter | None = None
    personas: tuple[Persona, ...] = ()

    @cached_property
    def service_tags(self) -> frozenset[str]:
        """The tags of the newsletter's ESP that an author has written: left as they are, for the ESP to fill."""
        one = self.email
        return merge_fields.tags_in(f"{one.html} {one.text} {one.subject} {one.preheader}") if one else frozenset()

    def has_service_tag(self, text: str) -> bool:
        """Whether this is one of them, or has one in it."""
        return any(tag in text or text in tag for tag in self.service_tags)

    @cached_property
    def root(self) -> Any:
        """The html element. Its lines are those of ``html`` in a mail that isn't ours."""
        return clients.parse(self.marked or self.html)

    @cached_property
    def elements(self) -> Sequence[Any]:
        """All elements in the order of the document."""
        return [node for node in self.root.iter() if isinstance(node.tag, str)]

    @cached_property
    def body(self) -> Any | None:
        return self.root.find("body")

    @cached_property
    def links(self) -> Sequence[Any]:
        """The links that a reader can follow: elements ``a`` and ``area`` with an ``href``."""
        return [one for one in self.elements if one.tag in ("a", "area") and one.get("href") is not None]

    @cached_property
    def images(self) -> Sequence[Any]:
        return [one for one in self.elements if one.tag == "img"]

    @cached_property
    def sheets(self) -> Sequence[tuple[Any, str]]:
        """Each ``style`` element with its CSS."""
        return [(one, one.text or "") for one in self.elements if one.tag == "style"]

    @cached_property
    def hidden(self) -> frozenset[Any]:
        """The elements that no reader sees, with all that is in them: by their own style, or for being in the head."""
        return frozenset(inner for one in self.elements if is_hidden(one) for inner in one.iter())

    @cached_property
    def shown_text(self) -> str:
        """The words of the body that a reader sees; pictures have none."""
        return "" if self.body is None else text_of(self.body, self.hidden)

    @cached_property
    def _blocks_of(self) -> Mapping[Any, int]:
        """The index of the block that each element stands in."""
        found: dict[Any, int] = {}
        index: int | None = None
        for node in self.root.iter():
            if isinstance(node.tag, str):
                if index is not None:
                    found[node] = index
            elif node.tag is etree.Comment and (mark := marks.read(node.text or "")):
                index = mark.block if mark.opens else None
        return found

    def place(self, element: Any) -> Where:
        """Where an element comes from: the source of its block, or else the mail, with the line of its HTML."""
        if self.email is None:
            return Where(self.where.path, element.sourceline)
        index = self._blocks_of.get(element)
        return self.where if index is None else self.blocks[index].where


# The elements that stand in a line of text, so that what is beside them is the same word.
INLINE = frozenset(
    (
        *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i"),
        *("ins", "kbd", "mark", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub"),
        *("sup", "time", "tt", "u", "var", "wbr"),
    )
)


def is_hidden(element: Any) -> bool:
    """Whether the element hides itself, with all that is in it."""
    return (
        element.tag in UNSHOWN or bool(_HIDDEN.search(element.get("style") or "")) or element.get("hidden") is not None
    )


def text_of(element: Any, without: frozenset[Any] = frozenset(), *, alt: bool = False) -> str:
    """The words in an element, white space collapsed, those of two boxes kept apart; with ``alt``, pictures' too."""
    parts: list[str] = []
    for event, node in etree.iterwalk(element, events=("start", "end", "comment", "pi")):
        apart = "" if event in ("comment", "pi") or node.tag in INLINE else " "
        if event == "start":
            words = node.get("alt") if alt and node.tag == "img" else node.text
            parts += [apart, "" if node in without else words or ""]
        elif node is not element:
            parts += [apart, "" if node.getparent() in without else node.tail or ""]
    return " ".join("".join(parts).split())


def of_email(
    email: Email,
    edition: Edition,
    newsletter: Newsletter,
    message: bytes | None = None,
    personas: tuple[Persona, ...] = (),
    view: View | None = None,
) -> Mail:
    """Our own mail, as a reader gets it of whom nothing is known: each merge field has its fallback.

    With a ``view``, that of a reader who sees so much of what isn't for all.
    """
    view = view or personal.view(email, {})
    marked = pieces.fill(pieces.of_html(email, marked=True), {}, view, email.language)
    return Mail(
        html=marks.without_marks(marked),
        text=pieces.fill(pieces.of_text(email), {}, view, email.language),
        subject=merge_fields.fill_text(email.subject, {}),
        where=edition.where,
        preheader=merge_fields.fill_text(email.preheader, {}),
        marked=marked,
        message=message,
        blocks=email.blocks,
        email=email,
        edition=personal.seen(edition, view),
        newsletter=newsletter,
        personas=personas,
    )


def of_html(html: str, path: str) -> Mail:
    """Any HTML part. Its title is taken for the subject."""
    title = clients.parse(html).find("head/title")
    return Mail(html, None, "" if title is None else text_of(title), Where(path))


def of_message(message: bytes, path: str) -> Mail:
    """Any message, its HTML and its text part as Python's parser reads them."""
    parsed = read_message(message)
    html, text = content(parsed, "html"), content(parsed, "plain")
    return Mail(html or "", text, str(parsed["Subject"] or ""), Where(path), message=message)


def read_message(message: bytes) -> EmailMessage:
    parser = BytesParser(_class=EmailMessage, policy=email.policy.default)
    try:
        return parser.parsebytes(message)
    except RecursionError:  # parts in parts, hundreds deep; a mail without an HTML part, as far as anybody can tell
        return parser.parsebytes(message, headersonly=True)


def content(message: EmailMessage, subtype: str) -> str | None:
    """The text of the first part of this type; ``None`` where there is none, or none that can be read."""
    try:
        part = message.get_body((subtype,))
        return None if part is None else str(part.get_content())
    except (LookupError, ValueError, AttributeError):
        return None
