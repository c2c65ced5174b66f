"""The source as a whole: what holds for every module."""

import re

import pytest

from tests.folders import REPOSITORY

MODULES = sorted((REPOSITORY / "pipeline").rglob("*.py"))
# (…)*+, (…)++, (…)?+ and (…){2,3}+
POSSESSIVE_GROUP = re.compile(r"\)(?:[*+?]|\{\d*,?\d*\})\+")


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_no_possessive_groups(module):
    """Python before 3.11.5 matches possessive groups wrongly (CPython's gh-106052), and Debian 12 has 3.11.2."""
    lines = module.read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if re.search(r"""r?f?["']|^\s*[|(]""", line)]
    assert [line for line in patterns if POSSESSIVE_GROUP.search(line)] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_modules_say_what_they_do(module):
    """Every module begins with a sentence that says what it does."""
    assert module.read_text(encoding="utf-8").startswith('"""')
