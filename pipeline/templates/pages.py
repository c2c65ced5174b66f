"""The sign-up service's pages, by the templates in ``templates/pages/``: HTML in the newsletter's brand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline import languages
from pipeline.markdown.tree import collapse
from pipeline.model import Direction, Newsletter
from pipeline.templates.environment import HTML, PAGES, TEXT, Environment
from pipeline.templates.faults import told


@dataclass(frozen=True, slots=True)
class Page:
    """What every page knows of itself. ``root`` stands before each of the service's paths: "" or "/newsletter"."""

    name: str
    language: str
    direction: Direction
    root: str


def render_page(
    name: str,
    language: str,
    root: str,
    newsletter: Newsletter,
    environment: Environment,
    facts: Mapping[str, Any],
) -> str:
    """The page ``templates/pages/<name>.html.j2`` in this language; ``facts`` are what it asks for by name.

    Raises a TemplateError, with file and line, for whatever a template does wrong.
    """
    page = Page(name, language, languages.direction(language), root)
    return _render(f"{PAGES}{name}{HTML}", page, newsletter, environment, facts)


def render_words(said: str, language: str, newsletter: Newsletter, environment: Environment) -> str:
    """One line of plain text, by what ``templates/pages/words.txt.j2`` calls it."""
    page = Page("words", language, languages.direction(language), "")
    return collapse(_render(f"{PAGES}words{TEXT}", page, newsletter, environment, {"said": said})).strip()


def render_styles(newsletter: Newsletter, environment: Environment) -> str:
    """The pages' style sheet, in the newsletter's colours and fonts."""
    return _render(f"{PAGES}style.css.j2", Page("style", newsletter.language, "ltr", ""), newsletter, environment, {})


def languages_there(environment: Environment) -> tuple[str, ...]:
    """The languages that there are words in, sorted."""
    found = (file.removeprefix("strings/") for file in environment.files if file.startswith("strings/"))
    return tuple(name.removesuffix(".toml") for name in found if name.endswith(".toml"))


def _render(file: str, page: Page, newsletter: Newsletter, environment: Environment, facts: Mapping[str, Any]) -> str:
    try:
        return environment.get_template(file).render(page=page, newsletter=newsletter, **facts)
    except Exception as error:
        fault = told(error, environment.folder, environment.files)
        if fault is None or fault is error:
            raise
        raise fault from error
