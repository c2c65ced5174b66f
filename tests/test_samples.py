"""The sample editions are ready to send: what can be seen by reading their HTML and their text part."""

import re
from functools import cache
from itertools import pairwise

import pytest
from lxml import html as parser

from pipeline import build
from pipeline.merge_fields import fill_text
from tests.folders import REPOSITORY

EDITIONS = sorted(path.stem for path in REPOSITORY.glob("content/editions/*.md"))
BLOCKS = sorted(path.name.removesuffix(".mjml.j2") for path in REPOSITORY.glob("templates/blocks/*.mjml.j2"))


@cache
def email(slug):
    project = build.open_project(REPOSITORY)
    edition = build.compose_edition(slug, project)
    return build.fill_email(build.render_email(edition, project.library.newsletter, project.environment), {})


@pytest.fixture(params=EDITIONS)
def mail(request):
    return email(request.param)


@pytest.fixture
def page(mail):
    return parser.fromstring(mail.html)


def words(element):
    return " ".join(element.text_content().split())


def headings(page):
    return [element for element in page.iter() if isinstance(element.tag, str) and re.fullmatch("h[1-6]", element.tag)]


def test_every_block_is_shown():
    """Between them the sample editions show every block that there is."""
    assert sorted({block.name for slug in EDITIONS for block in email(slug).blocks}) == BLOCKS


def test_weight(mail):
    """Gmail clips none of them."""
    assert len(mail.html.encode()) < 90_000
    assert mail.html.startswith("<!DOCTYPE html>")


def test_language(mail, page):
    """The language and its direction stand on the page and on the wrapper in its body; the title is the subject."""
    wrapper = page.find("body").xpath("div[@lang]")[0]
    expected = (mail.language, "rtl" if mail.language == "ar" else "ltr")
    assert (page.get("lang"), page.get("dir")) == (wrapper.get("lang"), wrapper.get("dir")) == expected
    assert page.findtext(".//title") == mail.subject


def test_headings(page):
    """One h1, and no level is skipped."""
    levels = [int(heading.tag[1]) for heading in headings(page)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_text_part(mail, page):
    """The text part has every heading and every link of the HTML."""
    text = " ".join(mail.text.split()).casefold()
    assert [words(heading) for heading in headings(page) if words(heading).casefold() not in text] == []
    assert [link.get("href") for link in page.iter("a") if link.get("href") not in mail.text] == []


def test_links(page):
    """Links are absolute, each says where it leads, and no two that say the same lead to different places."""
    goals = {}
    for link in page.iter("a"):
        assert re.match("https://|mailto:", link.get("href"))
        name = link.get("aria-label") or words(link) or " ".join(image.get("alt") for image in link.iter("img"))
        assert name
        goals.setdefault(name, set()).add(link.get("href"))
    assert {name: found for name, found in goals.items() if len(found) > 1} == {}


def test_pictures(page):
    """Pictures are on https, and have a width in pixels and an alternative text."""
    for image in page.iter("img"):
        assert image.get("src").startswith("https://assets.example.com/")
        assert int(image.get("width")) > 0
        assert image.get("alt") is not None


def test_tables(page):
    """Tables that are no tables of data say so."""
    assert [
        table for table in page.iter("table") if table.get("role") != "presentation" and not table.findall(".//th")
    ] == []


def test_styles(mail):
    """Style sheets stay far below what Gmail drops, and name no address."""
    styles = re.findall("<style[^>]*>(.*?)</style>", mail.html, re.S)
    assert sum(map(len, styles)) < 16_000
    assert not any("url(" in style or "@import" in style for style in styles)


@pytest.mark.parametrize("residue", ["{{", "{%", "%%", "None", "undefined", "zqm", "block:"])
def test_no_residue(mail, residue):
    """Nothing of the templates' own language is left."""
    assert residue not in mail.html + mail.text + mail.subject


def test_medical_note():
    """Where a medical article is shown, its note stands, in HTML and in text."""
    note = "This article is for information and does not replace advice"
    for slug in EDITIONS:
        shown = any(one in ("klonopin-dosage-for-sleep", "exploring-age-regression") for one in email(slug).articles)
        assert (note in email(slug).html) == shown
        assert (note in " ".join(re.sub(r"^\| ", "", email(slug).text, flags=re.M).split())) == shown
    assert any(note in email(slug).html for slug in EDITIONS)


def test_fallbacks(mail):
    """Without an ESP nobody is greeted by a merge field."""
    assert fill_text(mail.html, {}) == mail.html
