"""clients/: what e-mail clients would show of a mail, by the data of Can I email."""

import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import build, mjml, templates
from pipeline.clients import CLIENTS, approximate, conditional, dark, data, uses
from tests.folders import REPOSITORY

FOLDER = REPOSITORY / "pipeline" / "clients"
EDITIONS = sorted(path.stem for path in REPOSITORY.glob("content/editions/*.md"))
MARK = re.compile(r"<!--/?block:\d+-->")


def shown(client, body, head=""):
    """What the client shows of this body; gmail-app's margin and forced-dark's scheme are those of every mail."""
    mail = f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"
    html = approximate(mail, CLIENTS[client]).html
    return re.sub(r"\A.*<body[^>]*>|</body></html>\Z", "", html, flags=re.DOTALL)


def sheet(client, css):
    """What the client heeds of this style sheet, without blanks."""
    html = approximate(f"<html><head><style>{css}</style></head><body></body></html>", CLIENTS[client]).html
    return "".join(re.findall(r"<style>(.*)</style>", html, re.DOTALL)).replace(" ", "").replace("\n", "")


def titles(client, mail):
    return [rule.title for rule in approximate(mail, CLIENTS[client]).rules]


# The data


def test_data_is_dated():
    """The data file says from which release and day it is, and every feature in it is complete."""
    kept = json.loads((FOLDER / "caniemail.json").read_text("utf-8"))
    assert (kept["package"], kept["version"], kept["date"]) == ("caniemail", "2.0.2", "2026-05-13")
    assert len(kept["features"]) == 307
    assert {len(one["support"].split(",")) for one in kept["features"].values()} == {len(kept["clients"])} == {48}
    assert all(one["title"] and one["tested"] for one in kept["features"].values())


def test_data_has_its_licences():
    """The notices of both the data and the package stand beside the data."""
    notice = (FOLDER / "caniemail.LICENSE.txt").read_text("utf-8")
    assert notice.count("MIT License") == notice.count("Permission is hereby granted") == 2
    assert {"Copyright (c) 2019 HTeuMeuLeu", "Copyright © Avi Goldman"} <= set(notice.splitlines())


@pytest.mark.parametrize(
    ("slug", "client", "level", "notes"),
    [
        ("css-border-radius", "gmail.android", "y", 0),
        ("css-border-radius", "outlook.windows", "n", 1),
        ("css-max-width", "outlook.windows", "a", 1),
        ("css-margin", "outlook.windows", "a", 4),
        ("css-cursor", "outlook.windows", "u", 0),
        ("html-style", "gmail.android", "a", 2),
        ("html-style", "apple-mail.ios", "y", 0),
    ],
)
def test_support(slug, client, level, notes):
    """The data tells for each feature and client how well it is supported, with its notes."""
    support = data.support(slug, client)
    assert (support.level, len(support.notes)) == (level, notes)
    assert all(note.strip() for note in support.notes)


def test_support_of_nobody():
    """Names that the data doesn't have are errors, not answers."""
    with pytest.raises(ValueError, match="palm"):
        data.support("css-border-radius", "gmail.palm")
    with pytest.raises(KeyError):
        data.support("css-border-radios", "gmail.ios")


# Features

# What can't be seen in a mail's HTML, says nothing by being there, or has a double: css-inline-size.
UNSEEN = {"amp", "bimi", "css-comments", "css-inline-size", "html-comments", "html-doctype"}
EXAMPLES = {
    "css-border-inline-block": "<p style='border-inline:0'>",
    "css-border-inline-block-individual": "<p style='border-block-end:0'>",
    "css-border-inline-block-longhand": "<p style='border-inline-start-color:red'>",
    "css-border-radius-logical": "<p style='border-end-start-radius:0'>",
    "css-block-inline-size": "<p style='inline-size:0'>",
    "css-column-layout-properties": "<p style='column-rule-style:solid'>",
    "css-conic-gradient": "<p style='background:conic-gradient(red, blue)'>",
    "css-display-flex": "<p style='display:inline-flex'>",
    "css-display-grid": "<p style='display:grid'>",
    "css-display-none": "<p style='display:none'>",
    "css-grid-template": "<p style='grid-template-columns:1fr'>",
    "css-important": "<p style='color:red ! important'>",
    "css-inert-attribute": "<p inert>",
    "css-intrinsic-size": "<p style='width:min-content'>",
    "css-left-right-top-bottom": "<p style='bottom:0'>",
    "css-linear-gradient": "<p style='background:-webkit-linear-gradient(red, blue)'>",
    "css-margin-block-start-end": "<p style='margin-block-end:0'>",
    "css-margin-inline-block": "<p style='margin-block:0'>",
    "css-margin-inline-start-end": "<p style='margin-inline-start:0'>",
    "css-modern-color": "<p style='color:oklch(1 0 0)'>",
    "css-nesting": "<style>a { & b { color: red } }</style>",
    "css-padding-block-start-end": "<p style='padding-block-start:0'>",
    "css-padding-inline-block": "<p style='padding-inline:0'>",
    "css-padding-inline-start-end": "<p style='padding-inline-end:0'>",
    "css-radial-gradient": "<p style='background:repeating-radial-gradient(red, blue)'>",
    "css-rgb": "<p style='border:1px solid rgb(0, 0, 0)'>",
    "css-rgba": "<p style='color:rgba(0, 0, 0, .5)'>",
    "css-selector-adjacent-sibling": "<style>a + b {}</style>",
    "css-selector-attribute": "<style>a[href] {}</style>",
    "css-selector-chaining": "<style>.a.b {}</style>",
    "css-selector-child": "<style>a>b {}</style>",
    "css-selector-class": "<style>.a {}</style>",
    "css-selector-descendant": "<style>a .b {}</style>",
    "css-selector-general-sibling": "<style>a~b {}</style>",
    "css-selector-grouping": "<style>a, b {}</style>",
    "css-selector-id": "<style>#a {}</style>",
    "css-selector-type": "<style>a {}</style>",
    "css-selector-universal": "<style>* {}</style>",
    "css-sytem-ui": "<p style='font-family:Arial, system-ui'>",
    "css-unit-calc": "<p style='width:calc(1px + 2px)'>",
    "css-unit-initial": "<p style='color:initial'>",
    "css-unit-percent": "<p style='width:1%'>",
    "css-variables": "<p style='color:var(--a)'>",
    "css-at-media-device-pixel-ratio": "<style>@media (-webkit-min-device-pixel-ratio: 2) {}</style>",
    "html-anchor-links": "<a href='#x'>",
    "html-body": "<body>",
    "html-h1-h6": "<h4>",
    "html-image-maps": "<map>",
    "html-lists": "<ol>",
    "html-mailto-links": "<a href='MAILTO:a@b'>",
    "html-meta-color-scheme": "<meta name='color-scheme'>",
    "html-semantics": "<article>",
    "html-srcset": "<img srcset='a 2x'>",
    "image-base64": "<img src='data:image/png;base64,AA'>",
}


def example(slug):
    """A mail that uses the feature."""
    kind, _, name = slug.partition("-")
    group, _, rest = name.partition("-")
    regular = {
        "at": f"<style>@media ({rest.removeprefix('media-')}) {{}} @{rest} x {{}}</style>",
        "pseudo": f"<style>a:{rest.partition('-')[2]} {{}}</style>",
        "function": f"<p style='width:{rest}(1px, 2px)'>",
        "unit": f"<p style='width:1{rest}'>",
    }
    title = data.features()[slug].title
    if slug in EXAMPLES:
        return EXAMPLES[slug]
    if kind == "css":
        return regular.get(group, f"<p style='{name}:0'>")
    if kind == "image":
        return f"<img src='https://example.com/a.{name}?b.c'>"
    return next(iter(re.findall("<.*>", title)), f"<{name}>" if " attribute" not in title else f"<p {title}=x>")


@pytest.mark.parametrize("slug", sorted(set(data.features()) - UNSEEN))
def test_features_are_found(slug):
    """Every feature that can be seen in a mail's HTML is found in one that uses it."""
    assert slug in {use.slug for use in uses(example(slug))}


def test_nothing_is_found_in_plain_text():
    """Words are no features, and neither is CSS in a comment or an attribute that isn't a style."""
    mail = "<html><head><!--a{color:red}--></head><i title='color:red'>display:flex &lt;svg&gt;</i></html>"
    assert [use.slug for use in uses(mail)] == ["html-body"]


def test_uses_know_their_lines():
    """A use names the line of its element, and counts each time."""
    found = [use for use in uses("<html>\n<p style='opacity:0'>\n<b style='opacity:1'>") if use.slug == "css-opacity"]
    assert [use.line for use in found] == [2, 3]


# Gmail's app


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<p style="color:red">a</p>', '<p style="color:red">a</p>'),
        ('<p style="position:absolute;color:red">a</p>', '<p style="color:red">a</p>'),
        ('<p style="position:absolute">a</p>', "<p>a</p>"),
        ('<p style="border-radius:3px; z-index : 2">a</p>', '<p style="border-radius:3px">a</p>'),
        ('<p style="color:red!important;transform:none">a</p>', '<p style="color:red!important">a</p>'),
        ("a<style>p{color:red}</style>b", "ab"),
        ("<p hidden>a</p>", "<p>a</p>"),
        ('<img src="data:image/png;base64,AA" alt="b">', '<img alt="b">'),
        ('<picture><img src="a.png" alt="b"></picture>', '<img src="a.png" alt="b">'),
        ("<i>a<svg><text>b</text></svg>c</i>", "<i>ac</i>"),
        ("<section>a</section>", "<section>a</section>"),
        ('<a target="_blank" href="x">a</a>', '<a target="_blank" href="x">a</a>'),
        ('<p style="font-family:system-ui, Arial">a</p>', '<p style="font-family:system-ui, Arial">a</p>'),
    ],
)
def test_gmail_app(before, after):
    """Gmail's app has no <style> for other accounts, and only the declarations that Gmail supports."""
    assert shown("gmail-app", before) == after


def test_gmail_app_page():
    """The page has no margin of its own, and the mail's own margin wins."""
    html = approximate('<html><body style="margin:9px">', CLIENTS["gmail-app"]).html
    assert '<body style="margin:0;margin:9px">' in html


# Outlook for Windows


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<p style="border-radius:3px;color:red">a</p>', '<p style="color:red">a</p>'),
        ('<div style="max-width:600px">a</div>', "<div>a</div>"),
        ('<table style="max-width:600px"></table>', '<table style="max-width:600px"></table>'),
        ('<p style="padding:1px">a</p>', "<p>a</p>"),
        ('<td style="padding:1px">a</td>', '<td style="padding:1px">a</td>'),
        ('<img src="a.png" style="width:100%" width="20">', '<img src="a.png" width="20">'),
        ('<p style="display:flex;color:red">a</p>', '<p style="color:red">a</p>'),
        ('<p style="display:none">a</p>', '<p style="display:none">a</p>'),
        ('<p style="background:#eee">a</p>', '<p style="background:#eee">a</p>'),
        ('<p style="background:#eee url(a.png)">a</p>', "<p>a</p>"),
        ('<p style="width:5vw;margin:1rem">a</p>', "<p>a</p>"),
        ('<td style="mso-padding-alt:1px 2px">a</td>', '<td style="padding:1px 2px">a</td>'),
        ('<p style="mso-line-height-rule:exactly">a</p>', '<p style="mso-line-height-rule:exactly">a</p>'),
        ('<p media="print">a</p>', '<p media="print">a</p>'),
        ("<section>a<time>b</time></section>", "<div>a<span>b</span></div>"),
        ("<form>a<input><select><option>b</select></form>c", "ac"),
        ('<video src="a.mp4">b</video>', "b"),
        ('<img src="a.webp" alt="b">', '<img alt="b">'),
    ],
)
def test_outlook_word(before, after):
    """Outlook shows what Word supports: partly supported features only where they work."""
    assert shown("outlook-word", before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("p{color:red}", "p{color:red}"),
        ("p{color:red;opacity:0}", "p{color:red;}"),
        ("p{opacity:0}", ""),
        ("@media (min-width:1px){p{color:red}}a{color:red}", "a{color:red;}"),
        (".a .b,.a.b,#c{color:red;color:rgba(0,0,0,0)}", ".a.b,#c{color:red;}"),
        (".a>b{color:red}", ""),
        ("[data-ogsc] a,a{color:red}", "a{color:red;}"),
        ("img{max-width:100%;border:0}", "img{border:0;}"),
        (".a{max-width:100%;opacity:0}", ".a{max-width:100%;}"),
        ("a:hover{color:red}", ""),
        ("p{color:red;;}}{", "p{color:red;;}}{"),
    ],
)
def test_outlook_word_sheets(before, after):
    """Of a style sheet Outlook leaves out selectors, rules and declarations one by one, and media queries whole."""
    assert sheet("outlook-word", before) == after


def test_style_for_some_media():
    """A <style> for some media only is a media query, too."""
    assert "<style" not in shown("outlook-word", "", '<style media="print">p{color:red}</style>')


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        *[(one, True) for one in ("mso", "!IE", "(mso)", "mso | IE", "mso|IE", "gte mso 9", "mso 16", "gt mso 15.0")],
        *[(one, False) for one in ("IE", "!mso", "!(mso|IE)", "lt mso 12", "lte mso 11", "gt mso 16", "mso 12")],
        *[(one, True) for one in ("(gte mso 9)|(IE)", "mso & !IE", "IE & IE | mso", "mso | IE & IE", "!(!mso)", "vml")],
        *[(one, True) for one in ("mso | mso & (IE | IE)", "(IE | IE) & IE | mso", "true")],
        *[(one, False) for one in ("mso & IE", "lt IE 9", "gte IE 5", "(mso | IE) & IE", "false", "!!IE", "!true")],
        *[(one, False) for one in ("", "mso mso", "mso)", "|", "mso &", "((mso)", "{}")],
    ],
)
def test_conditions(condition, answer):
    """Word is mso 16 and no Internet Explorer; a condition that can't be read doesn't hold."""
    assert conditional.holds(condition) is answer


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<!--[if mso]>a<![endif]-->b", "ab"),
        ("<!--[if IE]>a<![endif]-->b", "b"),
        ("<!--[if !mso]><!-->a<!--<![endif]-->b", "b"),
        ("<!--[if !mso]> -->a<!-- <![endif]-->b", "b"),
        ("<!--[if !mso]>-->a<!-- <![endif]-->b", "b"),
        ("<!--[if mso]><!-->a<!--<![endif]-->b", "ab"),
        ("<![if !mso]>a<![endif]>b", "b"),
        ("<!--[if mso | IE]><table><tr><td><![endif]-->a<!--[if mso | IE]></td></tr></table><![endif]-->", None),
        ("<!--[if !mso]><!-->a<!--[if mso]>b<![endif]-->c<!--<![endif]-->d", "d"),
        ("<!--[if mso]><i>a<![endif]--><!--block:1-->b<!--/block:1--><!--[if mso]></i><![endif]-->", None),
        ("<!--[if !mso]><!--><!--block:1-->a<!--/block:1--><!--<![endif]-->", "<!--block:1--><!--/block:1-->"),
        ("<!--a-->b", "<!--a-->b"),
    ],
)
def test_conditional_comments(before, after):
    """What the conditional comments show to Word is shown, what they hide from it is hidden, marks of blocks stay."""
    expected = re.sub(r"<!--\[if.*?\]>|<!\[endif\]-->", "", before) if after is None else after
    assert shown("outlook-word", before).replace("<tbody>", "") == expected


@given(st.text("[]!<>-if mso|&()endi ", max_size=80))
def test_conditional_comments_without_end(text):
    """A conditional comment that nobody closes shows nothing that wasn't shown before."""
    mail = f"<!--[if IE]>secret{text.replace('>', '')}"
    assert "secret" not in visible(approximate(mail, CLIENTS["outlook-word"]).html)


def test_vml_button():
    """A VML button is a link in its size and colour, with its text; what is Office's alone is gone."""
    button = (
        '<!--[if mso]><v:roundrect href="https://a.example/{{ x }}" style="height:40px;v-text-anchor:middle;width:99px"'
        ' arcsize="9%" fillcolor="#123456"><w:anchorlock/><center>Go</center></v:roundrect><![endif]-->'
    )
    style = "height:40px;width:99px;background-color:#123456;display:inline-flex;align-items:center"
    assert shown("outlook-word", button) == (
        f'<a style="{style};justify-content:center" href="https://a.example/{{{{ x }}}}"><center>Go</center></a>'
    )


def test_vml_background():
    """A VML rectangle is a box around what stands in it, with its picture."""
    inside = '<v:fill src="a.png"/><v:textbox inset="0"><p>a</p></v:textbox>'
    assert shown("outlook-word", f'<v:rect style="width:9px">{inside}</v:rect><o:p>b</o:p>c') == (
        "<div style=\"width:9px;background-image:url('a.png')\"><p>a</p></div>c"
    )


# Apple Mail


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("@media (prefers-color-scheme:dark){a{color:red}}", "@media(prefers-color-scheme:dark){a{color:red}}"),
        (":root{color-scheme:light dark}", ":root{color-scheme:lightdark}"),
        ("a:active,b{color:red}", "b{color:red;}"),
        ("textarea{resize:both;color:red}", "textarea{color:red;}"),
    ],
)
def test_apple_mail_dark(before, after):
    """Apple Mail supports nearly everything, above all a dark design."""
    assert sheet("apple-mail-dark", before) == after
    assert CLIENTS["apple-mail-dark"].scheme == "dark"


# Forced dark


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<p style="color:#000">a</p>', '<p style="color:#ffffff">a</p>'),
        ('<p style="background:white url(a.png) top">a</p>', '<p style="background:#121212 url(a.png) top">a</p>'),
        ('<p style="color:#fff!important">a</p>', '<p style="color:#121212 !important">a</p>'),
        ('<p style="border-left:1px solid hsl(0, 0%, 0%)">a</p>', '<p style="border-left:1px solid #ffffff">a</p>'),
        ('<p style="color:rgba(0,0,0,.5)">a</p>', '<p style="color:rgba(255, 255, 255, 0.5)">a</p>'),
        ('<p style="color:transparent">a</p>', '<p style="color:transparent">a</p>'),
        ('<p style="color:currentColor">a</p>', '<p style="color:currentColor">a</p>'),
        ('<p style="font-family:White">a</p>', '<p style="font-family:White">a</p>'),
        (
            '<p style="background-image:linear-gradient(#fff, black 5%)">a</p>',
            '<p style="background-image:linear-gradient(#121212, #ffffff 5%)">a</p>',
        ),
        ('<td bgcolor="white">a</td>', '<td bgcolor="#121212">a</td>'),
        ('<font color="ffffff">a</font>', '<font color="#121212">a</font>'),
        ('<font color="zz">a</font>', '<font color="zz">a</font>'),
        ('<img src="a.png" alt="white">', '<img src="a.png" alt="white">'),
    ],
)
def test_forced_dark(before, after):
    """Every colour is turned round, wherever it is written, and nothing else is touched."""
    assert shown("forced-dark", before) == after


def test_forced_dark_ignores_the_mails_own():
    """The mail's own dark design is left out, and the ground is dark where the mail has none."""
    css = "@media (prefers-color-scheme:dark){a{color:red}}@media screen,(prefers-color-scheme:light){a{top:0}}"
    assert sheet("forced-dark", f":root{{color-scheme:light dark}}{css}") == "@mediascreen{a{top:0;}}"
    result = approximate('<html><head><meta name="color-scheme" content="light"></head></html>', CLIENTS["forced-dark"])
    assert result.html == '<!doctype html>\n<html style="color-scheme:dark;"><head></head></html>'


channels = st.integers(0, 255).map(lambda channel: channel / 255)


@given(channels, channels)
def test_contrast_stays(one, two):
    """Two greys have the same contrast before and after, as far as there are lighter ones than white."""
    greys = [dark.luminance((grey,) * 3) for grey in (one, two)]
    turned = [dark.luminance(dark.turned((grey,) * 3)) for grey in (one, two)]
    ratios = [(pair[0] + 0.05) / (pair[1] + 0.05) for pair in (greys, turned[::-1])]
    assert 1 in turned or ratios[0] == pytest.approx(ratios[1], rel=0.02) or max(turned) > 0.99


@given(st.tuples(channels, channels, channels))
def test_light_becomes_dark(colour):
    """What was light becomes dark and the other way round, and stays a colour."""
    before, after = dark.luminance(colour), dark.luminance(dark.turned(colour))
    assert (before > 0.3) <= (after < 0.35)
    assert (before < 0.03) <= (after > 0.4)


# All of them


DEEP = ["<p style='color:", "<style>a { color: ", "<style media='"]


class _Text(HTMLParser):
    """The texts, the attributes' names and the comments of a page."""

    def __init__(self):
        super().__init__()
        self.texts, self.names, self.tags = [], set(), set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.names.update(name for name, _ in attrs)

    def handle_data(self, data):
        self.texts.append(data)


def parsed(html):
    parser = _Text()
    parser.feed(html)
    parser.close()
    return parser


def visible(html):
    return "".join(parsed(html).texts)


PIECES = [
    *("<!--block:1-->", "<!--/block:1-->", "<!--[if mso]>", "<!--[if !mso]><!-->", "<![endif]-->", "<!--<![endif]-->"),
    *('<div style="', '">', "color:red", "position:fixed", ";", "}", "{", "(", ")", "url(", "rgb(", "\\3c /style>"),
    *("<style>", "</style>", "@media (prefers-color-scheme:dark)", "a:hover", "<table>", "<td bgcolor=red>", "</td>"),
    *("<svg>", "</svg>", "<section>", "<v:rect fillcolor=red>", "<w:anchorlock/>", "</v:rect>", "<textarea>"),
    *("<script>", "</script>", "<img src=a.webp onerror=x>", '<a href="java\nscript:x">', "<iframe>", "<plaintext>"),
    *("<picture>", "<source media=print>", "<html>", "<head>", "<body>", "<frameset>", "<!--", "-->", "<?x", "<title>"),
]
MAILS = st.text(max_size=60) | st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=25).map("".join)


@settings(deadline=None, max_examples=200)
@given(MAILS, st.sampled_from(list(CLIENTS.values())))
def test_any_text_is_a_mail(mail, client):
    """Whatever the text, there is a page, the same one each time, with no script, no handler and no frame in it."""
    result = approximate(mail, client)
    assert result == approximate(mail, client)
    assert result.html.startswith("<!doctype html>\n")
    assert result.html.encode()
    assert all(rule.count > 0 and rule.title and rule.note.endswith(".") for rule in result.rules)
    page = parsed(result.html)
    assert not {name for name in page.names if name.startswith("on")}
    assert not {"script", "iframe", "frame", "plaintext"} & page.tags


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
@pytest.mark.parametrize(
    "mail", ["", " ", "<", "\0", "<!--", "\ud800", *(one + "(" * 9999 for one in DEEP), "<div>" * 9999]
)
def test_awkward_mails(mail, client):
    """Nothing, half a character, and what is nested ten thousand times are mails, too."""
    assert approximate(mail, client).html.startswith("<!doctype html>\n")
    assert list(uses(mail)) == list(uses(mail))


@pytest.mark.parametrize("client", CLIENTS)
def test_scripts_never(client):
    """Scripts, frames, handlers and script addresses are left out, also those in a conditional comment."""
    mail = (
        '<script>a</script><!--[if mso]><script>b</script><i onclick="c">d</i><![endif]--><a href=" javaScript:e">f</a>'
    )
    html = approximate(mail, CLIENTS[client]).html
    page = parsed(html)
    assert ("script" in page.tags, "onclick" in page.names, "href" in page.names) == (False, False, False)
    assert visible(html).endswith("f")


@pytest.mark.parametrize("client", CLIENTS)
def test_style_can_not_be_ended(client):
    """An escaped end tag in a style sheet stays one when the sheet is written anew."""
    css = 'a{content:"\\3c/style>\\3cimg>";position:fixed;color:#fff}b:active{color:red}'
    html = approximate(f"<html><head><style>{css}</style></head></html>", CLIENTS[client]).html
    assert "img" not in parsed(html).tags


@pytest.mark.parametrize("client", CLIENTS)
def test_style_with_control_characters(client):
    """Characters that no attribute may hold are left out of a style that is written anew."""
    style = """content:'\\1 a';position:fixed;color:#fff;opacity:0;cursor:none;resize:both"""
    assert "content:'a'" in shown(client, f'<p style="{style}">a</p>').replace("&quot;", "'")


@pytest.mark.parametrize("client", CLIENTS)
def test_texts_stay(client):
    """Addresses with merge fields, texts in any script and references come out as they were."""
    link = '<a title="&quot;a&quot;" href="https://a.example/{{ x }}?b=ü&amp;c=[d]">'
    body = link + "&lt;{{ name }}&gt; &amp; مرحبا&nbsp;🌙</a>"
    assert shown(client, body) == body


@pytest.mark.parametrize("client", CLIENTS)
def test_marks_outlive_what_they_stand_in(client):
    """The marks of blocks stay, in order, when what is around them goes."""
    body = "<svg><!--block:0--><b>a</b><!--/block:0--></svg><!--block:1--><form>b</form><!--/block:1-->"
    assert MARK.findall(shown(client, body)) == MARK.findall(body)


@pytest.mark.parametrize("slug", EDITIONS)
@pytest.mark.parametrize("client", CLIENTS)
def test_samples(slug, client):
    """Each sample edition keeps its words and its links in each client, and no conditional comment leaks."""
    mail = digest(slug)
    html = approximate(mail, CLIENTS[client]).html
    assert [words(part) for part in MARK.split(html)] == [words(part) for part in MARK.split(mail)]
    assert re.findall('<a [^>]*href="([^"]*)"', html) == re.findall('<a [^>]*href="([^"]*)"', mail)
    assert MARK.findall(html) == MARK.findall(mail) != []
    assert "[if" not in visible(html)
    assert "endif" not in visible(html)


def digest(slug):
    """The sample edition's HTML with the marks of its blocks."""
    project = build.open_project(REPOSITORY)
    edition = build.compose_edition(slug, project)
    return mjml.compile(templates.render_mjml(edition, project.library.newsletter, project.environment))


def words(html):
    return visible(re.sub(r"\A.*</head>", "", html, flags=re.DOTALL)).split()


# Rules


def test_rules():
    """The rules say what was done, how often, why, and where to read more; the client's own come first."""
    mail = "<style>a{}</style><p style='position:fixed;float:left;z-index:1'><p style='z-index:1'>"
    rules = approximate(mail, CLIENTS["gmail-app"]).rules
    assert [(rule.title, rule.count) for rule in rules] == [("<style> element", 1), ("z-index", 2), ("position", 1)]
    assert rules[1].note == "Not supported; the declarations that use it are left out."
    assert rules[1].source == "https://www.caniemail.com/features/css-z-index/"


@pytest.mark.parametrize("client", CLIENTS)
def test_plain_mail_needs_no_rules(client):
    """A mail of which every client supports everything stays as it is."""
    mail = "<!doctype html>\n<html><head></head><body><b>a</b></body></html>"
    result = approximate(mail, CLIENTS[client])
    assert result.rules == ()
    assert re.sub(' style="[^"]*"', "", result.html) == mail
