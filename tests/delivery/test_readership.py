"""``pipeline messages --audience``: made for those who may have the edition, judged when the command is given."""

from __future__ import annotations

import json
import mailbox
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.audience.consent import Consent
from pipeline.audience.store import Store
from pipeline.audience.subscriber import Preferences
from pipeline.cli import audience
from pipeline.delivery.readership import before
from tests import folders
from tests.test_messages import NEWSLETTER, parsed

Run = Callable[..., tuple[int, str, str]]
NOW = datetime.now(UTC)
BY_COMMAND = Consent("unsubscribed", NOW, "command")
LIST = """\
email,name,status,topics
ana@example.com,Ana Bo,subscribed,sleep
omer@example.com,Ömer,subscribed,focus
gone@example.com,Gina,unsubscribed,sleep
dead@example.com,Dora,bounced,sleep
"""


@pytest.fixture
def readers(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Iterator[Store]]:
    """A list of two who may have an edition; of the others one has left, one bounces, one hasn't confirmed."""
    for name in ("DATABASE_URL", "SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    folders.make(tmp_path, {"content/newsletter.toml": NEWSLETTER})
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    assert run("subscribers", "import", "list.csv", "--consent", "Asked on the blog")[0] == 0
    with audience.opened(tmp_path) as store:
        store.ask("new@example.com", "Nia", Preferences(), Consent("asked", NOW, "form"), NOW)
    return lambda: audience.opened(tmp_path)  # type: ignore[return-value]


def to(folder: Path) -> list[str]:
    """Who has a message there."""
    mails = (parsed(path.read_bytes()) for path in folder.glob("*/*.eml"))
    return sorted(mail["To"].addresses[0].addr_spec for mail in mails)


def test_messages_are_for_those_who_may_have_one(run, tmp_path, readers):
    """Nobody unconfirmed, unsubscribed or suppressed gets one, and each has the reader's own link and name."""
    assert run("messages", "breathe", "--audience", "confirmed", "--to", "out")[0] == 0
    assert to(tmp_path / "out") == ["ana@example.com", "omer@example.com"]
    mails = [parsed(path.read_bytes()) for path in (tmp_path / "out").glob("*/*.eml")]
    ana = next(mail for mail in mails if mail["To"].addresses[0].username == "ana")
    assert "Hello Ana," in ana.get_body(("plain",)).get_content()
    with readers() as store:
        assert store.by_address("ana@example.com").token in ana["List-Unsubscribe"].replace("\n ", "")


def test_whoever_leaves_before_the_command_gets_none(run, tmp_path, readers):
    with readers() as store:
        store.unsubscribe(store.by_address("ana@example.com").id, BY_COMMAND, NOW)
    run("messages", "breathe", "--audience", "confirmed", "--to", "out")
    assert to(tmp_path / "out") == ["omer@example.com"]


def test_made_twice_is_made_once(run, tmp_path, readers):
    """That the first run has noted the edition for each reader doesn't make the second one another send-out."""
    run("messages", "breathe", "--audience", "confirmed", "--to", "out")
    code, out, _ = run("messages", "breathe", "--audience", "confirmed", "--to", "out")
    assert (code, out) == (0, "2 messages of breathe to out: there already\n")


def test_another_audience_is_another_send_out_and_force_takes_the_message_of_whoever_left(run, tmp_path, readers):
    run("messages", "breathe", "--audience", "confirmed", "--to", "out")
    with readers() as store:
        store.unsubscribe(store.by_address("ana@example.com").id, BY_COMMAND, NOW)
    code, _, err = run("messages", "breathe", "--audience", "confirmed", "--to", "out")
    assert (code, "another send-out" in err) == (73, True)
    assert run("messages", "breathe", "--audience", "confirmed", "--to", "out", "--force")[0] == 0
    assert to(tmp_path / "out") == ["omer@example.com"]


def test_it_is_noted_for_whom_an_edition_was_made(run, tmp_path, readers):
    """So that a monthly reader doesn't get the next one too; for nobody where the messages go nowhere."""
    run("messages", "breathe", "--audience", "confirmed", "--to", "/dev/null")
    with readers() as store:
        assert store.by_address("ana@example.com").last_edition == ""
    run("messages", "breathe", "--audience", "'sleep' in topics", "--to", "out")
    with readers() as store:
        assert store.by_address("ana@example.com").last_edition == "breathe"
        assert store.by_address("omer@example.com").last_edition == ""


def test_an_edition_that_doesnt_fit_a_rhythm_isnt_made(run, tmp_path, readers):
    with readers() as store:
        ana = store.by_address("ana@example.com")
        store.change(ana.id, Preferences(rhythm="monthly"), "Ana", Consent("changed", NOW, "link"), NOW)
        omer = store.by_address("omer@example.com")
        later = (NOW + timedelta(days=9)).date()
        store.change(omer.id, Preferences(paused_until=later), "Ömer", Consent("changed", NOW, "link"), NOW)
    second = folders.EDITION.replace("Breathe a little", "A second breath")
    folders.make(tmp_path, {"content/newsletter.toml": NEWSLETTER, "content/editions/second.md": second})
    run("messages", "breathe", "--audience", "confirmed", "--to", "out")
    assert to(tmp_path / "out") == ["ana@example.com"]
    assert run("messages", "second", "--audience", "confirmed", "--to", "next")[0] == 0
    assert to(tmp_path / "next") == []


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_break_ends_with_a_day_of_the_newsletters(run, tmp_path, readers, zone):
    """Whatever day it is elsewhere."""
    today = datetime.now(ZoneInfo(zone)).date()
    newsletter = NEWSLETTER.replace('timezone = "Europe/Berlin"', f'timezone = "{zone}"')
    folders.make(tmp_path, {"content/newsletter.toml": newsletter})
    with readers() as store:
        for name, day in (("ana", today), ("omer", today + timedelta(days=1))):
            number = store.by_address(f"{name}@example.com").id
            store.change(number, Preferences(paused_until=day), "", Consent("changed", NOW, "link"), NOW)
    run("messages", "breathe", "--audience", "confirmed", "--to", "out")
    assert to(tmp_path / "out") == ["ana@example.com"]


def test_a_segment_is_a_condition(run, tmp_path, readers):
    run("messages", "breathe", "--audience", "confirmed and 'focus' in topics", "--to", "out")
    assert to(tmp_path / "out") == ["omer@example.com"]


def test_not_confirmed_is_nobody(run, tmp_path, readers):
    run("messages", "breathe", "--audience", "not confirmed", "--to", "out")
    assert to(tmp_path / "out") == []


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((), 2, "--recipients"),
        (("--audience", "confirmed", "--recipients", "list.csv"), 2, "--recipients"),
        (("--audience", "confirmed", "--ignore", "mood"), 2, "--ignore"),
        (("--audience", "confirmd"), 65, "did you mean confirmed?"),
        (("--audience", "confirmed and"), 65, "--audience"),
    ],
)
def test_wrong_segments_are_told(run, readers, arguments, code, told):
    found, _, err = run("messages", "breathe", *arguments, "--to", "out")
    assert (found, told in err) == (code, True)


def test_the_snapshot_is_removed(run, tmp_path, readers, monkeypatch):
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spool))
    run("messages", "breathe", "--audience", "confirmed", "--to", "out")
    assert list(spool.glob("recipients.*")) == []


def test_tracks_of_this_edition_may_be_sent_again_with_it():
    assert before("breathe", ("breathe rain", "older waves")) == ("waves",)


WISHES = """
[merge_fields.mood]
[merge_fields.kinds]
type = "list"
[merge_fields.minutes]
[merge_fields.sent]
type = "list"
"""
WITH_TRACKS = folders.EDITION.replace(
    "  - lead: box-breathing", "  - lead: box-breathing\n  - tracks: {for: reader, limit: 1}"
)


def test_the_next_edition_has_another_track(run, tmp_path, readers):
    """What a message had is noted, and made again it has the same."""
    second = WITH_TRACKS.replace("Breathe a little", "A second breath").replace("2026-11-24", "2026-12-24")
    files = {"content/editions/breathe.md": WITH_TRACKS, "content/editions/second.md": second}
    folders.make(tmp_path, {"content/newsletter.toml": NEWSLETTER + WISHES, **files})
    tracks = []
    for edition in ("breathe", "breathe", "second"):
        assert run("messages", edition, "--audience", "confirmed", "--to", f"{edition}.mbox")[0] == 0
        with readers() as store:
            tracks.append(store.by_address("ana@example.com").sent)
    assert tracks[0] == tracks[1]
    (first,), (again, another) = tracks[1:]
    assert first == again
    assert first.split()[0] == "breathe"
    assert another.split()[0] == "second"
    assert first.split()[1] != another.split()[1]


def test_what_was_missed_is_what_has_not_been_seen(run, tmp_path, readers):
    """A reader who gets few digests is shown what came out meanwhile, and not what the last one had."""
    fields = "[merge_fields.topics]\ntype = 'list'\n[merge_fields.seen]\ntype = 'list'\n[merge_fields.rhythm]\n"
    old = folders.ARTICLE.replace("Box breathing", "Older").replace("2026-11-20", "2026-11-10")
    missed = folders.EDITION.replace("lead: box-breathing", "lead: newest\n  - missed: {limit: 1}")
    files = {
        "content/newsletter.toml": NEWSLETTER + fields,
        "content/articles/older.md": old,
        "content/articles/newest.md": folders.ARTICLE.replace("Box breathing", "Newest"),
        "content/editions/breathe.md": folders.EDITION.replace("2026-11-24", "2026-11-21"),
        "content/editions/second.md": missed.replace("2026-11-24", "2026-12-01"),
    }
    folders.make(tmp_path, files)
    with readers() as store:
        ana = store.by_address("ana@example.com")
        store.change(ana.id, Preferences(rhythm="weekly"), "Ana", Consent("changed", NOW, "link"), NOW)
    for edition in ("breathe", "second", "second"):
        assert run("messages", edition, "--audience", "confirmed", "--to", f"{edition}.mbox", "--force")[0] == 0
        found = message_of(tmp_path / f"{edition}.mbox", "ana@example.com")
        assert ("Older" in found, "Box breathing" in found) == (
            (False, True) if edition == "breathe" else (True, False)
        )


@pytest.mark.slow
def test_the_sample_digest_keeps_what_monthly_readers_are_promised(run, tmp_path, readers):
    """One digest in four weeks, with the best of what the others had; who gets each one isn't shown that again."""
    sample = tmp_path / "sample"
    shutil.copytree(folders.REPOSITORY / "content", sample / "content")
    (sample / "templates").symlink_to(folders.REPOSITORY / "templates")
    with audience.opened(sample) as store:
        for name, rhythm in (("ana", "monthly"), ("omer", "each")):
            wishes, said = Preferences(rhythm=rhythm), Consent("asked", NOW, "form")
            asked = store.ask(f"{name}@example.com", name, wishes, said, NOW).subscriber
            store.confirm(asked.id, Consent("confirmed", NOW, "link"), NOW)
    made = {}
    for day in ("2026-10-26", "2026-11-02", "2026-11-09", "2026-11-16", "2026-11-23"):
        there, edition = ("--project", "sample"), f"weekly-{day}"
        assert run("build", "--due", "--now", f"{day}T09:00:00+01:00", *there)[0] == 0
        assert run("messages", edition, "--audience", "confirmed", "--to", f"{edition}.mbox", *there)[0] == 0
        with closing(mailbox.mbox(tmp_path / f"{edition}.mbox")) as messages:
            made[day] = {parseaddr(one["To"])[1].partition("@")[0] for one in messages}
    assert [day for day, who in made.items() if "ana" in who] == ["2026-10-26", "2026-11-23"]
    assert all("omer" in who for who in made.values())
    ana, omer = (message_of(tmp_path / "weekly-2026-11-23.mbox", f"{name}@example.com") for name in ("ana", "omer"))
    missed = ("Box breathing in four minutes", "Why ten minutes of morning light", "A body scan before bed")
    assert ("While you were away" in ana, "While you were away" in omer) == (True, False)
    assert [(title in ana, title in omer) for title in missed] == [(True, False)] * 3


def message_of(mbox, address):
    """The text of the message to this address."""
    with closing(mailbox.mbox(mbox)) as messages:
        (found,) = (one for one in messages if address in one["To"])
        return found.get_payload()[0].get_payload(decode=True).decode()


def test_json_tells_of_the_audience_as_of_any_recipients(run, readers):
    told = json.loads(run("messages", "breathe", "--audience", "confirmed", "--to", "out", "--json")[1])
    assert (told["messages"], told["rejected"], told["errors"]) == (2, 0, [])
