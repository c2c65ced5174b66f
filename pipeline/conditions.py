"""``plan != 'premium' and 'sleep' in topics`` -> a Condition, and which readers it holds for. Pure.

The language is a small part of Python's, so Python's own parser reads it; nothing of it is ever run. A test is one
of eight forms, so that whoever writes it in another language has no more than these to write.
"""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Any, Literal

from pipeline.errors import ContentError, Where, nearest

Sign = Literal["<", "<=", ">", ">="]
LONGEST = 500


@dataclass(frozen=True, slots=True)
class Known:
    """The reader has a value for the field."""

    field: str


@dataclass(frozen=True, slots=True)
class Is:
    """The value is this one."""

    field: str
    value: str | date


@dataclass(frozen=True, slots=True)
class Compare:
    """The date is before or after this one; never so for a reader without a date."""

    field: str
    sign: Sign
    value: date


@dataclass(frozen=True, slots=True)
class Has:
    """The list has this item."""

    field: str
    item: str


@dataclass(frozen=True, slots=True)
class Not:
    test: Test


@dataclass(frozen=True, slots=True)
class AllOf:
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    tests: tuple[Test, ...]


Test = Known | Is | Compare | Has | Not | AllOf | AnyOf


@dataclass(frozen=True, slots=True)
class Condition:
    """Which readers something is for: as it was written, and as it is worked out."""

    source: str
    test: Test


def parse(source: str, types: Mapping[str, str], where: Where) -> Condition:
    """The condition that the source says; ``types`` are those of the declared fields.

    Raises a ContentError for what isn't of the language, for a field that isn't declared, and for a question that
    can't be asked of a field of its type.
    """
    if len(source) > LONGEST:
        raise ContentError(f"a condition has {LONGEST} characters at most, and this has {len(source)}", where)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python warns of what is refused here anyway
            tree = ast.parse(source.strip(), mode="eval")
        return Condition(" ".join(source.split()), _Reader(source, types, where).test(tree.body))
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        told = f" from {_rest(error)!r} on" if isinstance(error, SyntaxError) and _rest(error) else ""
        raise ContentError(f"the condition {source!r} can't be read{told}; write it as {EXAMPLE}", where) from error


EXAMPLE = "plan != 'premium' and 'sleep' in topics"


def _rest(error: SyntaxError) -> str:
    return (error.text or "")[max(0, (error.offset or 1) - 1) :].strip()[:20]


def fields_of(test: Test) -> tuple[str, ...]:
    """The fields that the test asks for, each once, in order."""
    match test:
        case Not(inner):
            return fields_of(inner)
        case AllOf(tests) | AnyOf(tests):
            return tuple(dict.fromkeys(name for one in tests for name in fields_of(one)))
        case _:
            return (test.field,)


def reader(asked: Iterable[tuple[Test, bool]]) -> dict[str, Any]:
    """Values of one reader for whom as many of the tests hold as are to hold, and don't as aren't, the first ones
    before the others."""
    known: _Way = ()
    for test, meant in asked:
        known = next(filter(None, islice(_ways(test, meant, known), MOST_WAYS)), known)
    fields = dict.fromkeys(atom.field for atom, _ in known)
    return {name: value for name in fields if (value := _value(name, known))}


def is_for_nobody(test: Test) -> bool:
    """Whether no reader's values make the test hold. One that there are too many ways to look for isn't called so."""
    looked = 0
    for way in islice(_ways(test, True, ()), MOST_WAYS):
        if way:
            return False
        looked += 1
    return looked < MOST_WAYS


MOST_WAYS = 1000
ANOTHER = "…"
# What is known of a reader: which atoms hold, and which don't.
_Way = tuple[tuple["Known | Is | Compare | Has", bool], ...]


def _ways(test: Test, meant: bool, known: _Way) -> Iterator[_Way | None]:
    """Each way to make the test hold, or not, for a reader of whom so much is known; ``None`` for each that is none,
    so that whoever asks can tire of it."""
    match test:
        case Not(inner):
            yield from _ways(inner, not meant, known)
        case AllOf(tests) | AnyOf(tests) if isinstance(test, AnyOf) is meant:
            for one in tests:
                yield from _ways(one, meant, known)
        case AllOf(tests) | AnyOf(tests):
            first, *others = tests
            for way in _ways(first, meant, known):
                yield from _ways(replace(test, tests=tuple(others)), meant, way) if way and others else (way,)
        case _:
            more = known if (test, meant) in known else (*known, (test, meant))
            yield more if more is known or _value(test.field, more) is not None else None


def _value(field: str, known: _Way) -> Any:
    """A value of the field for which its atoms hold and don't as they are to; ``None`` where there is none."""
    atoms = [(atom, meant) for atom, meant in known if atom.field == field]
    fits = (value for value in _values(atoms) if all(holds(atom, {field: value}) is meant for atom, meant in atoms))
    return next(fits, None)


def _values(atoms: Sequence[tuple[Known | Is | Compare | Has, bool]]) -> list[Any]:
    """Nothing, and for one field a value for each answer that its atoms can give together."""
    if any(isinstance(atom, Has) for atom, _ in atoms):
        items = tuple(atom.item for atom, meant in atoms if isinstance(atom, Has) and meant)
        return [(), items, (ANOTHER,)]
    named = [atom.value for atom, _ in atoms if isinstance(atom, Is | Compare)]
    days = {one.toordinal() + step for one in named if isinstance(one, date) for step in (-1, 0, 1)}
    around = [date.fromordinal(one) for one in sorted(days) if 0 < one <= date.max.toordinal()]
    return ["", *around] if around else ["", *named, ANOTHER]


def holds(test: Test, values: Mapping[str, Any]) -> bool:
    """Whether the test holds for a reader with these values."""
    return column(test, {name: (value,) for name, value in values.items()}, 1)[0]


def column(test: Test, columns: Mapping[str, Sequence[Any]], size: int) -> list[bool]:
    """For which of so many readers the test holds, their values given by field; one that isn't there, nobody has."""
    match test:
        case Not(inner):
            return [not one for one in column(inner, columns, size)]
        case AllOf(tests):
            return [all(row) for row in zip(*(column(one, columns, size) for one in tests), strict=True)]
        case AnyOf(tests):
            return [any(row) for row in zip(*(column(one, columns, size) for one in tests), strict=True)]
    values = columns.get(test.field)
    if values is None:
        return [False] * size
    match test:
        case Known():
            return [bool(value) for value in values]
        case Is(_, wanted):
            return [value == wanted for value in values]
        case Has(_, item):
            return [item in value for value in values]
        case Compare(_, sign, than):
            compare = _COMPARE[sign]
            return [bool(value) and compare(value, than) for value in values]


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SIGNS: Mapping[type[ast.cmpop], Sign] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_MIRRORED: Mapping[Sign, Sign] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class _Reader:
    """Python's syntax tree of a condition -> its test."""

    source: str
    types: Mapping[str, str]
    where: Where

    def test(self, node: ast.expr) -> Test:
        match node:
            case ast.BoolOp(op, values):
                tests = tuple(self.test(value) for value in values)
                return AllOf(tests) if isinstance(op, ast.And) else AnyOf(tests)
            case ast.UnaryOp(ast.Not(), operand):
                return Not(self.test(operand))
            case ast.Compare(left, signs, others):
                sides = [left, *others]
                found = tuple(self.compared(*three) for three in zip(sides, signs, others, strict=False))
                return found[0] if len(found) == 1 else AllOf(found)
            case ast.Name():
                return Known(self.field(node))
        raise self.wrong(node, "is no question; compare a field, or ask with `in`")

    def compared(self, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> Test:
        match sign:
            case ast.In():
                return self.among(left, right)
            case ast.NotIn():
                return Not(self.among(left, right))
            case ast.Is() | ast.IsNot():
                raise self.wrong(left, "is compared with `is`; write == or !=")
        mirrored = isinstance(left, ast.Constant)
        if mirrored:
            left, right = right, left
        name = self.field(left)
        if self.types[name] == "list":
            raise self.wrong(left, f"is a list; ask what it has: 'sleep' in {name}")
        value = self.value(right, name)
        match sign:
            case ast.Eq():
                return Is(name, value) if value else Not(Known(name))
            case ast.NotEq():
                return Not(Is(name, value)) if value else Known(name)
        if not isinstance(value, date):
            raise self.wrong(left, "is no date, and only dates come before or after one another")
        ordered = _SIGNS[type(sign)]
        return Compare(name, _MIRRORED[ordered] if mirrored else ordered, value)

    def among(self, left: ast.expr, right: ast.expr) -> Test:
        """``'sleep' in topics``, or ``plan in ('premium', 'team')``."""
        if isinstance(right, ast.Tuple | ast.List):
            name = self.field(left)
            if self.types[name] == "list":
                raise self.wrong(left, f"is a list; ask for one after the other: 'sleep' in {name} or 'rest' in {name}")
            tests = tuple(Is(name, self.value(one, name)) for one in right.elts)
            if not tests:
                raise self.wrong(right, "is empty, so nobody is meant")
            return tests[0] if len(tests) == 1 else AnyOf(tests)
        if isinstance(left, ast.Name) and isinstance(right, ast.Constant):
            item, name = ast.unparse(right), self.field(left)
            raise self.wrong(right, f"is no list; write {name} == {item}, or {name} in ({item}, '…')")
        name = self.field(right)
        if self.types[name] != "list":
            raise self.wrong(right, f"is no list; write {name} == '…', or {name} in ('…', '…')")
        if not isinstance(left, ast.Constant) or not isinstance(left.value, str):
            raise self.wrong(left, "is no text between quotes")
        if not left.value.strip():
            raise self.wrong(left, f"is nothing, and no list has it; write `not {name}` for readers without any")
        return Has(name, " ".join(left.value.split()))

    def field(self, node: ast.expr) -> str:
        if not isinstance(node, ast.Name):
            raise self.wrong(node, "is no field; one side of a comparison is a field's name")
        if node.id not in self.types:
            raise self.wrong(
                node,
                f"is not a declared merge field{nearest(node.id, self.types)} "
                f"(declare it under [merge_fields.{node.id}] in content/newsletter.toml; texts stand between quotes)",
            )
        return node.id

    def value(self, node: ast.expr, name: str) -> str | date:
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            raise self.wrong(node, f"is no text between quotes; {name} is compared with one")
        text = " ".join(node.value.split())
        if self.types[name] != "date" or not text:
            return text
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise self.wrong(node, f"is no date; {name} is one: '2026-11-24'") from None

    def wrong(self, node: ast.AST, message: str) -> ContentError:
        part = ast.get_source_segment(self.source.strip(), node) or self.source
        return ContentError(f"in the condition {self.source!r}, {part} {message}", self.where)
