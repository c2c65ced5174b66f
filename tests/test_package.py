"""The package that pip installs has all that the project needs beside its modules."""

import subprocess
import sys
from zipfile import ZipFile

import pytest

from tests.folders import REPOSITORY


@pytest.mark.slow
def test_wheel_is_complete(tmp_path):
    """Every file of the package is in the wheel: the preview's page, vendored data, and their licences."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, REPOSITORY]
    subprocess.run(command, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in ZipFile(wheel).namelist() if name.startswith("pipeline/")}
    there = {
        path.relative_to(REPOSITORY).as_posix()
        for path in (REPOSITORY / "pipeline").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == there
    assert {"pipeline/web/page/index.html", "pipeline/clients/caniemail.LICENSE.txt"} <= packed
