"""errors.py: stops know their place and their exit code."""

import pytest

from pipeline.errors import CombinedError, ConfigurationError, ContentError, Where, nearest, raise_all


def test_place_first():
    """An error prints as path, line, message."""
    assert str(ContentError("is odd", Where("content/x.md", 12))) == "content/x.md:12: is odd"


def test_no_line():
    """Where no line is known, the path stands alone."""
    assert str(ContentError("is empty", Where("content/x.md"))) == "content/x.md: is empty"


def test_raise_all():
    """No error raises nothing, one raises itself, several are told together, each of them once."""
    one, other = ContentError("one"), ConfigurationError("other")
    raise_all([])
    with pytest.raises(ContentError, match="one"):
        raise_all([one])
    with pytest.raises(CombinedError) as caught:
        raise_all([CombinedError([one, other]), one])
    assert caught.value.errors == (one, other)
    assert str(caught.value) == "one\nother"
    assert caught.value.exit_code == 78


def test_nearest():
    """A misspelt word is answered with the nearest known one, or with nothing."""
    assert nearest("teasrs", ["lead", "teasers"]) == "; did you mean teasers?"
    assert nearest("xyz", ["lead", "teasers"]) == ""
