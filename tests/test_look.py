"""The sample editions as a browser shows them: the same before and after inlining, at all widths, light and dark."""

from functools import cache
from itertools import pairwise

import pytest

from pipeline import build, inline, mjml, templates
from tests.browser import SCHEMES, WIDTHS, difference
from tests.folders import REPOSITORY

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EDITIONS = sorted(path.stem for path in REPOSITORY.glob("content/editions/*.md"))
COLUMNS = "[class*='mj-column-']"


@cache
def project():
    return build.open_project(REPOSITORY)


def compiled(slug):
    """The edition's HTML before its CSS is inlined."""
    edition = build.compose_edition(slug, project())
    return mjml.compile(templates.render_mjml(edition, project().library.newsletter, project().environment))


@cache
def rendered(slug):
    """The edition's HTML as it is sent."""
    edition = build.compose_edition(slug, project())
    email = build.render_email(edition, project().library.newsletter, project().environment)
    return build.fill_email(email, {}).html


def looks(browser, html, views):
    browser.show(html, flat=True)
    assert browser.refused == []
    shots = {}
    for width, scheme in views:
        browser.resize(width, scheme)
        shots[width, scheme] = browser.screenshot()
    return shots


def assert_inlining_is_invisible(browser, slug, views):
    html = compiled(slug)
    before, after = looks(browser, html, views), looks(browser, inline.inline(html), views)
    assert {view: difference(before[view], after[view]) for view in views} == dict.fromkeys(views)


def test_inlining_is_invisible(browser):
    """An edition is the same to the pixel before and after inlining, on a phone and on a desktop."""
    assert_inlining_is_invisible(browser, EDITIONS[0], [(375, "dark"), (600, "light")])


@pytest.mark.slow
@pytest.mark.parametrize("slug", EDITIONS)
def test_inlining_is_invisible_everywhere(browser, slug):
    """Every edition is the same to the pixel before and after inlining, at each width, light and dark."""
    assert_inlining_is_invisible(browser, slug, [(width, scheme) for width in WIDTHS for scheme in SCHEMES])


def test_columns(browser):
    """Columns stand side by side on a desktop and one under the other on a phone, in the order of reading."""
    beside, stacked = [], []
    for slug in EDITIONS:
        browser.show(rendered(slug), 600)
        beside += browser.rows(COLUMNS)
        browser.resize(375)
        stacked += browser.rows(COLUMNS)
    assert {1, 2, 3} <= {len(row) for row in beside}
    assert all(one["x"] != two["x"] and one["top"] < two["bottom"] for row in beside for one, two in pairwise(row))
    assert all(one["x"] == two["x"] and one["bottom"] <= two["top"] for row in stacked for one, two in pairwise(row))


@pytest.mark.parametrize("slug", EDITIONS)
def test_no_sideways_scroll(browser, slug):
    """Nothing is wider than the window, down to 320 px."""
    browser.show(rendered(slug))
    overflow = {}
    for width in WIDTHS:
        browser.resize(width)
        overflow[width] = browser.overflow()
    assert overflow == dict.fromkeys(WIDTHS, 0)


@pytest.mark.parametrize("slug", EDITIONS)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [320, 600])
def test_axe(browser, slug, width, scheme):
    """axe-core objects to nothing, light or dark, on a desktop or on the smallest phone."""
    browser.show(rendered(slug), width, scheme)
    assert browser.axe() == []
