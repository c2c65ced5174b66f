"""Who may import whom: the contracts in pyproject.toml hold, and each breaks where it should."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.folders import REPOSITORY

# A module, an import that it may not have, and the contract that says so.
FORBIDDEN = [
    ("model.py", "from pipeline import build", "imports go down only"),
    ("content/articles.py", "from pipeline import outbox", "imports go down only"),
    ("build.py", "from pipeline import cli", "imports go down only"),
    ("marks.py", "from pipeline import links", "imports go down only"),
    ("build.py", "import jinja2", "only templates imports jinja2"),
    ("build.py", "import mjml", "only mjml imports mjml"),
    ("build.py", "import premailer", "only inline imports premailer"),
    ("links.py", "import cssutils", "only inline imports cssutils"),
    ("scaffold.py", "import markdown_it", "only markdown imports markdown_it"),
    ("tracks.py", "import nh3", "only markdown imports nh3"),
    ("inline.py", "import tinycss2", "only clients imports tinycss2"),
    ("listing.py", "import cronsim", "only digests imports cronsim"),
    ("content/digests.py", "from pipeline import digests", "imports go down only"),
    ("jobs.py", "import starlette", "only web serves"),
    ("cli/build.py", "import uvicorn", "only web serves"),
    ("listing.py", "from pipeline import web", "imports go down only"),
    ("clients/dark.py", "from pipeline import inline", "imports go down only"),
    ("clients/dark.py", "from pipeline import checks", "imports go down only"),
    ("checks/size.py", "from pipeline import outbox", "imports go down only"),
    ("checks/words.py", "import cssselect", "only checks.matching imports cssselect"),
    ("checks/words.py", "import anyio", "only web serves"),
    ("record.py", "from pipeline import outbox", "imports go down only"),
    ("build.py", "from pipeline import delivery", "imports go down only"),
    ("delivery/outputs.py", "import distributed", "only delivery.run imports distributed"),
    ("recipients/source.py", "from pipeline import outbox", "imports go down only"),
    ("recipients/values.py", "import email_validator", "only recipients imports email_validator"),
    ("recipients/source.py", "import pyarrow", "only recipients imports pyarrow"),
    ("recipients/spool.py", "import sqlalchemy", "only audience.store and recipients import sqlalchemy"),
    ("audience/consent.py", "import sqlalchemy", "only audience.store and recipients import sqlalchemy"),
    ("audience/store/people.py", "import alembic", "only audience.store imports alembic"),
    ("audience/rhythm.py", "from pipeline import content", "the audience knows no articles"),
    ("build.py", "from pipeline import audience", "build never meets the audience"),
    ("checks/size.py", "from pipeline import audience", "imports go down only"),
    ("encoded_words.py", "from pipeline import merge_fields", "imports go down only"),
    ("delivery/message.py", "import cryptography", "only delivery.dkim imports cryptography"),
    ("audience/limits.py", "import itsdangerous", "only audience.tokens imports itsdangerous"),
    ("delivery/post.py", "import aiosmtplib", "only delivery.transport imports aiosmtplib"),
    ("delivery/transport.py", "from pipeline import settings", "only cli and web read settings"),
    ("delivery/letters.py", "from pipeline import build", "imports go down only"),
    ("settings.py", "from pipeline import languages", "imports go down only"),
]


def broken(folder: Path) -> list[str]:
    """The contracts that a copy of the project breaks."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    told = subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout
    assert "Contracts:" in told
    return [line.partition(" BROKEN")[0] for line in told.splitlines() if " BROKEN" in line]


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(REPOSITORY / "pipeline", tmp_path / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.slow
def test_contracts_hold(copy):
    """The project keeps all its contracts."""
    assert broken(copy) == []


@pytest.mark.slow
@pytest.mark.parametrize(("module", "line", "contract"), FORBIDDEN)
def test_contracts_break(copy, module, line, contract):
    """An import that goes up, across, or to another module's engine breaks its contract."""
    file = copy / "pipeline" / module
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("from __future__ import annotations\n", f"from __future__ import annotations\n{line}\n")
    )
    assert broken(copy) == [contract]


@pytest.mark.slow
def test_every_module_has_its_place(copy):
    """A new module must be given a place among the layers."""
    (copy / "pipeline/new.py").write_text("")
    assert broken(copy) == ["imports go down only"]
