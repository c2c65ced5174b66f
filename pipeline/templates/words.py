"""The templates' own words, dates and numbers, in the language of the edition or the page."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from pipeline.errors import TemplateError, Where, nearest
from pipeline.languages import locale
from pipeline.templates.facts import named, spoken

Words = str | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Strings:
    """One file of ``templates/strings/``: each key's words, or its plural forms, plain and escaped for HTML."""

    path: str
    plain: Mapping[str, Words]
    html: Mapping[str, Words]


def _read_strings(folder: Path, language: str) -> Strings:
    """Of ``pt-BR`` where there is such a file, else of ``pt``."""
    names = [language, language.split("-")[0]]
    file = next((file for name in names if (file := folder / "strings" / f"{name}.toml").is_file()), None)
    if file is None:
        path = f"templates/strings/{names[-1]}.toml"
        raise TemplateError("is not there; copy en.toml to it and translate its words", Where(path))
    path = f"templates/strings/{file.name}"
    try:
        plain = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        at = re.search(r"at line (\d+)", str(error))
        raise TemplateError(f"is not valid TOML: {error}", Where(path, int(at[1]) if at else None)) from error
    for key, value in plain.items():
        _check(key, value, path)
    return Strings(path, plain, {key: _escaped(value) for key, value in plain.items()})


def _check(key: str, value: Any, path: str) -> None:
    forms = value if isinstance(value, dict) else {"other": value}
    if "other" not in forms or not all(isinstance(form, str) for form in forms.values()):
        raise TemplateError(f"`{key}` must be a text, or a table of plural forms with `other` among them", Where(path))


def _escaped(value: Words) -> Words:
    return str(escape(value)) if isinstance(value, str) else {form: str(escape(one)) for form, one in value.items()}


def translator(folder: Path) -> Callable[..., str]:
    """``t`` for this folder's templates; each file of words is read once."""
    strings = cache(lambda language: _read_strings(folder, language))

    @pass_context
    def t(context: Context, key: str, **values: Any) -> str:
        """The words of a key in the edition's language; of plural forms the one that ``count`` asks for."""
        language = spoken(context)
        return _filled(strings(language), key, values, language, context.eval_ctx.autoescape)

    return t


def _filled(strings: Strings, key: str, values: Mapping[str, Any], language: str, autoescape: bool) -> str:
    words = (strings.html if autoescape else strings.plain).get(key)
    if words is None:
        raise TemplateError(f"{strings.path} has no {key!r}{nearest(key, strings.plain)}")
    if not isinstance(words, str):
        if "count" not in values:
            raise TemplateError(f"{key!r} has plural forms; say t({key!r}, count=…)")
        words = words.get(locale(language).plural_form(values["count"])) or words["other"]
    shown = {name: _local_number(one, language) if isinstance(one, int) else one for name, one in values.items()}
    try:
        if autoescape:
            return Markup(words.format_map({name: escape(value) for name, value in shown.items()}))
        return words.format_map(shown)
    except (KeyError, ValueError, IndexError) as error:
        raise TemplateError(f"{key!r} in {strings.path} can't be filled: {error!r}") from error


@pass_context
def show_date(context: Context, value: Any, format: str = "long") -> str:
    """A date as the edition's language writes it; of a moment, the day that it is in the newsletter's time zone.

    ``format`` is full, long, medium, short or a CLDR pattern such as ``d MMMM``.
    """
    if not isinstance(value, date):
        raise TemplateError(f"date wants a date, not {value!r}")
    timezone, language = named(context, "newsletter").timezone, spoken(context)
    try:
        return _local_date(value, format, timezone, language)
    except (AttributeError, KeyError, ValueError) as error:
        raise TemplateError(f"{format!r} is no format for a date; say full, long, medium or short") from error


@pass_context
def show_number(context: Context, value: Any) -> str:
    if not isinstance(value, int | float):
        raise TemplateError(f"number wants a number, not {value!r}")
    return _local_number(value, spoken(context))


def language_name(language: str) -> str:
    """What a language calls itself, with a capital where it has any."""
    name = locale(language).get_display_name() or language
    return name[:1].upper() + name[1:]


@lru_cache(maxsize=512)
def _local_date(value: date, format: Any, timezone: str, language: str) -> str:
    from babel.dates import format_date

    if isinstance(value, datetime) and value.tzinfo:
        from zoneinfo import ZoneInfo

        value = value.astimezone(ZoneInfo(timezone))
    return format_date(value, format, locale=locale(language))


@lru_cache(maxsize=512)
def _local_number(value: float, language: str) -> str:
    from babel.numbers import format_decimal

    text: str = format_decimal(value, locale=locale(language))
    return text
