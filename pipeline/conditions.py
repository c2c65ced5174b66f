"""``plan != 'premium' and 'sleep' in topics`` -> a Condition, and which readers it holds for. Pure.

The language is a small part of Python's, so Python's own parser reads it; nothing of it is ever run. A test is one
of eight forms, so that whoever writes it in another language has no more than these to write.
"""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, islice, product
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


def every_reader(tests: Sequence[Test]) -> Iterator[dict[str, str | date | tuple[str, ...]]]:
    """Readers' values such that whatever the tests can tell apart is among them; first one of whom nothing is known.

    At most ``MOST_READERS``, which more than five or six fields together can exceed.
    """
    asked: dict[str, list[Known | Is | Compare | Has]] = {}
    for one in (atom for test in tests for atom in _atoms(test)):
        asked.setdefault(one.field, []).append(one)
    values = [_telling_values(atoms) for atoms in asked.values()]
    for row in islice(product(*values), MOST_READERS):
        yield {name: value for name, value in zip(asked, row, strict=True) if value}


MOST_READERS = 4096
ANOTHER = "…"
_MOST_ITEMS = 5


def _atoms(test: Test) -> Iterator[Known | Is | Compare | Has]:
    match test:
        case Not(inner):
            yield from _atoms(inner)
        case AllOf(tests) | AnyOf(tests):
            for one in tests:
                yield from _atoms(one)
        case _:
            yield test


def _telling_values(atoms: Sequence[Known | Is | Compare | Has]) -> list[Any]:
    """Nothing, and for one field a value for each answer that its tests can give."""
    items = list(dict.fromkeys(one.item for one in atoms if isinstance(one, Has)))
    if items:
        sizes = range(1, len(items) + 1) if len(items) <= _MOST_ITEMS else (1, len(items))
        return [(), *(chosen for size in sizes for chosen in combinations(items, size)), (ANOTHER,)]
    named = list(dict.fromkeys(one.value for one in atoms if isinstance(one, Is | Compare)))
    days = [day for day in named if isinstance(day, date)]
    around = sorted({day + timedelta(days=step) for day in days for step in (-1, 0, 1)})
    return ["", *around] if days else ["", *named, ANOTHER]


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
        name = self.field(right)
        if self.types[name] != "list":
            raise self.wrong(right, f"is no list; write {name} == '…', or {name} in ('…', '…')")
        if not isinstance(left, ast.Constant) or not isinstance(left.value, str):
            raise self.wrong(left, "is no text between quotes")
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
