"""What color.py finds beyond its mutants, what it doesn't find, and that axe-core agrees with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import marks
from pipeline.checks import RULES, of_html
from tests.checks.mutants_color import MUTANTS
from tests.checks.test_mutants import CLEAN, mail
from tests.folders import REPOSITORY

PAGE = '<!DOCTYPE html><html lang="en"><head><title>t</title>{}</head><body><h1>Words</h1>{}</body></html>'
LONG = "Some words that stand around the link, so that it is one of them:"

# What reads well enough, or isn't read.
FINE = [
    '<p style="color:#767676">gray, and dark enough</p>',
    '<p style="color:#949494;font-size:24px">large</p>',
    '<p style="color:#949494;font-size:14pt;font-weight:bold">large enough for bold</p>',
    '<p style="color:#fff;background-color:#000">white on black</p>',
    '<table bgcolor="#000000"><tr><td style="color:#fff">white on black</td></tr></table>',
    '<table style="background:#000"><tr><td><p><font color="#ffffff">white on black</font></p></td></tr></table>',
    '<div style="background:url(night.jpg)"><p style="color:#fff">on a picture</p></div>',
    '<div style="background-image:linear-gradient(#000, #111)"><p style="color:#fff">on a gradient</p></div>',
    '<td background="night.jpg"><p style="color:#fff">on a picture</p></td>',
    '<p style="color:#fff;display:none">hidden</p>',
    '<p style="color:#fff;visibility:hidden">hidden</p>',
    '<p style="color:#fff;font-size:0">hidden</p>',
    '<p style="opacity:0">hidden</p>',
    '<div style="max-height:0;overflow:hidden"><p style="color:#fff">hidden</p></div>',
    '<!--[if mso]><p style="color:#eee">for Outlook</p><![endif]-->',
    '<p>one <span style="color:#ddd">·</span> two</p>',
    "<style>[data-ogsc] p { color: #fff }</style><p>as Outlook.com marks it</p>",
    "<style>p:hover { color: #fff }</style><p>only under a mouse</p>",
]
PALE = [
    '<p style="color:#777777">a little too pale</p>',
    '<p style="color:#959595;font-size:24px">a little too pale for large text</p>',
    '<p style="color:#eee">nearly white on the page itself</p>',
    '<div style="background:url(a.jpg)"><p style="background:#333;color:#222">dark again, on the picture</p></div>',
    "<style>p { color: #eee }</style><p>by a style sheet</p>",
    '<font color="silver">by a font</font>',
]
APART = [
    f'<p>{LONG} <a href="#">a link</a></p>',
    f'<p>{LONG} <a href="#" style="text-decoration:none;font-weight:bold;color:#555">a link</a></p>',
    f'<p>{LONG} <a href="#" style="text-decoration:none;border-bottom:1px solid">a link</a></p>',
    f'<p>{LONG} <a href="#" style="text-decoration:none;color:#b00000"><u>a link</u></a></p>',
    f'<p style="color:#000">{LONG} <a href="#" style="text-decoration:none;color:#06f">a much lighter link</a></p>',
    f'<p>{LONG} <a href="#" style="text-decoration:none;color:#333"><img src="a.png" alt="a picture"></a></p>',
    f'<p>{LONG}<br><a href="#" style="text-decoration:none;color:#333">A link on its own line</a></p>',
    '<p><a href="#" style="text-decoration:none;color:#333">Home</a> · '
    '<a href="#" style="text-decoration:none;color:#333">Blog</a></p>',
    f'<p>{LONG} <a href="#" style="text-decoration:none;color:#333;display:inline-block">a button</a></p>',
    '<h2><a href="#" style="text-decoration:none;color:#333">A heading</a></h2>',
]
MERGED = [
    f'<p>{LONG} <a href="#" style="text-decoration:none;color:#333">a link</a></p>',
    f'<td>{LONG} <span><a href="#" style="text-decoration:none;color:#333">a link</a></span></td>',
    f"<style>a {{ text-decoration: none !important; color: #333 }}</style><p>{LONG} "
    '<a href="#" style="text-decoration:underline">a link</a></p>',
]
# axe-core doesn't dare to judge these: colours that are the very same, a link whose words are in another element.
UNJUDGED = [
    '<p style="color:#fff">white on the page itself</p>',
    '<p style="background:#000">black on black</p>',
    f'<p>{LONG} <a href="#" style="text-decoration:none;color:#333"><span>a link</span></a></p>',
]
DECLARED = (
    '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
    "<style>:root { color-scheme: light dark } @media (prefers-color-scheme: dark) { p { color: #eee } }</style>"
)


def faults(rule, html):
    return [fault.message for fault in RULES[rule].look(of_html(html, "mail.html"))]


@pytest.mark.parametrize("body", FINE + APART)
def test_fine(body):
    """What reads well, what nobody sees, and what only a picture's pixels could tell, is no fault."""
    assert faults("A08", PAGE.format("", body)) == []


@pytest.mark.parametrize("body", PALE + MERGED + UNJUDGED)
def test_faults(body):
    """Each is one fault, though it holds in light and dark and at all widths."""
    assert len(faults("A08", PAGE.format("", body))) == 1


def test_told_once():
    """Many texts in one pair of colours are one fault, which says how many there are."""
    assert faults("A08", PAGE.format("", '<p style="color:#999">pale</p>' * 40)) == [
        '"pale" is #999999 on #ffffff: a contrast of 2.84, not of 4.5, and 39 more'
    ]


def test_dark_mode_declared():
    """Other orders of the words will do, and so will a style element that is only for the dark."""
    assert faults("H13", PAGE.format(DECLARED.replace("light dark", "dark light"), "")) == []
    split = DECLARED.replace("@media", '</style><style media="(prefers-color-scheme: dark)">@media')
    assert faults("H13", PAGE.format(split, "")) == []


def test_no_dark_mode():
    """A mail that knows nothing of dark mode is told so once."""
    (message,) = faults("H13", PAGE.format("", ""))
    assert message.count("nor by") == 2


@given(st.text(alphabet=st.sampled_from("<>/=\"' ap;:#{}()%!\x00stylecorbkgud-9é")) | st.binary().map(repr))
def test_garbage(html):
    """No text makes a rule fail."""
    faults("A08", html)
    faults("H13", html)


@pytest.mark.browser
@pytest.mark.slow
class TestAxe:
    """axe-core, in Chromium, as the referee."""

    VIEWS = ((800, "light"), (800, "dark"), (320, "light"), (320, "dark"))
    RULES = ("color-contrast", "link-in-text-block")

    def objections(self, browser, html):
        found = []
        for width, scheme in self.VIEWS:
            browser.show(html, width, scheme)
            found += [line for line in browser.axe() if line.startswith(self.RULES)]
        return found

    @pytest.mark.parametrize("name", MUTANTS["A08"])
    def test_mutants(self, browser, name):
        """axe-core objects to every mutant too."""
        mutant = MUTANTS["A08"][name](mail(REPOSITORY, "better-sleep"))
        assert self.objections(browser, marks.without_marks(mutant.marked))

    @pytest.mark.parametrize(("folder", "slug"), CLEAN, ids=[slug for _, slug in CLEAN])
    def test_clean(self, browser, folder, slug):
        """axe-core has no objection to an edition in which this rule finds nothing."""
        assert self.objections(browser, mail(folder, slug).html) == []

    @pytest.mark.parametrize("body", FINE + APART)
    def test_fine(self, browser, body):
        """Nor to what this rule calls fine."""
        assert self.objections(browser, PAGE.format("", body)) == []

    @pytest.mark.parametrize("body", PALE + MERGED)
    def test_faults(self, browser, body):
        """It objects to what this rule calls a fault."""
        assert self.objections(browser, PAGE.format("", body))
