"""What layout.py finds beyond its mutants, what it doesn't find, and that Chromium scrolls where it says so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import marks
from pipeline.checks import RULES, of_html
from tests.browser import ASSETS
from tests.checks.mutants_layout import MUTANTS
from tests.checks.test_mutants import CLEAN, mail
from tests.folders import REPOSITORY

HEAD = '<html lang="en"><head><meta name="viewport" content="width=device-width, initial-scale=1"><title>t</title>'
PAGE = f'<!DOCTYPE html>{HEAD}</head><body style="margin:0"><h1>Words</h1>{{}}</body></html>'
PICTURE = next(path for path in sorted((REPOSITORY / "content/images").rglob("*.jpg")))
SOURCE = f"{ASSETS}{PICTURE.relative_to(REPOSITORY / 'content').as_posix()}"
LONG = "Some words that are long enough together to be read as running text, line for line, and not as a label. " * 2
LINK = '<a href="#">a link</a>'


def image(attributes):
    return f'<img src="{SOURCE}" alt="" {attributes}>'


def cell(inside, cell="", table=""):
    return f"<table {table}><tr><td {cell}>{inside}</td></tr></table>"


# What fits into 320 pixels.
FITS = [
    '<div style="width:600px;max-width:100%">fluid</div>',
    '<table style="width:600px;max-width:100%"><tr><td>fluid</td></tr></table>',
    '<table width="600" style="width:100%"><tr><td>fluid</td></tr></table>',
    cell("a cell gives way", 'width="600"'),
    cell(image('width="600" style="max-width:100%"'), table='width="100%"'),
    cell(image('width="600" style="width:100%"')),
    '<table class="s" width="600"><tr><td>by a media query</td></tr></table>'
    "<style>@media (max-width:500px) { .s { width: 100% !important } }</style>",
    f"<div>{image('width=200')}{image('width=200')}</div>",
    "<style>@media (max-width:500px) { td { display: block } }</style>"
    f'<table width="100%"><tr><td>{image("width=200")}</td><td>{image("width=200")}</td></tr></table>',
    f'<pre style="white-space:pre-wrap">{LONG}</pre>',
    f'<p style="white-space:pre-line">{LONG}</p>',
    f'<p style="overflow-wrap:break-word">{"long" * 30}</p>',
    f'<p style="word-wrap:break-word">{"long" * 30}</p>',
    cell("long" * 30, 'style="word-break:break-word"'),
    cell("long" * 30, 'style="overflow-wrap:anywhere"'),
    cell("long" * 30, 'style="overflow-wrap:break-word"', 'width="100%" style="table-layout:fixed"'),
    f"<p>{'long-' * 30}</p>",
    f"<p>{'long&shy;' * 30}</p>",
    f"<p>{'long&#8203;' * 30}</p>",
    f"<p>{'long<wbr>' * 30}</p>",
    f"<p>{'漢字' * 60}</p>",
    f"<p>{'ภาษาไทย' * 30}</p>",
    f'<div style="overflow:auto"><p style="white-space:nowrap">{LONG}</p></div>',
    '<div style="width:900px;display:none">hidden</div>',
    '<div style="width:900px;max-width:300px">narrow</div>',
    cell("padded", 'style="padding:0 20px"', 'width="100%"'),
    '<div style="width:100%;padding:0 20px;box-sizing:border-box">padded</div>',
    '<div style="padding:0 30px"><div style="width:100%;padding:0 15px">into the padding around it</div></div>',
]
SCROLLS = [
    cell("a table", table='width="600"'),
    cell(cell("a table in a table", table='width="400"'), table='width="100%"'),
    cell('<div style="width:500px;max-width:100%">in a table</div>'),
    cell("long" * 30, 'style="overflow-wrap:break-word"'),
    cell("long" * 30),
    cell(LONG, "nowrap"),
    cell(image('width="300"'), 'style="padding:0 20px"'),
    f"<table><tr><td>{image('width=200')}</td><td>{image('width=200')}</td></tr></table>",
    f"<pre>{LONG}</pre>",
    f"<p><nobr>{LONG}</nobr></p>",
    f"<p>{'long&nbsp;' * 30}</p>",
    f"<p>{'long/' * 30}</p>",
    f'<div style="width:400px">{LONG}</div>',
    '<div style="min-width:900px;max-width:300px">the least wins</div>',
    '<div style="width:100%;padding:0 20px">padded</div>',
    '<div style="width:120%">more than all</div>',
    '<hr width="500">',
    f"<style>@media (max-width:500px) {{ p {{ white-space: nowrap }} }}</style><p>{LONG}</p>",
]
# By rule what is no fault of its.
FINE = [
    ("H08", f'<div style="max-width:640px">{LONG}</div>'),
    ("H08", f'<table width="600"><tr><td width="300">{LONG}</td><td width="300">{LONG}</td></tr></table>'),
    ("H08", '<table width="100%"><tr><td style="background:#eee">a short line on a wide ground</td></tr></table>'),
    ("H08", '<!--[if mso]><table width="900"><tr><td>for Outlook</td></tr></table><![endif]-->'),
    ("H08", '<div style="width:100vw">the window</div>'),
    ("A09", f'<p style="font-size:14px;line-height:1.4">{LONG}</p>'),
    ("A09", f'<p style="line-height:1.5">{LONG}</p><p style="font-size:12px;line-height:1.5">{LONG}</p>'),
    ("A09", '<p style="font-size:12px;line-height:16px">A label</p>'),
    ("A09", f'<h1 style="font-size:30px;line-height:34px">{LONG}</h1>'),
    ("A09", '<td style="font-size:0"><p style="font-size:16px">shown</p></td>'),
    ("A09", '<p>a footnote<sup style="font-size:10px">1</sup></p>'),
    ("A09", f'<ul style="line-height:24px">{f"<li>{LINK}</li>" * 4}</ul>'),
    ("A09", f'<ul style="line-height:16px">{f"<li style=margin:8px>{LINK}</li>" * 4}</ul>'),
    ("A09", f"<table><tr>{'<td style=padding:4px><a href=#><img width=16 height=16></a></td>' * 3}</tr></table>"),
    ("A09", f"<table><tr>{f'<td>{LINK}</td>' * 3}</tr></table>"),
    ("A09", f'<p style="line-height:18px">{LINK}, {LINK} and {LINK}</p>'),
    ("A10", f'<table dir="rtl"><tr><td>كلمات</td><td>كلمات أخرى</td></tr></table>{LONG}'),
    ("A10", '<blockquote dir="rtl">كلمات</blockquote>'),
    ("A10", f'<img style="float:right" src="a.png" width="80" height="80">{LONG}'),
    ("A10", f'<div style="float:left;width:80px">first</div>{LONG}'),
    ("A10", '<div style="position:relative">where it was</div>'),
    ("A10", "<table><thead><tr><th>head</th></tr></thead><tfoot></tfoot></table>"),
    ("A10", '<div style="position:absolute;display:none">hidden</div>'),
]


def faults(html, *rules):
    looked_at = of_html(html, "mail.html")
    return [fault.message for rule in rules for fault in RULES[rule].look(looked_at) if fault.level != "warn"]


@pytest.mark.parametrize("body", FITS)
def test_fits(body):
    """What gives way, breaks, is cut off or hidden makes no phone scroll."""
    assert faults(PAGE.format(body), "A11") == []


@pytest.mark.parametrize("body", SCROLLS)
def test_scrolls(body):
    """Each is one fault, of one of the two rules."""
    assert len(faults(PAGE.format(body), "H08", "A11")) == 1


@pytest.mark.parametrize(("rule", "body"), FINE)
def test_fine(rule, body):
    """Near misses are no faults."""
    assert faults(PAGE.format(body), rule) == []


def test_shared_out():
    """What is too wide for a desktop is not told again for a phone."""
    for width, rule in ((700, "H08"), (600, "A11")):
        html = PAGE.format(cell("wide", table=f'width="{width}"') * 5)
        assert {name: len(faults(html, name)) for name in ("H08", "A11")} == {"H08": 0, "A11": 0} | {rule: 1}


def test_names_the_cause():
    """It is the picture, the words or the columns that are told, not the tables around them."""
    around = '<table width="100%"><tr><td>{}</td></tr></table>'
    (message,) = faults(PAGE.format(around.format(around.format(image('width="400"')))), "A11")
    assert message == "a picture needs 400 px, more than a phone's 320"


@given(st.text(alphabet=st.sampled_from("<>/=\"' ap;:#{}()%!\x00stylewidthmr-9é")) | st.binary().map(repr))
def test_garbage(html):
    """No text makes a rule fail."""
    faults(html, "H08", "A09", "A10", "A11")


def test_depth():
    """However deep boxes stand in each other."""
    faults("<div>" * 3000 + "<table><tr><td>" * 500, "H08", "A09", "A10", "A11", "A08")


@pytest.mark.browser
@pytest.mark.slow
class TestChromium:
    """Chromium as the referee: a page scrolls sideways or it doesn't."""

    @pytest.mark.parametrize("body", FITS)
    def test_fits(self, browser, body):
        """What is no fault doesn't scroll."""
        browser.show(PAGE.format(body), 320)
        assert browser.overflow() == 0

    @pytest.mark.parametrize("body", SCROLLS)
    def test_scrolls(self, browser, body):
        """What is a fault does."""
        browser.show(PAGE.format(body), 320)
        assert browser.overflow() > 0

    @pytest.mark.parametrize("name", MUTANTS["A11"])
    def test_mutants(self, browser, name):
        """So does every mutant of A11."""
        mutant = MUTANTS["A11"][name](mail(REPOSITORY, "better-sleep"))
        browser.show(marks.without_marks(mutant.marked).replace("https://example.com/a.png", SOURCE), 320)
        assert browser.overflow() > 0

    @pytest.mark.parametrize(("folder", "slug"), CLEAN, ids=[slug for _, slug in CLEAN])
    def test_clean(self, browser, folder, slug):
        """And no edition in which the rule finds nothing."""
        browser.show(mail(folder, slug).html, 320)
        assert browser.overflow() == 0
