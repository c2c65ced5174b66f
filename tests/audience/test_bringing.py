"""Another list comes in: whoever has left it has left this one, on each database, and nobody is brought back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from pipeline.audience.bringing import Part, bring_in
from pipeline.audience.imports import open_export
from pipeline.audience.store import Store
from pipeline.audience.subscriber import NewReader, Withdrawal
from tests.audience.saying import DAY, NOW, confirmed, pending, readers, said

IMPORTED = said("imported", "import", ip="")
EXPORTS = Path(__file__).parent / "exports"


def withdrawn(store: Store, reason: str = "unsubscribed", at: datetime | None = None) -> bool:
    (news,) = store.withdraw_rows([Withdrawal("ann@example.com", reason, at)], IMPORTED, NOW)  # type: ignore[arg-type]
    return news


def brought(store: Store, file: Path, *, dry_run: bool = False) -> Part:
    """What became of all of the file."""
    with open_export(str(file)) as export:
        parts = list(bring_in(export, store, "Asked on the blog", NOW, dry_run=dry_run, size=2))
    taken, joined, left = (sum(getattr(part, name) for part in parts) for name in ("taken", "joined", "left"))
    return Part(taken, joined, left, tuple(one for part in parts for one in part.refused))


def test_who_has_left_there_leaves_here(store):
    """And what waits for them doesn't go out; it is news once."""
    ann = confirmed(store)
    assert withdrawn(store, at=NOW + DAY)
    assert not withdrawn(store)
    found = store.by_id(ann.id)
    assert (found.state, found.unsubscribed) == ("unsubscribed", NOW)
    assert readers(store) == [] and store.claim(NOW, 10) == []
    assert [one.consent.what for one in store.consents_of(ann.id)] == ["asked", "confirmed", "unsubscribed"]
    assert store.verify() is None


def test_a_stranger_who_has_left_there_isnt_brought_back_by_another_export(store):
    """They can sign up themselves."""
    assert withdrawn(store)
    assert list(store.import_rows([[NewReader("Ann@example.com")]], IMPORTED, NOW)) == [["unsubscribed"]]
    assert confirmed(store).state == "confirmed"
    assert readers(store) == ["ann@example.com"]


@pytest.mark.parametrize("again", ["unsubscribed", "complaint"])
def test_who_stands_there_twice_leaves_once(store, again):
    """A stranger and a subscriber alike: the record tells it once, and of the person by their number."""
    ann = confirmed(store)
    both = ("bob@example.com", "ann@example.com")
    rows = [Withdrawal(one, reason) for reason in ("unsubscribed", again) for one in both]  # type: ignore[arg-type]
    news = again != "unsubscribed"
    assert store.withdraw_rows(rows, IMPORTED, NOW) == [True, True, news, news]
    assert readers(store) == [] and store.counts()["unsubscribed"] == 2
    told = [one.subscriber for one in store.consents() if one.consent.what in ("unsubscribed", "suppressed")]
    assert told == [ann.id + 1, ann.id] * (1 + news)
    assert store.verify() is None


def test_an_export_that_has_the_unsubscribed_twice(store, tmp_path):
    """Is brought in all the same."""
    file = tmp_path / "list.csv"
    file.write_text("email,status\nann@example.com,unsubscribed\nAnn@example.com,unsubscribed\n")
    with open_export(str(file)) as export:
        (part,) = bring_in(export, store, "Asked on the blog", NOW)
    assert (part.taken, part.joined, part.left, len(part.refused)) == (0, 0, 1, 1)


def test_who_has_confirmed_here_since_stays(store):
    """Where the export doesn't tell when they left, they have left."""
    confirmed(store)
    assert not withdrawn(store, at=NOW - DAY)
    assert readers(store) == ["ann@example.com"]
    assert withdrawn(store)
    assert readers(store) == []


@pytest.mark.parametrize("reason", ["bounce", "complaint", "manual"])
def test_who_cant_be_written_to_there_is_suppressed(store, reason):
    ann = pending(store)
    assert withdrawn(store, reason)
    assert not withdrawn(store, "unsubscribed")
    assert store.counts() == {"pending": 1, "confirmed": 0, "unsubscribed": 0, f"suppressed: {reason}": 1}
    assert store.confirm(ann.id, said("confirmed"), NOW) is None
    assert store.claim(NOW, 10) == []
    assert store.verify() is None


def test_an_export_is_brought_in(store):
    """A part at a time; a second time it changes nothing."""
    first = brought(store, EXPORTS / "buttondown.csv")
    assert (first.taken, first.joined, first.left) == (2, 0, 3)
    assert [(one.line, one.address) for one in first.refused] == [(4, "waiting@example.com")]
    again = brought(store, EXPORTS / "buttondown.csv")
    assert (again.taken, again.joined, again.left, again.refused) == (0, 2, 0, first.refused)
    assert store.verify() is None


def test_a_dry_run_tells_and_changes_nothing(store):
    dry = brought(store, EXPORTS / "buttondown.csv", dry_run=True)
    assert sum(store.counts().values()) == 0 and not list(store.consents())
    assert dry == brought(store, EXPORTS / "buttondown.csv")


def test_the_record_of_each_consent_has_what_the_export_tells(store):
    brought(store, EXPORTS / "subscribed_members_export_1a2b3c.csv")
    (entry,) = store.consents_of(store.by_address("anna@example.com").id)
    told = entry.consent
    assert (told.what, told.how, told.form, told.wording, told.ip) == (
        "imported",
        "import",
        "Mailchimp",
        "Asked on the blog",
        "192.0.2.8",
    )
    assert told.version == "optin_time 2018-10-11 09:55:14, confirm_time 2018-10-11 09:58:01"
