"""A language (BCP 47) -> which of several texts is in it, which way it is written, how dates are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pipeline.model import Direction

if TYPE_CHECKING:
    from babel import Locale

RIGHT_TO_LEFT = ("ar", "arc", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi")


def direction(language: str) -> Direction:
    return "rtl" if primary(language) in RIGHT_TO_LEFT else "ltr"


def in_language(texts: Mapping[str, str], language: str) -> str:
    """The text in this language: of ``pt-BR`` where there is such, else of ``pt``; empty where there is neither."""
    return texts.get(language) or texts.get(primary(language)) or ""


def primary(language: str) -> str:
    """The primary subtag: ``pt`` of ``pt-BR``."""
    return language.replace("_", "-").split("-")[0].lower()


def long_date(day: date, language: str) -> str:
    """The day as the language writes it, with the month's name; as 2026-11-23 where the language isn't known."""
    from babel import UnknownLocaleError  # few runs write a date
    from babel.dates import format_date

    try:
        return format_date(day, "long", locale=locale(language))
    except (UnknownLocaleError, ValueError):
        return day.isoformat()


def long_moment(moment: datetime, timezone: str, language: str) -> str:
    """The day and the time as the language writes them, by the clock of this time zone, which is named."""
    from babel import UnknownLocaleError
    from babel.dates import format_time, get_datetime_format, get_timezone_gmt

    local = moment.astimezone(ZoneInfo(timezone))
    try:
        known = locale(language)
    except (UnknownLocaleError, ValueError):
        return local.isoformat(" ", "minutes")
    time = f"{format_time(local, 'short', locale=known)} ({get_timezone_gmt(local, locale=known)})"
    pattern = str(get_datetime_format("long", locale=known))
    return pattern.replace("'", "").replace("{0}", time).replace("{1}", long_date(local, language))


@cache
def locale(language: str) -> Locale:
    """The locale of a language: of ``pt-BR`` where there is such, else of ``pt``. Raises babel's error for neither."""
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(language.split("-")[0])
