"""web/windows.py: how changes are noticed. What windows are then told is in test_preview.py."""

import asyncio
import json
import logging
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from pipeline import build, outbox, record
from pipeline.web import windows
from pipeline.web.live import LiveProject, Page
from pipeline.web.windows import Windows
from tests import folders

pytestmark = pytest.mark.slow

BREATHE = Page("editions", "breathe")
BOX_PATH = "content/articles/box-breathing.md"


@pytest.fixture
def shown(tmp_path):
    shutil.copytree(folders.REPOSITORY / "templates", tmp_path / "templates")
    project = build.open_project(folders.make(tmp_path))
    return Windows(LiveProject(project, lambda: datetime(2026, 11, 24, 8, tzinfo=UTC)))


def versions(shown, *changes, page=BREATHE):
    """The versions of the page that a window is told of, at first and after each change."""

    async def collect():
        watching = asyncio.create_task(shown.watch())
        told = (json.loads(event["data"])["version"] async for event in shown.events(page) if event["event"] == "page")
        found = [await anext(told)]
        await asyncio.sleep(1)
        try:
            for change in changes:
                change()
                async with asyncio.timeout(20):
                    found.append(await anext(version async for version in told if version != found[-1]))
        finally:
            watching.cancel()
        return found

    # The browser tests' own loop may be running in this thread.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, collect()).result()


def test_polling(shown, monkeypatch, caplog):
    """Where the system watches no more files, they are looked at again and again, and that is told once."""
    real = windows._changes

    def no_more(*folders, force_polling, **options):
        if not force_polling:
            raise OSError("OS file watch limit reached")
        return real(*folders, force_polling=True, **options)

    monkeypatch.setattr(windows, "_changes", no_more)
    article = shown.live.folder / BOX_PATH
    change = folders.ARTICLE.replace("Four sides", "Five sides, all of them")
    with caplog.at_level(logging.WARNING):
        assert versions(shown, lambda: article.write_text(change, encoding="utf-8")) == [1, 2]
    assert [record.getMessage() for record in caplog.records] == [
        "can't be told of changes (OS file watch limit reached); looking for them instead"
    ]


def test_folder_comes_and_goes(shown):
    """A folder that is moved away is told as what is missing, and all is well again when it is back."""
    content = shown.live.folder / "content"
    away = content.with_name("away")
    assert versions(shown, lambda: content.rename(away), lambda: away.rename(content)) == [1, 2, 3]


def test_templates_by_a_link(shown, tmp_path):
    """A folder that is a link is followed too."""
    real = tmp_path / "elsewhere"
    (tmp_path / "templates").rename(real)
    (tmp_path / "templates").symlink_to(real)
    file = real / "blocks/lead.txt.j2"
    assert versions(shown, lambda: file.write_text("NEW\n", encoding="utf-8")) == [1, 2]


def test_what_goes_out(shown):
    """When an edition of a digest is built, a window on the digest's next one is told what has gone out."""
    toml = '[digests.weekly]\nschedule = "0 8 * * MON"\nsubject = "x"\nsince = 2026-11-23 08:00:00\n'
    folder = shown.live.folder
    article = folders.ARTICLE.replace("2026-11-20", "2026-11-24")
    folders.make(folder, {"content/newsletter.toml": folders.NEWSLETTER + toml, BOX_PATH: article})
    shown.live.files_changed({"content"})
    gone = {"slug": "box-breathing", "title": "Box breathing", "date": "", "sha256": ""}
    digest = {"name": "weekly", "begin": "2026-11-20T08:00:00+01:00", "end": "2026-11-22T08:00:00+01:00"}
    told = {"edition": "weekly-2026-11-22", "subject": "x", "date": digest["end"], "digest": digest, "articles": [gone]}
    files = {name: {"bytes": 0, "sha256": ""} for name in record.OUTPUTS}
    manifest = json.dumps({**told, "files": files, "inputs": {}, "tools": {}, "findings": []}).encode()

    def build_another():
        outbox.write(folder / "outbox", "weekly-2026-11-22", {"manifest.json": manifest})

    assert versions(shown, build_another, page=Page("digests", "weekly")) == [1, 2]
    assert shown.live.look(Page("digests", "weekly")).email is None
