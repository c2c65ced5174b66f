"""agenda.py: what is due, by the clock, the content and the outbox's record."""

import json
import subprocess
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from pipeline import agenda, outbox, record
from pipeline.content import read_library
from tests import folders

BERLIN = ZoneInfo("Europe/Berlin")
WEEKLY = """
[digests.weekly]
schedule = "0 8 * * MON"
subject = "This week: {lead.title}"
"""
MONDAY, NEXT_MONDAY = datetime(2026, 11, 23, 8, tzinfo=BERLIN), datetime(2026, 11, 30, 8, tzinfo=BERLIN)


def article(title, date, more=""):
    return f"---\ntitle: {title}\ndate: {date}\n{more}---\nSome words on {title}.\n"


@pytest.fixture
def folder(tmp_path):
    files = {
        "content/newsletter.toml": folders.NEWSLETTER + WEEKLY,
        "content/editions/breathe.md": folders.EDITION.replace("2026-11-24", "2026-11-24 07:00"),
        "content/articles/light.md": article("Morning light", "2026-11-18"),
    }
    return folders.make(tmp_path, files)


def due(folder, now):
    return agenda.due(read_library(folder), now)


def run(folder, now):
    """Build what is due, as the command does; the slugs that were built."""
    arguments = ["build", "--due", "--json", "--now", now.isoformat(), "--project", str(folder)]
    done = subprocess.run([sys.executable, "-m", "pipeline", *arguments], cwd=folders.REPOSITORY, capture_output=True)
    return json.loads(done.stdout.splitlines()[-1])["result"]["built"]


def plan(folder, now, count):
    library = read_library(folder)
    return agenda.plan(library.digests["weekly"], library, now, count)


def test_editions_by_their_dates(folder):
    """An edition is due once its date has come, and until it is built."""
    assert due(folder, datetime(2026, 11, 24, 6, 59, tzinfo=BERLIN)).slugs == ("weekly-2026-11-23",)
    assert due(folder, datetime(2026, 11, 24, 7, 0, tzinfo=BERLIN)).slugs == ("breathe", "weekly-2026-11-23")


@pytest.mark.slow
def test_never_twice(folder):
    """What was built is not due again; a changed edition is, a digest's isn't."""
    now = datetime(2026, 11, 24, 8, tzinfo=BERLIN)
    assert run(folder, now) == ["breathe", "weekly-2026-11-23"]
    assert run(folder, now) == []
    folders.make(
        folder,
        {
            "content/newsletter.toml": folders.NEWSLETTER + WEEKLY,
            "content/articles/box-breathing.md": folders.ARTICLE + "More.\n",
            "content/editions/breathe.md": folders.EDITION,
        },
    )
    assert run(folder, now) == ["breathe"]


def test_windows(folder):
    """A digest takes the week's articles, the newest leading, and the next one takes what has come since."""
    run(folder, MONDAY)
    manifests = record.read(folder / "outbox").manifests
    assert [one["slug"] for one in manifests["weekly-2026-11-23"]["articles"]] == ["box-breathing", "light"]
    assert manifests["weekly-2026-11-23"]["subject"] == "This week: Box breathing"
    assert manifests["weekly-2026-11-23"]["digest"] == {
        "name": "weekly",
        "begin": "2026-11-16T08:00:00+01:00",
        "end": "2026-11-23T08:00:00+01:00",
    }
    (folder / "content/articles/rain.md").write_text(article("Rain", "2026-11-29"), encoding="utf-8")
    (planned,) = due(folder, NEXT_MONDAY).planned
    assert [one.front_matter.slug for one in planned.choice.taken] == ["rain"]


@pytest.mark.slow
def test_renamed_and_dated_anew(folder):
    """An article doesn't go out again under another name and date, also once the outbox was cleaned."""
    run(folder, MONDAY)
    outbox.remove(folder / "outbox", "weekly-2026-11-23")
    text = (folder / "content/articles/light.md").read_text(encoding="utf-8")
    (folder / "content/articles/light.md").rename(folder / "content/articles/sun.md")
    (folder / "content/articles/sun.md").write_text(text.replace("2026-11-18", "2026-11-25"), encoding="utf-8")
    (skipped,) = due(folder, NEXT_MONDAY).skipped
    reasons = {one.slug: one.reason for one in skipped.choice.left_out}
    assert reasons["sun"] == "already in edition weekly-2026-11-23"


def test_nothing_new(folder):
    """A week without an article is skipped and told; with when_empty = "fail" it is an error at the digest's place."""
    run(folder, NEXT_MONDAY)
    later = datetime(2026, 12, 7, 8, tzinfo=BERLIN)
    found = due(folder, later)
    assert ([one.digest for one in found.skipped], found.errors) == (["weekly"], ())
    (folder / "content/newsletter.toml").write_text(folders.NEWSLETTER + WEEKLY + 'when_empty = "fail"\n')
    (error,) = due(folder, later).errors
    assert str(error).startswith("content/newsletter.toml:")
    assert "weekly has nothing new between 2026-11-30 08:00 and 2026-12-07 08:00" in str(error)


def test_broken_digest_is_alone(folder):
    """A digest that can't be read is an error, and the others and the editions are due all the same."""
    bad = '[digests.daily]\nschedule = "0 8 * *"\nsubject = "x"\n'
    (folder / "content/newsletter.toml").write_text(folders.NEWSLETTER + WEEKLY + bad)
    found = due(folder, datetime(2026, 11, 24, 8, tzinfo=BERLIN))
    assert found.slugs == ("breathe", "weekly-2026-11-23")
    assert [error.exit_code for error in found.errors] == [65]


def test_broken_edition_is_due(folder):
    """An edition that can't be read is due, so that its error is told."""
    (folder / "content/editions/bad.md").write_text("---\n")
    assert "bad" in due(folder, MONDAY).slugs


def test_plan(folder):
    """The plan has what is due and then the next editions, each with what it takes, and why not what it doesn't."""
    (folder / "content/articles/rain.md").write_text(article("Rain", "2026-11-29"), encoding="utf-8")
    (folder / "content/articles/draft.md").write_text(article("Draft", "2026-11-28", "draft: true\n"), encoding="utf-8")
    due, first, second = plan(folder, datetime(2026, 11, 23, 7, 59, tzinfo=BERLIN), 3)
    assert [one.slug for one in (due, first, second)] == [f"weekly-2026-11-{day}" for day in (16, 23, 30)]
    assert due.choice.taken == ()
    assert [one.front_matter.slug for one in first.choice.taken] == ["box-breathing", "light"]
    assert [one.front_matter.slug for one in second.choice.taken] == ["rain"]
    reasons = {one.slug: one.reason for one in second.choice.left_out}
    assert reasons["draft"] == "draft"
    assert reasons["light"] == "already in edition weekly-2026-11-23"
