"""Exports hold what is held, and no cell of theirs is a formula."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime
from io import StringIO

from hypothesis import given
from hypothesis import strategies as st

from pipeline.audience.consent import FIRST, Consent, entry
from pipeline.audience.exports import COLUMNS, FORMULAS, csv_lines, guarded, json_lines, person, unguarded
from pipeline.audience.services import standing_of
from pipeline.audience.subscriber import Preferences, Subscriber

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
ANNA = Subscriber(
    7,
    "anna@example.com",
    "Anna Müller",
    "confirmed",
    Preferences(("sleep", "focus"), "calm", ("music",), "10", "weekly", date(2027, 1, 1), "de"),
    "the-token",
    NOW,
    NOW,
    last_edition="better-sleep",
    last_edition_date=NOW,
    sent=("rain", "waves"),
)


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text, newline="")))


def test_csv_has_a_header_and_a_line_for_each() -> None:
    header, anna = cells("".join(csv_lines([(ANNA, False)])))
    assert tuple(header) == COLUMNS
    assert dict(zip(header, anna, strict=True)) == {
        "email": "anna@example.com",
        "name": "Anna Müller",
        "status": "confirmed",
        "topics": "sleep;focus",
        "mood": "calm",
        "kinds": "music",
        "minutes": "10",
        "rhythm": "weekly",
        "paused_until": "2027-01-01",
        "language": "de",
        "created": "2026-11-23T08:00:00+00:00",
        "confirmed": "2026-11-23T08:00:00+00:00",
        "unsubscribed": "",
        "last_edition": "better-sleep",
    }


def test_json_lines_have_the_same() -> None:
    (line,) = json_lines([(ANNA, False)])
    told = json.loads(line)
    assert tuple(told) == COLUMNS
    assert (told["topics"], told["unsubscribed"]) == (["sleep", "focus"], "")


def test_whoever_is_suppressed_is_told_as_that() -> None:
    """So that no other program takes a confirmed reader whose mails bounce for one who may be written to."""
    (line,) = json_lines([(ANNA, True)])
    assert json.loads(line)["status"] == "suppressed"
    assert standing_of("suppressed") == "manual"


def test_a_token_is_nobody_elses() -> None:
    assert "the-token" not in "".join(
        [*csv_lines([(ANNA, False)]), *json_lines([(ANNA, False)]), json.dumps(person(ANNA, [], suppressed=False))]
    )


@given(
    name=st.text(max_size=30), topics=st.lists(st.text(max_size=8), max_size=3).map(tuple), mood=st.text(max_size=30)
)
def test_no_cell_begins_like_a_formula(name: str, topics: tuple[str, ...], mood: str) -> None:
    one = Subscriber(1, "=a@example.com", name, "pending", Preferences(topics, mood), "", NOW, None)
    for row in cells("".join(csv_lines([(one, False)]))):
        assert not [cell for cell in row if cell.startswith(FORMULAS)]


@given(cell=st.text(st.sampled_from("'=+-@\t\r;ab")))
def test_what_was_guarded_is_had_again(cell: str) -> None:
    """Where decimals have a comma, a semicolon begins another cell in a spreadsheet."""
    assert not [part for part in guarded(cell).split(";") if part.startswith(FORMULAS)]
    assert unguarded(guarded(cell)) == cell


def test_a_persons_data_is_all_that_is_held() -> None:
    asked = Consent("asked", NOW, "form", "footer", "2", "Yes, write to me.", "192.0.2.7", "en")
    consents = [entry(3, 7, "ab", asked, "n", FIRST)]
    told = json.loads(json.dumps(person(ANNA, consents, suppressed=False)))
    assert told["email"] == "anna@example.com"
    assert told["mood"] == "calm"
    assert told["made"] == {
        "last_edition": "better-sleep",
        "last_edition_date": "2026-11-23T08:00:00+00:00",
        "tracks_sent": ["rain", "waves"],
    }
    assert told["consents"] == [
        {
            "number": 3,
            "what": "asked",
            "at": "2026-11-23T08:00:00+00:00",
            "how": "form",
            "form": "footer",
            "version": "2",
            "wording": "Yes, write to me.",
            "language": "en",
            "ip": "192.0.2.7",
        }
    ]
