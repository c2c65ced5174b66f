"""web/live.py: pages keep up with the disk, and keep their last good look."""

import shutil
from datetime import UTC, datetime

import pytest

from pipeline import build
from pipeline.errors import ContentError
from pipeline.web.live import LiveProject, Page, page_named
from tests import folders

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
BREATHE, BOX = Page("editions", "breathe"), Page("articles", "box-breathing")
DRAFT = folders.ARTICLE.replace("title: Box breathing", "title: Half a breath\ndraft: true").replace("2026-11-20", "")
BOX_PATH = "content/articles/box-breathing.md"


class Folder:
    """A newsletter's folder with a live project on it, and saves that the project is told of."""

    def __init__(self, path):
        shutil.copytree(folders.REPOSITORY / "templates", path / "templates")
        self.path = folders.make(path)
        self.live = LiveProject(build.open_project(self.path), lambda: NOW)

    def save(self, name, text):
        if text is None:
            (self.path / name).unlink()
        else:
            (self.path / name).write_text(text, encoding="utf-8")
        self.live.files_changed({name})


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


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


def test_no_page_named(folder):
    """A name that is neither's is told, with the nearest."""
    with pytest.raises(ContentError, match=r"'breethe'.*did you mean breathe\?"):
        page_named("breethe", folder.live.project)
