"""jobs.py: many editions, one after another or in several processes."""

import os
import signal

import pytest

from pipeline.build import open_project
from pipeline.jobs import build_editions
from tests import folders


def project(folder, count=6):
    editions = {
        f"content/editions/e{n}.md": folders.EDITION.replace("Breathe a little", f"Breath number {n}")
        for n in range(count)
    }
    return open_project(folders.make(folder, {**editions, "content/editions/breathe.md": ""}))


def outputs(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.glob("outbox/*/*"))}


def test_same_bytes_in_parallel(tmp_path):
    """Four processes write the same bytes as one, and tell of the editions in the same order."""
    one, four = project(tmp_path / "one"), project(tmp_path / "four")
    slugs = list(one.library.editions)
    told_one = [(outcome.slug, outcome.subject, outcome.html_bytes) for outcome in build_editions(slugs, one)]
    told_four = [(outcome.slug, outcome.subject, outcome.html_bytes) for outcome in build_editions(slugs, four, jobs=4)]
    assert told_one == told_four
    assert len(outputs(tmp_path / "one")) == 24
    assert outputs(tmp_path / "one") == outputs(tmp_path / "four")


@pytest.mark.parametrize("jobs", [1, 2])
def test_failure_is_contained(tmp_path, jobs):
    """An edition that fails says why, with its exit code, and the others are built."""
    opened = project(tmp_path, 2)
    folders.make(tmp_path, {"content/editions/e1.md": folders.EDITION.replace("box-", "bax-")})
    good, bad = build_editions(["e0", "e1"], opened, jobs)
    assert (good.errors, good.subject) == ((), "Breath number 0")
    assert [code for _, code in bad.errors] == [65]
    assert "did you mean box-breathing?" in bad.errors[0][0]


@pytest.mark.parametrize("jobs", [1, 2])
def test_bugs_come_through(tmp_path, monkeypatch, jobs):
    """A bug is not an outcome."""
    monkeypatch.setattr("pipeline.build.render_email", lambda *arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        list(build_editions(["e0", "e1"], project(tmp_path, 2), jobs))


@pytest.mark.parametrize("jobs", [1, 2])
def test_disk_that_refuses(tmp_path, jobs):
    """An edition that can't be written says so, with its exit code."""
    opened = project(tmp_path, 2)
    (tmp_path / "outbox").write_text("a file is in the way")
    outcomes = list(build_editions(["e0", "e1"], opened, jobs))
    assert [code for outcome in outcomes for _, code in outcome.errors] == [73, 73]


def test_killed_worker(tmp_path, monkeypatch):
    """A process that is killed from outside, for want of memory say, is told as that, and is no bug of ours."""
    monkeypatch.setattr("pipeline.jobs.build_edition", lambda slug, opened: os.kill(os.getpid(), signal.SIGKILL))
    outcomes = list(build_editions(["e0", "e1"], project(tmp_path, 2), 2))
    assert [code for outcome in outcomes for _, code in outcome.errors] == [74, 74]
