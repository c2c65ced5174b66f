"""conditions.py: which readers something is for."""

from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.conditions import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Has,
    Is,
    Known,
    Not,
    column,
    fields_of,
    holds,
    is_for_nobody,
    parse,
    reader,
)
from pipeline.errors import ContentError, Where

WHERE = Where("content/editions/e.md", 7)
TYPES = {"plan": "text", "first_name": "text", "topics": "list", "joined": "date"}


def read(source):
    return parse(source, TYPES, WHERE).test


@pytest.mark.parametrize(
    ("source", "meant"),
    [
        ("plan", Known("plan")),
        ("not plan", Not(Known("plan"))),
        ("plan == 'premium'", Is("plan", "premium")),
        ("'premium' == plan", Is("plan", "premium")),
        ('plan != "premium"', Not(Is("plan", "premium"))),
        ("plan == ''", Not(Known("plan"))),
        ("plan in ('a', 'b')", AnyOf((Is("plan", "a"), Is("plan", "b")))),
        ("plan not in ['a']", Not(Is("plan", "a"))),
        ("'sleep' in topics", Has("topics", "sleep")),
        ("'sleep' not in topics", Not(Has("topics", "sleep"))),
        ("joined < '2026-01-02'", Compare("joined", "<", date(2026, 1, 2))),
        ("'2026-01-02' <= joined", Compare("joined", ">=", date(2026, 1, 2))),
        (
            "'2025-01-01' <= joined < '2026-01-01'",
            AllOf((Compare("joined", ">=", date(2025, 1, 1)), Compare("joined", "<", date(2026, 1, 1)))),
        ),
        (
            "plan != 'premium' and ('sleep' in topics or not first_name)",
            AllOf((Not(Is("plan", "premium")), AnyOf((Has("topics", "sleep"), Not(Known("first_name")))))),
        ),
    ],
)
def test_language(source, meant):
    """Comparisons, and/or/not, in, parentheses, literals and declared fields are understood."""
    assert parse(f"  {source} ", TYPES, WHERE) == Condition(source, meant)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("plann == 'x'", "plann is not a declared merge field; did you mean plan?"),
        ("plan == premium", "premium is no text between quotes"),
        ("plan = 'premium'", "can't be read from "),
        ("plan == 'premium", "can't be read"),
        ("", "can't be read"),
        ("plan == 3", "3 is no text between quotes"),
        ("topics == 'sleep'", "topics is a list; ask what it has"),
        ("topics in ('a',)", "topics is a list; ask for one after the other"),
        ("'sleep' in plan", "plan is no list"),
        ("plan in ()", "() is empty"),
        ("plan in ('premium')", "'premium' is no list; write plan == 'premium', or plan in ('premium', '…')"),
        ("'' in topics", "'' is nothing, and no list has it; write `not topics` for readers without any"),
        ("plan < 'b'", "plan is no date"),
        ("joined < 'yesterday'", "'yesterday' is no date"),
        ("plan is 'x'", "compared with `is`"),
        ("'x' == 'y'", "'y' is no field"),
        ("True", "True is no question"),
        ("plan.upper() == 'X'", "plan.upper() is no field"),
        ("__import__('os').system('id')", "is no question"),
        ("[x for x in topics]", "is no question"),
        ("(lambda: plan)()", "is no question"),
        ("f'{plan}' == 'x'", "is no field"),
        ("(" * 240 + "plan" + ")" * 240, "can't be read"),
        ("plan == '" + "x" * 500 + "'", "500 characters at most"),
        ("plan == '\0'", "can't be read"),
    ],
)
def test_refused(source, told):
    """Whatever is no question about a declared field is an error at the place where it stands."""
    try:
        parse(source, TYPES, WHERE)
    except ContentError as error:
        assert told in str(error)
        assert str(error).startswith("content/editions/e.md:7: ")
    else:
        assert not told


def test_unknown_readers():
    """Of a reader of whom nothing is known, only what denies something holds."""
    for source, known in (
        ("plan", False),
        ("plan != 'x'", True),
        ("'a' in topics", False),
        ("joined < '2999-01-01'", False),
    ):
        assert holds(read(source), {}) is known
        assert holds(read(source), {"plan": "", "topics": (), "joined": ""}) is known


values = st.fixed_dictionaries(
    {
        "plan": st.sampled_from(["", "a", "b"]),
        "first_name": st.sampled_from(["", "Ana"]),
        "topics": st.lists(st.sampled_from(["sleep", "rest"]), unique=True).map(tuple),
        "joined": st.sampled_from(["", date(2025, 6, 1), date(2026, 6, 1)]),
    }
)
questions = st.recursive(
    st.sampled_from(
        [
            "plan",
            "plan == 'a'",
            "plan != 'b'",
            "plan in ('a', 'b')",
            "'sleep' in topics",
            "'rest' not in topics",
            "first_name",
        ]
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda three: f"({' '.join(three)})"),
        inner.map(lambda one: f"not ({one})"),
    ),
    max_leaves=6,
)


@given(questions, st.lists(values, min_size=1, max_size=5))
def test_means_what_python_means(source, readers):
    """A condition holds for just the readers for whom Python would say so, one at a time and a column at a time."""
    found = read(source)
    meant = [bool(eval(source, {}, dict(reader))) for reader in readers]
    columns = {name: [reader[name] for reader in readers] for name in TYPES}
    assert column(found, columns, len(readers)) == meant == [holds(found, reader) for reader in readers]
    assert set(fields_of(found)) == {name for name in TYPES if name in source}


@given(st.lists(st.tuples(questions.map(read), st.booleans()), min_size=1, max_size=4))
def test_readers_for_whom_it_holds(asked):
    """There is a reader for whom a condition holds, or doesn't, wherever Python finds one; the first question counts
    most, and nothing is called for nobody that is for somebody."""
    (test, meant), *_ = asked
    lists = [(), ("sleep",), ("rest",), ("sleep", "rest"), ("…",)]
    somebody = any(
        holds(test, {"plan": plan, "first_name": name, "topics": topics}) is meant
        for plan, name, topics in product(["", "a", "b", "…"], ["", "Ana"], lists)
    )
    assert (holds(test, reader(asked)) is meant) is somebody
    assert is_for_nobody(test if meant else Not(test)) is not somebody


@pytest.mark.parametrize(
    ("source", "nobody"),
    [
        ("joined < '9999-12-31' and joined > '9999-12-29'", False),
        ("joined < '0001-01-01'", True),
        ("joined > '9999-12-31'", True),
        (" and ".join(f"'{item}' in topics" for item in "abcdef") + " and 'g' not in topics", False),
        ("'a' in topics and not topics", True),
        (" and ".join(["(plan or first_name)"] * 18) + " and not (plan or first_name)", False),  # too long to look
    ],
)
def test_for_nobody(source, nobody):
    """A condition that holds for nobody is found, whatever it asks for, and no other one is called so."""
    assert is_for_nobody(read(source)) is nobody
