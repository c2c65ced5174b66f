"""What cascade.py says of an element is what Chromium says of it."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import build, clients
from pipeline.checks.reading.cascade import DARK, DARK_PHONE, LIGHT, PHONE, cascade
from tests.folders import REPOSITORY

VIEWS = (LIGHT, DARK, PHONE, DARK_PHONE)
EDITIONS = sorted(path.stem for path in REPOSITORY.glob("content/editions/*.md"))
RED, BLACK, WHITE, CLEAR = (1.0, 0.0, 0.0, 1.0), (0.0, 0.0, 0.0, 1.0), (1.0, 1.0, 1.0, 1.0), (0.0, 0.0, 0.0, 0.0)
DARK_META = '<meta name="color-scheme" content="light dark">'

# A style sheet, and how it leaves <div class="out"><p class="in" id="it" style="font-size:20px">.
SHEETS = [
    ("p { color: red }", {"color": RED}),
    (".in { color: red } p { color: blue }", {"color": RED}),
    ("#it { color: red } .out .in { color: blue }", {"color": RED}),
    (".out p { color: blue } div p { color: blue } div.out > .in { color: red }", {"color": RED}),
    ("p { color: red !important } #it { color: blue }", {"color": RED}),
    ("p { color: red; color: nonsense }", {"color": RED}),
    ("p { font-size: 10px }", {"font_size": 20}),
    ("p { font-size: 10px !important }", {"font_size": 10}),
    ("p { font: italic bold 12px/1.5 serif !important }", {"font_size": 12, "weight": 700, "line_height": 18}),
    (".out { font-size: 30px; line-height: 1.5em }", {"font_size": 20, "line_height": 45}),
    (".out { line-height: 1.5 }", {"line_height": 30}),
    ("p { padding: 1px 2px 3px; margin: 0 auto }", {"padding": (1, 2, 3, 2), "margin": (0, 0, 0, 0)}),
    ("p { padding: 2em; padding-left: 0 }", {"padding": (40, 40, 40, 0)}),
    ("p { width: 12pt; max-width: 50% }", {"width": (16, "px"), "max_width": (50, "%")}),
    ("p { background: red }", {"background": RED, "ground": RED}),
    (".out { background: red }", {"background": CLEAR, "ground": RED}),
    ("p { background: red url(a.png) }", {"ground": None}),
    (".out { background: url(a.png) } p { background: #f00 }", {"ground": RED}),
    (".out { background: #f00 } p { background: rgba(0, 0, 0, .5) }", {"ground": (0.5, 0.0, 0.0, 1.0)}),
    ("p { color: red } p { color: inherit }", {"color": BLACK}),
    (".out { color: red } p { color: initial }", {"color": BLACK}),
    (".out { display: none }", {"shown": False}),
    (".out { max-height: 0; overflow: hidden }", {"shown": False}),
    ("p:not(.other) { color: red }", {"color": RED}),
    ("p:first-child { color: red }", {"color": RED}),
    ("p:hover, p::before, p:is(, { color: red }", {"color": BLACK}),
    ("[data-ogsc] p, u + .out p, .moz-text-html p { color: red }", {"color": BLACK}),
    ("@media yahoo { p { color: red } } @media print { p { color: red } }", {"color": BLACK}),
    ("@media only screen and (min-width: 480px) { p { color: red } }", {"color": RED}),
    ("@media (max-width: 479px) { p { color: red } }", {"color": BLACK}),
    ("@media (max-width: 30em), screen { p { color: red } }", {"color": RED}),
    ("@media not all and (max-width: 30em) { p { color: red } }", {"color": RED}),
    ("@media (prefers-color-scheme: dark) { p { color: red } }", {"color": BLACK}),
    ("@media screen { @media (min-width: 1px) { p { color: red } } }", {"color": RED}),
    ("@supports (color: red) { p { color: red } }", {"color": RED}),
]
# A body, and how its element #it looks.
BODIES = [
    ('<table bgcolor="red"><tr><td id="it">', {"ground": RED}),
    ('<table bgcolor="ff0000"><tr><td id="it">', {"ground": RED}),
    ('<table><tr><td id="it" width="50%" align="right" nowrap>', {"width": (50, "%"), "align": "right"}),
    ('<table width="600" id="it">', {"width": (600, "px")}),
    ('<table width="600" style="width:100%" id="it">', {"width": (100, "%")}),
    ('<font color="red" size="5"><b id="it">', {"color": RED, "font_size": 24, "weight": 700}),
    ('<a href="#"><b id="it">', {"color": (0.0, 0.0, 238 / 255, 1.0), "underlined": True}),
    ('<a href="#" style="text-decoration:none;color:red"><b id="it">', {"color": RED, "underlined": False}),
    ('<u><b id="it" style="text-decoration:none">', {"underlined": True}),
    ('<u><b id="it" style="display:inline-block">', {"underlined": False}),
    ('<div style="opacity:.5"><p id="it" style="opacity:.5">', {"opacity": 0.25}),
    ('<div hidden><p id="it">', {"shown": False}),
    ('<div dir="rtl"><p id="it">', {"direction": "rtl"}),
]


def style_of(html, view=LIGHT):
    looks = cascade(clients.parse(html))
    return next(style for element, style in looks.styles(view).items() if element.get("id") == "it")


def told(style, names):
    return {name: getattr(style, name) for name in names}


@pytest.mark.parametrize(("sheet", "expected"), SHEETS)
def test_sheet(sheet, expected):
    """Weight, order, importance, media, shorthands and inheritance decide as in a browser."""
    html = f'<style>{sheet}</style><div class="out"><p class="in" id="it" style="font-size:20px">a</p></div>'
    assert told(style_of(html), expected) == expected


@pytest.mark.parametrize(("body", "expected"), BODIES)
def test_attributes(body, expected):
    """Attributes that are older than CSS count, less than any CSS; so do browsers' own styles."""
    assert told(style_of(body), expected) == expected


def test_media_of_a_style():
    """A style element's own media query holds for all that is in it."""
    html = '<style media="(max-width: 479px)">p { color: red }</style><p id="it">'
    assert (style_of(html).color, style_of(html, PHONE).color) == (BLACK, RED)


@pytest.mark.parametrize("said", [DARK_META, "<style>:root { color-scheme: light dark }</style>"])
def test_dark_page(said):
    """A mail that is made for the dark gets a dark page there, and no other does."""
    assert style_of(f'{said}<p id="it">', DARK).color == WHITE
    assert style_of(f'{said}<p id="it">', LIGHT).color == style_of('<p id="it">', DARK).color == BLACK


@given(st.text(), st.text(), st.text())
def test_garbage(sheet, inline, value):
    """No text makes it fail."""
    quoted = inline.replace('"', "")
    html = f'<style>{sheet} p {{ {value} }}</style><p style="{quoted}" bgcolor="{quoted}" width="{quoted}">a</p>'
    looks = cascade(clients.parse(html))
    assert all(len(looks.styles(view)) == len(looks.elements) for view in VIEWS)


@cache
def project():
    return build.open_project(REPOSITORY)


ASKED = """all => all.map(one => { const style = getComputedStyle(one); return [
    one.localName, style.color, style.backgroundColor, parseFloat(style.fontSize), +style.fontWeight, style.display,
    style.whiteSpace, style.fontStyle !== "normal", style.float, style.visibility === "visible",
    parseFloat(style.lineHeight) || 0, style.wordBreak] })"""


def css(color):
    red, green, blue = (round(255 * channel) for channel in color[:3])
    return f"rgb({red}, {green}, {blue})" if color[3] == 1 else f"rgba({red}, {green}, {blue}, {color[3]:g})"


def answers(element, style):
    """What ASKED asks."""
    return [
        *(element.tag, css(style.color), css(style.background), style.font_size, style.weight, style.display),
        *(style.white_space, style.italic, style.floats, style.visible, style.line_height or 0, style.word_break),
    ]


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("slug", EDITIONS)
@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_as_in_chromium(browser, slug, view):
    """Every element of the sample editions looks as Chromium says, but for <hr> and the <tbody> that it adds."""
    edition = build.compose_edition(slug, project())
    email = build.render_email(edition, project().library.newsletter, project().environment)
    html = build.fill_email(email, {}).html
    browser.show(html, view.width, view.scheme)
    shown = [one for one in browser.page.eval_on_selector_all("body *", ASKED) if one[0] not in ("tbody", "hr")]
    styles = cascade(clients.parse(html)).styles(view)
    body = next(one for one in styles if one.tag == "body")
    ours = [answers(*one) for one in styles.items() if body in one[0].iterancestors()]
    ours = [one for one in ours if one[0] not in ("tbody", "hr")]
    assert len(ours) == len(shown)
    assert [one for one in zip(ours, shown, strict=True) if one[0] != pytest.approx(one[1], abs=0.05)] == []
