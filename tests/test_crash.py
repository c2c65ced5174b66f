"""Killed runs, disks that refuse, many runs at once: each edition in the outbox is one build's, or not there."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from pipeline import checks, outbox, record
from pipeline.build import build_edition, open_project
from pipeline.cli import main
from tests import folders

pytestmark = pytest.mark.slow

CODES = {errno.ENOSPC: 73, errno.EDQUOT: 73, errno.EIO: 74, errno.EACCES: 77, errno.EROFS: 77}
SECOND = folders.EDITION.replace("Breathe a little", "Another breath")


def torn(there):
    """The editions in this outbox that aren't one build's in whole."""
    return [path.name for path in there.glob("[!.]*") if not is_one_build(path)]


def is_one_build(folder):
    """Whether the files are those that the manifest tells of, byte by byte."""
    try:
        told = json.loads((folder / record.MANIFEST).read_bytes())["files"]
        found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    found.pop(record.MANIFEST)
    return found == {name: one["sha256"] for name, one in told.items()}


def many(folder, number):
    editions = {f"content/editions/e{one:02}.md": folders.EDITION for one in range(number)}
    return folders.make(folder, {**editions, "content/editions/breathe.md": ""})


def command(*arguments, folder):
    """A command of the pipeline, as a process of its own runs it from the repository."""
    return [sys.executable, "-m", "pipeline", *arguments, "--project", str(folder)]


def run(folder, *arguments, **options):
    return subprocess.run(
        command(*arguments, folder=folder), cwd=folders.REPOSITORY, capture_output=True, text=True, **options
    )


def outputs(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.glob("outbox/[!.]*/*"))}


def leftovers(folder):
    return sorted(path.name for path in folder.glob("outbox/.*.tmp"))


# Killed at random moments.

WAYS = {
    "ours": {},
    "without renameat2": {"_exchange": lambda one, other: False},
}


def write_in_place(folder, slug, files):
    """What a simpler writer would do: each file where the last build's stands, piece by piece."""
    (folder / slug).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        with (folder / slug / name).open("wb", buffering=0) as file:
            for start in range(0, len(content), 4096):
                file.write(content[start : start + 4096])
    return folder / slug


def rampage(folder, seed, kills, way):
    """Start a builder and kill it, so many times; prints what was found after each, counted, as one JSON object.

    Each builder is forked from this process, which has everything imported: a kill costs milliseconds. For a process
    of its own, with one thread.
    """
    patches = {"write": write_in_place} if way == "in place" else WAYS[way]
    for name, function in patches.items():
        setattr(outbox, name, function)
    checks.check = lambda mail, settings: ()  # it would only lengthen the time between two writes
    project = open_project(Path(folder))
    for slug in project.library.editions:
        build_edition(slug, numbered(project, slug, 0))
    dice, reported, found = random.Random(seed), dict.fromkeys(project.library.editions, 0), Counter()
    while found["kills"] < kills:
        lines = kill_one(project, max(reported.values()) + 2, dice.uniform(0, 0.12))
        reported.update({slug: int(number) for slug, number in (line.split() for line in lines if line != "busy")})
        found.update(
            kills=1, reported=len(lines), busy=lines.count("busy"), killed_writing=bool(leftovers(project.folder))
        )
        found.update(look(project.folder / "outbox", reported, sweep=way == "without renameat2"))
    print(json.dumps(found))


def numbered(project, slug, number):
    """The project, with the number of this build as the subject of the edition."""
    edition = replace(project.library.editions[slug], subject=f"Build {number}")
    return replace(project, library=replace(project.library, editions={slug: edition}))


def kill_one(project, number, seconds):
    """Fork a builder, kill it after so long: the lines in which it has told what it has written."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        build_for_ever(project, number, writing)
    os.close(writing)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with open(reading, encoding="ascii") as told:  # noqa: PTH123
        return told.read().splitlines()


def build_for_ever(project, number, writing):
    try:
        with outbox.locked(project.folder / "outbox"):
            for one in count(number):
                for slug in project.library.editions:
                    build_edition(slug, numbered(project, slug, one))
                    os.write(writing, f"{slug} {one}\n".encode())
    except outbox.BusyError:
        os.write(writing, b"busy\n")
    finally:
        os._exit(1)


def look(there, reported, *, sweep):
    """How many editions are torn, missing, or older than what was told of them."""
    if sweep:  # what the next start does first
        outbox.sweep(there)
    bad = torn(there)
    missing = [slug for slug in reported if not (there / slug).is_dir()]
    whole = [slug for slug in reported if slug not in (*bad, *missing)]
    stale = [slug for slug in whole if built_as(there, slug) < reported[slug]]
    return {"torn": len(bad), "missing": len(missing), "stale": len(stale)}


def built_as(there, slug):
    return int(record.read_manifest(there, slug)["subject"].removeprefix("Build "))


def rampages(tmp_path, way, kills):
    """The same in two processes, together so many kills: what they have found, added up."""

    def one(seed):
        folder = many(tmp_path / str(seed), 12)
        code = f"from tests.test_crash import rampage; rampage({str(folder)!r}, {seed}, {kills // 2}, {way!r})"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=folders.REPOSITORY, capture_output=True, text=True, check=True
        )
        return Counter(json.loads(done.stdout))

    with ThreadPoolExecutor(2) as threads:
        found = sum(threads.map(one, (1, 2)), Counter())
    print(way, dict(found))
    return found


def test_killed_a_thousand_times(tmp_path):
    """A thousand kills over twelve editions: none torn, none missing that was reported, the lock free at once."""
    found = rampages(tmp_path, "ours", 1000)
    assert found["kills"] == 1000
    assert found["reported"] > 100
    assert found["killed_writing"] > 20
    assert (found["torn"], found["missing"], found["stale"], found["busy"]) == (0, 0, 0, 0)


def test_killed_where_names_cant_change_places(tmp_path):
    """Also where a disk can't exchange two names, the next start leaves no edition torn or missing."""
    found = rampages(tmp_path, "without renameat2", 200)
    assert found["kills"] == 200
    assert (found["torn"], found["missing"], found["stale"], found["busy"]) == (0, 0, 0, 0)


KILLED_AT_A_RENAME = """
import os, sys
from pathlib import Path
from pipeline import outbox
there, rename = Path(sys.argv[1]), Path.rename
outbox.write(there, "e", {"digest.html": b"old"})
outbox._exchange = lambda one, other: False
Path.rename = lambda self, target: (rename(self, target), os.kill(os.getpid(), 9))
outbox.write(there, "e", {"digest.html": b"new"})
"""


def python(code, *arguments):
    return [sys.executable, "-c", code, *map(str, arguments)]


def test_killed_between_two_renames(tmp_path):
    """Where names can't change places, a run that is killed between the two renames loses nothing: it is put back."""
    assert subprocess.run(python(KILLED_AT_A_RENAME, tmp_path), cwd=folders.REPOSITORY).returncode == -9
    with outbox.locked(tmp_path):
        assert (tmp_path / "e/digest.html").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir() if path.name != outbox.LOCK] == ["e"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("exchanges", [True, False], ids=["renameat2", "two renames"])
def test_synced_in_order(tmp_path, monkeypatch, exchanges):
    """For a power cut: every file and its folder are on the disk before they get their name, and the name after it."""
    files = {name: name.encode() for name in ("digest.html", "digest.txt", "message.eml", record.MANIFEST)}
    outbox.write(tmp_path, "e", files)
    done, fsync, rename, exchange = [], os.fsync, Path.rename, outbox._exchange

    def note(function, name):
        return lambda *arguments: (done.append(name(*arguments)), function(*arguments))[1]

    monkeypatch.setattr(os, "fsync", note(fsync, lambda file: Path(f"/proc/self/fd/{file}").readlink().name))
    monkeypatch.setattr(Path, "rename", note(rename, lambda one, other: f"{one.name} -> {other.name}"))
    swap = note(exchange, lambda one, other: f"{one.name} -> {other.name}")
    monkeypatch.setattr(outbox, "_exchange", swap if exchanges else lambda one, other: False)
    outbox.write(tmp_path, "e", files)
    names = ["new -> e"] if exchanges else ["e -> old", "new -> e"]
    assert done == [*files, "new", *names, tmp_path.name]


def test_the_harness_has_teeth(tmp_path):
    """The same kills tear the editions of a writer that writes in place."""
    found = rampages(tmp_path, "in place", 100)
    assert found["torn"] > 0


def children(pid):
    """The processes that this one has started (proc(5))."""
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except OSError:
        return []


def is_running(pid):
    """Whether it lives: one that nobody has asked after yet is dead all the same."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def within(seconds, happens):
    end = time.monotonic() + seconds
    while not (found := happens()) and time.monotonic() < end:
        time.sleep(0.005)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_killed_with_workers(tmp_path):
    """Where a build in several processes is killed, no worker outlives it, the lock is free, the next start sweeps."""
    many(tmp_path, 30)
    dice, seen_workers = random.Random(3), 0
    for _ in range(20):
        building = subprocess.Popen(
            command("build", "--jobs", "2", "--force", folder=tmp_path),
            cwd=folders.REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        within(20, lambda pid=building.pid: len(children(pid)) == 2)
        time.sleep(dice.uniform(0, 0.25))
        workers = children(building.pid)
        building.kill()
        told, _ = building.communicate(timeout=5)  # a worker that lived would keep the pipe open
        seen_workers += len(workers)
        assert within(1, lambda pids=workers: not any(map(is_running, pids)))
        assert torn(tmp_path / "outbox") == []
        reported = {line.split()[0] for line in told.decode().splitlines(keepends=True) if line.endswith(" ms\n")}
        assert reported <= {path.name for path in tmp_path.glob("outbox/[!.]*")}
        with outbox.locked(tmp_path / "outbox"):
            assert leftovers(tmp_path) == []
    assert seen_workers >= 20


def test_stopped_with_workers(tmp_path):
    """SIGTERM ends a build in several processes without a word, however often it is tried."""
    many(tmp_path, 40)

    def stop_one(number):
        folder = tmp_path / f"run{number}"
        shutil.copytree(tmp_path / "content", folder / "content")
        (folder / "templates").symlink_to(folders.REPOSITORY / "templates")
        with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
            arguments = command("build", "--jobs", "3", folder=folder)
            building = subprocess.Popen(arguments, cwd=folders.REPOSITORY, stdout=out, stderr=err)
            within(20, lambda: (folder / "out").stat().st_size or building.poll() is not None)
            building.terminate()
            building.wait(20)
        *told, verdict = (folder / "out").read_text(encoding="utf-8").splitlines()
        there = sorted(path.name for path in folder.glob("outbox/[!.]*"))
        err = (folder / "err").read_text(encoding="utf-8")
        assert ([line.split()[0] for line in told], verdict) == (there, f"{len(there)} ready to send")
        return building.returncode, err, torn(folder / "outbox") == []

    with ThreadPoolExecutor(2) as threads:
        assert Counter(threads.map(stop_one, range(20))) == {(143, "", True): 20}


# A disk that refuses.


class Disk:
    """Lets every call to the outbox through, but refuses one of them, the ``nth``; or all from it on."""

    def __init__(self, folder, number, nth, *, for_good=False):
        self.folder, self.number, self.nth, self.for_good = str(folder / "outbox"), number, nth, for_good
        self.calls = 0

    def refuses(self, *places):
        if not any(isinstance(place, int) or str(place).startswith(self.folder) for place in places):
            return
        self.calls += 1
        if self.calls == self.nth or (self.for_good and self.calls > self.nth):
            raise OSError(self.number, os.strerror(self.number))

    def stand_in(self, function):
        def checked(*arguments, **options):
            if "dir_fd" in options:  # what clears up; what it can't remove is swept at the next start
                return function(*arguments, **options)
            self.refuses(*(one for one in (*arguments, *options.values()) if isinstance(one, int | str | os.PathLike)))
            return function(*arguments, **options)

        return checked

    def mkdir(self, function):
        def made(path, *arguments, **options):
            if not Path(path).exists():
                self.refuses(path)
            return function(path, *arguments, **options)

        return made

    def open(self, function):
        def opened(path, *arguments, **options):
            if arguments[:1] != ("wb",):
                return function(path, *arguments, **options)
            self.refuses(path)
            return Halves(function(path, *arguments, **options), self)

        return opened

    def exchange(self, function):
        def exchanged(one, other):
            try:
                self.refuses(one)
            except OSError:
                return False
            return function(one, other)

        return exchanged


class Halves:
    """A file that may refuse a write halfway, or when it is flushed or closed."""

    def __init__(self, file, disk):
        self.file, self.disk = file, disk

    def __enter__(self):
        return self

    def __exit__(self, *arguments):
        self.file.close()
        if arguments[0] is None:
            self.disk.refuses(0)

    def write(self, content):
        self.file.write(content[: len(content) // 2])
        self.disk.refuses(0)
        self.file.write(content[len(content) // 2 :])

    def flush(self):
        self.disk.refuses(0)
        self.file.flush()

    def fileno(self):
        return self.file.fileno()


def with_disk(monkeypatch, disk, *, exchanges):
    for owner, name in [(os, "fsync"), (os, "open"), (Path, "rename"), (tempfile, "mkdtemp")]:
        monkeypatch.setattr(owner, name, disk.stand_in(getattr(owner, name)))
    monkeypatch.setattr(os, "mkdir", disk.mkdir(os.mkdir))
    monkeypatch.setattr(Path, "open", disk.open(Path.open))
    monkeypatch.setattr(outbox, "_exchange", disk.exchange(outbox._exchange if exchanges else lambda one, other: False))


def call(monkeypatch, folder, *arguments):
    """A command in this process: its exit code."""
    monkeypatch.setattr(sys, "argv", ["pipeline", *arguments, "--project", str(folder)])
    with pytest.raises(SystemExit) as stopped:
        main()
    return stopped.value.code or 0


def subject_of(folder):
    return record.read_manifest(folder / "outbox", "breathe")["subject"]


@pytest.mark.parametrize("exchanges", [True, False], ids=["renameat2", "two renames"])
@pytest.mark.parametrize("number", CODES, ids=errno.errorcode.get)
def test_every_call_is_refused_in_turn(tmp_path, monkeypatch, capsys, number, exchanges):
    """Whichever call the disk refuses, the edition is the last build's or the new one, and the exit code says why."""
    codes = []
    for nth in count(1):
        folder = folders.make(tmp_path / str(nth))
        assert call(monkeypatch, folder, "build", "--quiet") == 0
        folders.make(folder, {"content/editions/breathe.md": SECOND})
        disk = Disk(folder, number, nth)
        with monkeypatch.context() as patched:
            with_disk(patched, disk, exchanges=exchanges)
            codes.append(call(patched, folder, "build", "--quiet"))
        if disk.calls < nth:
            break
        assert torn(folder / "outbox") == []
        assert leftovers(folder) == []
        assert subject_of(folder) in (("Another breath",) if codes[-1] == 0 else ("Breathe a little", "Another breath"))
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 0 if codes[-1] == 0 else 1)
        assert call(monkeypatch, folder, "build", "--quiet") == 0
        assert subject_of(folder) == "Another breath"
    assert nth > 12
    assert codes[-1] == 0
    # A disk that can't exchange two names has another way, and a lock that mayn't be made may be there already; all
    # else must stop the build.
    assert Counter(code for code in codes[:-1] if code != CODES[number]) == {0: 1 + (number == errno.EACCES)}


@pytest.mark.parametrize("exchanges", [True, False], ids=["renameat2", "two renames"])
@pytest.mark.parametrize("number", [errno.EIO, errno.EROFS], ids=errno.errorcode.get)
def test_every_call_is_refused_from_one_on(tmp_path, monkeypatch, number, exchanges):
    """From whichever call on the disk refuses everything, the next start finds the last build or the new one."""
    for nth in count(1):
        folder = folders.make(tmp_path / str(nth))
        call(monkeypatch, folder, "build", "--quiet")
        folders.make(folder, {"content/editions/breathe.md": SECOND})
        disk = Disk(folder, number, nth, for_good=True)
        with monkeypatch.context() as patched:
            with_disk(patched, disk, exchanges=exchanges)
            code = call(patched, folder, "build", "--quiet")
        if disk.calls < nth:
            break
        assert code == CODES[number]
        with outbox.locked(folder / "outbox"):
            assert leftovers(folder) == []
        assert torn(folder / "outbox") == []
        assert subject_of(folder) in ("Breathe a little", "Another breath")
    assert nth > 12


@pytest.mark.parametrize("number", CODES, ids=errno.errorcode.get)
def test_every_call_of_a_cleaning_is_refused_in_turn(tmp_path, monkeypatch, number):
    """Whichever call the disk refuses, what was to be cleaned away is there in whole, or is on record."""
    codes = []
    for nth in count(1):
        folder = folders.make(tmp_path / str(nth))
        call(monkeypatch, folder, "build", "--quiet")
        disk = Disk(folder, number, nth)
        with monkeypatch.context() as patched:
            with_disk(patched, disk, exchanges=True)
            codes.append(call(patched, folder, "clean", "--keep", "0"))
        if disk.calls < nth:
            break
        assert torn(folder / "outbox") == []
        assert leftovers(folder) == []
        assert record.read(folder / "outbox").manifests["breathe"]["subject"] == "Breathe a little"
        assert call(monkeypatch, folder, "clean", "--keep", "0") == 0
        assert list(folder.glob("outbox/[!.]*")) == []
        assert list(record.read(folder / "outbox").manifests) == ["breathe"]
    assert nth > 8
    assert sum(code != CODES[number] for code in codes[:-1]) == (number == errno.EACCES)


def traced(folder, call_name, number, nth):
    """Build under strace, which has the kernel refuse the ``nth`` such call: the exit code; whether it was reached."""
    log = folder / "trace"
    prefix = ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={call_name}"]
    inject = ["-e", f"inject={call_name}:error={errno.errorcode[number]}:when={nth}"]
    arguments = [*prefix, *inject, *command("build", "--quiet", folder=folder)]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(folder / "tmp")}
    done = subprocess.run(arguments, cwd=folders.REPOSITORY, capture_output=True, text=True, env=environment)
    return done.returncode, "(INJECTED)" in log.read_text(encoding="utf-8", errors="replace"), done.stderr


def can_trace():
    if shutil.which("strace") is None:
        return False
    probe = ["strace", "-qq", "-o", os.devnull, "-e", "trace=fsync", "-e", "inject=fsync:error=EIO:when=1", "true"]
    return subprocess.run(probe, capture_output=True).returncode == 0


@pytest.mark.parametrize(
    ("call_name", "number"),
    [
        ("fsync", errno.EIO),
        ("fsync", errno.ENOSPC),
        ("write", errno.ENOSPC),
        ("write", errno.EIO),
        ("renameat2", errno.EIO),
        ("flock", errno.EIO),
    ],
    ids=["fsync EIO", "fsync ENOSPC", "write ENOSPC", "write EIO", "renameat2 EIO", "flock EIO"],
)
def test_the_kernel_refuses(tmp_path, call_name, number):
    """Whichever such call the kernel itself refuses, the edition is one build's, and the exit code says why."""
    if not can_trace():
        pytest.skip("strace isn't there, or may not trace")

    def refused(nth):
        folder = folders.make(tmp_path / str(nth))
        (folder / "tmp").mkdir()
        assert run(folder, "build", "--quiet", env={**os.environ, "TMPDIR": str(folder / "tmp")}).returncode == 0
        folders.make(folder, {"content/editions/breathe.md": SECOND})
        code, reached, err = traced(folder, call_name, number, nth)
        assert torn(folder / "outbox") == []
        assert leftovers(folder) == []
        assert subject_of(folder) in ("Another breath", "Breathe a little" if code else "Another breath")
        return reached, code, err

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(refused, range(1, 13)))
    reached = [(code, err) for was_reached, code, err in found if was_reached]
    assert 0 < len(reached) < len(found)
    assert {code for was_reached, code, _ in found if not was_reached} == {0}
    # Without renameat2 there are two renames; the rest of the writes is the cache of templates, which may fail.
    fine = {"renameat2": 1, "write": 1}.get(call_name, 0)
    assert sum(code == 0 for code, _ in reached) <= fine
    assert {code for code, _ in reached} - {0} <= {CODES[number]}
    assert all(err.count("\n") == (1 if code else 0) for code, err in reached)


def mount(*arguments):
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"can't mount here: {done.stderr.strip()}")


@pytest.fixture
def small_disk(tmp_path):
    """A disk of one megabyte as the outbox of a newsletter of 30 editions."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a disk")
    there = many(tmp_path, 30) / "outbox"
    there.mkdir()
    mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", str(there))
    yield there
    subprocess.run(["umount", str(there)], check=True)


def test_full_disk(small_disk):
    """On a disk that is really full what fits is built and stays whole, the rest is told, and room mends it all."""
    folder = small_disk.parent
    first = run(folder, "build", "--quiet")
    assert first.returncode == 73
    lines = first.stderr.splitlines()
    built = sorted(path.name for path in small_disk.glob("[!.]*"))
    assert 3 < len(built) < 30
    assert len(lines) == 30 - len(built)
    assert all(line.endswith("can't be written: No space left on device") for line in lines)
    assert (torn(small_disk), leftovers(folder)) == ([], [])

    before = outputs(folder)
    toml = folders.NEWSLETTER.replace("1 Example Street", "2 Example Street")
    folders.make(folder, {"content/newsletter.toml": toml, "content/editions/breathe.md": ""})
    with (small_disk / ".ballast").open("wb") as ballast, pytest.raises(OSError, match="No space left"):
        while True:
            os.write(ballast.fileno(), b"x" * 4096)
    again = run(folder, "build", "--quiet", "--jobs", "2")
    assert (again.returncode, len(again.stderr.splitlines())) == (73, 30)
    assert outputs(folder) == before
    assert leftovers(folder) == []

    mount("-o", "remount,size=8m", str(small_disk))
    assert run(folder, "build", "--quiet").returncode == 0
    assert len(list(small_disk.glob("[!.]*"))) == 30
    assert torn(small_disk) == []


def test_read_only_disk(small_disk):
    """On a disk that may only be read the last build stays, and a run with nothing to do is content."""
    folder = small_disk.parent
    assert run(folder, "build", "e00", "--quiet").returncode == 0
    mount("-o", "remount,ro", str(small_disk))
    assert run(folder, "build", "e00", "--quiet").returncode == 0
    done = run(folder, "build", "--quiet")
    assert done.returncode == 77
    assert done.stderr == "error: outbox: can't be written: Read-only file system\n"
    assert [path.name for path in small_disk.glob("[!.]*")] == ["e00"]


# Many at once.


def start(folder, *arguments):
    return subprocess.Popen(
        command("build", "--quiet", *arguments, folder=folder),
        cwd=folders.REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def holder_of(lock):
    """The process that has locked this file (proc(5), locks); None where there is none."""
    inode = lock.stat().st_ino if lock.exists() else None
    for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
        kind, pid, device = (words := line.split())[1], words[-4], words[-3]
        if kind == "FLOCK" and "->" not in words and device.endswith(f":{inode}"):
            return int(pid)
    return None


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_hundred_at_once(tmp_path):
    """Of a hundred starts on one outbox one works, and the others say at once that it does."""
    folder = many(tmp_path, 60)
    starts = [start(folder) for _ in range(100)]
    assert within(60, lambda: holder_of(folder / "outbox/.lock"))
    holder = holder_of(folder / "outbox/.lock")
    os.kill(holder, signal.SIGSTOP)  # so that it still works when the last of the others has started
    try:
        assert within(120, lambda: sum(one.poll() is None for one in starts) == 1)
    finally:
        os.kill(holder, signal.SIGCONT)
    told = [one.communicate(timeout=60) for one in starts]
    assert Counter(one.returncode for one in starts) == {0: 1, 75: 99}
    busy = "error: outbox: another run is building; wait for it with --wait SECONDS\n"
    assert Counter(told) == {("", ""): 1, ("", busy): 99}
    assert len(outputs(folder)) == 60 * 4
    assert torn(folder / "outbox") == []


def test_waiting(tmp_path):
    """--wait has a run wait until the other one has ended, and then build; without it, it gives up at once."""
    folder = many(tmp_path, 2)
    with outbox.locked(folder / "outbox"):
        waiting = start(folder, "--wait", "20")
        impatient = [start(folder), start(folder, "--wait", "0.3")]
        assert [one.wait(20) for one in impatient] == [75, 75]
        assert waiting.poll() is None
        assert not list((folder / "outbox").glob("[!.]*"))
    assert waiting.wait(20) == 0
    assert sorted(path.name for path in (folder / "outbox").glob("[!.]*")) == ["e00", "e01"]
    for one in (waiting, *impatient):
        one.communicate()


HOLDER = """
import sys, time
from pathlib import Path
from pipeline import checks, outbox, record
there = Path(sys.argv[1])
with outbox.locked(there):
    (there / ".e00.left.tmp").mkdir()
    print("held", flush=True)
    time.sleep(60)
"""


def test_killed_holder(tmp_path):
    """A run that is killed while it has the lock leaves it free."""
    folder = many(tmp_path, 2)
    holder = subprocess.Popen(
        python(HOLDER, folder / "outbox"), cwd=folders.REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    assert run(folder, "build", "--quiet").returncode == 75
    assert leftovers(folder) == [".e00.left.tmp"]
    holder.kill()
    holder.communicate()
    assert run(folder, "build", "--quiet").returncode == 0
    assert leftovers(folder) == []


# Wherever and whenever it is built.

ANOTHER_DAY = '''\
"""Loaded at the start of Python: the clock is off by so many days."""
import datetime, os, time
days = int(os.environ["DAYS"])
real = time.time
time.time = lambda: real() + days * 86400
class Shifted(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)
datetime.datetime = Shifted
'''
PLACES = [
    {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "0", "DAYS": "0"},
    {"TZ": "America/Adak", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "4294967295", "DAYS": "400"},
    {"TZ": "Asia/Kathmandu", "LC_ALL": "de_DE.ISO-8859-1", "PYTHONHASHSEED": "7", "DAYS": "-300"},
]


def test_same_bytes_everywhere(tmp_path):
    """Every sample edition is the same, file by file, whatever the day, zone, locale, seed and umask."""
    (tmp_path / "day").mkdir()
    (tmp_path / "day/sitecustomize.py").write_text(ANOTHER_DAY, encoding="utf-8")

    def build(number):
        folder = tmp_path / str(number)
        for name in ("content", "templates"):
            shutil.copytree(folders.REPOSITORY / name, folder / name)
        environment = {**PLACES[number], "PYTHONPATH": str(tmp_path / "day"), "PATH": os.environ["PATH"]}
        jobs = ("build", "--quiet", "--jobs", str(number + 1))
        due = ("build", "--quiet", "--due", "--now", ["2026-11-23T08:00:00+01:00", "2026-11-23T13:11:09Z"][number % 2])
        done = [run(folder, *one, env=environment, umask=0o077 >> 3 * number) for one in (jobs, due)]
        day = python("from pipeline.cli.console import now; print(now().date())")
        today = subprocess.run(day, cwd=folders.REPOSITORY, env=environment, capture_output=True, check=True).stdout
        return outputs(folder), [(one.returncode, one.stdout) for one in done], today

    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(build, range(3)))
    assert [codes for _, codes, _ in found] == [[(0, ""), (0, "")]] * 3
    assert len({today for _, _, today in found}) == 3
    hashes = [{name: hashlib.sha256(content).hexdigest() for name, content in files.items()} for files, _, _ in found]
    samples = sorted(path.stem for path in folders.REPOSITORY.glob("content/editions/*.md"))
    assert {name.split("/")[1] for name in hashes[0]} >= {*samples, "weekly-2026-11-23"}
    assert hashes[0] == hashes[1] == hashes[2]
