"""web/report.py: what the preview's page is told."""

import json
from datetime import UTC, datetime

import pytest

from pipeline import build
from pipeline.errors import Where
from pipeline.web import report
from pipeline.web.live import LiveProject, Page
from tests import folders

PERSONAS = "ana: {name: Ana, fields: {first_name: Ana}}\nnobody: {fields: {first_name: ''}}\n"
FILES = {
    "content/personas.yaml": PERSONAS,
    "content/editions/breathe.md": folders.EDITION.replace(
        "Breathe a little", '"[[first_name]], breathe a little"'
    ).replace("  - lead: box-breathing", "  - lead: box-breathing\n  - teasers: [tomorrow]\n  - popular"),
    "content/articles/tomorrow.md": folders.ARTICLE.replace("2026-11-20", "2026-11-30").replace(
        "Box breathing", "Tomorrow"
    ),
}
BREATHE = Page("editions", "breathe")


@pytest.fixture
def live(tmp_path):
    project = build.open_project(folders.make(tmp_path, FILES))
    return LiveProject(project, lambda: datetime(2026, 11, 24, 8, tzinfo=UTC))


def told(live, page=BREATHE):
    """What is told, as it arrives."""
    return json.loads(json.dumps(report.look(page, live.look(page), live.folder)))


def test_look(live):
    """The panel knows the mail's facts, for each reader and for none."""
    facts = told(live)
    assert (facts["page"], facts["version"], facts["errors"]) == ("editions/breathe", 1, [])
    assert (facts["title"], facts["language"], facts["direction"]) == ("there, breathe a little", "en", "ltr")
    assert facts["sender"] == {"name": "The Quiet Hour", "email": "hello@blog.example.com"}
    assert {key: one["subject"] for key, one in facts["readers"].items()} == {
        "": "there, breathe a little",
        "ana": "Ana, breathe a little",
        "nobody": "there, breathe a little",
    }
    email = build.build_edition("breathe", live.project)
    assert facts["readers"][""]["bytes"] == len(email.html.encode())
    assert facts["readers"][""]["text_bytes"] == len(email.text.encode())
    assert [(one["name"], one["where"]) for one in facts["blocks"]] == [
        ("masthead", "content/editions/breathe.md:2"),
        ("letter", "content/editions/breathe.md:2"),
        ("lead", "content/editions/breathe.md:6"),
        ("teasers", "content/editions/breathe.md:7"),
        ("footer", "content/editions/breathe.md:2"),
    ]


def test_findings(live):
    """A finding names the block that shows its article; one whose block was left out names none."""
    found = {one["check"]: (one["where"], one["block"]) for one in told(live)["findings"]}
    assert found == {
        "published": ("content/articles/tomorrow.md:2", 3),
        "empty-block": ("content/editions/breathe.md:8", None),
    }


def test_errors(live):
    """An error comes with its place and the lines around it, beside the facts of the last good mail."""
    told(live)
    path = "content/articles/box-breathing.md"
    (live.folder / path).write_text(folders.ARTICLE.replace("date: 2026-11-20", "date: 2026-11-32"), encoding="utf-8")
    live.files_changed({path})
    facts = told(live)
    (error,) = facts["errors"]
    assert error["where"] == f"{path}:4"
    assert [(line["number"], line["text"]) for line in error["lines"] if line["marked"]] == [(4, "date: 2026-11-32")]
    assert [line["number"] for line in error["lines"]] == [1, 2, 3, 4, 5, 6, 7]
    assert facts["title"] == "there, breathe a little"


def test_never_good(live):
    """A page that was never good has errors, and no facts."""
    facts = told(live, Page("editions", "nothing"))
    assert (facts["title"], facts["readers"], facts["blocks"], facts["findings"]) == ("nothing", {}, [], [])
    assert [(error["where"], error["lines"]) for error in facts["errors"]] == [("", [])]


def test_listing(live):
    """The list has what there is, the readers and the clients, and where to begin."""
    listing = json.loads(json.dumps(report.listing(live, BREATHE)))
    assert listing["newsletter"] == {"name": "The Quiet Hour", "sender": "The Quiet Hour"}
    assert (listing["limit"], listing["start"]) == (102_400, "editions/breathe")
    assert listing["readers"] == [{"id": "ana", "name": "Ana"}, {"id": "nobody", "name": "nobody"}]
    assert [one["id"] for one in listing["clients"]] == ["gmail-app", "outlook-word", "apple-mail-dark", "forced-dark"]
    assert listing["editions"] == [
        {
            "page": "editions/breathe",
            "title": "there, breathe a little",
            "date": "2026-11-24",
            "bytes": None,
            "state": "not built",
        }
    ]
    assert [(one["page"], one["state"]) for one in listing["articles"]] == [
        ("articles/tomorrow", "scheduled"),
        ("articles/box-breathing", "published"),
    ]


def test_digest(live):
    """A digest's edition has its window, and the articles that it leaves out: what matters first, the rest counted."""
    toml = '[digests.weekly]\nschedule = "0 8 * * MON"\nsubject = "x"\n'
    names = [f"old-{number:02}" for number in range(report.OTHERS + 2)]
    old = folders.ARTICLE.replace("2026-11-20", "2026-01-20")
    files = {f"content/articles/{name}.md": old + name for name in names}
    bad = {"content/newsletter.toml": folders.NEWSLETTER + toml, "content/articles/bad.md": "---\n---\n"}
    folders.make(live.folder, {**FILES, **files, **bad})
    live.files_changed({"content"})
    digest = told(live, Page("digests", "weekly-2026-11-23"))["digest"]
    assert (digest["page"], digest["name"], digest["taken"]) == ("digests/weekly-2026-11-23", "weekly", 1)
    assert (digest["begin"], digest["end"]) == ("2026-11-16T08:00:00+01:00", "2026-11-23T08:00:00+01:00")
    assert (digest["timezone"], digest["when_empty"]) == ("Europe/Berlin", "skip")
    assert [(one["page"], one["reason"].partition(" ")[0]) for one in digest["left_out"]] == [
        ("articles/bad", "can't"),
        ("articles/tomorrow", "after"),
    ]
    assert (digest["others"]["count"], len(digest["others"]["newest"])) == (report.OTHERS + 2, report.OTHERS)
    assert told(live)["digest"] is None


def test_empty_digest(live):
    """An edition without an article has its digest's facts, and no mail's."""
    toml = '[digests.weekly]\nschedule = "0 8 * * MON"\nsubject = "x"\ninclude = {tags = ["none"]}\n'
    (live.folder / "content/newsletter.toml").write_text(folders.NEWSLETTER + toml, encoding="utf-8")
    live.files_changed({"content/newsletter.toml"})
    facts = told(live, Page("digests", "weekly"))
    assert (facts["page"], facts["digest"]["page"]) == ("digests/weekly", "digests/weekly-2026-11-30")
    assert (facts["errors"], facts["readers"], facts["digest"]["taken"]) == ([], {}, 0)
    (row,) = report.listing(live, None)["digests"]
    assert row == {
        "page": "digests/weekly-2026-11-30",
        "title": "",
        "date": "2026-11-30",
        "bytes": None,
        "state": "coming",
    }


def test_broken_readers(live):
    """Where the sample readers can't be read there are none to choose, and the page says why."""
    (live.folder / "content/personas.yaml").write_text("ana: {nam: x}")
    live.files_changed({"content/personas.yaml"})
    assert report.listing(live, None)["readers"] == []
    assert told(live)["errors"][0]["where"] == "content/personas.yaml:1"


def test_lines_of_the_folder_only(tmp_path):
    """Lines are shown of files in the newsletter's folder, and of no other, whatever leads there."""
    folder = tmp_path / "newsletter"
    (folder / "content").mkdir(parents=True)
    secret = tmp_path / "secret.md"
    secret.write_text("secret")
    (folder / "content/link.md").symlink_to(secret)
    (folder / "content/own.md").write_text("a\n" + "b" * 1000)
    assert [line["text"] for line in report.lines_around(Where("content/own.md", 1), folder)] == ["a", "b" * 400]
    for path in ("content/link.md", "../secret.md", str(secret), "content/gone.md", "content", "a\0b"):
        assert report.lines_around(Where(path, 1), folder) == []
    assert report.lines_around(Where("content/own.md"), folder) == []


PERSONAL = """\
---
subject: Breathe
date: 2026-11-24
blocks:
  - lead: box-breathing
  - promo: {title: For friends, audience: "first_name == 'Zoe'"}
---
Hello [[first_name]].
"""


def test_personal_blocks(live):
    """Whom a block is for is told, and what it weighs for each reader; one more reader is there for each other view."""
    (live.folder / "content/editions/breathe.md").write_text(PERSONAL)
    live.files_changed({"content/editions/breathe.md"})
    facts = told(live)
    promo = next(index for index, block in enumerate(facts["blocks"]) if block["name"] == "promo")
    assert facts["blocks"][promo]["for"] == "first_name == 'Zoe'"
    shown = {key: one["blocks"][promo] > 0 for key, one in facts["readers"].items()}
    assert shown == {"": False, "ana": False, "nobody": False, "other-1": True}
    assert facts["readers"]["other-1"]["name"] == "a reader with first_name Zoe"
