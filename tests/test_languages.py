"""languages.py: texts by language, and which way they run."""

from datetime import date

import pytest

from pipeline import languages


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ar-EG", "rtl"), ("he", "rtl"), ("de_AT", "ltr")])
def test_direction(language, direction):
    """The primary subtag tells which way a language is written."""
    assert languages.direction(language) == direction


def test_in_language():
    """A region has its own text, or else its language's, or none."""
    texts = {"pt": "aqui", "pt-BR": "cá"}
    assert [languages.in_language(texts, one) for one in ("pt-BR", "pt-PT", "pt", "en")] == ["cá", "aqui", "aqui", ""]


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "November 23, 2026"),
        ("de-AT", "23. November 2026"),
        ("de-XX", "23. November 2026"),
        ("tlh", "2026-11-23"),
        ("???", "2026-11-23"),
    ],
)
def test_long_date(language, written):
    """A date is written as the language or the nearest known one writes it, or else in figures."""
    assert languages.long_date(date(2026, 11, 23), language) == written
