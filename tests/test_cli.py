"""cli.py: what a person and a cron job get."""

import json
import subprocess
import sys

import pytest

from pipeline import cli
from tests import folders

SECOND = folders.EDITION.replace("Breathe a little", "A second breath")


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run a command in a small newsletter's folder: its exit code, what it printed, what it complained of."""
    folders.make(tmp_path)
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["pipeline", *arguments])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        code = stopped.value.code
        return (0 if code is None else code, *capsys.readouterr())

    return run


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


def test_plan_without_digests(run):
    """Without a recurring digest the plan says how to have one."""
    assert run("plan") == (
        0,
        "There is no recurring digest; declare one under [digests.NAME] in content/newsletter.toml.\n",
        "",
    )


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


def test_due_and_named(run):
    """Either the clock chooses, or the person."""
    assert run("build", "--due", "breathe")[0] == 2
    assert run("build", "--now", "2026-11-23T08:00:00+01:00")[0] == 2
