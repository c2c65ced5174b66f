"""README.md: what it says is true."""

import json
import re
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import click
import pytest
import yaml
from cronsim import CronSim

from pipeline import cli
from tests import folders

README = (folders.REPOSITORY / "README.md").read_text(encoding="utf-8")


def fenced(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.S)


def test_table_matches_the_folder():
    """The module table has every module, once, and no other."""
    listed = re.findall(r"^\| `([\w/]+(?:\.py)?)/?` \|", README.partition("## The code")[2], re.M)
    there = {
        path.name.removesuffix(".py")
        for path in (folders.REPOSITORY / "pipeline").iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").is_file()) and not path.name.startswith("__")
    }
    assert sorted(name.strip("/").removesuffix(".py") for name in listed) == sorted(there)


def test_every_command_is_told():
    """Every command is in the README."""
    for name, command in cli.commands.commands.items():
        names = [f"{name} {below}" for below in command.commands] if isinstance(command, click.Group) else [name]
        for full in names:
            assert f"`pipeline {full}" in README


def test_commands_are_commands():
    """Every command in the README can be parsed, options and all."""
    for line in re.findall(r"`pipeline ([^`]+)`", README):
        words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)]
        command, rest = cli.commands, words
        while isinstance(command, click.Group) and rest:
            command, rest = command.commands[rest[0]], rest[1:]
        command.make_context("pipeline", list(rest), resilient_parsing=False)


def test_two_commands():
    """There are two commands to start with, each on one line, each in an environment of its own."""
    commands = re.findall(r"^    (python3 -m venv .*)$", README, re.M)
    assert len(commands) == 2
    assert "pipeline build" in commands[0]
    assert "pytest" in commands[1]


def test_edition_example(tmp_path):
    """The edition that the README shows can be built from the sample content."""
    from pipeline import build

    (text,) = fenced("markdown")
    for name in ("content", "templates"):
        copy(folders.REPOSITORY / name, tmp_path / name)
    (tmp_path / "content/editions/example.md").write_text(text, encoding="utf-8")
    project = build.open_project(tmp_path)
    names = [block.name for block in build.compose_edition("example", project).blocks]
    assert [name for name in names if name not in ("masthead", "letter", "footer")] == [
        "lead",
        "sections",
        "teasers",
        "tracks",
        "popular",
        "promo",
        "next",
    ]


@pytest.fixture
def server(tmp_path):
    """A newsletter's folder with the pipeline in an environment of its own, as the README has it on a server."""
    for name in ("content", "templates"):
        copy(folders.REPOSITORY / name, tmp_path / "newsletter" / name)
    commands = tmp_path / "newsletter/.venv/bin"
    commands.mkdir(parents=True)
    start = f"#!/bin/sh\nPYTHONPATH='{folders.REPOSITORY}' exec '{sys.executable}' -m pipeline \"$@\"\n"
    (commands / "pipeline").write_text(start)
    (commands / "pipeline").chmod(0o755)
    return tmp_path


def test_digest_example(server):
    """The digest that the README shows can be planned with the sample content."""
    (text,) = (one for one in fenced("toml") if "[digests.weekly]" in one)
    toml = server / "newsletter/content/newsletter.toml"
    own = toml.read_text(encoding="utf-8").partition("[digests.")[0]
    toml.write_text(own + text, encoding="utf-8")
    plan = ["plan", "--project", str(server / "newsletter"), "--json", "--next", "9", "--now", "2026-11-20T00:00:00Z"]
    done = subprocess.run([sys.executable, "-m", "pipeline", *plan], cwd=folders.REPOSITORY, capture_output=True)
    first = next(one for one in map(json.loads, done.stdout.splitlines()) if "digest" in one)
    assert (first["edition"], first["begin"]) == ("weekly-2026-11-23", "2026-11-17T00:00:00+01:00")
    assert first["articles"]


@pytest.mark.slow
def test_crontab(server):
    """The crontab line works in what cron gives a job: sh, a short PATH, and nothing else."""
    (line,) = re.findall(r"^\*/5 .*$", README, re.M)
    *schedule, command = line.split(maxsplit=5)
    assert CronSim(" ".join(schedule), datetime(2026, 11, 23))
    for path, here in (("/srv/", f"{server}/"), ("/var/log/", f"{server}/")):
        command = command.replace(path, here)
    environment = {"SHELL": "/bin/sh", "PATH": "/usr/bin:/bin", "LOGNAME": "nobody", "HOME": "/nonexistent"}
    done = subprocess.run(["/bin/sh", "-c", command], cwd="/", env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "exit 0" in (server / "newsletter.log").read_text(encoding="utf-8")
    assert list(server.glob("newsletter/outbox/[!.]*/manifest.json"))


def test_systemd_units(server):
    """systemd has nothing to say against the service and its timer."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze")
    units = {re.findall(r"# /etc/systemd/system/(\S+)", unit)[0]: unit for unit in fenced("ini")}
    assert sorted(units) == ["newsletter.service", "newsletter.timer"]
    for name, unit in units.items():
        (server / name).write_text(unit.replace("/srv/", f"{server}/"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(server / name) for name in units)],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_ci_schedule(tmp_path):
    """The steps of the CI schedule build what is due from a fresh checkout, and nothing twice."""
    (text,) = (one for one in fenced("yaml") if "jobs:" in one)
    job = yaml.safe_load(text)["jobs"]["digests"]
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=folders.REPOSITORY, capture_output=True, text=True, check=True
    )
    for name in filter(None, names.stdout.split("\0")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(folders.REPOSITORY / name, tmp_path / name, follow_symlinks=False)
    steps = [step["run"] for step in job["steps"] if "run" in step]
    for built in (True, False):
        done = [
            subprocess.run(["bash", "-e", "-c", step], cwd=tmp_path, capture_output=True, text=True) for step in steps
        ]
        assert [one.returncode for one in done] == [0] * len(steps), done
        assert (done[-1].stdout != "nothing is due\n") == built


def copy(source: Path, target: Path) -> None:
    for path in source.rglob("*"):
        if path.is_file():
            (target / path.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
            (target / path.relative_to(source)).write_bytes(path.read_bytes())


def test_block_example(tmp_path):
    """The block that the README shows works as it stands there, with nothing but its two files."""
    from pipeline import build

    mjml, text = fenced("jinja")
    copy(folders.REPOSITORY / "templates", tmp_path / "templates")
    block = "quote: {text: Slow is smooth, article: box-breathing}"
    assert f"- {block}" in README
    files = {
        "templates/blocks/quote.mjml.j2": mjml,
        "templates/blocks/quote.txt.j2": text,
        "content/editions/breathe.md": folders.EDITION.replace("lead: box-breathing", block),
    }
    email = build.build_edition("breathe", build.open_project(folders.make(tmp_path, files)))
    assert "“Slow is smooth”, from Box breathing" in email.html
    assert "“Slow is smooth”, from Box breathing" in email.text


@pytest.mark.parametrize("path", re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README))
def test_pictures_are_there(path):
    """Every picture that the README shows is in the repository."""
    assert (folders.REPOSITORY / path).is_file()
