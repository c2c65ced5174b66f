"""Exports of lists are read as their services mean them, and nobody gets mail whom an export doesn't say it of."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.audience.exports import csv_lines
from pipeline.audience.imports import Export, Refused, Row, open_export
from pipeline.audience.services import standing_of
from pipeline.audience.subscriber import NewReader, Preferences, Subscriber, Withdrawal
from pipeline.errors import ContentError
from pipeline.recipients.addresses import RESERVED

EXPORTS = Path(__file__).parent / "exports"
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def read(path: Path) -> tuple[Export, dict[str, NewReader | Withdrawal], list[Refused]]:
    """The export, its people by address, and those that can't be taken."""
    with open_export(str(path)) as export:
        rows: list[Row] = []
        refused: list[Refused] = []
        for found, others in export.read(2):
            rows += found
            refused += others
    return export, {row.told.address: row.told for row in rows}, refused


def reader(path: Path, address: str) -> NewReader:
    found = read(path)[1][address]
    assert isinstance(found, NewReader)
    return found


def standings(path: Path) -> dict[str, str]:
    return {
        address: told.reason if isinstance(told, Withdrawal) else "confirmed" for address, told in read(path)[1].items()
    }


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize(
    ("file", "service", "expected"),
    [
        ("subscribed_members_export_1a2b3c.csv", "Mailchimp", {"anna": "confirmed", "ben": "confirmed"}),
        ("unsubscribed_members_export_1a2b3c.csv", "Mailchimp", {"gone": "unsubscribed", "cross": "complaint"}),
        ("cleaned_members_export_1a2b3c.csv", "Mailchimp", {"dead": "bounce"}),
        ("nonsubscribed_members_export_1a2b3c.csv", "Mailchimp", {}),
        ("listmonk.csv", "listmonk", {"anna": "confirmed", "ben": "confirmed", "blocked": "manual"}),
        ("ghost.csv", "Ghost", {"anna": "confirmed", "quiet": "unsubscribed"}),
        (
            "buttondown.csv",
            "Buttondown",
            {
                "anna": "confirmed",
                "paying": "confirmed",
                "gone": "unsubscribed",
                "dead": "bounce",
                "odd": "manual",
            },
        ),
        (
            "plain.csv",
            "plain",
            {"anna": "confirmed", "ben": "confirmed", "gone": "unsubscribed", "dead": "bounce", "angry": "complaint"},
        ),
    ],
)
def test_each_service_is_known_by_its_columns_and_its_states_are_understood(
    file: str, service: str, expected: dict[str, str]
) -> None:
    assert read(EXPORTS / file)[0].service.name == service
    assert standings(EXPORTS / file) == {f"{name}@example.com": standing for name, standing in expected.items()}


def test_what_an_export_knows_of_a_consent_is_kept() -> None:
    anna = reader(EXPORTS / "subscribed_members_export_1a2b3c.csv", "anna@example.com")
    assert anna.name == "Anna Müller"
    assert anna.preferences == Preferences(topics=("sleep", "focus"))
    assert anna.asked == datetime(2018, 10, 11, 9, 55, 14, tzinfo=UTC)
    assert anna.confirmed == datetime(2018, 10, 11, 9, 58, 1, tzinfo=UTC)
    assert anna.ip == "192.0.2.8"
    assert anna.evidence == "optin_time 2018-10-11 09:55:14, confirm_time 2018-10-11 09:58:01"


def test_where_people_signed_up_from_is_an_address_or_nothing(tmp_path: Path) -> None:
    cells = ["192.0.2.8", "2001:db8::1", "Berlin", "1.2.3.4.5", "x" * 3000]
    rows = "".join(f"r{number}@example.com,{cell}\n" for number, cell in enumerate(cells))
    file = str(written(tmp_path / "list.csv", "email,ip\n" + rows))
    for keeps_ips, expected in ((True, ["192.0.2.8", "2001:db8::1", "", "", ""]), (False, [""] * 5)):
        with open_export(file, keeps_ips=keeps_ips) as export:
            found = [row.told for rows, _ in export.read() for row in rows]
        assert [one.ip for one in found if isinstance(one, NewReader)] == expected


@pytest.mark.parametrize(
    ("file", "asked"),
    [
        ("listmonk.csv", datetime(2021, 2, 1, 10, 0, 0, 123456, tzinfo=UTC)),
        ("ghost.csv", datetime(2021, 7, 16, 15, 20, 35, tzinfo=UTC)),
        ("buttondown.csv", datetime(2023, 4, 5, 6, 7, 8, 123456, tzinfo=UTC)),
        ("plain.csv", datetime(2020, 1, 2, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_each_service_writes_them(file: str, asked: datetime) -> None:
    assert reader(EXPORTS / file, "anna@example.com").asked == asked


def test_a_time_with_a_zone_is_taken_in_utc() -> None:
    assert reader(EXPORTS / "listmonk.csv", "ben@example.com").asked == datetime(2021, 2, 1, 10, tzinfo=UTC)


def test_a_time_that_cant_be_read_stays_in_the_record_as_it_stands_there() -> None:
    ben = reader(EXPORTS / "plain.csv", "ben@example.com")
    assert (ben.asked, ben.evidence) == (None, "created 2.1.2020")


def test_tags_labels_and_topics_are_topics_and_languages_are_tags() -> None:
    for file in ("ghost.csv", "buttondown.csv", "plain.csv"):
        assert reader(EXPORTS / file, "anna@example.com").preferences.topics == ("sleep", "focus")
    assert reader(EXPORTS / "plain.csv", "anna@example.com").preferences.language == "de-DE"
    assert reader(EXPORTS / "plain.csv", "ben@example.com").preferences.language == ""


def test_who_left_is_noted_with_the_time() -> None:
    gone = read(EXPORTS / "unsubscribed_members_export_1a2b3c.csv")[1]["gone@example.com"]
    assert isinstance(gone, Withdrawal)
    assert gone.at == datetime(2020, 3, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (
            "subscribed_members_export_1a2b3c.csv",
            [
                (4, "broken.example.com", "An email address must have an @-sign"),
                (5, "ANNA@example.com", "duplicate: an earlier row has this address"),
            ],
        ),
        ("nonsubscribed_members_export_1a2b3c.csv", [(2, "buyer@example.com", "never asked for mail")]),
        ("listmonk.csv", [(4, "off@example.com", "'disabled': isn't written to there any more")]),
        ("ghost.csv", [(4, "left@example.com", "'deleted': isn't written to there any more")]),
        ("buttondown.csv", [(4, "waiting@example.com", "hasn't confirmed there")]),
        (
            "plain.csv",
            [(7, "new@example.com", "hasn't confirmed there"), (8, "who@example.com", "'perhaps' is no state")],
        ),
    ],
)
def test_who_cant_be_taken_is_told_with_line_and_reason(file: str, expected: list[tuple[int, str, str]]) -> None:
    refused = read(EXPORTS / file)[2]
    assert [(one.line, one.address) for one in refused] == [(line, address) for line, address, _ in expected]
    for one, (_, _, reason) in zip(refused, expected, strict=True):
        assert reason in one.reason


def test_who_stands_there_twice_and_has_left_in_one_row_has_left(tmp_path: Path) -> None:
    path = written(tmp_path / "list.csv", "email,status\na@example.com,subscribed\nA@example.com,unsubscribed\n")
    assert standings(path) == {"a@example.com": "confirmed", "A@example.com": "unsubscribed"}


def test_who_has_left_in_a_guarded_row_that_is_wrong_has_left(tmp_path: Path) -> None:
    """The apostrophe is our own export's, not the address's."""
    text = "email,status,rhythm\n'+ann@example.com,unsubscribed,each,more\n"
    assert standings(written(tmp_path / "own.csv", text)) == {"+ann@example.com": "unsubscribed"}


@pytest.mark.parametrize("name", ["blog-unsubscribed_members_export_1.csv", "Nonsubscribed_members_export (2).csv"])
def test_a_file_that_was_given_another_beginning_still_says_whom_it_has(tmp_path: Path, name: str) -> None:
    """Taken for subscribers, they would get mail that they have never asked for."""
    found = standings(written(tmp_path / name, "Email Address,LEID,EUID\nann@example.com,1,2\n"))
    assert found == ({"ann@example.com": "unsubscribed"} if "unsub" in name else {})


def test_the_record_holds_times_and_no_addresses(tmp_path: Path) -> None:
    """What was written into a column of times by mistake would stay in it for ever."""
    text = f"email,created\nann@example.com,ann@example.com\nbob@example.com,{'2020' * 99}\n"
    _, found, _ = read(written(tmp_path / "list.csv", text))
    ann, bob = found.values()
    assert ann.evidence == "" and len(bob.evidence) < 80


def test_who_has_left_in_a_row_that_is_wrong_has_left(tmp_path: Path) -> None:
    path = written(tmp_path / "list.csv", "email,name,status\na@example.com,A\x01nna,complained\n")
    assert standings(path) == {"a@example.com": "complaint"}


def test_nobody_is_confirmed_whom_a_column_of_confirmations_says_no_of(tmp_path: Path) -> None:
    path = written(tmp_path / "list.csv", "email,confirmed\na@example.com,false\nb@example.com,2020-01-02\n")
    assert standings(path) == {"b@example.com": "confirmed"}


def test_without_a_column_of_states_the_consent_that_is_given_is_for_all(tmp_path: Path) -> None:
    assert standings(written(tmp_path / "list.csv", "email\na@example.com\n")) == {"a@example.com": "confirmed"}


def test_domains_that_no_mail_goes_to_are_refused(tmp_path: Path) -> None:
    """Who has left there has left all the same."""
    path = written(tmp_path / "a.csv", "email,status\na@test,subscribed\nb@x.LOCAL,subscribed\nc@x.test,unsubscribed\n")
    _, people, refused = read(path)
    assert [(one.line, one.address, one.reason) for one in refused] == [
        (2, "a@test", RESERVED),
        (3, "b@x.LOCAL", RESERVED),
    ]
    assert [*people] == ["c@x.test"]


# The words that mean that somebody gets mail; of Buttondown, who pays or has paid too.
CONFIRMED = ["subscribed", "confirmed", "active", "enabled", "true", "yes", "1", "regular", "premium", "trialed"]
CONFIRMED += ["unpaid", "gifted", "churning", "churned", "paused", "past_due"]


@given(
    said=st.text(max_size=20)
    | st.sampled_from(["un", "not ", "non-", "no "]).flatmap(
        lambda one: st.sampled_from([one + word for word in CONFIRMED])
    )
)
def test_an_unknown_state_confirms_nobody(said: str) -> None:
    if standing_of(said) == "confirmed":
        assert said.strip().casefold().replace("-", "_").replace(" ", "_") in CONFIRMED


def test_a_file_in_latin_1_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("email,name\na@example.com,Anna\nb@example.com,Jürgen\n".encode("latin-1"))
    with pytest.raises(ContentError, match=r"list\.csv:3: is not UTF-8; it seems to be Latin-1"):
        open_export(str(path))


def test_a_file_without_addresses_is_refused_with_its_columns(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="no column brings the address"):
        open_export(str(written(tmp_path / "list.csv", "name,town\nAnna,Berlin\n")))


ADDRESSES = st.from_regex(r"[a-z0-9=+'-]{1,12}@example\.com", fullmatch=True)


@given(
    addresses=st.lists(ADDRESSES, min_size=1, max_size=5, unique_by=str.lower),
    name=st.text(st.characters(exclude_categories=["C", "Z"]), max_size=20),
    topics=st.lists(st.sampled_from(["sleep", "focus", "calm", "=1", "'=1", "''@x"]), unique=True).map(tuple),
)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_our_own_export_is_read_as_it_was_written(
    addresses: list[str], name: str, topics: tuple[str, ...], tmp_path: Path
) -> None:
    wishes = Preferences(topics, "calm", ("music",), "10", "weekly", NOW.date(), "pt-BR")
    people = [
        Subscriber(number, address, name, "confirmed", wishes, "token", NOW, NOW)
        for number, address in enumerate(addresses, 1)
    ]
    path = written(tmp_path / "own.csv", "".join(csv_lines((one, False) for one in people)))
    _, found, refused = read(path)
    assert not refused
    assert list(found) == addresses
    assert {(one.name, one.preferences, one.asked) for one in found.values() if isinstance(one, NewReader)} == {
        (name, wishes, NOW)
    }
