"""Whole small newsletters with their expected outbox, under tests/newsletters/.

To add one, add a folder with content/ (and templates/, where it isn't to use the project's), and run the tests once
with REGENERATE=1: its outbox is then written to expected/. Read what it says before you commit it.
"""

import json
import os
import shutil
from pathlib import Path

import pytest

from pipeline.build import open_project
from pipeline.jobs import build_editions
from tests.folders import REPOSITORY
from tests.same_html import difference

FOLDER = Path(__file__).parent / "newsletters"


def outbox_of(source: Path, folder: Path) -> Path:
    """The outbox of a copy of this newsletter."""
    shutil.copytree(source / "content", folder / "content")
    templates = source / "templates"
    shutil.copytree(templates if templates.is_dir() else REPOSITORY / "templates", folder / "templates")
    project = open_project(folder)
    for outcome in build_editions(list(project.library.editions), project):
        assert outcome.errors == ()
    return folder / "outbox"


def told(manifest: Path) -> dict[str, object]:
    """What a manifest says, but for what another engine's version may change."""
    read = json.loads(manifest.read_text(encoding="utf-8"))
    sizes = [block["name"] for block in read["blocks"]]
    return {
        **{key: read[key] for key in ("edition", "subject", "preheader", "date", "articles", "findings", "inputs")},
        "blocks": sizes,
    }


@pytest.mark.parametrize("source", sorted(path for path in FOLDER.iterdir()), ids=lambda path: path.name)
def test_expected_outbox(source, tmp_path):
    """A newsletter's outbox is what it was when a person last read it."""
    found, expected = outbox_of(source, tmp_path), source / "expected"
    if os.environ.get("REGENERATE"):
        shutil.rmtree(expected, ignore_errors=True)
        shutil.copytree(found, expected)
    editions = sorted(path.name for path in expected.iterdir())
    assert sorted(path.name for path in found.iterdir()) == editions
    for slug in editions:
        assert difference(read(expected / slug / "digest.html"), read(found / slug / "digest.html")) == ""
        assert read(found / slug / "digest.txt") == read(expected / slug / "digest.txt")
        assert headers(found / slug / "message.eml") == headers(expected / slug / "message.eml")
        assert told(found / slug / "manifest.json") == told(expected / slug / "manifest.json")


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def headers(path: Path) -> bytes:
    return path.read_bytes().partition(b"\r\n\r\n")[0]
