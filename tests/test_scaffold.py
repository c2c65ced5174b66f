"""scaffold.py: a new file explains itself."""

from datetime import date

import pytest

from pipeline import scaffold
from pipeline.content import read_library
from tests import folders

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Why naps work", "why-naps-work"),
        ("Don't panic: it's 3 a.m.!", "dont-panic-its-3-a-m"),
        ("../../etc/passwd", "etc-passwd"),
        ("كيف تنام", "كيف-تنام"),
        ("?!", ""),
    ],
)
def test_slug(title, slug):
    """A slug is the title's words in lower case, in any script, and never a path."""
    assert scaffold.slug_of(title) == slug


@pytest.mark.parametrize("title", ["Plain", 'With "quotes": and #hash', "{{ 7*7 }}", "- [x]", "طيب"])
def test_new_article_reads(tmp_path, title):
    """A new article can be read as it is, a draft with the title that was given."""
    folders.make(tmp_path, {"content/articles/new.md": scaffold.new_article(title, TODAY)})
    article = read_library(tmp_path).articles["new"]
    assert (article.title, article.draft) == (title, True)
    assert [section.title for section in article.sections] == ["A heading begins a section"]


@pytest.mark.parametrize("subject", ["Plain", 'With "quotes": and #hash'])
def test_new_edition_reads(tmp_path, subject):
    """A new edition can be read as it is, led by the article that was given."""
    folders.make(tmp_path, {"content/editions/new.md": scaffold.new_edition(subject, TODAY, "box-breathing")})
    edition = read_library(tmp_path).editions["new"]
    assert edition.subject == subject
    assert [(block.name, dict(block.data)) for block in edition.blocks] == [("lead", {"value": "box-breathing"})]
