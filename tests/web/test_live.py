"""web/live.py: pages keep up with the disk, and keep their last good look."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline import agenda, build, outbox, record
from pipeline.errors import ContentError
from pipeline.web.coming import MOST
from pipeline.web.live import LiveProject, Page, page_named
from tests import folders

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
BREATHE, BOX = Page("editions", "breathe"), Page("articles", "box-breathing")
DRAFT = folders.ARTICLE.replace("title: Box breathing", "title: Half a breath\ndraft: true").replace("2026-11-20", "")
BOX_PATH, TOML = "content/articles/box-breathing.md", "content/newsletter.toml"
# Two days before NOW an edition of this was due, of the week that has box-breathing; the next is five days after NOW.
WEEKLY = '[digests.weekly]\nschedule = "0 8 * * SUN"\nsubject = "This week: {lead.title}"\n'
RAIN = folders.ARTICLE.replace("Box breathing", "Rain").replace("2026-11-20", "2026-11-23") + "It rains.\n"
DUE, NEXT = Page("digests", "weekly-2026-11-22"), Page("digests", "weekly-2026-11-29")


class Folder:
    """A newsletter's folder with a live project on it, and saves that the project is told of."""

    def __init__(self, path, files=None):
        shutil.copytree(folders.REPOSITORY / "templates", path / "templates")
        self.path = folders.make(path, files)
        self.now = NOW
        self.live = LiveProject(build.open_project(self.path), lambda: self.now)

    def save(self, name, text):
        if text is None:
            (self.path / name).unlink()
        else:
            (self.path / name).write_text(text, encoding="utf-8")
        self.live.files_changed({name})

    def rows(self, kind="digests"):
        return [(str(one.page), one.title, one.state) for one in self.live.entries(kind)]

    def build_due(self):
        """What is due is built, in another terminal."""
        project = build.open_project(self.path)
        recurring = agenda.due(project.library, self.now).recurring
        for slug in recurring:
            build.build_edition(slug, replace(project, recurring=recurring))
            self.live.files_changed({f"outbox/{slug}"})


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


@pytest.fixture
def weekly(tmp_path):
    return Folder(tmp_path, {TOML: folders.NEWSLETTER + WEEKLY})


def test_save_is_seen(folder):
    """After a save the page looks like what build would write, and its version has grown."""
    first = folder.live.look(BREATHE)
    folder.save(BOX_PATH, folders.ARTICLE.replace("Four sides", "Five sides"))
    second = folder.live.look(BREATHE)
    assert "Five sides" in second.email.html
    assert second.version == first.version + 1
    assert (
        build.fill_email(second.email, {}).html == build.build_edition("breathe", build.open_project(folder.path)).html
    )


def test_nothing_new(folder):
    """A save that changes nothing in a page leaves its version, and asking again renders nothing."""
    first = folder.live.look(BREATHE)
    assert folder.live.look(BREATHE) is first
    folder.save(BOX_PATH, folders.ARTICLE + "\n")
    assert folder.live.look(BREATHE).version == first.version
    assert folder.live.look(BREATHE).email is first.email


@pytest.mark.parametrize(
    ("path", "broken", "where"),
    [
        (BOX_PATH, "---\ntitle: [\n---\n", f"{BOX_PATH}:3"),
        ("content/editions/breathe.md", folders.EDITION.replace("lead", "laed"), "content/editions/breathe.md:6"),
        (
            "templates/blocks/lead.mjml.j2",
            "<mj-section>\n<mj-txt>x</mj-txt></mj-section>",
            "templates/blocks/lead.mjml.j2:2",
        ),
        ("templates/blocks/lead.txt.j2", "{{ nothing }}", "templates/blocks/lead.txt.j2:1"),
        ("templates/theme.css", "p { color: rgb(0 0 0 / 50%) }", "templates/theme.css"),
        ("content/newsletter.toml", "name = 'x", "content/newsletter.toml:1"),
        ("content/personas.yaml", "ana: {nam: x}", "content/personas.yaml:1"),
        ("templates/blocks/alone.mjml.j2", "<mj-section></mj-section>", "templates/blocks/alone.mjml.j2"),
    ],
)
def test_broken_and_mended(folder, path, broken, where):
    """An error has its place, the last good look stays behind it, and the next good save takes it away."""
    good = folder.live.look(BREATHE)
    file = folder.path / path
    before = file.read_text(encoding="utf-8") if file.exists() else None
    folder.save(path, broken)
    bad = folder.live.look(BREATHE)
    assert str(bad.errors[0].where) == where
    assert bad.email is good.email
    assert bad.version > good.version
    assert folder.live.look(BREATHE).version == bad.version
    folder.save(path, before)
    mended = folder.live.look(BREATHE)
    assert mended.errors == ()
    assert mended.email == good.email
    assert mended.version > bad.version


def test_broken_in_two_places(folder):
    """While newsletter.toml is broken other files may be saved; once it is mended, all of them are seen."""
    folder.live.look(BREATHE)
    folder.save("content/newsletter.toml", "name = 'x")
    folder.save("templates/blocks/lead.txt.j2", "NEW LEAD")
    folder.save("content/newsletter.toml", folders.NEWSLETTER.replace("The Quiet Hour", "The Quiet Minute"))
    email = folder.live.look(BREATHE).email
    assert "NEW LEAD" in email.text
    assert "The Quiet Minute" in email.html


def test_article_alone(folder):
    """An article is looked at in an edition of its own, also a draft without a date."""
    assert "How it goes" in folder.live.look(BOX).email.html
    folder.save(BOX_PATH, DRAFT)
    look = folder.live.look(BOX)
    assert look.email.subject == "Half a breath"
    assert look.email.date == NOW
    assert folder.live.look(BREATHE).errors


def test_unknown_page(folder):
    """A page that isn't there is an error that names the nearest, and one that is taken away keeps its last look."""
    (error,) = folder.live.look(Page("editions", "breath")).errors
    assert "did you mean breathe?" in str(error)
    good = folder.live.look(BREATHE)
    folder.save("content/editions/breathe.md", None)
    gone = folder.live.look(BREATHE)
    assert "there is no edition 'breathe'" in str(gone.errors[0])
    assert gone.email is good.email


def test_bug_is_told(folder, monkeypatch, capfd):
    """A bug of ours is shown as one, and its traceback goes to the terminal; the preview stays."""
    folder.live.look(BREATHE)
    monkeypatch.setattr(build, "render_email", lambda *_: 1 / 0)
    folder.save(BOX_PATH, folders.ARTICLE)
    (error,) = folder.live.look(BREATHE).errors
    assert "a bug of ours" in str(error)
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_list(folder):
    """The list has subjects, dates, states and sizes as far as they are known; the newest first."""
    folder.save("content/articles/half.md", DRAFT)
    folder.save("content/articles/bad.md", "---\n")
    folder.save("content/editions/bad.md", "---\n")
    folder.save("content/editions/later.md", folders.EDITION.replace("2026-11-24", "2026-12-01"))
    rows = [
        (str(entry.page), entry.title, entry.state, entry.bytes)
        for kind in ("editions", "articles")
        for entry in folder.live.entries(kind)
    ]
    assert rows == [
        ("editions/later", "Breathe a little", "not built", None),
        ("editions/breathe", "Breathe a little", "not built", None),
        ("editions/bad", "bad", "broken", None),
        ("articles/box-breathing", "Box breathing", "published", None),
        ("articles/bad", "bad", "broken", None),
        ("articles/half", "Half a breath", "draft", None),
    ]


def test_list_knows_builds(folder):
    """An edition is built until something that it is made of changes; its size is the last build's, or look's."""
    email = build.build_edition("breathe", build.open_project(folder.path))
    (entry,) = folder.live.entries("editions")
    assert (entry.state, entry.bytes) == ("built", len(email.html.encode()))
    folder.save(BOX_PATH, folders.ARTICLE.replace("Four sides", "The four sides"))
    folder.live.look(BREATHE)
    (entry,) = folder.live.entries("editions")
    assert (entry.state, entry.bytes) == ("changed", len(email.html.encode()) + len("The "))


def test_all_are_weighed(folder):
    """Little by little every page's size is found out, what is broken left out, and then there is no more to do."""
    folder.save("content/articles/bad.md", "---\n")
    while folder.live.weigh_next():
        pass
    sizes = {str(entry.page): entry.bytes for kind in ("editions", "articles") for entry in folder.live.entries(kind)}
    assert sizes["articles/bad"] is None
    assert sizes["editions/breathe"] > 10_000 < sizes["articles/box-breathing"]
    assert folder.live.looks == {}


def test_broken_in_the_list(folder):
    """What turns out to be broken is broken in the list, until a save that mends it, also of another file."""
    folder.save("content/editions/breathe.md", folders.EDITION.replace("box-breathing", "new"))
    while folder.live.weigh_next():
        pass
    (entry,) = folder.live.entries("editions")
    assert entry.state == "broken"
    folder.save("content/articles/new.md", folders.ARTICLE)
    while folder.live.weigh_next():
        pass
    (entry,) = folder.live.entries("editions")
    assert entry.state == "not built"


@pytest.mark.parametrize(
    ("name", "page"), [("breathe", BREATHE), ("box-breathing", BOX), ("articles/box-breathing", BOX)]
)
def test_page_named(folder, name, page):
    """A name is an edition's, or else an article's."""
    assert page_named(name, folder.live.project) == page


@pytest.mark.parametrize("name", ["weekly", "digests/weekly", "weekly-2026-11-29"])
def test_digest_named(weekly, name):
    """A name is also a digest's, or that of an edition that it makes."""
    assert page_named(name, weekly.live.project) == Page("digests", name.removeprefix("digests/"))


def test_no_page_named(folder):
    """A name that is neither's is told, with the nearest."""
    with pytest.raises(ContentError, match=r"'breethe'.*did you mean breathe\?"):
        page_named("breethe", folder.live.project)


def test_digests_in_the_list(weekly):
    """A digest has the edition that is due and the next one in the list, by its subject once it has an article."""
    assert weekly.rows() == [
        ("digests/weekly-2026-11-22", "This week: Box breathing", "due"),
        ("digests/weekly-2026-11-29", "", "coming"),
    ]
    weekly.save("content/articles/rain.md", RAIN)
    assert weekly.rows()[1] == ("digests/weekly-2026-11-29", "This week: Rain", "coming")
    while weekly.live.weigh_next():
        pass
    first, second = weekly.live.entries("digests")
    assert first.bytes == len(build.fill_email(weekly.live.look(DUE).email, {}).html.encode())
    assert second.date.isoformat() == "2026-11-29T08:00:00+01:00"


def test_digest_is_the_build(weekly):
    """The page of a digest's edition looks like what `build --due` makes, and stays so once it is built."""
    shown = build.fill_email(weekly.live.look(DUE).email, {})
    weekly.build_due()
    assert shown.html.encode() == (weekly.path / "outbox" / DUE.slug / "digest.html").read_bytes()
    assert weekly.rows() == [("digests/weekly-2026-11-29", "", "coming")]
    again = weekly.live.look(DUE)
    assert (again.version, again.errors) == (1, ())
    assert build.fill_email(again.email, {}) == shown


def test_digest_follows_saves(weekly):
    """A new article, another date, a draft: the digest's page shows each at once, and so it does its settings."""
    assert weekly.live.look(NEXT).email is None
    weekly.save("content/articles/rain.md", RAIN)
    assert weekly.live.look(NEXT).email.articles == ("rain",)
    weekly.save("content/articles/rain.md", RAIN.replace("11-23", "11-21"))
    assert weekly.live.look(NEXT).email is None
    weekly.save("content/articles/rain.md", RAIN.replace("tags:", "draft: true\ntags:"))
    (left_out,) = weekly.live.look(NEXT).gathered.planned.noteworthy
    assert (left_out.slug, left_out.reason) == ("rain", "draft")
    weekly.save("content/articles/rain.md", RAIN)
    weekly.save(TOML, folders.NEWSLETTER + WEEKLY.replace("This week", "The week"))
    assert weekly.live.look(NEXT).email.subject == "The week: Rain"


def test_empty_digest(weekly):
    """A digest's edition without an article is no error: it tells what it leaves out, and why."""
    look = weekly.live.look(NEXT)
    assert (look.version, look.errors, look.email) == (1, (), None)
    assert [one.reason.partition(" (")[0] for one in look.gathered.planned.choice.left_out] == [
        "already in edition weekly-2026-11-22"
    ]
    weekly.save("content/articles/bad.md", "---\ntitle: [\n---\n")
    (unread,) = weekly.live.look(NEXT).gathered.unread
    assert unread.slug == "bad"
    assert unread.reason.startswith("can't be read: content/articles/bad.md:3: ")


def test_due_and_empty(weekly):
    """An edition that is due and would be skipped isn't listed; one that would fail the build is."""
    weekly.build_due()
    weekly.now = NOW + timedelta(days=7)
    assert weekly.rows() == [("digests/weekly-2026-12-06", "", "coming")]
    weekly.save(TOML, folders.NEWSLETTER + WEEKLY + 'when_empty = "fail"\n')
    assert weekly.rows() == [("digests/weekly-2026-11-29", "", "due"), ("digests/weekly-2026-12-06", "", "coming")]


def test_tick_passes(weekly):
    """When its date comes an edition is due, and the one after it is the next."""
    weekly.save("content/articles/rain.md", RAIN)
    weekly.build_due()
    assert [row[2] for row in weekly.rows()] == ["coming"]
    weekly.now = datetime(2026, 11, 29, 7, tzinfo=UTC)
    assert [(row[0], row[2]) for row in weekly.rows()] == [
        ("digests/weekly-2026-11-29", "due"),
        ("digests/weekly-2026-12-06", "coming"),
    ]


@pytest.mark.parametrize("slug", ["weekly", "weekly-2026-11-24", "weekly-2030-01-01-0800"])
def test_digests_next_edition(weekly, slug):
    """A digest's name stands for its next edition, and so does an edition that it doesn't make, or not any more."""
    assert weekly.live.look(Page("digests", slug)).gathered.planned.slug == DUE.slug


def test_unknown_digest(weekly):
    """A digest that isn't there is an error that names the nearest."""
    (error,) = weekly.live.look(Page("digests", "weakly")).errors
    assert str(error) == "there is no digest 'weakly' in content/newsletter.toml; did you mean weekly?"


def test_broken_digest_is_alone(weekly):
    """A digest that can't be read is broken in the list and told on its page; the other pages don't know of it."""
    good = weekly.live.look(DUE)
    before = weekly.rows()
    odd = '[digests.odd]\nschedule = "0 8 * *"\nsubject = "x"\n'
    weekly.save(TOML, folders.NEWSLETTER + WEEKLY.replace("SUN", "SUNDAE") + odd)
    assert weekly.rows() == [
        ("digests/odd", "odd", "broken"),
        *((page, page.removeprefix("digests/"), "broken") for page, _, _ in before),
    ]
    bad = weekly.live.look(DUE)
    assert str(bad.errors[0].where).startswith(TOML)
    assert bad.email is good.email
    assert "0 8 * *" in str(weekly.live.look(Page("digests", "odd")).errors[0])
    assert weekly.live.look(BREATHE).errors == ()
    weekly.save(TOML, folders.NEWSLETTER + WEEKLY)
    while weekly.live.weigh_next():
        pass
    assert weekly.rows() == before
    assert weekly.live.look(DUE).errors == ()


def test_broken_article_of_a_digest(weekly):
    """An article whose text can't be shown is an error of the digest that takes it, at the article's own line."""
    weekly.live.look(DUE)
    weekly.save(BOX_PATH, folders.ARTICLE + "\n[away](no-such.md)\n")
    assert str(weekly.live.look(DUE).errors[0].where).startswith(BOX_PATH)
    assert weekly.live.look(NEXT).errors == ()


def test_damaged_record(weekly):
    """A record in the outbox that is damaged is told by the digests; the other pages have nothing to do with it."""
    outbox.write(weekly.path / "outbox", "odd", {"manifest.json": b'{"edition": "odd"}'})
    weekly.live.files_changed({"outbox/odd"})
    assert weekly.rows() == [("digests/weekly", "weekly", "broken")]
    assert str(weekly.live.look(DUE).errors[0]).startswith("outbox/odd/manifest.json: is damaged")
    assert weekly.live.look(BREATHE).errors == ()


def test_outbox_is_read_once(weekly, monkeypatch):
    """What has gone out is read when the outbox changes, not when an article is saved."""
    reads = []
    monkeypatch.setattr(record, "read", lambda folder: reads.append(folder) or record.Record())
    for words in ("One.", "Two.", "Three."):
        weekly.save(BOX_PATH, folders.ARTICLE + words)
        weekly.live.look(DUE)
    assert len(reads) == 1
    weekly.live.files_changed({"outbox/weekly-2026-11-15"})
    weekly.live.look(DUE)
    assert len(reads) == 2


def test_many_missed(weekly):
    """A digest that catches up with all that it has missed shows the latest of it."""
    weekly.build_due()
    weekly.save(TOML, folders.NEWSLETTER + WEEKLY.replace("0 8 * * SUN", "0 * * * *") + 'catch_up = "all"\n')
    assert len(weekly.live.coming.editions("weekly", weekly.live.project.library)) == 1
    assert len(weekly.live.coming.found["weekly"]) == MOST + 1
