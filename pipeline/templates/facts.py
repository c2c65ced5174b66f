"""What templates may ask: merge fields, the medical note, an article's sections in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jinja2 import pass_context, pass_eval_context
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from markupsafe import Markup

from pipeline import marks, merge_fields
from pipeline.errors import ConfigurationError, TemplateError, nearest
from pipeline.languages import in_language
from pipeline.model import Section


def named(context: Context, name: str) -> Any:
    """A name of the frame's. Raises a TemplateError in macros that were imported without it."""
    if name not in context:
        raise TemplateError(f"the macros here don't know {name!r}; import this file `with context`")
    return context[name]


def spoken(context: Context) -> str:
    """The language of the page, or of the edition."""
    return str(named(context, "page" if "page" in context else "edition").language)


@pass_context
def field(context: Context, name: str, fallback: str | None = None) -> str:
    """The token of a merge field; ``fallback`` stands in where the reader has no value."""
    declared = named(context, "newsletter").merge_fields
    if name not in declared:
        raise TemplateError(
            f"{name!r} is not a declared merge field{nearest(name, declared)} "
            f"(declare it under [merge_fields.{name}] in content/newsletter.toml)"
        )
    if fallback is None and not declared[name].fallback and declared[name].type != "token":
        raise TemplateError(merge_fields.without_fallback(name, f'field("{name}", "…")').message)
    fallback = declared[name].fallback if fallback is None else fallback
    if merge_fields.tags_in(fallback):
        raise TemplateError(merge_fields.tag_for_fallback(name, fallback).message)
    return merge_fields.token(name, fallback)


@pass_eval_context
def mark(frame: EvalContext, kind: marks.Kind, block: int, index: int = 0, *, closes: bool = False) -> Markup:
    """What a block, a card in it, or a card's place is found by: a comment in MJML, signs that nobody sees in text."""
    return Markup(marks.mark(kind, block, index, closes=closes, html=bool(frame.autoescape)))


@pass_context
def disclaimer(context: Context) -> str:
    """The medical note in the edition's language."""
    newsletter, edition = named(context, "newsletter"), named(context, "edition")
    text = in_language(newsletter.medical_disclaimer, edition.language)
    if not text:
        message = f"a medical article is shown; write its note under [medical_disclaimer] {edition.language} = …"
        raise ConfigurationError(message, newsletter.where)
    return text


@pass_context
def local(context: Context, texts: Mapping[str, str]) -> str:
    """The text in the edition's language, or else in the newsletter's."""
    return in_language(texts, spoken(context)) or in_language(texts, named(context, "newsletter").language)


@pass_context
def local_language(context: Context, texts: Mapping[str, str]) -> str:
    """Which language that text is in."""
    language = spoken(context)
    return language if in_language(texts, language) else str(named(context, "newsletter").language)


def contents(sections: Iterable[Section], limit: int) -> list[Section]:
    """The article's main sections, without those below them, at most so many."""
    listed = list(sections)
    top = min((section.level for section in listed), default=0)
    return [section for section in listed if section.level == top][:limit]


def outline(sections: Iterable[Section], first: int) -> Iterator[tuple[int, Section]]:
    """Each section with the level of its heading, 1 to 6: from ``first`` on, and none skipped on the way down."""
    base, level = None, first - 1
    for section in sections:
        base = section.level if base is None else base
        level = max(first, min(first + section.level - base, level + 1, 6))
        yield level, section
