"""A field or a condition -> how a dialect writes it, or ``None`` where it can't."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from html import escape
from urllib.parse import quote

from pipeline.conditions import AllOf, AnyOf, Compare, Has, Is, Known, Not, Sign, Test
from pipeline.esp.dialect import NONE, Conditions, Dialect, Form
from pipeline.model import FieldType
from pipeline.pieces import Context, Field

# What ends a text or a tag in one of the languages, or means something in HTML. What has none of it may stand anywhere.
_HARMFUL = re.compile(r"""["'`\\{}%|*&<>\x00-\x1f]""")
# A test that holds, or that must not.
Literal = tuple[Known | Is | Compare | Has, bool]
Clause = tuple[Literal, ...]
# What is to be shown is written once for each way to it; more ways than these nobody could look through.
MOST = 16
_SIGNS: Mapping[Sign, Sign] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def name_of(name: str, dialect: Dialect) -> str:
    """How the service calls the field; "" where it has none such."""
    return dialect.fields.get(name) or (dialect.others(name) if dialect.others else "")


def can_encode(context: Context, dialect: Dialect) -> bool:
    return context is not Context.URL_PART or context in dialect.prints


def write_field(field: Field, type: FieldType, dialect: Dialect, *, html: bool) -> str | None:
    """The tag of a field, with its fallback in it or beside it; ``None`` where the dialect has no such field, or can't
    have the fallback.

    A token needs no encoding. Where the service can't encode a part of an address, the value stands there as it is.
    """
    name = name_of(field.name, dialect)
    if not name:
        return None
    value = dialect.joins.replace("FIELD", name) if type == "list" and dialect.joins else name
    plain = _pattern(field.context, type, dialect, html=html)
    if (field.fallback or dialect.always_falls_back) and dialect.falls_back and not _HARMFUL.search(field.fallback):
        return plain.replace("VALUE", _filled(dialect.falls_back, VALUE=value, FALLBACK=field.fallback))
    if dialect.always_falls_back:
        value = _filled(dialect.falls_back, VALUE=value, FALLBACK="")
    if not field.fallback:
        return plain.replace("VALUE", value)
    fallback = defused(static(field, html=html), dialect, html=html)
    fallback = fallback and between_tags(fallback, dialect, html=html)
    if fallback is None:
        return None
    if dialect.sections:
        tag = plain.replace("VALUE", dialect.item)
        return _filled(dialect.sections, FIELD=name, TAG=tag, FALLBACK=fallback)
    return write_condition(Known(field.name), plain.replace("VALUE", value), fallback, dialect)


def static(field: Field, *, html: bool) -> str:
    """The fallback as it stands where the field is."""
    if field.context is Context.URL_PART:
        return quote(field.fallback, safe="")
    return escape(field.fallback) if html else field.fallback


def write_condition(test: Test, then: str, otherwise: str, dialect: Dialect) -> str | None:
    """``then`` for those for whom the test holds, ``otherwise`` for the others."""
    conditions = dialect.conditions
    clauses = _clauses(test, holds=True)
    if conditions is None or clauses is None:
        return None
    shown: str | None = then
    for clause in reversed(clauses):
        shown = _any_of(clause, shown, otherwise, dialect, conditions) if shown is not None else None
    return shown


def defused(text: str, dialect: Dialect, *, html: bool) -> str | None:
    """Static text in which nothing is taken for a tag; ``None`` for plain text that can't be written so."""
    if not dialect.begins.search(text):
        return text
    if not html:
        literal = dialect.literal
        return dialect.begins.sub(lambda found: literal.replace("OPEN", found[0]), text) if literal else None
    # A style sheet knows no character references, and means the same with a blank there.
    parts = re.split(r"(<style\b.*?</style>)", text, flags=re.DOTALL | re.IGNORECASE)
    styles = [dialect.begins.sub(lambda found: f"{found[0]} ", part) for part in parts[1::2]]
    others = [dialect.begins.sub(lambda found: f"&#{ord(found[0])};", part) for part in parts[::2]]
    return "".join(part for pair in zip(others, [*styles, ""], strict=True) for part in pair)


def between_tags(text: str, dialect: Dialect, *, html: bool) -> str | None:
    """What stands right between two tags: a brace beside a tag's own would make another tag of it."""
    if not dialect.begins.search("{{"):
        return text
    first = brace("}", dialect, html=html) if text.startswith("}") else ""
    last = brace("{", dialect, html=html) if text.endswith("{") else ""
    if first is None or last is None:
        return None
    return first + text[bool(first) : len(text) - bool(last)] + last


def brace(brace: str, dialect: Dialect, *, html: bool) -> str | None:
    """The brace where it stands beside a tag; ``None`` where it can't."""
    if html:
        return f"&#{ord(brace)};"
    return dialect.literal.replace("OPEN", brace) if dialect.literal.startswith("{") else None


def _pattern(context: Context, type: FieldType, dialect: Dialect, *, html: bool) -> str:
    if context is Context.URL_PART and (type == "token" or context not in dialect.prints):
        context = Context.HTML if html else Context.TEXT
    return dialect.prints[context]


def _filled(pattern: str, **parts: str) -> str:
    """The pattern with each of its words in capitals filled in, none of them in what another one stands for."""
    return re.sub("|".join(parts), lambda found: parts[found[0]], pattern)


def _clauses(test: Test, *, holds: bool) -> list[Clause] | None:
    """The test as clauses that must all hold, each of them of literals of which one is enough (conjunctive normal
    form), so that no language needs brackets; ``None`` where that gets out of hand."""
    match test:
        case Not(inner):
            return _clauses(inner, holds=not holds)
        case AllOf(tests) | AnyOf(tests):
            parts = [_clauses(one, holds=holds) for one in tests]
            if isinstance(test, AllOf) is holds:
                found = [clause for part in parts for clause in part or ()]
            else:
                found = [()]
                for part in parts:
                    found = [(*one, *other) for one in found for other in part or ()][: MOST + 1]
            too_many = None in parts or sum(len(clause) for clause in found) > MOST
            return None if too_many else found
        case _:
            return [((test, holds),)]


def _any_of(clause: Clause, then: str, otherwise: str, dialect: Dialect, conditions: Conditions) -> str | None:
    """``then`` where one of the literals holds."""
    forms = [_form(literal, dialect, conditions) for literal, _ in clause]
    if not all(positive for positive, _ in forms):
        return None
    words = [form[not holds] for form, (_, holds) in zip(forms, clause, strict=True)]
    if conditions.either and all(words):
        return _branch(conditions.either.join(words), then, otherwise, conditions)
    shown = otherwise
    for (_, holds), form, word in reversed(list(zip(clause, forms, words, strict=True))):
        # Where the language can't say that a test must not hold, the branches change places.
        branches = (then, shown) if word or holds else (shown, then)
        shown = _branch(word or form[0], *branches, conditions)
    return shown


def _branch(test: str, then: str, otherwise: str, conditions: Conditions) -> str:
    opens = conditions.opens.replace("TEST", test)
    closes = conditions.closes.replace("WORD", test.split()[0])
    return f"{opens}{then}{conditions.otherwise if otherwise else ''}{otherwise}{closes}"


def _form(test: Known | Is | Compare | Has, dialect: Dialect, conditions: Conditions) -> Form:
    """The test in the dialect's words, and that it must not hold."""
    name = name_of(test.field, dialect)
    form, parts = NONE, {"FIELD": name}
    match test:
        case Known():
            form = conditions.known
        case Has(_, item):
            form, parts = conditions.has, {**parts, "ITEM": item}
        case Is(_, value) if not isinstance(value, date):
            form, parts = conditions.equals, {**parts, "ITEM": value}
        case Is(_, value):
            form, parts = conditions.compares, {**parts, "SIGN": "==", "DATE": str(value)}
        case Compare(_, sign, value):
            form, parts = conditions.compares, {**parts, "SIGN": sign, "DATE": value.isoformat()}
    if not name or _HARMFUL.search(parts.get("ITEM", "")):
        return NONE
    return (_filled(form[0], **parts), _filled(form[1], **parts))
