"""web/windows.py: how changes are noticed. What windows are then told is in test_preview.py."""

import asyncio
import json
import logging
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from pipeline import build
from pipeline.web import windows
from pipeline.web.live import LiveProject, Page
from pipeline.web.windows import Windows
from tests import folders

pytestmark = pytest.mark.slow

BREATHE = Page("editions", "breathe")


@pytest.fixture
def shown(tmp_path):
    shutil.copytree(folders.REPOSITORY / "templates", tmp_path / "templates")
    project = build.open_project(folders.make(tmp_path))
    return Windows(LiveProject(project, lambda: datetime(2026, 11, 24, 8, tzinfo=UTC)))


def versions(shown, *changes):
    """The versions of the page that a window is told of, at first and after each change."""

    async def collect():
        watching = asyncio.create_task(shown.watch())
        told = (
            json.loads(event["data"])["version"] async for event in shown.events(BREATHE) if event["event"] == "page"
        )
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
    article = shown.live.folder / "content/articles/box-breathing.md"
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
