"""browser.py: the harness shows what it is given, and nothing from anywhere else."""

import pytest

from tests import folders
from tests.browser import ASSETS, difference

pytestmark = pytest.mark.browser

PAGE = """<!DOCTYPE html><html lang="en"><head><title>x</title><style>
body { margin: 0 } @media (prefers-color-scheme: dark) { body { background: #111; color: #eee } }
</style></head><body>%s</body></html>"""


def test_scheme_and_width(browser):
    """A page is as wide as asked, phone widths too, and light or dark."""
    shots = {}
    for width in (320, 600):
        for scheme in ("light", "dark"):
            browser.show(PAGE % "<h1>x</h1>", width, scheme)
            assert browser.page.evaluate("innerWidth") == width
            shots[width, scheme] = browser.screenshot()
    assert len(set(shots.values())) == 4
    browser.resize(320, "light")
    assert difference(browser.screenshot(), shots[320, "light"]) is None


def test_standards_mode(browser):
    """The doctype decides between standards mode and quirks mode, as in a client."""
    browser.show(PAGE % "x")
    assert browser.page.evaluate("document.compatMode") == "CSS1Compat"
    browser.show("<p>x")
    assert browser.page.evaluate("document.compatMode") == "BackCompat"


def test_requests(browser, tmp_path, monkeypatch):
    """Pictures come from the folder; any other request is refused and told, one out of the folder too."""
    folders.make(tmp_path, {"content/images/a.png": folders.png(3, 2)})
    monkeypatch.setattr(browser, "assets", tmp_path / "content/images")
    refused = [f"{ASSETS}b.png", f"{ASSETS}..%2fnewsletter.toml", "https://x.example/a.png"]
    browser.show("".join(f'<img src="{address}" alt="">' for address in [f"{ASSETS}a.png", *refused]))
    assert browser.page.evaluate("[...document.images].map(one => one.naturalWidth)") == [3, 0, 0, 0]
    assert sorted(browser.refused) == sorted(refused)


def test_difference(browser):
    """One pixel is a difference, and so is another size."""
    browser.show(PAGE % "<p style='height:90px'>")
    one = browser.screenshot()
    browser.show(
        PAGE % "<p style='height:90px'><i style='position:absolute;left:7px;top:9px;border-top:1px solid;width:1px'>"
    )
    assert difference(one, browser.screenshot()) == (7, 9, 8, 10)
    browser.resize(599)
    assert difference(one, browser.screenshot()) is not None


def test_overflow(browser):
    """What is wider than the page is told in pixels."""
    browser.show(PAGE % "<p style='width:330px'>x", 320)
    assert browser.overflow() == 10
    browser.resize(375)
    assert browser.overflow() == 0


def test_rows(browser):
    """Boxes come in the groups in which they stand."""
    browser.show(PAGE % "<p><b>x</b> <b>y</b></p><p style='margin:50px 0 0'><b>z</b></p>")
    (one, two), (three,) = browser.rows("b")
    assert one["y"] == two["y"] < three["y"]
    assert one["x"] == three["x"] < two["x"]


def test_axe(browser):
    """axe-core finds a picture without alternative text and pale words, and nothing in a clean page."""
    browser.show(PAGE % '<h1>x</h1><img src="https://x.example/" width="9"><p style="color:#ccc">pale words</p>')
    assert [line.partition(" ")[0] for line in browser.axe()] == ["color-contrast", "image-alt"]
    browser.show(PAGE % "<h1>x</h1>")
    assert browser.axe() == []
