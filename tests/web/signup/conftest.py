"""A sign-up service for the tests of a module."""

from __future__ import annotations

import pytest

from tests import folders
from tests.web.signup.serving import signup


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    """A small newsletter's service, found under a path of the blog's own address."""
    folder = folders.make(tmp_path_factory.mktemp("newsletter"))
    with signup(folder, {"PUBLIC_URL": "{url}/newsletter"}) as running:
        yield running
