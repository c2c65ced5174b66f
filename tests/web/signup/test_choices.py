"""choices.py: what readers can choose from, while articles and tracks come and go."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest

from pipeline.content import read_library
from pipeline.web.signup.choices import Choices
from pipeline.web.signup.service import offer_of
from tests import folders

SLEEP = folders.ARTICLE.replace("Box breathing", "Naps").replace("[breathing]", "[sleep]")


@pytest.fixture
def folder(tmp_path):
    return folders.make(tmp_path)


@pytest.fixture
def offered(folder):
    """The topics and kinds that are offered after a look."""
    library = read_library(folder)
    choices, service = Choices(library), SimpleNamespace(offer=offer_of(library))

    def offered():
        choices.look(service)
        return [topic for topic, _ in service.offer.topics], list(service.offer.kinds)

    return offered


KINDS = ["Nature sounds", "Story", "Work wellness"]


def test_a_new_article(folder, offered):
    """The tags of an article that comes, changes or goes are seen, and so are new kinds of tracks."""
    assert offered() == (["breathing"], KINDS)
    folders.make(folder, {"content/articles/naps/index.md": SLEEP})
    assert offered() == (["breathing", "sleep"], KINDS)
    folders.make(folder, {"content/articles/naps/index.md": SLEEP.replace("[sleep]", "[naps, rest]")})
    assert offered() == (["breathing", "naps", "rest"], KINDS)
    (folder / "content/articles/naps/index.md").unlink()
    assert offered() == (["breathing"], KINDS)
    folders.make(folder, {"content/tracks.yaml": folders.TRACKS.replace("kind: Story", "kind: ASMR")})
    assert offered() == (["breathing"], ["Nature sounds", "ASMR", "Work wellness"])


def test_nothing_is_read_where_nothing_has_changed(folder, offered, monkeypatch):
    """A look at files that are as they were opens none of them; one that was changed is the only one to be read."""
    folders.make(folder, {"content/articles/naps.md": SLEEP})
    offered()
    read = []
    from pipeline.content import articles

    front_matter = articles.read_front_matter
    monkeypatch.setattr(articles, "read_front_matter", lambda file, path: read.append(path) or front_matter(file, path))
    offered()
    assert read == []
    (folder / "content/articles/naps.md").write_text(SLEEP + "More.")
    offered()
    assert read == ["content/articles/naps.md"]


def test_a_broken_article(folder, offered, caplog):
    """While an article is broken, its topics stay, those of others come, and the log tells where, once."""
    folders.make(folder, {"content/articles/naps.md": SLEEP})
    offered()
    broken, new = SLEEP.replace("[sleep]", "[sleep"), SLEEP.replace("Naps", "Walks").replace("[sleep]", "[walks]")
    folders.make(folder, {"content/articles/naps.md": broken, "content/articles/walks.md": new})
    assert offered() == (["breathing", "walks", "sleep"], KINDS)
    assert offered() == (["breathing", "walks", "sleep"], KINDS)
    (told,) = caplog.messages
    assert "content/articles/naps.md:" in told
    folders.make(folder, {"content/articles/naps.md": ""})
    assert offered() == (["breathing", "walks"], KINDS)


def test_broken_tracks(folder, offered, caplog):
    """While the tracks can't be read, all stays as it was; what has come meanwhile is seen once they can."""
    folders.make(folder, {"content/tracks.yaml": "- {", "content/articles/naps.md": SLEEP})
    assert offered() == (["breathing"], KINDS)
    assert offered() == (["breathing"], KINDS)
    assert len(caplog.messages) == 1
    folders.make(folder, {"content/tracks.yaml": folders.TRACKS})
    assert offered() == (["breathing", "sleep"], KINDS)


def test_no_folder(folder, offered):
    """A folder that is away for a moment, as while it is replaced, is no fault."""
    shutil.rmtree(folder / "content/articles")
    assert offered() == ([], KINDS)
    folders.make(folder)
    assert offered() == (["breathing"], KINDS)
