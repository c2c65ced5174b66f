"""outputs.py: what stands where, what other programs read of it, and what is never touched."""

from __future__ import annotations

import errno
import mailbox
import os
import resource
import shutil
import subprocess

import pytest

from pipeline.delivery import files, outputs, run
from pipeline.errors import DeniedError, DiskError, OutboxError
from tests.delivery import sending

KINDS = ("folder", "all.mbox", "maildir:maildir")


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    """Shards of 50, so that few recipients make many."""
    for output in (outputs.Folder, outputs.Mbox, outputs.Maildir):
        monkeypatch.setattr(output, "shard", 50)


def output_in(folder, kind, *, alone=True):
    prefix, _, name = kind.rpartition(":")
    return sending.output(f"{prefix}{':' if prefix else ''}{folder / name}", alone=alone)


def write(output, rows=230, **options):
    crew = run.thread if getattr(output, "alone", True) else run.processes(2)
    return list(run.send_out(sending.Program(), sending.Source(rows), output, crew, **options))


def messages(rows=230):
    """The bytes of all messages, in the order of the rows."""
    batch = sending.Batch(sending.addresses(rows), {})
    return [b"".join(chunks) for chunks in sending.Program().chunks(batch)]


def test_folder(tmp_path):
    """A folder has a folder for each shard, and in it a file for each message, by its id."""
    write(output_in(tmp_path, "folder"))
    ids = map(sending.Program().id, sending.addresses(230))
    found = {path.stem: path for path in tmp_path.glob("folder/*/*.eml")}
    assert [found[one].read_bytes() for one in ids] == messages()
    assert sorted({path.parent.name for path in found.values()}) == ["0000", "0001", "0002", "0003", "0004"]


@pytest.mark.parametrize("alone", [True, False])
def test_mbox(tmp_path, alone):
    """Python's mailbox reads each message of an mbox as the bytes that were written, in the order of the recipients."""
    write(output_in(tmp_path, "all.mbox", alone=alone))
    read = mailbox.mbox(tmp_path / "all.mbox", create=False)
    assert [read.get_bytes(key) for key in read.iterkeys()] == messages()
    assert {read.get_message(key).get_from() for key in read.iterkeys()} == {
        "hello@blog.example.com Tue Nov 24 07:00:00 2026"
    }
    read.close()


def test_maildir(tmp_path):
    """Python's mailbox reads a maildir; each message is new, and there are no folders but its own."""
    write(output_in(tmp_path, "maildir:maildir"))
    read = mailbox.Maildir(tmp_path / "maildir", create=False)
    assert sorted(read.get_bytes(key) for key in read.iterkeys()) == sorted(messages())
    assert {read.get_message(key).get_subdir() for key in read.iterkeys()} == {"new"}
    assert read.list_folders() == []
    assert list((tmp_path / "maildir/tmp").iterdir()) == []


def test_nowhere(tmp_path, monkeypatch):
    """To /dev/null all messages are made, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    (*_, tally) = write(sending.output(os.devnull))
    assert (tally.messages, tally.bytes) == (228, sum(map(len, messages())))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("umask", [0o022, 0o077])
@pytest.mark.parametrize("kind", KINDS)
def test_as_open_as_the_umask_says(tmp_path, kind, umask):
    """What is written may be read by whom the umask lets."""
    before = os.umask(umask)
    try:
        write(output_in(tmp_path, kind))
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in tmp_path.rglob("[!.]*") if path.is_file()}
    assert modes == {0o666 & ~umask}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*") if path.is_dir()} <= {0o777 & ~umask}


STANDS_THERE = [
    ("folder", "folder/notes.txt"),
    ("folder", "folder"),
    ("all.mbox", "all.mbox"),
    ("all.mbox", "all.mbox/notes.txt"),
    ("maildir:maildir", "maildir/cur/1.a.b:2,S"),
    ("maildir:maildir", "maildir/.Sent/cur/1.a.b:2,S"),
    ("maildir:maildir", "maildir"),
]


@pytest.mark.parametrize("force", [True, False])
@pytest.mark.parametrize(("kind", "there"), STANDS_THERE)
def test_what_is_not_ours_is_left_alone(tmp_path, kind, there, force):
    """Where anything else stands, nothing is written, with --force neither."""
    (tmp_path / there).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / there).write_bytes(b"mine")
    with pytest.raises(OutboxError, match="stands in the way, and holds no messages of ours") as refused:
        write(output_in(tmp_path, kind), force=force)
    assert refused.value.exit_code == 73
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / there]
    assert (tmp_path / there).read_bytes() == b"mine"


def test_an_empty_place_is_taken(tmp_path):
    """A folder or a maildir that is there and empty is as good as none."""
    (tmp_path / "folder").mkdir()
    for name in ("new", "cur", "tmp"):
        (tmp_path / "maildir" / name).mkdir(parents=True)
    assert write(output_in(tmp_path, "folder"))[-1].messages == 228
    assert write(output_in(tmp_path, "maildir:maildir"))[-1].messages == 228


def test_a_changed_mbox_is_left_alone(tmp_path):
    """An mbox that a mail program has changed isn't written anew but with --force."""
    write(output_in(tmp_path, "all.mbox"))
    with (tmp_path / "all.mbox").open("ab") as file:
        file.write(b"\n")
    before = sending.files(tmp_path)
    with pytest.raises(OutboxError, match="was changed since it was written"):
        write(output_in(tmp_path, "all.mbox"))
    assert sending.files(tmp_path) == before
    write(output_in(tmp_path, "all.mbox"), force=True)
    assert len(sending.files(tmp_path)["all.mbox"]) == len(before["all.mbox"]) - 1


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_removed_is_written_again(tmp_path, kind):
    """A shard's folder, or an mbox, that somebody has removed is written again."""
    write(output_in(tmp_path, kind))
    before = sending.files(tmp_path)
    if kind == "folder":
        shutil.rmtree(tmp_path / "folder/0002")
    elif kind == "all.mbox":
        (tmp_path / "all.mbox").unlink()
    else:
        shutil.rmtree(tmp_path / "maildir")
    write(output_in(tmp_path, kind))
    assert sending.files(tmp_path) == before


def test_read_mail_stays_read(tmp_path):
    """What a mail program has moved within a maildir isn't written a second time."""
    write(output_in(tmp_path, "maildir:maildir"))
    (one, *_) = (tmp_path / "maildir/new").iterdir()
    one.rename(tmp_path / f"maildir/cur/{one.name}:2,S")
    before = sending.files(tmp_path)
    assert write(output_in(tmp_path, "maildir:maildir"))[-1].there == 228
    assert sending.files(tmp_path) == before


# A disk that refuses.


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 64 KB."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a disk")
    there = tmp_path / "disk"
    there.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(there)], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"can't mount here: {done.stderr.strip()}")
    yield there
    subprocess.run(["umount", str(there)], check=True)


@pytest.mark.parametrize(("kind", "alone"), [*((kind, True) for kind in KINDS), ("all.mbox", False)])
def test_full_disk(tmp_path, small_disk, kind, alone):
    """On a full disk whole shards stay, and what didn't fit leaves nothing; with room the next run goes on."""
    size = {"all.mbox": "64k"}.get(kind, "512k")
    subprocess.run(["mount", "-o", f"remount,size={size}", str(small_disk)], check=True)
    output = output_in(small_disk, kind, alone=alone)
    with pytest.raises(OutboxError, match="can't be written: No space left on device") as refused:
        write(output)
    assert refused.value.exit_code == 73
    assert not [name for name in sending.hidden(small_disk) if name.endswith(".tmp") and name != ".all.mbox.tmp"]
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    first, *_ = write(output)
    assert first.there < 228
    assert first.there > 0 or not alone  # several parts at once may have left no room for one of them
    write(output_in(tmp_path, kind))
    own = {name: told for name, told in sending.files(tmp_path).items() if not name.startswith("disk")}
    assert sending.files(small_disk) == own
    assert not [name for name in sending.hidden(small_disk) if name.endswith(".tmp")]


def test_file_too_large(tmp_path):
    """A limit on a file's size stops an mbox where its last whole shard ends."""
    output = output_in(tmp_path, "all.mbox")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, before[1]))
    try:
        with pytest.raises(OutboxError, match="can't be written: File too large"):
            write(output)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    size = (tmp_path / ".all.mbox.tmp").stat().st_size
    assert 0 < size < 40_000
    assert write(output)[0].bytes == size


def test_disk_that_may_not_be_written(small_disk):
    """A disk that may only be read is told as such."""
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for kind in KINDS:
        with pytest.raises(DeniedError, match="Read-only file system"):
            write(output_in(small_disk, kind))


@pytest.mark.parametrize("kind", KINDS)
def test_disk_that_fails(tmp_path, monkeypatch, kind):
    """Nothing counts as finished before the disk has it: where that fails, the next run writes it again."""
    fsync = os.fsync

    def refuse(*arguments):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def refuse_mbox(descriptor):
        name = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
        return refuse() if name.endswith(".all.mbox.tmp") else fsync(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(outputs, "sync_disk", refuse)
        patched.setattr(os, "fsync", refuse_mbox)
        with pytest.raises(DiskError, match="can't be written: Input/output error"):
            write(output_in(tmp_path, kind))
    first, *_, last = write(output_in(tmp_path, kind))
    assert (first.done, last.messages) == (0, 228)


# What the file system is asked for.


def test_chunks_of_any_number(tmp_path):
    """More chunks than one call takes are written all the same."""
    chunks = [bytes([65 + number % 26]) * (number % 7) for number in range(3000)]
    with (tmp_path / "file").open("wb") as file:
        assert files.write_chunks(file.fileno(), chunks) == sum(map(len, chunks))
    assert (tmp_path / "file").read_bytes() == b"".join(chunks)


@pytest.mark.parametrize("number", [None, errno.EXDEV, errno.ENOSYS])
def test_append(tmp_path, monkeypatch, number):
    """A file is put behind another one also where the kernel can't do it by itself."""
    if number:

        def refuse(*arguments):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "copy_file_range", refuse)
    (tmp_path / "part").write_bytes(b"b" * 100_000)
    (tmp_path / "whole").write_bytes(b"a")
    with (tmp_path / "whole").open("r+b", buffering=0) as file:
        files.append(tmp_path / "part", file.fileno())
    assert (tmp_path / "whole").read_bytes() == b"a" + b"b" * 100_000
