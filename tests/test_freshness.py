"""freshness.py: whether an edition's last build still stands."""

import json
import shutil
import subprocess
import sys

import pytest

from pipeline import build, freshness, outbox, record
from pipeline.content import read_library
from tests import folders

OTHER = folders.EDITION.replace("Breathe a little", "Another breath")


@pytest.fixture
def folder(tmp_path):
    folder = folders.make(tmp_path, {"content/editions/other.md": OTHER})
    project = build.open_project(folder)
    for slug in project.library.editions:
        build.build_edition(slug, project)
    return folder


def state(folder, slug="breathe"):
    return freshness.state_of(folder, slug, {})


def test_editions_there(folder):
    """Editions are the Markdown files in their folder, but for hidden ones and those whose name begins with a line."""
    for name in (".hidden.md", "_draft.md", "notes.txt"):
        (folder / "content/editions" / name).write_text("x")
    assert freshness.editions_there(folder) == ["breathe", "other"] == list(read_library(folder).editions)
    assert freshness.editions_there(folder / "nowhere") == []


def test_built(folder):
    """What was just built stands; what never was isn't there."""
    assert state(folder) == "built"
    assert state(folder, "nothing") == "not built"


@pytest.mark.parametrize(
    "path", ["content/articles/box-breathing.md", "content/editions/breathe.md", "content/newsletter.toml"]
)
def test_changed_input(folder, path):
    """Any change of a file that the edition is made of tells; the same bytes again don't."""
    text = (folder / path).read_text(encoding="utf-8")
    (folder / path).write_text(text + "\n", encoding="utf-8")
    assert state(folder) == "changed"
    (folder / path).write_text(text, encoding="utf-8")
    assert state(folder) == "built"


def test_new_template(folder):
    """A template or a language's words that weren't there before have their say too."""
    (folder / "templates").unlink()
    shutil.copytree(folders.REPOSITORY / "templates", folder / "templates")
    assert state(folder) == "built"
    (folder / "templates/strings/xx.toml").write_text("")
    assert state(folder) == "changed"


def test_new_personas(folder):
    """Sample readers where there were none before are readers whose mail hasn't been checked yet."""
    (folder / "content/personas.yaml").write_text("ana: {name: Ana, fields: {first_name: Ana}}\n")
    assert state(folder) == "changed"
    build.build_edition("breathe", build.open_project(folder))
    assert state(folder) == "built"
    (folder / "content/personas.yaml").unlink()
    assert state(folder) == "changed"


def test_linked_article(folder):
    """An article that is only linked to counts too: its address may change."""
    linked = "content/articles/linked.md"
    files = {
        linked: "---\ntitle: Linked\n---\nWords.\n",
        "content/editions/breathe.md": folders.EDITION + "[What is linked](../articles/linked.md) helps.\n",
    }
    build.build_edition("breathe", build.open_project(folders.make(folder, files)))
    assert state(folder) == "built"
    (folder / linked).write_text("---\ntitle: Linked\nslug: elsewhere\n---\nWords.\n")
    assert state(folder) == "changed"


def test_others_input(folder):
    """A change of what other editions are made of is nothing to this one."""
    (folder / "content/editions/other.md").write_text(OTHER + "More.\n", encoding="utf-8")
    assert (state(folder), state(folder, "other")) == ("built", "changed")


@pytest.mark.parametrize("name", ["digest.html", "digest.txt", "message.eml"])
def test_damaged_output(folder, name):
    """A file that is missing from the outbox, or cut short, is no build that stands."""
    file = folder / "outbox/breathe" / name
    file.write_bytes(file.read_bytes()[:-1])
    assert state(folder) == "changed"
    file.unlink()
    assert state(folder) == "changed"


def test_touched_output(folder):
    """A file that was written to after its manifest is looked into: the same bytes still stand, others don't."""
    file = folder / "outbox/breathe/digest.html"
    content = file.read_bytes()
    file.write_bytes(content.replace(b"<", b">", 1))
    assert state(folder) == "changed"
    file.write_bytes(content)
    assert state(folder) == "built"


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"inputs": [], "files": 3}', '{"inputs": {}, "tools": {}}'])
def test_damaged_manifest(folder, manifest):
    """A manifest that can't be read, or doesn't say, vouches for nothing."""
    (folder / "outbox/breathe/manifest.json").write_text(manifest)
    assert state(folder) in ("damaged", "not built")


def test_other_tools(folder):
    """Another version of an engine, or of our own code, may make something else."""
    file = folder / "outbox/breathe/manifest.json"
    manifest = json.loads(file.read_text())
    manifest["tools"]["premailer"] = "0"
    file.write_text(json.dumps(manifest))
    assert state(folder) == "changed"


def test_cleaned(folder):
    """An edition whose folder was cleaned away is neither built nor unbuilt."""
    outbox.remove(folder / "outbox", "breathe")
    assert state(folder) == "cleaned"
    assert "breathe" in record.read(folder / "outbox").manifests


@pytest.mark.parametrize("options", [["--quiet"], ["--quiet", "--due"]], ids=" ".join)
def test_no_engine_for_nothing(folder, options):
    """A run with nothing to do imports no engine, nor a reader of YAML."""
    code = (
        f"import sys; from pipeline import cli; sys.argv = ['pipeline', 'build', *{options}]\n"
        "try: cli.main()\n"
        "except SystemExit as stop: assert not stop.code\n"
        "print(*sorted({'jinja2', 'premailer', 'mjml', 'yaml', 'lxml', 'filelock'} & set(sys.modules)))"
    )
    environment = {"PYTHONPATH": str(folders.REPOSITORY)}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("\n", "")
