"""No hostile Markdown gets anything into a mail that acts."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pipeline import markdown
from pipeline.errors import PipelineError
from tests.markdown_fixtures import PATIENT, body, html, render

_HARMLESS = """
    a abbr b bdi bdo big blockquote br caption cite code dd del dfn div dl dt em hr i img ins kbd li mark ol p pre q rp
    rt ruby s samp small span strike strong sub sup table tbody td tfoot th thead tr tt u ul var wbr
"""
HARMLESS = set(_HARMLESS.split())
_ATTRIBUTES = "align alt class colspan dir href lang rowspan scope src start title width"
ATTRIBUTES = set(_ATTRIBUTES.split())
CLASSES = {"picture", "footnote", "footnotes"}
SAFE_URL = re.compile(r"(?:https?|mailto|sms|tel):", re.IGNORECASE)
DEEPEST = 60


class Reader(HTMLParser):
    """A parser that is not the sanitiser's own: looks at every tag, and at how deep they nest."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.deepest = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in HARMLESS, tag
        for name, value in attrs:
            assert name in ATTRIBUTES, name
            assert value is not None
            assert name != "class" or value in CLASSES
            if name in {"href", "src"}:
                assert SAFE_URL.match(value), value
                assert not re.search(r"[\s\"'<>]", value)
        if tag not in {"br", "hr", "img", "wbr"}:
            self.open.append(tag)
            self.deepest = max(self.deepest, len(self.open))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def check_harmless(source: str) -> None:
    """Assert that the HTML is harmless, balanced, not too deep, and well-formed for MJML's parser."""
    reader = Reader()
    reader.feed(source)
    reader.close()
    assert not reader.open
    assert reader.deepest <= DEEPEST
    closed = re.sub(r"<((?:br|hr|img|wbr)(?: [^>]*)?)>", r"<\1/>", source)
    etree.fromstring(f"<mj-text>{closed.replace('&nbsp;', '&#160;')}</mj-text>".encode())


def check(source: str) -> None:
    document = render(source)
    for part in (document.intro, document.notes, *(section.html for section in document.sections)):
        check_harmless(part)
    check_harmless(markdown.opening(body(document), 3))


ENCODINGS = {
    "plain": lambda text: text,
    "upper": str.upper,
    "decimal": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "hexadecimal": lambda text: "".join(f"&#x{ord(char):x}" + ";" for char in text),
    "padded": lambda text: "".join(f"&#{ord(char):07}" for char in text),
    "tabs": lambda text: "&Tab;".join(text),
    "newlines": lambda text: "&NewLine;".join(text),
    "control": lambda text: f"&#1;{text}",
    "blanks": lambda text: f" \t{text}",
    "zero width": lambda text: "\u200b".join(text),
}
URLS = ["javascript:x(1)", "vbscript:x", "data:text/html,<script>x</script>", "file:///etc/passwd", "view-source:x"]
PLACES = [
    '<a href="{}">x</a>',
    "<a href='{}'>x</a>",
    "<a href={}>x</a>",
    '<img src="{}">',
    '<img src="x" srcset="{}" lowsrc="{}">',
    '<p background="{}">x</p>',
    '<blockquote cite="{}">x</blockquote>',
    '<svg><a xlink:href="{}">x</a></svg>',
    '<form action="{}"><button formaction="{}">x</button></form>',
    '<object data="{}"></object><embed src="{}">',
    '<meta http-equiv="refresh" content="0;url={}"><base href="{}"><link rel="stylesheet" href="{}">',
    "[x]({})",
    "[x](<{}>)",
    "![x]({})",
    "[x][r]\n\n[r]: <{}>",
    "<{}>",
    "[![x]({})]({})",
    "^[[x]({})]",
    "## [x]({})\n\n[x]({})",
]
HANDLERS = ["onclick", "ONERROR", "onload", "OnMouseOver", "onfocus autofocus tabindex=1 onblur", "style", "formaction"]
TAGS = [
    "b",
    "img src=x",
    "p",
    "svg",
    "body",
    "iframe",
    "input",
    "details open",
    "table",
    "math",
    "x-y",
    "Foo",
    "a href=/x",
]
SHAPES = [
    "<{tag} {handler}=x()>y</{tag}>",
    '<{tag} {handler}="x()"/>',
    "<{tag}/{handler}='x()'>y",
    '<{tag} title="a>b" {handler} = "x()">',
    '<{tag} title="`><script>x</script>" {handler}=x>',
    "<{tag}\n{handler}=x\n>",
    'text <{tag} {handler}="x()" y',
]
TRICKS = [
    "<scr<script>ipt>x()</scr</script>ipt>",
    "<script >x()</script\n>",
    "<script/src=//x></script>",
    '<SCRIPT>x()</SCRIPT><noscript><p title="</noscript><img src=x onerror=x()>"></noscript>',
    "<!--><img src=x onerror=x()>-->",
    "<!-- --!><img src=x onerror=x()> -->",
    "<![CDATA[<img src=x onerror=x()>]]>",
    "<?xml <img src=x onerror=x()> ?>",
    "<style><img src=x onerror=x()></style>",
    "<style>@import '//x';</style><p style='background:url(//x)'>y</p>",
    "<textarea><img src=x onerror=x()></textarea>",
    "<title><img src=x onerror=x()></title>",
    "<math><mtext><table><mglyph><style><img src=x onerror=x()></style></mglyph></table></mtext></math>",
    "<svg><style><img src=x onerror=x()></style></svg>",
    '<svg></p><style><a title="</style><img src=x onerror=x()>">',
    "<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=x()></style>",
    "<xmp><img src=x onerror=x()></xmp><plaintext><b onclick=x>",
    "<template><script>x()</script></template>",
    "<iframe srcdoc='<script>x()</script>'>",
    "`<script>` <script>`x()`</script>",
    '[a](<https://e.org/"onclick="x()>)',
    '![a" onerror="x()](b.png)',
    "[a](b 'c\" onclick=\"x()')",
    '<a href="x" title=\'"onclick="x()\'>y</a>',
    '<img src="x` `onerror=x()">',
    '<a title="data-line=1" data-line=\'"><script>x</script>\' href=/x>y</a>',
    "<p class=picture id=x name=y style=x>z</p>",
    "&lt;script&gt;x()&lt;/script&gt;",
    "\\<script>x()\\</script>",
    "<b\x00 onclick=x>y</b>".replace("\x00", "\x01"),
    "<!--[if mso]><script>x()</script><![endif]-->",
    "</p></div></td></table></body></html><script>x()</script>",
    "<mj-raw><script>x()</script></mj-raw>",
    "</mj-text><mj-raw>x</mj-raw>",
    "| <script> | </script> |\n|---|---|\n| <b onclick=x | > |",
    "- <div>\n- </div><script>\n- x()",
]
PAYLOADS = [
    *(place.replace("{}", encode(url)) for place, url, encode in product(PLACES, URLS, ENCODINGS.values())),
    *(shape.format(tag=tag, handler=handler) for shape, tag, handler in product(SHAPES, TAGS, HANDLERS)),
    *TRICKS,
]


@pytest.mark.parametrize("start", range(0, len(PAYLOADS), 100))
def test_payloads(start: int) -> None:
    """No payload, by itself, in a paragraph or in a block of HTML, leaves anything that acts."""
    for payload in PAYLOADS[start : start + 100]:
        for source in (payload, f"A {payload} b", f"<div>\n{payload}\n</div>\n\nb"):
            check(source)


def test_there_are_enough_payloads() -> None:
    """The payloads are over a thousand different ones."""
    assert len(set(PAYLOADS)) > 1_000


def test_the_reader_notices() -> None:
    """The test's own reader sees a handler, a script, another scheme, a deep nest and a bare less-than sign."""
    for hostile in (
        "<b onclick='x'>y</b>",
        "<script>x</script>",
        '<a href="javascript:x">y</a>',
        "<b>" * 61 + "</b>" * 61,
        "a < b",
        "<p>x",
        '<p class="x">y</p>',
    ):
        with pytest.raises((AssertionError, etree.XMLSyntaxError)):
            check_harmless(hostile)


@pytest.mark.parametrize("name", ["script", "style", "iframe", "form", "object", "svg", "video", "textarea"])
def test_what_goes_takes_its_text_along(name: str) -> None:
    """An element that can't be in a mail is gone with its text, and told once."""
    document = render(f"before\n\n<{name}>\nhidden\n</{name}>\n\nafter <{name}>hidden</{name}> this")
    assert markdown.plain(html(document)).split() == ["before", "after", "this"]
    assert [finding.message for finding in document.findings] == [f"<{name}> is left out of the mail"] * 2


FRAGMENTS = st.sampled_from(
    [
        *"<>\"'=/&;:()[]{}!#*_`~|\\^-+. \n\t",
        *(
            "<script>",
            "</script>",
            "<img src=x ",
            "onerror=x ",
            "<a href=",
            "javascript:",
            "data:",
            "<!--",
            "-->",
            "<svg>",
        ),
        *(
            "<b>",
            "</b>",
            "<p>",
            "</p>",
            "<table>",
            "<td>",
            "<pre>",
            "<div\n",
            "\n\n",
            "    ",
            "\n> ",
            "\n- ",
            "```",
            "&#x",
        ),
        *(
            "{{<",
            ">}}",
            "{%",
            "%}",
            "{:",
            "[^1]",
            "[^1]: ",
            "[caption]",
            "<Foo ",
            "import ",
            "| a |\n|---|\n",
            "\u200b",
            "é",
        ),
    ]
)


@PATIENT
@given(st.lists(FRAGMENTS | st.text(max_size=3), max_size=30).map("".join))
def test_any_mixture_is_harmless(source: str) -> None:
    """Whatever is put together of markup's pieces, nothing that acts comes out, and nothing else is raised."""
    try:
        check(source)
        markdown.to_text(html(render(source)))
    except PipelineError as error:
        assert unescape(str(error))
