"""Recurring digests: no article twice, none lost, whatever breaks, moves or is mended between two runs."""

import json
import sys

import pytest

from pipeline import build, freshness, record
from pipeline.cli import main
from tests import folders

WEEKLY = """
[digests.weekly]
schedule = "0 8 * * MON"
subject = "W: {lead.title}"
preheader = "What has come out this week, in a few words each"
"""


class Newsletter:
    """A newsletter with a weekly digest and no edition, and the command as cron runs it."""

    def __init__(self, folder, monkeypatch, capsys):
        self.monkeypatch, self.capsys = monkeypatch, capsys
        self.folder = folders.make(folder, {"content/editions/breathe.md": "", "content/articles/box-breathing.md": ""})
        self.digest()

    def digest(self, more="", schedule="0 8 * * MON"):
        self.write("newsletter.toml", folders.NEWSLETTER + WEEKLY.replace("0 8 * * MON", schedule) + more)

    def article(self, slug, date, *, front="", body=""):
        text = f"---\ntitle: On {slug}\ndate: {date}\n{front}---\n{body or f'What there is to say of {slug}.'}\n"
        self.write(f"articles/{slug}.md", text)

    def edition(self, slug, date):
        """An edition of its own that shows the article ``one``."""
        text = folders.EDITION.replace("box-breathing", "one").replace("2026-11-24", date)
        self.write(f"editions/{slug}.md", text)

    def write(self, path, text):
        file = self.folder / "content" / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def run(self, *arguments):
        """A command's exit code, output and errors."""
        self.monkeypatch.setattr(sys, "argv", ["pipeline", *arguments, "--project", str(self.folder)])
        with pytest.raises(SystemExit) as stopped:
            main()
        return (stopped.value.code or 0, *self.capsys.readouterr())

    def due(self, day, *more):
        """Build what is due at nine on this day of November, or at the moment that is written out."""
        return self.run("build", "--due", "--now", f"2026-11-{day}T09:00:00+01:00" if len(day) == 2 else day, *more)

    def editions(self):
        """The articles that have gone out in each edition."""
        manifests = record.read(self.folder / "outbox").manifests
        return {slug: [one["slug"] for one in told["articles"]] for slug, told in sorted(manifests.items())}


@pytest.fixture
def newsletter(tmp_path, monkeypatch, capsys):
    return Newsletter(tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize("jobs", ["1", "4"])
def test_failed_edition_of_several(newsletter, jobs):
    """While an edition that is due fails, no later one of its digest is made; once it is mended they all come."""
    newsletter.digest('catch_up = "all"\nsince = 2026-11-02\n')
    for slug, date in (("a", "2026-11-03"), ("b", "2026-11-10"), ("c", "2026-11-17")):
        newsletter.article(slug, date, body="[[nofield]]" if slug == "b" else "")
    code, _, err = newsletter.due("23", "--jobs", jobs)
    assert (code, err.count("\n")) == (65, 1)
    assert newsletter.editions() == {"weekly-2026-11-09": ["a"]}
    newsletter.article("b", "2026-11-10")
    assert newsletter.due("23", "--jobs", jobs)[0] == 0
    assert list(newsletter.editions().values()) == [["a"], ["b"], ["c"]]


def test_article_that_cant_be_read(newsletter):
    """An article that can't be read may belong in the digest, so it stops it, and is told; mended it goes out."""
    newsletter.article("fine", "2026-11-18")
    newsletter.article("broken", "2026-11-19", front="tags: [unclosed\n")
    code, _, err = newsletter.due("23", "--quiet")
    assert (code, "content/articles/broken.md:" in err, newsletter.editions()) == (65, True, {})
    newsletter.article("broken", "2026-11-19")
    newsletter.due("23")
    assert newsletter.editions() == {"weekly-2026-11-23": ["broken", "fine"]}


def test_changed_schedule(newsletter):
    """An edition whose day another schedule has used already gets a name of its own."""
    newsletter.article("one", "2026-11-18")
    newsletter.due("23")
    newsletter.digest(schedule="0 18 * * MON")
    newsletter.article("one", "2026-11-23 11:00:00+01:00")
    newsletter.article("two", "2026-11-23 12:00:00+01:00")
    newsletter.due("2026-11-23T19:00:00+01:00")
    assert newsletter.editions() == {"weekly-2026-11-23": ["one"], "weekly-2026-11-23-1800": ["two"]}


def test_file_of_the_same_name(newsletter):
    """A digest takes no edition's name, whichever of them is there first."""
    newsletter.article("one", "2026-11-18")
    newsletter.edition("weekly-2026-11-23", "2026-11-20")
    newsletter.due("23")
    assert newsletter.editions() == {"weekly-2026-11-23": ["one"], "weekly-2026-11-23-0800": ["one"]}
    assert "digest" not in record.read(newsletter.folder / "outbox").manifests["weekly-2026-11-23"]
    newsletter.edition("weekly-2026-11-23-0800", "2026-11-20")
    code, _, err = newsletter.run("build", "--quiet")
    assert (code, "the digest weekly has made an edition 'weekly-2026-11-23-0800'" in err) == (65, True)


def test_announced_article(newsletter):
    """What a digest's edition shows besides, such as the article to come, hasn't gone out with it."""
    newsletter.digest('blocks = [{lead = "newest"}, {teasers = "rest"}, {next = "soon"}]\n')
    newsletter.article("one", "2026-11-18")
    newsletter.article("soon", "2026-11-24")
    newsletter.due("23")
    newsletter.due("30")
    assert newsletter.editions() == {"weekly-2026-11-23": ["one"], "weekly-2026-11-30": ["soon"]}


def test_damaged_record(newsletter):
    """While nobody knows what went out in an edition, no digest is made; put back or removed, it goes on."""
    newsletter.article("one", "2026-11-20")
    newsletter.due("23")
    file = newsletter.folder / "outbox/weekly-2026-11-23/manifest.json"
    whole = file.read_bytes()
    file.write_bytes(whole[:100])
    newsletter.article("one", "2026-11-25")
    newsletter.article("two", "2026-11-26")
    code, _, err = newsletter.due("30")
    assert (code, err.partition(",")[0]) == (74, "error: outbox/weekly-2026-11-23/manifest.json: is damaged")
    assert '"damaged"' in newsletter.run("status", "--json")[1]
    file.write_bytes(whole)
    newsletter.due("30")
    assert newsletter.editions()["weekly-2026-11-30"] == ["two"]


def test_damaged_manifest_of_a_file(newsletter):
    """An edition that has a file makes its damaged manifest anew, and the digests go on in the same run."""
    newsletter.article("one", "2026-11-20")
    newsletter.edition("own", "2026-11-20")
    newsletter.run("build")
    (newsletter.folder / "outbox/own/manifest.json").write_bytes(b"{")
    code, _, err = newsletter.due("23")
    assert (code, err, sorted(newsletter.editions())) == (0, "", ["own", "weekly-2026-11-23"])


def test_lost_output(newsletter):
    """A digest's edition of which a file is gone is made again, of the articles that went out in it."""
    newsletter.article("one", "2026-11-20")
    newsletter.due("23")
    before = (newsletter.folder / "outbox/weekly-2026-11-23/digest.html").read_bytes()
    (newsletter.folder / "outbox/weekly-2026-11-23/digest.html").unlink()
    newsletter.article("late", "2026-11-19")
    assert newsletter.due("24")[0] == 0
    assert (newsletter.folder / "outbox/weekly-2026-11-23/digest.html").read_bytes() == before
    assert newsletter.run("build", "weekly-2026-11-23")[1] == "1 unchanged: weekly-2026-11-23\n"
    assert "“W: On one”" in newsletter.run("build", "weekly-2026-11-23", "--force")[1]
    assert newsletter.editions() == {"weekly-2026-11-23": ["one"]}


def test_lost_output_of_a_lost_article(newsletter):
    """A digest's old edition that can't be made again is told, and holds no new one back."""
    newsletter.article("one", "2026-11-20")
    newsletter.due("23")
    (newsletter.folder / "outbox/weekly-2026-11-23/digest.html").unlink()
    (newsletter.folder / "content/articles/one.md").unlink()
    newsletter.article("two", "2026-11-24")
    code, _, err = newsletter.due("30")
    assert (code, "the article 'one', which went out in it, isn't there any more" in err) == (65, True)
    assert newsletter.editions()["weekly-2026-11-30"] == ["two"]


def test_force(newsletter):
    """With --force what has fallen due is built again, digests' editions aside: they went out once."""
    newsletter.article("one", "2026-11-18")
    newsletter.edition("own", "2026-11-20")
    newsletter.edition("later", "2026-11-28")
    assert newsletter.due("23")[1].count("ms\n") == 2
    assert newsletter.due("23") == (0, "nothing is due\n", "")
    code, out, _ = newsletter.due("23", "--force")
    assert (code, out.count("ms\n"), out.startswith("own ")) == (0, 1, True)


@pytest.mark.parametrize(("when_empty", "code"), [("skip", 0), ("fail", 65)])
def test_empty_tick(newsletter, when_empty, code):
    """A tick without an article is told once, and then done with."""
    newsletter.digest(f'when_empty = "{when_empty}"\n')
    first, _, _ = newsletter.due("23")
    assert (first, newsletter.editions()) == (code, {})
    assert newsletter.due("24") == (0, "nothing is due\n", "")
    newsletter.article("one", "2026-11-24")
    newsletter.due("30")
    assert newsletter.editions() == {"weekly-2026-11-30": ["one"]}


def test_too_late(newsletter):
    """An article that is published after its window was closed isn't lost in silence."""
    newsletter.article("one", "2026-11-18")
    newsletter.due("23")
    newsletter.article("late", "2026-11-22")
    newsletter.article("two", "2026-11-24")
    assert "weekly-2026-11-30 leaves out late: too late (dated 2026-11-22 00:00" in newsletter.due("30")[1]


def test_changed_while_it_is_built(newsletter):
    """An edition that was made of a file as it was before somebody saved it isn't what it should be."""
    newsletter.article("one", "2026-11-18")
    newsletter.edition("own", "2026-11-20")
    project = build.open_project(newsletter.folder)
    toml = newsletter.folder / "content/newsletter.toml"
    toml.write_text(toml.read_text().replace("1 Example Street", "2 Example Street"))
    build.build_edition("own", project)
    assert freshness.state_of(newsletter.folder, "own", {}) == "changed"


def test_clean(newsletter):
    """Cleaning keeps the latest by their moments, leaves alone what isn't ours, and tells what is damaged."""
    outbox = newsletter.folder / "outbox"
    (outbox / "app").mkdir(parents=True)
    (outbox / "app/manifest.json").write_text('{"name": "An app"}')
    newsletter.article("one", "2026-11-18")
    for name, date in (
        ("east", "2026-11-23 00:00:00+13:00"),
        ("west", "2026-11-22 23:30:00-08:00"),
        ("odd", "2026-11-01"),
    ):
        newsletter.edition(name, date)
    newsletter.run("build")
    (outbox / "odd/manifest.json").write_bytes(b"")
    code, out, err = newsletter.run("clean", "--keep", "1")
    assert (code, out, "outbox/odd/manifest.json: is damaged" in err) == (74, "removed east\n", True)
    assert sorted(path.name for path in outbox.glob("[!.]*")) == ["app", "odd", "west"]
    assert json.loads((outbox / "app/manifest.json").read_text()) == {"name": "An app"}


def test_nothing_in_the_way_is_lost(newsletter):
    """Where somebody has put something of their own, nothing is built over it."""
    (newsletter.folder / "outbox/weekly-2026-11-23").mkdir(parents=True)
    (newsletter.folder / "outbox/weekly-2026-11-23/private.txt").write_text("mine")
    newsletter.article("one", "2026-11-18")
    code, _, err = newsletter.due("23")
    assert (code, "stands in the way, and is no edition of ours" in err) == (73, True)
    assert (newsletter.folder / "outbox/weekly-2026-11-23/private.txt").read_text() == "mine"
