"""`pipeline build` as cron runs it: silent, never twice, never half, and no lie about what it did."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipeline import outbox
from tests import folders
from tests.test_crash import command, torn

# Each test starts processes.
pytestmark = pytest.mark.slow

NAP = folders.ARTICLE.replace("Box breathing", "Why naps work").replace("Breathe in.", "Lie down.")
BOTH = folders.EDITION.replace("- lead: box-breathing", "- lead: box-breathing\n  - teasers: [nap]")
WEEKLY = """
[digests.weekly]
schedule = "0 8 * * MON"
subject = "This week: {lead.title}"
"""
MONDAY, NEXT_MONDAY = "2026-11-23T08:00:00+01:00", "2026-11-30T08:00:00+01:00"
TWO = {"content/articles/nap.md": NAP, "content/editions/nap.md": folders.EDITION.replace("box-breathing", "nap")}
BAD = {"content/editions/bad.md": folders.EDITION.replace("box-breathing", "gone")}

WEEKLY_ONLY = {"content/newsletter.toml": folders.NEWSLETTER + WEEKLY, "content/editions/breathe.md": ""}


def result(output):
    return json.loads(output.splitlines()[-1])["result"]


def identities(folder):
    """What each file and folder of the outbox is to the disk: the same ones mean that nobody has touched them."""
    there = folder / "outbox"
    found = ((path, path.stat()) for path in (there, *there.rglob("*")))
    return {str(path.relative_to(folder)): (stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns) for path, stat in found}


def outputs(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.glob("outbox/[!.]*/*"))}


def many(folder, count):
    editions = {f"content/editions/e{number:02}.md": folders.EDITION for number in range(count)}
    return folders.make(folder, {**editions, "content/editions/breathe.md": ""})


def within(seconds, happens):
    """Wait until it happens; says whether it did."""
    end = time.monotonic() + seconds
    while not (found := happens()) and time.monotonic() < end:
        time.sleep(0.005)
    return found


# Unchanged is untouched.


def test_unchanged_is_untouched(run, tmp_path):
    """A second build leaves every file and every folder of the outbox as it was, and says so in one line."""
    folders.make(tmp_path, TWO)
    assert run("build")[0] == 0
    before = identities(tmp_path)
    assert run("build") == (0, "2 unchanged: breathe, nap\n", "")
    assert run("build", "nap", "--quiet") == (0, "", "")
    assert run("build", "--due", "--now", "2026-11-24T00:00:00+01:00", "--quiet") == (0, "", "")
    assert identities(tmp_path) == before


def test_nothing_is_imported_for_nothing(run, tmp_path):
    """Where nothing has changed, no engine is imported, and not even the lock."""
    run("build")
    heavy = "{'jinja2', 'mjml', 'premailer', 'cssutils', 'lxml', 'markdown_it', 'babel', 'yaml', 'rich', 'filelock'}"
    code = f"""
import sys
from pipeline import cli
try:
    cli.main()
except SystemExit as stopped:
    print(stopped.code, sorted({heavy} & set(sys.modules)))
"""
    arguments = [sys.executable, "-c", code, "build", "--quiet", "--project", str(tmp_path)]
    done = subprocess.run(arguments, cwd=folders.REPOSITORY, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("0 []\n", "")


def test_nothing_is_locked_for_nothing(run, tmp_path):
    """A run with nothing to do minds no other run; one with something to do is sent away at once."""
    run("build")
    with outbox.locked(tmp_path / "outbox"):
        assert run("build", "--quiet") == (0, "", "")
        code, out, err = run("build", "--force")
    assert (code, out) == (75, "")
    assert err == "error: outbox: another run is building; wait for it with --wait SECONDS\n"


def test_changed_article(run, tmp_path):
    """A changed article has exactly those editions built again that show it."""
    folders.make(tmp_path, {**TWO, "content/editions/both.md": BOTH})
    run("build")
    before = identities(tmp_path)
    folders.make(tmp_path, {"content/articles/nap.md": NAP + "Ten minutes will do.\n"})
    code, out, _ = run("build", "--json")
    assert (code, result(out)["built"], result(out)["unchanged"]) == (0, ["both", "nap"], ["breathe"])
    after = identities(tmp_path)
    assert {path for path in before if path.startswith("outbox/") and before[path] == after[path]} >= {
        path for path in before if path.startswith("outbox/breathe")
    }
    assert not any(before[path] == after[path] for path in before if path.startswith(("outbox/both", "outbox/nap")))


def test_force(run, tmp_path):
    """--force builds what is unchanged all the same: other files with the same bytes."""
    run("build")
    before, bytes_before = identities(tmp_path), outputs(tmp_path)
    assert result(run("build", "--force", "--json")[1])["built"] == ["breathe"]
    assert identities(tmp_path)["outbox/breathe"] != before["outbox/breathe"]
    assert outputs(tmp_path) == bytes_before


def other_tools(manifest):
    told = json.loads(manifest)
    told["tools"]["jinja2"] = "2.0"
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("digest.html", None),
        ("digest.txt", lambda content: content[:-1]),
        ("message.eml", lambda content: content + b"\n"),
        ("manifest.json", None),
        ("manifest.json", lambda content: content[:-20]),
        ("manifest.json", lambda content: b"[]"),
        ("manifest.json", other_tools),
    ],
    ids=["gone", "cut", "longer", "no manifest", "half a manifest", "not a manifest", "other tools"],
)
def test_damage_is_mended(run, tmp_path, name, damage):
    """An edition with a file gone or cut, or made by other tools, is built again as it was."""
    run("build")
    whole, file = outputs(tmp_path), tmp_path / "outbox/breathe" / name
    if damage:
        file.write_bytes(damage(file.read_bytes()))
    else:
        file.unlink()
    assert result(run("build", "--json")[1])["built"] == ["breathe"]
    assert outputs(tmp_path) == whole


# A failure is contained, and told once.


def test_bad_edition(run, tmp_path):
    """One bad edition fails alone and keeps its last good build; the others are built, and --quiet tells only of it."""
    folders.make(tmp_path, TWO)
    run("build", "nap")
    last_good = outputs(tmp_path)
    folders.make(tmp_path, {"content/editions/nap.md": folders.EDITION.replace("box-breathing", "gone"), **BAD})
    code, out, err = run("build", "--quiet")
    assert (code, out) == (65, "")
    assert [line.partition(": there is no article")[0] for line in err.splitlines()] == [
        "error: content/editions/bad.md:6",
        "error: content/editions/nap.md:6",
    ]
    assert last_good.items() <= outputs(tmp_path).items()
    assert sorted(path.name for path in tmp_path.glob("outbox/[!.]*")) == ["breathe", "nap"]


def test_json(run, tmp_path):
    """With --json each line is an object, and the last is the result with the exit code."""
    folders.make(tmp_path, {**TWO, **BAD})
    run("build", "nap")
    code, out, _ = run("build", "--json")
    *lines, last = map(json.loads, out.splitlines())
    assert [line["edition"] for line in lines] == ["nap", "bad", "breathe"]
    assert lines[0]["unchanged"] is True
    assert last["result"] == {
        "built": ["breathe"],
        "unchanged": ["nap"],
        "failed": ["bad"],
        "errors": [],
        "exit_code": code,
    }
    assert code == 65


def test_json_of_a_run_that_is_stopped(run, tmp_path):
    """With --json the last line is the result also where nothing could be built."""
    with outbox.locked(tmp_path / "outbox"):
        code, out, _ = run("build", "--json")
    assert (code, result(out)["exit_code"], result(out)["built"]) == (75, 75, [])
    code, out, _ = run("build", "breath", "--json")
    assert (code, result(out)["exit_code"]) == (65, 65)


def test_json_of_an_empty_digest(run, tmp_path):
    """With --json the error of a digest that must not be empty is in the output, as it is on standard error without."""
    failing = folders.NEWSLETTER + WEEKLY + 'when_empty = "fail"\n'
    folders.make(tmp_path, {"content/newsletter.toml": failing, "content/articles/box-breathing.md": ""})
    arguments = ("build", "--due", "--now", MONDAY)
    code, _, err = run(*arguments)
    assert (code, "weekly has nothing new" in err) == (65, True)
    code, out, _ = run("build", "--due", "--now", NEXT_MONDAY, "--json")
    assert (code, result(out)["exit_code"]) == (65, 65)
    assert "weekly has nothing new" in out


def test_log_file(run, tmp_path):
    """The log grows with each run, starts anew where it was moved away, and has what --quiet keeps silent."""
    log, moved = tmp_path / "build.log", tmp_path / "build.log.1"
    assert run("build", "--quiet", "--log-file", str(log)) == (0, "", "")
    first = log.read_text(encoding="utf-8").splitlines()
    folders.make(tmp_path, BAD)
    run("build", "--quiet", "--log-file", str(log))
    second = log.read_text(encoding="utf-8").splitlines()
    log.rename(moved)
    run("build", "--quiet", "--log-file", str(log))
    stamps, told = zip(*(line.split(" ", 1) for line in second), strict=True)
    assert first == second[: len(first)]
    assert all(time.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ") for stamp in stamps)
    assert told[0].startswith("breathe  “Breathe a little”  ")
    assert told[1] == "1 built, 0 unchanged, 0 failed; exit 0"
    assert told[2] == "1 unchanged: breathe"
    assert told[3].startswith("error: content/editions/bad.md:6: there is no article 'gone'")
    assert told[4] == "0 built, 1 unchanged, 1 failed; exit 65"
    assert moved.read_text(encoding="utf-8").splitlines() == second
    assert len(log.read_text(encoding="utf-8").splitlines()) == 3


def test_log_file_that_cant_be_written(run, tmp_path):
    """A log in a folder that isn't there is told in one line, before anything is built."""
    folders.make(tmp_path, TWO)
    log = tmp_path / "nowhere/build.log"
    code, out, err = run("build", "--quiet", "--log-file", str(log))
    assert (code, out) == (78, "")
    assert err == f"error: {log}: --log-file can't be written: No such file or directory\n"
    assert not list((tmp_path / "outbox").glob("[!.]*"))


def test_log_file_of_a_run_that_is_stopped(run, tmp_path):
    """The log tells also of a run that was sent away."""
    log = tmp_path / "build.log"
    with outbox.locked(tmp_path / "outbox"):
        assert run("build", "--quiet", "--log-file", str(log))[0] == 75
    assert "another run is building" in log.read_text(encoding="utf-8")


# Signals.

STOPS = [
    (signal.SIGTERM, 143, "1", os.kill),
    (signal.SIGINT, 130, "1", os.killpg),
    (signal.SIGTERM, 143, "2", os.kill),
    (signal.SIGINT, 130, "2", os.killpg),
]


def stop_midway(folder, number, jobs, send):
    """Start a build of 40 editions, and send it a signal once it has told of one: its exit code, lines and errors."""
    many(folder, 40)
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        options = {"stdout": out, "stderr": err, "start_new_session": True}
        building = subprocess.Popen(command("build", "--jobs", jobs, folder=folder), cwd=folders.REPOSITORY, **options)
        within(20, lambda: (folder / "out").stat().st_size or building.poll() is not None)
        send(building.pid, number)
        code = building.wait(20)
    return code, (folder / "out").read_text(encoding="utf-8").splitlines(), (folder / "err").read_text()


def test_stop_between_editions(tmp_path):
    """SIGTERM and Ctrl-C end a build between two editions: what it told of is there, and nothing else."""

    def stopped(case):
        number, _, jobs, send = case
        folder = tmp_path / f"{number}-{jobs}"
        return folder, *stop_midway(folder, number, jobs, send)

    with ThreadPoolExecutor(len(STOPS)) as threads:
        found = list(threads.map(stopped, STOPS))
    for (_, expected, _, _), (folder, code, lines, err) in zip(STOPS, found, strict=True):
        assert (code, err) == (expected, "")
        built = sorted(path.name for path in folder.glob("outbox/[!.]*"))
        assert built == [line.split()[0] for line in lines[:-1]]
        assert lines[-1] == f"{len(built)} ready to send"
        assert 0 < len(built) < 40
        assert torn(folder / "outbox") == []
        assert list(folder.glob("outbox/.*.tmp")) == []


def sleeps(process):
    """Whether it does nothing for the moment, as one does that waits for its turn (proc(5), stat)."""
    time.sleep(0.005)
    return Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "S"


def catches(process, number):
    """Whether the process has a handler for the signal yet (proc(5), SigCgt)."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    mask = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(mask >> (number - 1) & 1)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("arguments", "number", "code"),
    [
        (["build", "--quiet"], signal.SIGTERM, 143),
        (["build", "--due", "--now", "2026-11-24T08:00:00+01:00"], signal.SIGINT, 130),
        (["clean", "--keep", "0"], signal.SIGINT, 130),
    ],
    ids=["build", "build --due", "clean"],
)
def test_stop_while_waiting(tmp_path, arguments, number, code):
    """A run that waits for another one stops at once when it is asked to."""
    folders.make(tmp_path)
    with outbox.locked(tmp_path / "outbox"):
        arguments = command(*arguments, "--wait", "30", folder=tmp_path)
        waiting = subprocess.Popen(arguments, cwd=folders.REPOSITORY, stderr=subprocess.PIPE, text=True)
        try:
            assert within(60, lambda: catches(waiting, number) and all(sleeps(waiting) for _ in range(4)))
            waiting.send_signal(number)
            _, err = waiting.communicate(timeout=2)
        finally:
            waiting.kill()
            waiting.communicate()
    assert (waiting.returncode, err) == (code, "")


# Whatever the surroundings are.

SURROUNDINGS = {
    "no environment, no input, no errors": 'umask 022; exec env -i PATH=/usr/bin:/bin "$@" <&- 2>&-',
    "Latin-1, no HOME": 'umask 077; unset HOME; LC_ALL=en_US.ISO-8859-1 PYTHONIOENCODING=latin-1 exec "$@"',
    "ASCII, no output": 'umask 000; LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 exec "$@" >&-',
}
MODES = [(0o755, 0o644), (0o700, 0o600), (0o777, 0o666)]


def test_surroundings(tmp_path):
    """Without environment, locale, HOME or open streams the same bytes are built, as open as the umask lets them be."""
    edition = folders.EDITION.replace("Breathe a little", "تنفّس قليلًا")

    def build(number):
        folder = folders.make(tmp_path / str(number), {"content/editions/breathe.md": edition})
        shell = ["/bin/sh", "-c", list(SURROUNDINGS.values())[number], "sh", *command("build", folder=folder)]
        return folder, subprocess.run(shell, cwd=folders.REPOSITORY, capture_output=True, stdin=subprocess.DEVNULL)

    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(build, range(3)))
    assert [(done.returncode, done.stderr) for _, done in found] == [(0, b"")] * 3
    assert [done.stdout[:9] for _, done in found] == [b"breathe  ", b"breathe  ", b""]
    first, second, third = (outputs(folder) for folder, _ in found)
    assert len(first) == 4
    assert first == second == third
    for (folder, _), (of_folder, of_files) in zip(found, MODES, strict=True):
        edition_folder = folder / "outbox/breathe"
        assert edition_folder.stat().st_mode & 0o777 == of_folder
        assert {path.stat().st_mode & 0o777 for path in edition_folder.iterdir()} == {of_files}


@pytest.mark.parametrize("arguments", [["list"], ["status"], ["plan"], ["clean", "--keep", "9"], ["build"]])
def test_no_output(run, monkeypatch, arguments):
    """With standard output closed every command does its work as ever."""
    run("build")
    monkeypatch.setattr(sys, "stdout", None)
    assert run(*arguments)[0] == 0


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["--quiet"], [], ["--json"]])
def test_reader_that_has_gone(tmp_path, arguments):
    """Who reads the report may go: every edition is built all the same, and nobody calls it a bug."""
    folders.make(tmp_path, TWO)
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as gone:  # noqa: PTH123
        done = subprocess.run(
            command("build", *arguments, folder=tmp_path), cwd=folders.REPOSITORY, stdout=gone, stderr=subprocess.PIPE
        )
    assert sorted(path.name for path in tmp_path.glob("outbox/[!.]*")) == ["breathe", "nap"]
    assert torn(tmp_path / "outbox") == []
    assert b"Traceback" not in done.stderr
    assert b"outbox" not in done.stderr
    assert done.returncode in ((0,) if arguments == ["--quiet"] else (0, 74))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_output_that_is_full(tmp_path):
    """A report that can't be written is an I/O error, once everything is built."""
    folders.make(tmp_path, TWO)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command("build", folder=tmp_path), cwd=folders.REPOSITORY, stdout=full, stderr=subprocess.PIPE
        )
    assert sorted(path.name for path in tmp_path.glob("outbox/[!.]*")) == ["breathe", "nap"]
    assert b"Traceback" not in done.stderr
    assert done.returncode == 74


def without_privilege():
    """What to put before a command so that it is held to the permissions of files: root is not."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    prefix = [setpriv or "", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", "--"]
    if setpriv is None or subprocess.run([*prefix, "true"], capture_output=True).returncode:
        pytest.skip("root can't drop its privileges here: no setpriv, or it isn't allowed")
    return prefix


def test_outbox_that_may_not_be_written(run, tmp_path):
    """An outbox that may not be written is told as such, edition by edition, and stays as it is."""
    prefix = without_privilege()
    folders.make(tmp_path, TWO)
    run("build", "nap")
    before = identities(tmp_path)
    (tmp_path / "outbox").chmod(0o555)
    try:
        arguments = [*prefix, *command("build", "--quiet", folder=tmp_path)]
        done = subprocess.run(arguments, cwd=folders.REPOSITORY, capture_output=True, text=True)
    finally:
        (tmp_path / "outbox").chmod(0o755)
    assert (done.returncode, done.stdout) == (77, "")
    assert done.stderr == "error: outbox/breathe: can't be written: Permission denied\n"
    assert identities(tmp_path)["outbox/nap"] == before["outbox/nap"]
    assert sorted(path.name for path in (tmp_path / "outbox").iterdir()) == [".lock", "nap"]


# What is in the outbox, and how it is thinned out.


def test_status(run, tmp_path):
    """Status tells of each edition when it was built, of what, how large, its findings, and whether it still stands."""
    folders.make(tmp_path, TWO)
    run("build")
    folders.make(tmp_path, {"content/articles/nap.md": NAP + "Ten minutes will do.\n"})
    code, out, err = run("status", "--json")
    breathe, nap = json.loads(out)
    manifest = tmp_path / "outbox/breathe/manifest.json"
    built = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(manifest.stat().st_mtime))
    told = json.loads(manifest.read_text(encoding="utf-8"))
    assert (code, err) == (0, "")
    assert breathe == {
        "edition": "breathe",
        "date": "2026-11-24",
        "built": built,
        "bytes": (tmp_path / "outbox/breathe/digest.html").stat().st_size,
        "findings": len(told["findings"]),
        "state": "built",
        "inputs": list(told["inputs"]),
    }
    assert (nap["edition"], nap["state"]) == ("nap", "changed")
    assert "breathe" in run("status")[1]


def test_status_of_nothing(run):
    """An empty outbox is said to be one."""
    assert run("status") == (0, "The outbox is empty; fill it with pipeline build.\n", "")
    assert run("status", "--json") == (0, "[]\n", "")


def test_clean(run, tmp_path):
    """Clean removes all but the newest; a plain build lets them rest, and one that names them builds them again."""
    older = folders.EDITION.replace("2026-11-24", "2026-10-01")
    folders.make(tmp_path, {"content/editions/older.md": older})
    run("build")
    whole = outputs(tmp_path)
    assert run("clean", "--keep", "2") == (0, "", "")
    assert run("clean", "--keep", "1") == (0, "removed older\n", "")
    assert [path.name for path in tmp_path.glob("outbox/[!.]*")] == ["breathe"]
    assert {row["edition"]: row["state"] for row in json.loads(run("status", "--json")[1])} == {
        "older": "cleaned",
        "breathe": "built",
    }
    assert run("build", "--quiet") == (0, "", "")
    assert run("build", "--due", "--now", NEXT_MONDAY, "--quiet") == (0, "", "")
    assert [path.name for path in tmp_path.glob("outbox/[!.]*")] == ["breathe"]
    assert result(run("build", "older", "--json")[1])["built"] == ["older"]
    assert outputs(tmp_path) == whole
    assert list(tmp_path.glob("outbox/.*.tmp")) == []


def test_clean_keeps_the_record(run, tmp_path):
    """What has gone out in a digest doesn't go out again once its edition was cleaned away, though it was re-dated."""
    folders.make(tmp_path, WEEKLY_ONLY)
    assert result(run("build", "--due", "--now", MONDAY, "--json")[1])["built"] == ["weekly-2026-11-23"]
    assert run("clean", "--keep", "0") == (0, "removed weekly-2026-11-23\n", "")
    assert not list(tmp_path.glob("outbox/[!.]*"))
    assert result(run("build", "--due", "--now", MONDAY, "--json")[1])["built"] == []
    moved, late = folders.ARTICLE.replace("2026-11-20", "2026-11-25"), NAP.replace("2026-11-20", "2026-12-01")
    folders.make(tmp_path, {**WEEKLY_ONLY, "content/articles/box-breathing.md": moved, "content/articles/nap.md": late})
    assert result(run("build", "--due", "--now", NEXT_MONDAY, "--json")[1])["built"] == []
    run("build", "--due", "--now", "2026-12-07T08:00:00+01:00")
    assert [path.name for path in tmp_path.glob("outbox/[!.]*")] == ["weekly-2026-12-07"]
    manifest = json.loads((tmp_path / "outbox/weekly-2026-12-07/manifest.json").read_text(encoding="utf-8"))
    assert [article["slug"] for article in manifest["articles"]] == ["nap"]


def test_clean_alone(run, tmp_path):
    """Clean keeps out of another run's way."""
    run("build")
    with outbox.locked(tmp_path / "outbox"):
        assert run("clean", "--keep", "0")[0] == 75
    assert (tmp_path / "outbox/breathe").is_dir()
