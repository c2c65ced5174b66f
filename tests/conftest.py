"""Fixtures that several test modules use."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

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
