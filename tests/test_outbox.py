"""outbox.py: whole or not at all."""

import errno
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import outbox
from pipeline.errors import OutboxError

FILES = {"digest.html": b"<p>new</p>", "manifest.json": b'{"edition": "e"}\n'}


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_first(tmp_path):
    """The first build makes the outbox, and leaves nothing beside the edition."""
    outbox.write(tmp_path / "outbox", "e", FILES)
    assert contents(tmp_path / "outbox" / "e") == FILES
    assert [path.name for path in (tmp_path / "outbox").iterdir()] == ["e"]


def test_swap(tmp_path):
    """The next build takes the place of the last one in whole: no file of the old one is left."""
    outbox.write(tmp_path, "e", {"old.html": b"old", "manifest.json": b"{}"})
    outbox.write(tmp_path, "e", FILES)
    assert contents(tmp_path / "e") == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["e"]


def test_swap_in_two_steps(tmp_path, monkeypatch):
    """Where a system can't exchange two names, the new build still takes the old one's place."""
    monkeypatch.setattr(outbox, "_exchange", lambda one, other: False)
    test_swap(tmp_path)


@pytest.mark.parametrize("exchanges", [True, False])
def test_messages_stay(tmp_path, monkeypatch, exchanges):
    """Messages that were written into an edition's folder are there after the next build too, were it killed amid."""
    if not exchanges:
        monkeypatch.setattr(outbox, "_exchange", lambda one, other: False)
    (tmp_path / "e/messages/0000").mkdir(parents=True)
    (tmp_path / "e/messages/0000/1.eml").write_bytes(b"mine")
    outbox.write(tmp_path, "e", FILES)
    assert {path.name for path in (tmp_path / "e").iterdir()} == {*FILES, "messages"}
    with monkeypatch.context() as killed:
        killed.setattr(outbox, "_hand_over_messages", lambda temporary, target: 1 / 0)
        killed.setattr(outbox, "_discard", lambda path: None)
        with pytest.raises(ZeroDivisionError):
            outbox.write(tmp_path, "e", {**FILES, "digest.html": b"newer"})
    assert not (tmp_path / "e/messages").exists()
    outbox.sweep(tmp_path)
    assert (tmp_path / "e/digest.html").read_bytes() == b"newer"
    assert (tmp_path / "e/messages/0000/1.eml").read_bytes() == b"mine"
    assert [path.name for path in tmp_path.iterdir()] == ["e"]


@pytest.mark.parametrize("place", [(os, "fsync"), (Path, "rename"), (Path, "open"), (tempfile, "mkdtemp")])
def test_full_disk(tmp_path, monkeypatch, place):
    """Whatever the disk refuses, the last good build stays, nothing half-written stays, and the error says why."""
    outbox.write(tmp_path, "e", FILES)

    def refuse(*args, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "_exchange", lambda one, other: False)
        patched.setattr(*place, refuse)
        with pytest.raises(OutboxError, match=r"^outbox/e: can't be written: No space left on device$"):
            outbox.write(tmp_path, "e", {"digest.html": b"<p>newer</p>"})
    assert contents(tmp_path / "e") == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["e"]


@pytest.mark.parametrize("slug", ["", ".", "..", "../x", "a/b", "/etc"])
def test_slug_stays_inside(tmp_path, slug):
    """Nothing is ever written outside the outbox."""
    with pytest.raises(OutboxError):
        outbox.write(tmp_path / "outbox", slug, FILES)
    assert list(tmp_path.iterdir()) == []


@given(st.text(min_size=1, max_size=300))
@pytest.mark.slow
def test_any_slug(tmp_path_factory, slug):
    """Whatever a slug is, what is written lies in a folder of that name right in the outbox, or nothing is written."""
    outbox_folder = tmp_path_factory.mktemp("any") / "outbox"
    try:
        written = outbox.write(outbox_folder, slug, FILES)
    except OutboxError:
        written = None
    found = [path.parent for path in outbox_folder.parent.rglob("digest.html") if path.is_file()]
    assert found == ([written] if written else [])
    assert written is None or written.parent == outbox_folder


def test_permissions(tmp_path):
    """The edition's folder is as open as the umask lets it be, not only its owner's."""
    old = os.umask(0o022)
    try:
        outbox.write(tmp_path, "e", FILES)
    finally:
        os.umask(old)
    assert (tmp_path / "e").stat().st_mode & 0o777 == 0o755


def test_errors_of_the_block_are_its_own(tmp_path):
    """What fails while the outbox is locked comes out as it is, and the lock is free again."""
    with pytest.raises(FileNotFoundError), outbox.locked(tmp_path):
        (tmp_path / "nothing").read_bytes()
    with outbox.locked(tmp_path):
        pass
