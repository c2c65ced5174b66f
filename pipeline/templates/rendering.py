"""An Edition, by the template that it names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.errors import TemplateError, nearest
from pipeline.model import Article, Edition, Newsletter, Section, Track
from pipeline.templates.environment import MJML, TEXT, Environment
from pipeline.templates.faults import told

_UNHEARD = " .,;:!?…‥'\"’‘”“»«‹›()|–—"


def render_mjml(edition: Edition, newsletter: Newsletter, environment: Environment) -> str:
    """The edition as MJML. Every ``<mj-…>`` start tag has its place in ``data-where``, as file:line.

    Raises a TemplateError, with file and line, for whatever a template does wrong.
    """
    return _render(edition, newsletter, environment, MJML)


def render_text(edition: Edition, newsletter: Newsletter, environment: Environment) -> str:
    """The edition as plain text, in lines of at most 72 characters where no address is longer.

    Raises a TemplateError, with file and line, for whatever a template does wrong.
    """
    text = _render(edition, newsletter, environment, TEXT)
    return "\n".join(line.rstrip() for line in text.strip().split("\n")) + "\n"


def _render(edition: Edition, newsletter: Newsletter, environment: Environment, suffix: str) -> str:
    name = edition.template + suffix
    if name not in environment.files:
        there = [file.removesuffix(suffix) for file in environment.files if file.endswith(suffix) and "/" not in file]
        raise TemplateError(f"there is no templates/{name}{nearest(edition.template, there)}", edition.where)
    right_to_left = edition.direction == "rtl"
    try:
        return environment.get_template(name).render(
            edition=edition,
            newsletter=newsletter,
            start="right" if right_to_left else "left",
            end="left" if right_to_left else "right",
            twins=_twins(edition, newsletter),
        )
    except Exception as error:
        fault = told(error, environment.folder, environment.files)
        if fault is None or fault is error:
            raise
        raise fault from error


def _twins(edition: Edition, newsletter: Newsletter) -> frozenset[str]:
    """The titles of sections that other links have for their names: alone they would not tell where they lead."""
    urls: dict[str, set[str]] = defaultdict(set)
    titles: set[str] = set()
    for one in (*newsletter.socials, *newsletter.stores):
        urls[_heard(one.name)].add(one.url)
    chosen = (block.personal.choice.candidates for block in edition.blocks if block.personal and block.personal.choice)
    for value in (*(value for block in edition.blocks for value in block.data.values()), *chosen):
        for one in value if isinstance(value, tuple) else (value,):
            sections = one.sections if isinstance(one, Article) else (one,) if isinstance(one, Section) else ()
            titles.update(section.title for section in sections)
            for name, url in (*_linked(one), *((section.title, section.url) for section in sections)):
                urls[_heard(name)].add(url)
    return frozenset(title for title in titles if len(urls[_heard(title)]) > 1)


def _linked(value: Any) -> Iterator[tuple[str, str]]:
    """What an article, a track or a category of a block's data is called, and where it leads."""
    if isinstance(value, Article | Track):
        yield value.title, value.url
    elif isinstance(value, Mapping) and isinstance(value.get("name"), str) and isinstance(value.get("url"), str):
        yield value["name"], value["url"]


def _heard(name: str) -> str:
    """A name as it is heard: "The Bottom Line:" is "the bottom line"."""
    return " ".join(name.casefold().split()).strip(_UNHEARD)
