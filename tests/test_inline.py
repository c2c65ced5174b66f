"""inline.py: the theme's CSS goes into style attributes, and nothing else changes."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import inline as module
from pipeline.errors import TemplateError, Where
from pipeline.inline import inline
from tests.folders import REPOSITORY


def page(body, theme="p {color: red}", head=""):
    return f'<!doctype html><html><head>{head}<style type="text/css" data-inline>{theme}</style></head>{body}</html>'


def inlined(body, theme="p {color: red}", head=""):
    """What the body becomes under this theme, without the head."""
    result = inline(page(f"<body>{body}</body>", theme, head))
    return re.sub(r"\A.*?<body[^>]*>", "", result, flags=re.DOTALL).removesuffix("</body></html>")


# What premailer does to HTML when it is left alone


def test_doctype():
    """The lower-case doctype that MJML writes stays, and with it standards mode."""
    assert inline(page("<p>x</p>")).startswith("<!doctype html><html><head></head><p style")


@pytest.mark.parametrize(
    "css",
    [
        "@media only screen and (min-width:480px) { .c { width:50% !important; max-width: 50%; } }",
        ".nowhere, p:hover { color: #FFFFFF !important }",
        "@font-face { font-family: 'X'; src: url(https://a.example/x.woff2) }",
        "@supports (display: grid) { p { margin: 0 } }",
        "[data-ogsc] p { color: #fff !important }",
        '@import "https://a.example/x.css"; p { broken',
    ],
)
def test_other_styles_stay(css):
    """A <style> that isn't the theme's stays byte for byte, whatever is in it."""
    style = f'<style type="text/css">\n{css}\n</style>'
    result = inline(page("<p>x</p>", head=style))
    assert style in result
    assert '<p style="color:red">' in result


@pytest.mark.parametrize(
    "tag",
    [
        '<img width="190" height="auto" src="https://a.example/?a=1&amp;b=%20é" alt="">',
        '<td align="left" valign="top" bgcolor="#FFF">x</td>',
        '<a href="{{ x }}" title=\'"a" > "b"\'>x</a>',
        '<a href="zqmf6162qz">x</a>',
        "<a href=https://a.example/x>x</a>",
        "<BR/>",
    ],
)
def test_attributes_stay(tag):
    """Widths, links, merge tags and quotes stay as they were, and no attribute but style is added."""
    theme = "img, td, a, br {width: 10px; text-align: right; vertical-align: top; background-color: #abc}"
    result = inlined(tag, theme)
    style = ' style="width:10px; text-align:right; vertical-align:top; background-color:#abc"'
    assert style in result
    assert result.replace(style, "") == tag


@pytest.mark.parametrize(
    "text",
    [
        "&nbsp;&#8203;&copy;é‌👨‍👩‍👧 &lt;p&gt; {{ x }} {% if a < b %}",
        "<!--[if mso | IE]><table><tr><td style='padding:0'><![endif]--><!--[if !mso]><!-->",
        '<!-- <p style="color:blue"> -->',
        "<!--block:3-->\r\n\t <!--/block:3-->",
        "<title><p>x</p></title>",
    ],
)
def test_text_stays(text):
    """Entities, white space, comments, conditional comments and what only looks like tags stay."""
    assert inlined(f"<p>a</p>{text}<p>b</p>") == f'<p style="color:red">a</p>{text}<p style="color:red">b</p>'


@pytest.mark.parametrize(
    "html", ["", "x", "<p>x</p>", "<!doctype html>", '<style type="text/css">p {color: red}</style><p>']
)
def test_without_theme(html):
    """HTML without a <style data-inline> comes back as it is, empty HTML too."""
    assert inline(html) == html


@pytest.mark.parametrize("html", ["", "text", "</p>", "<p", "<!-- <p> -->", "<p style='"])
def test_without_elements(html):
    """A theme that meets no element at all just goes."""
    assert inline(f"<style data-inline>p {{color: red}}</style>{html}") == html


@pytest.fixture
def visitors():
    """The paths that were asked for at a server on this machine, and its address."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield asked, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_nothing_is_fetched(visitors, tmp_path):
    """No address in the HTML or in any style is opened: not over the network, not in the file system."""
    asked, server = visitors
    (tmp_path / "x.css").write_text("p {color: lime}")
    file = (tmp_path / "x.css").as_uri()
    head = (
        f'<link rel="stylesheet" href="{server}/link.css"><base href="{server}/">'
        f'<style type="text/css">@import "{server}/a.css"; @import url({file});</style>'
    )
    theme = f"p {{background: url({server}/b.png)}}"
    result = inline(page(f'<p style="list-style: url({server}/c.png)">x</p>', theme, head))
    assert result.count(server) == 5
    assert "lime" not in result
    for address in (f"{server}/d.css", file):
        with pytest.raises(TemplateError, match="'@import' can't be inlined"):
            inline(page("<p>x</p>", f'@import "{address}";'))
    assert asked == []


# The cascade


@pytest.mark.parametrize(
    ("body", "theme", "expected"),
    [
        ('<p class="a" id="b">x</p>', "#b {color: red} .a {color: blue} p {color: lime}", "color:red"),
        ('<p class=" b  a ">x</p>', ".a.b {color: red} .c {color: blue}", "color:red"),
        (
            "<div><ul><li>x</li></ul></div>",
            "ul>li {color: red} div>li {color: blue} div li {margin: 0}",
            "color:red; margin:0",
        ),
        ('<p title="a b">x</p>', "[title] {color: red} p[title~=b] {margin: 0}", "color:red; margin:0"),
        ("<P>x</P>", "p {color: red}", "color:red"),
        ("<p><br><img><b>x</b></p>", "p > b {color: red} br b, img b {color: blue}", "color:red"),
        ('<p style="color:&quot;&amp;">x</p>', "p {margin: 0}", "margin:0; color:&quot;&amp;"),
        ("<p STYLE = 'font-family:\"A\"'>x</p>", "p {margin: 0}", "margin:0; font-family:&quot;A&quot;"),
        ("<p alt=\" style='x'\">x</p>", "p {margin: 0}", "margin:0"),
        ("<p>x</p>", 'p {font-family: "A B", serif}', "font-family:'A B', serif"),
        ("<p>x</p>", "p {color: #112233}", "color:#112233"),
        ("<p>x</p>", "p {color: red !important}", "color:red !important"),
        ('<p style="p">x</p>', "p {color: red}", "color:red; p"),
        ("<p>x</p><p>y</p>", ".nowhere {color: red}", None),
    ],
)
def test_cascade(body, theme, expected):
    """The theme's declarations stand before the element's own, in an attribute that is quoted as it has to be."""
    assert re.findall(r'style="([^"]*)"', inlined(body, theme)) == ([expected] if expected else [])


@pytest.mark.parametrize(
    "rule",
    [
        "@media print {p {color: red}}",
        '@import "x.css";',
        "@font-face {font-family: X}",
        "a:hover {color: red}",
        "li + li {color: red}",
        "h1 ~ p {color: red}",
        "* {margin: 0}",
        "p {color: red",
        "} p {color: red}",
    ],
)
def test_what_cant_be_inlined(rule):
    """What only a <style> can say is refused, at its line, and told where it belongs."""
    with pytest.raises(TemplateError, match="can't be inlined; write it into a style sheet that stays") as caught:
        inlined("<p>x</p>", f"p {{color: red}}\n/* a:hover */\n\n{rule}")
    assert caught.value.where == Where("templates/theme.css", 4)


@pytest.mark.parametrize("declaration", ["color: rgb(0 0 0 / 50%)", "margin 0"])
def test_what_cssutils_would_drop(declaration):
    """A declaration that the engine can't read is refused each time, never dropped in silence."""
    for _ in range(2):
        with pytest.raises(TemplateError, match="the inliner can't read this CSS: Property: ") as caught:
            inlined("<p>x</p>", f"p {{color: red; {declaration}}}")
        assert declaration in str(caught.value)


def test_unforeseen_crash(monkeypatch):
    """Where premailer breaks in a way that nobody knew, a TemplateError says so."""
    monkeypatch.setattr("premailer.premailer.merge_styles", lambda *arguments, **options: 1 / 0)
    with pytest.raises(TemplateError, match="the CSS can't be inlined: division by zero"):
        inlined("<p>x</p>", "p {color: maroon}")
    monkeypatch.undo()
    assert inlined("<p>x</p>", "p {color: maroon}") == '<p style="color:maroon">x</p>'


def test_several_blocks():
    """Several themes are one, in their order."""
    one, two = "<style data-inline>p {color: red}</style>", '<style data-inline="">p {margin: 0}</style>'
    assert inline(f"{one}|{two}|<p>x</p>") == '||<p style="color:red; margin:0">x</p>'


SELECTORS = [
    "p",
    ".x",
    "#i",
    "ul > li.x",
    "li",
    "p.x",
    ".y p",
    "h1, .y",
]
DECLARATIONS = [
    "color: red",
    "color: blue",
    "font-size: 12px",
    "line-height: 9px",
    "margin: 1px",
    "margin: 2px 3px",
    "border: 1px solid red",
    "width: 9px",
]
STYLES = st.lists(st.sampled_from(DECLARATIONS), max_size=2).map("; ".join)
RULES = st.builds("{} {{{}}}".format, st.sampled_from(SELECTORS), STYLES)
ELEMENTS = st.sampled_from(
    ["<p{}>x</p>", "<h1{}>x</h1>", "<ul{}><li>x</li><li class=x>y</li></ul>", "<div{}><p class='y x'>x</p></div>"]
)
NAMED = st.sampled_from(["", " class=x", " class='x y'", " id=i title=a", " title='a,b'"])
STYLED = st.builds("{} style='{}'".format, NAMED, STYLES)
COMPUTED = """() => [...document.body.querySelectorAll("*")].map(one =>
    [...getComputedStyle(one)].map(name => name + ":" + getComputedStyle(one).getPropertyValue(name)).join("\\n"))"""


@pytest.mark.browser
@settings(max_examples=60)
@given(
    st.lists(RULES, min_size=1, max_size=5).map("\n".join),
    st.lists(st.builds(str.format, ELEMENTS, st.one_of(NAMED, STYLED)), min_size=1, max_size=4).map("".join),
)
@pytest.mark.slow
def test_browser_computes_the_same(browser, theme, body):
    """A browser computes the same style for each element before and after."""
    before = page(f"<body>{body}</body>", theme)
    after = inline(before)
    browser.page.set_content(before)
    expected = browser.page.evaluate(COMPUTED)
    browser.page.set_content(after)
    assert browser.page.evaluate(COMPUTED) == expected


# Same input, same bytes

DIGEST = page(
    "".join(f'<div class="body"><h1>{n}</h1><p class="x y{n % 3}">a <a href="#">b</a></p></div>' for n in range(9)),
    ".body p {margin: 0} .x {color: red} .y1 {color: blue} h1, .y2 {color: lime} .body a {color: red}",
)


def test_other_pages_before(monkeypatch):
    """What is known from other pages changes nothing, and neither does forgetting it."""
    expected = inline(DIGEST)
    theme = re.findall("data-inline>(.*?)</style>", DIGEST)[0]
    inlined('<h1 class="x"><b class="body"><p class="y2 x"><a href="#"><h1>x</h1></a></p></b></h1>', theme)
    assert inline(DIGEST) == expected
    monkeypatch.setattr(module, "MAX_BONES", 1)
    assert inline(DIGEST) == inline(DIGEST) == expected


def test_threads():
    """Threads that start with nothing known give the same result as one."""
    expected = inline(DIGEST)
    module._theme.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(inline, [DIGEST] * 32)) == {expected}


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_hash_seed(seed):
    """Python's hash seed and what was inlined before make no difference."""
    inlined('<p class="x" style="margin:0">y</p>', "p.x {color: lime} .x {margin: 1px}")
    script = "import sys; from pipeline.inline import inline; print(inline(sys.stdin.read()), end='')"
    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        input=DIGEST,
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
        env={"PYTHONHASHSEED": seed},
    )
    assert (told.stdout, told.stderr) == (inline(DIGEST), "")


def test_import_is_lazy():
    """premailer, which takes 150 ms, isn't imported before there is something to inline."""
    script = "import sys; from pipeline.inline import inline; inline('<p>'); print('premailer' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert told.stdout == "False\n"


# Properties

WORDS = st.text(st.characters(exclude_characters="<>&\r\0", exclude_categories=["Cs"]), max_size=20)
TAGS = st.sampled_from(["p", "div", "ul", "li", "td", "b", "a", "h1"])
ATTRIBUTES = st.sampled_from(["", ' class="x"', " class='y x' title='a>b'", ' id="i" style="margin:0"', ' style=""'])
THEMES = st.sampled_from([".x {color: red}", "p, li {margin: 1px} .x b {color: red}", "q {a: b}"])


def element(inner):
    return st.builds("<{0}{1}>{2}</{0}>".format, TAGS, ATTRIBUTES, inner)


BODIES = st.recursive(WORDS, lambda inner: element(st.lists(inner, max_size=4).map("".join)), max_leaves=12)


def without_styles(html):
    return re.sub(r' style="[^"]*"', "", re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL))


@given(BODIES, THEMES)
def test_outside_of_styles_nothing_changes(body, theme):
    """Take all styles away, before and after: what is left is the same."""
    assert without_styles(inlined(body, theme)) == without_styles(body)


@given(st.text("abp.#x:,>+~*[]='\"(){};!@/\\ \n-0 \u00e9", max_size=60))
def test_any_css(theme):
    """CSS of whatever kind is inlined or refused, and the text under it stays."""
    try:
        assert without_styles(inlined('<p class="x">a</p>', theme)) == '<p class="x">a</p>'
    except TemplateError as error:
        assert error.where.path == module.THEME
