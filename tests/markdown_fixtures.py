"""Markdown in, one text out: what the tests of pipeline.markdown share."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

from hypothesis import settings

from pipeline import markdown
from pipeline.errors import Where
from pipeline.markdown import Document
from pipeline.model import Image

FIXTURES = Path(__file__).parent / "markdown"
WHERE = Where("content/articles/sleep.md", 10)
PATIENT = settings(deadline=None)  # a busy machine is no reason to fail
URL = "https://blog.example.com/sleep"

_CASE = re.compile(r"^(?P<title>[^\n]+)\n\.\n(?P<source>.*?)^\.\n(?P<expected>.*?)^\.$", re.MULTILINE | re.DOTALL)


def cases(name: str) -> list[tuple[str, str, str]]:
    """The cases of a fixture file, each a title, a source and what is expected of it."""
    text = (FIXTURES / f"{name}.txt").read_text(encoding="utf-8")
    return [(case["title"], case["source"], case["expected"]) for case in _CASE.finditer(text)]


def link(href: str, where: Where) -> str:
    return urljoin(URL, href)


def image(src: str, alt: str, where: Where) -> Image:
    return Image(urljoin("https://assets.example.com/", src), alt, 900 if "wide" in src else 240)


def render(source: str, **options: object) -> Document:
    settings = {"url": URL, "link": link, "image": image} | options
    return markdown.render(source, WHERE, **settings)  # type: ignore[arg-type]


def body(document: Document) -> str:
    """A document's HTML without its headings and notes."""
    return "\n".join([document.intro, *(section.html for section in document.sections)])


def html(document: Document) -> str:
    """A document's HTML without its headings."""
    return f"{body(document)}\n{document.notes}"


def show_document(title: str, source: str) -> str:
    """A document as the fixtures write it: intro, sections, notes, findings. ``kramdown`` in a title sets its rules."""
    document = render(source, anchors="kramdown" if "kramdown" in title else "github", title="Better sleep")
    lines = [document.intro]
    for section in document.sections:
        lines += [f"== {section.level} {section.title} #{section.anchor} :{section.where.line}", section.html]
    if document.notes:
        lines += ["== notes", document.notes]
    lines += [f"!! :{finding.where.line} {finding.message}" for finding in document.findings]
    return "\n".join(line for line in lines if line)


def show_text(title: str, source: str) -> str:
    """The Markdown as plain text of 40 columns."""
    return markdown.to_text(html(render(source)), 40)


def show_opening(title: str, source: str) -> str:
    """The opening of the Markdown, of as many words as the title says."""
    return str(markdown.opening(body(render(source)), int(title.split()[-2])))


SHOW: dict[str, Callable[[str, str], str]] = {
    "anchors": show_document,
    "blocks": show_document,
    "leftovers": show_document,
    "opening": show_opening,
    "raw_html": show_document,
    "text": show_text,
}
