"""The rules of pipeline/checks/page.py: what they must not find, in mails of others and in garbage too."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline import checks
from pipeline.checks import RULES, page
from pipeline.errors import Where

DOCUMENT = '<!DOCTYPE html>\n<html lang="en"><head><title>A</title>\n{head}</head><body>\n{body}</body></html>'


def look(rule, body="", head=""):
    """The messages of a rule about a page of somebody else's."""
    mail = checks.of_html(DOCUMENT.format(head=head, body=body), "mail.html")
    return [fault.message for fault in RULES[rule].look(mail)]


@pytest.mark.parametrize("rule", [rule.id for rule in page.RULES])
def test_nothing_wrong(rule):
    """A plain page of somebody else's is fine."""
    assert (
        look(rule, '<p>Hello <a href="https://a.example.com/">there</a><br>&amp; &lt;you&gt; &#233; &eacute;</p>') == []
    )


@pytest.mark.parametrize("rule", [rule.id for rule in page.RULES])
def test_no_html(rule):
    """A message of text only has no HTML to look at."""
    mail = checks.of_message(b"Subject: A\r\n\r\nHello\r\n", "mail.eml")
    assert list(RULES[rule].look(mail)) == []


@pytest.mark.parametrize("start", ["<!doctype html>", "\ufeff<!DOCTYPE html>", "\n<!DOCTYPE HTML >"])
def test_doctypes(start):
    """The doctype may be in small letters, and behind white space or a byte order mark."""
    assert list(RULES["H01"].look(checks.of_html(f"{start}<p>A</p>", "mail.html"))) == []


@pytest.mark.parametrize(
    "css",
    [
        "@media screen { @media (max-width: 479px) { p { color: red } } }",
        "@media (prefers-color-scheme: dark) { p { color: #fff } }",
        "/* url(https://a.example.com/a.png) and @import */ p { color: red }",
        "@keyframes a { from { color: red } }",
        "x" * 16_384,
    ],
)
def test_styles_that_gmail_reads(css):
    """Media queries may nest, what is commented out isn't there, and 16 KB are not too many."""
    assert look("H03", head=f"<style>{css}</style>") == []


def test_styles_for_outlook_only():
    """Gmail never sees the styles in a comment for Outlook."""
    assert look("H03", head="<!--[if mso]><style>@font-face { src: url(a) }</style><![endif]-->") == []


@pytest.mark.parametrize(
    "body",
    [
        '<a href="https://a.example.com/?q=javascript:alert(1)">a</a>',
        '<a href="https://a.example.com/data:x">a</a>',
        '<img alt="javascript: what it is" src="https://a.example.com/a.png" width="1">',
        '<p title="data: what they tell">on click = nothing</p>',
        "<p>&lt;script&gt;x()&lt;/script&gt; and javascript:x() and @import</p>",
        '<p style="scroll-behavior: smooth; background: url(https://a.example.com/data:a.png)">a</p>',
        "<!-- <script>x()</script> -->",
        '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">',
        "<p data-on='x'>the base, the link, the form, the object</p>",
    ],
)
def test_not_active(body):
    """Words about scripts aren't scripts, and what stands in a comment is nothing to anybody."""
    assert look("H04", body) == []


@pytest.mark.parametrize(
    "body",
    [
        "<!--[if mso]>a<![endif]-->",
        "<!--[if mso | IE]><table><![endif]--><p>a</p><!--[if mso | IE]></table><![endif]-->",
        "<!--[if !mso]><!--><p>a</p><!--<![endif]-->",
        "<!--[if !mso]><!-- --><p>a</p><!-- <![endif]-->",
        "<!--[if !mso]>--><p>a</p><!--<![endif]-->",
        "<![if !mso]><p>a</p><![endif]>",
        "<!--[if !mso]><!--><!--[if lte mso 11]>a<![endif]--><!--<![endif]-->",
        "<!--[if mso]><![if gte mso 12]>a<![endif]><![endif]-->",
        "<!--[if (gte mso 9)|(IE)]>a<![endif]-->",
        "<!-- if you read this: [if] -->",
        "<!--[IF MSO]>a<![ENDIF]-->",
    ],
)
def test_well_formed_conditions(body):
    """All forms of conditional comments that Outlook and browsers understand alike are fine."""
    assert look("H07", body) == []


def test_tables_of_others():
    """Others may leave out end tags in what they write for Outlook; HTML allows it."""
    assert look("H07", "<!--[if mso]><table><tr><td>a</table><![endif]-->") == []


@pytest.mark.parametrize(
    "image",
    [
        '<img src="https://a.example.com/a.png" width="1">',
        '<img src=" https://a.example.com/a.png " width="600px">',
        '<img src="data:image/png;base64,x" width="1">',
        '<img src="{{ image }}" width="1">',
    ],
)
def test_pictures(image):
    """A picture has an address and a width; what is wrong with it by other rules isn't told twice."""
    assert look("H09", image) == []


@pytest.mark.parametrize(
    "body",
    [
        "<p>one<p>two<div>three</div>",
        "<ul><li>one<li>two</ul><dl><dt>a<dd>b</dl>",
        "<ul><li><p>one</p><ul><li>two</ul><li>three</ul>",
        "<table><tr><td>a<td>b<tr><td>c</table>",
        "<table><tr><td><p>a<table><tr><td>b</td></tr></table></td></tr></table>",
        "<table><caption>a</caption><colgroup><col></colgroup><thead><tr><th>a</thead><tbody><tr><td>b</table>",
        '<a href="https://a.example.com/"><div>a</div></a>',
        '<table align="center" bgcolor="#ffffff"><tr><td valign="top" width="1" nowrap>a</td></tr></table>',
        "<p id=a CLASS=b data-x=\"1\" aria-label='c' hidden>a</p>",
        '<svg viewBox="0 0 1 1"><path d="M0 0"/><g><circle r="1"/></g></svg>',
        "<p>AT&T, Q&A, fish & chips, &amp;nbps; &#x1F319; &copy;</p>",
        '<a href="https://a.example.com/?a=1&b=2&copy=3&amp;c">a</a>',
        "<p>2 > 1</p>",
        '<img alt="a > b" src="https://a.example.com/a.png" width="1"/><br/>',
        "<!--[if mso]></b></td><mj-text><![endif]-->",
        "<p>a\n\tb\r\nc\u00a0\u200d</p>",
    ],
)
def test_valid(body):
    """What HTML allows, with end tags left out, obsolete attributes on tables, drawings, is no fault."""
    assert look("H16", body) == []


def test_only_once():
    """The same fault many times is told once, with its number."""
    assert look("H16", "<center>a</center>" * 40) == ["<center> is obsolete, and 39 more"]


def test_a_line_of_its_own():
    """In a mail of others the place is the line of the HTML."""
    mail = checks.of_html(DOCUMENT.format(head="", body="<p>a</p>\n<center>b</center>"), "mail.html")
    assert [fault.where for fault in RULES["H16"].look(mail)] == [Where("mail.html", 5)]


def test_title_of_a_drawing():
    """A drawing's title isn't the mail's."""
    assert look("A05", "<svg><title>a moon</title></svg>") == []


PIECES = st.sampled_from(
    [
        *("<!--[if mso]>", "<![endif]-->", "<!--[if !mso]><!-->", "<!--<![endif]-->", "<![if x]>", "<!--", "-->", "--"),
        *("<table>", "</td>", "<p", "</p>", "<a href=", '"', "'", "=", "/", ">", "<", "&", "&#", "&#x110000;", ";"),
        *("<style>@media{", "}", "</style>", "url(", "\\", "\x00", "<svg>", "<!doctype", "<title>", "\ud800", "{{"),
        *("<img src=", "https://[", "javascript:", "<!--block:7-->", "<!--/block:7-->", "<?", "</", "é", " ", "\n"),
    ]
)


@pytest.mark.parametrize("rule", [rule.id for rule in page.RULES])
@given(html=st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join)))
@example(html="<a " * 2000 + '"')
@example(html="<!--[if mso]>" * 500)
@example(html="<p>" * 2000)
def test_garbage(rule, html):
    """No rule ever raises, and each message is one line."""
    for fault in RULES[rule].look(checks.of_html(html, "mail.html")):
        assert fault.message
        assert not re.search(r"[\r\n]", fault.message)
