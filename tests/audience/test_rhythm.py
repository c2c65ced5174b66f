"""Rhythms: which editions are for whom, in Python and in SQL alike."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.audience.rhythm import RHYTHMS, fits
from pipeline.audience.store import FIELDS
from pipeline.audience.subscriber import NewReader, Preferences
from tests.audience.saying import NOW, readers, said


@pytest.mark.parametrize(
    ("rhythm", "days", "expected"),
    [
        ("each", 0, True),
        ("weekly", 1, False),
        ("weekly", 6, False),
        ("weekly", 6.5, True),
        ("weekly", 7, True),
        ("weekly", -7, False),
        ("monthly", 14, False),
        ("monthly", 26.9, False),
        ("monthly", 27, True),
        ("monthly", 28, True),
    ],
)
def test_the_next_edition(rhythm, days, expected):
    """Who had an edition gets the next one after about a week or a month, and none that is older than that."""
    assert fits(rhythm, "before", NOW, "now", NOW + timedelta(days=days)) == expected


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_the_first_and_the_same(rhythm):
    """The first edition fits everybody, and so does the last one again."""
    assert fits(rhythm, "", None, "now", NOW)
    assert fits(rhythm, "now", NOW, "now", NOW)


def test_sql_agrees(store):
    """The store's audience is exactly those whom ``fits`` says it is for."""
    days = [-30, -7, -0.1, 0, 0.1, 6, 6.4999, 6.5, 6.6, 26.9, 27, 40, None]
    people = {
        f"{rhythm}-{number}-{edition}@example.com": (rhythm, edition, day)
        for rhythm in RHYTHMS
        for number, day in enumerate(days)
        for edition in ("now", "before")
    }
    rows = [NewReader(address, preferences=Preferences(rhythm=told[0])) for address, told in people.items()]
    list(store.import_rows([rows], said("imported", "import"), NOW))
    for address, (_, edition, day) in people.items():
        if day is not None:
            store.note_made([address], edition, NOW - timedelta(days=day))
    expected = {
        address
        for address, (rhythm, edition, day) in people.items()
        if fits(rhythm, edition, None if day is None else NOW - timedelta(days=day), "now", NOW)
    }
    assert set(readers(store, "now")) == expected
    assert 0 < len(expected) < len(people)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=5)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=6))
def test_sequences_agree(store, days):
    """Edition after edition, a weekly reader gets those that ``fits`` says, in the database too."""
    address = f"r{sum(1 for _ in store.subscribers())}@example.com"
    list(store.import_rows([[NewReader(address, preferences=Preferences(rhythm="weekly"))]], said("imported"), NOW))
    last, last_date = "", None
    for number, day in enumerate(days):
        date = NOW + timedelta(days=day)
        found = address in readers(store, str(number), date)
        assert found == fits("weekly", last, last_date, str(number), date)
        if found:
            store.note_made([address], str(number), date)
            last, last_date = str(number), date


def test_fields_are_those_that_choices_ask_for():
    """What personal blocks and tracks ask of a reader is among what the list knows."""
    assert {"token", "topics", "mood", "kinds", "minutes", "sent", "first_name"} <= set(FIELDS)
