"""A column of cells -> values of a field's type, cleaned, and the reason against each cell that can't be one.

Columns are looked at as a whole first, by functions that are loops in C; cell by cell only where that finds something.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import TypeVar

from pipeline.merge_fields import LEADS
from pipeline.model import FieldType, Value
from pipeline.recipients.addresses import addresses
from pipeline.recipients.block import Raw
from pipeline.recipients.header import EMAIL

# Cc but for tab and newlines, which are blanks here; the line separators, which no mail has; halves of surrogate pairs.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TOKEN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.~-"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].+)?")
_BETWEEN = re.compile("[;|,]")

Cleaned = tuple[Sequence[Value], dict[int, str]]
V = TypeVar("V")


def clean(name: str, kind: FieldType, cells: Sequence[Raw]) -> Cleaned:
    """The values of the field's cells, and by index the reason against each that isn't one."""
    if name == EMAIL:
        return _emails(cells)
    values, wrong = _CLEANERS[kind](cells)
    return values, {index: f"{name}: {reason}" for index, reason in wrong.items()}


def as_text(cell: Raw) -> str:
    """The cell as people write it. Raises a ValueError for what is no single value."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    raise ValueError(f"a single value is needed, not {'a list' if isinstance(cell, list) else 'an object'}")


def texts(cells: Sequence[Raw]) -> tuple[Sequence[str], dict[int, str]]:
    """The cells as they are, as text."""
    return (cells, {}) if set(map(type, cells)) <= {str} else _each(as_text, cells, "")


def _emails(cells: Sequence[Raw]) -> Cleaned:
    found, wrong = texts(cells)
    emails, broken = addresses(found)
    return emails, broken | {index: f"broken address: {reason}" for index, reason in wrong.items()}


def _text(cells: Sequence[Raw]) -> tuple[Sequence[str], dict[int, str]]:
    found, wrong = texts(cells)
    joined = "|" + "|".join(found) + "|"
    if joined.isprintable() and "  " not in joined and " |" not in joined and "| " not in joined:
        return found, wrong
    if not CONTROL.search(joined):
        return [" ".join(text.split()) for text in found], wrong
    tidy, broken = _each(_tidy, found, "")
    return tidy, broken | wrong


def _token(cells: Sequence[Raw]) -> Cleaned:
    found, wrong = texts(cells)
    joined = "".join(found)
    if joined.isascii() and not joined.encode().translate(None, _TOKEN):
        return found, wrong
    tokens, broken = _each(_as_token, found, "")
    return tokens, broken | wrong


def _url(cells: Sequence[Raw]) -> Cleaned:
    found, wrong = _text(cells)
    broken = {
        index: f"{text[:60]!r} is no address of a page; it begins with https://, mailto:, tel: or sms:, without blanks"
        for index, text in enumerate(found)
        if text and (" " in text or not LEADS.match(text))
    }
    return found, broken | wrong


def _date(cells: Sequence[Raw]) -> Cleaned:
    return _each(_as_date, cells, "")


def _list(cells: Sequence[Raw]) -> Cleaned:
    return _each(_as_list, cells, ())


_CLEANERS: dict[FieldType, Callable[[Sequence[Raw]], Cleaned]] = {
    "text": _text,
    "url": _url,
    "token": _token,
    "date": _date,
    "list": _list,
}


def _each(turn: Callable[[Raw], V], cells: Sequence[Raw], empty: V) -> tuple[list[V], dict[int, str]]:
    values, wrong = [], {}
    for index, cell in enumerate(cells):
        try:
            values.append(turn(cell))
        except ValueError as error:
            values.append(empty)
            wrong[index] = str(error)
    return values, wrong


def _tidy(text: str) -> str:
    if found := CONTROL.search(text):
        raise ValueError(f"holds the control character U+{ord(found[0]):04X}")
    return " ".join(text.split())


def _as_token(text: str) -> str:
    text = text.strip()
    if not text.isascii() or text.encode().translate(None, _TOKEN):
        raise ValueError(f"{text[:60]!r} is no token; it has letters without accents, digits, and - . _ ~ only")
    return text


def _as_date(cell: Raw) -> date | str:
    return _read_date(as_text(cell))


@lru_cache(maxsize=4096)
def _read_date(text: str) -> date | str:
    text = text.strip()
    if not text:
        return ""
    try:
        if _DATE.fullmatch(text):
            return datetime.fromisoformat(text).date()
    except ValueError:
        pass
    raise ValueError(f"{text[:60]!r} is no date; write it as 2026-11-23")


def _as_list(cell: Raw) -> tuple[str, ...]:
    if isinstance(cell, list):
        return tuple(filter(None, (_tidy(as_text(item)) for item in cell)))
    return _read_list(as_text(cell))


@lru_cache(maxsize=4096)
def _read_list(text: str) -> tuple[str, ...]:
    """The items of a cell; Mailchimp has its tags in quotation marks."""
    items = (item.strip().strip('"').strip() for item in _BETWEEN.split(_tidy(text)))
    return tuple(filter(None, items))
