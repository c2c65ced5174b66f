"""Fixtures that several test modules use."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from pipeline.cli import main
from tests import folders
from tests.browser import Browser, executable, open_browser
from tests.folders import REPOSITORY

# How long an example takes says more of the machine than of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium, started once for all tests, that shows the sample newsletter's pictures."""
    path = executable()
    if path is None and "CI" not in os.environ:
        pytest.skip("no chromium and no google-chrome on this machine")
    assert path, "CI is set, and there is no chromium and no google-chrome"
    with open_browser(path, REPOSITORY / "content") as opened:
        yield opened


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run a command in a small newsletter's folder: its exit code, what it printed, what it complained of."""
    folders.make(tmp_path)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pipeline", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        code = stopped.value.code
        return (code if isinstance(code, int) else 0, *capsys.readouterr())

    return run
