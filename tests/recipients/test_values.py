"""Cells become values of their field's type, or say why not."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.recipients.values import clean

DAY = date(2026, 11, 23)

GOOD = [
    ("text", "  Ann \t Lee\r\nSmith\u00a0", "Ann Lee Smith"),
    ("text", "Zoë", "Zoë"),
    ("text", "👩‍👩‍👧", "👩‍👩‍👧"),
    ("text", "a | b", "a | b"),
    ("text", None, ""),
    ("text", False, "false"),
    ("token", " aZ09-._~ ", "aZ09-._~"),
    ("token", "", ""),
    ("url", " https://example.com/a?b=c ", "https://example.com/a?b=c"),
    ("url", "mailto:ann@example.com", "mailto:ann@example.com"),
    ("url", "", ""),
    ("date", " 2026-11-23 ", DAY),
    ("date", "2026-11-23T08:00:00+01:00", DAY),
    ("date", "2026-11-23 08:00", DAY),
    ("date", "", ""),
    ("list", "sleep; deep  rest|stress,,calm", ("sleep", "deep rest", "stress", "calm")),
    ("list", '"sleep","stress"', ("sleep", "stress")),
    ("list", ["sleep, deep", " ", None, "12"], ("sleep, deep", "12")),
    ("list", "", ()),
    ("list", None, ()),
]

BROKEN = [
    ("text", "a\x00b", "holds the control character U+0000"),
    ("text", "a\x85b", "holds the control character U+0085"),
    ("text", "a\u2028b", "holds the control character U+2028"),
    ("text", "a\ud800b", "holds the control character U+D800"),
    ("text", ["a"], "a single value is needed, not a list"),
    ("token", "a b", "'a b' is no token"),
    ("token", "é", "'é' is no token"),
    ("token", "a\ud800", "is no token"),
    ("url", "javascript:alert(1)", "is no address of a page"),
    ("url", "https://example.com/a b", "is no address of a page"),
    ("url", "example.com", "is no address of a page"),
    ("date", "23.11.2026", "'23.11.2026' is no date; write it as 2026-11-23"),
    ("date", "2026-02-30", "is no date"),
    ("date", "20261123", "is no date"),
    ("date", {"day": 1}, "not an object"),
    ("list", "a\x1bb", "U+001B"),
    ("list", ["a", ["b"]], "not a list"),
]


@pytest.mark.parametrize(("kind", "cell", "value"), GOOD)
def test_good(kind, cell, value):
    """A cell that is one of the type becomes its value, alone or among others."""
    assert clean("field", kind, [cell]) == ([value], {})
    assert clean("field", kind, ["", cell, "\u00a0"])[0][1] == value


@pytest.mark.parametrize(("kind", "cell", "reason"), BROKEN)
def test_broken(kind, cell, reason):
    """A cell that isn't says so, and the cells beside it are untouched."""
    values, wrong = clean("field", kind, ["", cell, ""])
    assert list(wrong) == [1] and wrong[1].startswith("field: ") and reason in wrong[1]
    assert [values[0], values[2]] == clean("field", kind, ["", ""])[0]


@given(st.lists(st.text()), st.sampled_from(["text", "url", "token", "date", "list"]))
def test_columns(cells, kind):
    """A column is cleaned as its cells are, and to clean what is clean changes nothing."""
    values, wrong = clean("field", kind, cells)
    singly = [clean("field", kind, [cell]) for cell in cells]
    assert list(values) == [value for (value,), _ in singly]
    assert wrong == {index: one[0] for index, (_, one) in enumerate(singly) if one}
    if kind in ("text", "url", "token"):
        good = [value for index, value in enumerate(values) if index not in wrong]
        assert clean("field", kind, good) == (good, {})
