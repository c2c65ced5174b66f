"""A newsletter whose mail has a field in each place where one may stand, and readers who make trouble."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipeline import build, conditions, marks, merge_fields, personal, pieces
from pipeline.errors import Where
from pipeline.model import BlockSize, Email, MergeField, Newsletter, Personal, Values
from tests import folders

FIELDS = """
[merge_fields.plan]
fallback = "free"
[merge_fields.city]
fallback = "your \\"town\\" & {{ its }} %side% *|walks|*"
[merge_fields.topics]
type = "list"
[merge_fields.since]
type = "date"
[merge_fields.share_url]
type = "url"
fallback = "https://blog.example.com/newsletter/"
"""
# What every service can write: a field in the text, a link's address, its title, a picture's words.
PLACES = """\
---
subject: "[[first_name]], breathe a little"
preheader: Four sides of a breath, [[first_name]], before the next call
date: 2026-11-24
blocks:
  - lead: box-breathing
---
Hello [[first_name]], see [your own page](https://blog.example.com/page?of=[[token]] "The page of [[first_name]]").

![A breath for [[first_name]]](images/breath.png)
"""
UNSAFE = 'your "town" & {{ its }} %side% *|walks|*'
TYPES = {
    "first_name": MergeField("first_name", "there"),
    "plan": MergeField("plan", "free"),
    "city": MergeField("city", UNSAFE),
    "topics": MergeField("topics", "", "list"),
    "since": MergeField("since", "", "date"),
    "share_url": MergeField("share_url", "https://blog.example.com/newsletter/", "url"),
    "email": MergeField("email", ""),
    "token": MergeField("token", "", "token"),
    "unsubscribe_url": MergeField("unsubscribe_url", "https://blog.example.com/unsubscribe?t={token}", "url"),
    "preferences_url": MergeField("preferences_url", "https://blog.example.com/preferences?t={token}", "url"),
    "web_url": MergeField("web_url", "https://blog.example.com/newsletter/breathe", "url"),
}
PAGES = {
    "unsubscribe_url": "https://esp.example.com/u?a=1&b=2",
    "preferences_url": "https://esp.example.com/p?a=1&b=2",
    "web_url": "https://esp.example.com/w?a=1&b=2",
}
WHERE = Where("content/editions/breathe.md", 7)
KNOWN = {"first_name": "Ana", "plan": "premium", "city": "Riga", "topics": ("sleep", "rest"), "token": "a1-b2"}
HOSTILE = (
    'Zoë "Zen" O\'Neill',
    "<b>Ana</b> & <script>alert(1)</script>",
    "{{ 7 * 7 }} {% raw %} {# x #} *|FNAME|* %FIRSTNAME% %%{email}%%",
    "ליאת בן־דוד",
    "\u202eevil\u202c",
    "👩‍👩‍👧‍👦 🌙",
    "a&amp;b &lt;i&gt;",
    "back\\slash 'single' `tick` a=b",
    "100% | pipe || {brace} }} end",
)


def newsletter() -> Newsletter:
    """A newsletter that declares all of these fields."""
    with TemporaryDirectory() as folder:
        project = build.open_project(folders.make(Path(folder)))
    return replace(project.library.newsletter, merge_fields=TYPES)


@contextmanager
def places(folder: Path, more: str = "") -> Iterator[build.Project]:
    """The project whose edition `breathe` has a field in each place."""
    files: dict[str, str | bytes] = {
        "content/newsletter.toml": folders.NEWSLETTER + FIELDS,
        "content/editions/breathe.md": PLACES + more,
        "content/images/breath.png": folders.png(1040, 400),
    }
    yield build.open_project(folders.make(folder, files))


def field(name: str, fallback: str | None = None) -> str:
    """A field as it travels."""
    return merge_fields.token(name, TYPES[name].fallback if fallback is None else fallback)


def email(html: str, text: str = "", subject: str = "Hello", **audiences: str) -> Email:
    """An Email with this HTML, and blocks that are for some readers only: ``block_0="plan == 'premium'"``."""
    types = {name: one.type for name, one in TYPES.items()}
    blocks = {
        int(block.removeprefix("block_")): Personal(conditions.parse(source, types, WHERE))
        for block, source in audiences.items()
    }
    return Email(
        slug="breathe",
        subject=subject,
        preheader="",
        date=datetime(2026, 11, 24, tzinfo=UTC),
        language="en",
        html=html,
        text=text,
        blocks=tuple(BlockSize("promo", 0, WHERE) for _ in range(1 + max(blocks, default=-1))),
        articles=(),
        personal=blocks,
    )


def block(number: int, content: str, *, html: bool = True) -> str:
    """The content between the marks of a block."""
    return marks.mark("block", number, html=html) + content + marks.mark("block", number, closes=True, html=html)


def otherwise_default(mail: Email) -> Email:
    """The Email, all of whose personal blocks may stand as for nobody."""
    return replace(mail, personal={index: replace(one, otherwise="default") for index, one in mail.personal.items()})


def ours(mail: Email, given: Values) -> tuple[str, str, str]:
    """HTML, text and subject as our own message has them for a reader with these values."""
    view = personal.view(mail, given)
    parts = (pieces.of_html(mail), pieces.of_text(mail), pieces.of_header(mail.subject))
    html, text, subject = (pieces.fill(part, given, view, mail.language) for part in parts)
    return html, text, subject


class _Events(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.events: list[Any] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.events.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        self.events.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.events.append(data)


def understood(html: str) -> list[Any]:
    """The HTML as a reader's client understands it, whichever way its characters are escaped."""
    parser = _Events()
    parser.feed(html)
    parser.close()
    merged: list[Any] = []
    for event in parser.events:
        if isinstance(event, str) and not event.startswith("/") and merged and isinstance(merged[-1], str):
            merged[-1] += event
        else:
            merged.append(event)
    return merged
