"""cli.py: what a person and a cron job get."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import pytest

from pipeline import cli
from pipeline.cli.console import wait_option
from pipeline.cli.report import Report
from tests import folders

SECOND = folders.EDITION.replace("Breathe a little", "A second breath")


def test_build(run, tmp_path):
    """A build prints one line an edition: slug, subject, size, blocks, time."""
    code, out, err = run("build")
    assert (code, err) == (0, "")
    assert out.startswith("breathe  “Breathe a little”  ")
    assert out.split("  ")[3] == "4 blocks"
    assert sorted(path.name for path in (tmp_path / "outbox/breathe").iterdir()) == [
        "digest.html",
        "digest.txt",
        "manifest.json",
        "message.eml",
    ]


def test_build_one(run, tmp_path):
    """An edition that is named is built alone."""
    folders.make(tmp_path, {"content/editions/second.md": SECOND})
    assert run("build", "second")[0] == 0
    assert [path.name for path in (tmp_path / "outbox").glob("[!.]*")] == ["second"]


def test_build_elsewhere(run, tmp_path, monkeypatch):
    """--project names another newsletter's folder."""
    monkeypatch.chdir("/")
    assert run("build", "--project", str(tmp_path))[0] == 0
    assert (tmp_path / "outbox/breathe/digest.html").is_file()


def test_quiet(run):
    """Cron hears nothing when all is well."""
    assert run("build", "--quiet") == (0, "", "")


def test_json(run, tmp_path):
    """Machines get one object an edition, and the result at last."""
    folders.make(tmp_path, {"content/editions/second.md": SECOND.replace("box-", "bax-")})
    code, out, _ = run("build", "--json")
    built, failed, result = map(json.loads, out.splitlines())
    assert code == 65
    assert (built["edition"], built["subject"]) == ("breathe", "Breathe a little")
    assert [block["name"] for block in built["blocks"]] == ["masthead", "letter", "lead", "footer"]
    assert "did you mean box-breathing?" in failed["errors"][0]
    told = {"built": ["breathe"], "unchanged": [], "failed": ["second"], "errors": [], "exit_code": 65}
    assert result == {"result": told}


def test_failure_is_contained(run, tmp_path):
    """One bad edition fails alone: the other is built, its own last build stays, and the exit code says so."""
    run("build")
    before = (tmp_path / "outbox/breathe/digest.html").read_bytes()
    bad = folders.EDITION.replace("box-breathing", "gone")
    folders.make(tmp_path, {"content/editions/breathe.md": bad, "content/editions/second.md": SECOND})
    code, out, err = run("build")
    assert code == 65
    assert out.startswith("second ")
    assert err.startswith("error: content/editions/breathe.md:6: there is no article 'gone'")
    assert (tmp_path / "outbox/breathe/digest.html").read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "outbox").glob("[!.]*")) == ["breathe", "second"]


def test_unused_broken_article(run, tmp_path):
    """A whole build tells of an article that can't be read, also where no edition shows it."""
    folders.make(tmp_path, {"content/articles/bad.md": "---\ndek: x\n---\n"})
    code, out, err = run("build")
    assert (code, out[:8]) == (65, "breathe ")
    assert err == "error: content/articles/bad.md:1: `title` is missing\n"
    assert run("build", "breathe")[0] == 0


def start(folder, *arguments, **options):
    """A command in a process of its own."""
    command = [sys.executable, "-m", "pipeline", *arguments, "--project", str(folder)]
    return subprocess.Popen(command, cwd=folders.REPOSITORY, stderr=subprocess.PIPE, text=True, **options)


BEFORE_THE_EDITION = ("--now", "2026-11-20T09:00:00+01:00")
TELLING = [
    ["build", "--force"],
    ["build", "--force", "--json"],
    ["list"],
    ["list", "--json"],
    ["status"],
    ["status", "--json"],
    ["plan", *BEFORE_THE_EDITION],
    ["plan", "--json", *BEFORE_THE_EDITION],
    ["new", "article", "Why naps work"],
    ["clean", "--keep", "0"],
]


def told_to(stream, folder):
    """What becomes of each command that tells something to this stream: its exit code, and its standard error."""

    def tell(number):
        own = folders.make(folder / str(number))
        start(own, "build", "--quiet").communicate(timeout=20)
        process = start(own, *TELLING[number], stdout=stream)
        return process.communicate(timeout=20)[1], process.returncode

    with ThreadPoolExecutor(4) as threads:
        found = threads.map(tell, range(len(TELLING)))
        return {" ".join(TELLING[number]): (code, err) for number, (err, code) in enumerate(found)}


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_lost_output(tmp_path):
    """Where standard output can't be written, every command says so in one line and ends with 74."""
    with Path("/dev/full").open("wb") as full:
        found = told_to(full, tmp_path)
    lost = (74, "error: standard output can't be written: No space left on device\n")
    assert found == dict.fromkeys(found, lost)


@pytest.mark.slow
def test_reader_that_has_gone(tmp_path):
    """Whose reader has seen enough has lost nothing: every command is quiet about it, and fine."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        found = told_to(writing, tmp_path)
    finally:
        os.close(writing)
    assert found == dict.fromkeys(found, (0, ""))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_lost_log(run):
    """A log that fills up is told once, and in the result."""
    lost = "/dev/full: --log-file can't be written: No space left on device"
    assert run("build", "--quiet", "--log-file", "/dev/full") == (74, "", f"error: {lost}\n")
    code, out, err = run("build", "--json", "--log-file", "/dev/full")
    result = json.loads(out.splitlines()[-1])["result"]
    assert (code, err, result["exit_code"], result["errors"]) == (74, f"error: {lost}\n", 74, [lost])


def test_json_of_a_log_that_is_nowhere(run, tmp_path):
    """With --json the result is told also where the run doesn't even begin."""
    log = tmp_path / "nowhere/build.log"
    code, out, err = run("build", "--json", "--log-file", str(log))
    told = f"{log}: --log-file can't be written: No such file or directory"
    result = {"built": [], "unchanged": [], "failed": [], "errors": [told], "exit_code": 78}
    assert (code, json.loads(out), err) == (78, {"result": result}, f"error: {told}\n")


def test_json_errors(run, tmp_path):
    """With --json errors are on standard error too, one line each."""
    folders.make(tmp_path, {"content/editions/second.md": SECOND.replace("box-", "bax-")})
    _, out, err = run("build", "--json")
    assert err == f"error: {json.loads(out.splitlines()[1])['errors'][0]}\n"


def test_report_of_a_bug(tmp_path, capsys):
    """With --json the last line is the result also where a bug ends the run, and the log has it."""
    log = tmp_path / "build.log"
    with pytest.raises(ZeroDivisionError), Report(as_json=True, quiet=False, log_file=log):
        _ = 1 / 0
    result = json.loads(capsys.readouterr().out)["result"]
    assert (result["errors"], result["exit_code"]) == (["a bug of ours: ZeroDivisionError: division by zero"], 1)
    assert log.read_text(encoding="utf-8").endswith("exit 1\n")


def interrupted(process, fifo):
    """Send Ctrl-C to the process once it reads this: its exit code, and its standard error."""
    try:
        end, writing = time.monotonic() + 10, None
        while writing is None and time.monotonic() < end:
            try:
                writing = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)  # refused until somebody reads
            except OSError:
                time.sleep(0.005)
        assert writing is not None
        time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
        os.close(writing)
    finally:
        process.kill()
        process.communicate()
    return process.returncode, err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs")
@pytest.mark.parametrize(
    ("arguments", "read"),
    [
        (["plan"], "content/editions/breathe.md"),
        (["status"], "outbox/weekly/manifest.json"),
        (["clean", "--keep", "1"], "outbox/weekly/manifest.json"),
    ],
    ids=["plan", "status", "clean"],
)
def test_interrupt(tmp_path, arguments, read):
    """Ctrl-C while a command reads ends it with 130, and without a word."""
    fifo = folders.make(tmp_path, {read: "to be put aside"}) / read
    fifo.unlink()
    os.mkfifo(fifo)
    assert interrupted(start(tmp_path, *arguments), fifo) == (130, "")


def importing(folder, module, *arguments):
    """A command that is kept from importing this module: the process, and what it waits for."""
    (folder / "modules").mkdir()
    fifo = folder / "modules/fifo"
    os.mkfifo(fifo)
    (folder / f"modules/{module}.py").write_text(f"open({str(fifo)!r}).read()")
    return start(folder, *arguments, env={**os.environ, "PYTHONPATH": str(folder / "modules")}), fifo


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs")
@pytest.mark.parametrize(
    "arguments",
    [["list"], ["new", "edition", "Sleep better"], ["preview", "box-breathing", "--no-open", "--port", "0"]],
    ids=["list", "new", "preview"],
)
def test_interrupt_of_an_import(tmp_path, arguments):
    """Ctrl-C while a command imports what it needs ends it with 130, and without a word."""
    assert interrupted(*importing(folders.make(tmp_path), "yaml", *arguments)) == (130, "")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs")
def test_interrupt_at_the_start(tmp_path):
    """Ctrl-C before there is a command ends the process without a word."""
    assert interrupted(*importing(tmp_path, "click", "list")) == (-signal.SIGINT, "")


def test_left_out(run, tmp_path):
    """What is left out is said below the edition's line."""
    text = folders.EDITION.replace("- lead", "- tracks: {mood: seasick}\n  - lead")
    folders.make(tmp_path, {"content/editions/breathe.md": text})
    assert "  note: content/editions/breathe.md:6: tracks has nothing to show and is left out\n" in run("build")[1]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["build", "breath"], 65, "there is no edition 'breath' in content/editions/; did you mean breathe?"),
        (["build", "../breathe"], 65, "there is no edition '../breathe'"),
        (["build", "--jobs", "0"], 2, "Invalid value for '--jobs'"),
        (["bild"], 2, "No such command 'bild'"),
        (["build", "--project", "content"], 78, "content/newsletter.toml: is not there"),
        (["list", "--project", "nowhere"], 78, "content/newsletter.toml: is not there"),
        (["new", "article", "?!"], 2, "has no letter or digit"),
    ],
)
def test_errors(run, arguments, code, message):
    """Each kind of mistake has its exit code and says what to do."""
    found, out, err = run(*arguments)
    assert (found, out) == (code, "")
    assert message in err


def test_nothing_to_build(run, tmp_path):
    """A newsletter without editions is told how to make one."""
    (tmp_path / "content/editions/breathe.md").unlink()
    code, _, err = run("build")
    assert (code, "pipeline new edition" in err) == (65, True)


def test_cant_write(run, tmp_path):
    """An outbox that can't be written has its own exit code."""
    (tmp_path / "outbox").write_text("a file is in the way")
    code, _, err = run("build")
    assert code == 73
    assert err.startswith("error: outbox: can't be written: ")


def test_bug(run, monkeypatch):
    """A bug of ours is not dressed up as anything else: the traceback, a plain word, and exit code 1."""
    monkeypatch.setattr("pipeline.build.render_email", lambda *args: 1 / 0)
    code, _, err = run("build")
    assert code == 1
    assert "ZeroDivisionError" in err
    assert "This is a bug of ours" in err


def test_list(run, tmp_path):
    """What there is, with dates and states, as a table or as JSON."""
    files = {
        "content/articles/late.md": "---\ntitle: Late\ndate: 2999-01-01\n---\nx",
        "content/articles/rough.md": "---\ntitle: Rough\ndraft: true\n---\nx",
        "content/editions/broken.md": "---\nsubject: S\n---\nx",
    }
    folders.make(tmp_path, files)
    run("build", "breathe")
    code, out, _ = run("list", "--json")
    found = json.loads(out)
    assert code == 0
    assert {row["slug"]: row["state"] for row in found["articles"]} == {
        "late": "scheduled",
        "box-breathing": "published",
        "rough": "draft",
    }
    assert {row["slug"]: row["state"] for row in found["editions"]} == {"breathe": "built", "broken": "broken"}
    table = run("list")[1]
    assert "box-breathing" in table
    assert "Breathe a little" in table


def test_list_changed(run, tmp_path):
    """An edition whose article has changed since it was built is called changed."""
    run("build")
    folders.make(tmp_path, {"content/articles/box-breathing.md": folders.ARTICLE + "More.\n"})
    assert json.loads(run("list", "--json")[1])["editions"][0]["state"] == "changed"


@pytest.mark.parametrize("columns", ["0", "1", "abc"])
@pytest.mark.slow
def test_list_on_a_terminal(tmp_path, columns):
    """The table is whole also on a terminal that says it has no columns."""
    pty = pytest.importorskip("pty")
    folders.make(tmp_path)
    ours, theirs = pty.openpty()
    process = start(tmp_path, "list", stdout=theirs, env={**os.environ, "COLUMNS": columns, "TERM": "dumb"})
    _, err = process.communicate(timeout=20)
    out = os.read(ours, 100_000).decode()
    os.close(ours)
    os.close(theirs)
    assert (process.returncode, err) == (0, "")
    assert "box-breathing" in out
    assert "Breathe a little" in out


@pytest.mark.slow
def test_list_in_ascii(tmp_path):
    """The table is written also where the locale has no letter of its own."""
    folders.make(tmp_path, {"content/editions/breathe.md": folders.EDITION.replace("Breathe a little", "تنفّس")})
    environment = {"LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for command in (["list"], ["build"], ["status"], ["plan", *BEFORE_THE_EDITION]):
        process = start(tmp_path, *command, stdout=subprocess.PIPE, env=environment)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, err) == (0, "")
        assert "breathe" in out


def test_new(run, tmp_path):
    """A new article and a new edition are files that explain themselves, and can be built as they are."""
    assert run("new", "article", "Why naps work") == (0, "content/articles/why-naps-work.md\n", "")
    assert run("new", "edition", "Sleep better")[:2] == (0, "content/editions/sleep-better.md\n")
    assert "lead: box-breathing" in (tmp_path / "content/editions/sleep-better.md").read_text(encoding="utf-8")
    assert run("build", "sleep-better")[0] == 0


def test_new_never_overwrites(run, tmp_path):
    """What is there already stays as it is."""
    code, _, err = run("new", "article", "Box Breathing")
    assert (code, err) == (73, "error: content/articles/box-breathing.md: is there already; nothing was changed\n")
    assert (tmp_path / "content/articles/box-breathing.md").read_text(encoding="utf-8") == folders.ARTICLE


def every_command(group, path=()):
    for name, command in group.commands.items():
        yield (*path, name)
        if hasattr(command, "commands"):
            yield from every_command(command, (*path, name))


@pytest.mark.parametrize("path", [(), *every_command(cli.commands)])
def test_help(run, path):
    """Every command has help, and shows itself in use."""
    code, out, _ = run(*path, "--help")
    assert code == 0
    assert "    pipeline " in out or "\n  pipeline " in out


def test_help_imports_no_engine():
    """Asking for help must not wait for the engines: none of them is imported."""
    engines = "{'jinja2', 'mjml', 'premailer', 'lxml', 'markdown_it', 'babel', 'yaml', 'rich'}"
    code = f"import sys, pipeline.cli; print(sorted({engines} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.slow
def test_as_cron_runs_it(tmp_path):
    """Without a terminal, a home, a locale or a PATH, a build is the same."""
    folders.make(tmp_path)
    command = [sys.executable, "-m", "pipeline", "build", "--quiet", "--project", str(tmp_path)]
    done = subprocess.run(
        command, env={"LC_ALL": "C"}, cwd=folders.REPOSITORY, capture_output=True, stdin=subprocess.DEVNULL
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


WEEKLY = '\n[digests.weekly]\nschedule = "0 8 * * MON"\nsubject = "This week: {lead.title}"\n'


def test_plan(run, tmp_path):
    """The plan tells when, of which articles, and why not of others; JSON tells the same."""
    folders.make(tmp_path, {"content/newsletter.toml": folders.NEWSLETTER + WEEKLY})
    arguments = ("plan", "--next", "2", "--now", "2026-11-22T12:00:00+01:00")
    code, out, err = run(*arguments)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "weekly-2026-11-16  Mon 16 Nov 2026 08:00 CET  articles since Mon 09 Nov 2026 08:00",
        "  takes       nothing yet",
        "  leaves out  box-breathing: after the window (published only on 2026-11-20 00:00; "
        "the window ends 2026-11-16 08:00)",
        "weekly-2026-11-23  Mon 23 Nov 2026 08:00 CET  articles since Mon 16 Nov 2026 08:00",
        "  takes       box-breathing",
    ]
    _, second = (json.loads(line) for line in run(*arguments, "--json")[1].splitlines())
    assert (second["edition"], second["articles"], second["left_out"]) == ("weekly-2026-11-23", ["box-breathing"], [])


def test_plan_of_dated_editions(run, tmp_path):
    """Editions with a date are in the plan among those of digests, with what is built already and what isn't."""
    missed = SECOND.replace("2026-11-24", "2026-11-01").replace("second breath", "breath, [[first_name|friend]]")
    files = {
        "content/newsletter.toml": folders.NEWSLETTER + WEEKLY,
        "content/editions/missed.md": missed,
        "content/editions/done.md": missed,
    }
    folders.make(tmp_path, files)
    run("build", "breathe", "done")
    arguments = ("plan", "--now", "2026-11-22T12:00:00+01:00")
    code, out, err = run(*arguments)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[:2] == [
        "missed  Sun 01 Nov 2026 00:00 CET  “A breath, friend”  not built",
        "  shows       box-breathing",
    ]
    assert lines[-2] == "breathe  Tue 24 Nov 2026 00:00 CET  “Breathe a little”  built"
    told = [json.loads(line) for line in run(*arguments, "--json")[1].splitlines()]
    assert [one["edition"] for one in told] == ["missed", "weekly-2026-11-16", "weekly-2026-11-23", "breathe"]
    assert told[-1] == {
        "edition": "breathe",
        "date": "2026-11-24T00:00:00+01:00",
        "subject": "Breathe a little",
        "articles": ["box-breathing"],
        "state": "built",
    }


def test_plan_with_something_broken(run, tmp_path):
    """A digest or an edition that can't be read is told, and hides no other one."""
    broken = '\n[digests.broken]\nschedule = "never"\nsubject = "S"\n'
    files = {
        "content/newsletter.toml": folders.NEWSLETTER + broken + WEEKLY,
        "content/editions/second.md": "---\nsubject: S\n---\nx",
    }
    folders.make(tmp_path, files)
    code, out, err = run("plan", "--now", "2026-11-22T12:00:00+01:00", "--json")
    assert code == 65
    assert [json.loads(line)["edition"] for line in out.splitlines()][1:3] == ["weekly-2026-11-23", "breathe"]
    edition, digest = err.splitlines()
    assert edition.startswith("error: content/editions/second.md:")
    assert digest.startswith("error: content/newsletter.toml:")


def test_plan_of_nothing(run, tmp_path):
    """Where nothing is to come the plan says how to change that."""
    folders.make(tmp_path, {"content/editions/breathe.md": ""})
    code, out, err = run("plan")
    assert (code, out[:18], err) == (0, "Nothing is to come", "")
    assert run("plan", "--json") == (0, "", "")


def test_status(run, tmp_path):
    """Status tells what is in the outbox, how large it is, and what has changed since."""
    assert run("status") == (0, "The outbox is empty; fill it with pipeline build.\n", "")
    run("build")
    (row,) = json.loads(run("status", "--json")[1])
    assert (row["edition"], row["date"], row["state"], row["findings"]) == ("breathe", "2026-11-24", "built", 0)
    assert row["bytes"] == (tmp_path / "outbox/breathe/digest.html").stat().st_size
    assert "content/articles/box-breathing.md" in row["inputs"]
    folders.make(tmp_path, {"content/articles/box-breathing.md": folders.ARTICLE + "More.\n"})
    assert " changed " in run("status")[1]


@pytest.mark.parametrize("moment", ["tomorrow", "2026-11-23", "2026-11-23T08:00:00"])
def test_no_moment(run, moment):
    """A moment has a time and a zone."""
    code, _, err = run("build", "--due", "--now", moment)
    assert code == 2
    assert "write it with its zone" in err


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+00:00", "1969-12-31T00:00:00Z", "9999-12-31T23:59:59+00:00"])
def test_moment_out_of_reach(run, moment):
    """A moment is in a year that digests can look back and ahead from."""
    for command in (["plan"], ["build", "--due"]):
        code, _, err = run(*command, "--now", moment)
        assert (code, "is not in the years 1970 to 2999" in err) == (2, True)


@pytest.mark.parametrize(
    ("written", "seconds"), [("0", 0), ("1.5", 1.5), ("inf", float("inf")), ("nan", None), ("-1", None)]
)
def test_wait(written, seconds):
    """One can wait for some time, or for ever, but not for no number of seconds."""
    command = click.command()(wait_option(lambda wait: wait))
    if seconds is None:
        with pytest.raises(click.UsageError):
            command.main(["--wait", written], standalone_mode=False)
    else:
        assert command.main(["--wait", written], standalone_mode=False) == seconds


def test_due_and_named(run):
    """Either the clock chooses, or the person."""
    assert run("build", "--due", "breathe")[0] == 2
    assert run("build", "--now", "2026-11-23T08:00:00+01:00")[0] == 2


def test_json_of_a_bug(run, monkeypatch):
    """With --json the last line is the result also where a bug ends the run."""
    monkeypatch.setattr("pipeline.build.render_email", lambda *arguments: 1 / 0)
    code, out, err = run("build", "--json")
    assert (code, json.loads(out.splitlines()[-1])["result"]["exit_code"]) == (1, 1)
    assert "This is a bug of ours" in err
