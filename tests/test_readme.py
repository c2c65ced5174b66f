"""README.md: what it says is true."""

import re
from pathlib import Path

import click
import pytest

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
        while isinstance(command, click.Group):
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
