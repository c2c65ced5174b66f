"""The rules that need no store: who gets a mail, whom an import takes, what text can be kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audience.subscriber import LONGEST, MOST, Preferences, asks_for_mail, import_verdict, line, tidied
from tests.audience.saying import DAY, NOW


@pytest.mark.parametrize(
    ("state", "hours", "expected"),
    [
        ("confirmed", None, False),
        ("confirmed", 99, False),
        ("pending", 0, False),
        ("pending", 23.9, False),
        ("pending", 24, True),
        ("pending", -1, True),  # by a clock that was wrong
        ("unsubscribed", None, True),
        ("unsubscribed", 1, False),
    ],
)
def test_one_mail_in_24_hours(state, hours, expected):
    """A sign-up makes a mail go out to whoever isn't confirmed, and wasn't written to in the last 24 hours."""
    mailed = None if hours is None else NOW - timedelta(hours=hours)
    assert asks_for_mail(state, mailed, NOW) == expected


@pytest.mark.parametrize(
    ("state", "has_left", "is_suppressed", "expected"),
    [
        (None, False, False, "taken"),
        ("pending", False, False, "taken"),
        ("confirmed", False, False, "joined"),
        ("unsubscribed", True, False, "unsubscribed"),
        ("pending", True, False, "unsubscribed"),
        (None, False, True, "suppressed"),
        ("confirmed", False, True, "suppressed"),
        ("unsubscribed", True, True, "suppressed"),
    ],
)
def test_imports(state, has_left, is_suppressed, expected):
    """An import takes nobody who is suppressed, or has left and not confirmed again."""
    assert import_verdict(state, has_left, is_suppressed) == expected


@given(st.text())
def test_lines(text):
    """Any text becomes a line that can be written as UTF-8, and that stays as it is from then on."""
    found = line(text)
    assert found == line(found) == " ".join(found.split())
    assert len(found) <= LONGEST
    assert "\0" not in found
    assert "\n" not in found
    found.encode()


def test_preferences():
    """Items are lines, each there once, not too many; an unknown rhythm is that of everybody."""
    wish = Preferences(("a\nb", "a b", "", "c"), kinds=tuple(map(str, range(99))), rhythm="hourly")
    found = tidied(wish)
    assert found.topics == ("a b", "c")
    assert len(found.kinds) == MOST
    assert found.rhythm == "each"
    assert tidied(Preferences(paused_until=NOW.date() + DAY)).paused_until == NOW.date() + DAY
