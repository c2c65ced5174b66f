"""An Edition, by the template that it names."""

from __future__ import annotations

from collections import defaultdict

from pipeline.errors import TemplateError, nearest
from pipeline.model import Article, Edition, Newsletter
from pipeline.templates.environment import MJML, TEXT, Environment
from pipeline.templates.faults import told


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
            twins=_twins(edition),
        )
    except Exception as error:
        fault = told(error, environment.folder, environment.files)
        if fault is None or fault is error:
            raise
        raise fault from error


def _twins(edition: Edition) -> frozenset[str]:
    """The titles that sections of different articles share: alone they would not tell where their links lead."""
    urls: dict[str, set[str]] = defaultdict(set)
    for block in edition.blocks:
        for value in block.data.values():
            for article in value if isinstance(value, tuple) else (value,):
                for section in article.sections if isinstance(article, Article) else ():
                    urls[section.title].add(section.url)
    return frozenset(title for title, found in urls.items() if len(found) > 1)
