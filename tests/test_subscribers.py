"""``pipeline subscribers``: the list is looked at, filled, handed out, and people are taken off it."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.audience import bringing
from pipeline.audience.consent import Consent
from pipeline.audience.subscriber import NewReader, Preferences
from pipeline.cli.audience import opened
from tests import folders
from tests.test_cron import without_privilege

Run = Callable[..., tuple[int, str, str]]
EXPORTS = Path(__file__).parent / "audience" / "exports"
NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
CONSENT = ("--consent", "Asked on the old blog, double opt-in")


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine's own are."""
    for name in ("DATABASE_URL", "SECRET_KEY", "PUBLIC_URL", "SMTP_URL"):
        monkeypatch.delenv(name, raising=False)


def counts(run: Run) -> dict[str, int]:
    found: dict[str, int] = json.loads(run("subscribers", "--json")[1])
    return {name: count for name, count in found.items() if count}


def listed(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def refused(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def person(run: Run, address: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(run("subscribers", "show", address, "--json")[1])
    return found


def test_at_first_there_is_nobody(run: Run) -> None:
    code, out, _ = run("subscribers")
    assert code == 0
    assert [line.split() for line in out.splitlines()] == [["pending", "0"], ["confirmed", "0"], ["unsubscribed", "0"]]


def test_an_import_takes_joins_and_refuses_and_tells_of_it(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("subscribers", "import", str(EXPORTS / "subscribed_members_export_1a2b3c.csv"), *CONSENT)
    assert code == 3
    assert "an export of Mailchimp" in out
    told = json.loads(run("subscribers", "import", str(EXPORTS / "plain.csv"), *CONSENT, "--json")[1])
    assert (told["taken"], told["joined"], told["left"], told["refused"]) == (0, 2, 3, 2)
    assert counts(run) == {"confirmed": 2, "unsubscribed": 1, "suppressed: bounce": 1, "suppressed: complaint": 1}
    assert [(one["line"], one["email"]) for one in refused(tmp_path / "refused.csv")] == [
        ("7", "new@example.com"),
        ("8", "who@example.com"),
    ]


def test_a_joined_subscriber_stays_as_they_are(run: Run, tmp_path: Path) -> None:
    run("subscribers", "import", listed(tmp_path / "a.csv", "email,name,topics\na@example.com,Anna,sleep\n"), *CONSENT)
    run("subscribers", "import", listed(tmp_path / "b.csv", "email,name,topics\nA@example.com,Bea,focus\n"), *CONSENT)
    found = person(run, "a@example.com")
    assert (found["email"], found["name"], found["topics"]) == ("a@example.com", "Anna", ["sleep"])


def test_the_record_of_a_consent_has_the_source_and_what_the_export_knows(run: Run) -> None:
    run("subscribers", "import", str(EXPORTS / "subscribed_members_export_1a2b3c.csv"), *CONSENT)
    found = person(run, "anna@example.com")
    (said,) = found["consents"]  # type: ignore[misc,attr-defined]
    assert said["what"] == "imported"
    assert said["form"] == "Mailchimp"
    assert said["wording"] == "Asked on the old blog, double opt-in"
    assert said["version"] == "optin_time 2018-10-11 09:55:14, confirm_time 2018-10-11 09:58:01"
    assert said["ip"] == "192.0.2.8"
    assert str(found["created"]).startswith("2018-10-11T09:55:14")
    assert str(found["confirmed"]).startswith("2018-10-11T09:58:01")


def test_nobody_is_imported_without_a_source_of_their_consent(run: Run) -> None:
    path = str(EXPORTS / "plain.csv")
    assert run("subscribers", "import", path)[0] == 2
    assert run("subscribers", "import", path, "--consent", " ")[0] == 2
    assert counts(run) == {}


def test_a_source_of_consents_is_text(run: Run, tmp_path: Path) -> None:
    """Bytes that are none reach a command as half characters, which no database takes."""
    code, _, err = run(
        "subscribers", "import", listed(tmp_path / "a.csv", "email\na@example.com\n"), "--consent", "\udcff"
    )
    assert code == 2 and "encoding" in err
    assert not counts(run)


def test_json_may_be_asked_for_before_the_command(run: Run, tmp_path: Path) -> None:
    run("subscribers", "import", listed(tmp_path / "a.csv", "email\na@example.com\n"), *CONSENT)
    assert json.loads(run("subscribers", "--json", "list")[1])["email"] == "a@example.com"
    assert json.loads(run("subscribers", "--json", "verify")[1])["whole"]


def test_a_dry_run_changes_nothing_and_tells_the_same(run: Run, tmp_path: Path) -> None:
    path = str(EXPORTS / "buttondown.csv")
    dry = json.loads(run("subscribers", "import", path, *CONSENT, "--dry-run", "--json")[1])
    assert counts(run) == {}
    done = json.loads(run("subscribers", "import", path, *CONSENT, "--json")[1])
    assert dry.pop("dry_run") is True
    assert done.pop("dry_run") is False
    assert dry == done


def test_who_has_left_or_is_suppressed_stays_so_whatever_is_imported(run: Run, tmp_path: Path) -> None:
    run("subscribers", "import", str(EXPORTS / "plain.csv"), *CONSENT)
    run("subscribers", "forget", "ben@example.com", "--yes")
    again = listed(
        tmp_path / "again.csv",
        "email,status\nGONE@example.com,subscribed\ndead@example.com,subscribed\nben@example.com,subscribed\n",
    )
    code, _, _ = run("subscribers", "import", again, *CONSENT)
    assert code == 3
    assert counts(run)["confirmed"] == 1
    reasons = {one["email"]: one["reason"] for one in refused(tmp_path / "refused.csv")}
    assert "only they themselves can come back" in reasons["GONE@example.com"]
    assert "is suppressed" in reasons["dead@example.com"]
    assert "is suppressed" in reasons["ben@example.com"]


@pytest.mark.parametrize("rows", ["subscribed,unsubscribed", "unsubscribed,subscribed"])
def test_who_has_left_in_one_row_of_two_gets_nothing(run: Run, tmp_path: Path, rows: str) -> None:
    first, second = rows.split(",")
    run(
        "subscribers",
        "import",
        listed(tmp_path / "a.csv", f"email,status\na@example.com,{first}\na@example.com,{second}\n"),
        *CONSENT,
    )
    assert counts(run) == {"unsubscribed": 1}


def test_who_left_there_later_leaves_here(run: Run, tmp_path: Path) -> None:
    run("subscribers", "import", listed(tmp_path / "a.csv", "email\ngone@example.com\n"), *CONSENT)
    run("subscribers", "import", str(EXPORTS / "unsubscribed_members_export_1a2b3c.csv"), *CONSENT)
    assert counts(run) == {"unsubscribed": 1, "suppressed: complaint": 1}


def test_a_file_that_cant_be_read_is_told_with_its_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes("email,name\na@example.com,Jürgen\n".encode("latin-1"))
    code, _, err = run("subscribers", "import", "list.csv", *CONSENT)
    assert (code, counts(run)) == (65, {})
    assert "list.csv:2: is not UTF-8" in err


def test_a_file_of_refused_rows_that_cant_be_written_stops_an_import_before_it_begins(run: Run, tmp_path: Path) -> None:
    path = listed(tmp_path / "a.csv", "email\na@example.com\nnobody\n")
    code, _, err = run("subscribers", "import", path, *CONSENT, "--refused", "away/refused.csv")
    assert (code, err) == (73, "error: away/refused.csv: can't be written: No such file or directory\n")
    assert counts(run) == {}
    (tmp_path / "refused.csv").write_text("earlier ones")
    run("subscribers", "import", listed(tmp_path / "b.csv", "email\nb@example.com\n"), *CONSENT)
    assert (tmp_path / "refused.csv").read_text() == "earlier ones"
    run("subscribers", "import", str(tmp_path / "b.csv"), *CONSENT, "--refused", "new.csv")
    assert not (tmp_path / "new.csv").exists()


def test_columns_that_mean_the_same_are_told_with_what_can_be_done(run: Run, tmp_path: Path) -> None:
    code, _, err = run("subscribers", "import", listed(tmp_path / "a.csv", "email,E-Mail\na@example.com,b\n"), *CONSENT)
    assert (code, counts(run)) == (65, {})
    assert "both bring email; rename one, or take it out" in err


def test_an_import_is_of_a_file(run: Run) -> None:
    code, _, err = run("subscribers", "import", "postgresql://me:hush@host/list", *CONSENT)
    assert (code, err) == (65, "error: an import takes a file, and this is an address\n")


@pytest.mark.parametrize(("more", "told"), [((), "1 are taken"), (("--dry-run",), "stopped; nothing is changed\n")])
def test_an_import_that_is_stopped_tells_what_it_has_done(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...], told: str
) -> None:
    def parts(*arguments: object, **named: object) -> Iterator[bringing.Part]:
        yield bringing.Part(1, 0, 0, ())
        raise KeyboardInterrupt

    monkeypatch.setattr(bringing, "bring_in", parts)
    code, _, err = run("subscribers", "import", listed(tmp_path / "a.csv", "email\na@example.com\n"), *CONSENT, *more)
    assert (code, told in err) == (130, True)
    assert not more or "taken" not in err


def test_refused_rows_are_for_ones_own_eyes(run: Run, tmp_path: Path) -> None:
    run("subscribers", "import", str(EXPORTS / "ghost.csv"), *CONSENT)
    assert (tmp_path / "refused.csv").stat().st_mode & 0o077 == 0


def test_the_list_is_told_by_state(run: Run) -> None:
    run("subscribers", "import", str(EXPORTS / "ghost.csv"), *CONSENT)
    out = run("subscribers", "list", "--state", "unsubscribed")[1]
    assert out.split()[:2] == ["quiet@example.com", "unsubscribed"]
    lines = run("subscribers", "list", "--json")[1].splitlines()
    assert [json.loads(line)["email"] for line in lines] == ["anna@example.com", "quiet@example.com"]


def test_one_person_is_shown_with_what_they_said(run: Run) -> None:
    run("subscribers", "import", str(EXPORTS / "ghost.csv"), *CONSENT)
    code, out, _ = run("subscribers", "show", "Anna@Example.com")
    assert code == 0
    assert "sleep, focus" in out
    assert "imported by import (Ghost" in out
    assert "“Asked on the old blog, double opt-in”" in out


def test_nobody_is_told_as_nobody(run: Run) -> None:
    assert run("subscribers", "show", "nobody@example.com")[0] == 65
    code, _, err = run("subscribers", "show", "nobody")
    assert (code, "is no address" in err) == (2, True)


def test_a_suppressed_address_is_told_as_such(run: Run) -> None:
    assert run("subscribers", "suppress", "a@example.com", "--reason", "manual")[1] == (
        "a@example.com is suppressed (manual)\n"
    )
    assert "already" in run("subscribers", "suppress", "A@example.com", "--reason", "bounce")[1]
    told = f"it is suppressed (manual) since {datetime.now(UTC):%Y-%m-%d}"
    assert told in run("subscribers", "show", "a@example.com")[2]
    assert counts(run) == {"suppressed: manual": 1}


def test_what_was_suppressed_by_mistake_is_lifted(run: Run, tmp_path: Path) -> None:
    run("subscribers", "import", listed(tmp_path / "a.csv", "email\na@example.com\n"), *CONSENT)
    for address, on_the_list in (("a@example.com", "on the list it is confirmed"), ("b@example.com", "nobody")):
        run("subscribers", "suppress", address, "--reason", "manual")
        assert (
            f"{address} is suppressed no longer; {on_the_list}" in run("subscribers", "suppress", address, "--lift")[1]
        )
        assert run("subscribers", "suppress", address, "--lift")[:2] == (0, f"{address} wasn't suppressed\n")
    assert counts(run) == {"confirmed": 1}
    assert [one["what"] for one in person(run, "a@example.com")["consents"]] == ["imported", "suppressed", "lifted"]  # type: ignore[attr-defined]
    run("subscribers", "forget", "a@example.com", "--yes")
    assert run("subscribers", "suppress", "a@example.com", "--lift")[0] == 0
    assert run("subscribers", "verify")[0] == 0
    assert counts(run) == {}


@pytest.mark.parametrize("more", [(), ("--lift", "--reason", "manual"), ("--reason", "erased")])
def test_an_address_is_suppressed_for_a_reason_or_lifted(run: Run, more: tuple[str, ...]) -> None:
    assert run("subscribers", "suppress", "a@example.com", *more)[0] == 2
    assert counts(run) == {}


def test_forgetting_asks_first_and_leaves_nothing(run: Run, tmp_path: Path) -> None:
    run("subscribers", "import", str(EXPORTS / "subscribed_members_export_1a2b3c.csv"), *CONSENT)
    code, _, err = run("subscribers", "forget", "anna@example.com")
    assert (code, "--yes" in err) == (2, True)
    assert run("subscribers", "forget", "anna@example.com", "--yes")[0] == 0
    assert counts(run) == {"confirmed": 1, "suppressed: erased": 1}
    held = b"".join(path.read_bytes() for path in (tmp_path / ".audience").iterdir() if path.is_file())
    assert b"anna@example" not in held
    assert b"ben@example" in held


def test_an_export_can_be_imported_elsewhere(run: Run, tmp_path: Path) -> None:
    run("subscribers", "import", str(EXPORTS / "plain.csv"), *CONSENT)
    assert run("subscribers", "export", "--to", "out.csv")[1] == "out.csv: 3 subscribers\n"
    assert (tmp_path / "out.csv").stat().st_mode & 0o077 == 0
    (tmp_path / ".audience").rename(tmp_path / "before")
    told = json.loads(run("subscribers", "import", "out.csv", *CONSENT, "--json")[1])
    assert (told["from"], told["taken"], told["left"], told["refused"]) == ("Stay Updated", 2, 1, 0)


def test_whoever_is_suppressed_is_so_in_a_list_too(run: Run, tmp_path: Path) -> None:
    run("subscribers", "import", listed(tmp_path / "a.csv", "email\na@example.com\n"), *CONSENT)
    run("subscribers", "suppress", "a@example.com", "--reason", "bounce")
    assert run("subscribers", "list")[1].split()[:2] == ["a@example.com", "suppressed"]
    assert person(run, "a@example.com")["status"] == "suppressed"
    run("subscribers", "export", "--to", "out.csv")
    (tmp_path / ".audience").rename(tmp_path / "before")
    run("subscribers", "import", "out.csv", *CONSENT)
    assert counts(run) == {"suppressed: manual": 1}


def test_an_export_is_csv_or_json_lines(run: Run, tmp_path: Path) -> None:
    run("subscribers", "import", listed(tmp_path / "a.csv", "email,name\na@example.com,=1+1\n"), *CONSENT)
    (row,) = csv.DictReader(run("subscribers", "export")[1].splitlines())
    assert row["name"] == "'=1+1"
    assert json.loads(run("subscribers", "export", "--format", "jsonl")[1])["name"] == "=1+1"
    run("subscribers", "export", "--to", "out.jsonl", "--state", "confirmed")
    assert json.loads((tmp_path / "out.jsonl").read_text())["email"] == "a@example.com"


@pytest.mark.parametrize("name", ["away/out.csv", "a.csv/out.jsonl"])
def test_an_export_that_cant_be_written_is_told_by_its_own_name(run: Run, tmp_path: Path, name: str) -> None:
    run("subscribers", "import", listed(tmp_path / "a.csv", "email\na@example.com\n"), *CONSENT)
    code, _, err = run("subscribers", "export", "--to", name)
    assert (code, err.startswith(f"error: {name}: can't be written: ")) == (73, True)


NAMES = (
    *("=1+1", "'=1+1", "''=1+1", "'quoted", "'", "''", "-x", "'-x", "@x", "+1", "\ttab", "'\ttab", "a;=b", "a;'=b"),
    *(";", 'say "hi"', "a,b", "a|b", "a\tb", "#1", "null", "true", "1.10", "NaN", "é\u2028x", "\u202ex", "\ufeffx"),
)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_an_export_that_is_imported_is_exported_as_it_was(run: Run, tmp_path: Path, kind: str) -> None:
    """To the byte, whatever people have called themselves or have asked for; in CSV an item of a list can't have in it
    what stands between items."""
    rows = []
    for number, name in enumerate(NAMES):
        topics = (name, "sleep") if kind == "jsonl" or not re.search('[;|,"]', name) else ()
        rows.append(
            NewReader(f"r{number}@example.com", name, Preferences(topics, name, topics, name, "weekly"), NOW, NOW)
        )
    with opened(tmp_path) as store:
        list(store.import_rows([rows], Consent("imported", NOW, "import"), NOW))
    run("subscribers", "export", "--to", f"first.{kind}")
    (tmp_path / ".audience").rename(tmp_path / "before")
    told = json.loads(run("subscribers", "import", f"first.{kind}", *CONSENT, "--json")[1])
    assert (told["from"], told["taken"], told["refused"]) == ("Stay Updated", len(NAMES), 0)
    run("subscribers", "export", "--to", f"second.{kind}")
    assert (tmp_path / f"second.{kind}").read_text("utf-8") == (tmp_path / f"first.{kind}").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("denied", [".audience", ".audience/audience.db"])
def test_a_database_that_may_not_be_written_is_told_with_what_may_not(run: Run, tmp_path: Path, denied: str) -> None:
    prefix = without_privilege()
    run("subscribers", "import", listed(tmp_path / "a.csv", "email\na@example.com\n"), *CONSENT)
    mode = (tmp_path / denied).stat().st_mode
    (tmp_path / denied).chmod(mode & 0o555)
    try:
        command = [*prefix, sys.executable, "-m", "pipeline", "subscribers", "suppress", "a@example.com"]
        more = ("--reason", "manual", "--project", str(tmp_path))
        done = subprocess.run([*command, *more], cwd=folders.REPOSITORY, capture_output=True, text=True)
    finally:
        (tmp_path / denied).chmod(mode)
    assert (done.returncode, done.stdout) == (77, "")
    assert done.stderr.startswith(f"error: {tmp_path / denied}: may not be read and written by this user")
    assert counts(run) == {"confirmed": 1}


def test_the_record_is_verified_and_what_was_changed_in_it_is_found(run: Run, tmp_path: Path) -> None:
    run("subscribers", "import", str(EXPORTS / "ghost.csv"), *CONSENT)
    code, out, _ = run("subscribers", "verify")
    assert (code, "the record of consents is whole" in out) == (0, True)
    with sqlite3.connect(tmp_path / ".audience" / "audience.db") as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {trigger}")  # somebody is at work who knows what they do
        database.execute("UPDATE consent SET form = 'another' WHERE number = 2")
    database.close()
    code, _, err = run("subscribers", "verify")
    assert (code, "entry 2" in err) == (65, True)
    code, out, _ = run("subscribers", "verify", "--json")
    assert (code, json.loads(out)["entry"]) == (65, 2)


def test_a_record_that_was_made_anew_isnt_the_known_one(run: Run, tmp_path: Path) -> None:
    """Cut off with the head put back, the record is whole in itself; what was told of it another time finds that."""
    run("subscribers", "import", str(EXPORTS / "ghost.csv"), *CONSENT)
    told = json.loads(run("subscribers", "verify", "--json")[1])
    known = ("--known", str(told["entries"]), told["last"])
    assert run("subscribers", "verify", *known)[0] == 0
    with sqlite3.connect(tmp_path / ".audience" / "audience.db") as database:
        database.execute("DROP TRIGGER consent_no_delete")
        database.execute("DELETE FROM consent WHERE number = ?", (told["entries"],))
        database.execute(
            "UPDATE head SET last_entry = last_entry - 1, "
            "last_hash = (SELECT hash FROM consent WHERE number = (SELECT max(number) FROM consent))"
        )
    database.close()
    assert run("subscribers", "verify")[0] == 0
    code, _, err = run("subscribers", "verify", *known)
    assert (code, f"entry {told['entries']}" in err) == (65, True)


def test_a_folder_given_before_the_command_is_its_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("subscribers", "import", str(EXPORTS / "ghost.csv"), *CONSENT)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert "anna@example.com" in run("subscribers", "--project", str(tmp_path), "list")[1]
    assert "anna@example.com" in run("subscribers", "list", "--project", str(tmp_path))[1]


@pytest.mark.parametrize("name", ["list", "show", "import", "export", "forget", "suppress", "verify"])
def test_each_command_has_help(run: Run, name: str) -> None:
    code, out, _ = run("subscribers", name, "--help")
    assert code == 0
    assert len(out.splitlines()) > 8
