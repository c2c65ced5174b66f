"""links.py: UTM parameters on the blog's own links."""

import re
from html import escape, unescape
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.links import html_with_utm, text_with_utm, with_utm

UTM = {"source": "newsletter", "medium": "", "campaign": "a b&c=é"}
HOST = "blog.example.com"
ADDED = "utm_source=newsletter&utm_campaign=a%20b%26c%3D%C3%A9"
BLOG = f"https://{HOST}"
TOKEN = "zqmf66697273745f6e616d657c7468657265qz"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (BLOG, f"{BLOG}?{ADDED}"),
        (f"{BLOG}/a", f"{BLOG}/a?{ADDED}"),
        (f"{BLOG}/a?b=1&a=2", f"{BLOG}/a?b=1&a=2&{ADDED}"),
        (f"{BLOG}/a#b?c=d", f"{BLOG}/a?{ADDED}#b?c=d"),
        (f"{BLOG}/a?b#", f"{BLOG}/a?b&{ADDED}#"),
        (f"{BLOG}/?", f"{BLOG}/?{ADDED}"),
        (f"{BLOG}/??", f"{BLOG}/??&{ADDED}"),
        (f"{BLOG}/?a=1&", f"{BLOG}/?a=1&{ADDED}"),
        (f"{BLOG}/%C3%A9é%2f?q=%20+x;y", f"{BLOG}/%C3%A9é%2f?q=%20+x;y&{ADDED}"),
        (f"{BLOG}/?name={TOKEN}", f"{BLOG}/?name={TOKEN}&{ADDED}"),
        (f"{BLOG}/{TOKEN}/?{TOKEN}#{TOKEN}", f"{BLOG}/{TOKEN}/?{TOKEN}&{ADDED}#{TOKEN}"),
        (f"{BLOG}/?utm_source=x", f"{BLOG}/?utm_source=x&utm_campaign=a%20b%26c%3D%C3%A9"),
        (f"{BLOG}/?utm%5Fsource=&utm_campaign", f"{BLOG}/?utm%5Fsource=&utm_campaign"),
        ("http://me@BLOG.example.COM.:8080/", f"http://me@BLOG.example.COM.:8080/?{ADDED}"),
        (f"https://shop.{HOST}/", f"https://shop.{HOST}/?{ADDED}"),
    ],
)
def test_own_links(url, expected):
    """The blog's links and its sub-domains' get what they lack, before the fragment; the rest stays as written."""
    assert with_utm(url, UTM, HOST) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "#notes",
        "/a",
        f"//{HOST}/a",
        TOKEN,
        f"{TOKEN}/a",
        f"https://{TOKEN}/a",
        f"mailto:hello@{HOST}",
        f"tel:+49{HOST}",
        f"ftp://{HOST}/",
        "https://example.com/",
        f"https://not{HOST}/",
        f"https://{HOST}.evil.example/",
        f"https://{HOST}@evil.example/",
        f"https://evil.example/?u={BLOG}/#{BLOG}",
        "https://[",
        "https://[::1/",
        "javascript:alert(1)",
        f" {BLOG}/ ",
    ],
)
def test_other_links(url):
    """What doesn't lead to the blog is left alone: other hosts, mail, fragments, merge fields, what is no URL."""
    assert with_utm(url, UTM, HOST) == url
    assert html_with_utm(f'<a href="{escape(url)}">x</a>', UTM, HOST) == f'<a href="{escape(url)}">x</a>'


def test_international_host():
    """A host is the same in Unicode and in the ASCII form of IDNA, which Markdown writes."""
    for host in ("bücher.example", "xn--bcher-kva.example"):
        assert with_utm("https://xn--bcher-kva.example/", UTM, host).endswith(ADDED)
        assert with_utm("https://BÜCHER.example/", UTM, host).endswith(ADDED)


def test_without_parameters():
    """A newsletter without UTM parameters, or without a host, changes nothing."""
    assert with_utm(f"{BLOG}/?", {}, HOST) == with_utm(f"{BLOG}/?", UTM, "") == f"{BLOG}/?"


IN_HTML = ADDED.replace("&", "&amp;")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (f'<a href="{BLOG}/">x</a>', f'<a href="{BLOG}/?{IN_HTML}">x</a>'),
        (f"<A title='>' HREF = '{BLOG}/'>x</A>", f"<A title='>' HREF=\"{BLOG}/?{IN_HTML}\">x</A>"),
        (f'<a href="{BLOG}/?a=1&amp;b=2#c">', f'<a href="{BLOG}/?a=1&amp;b=2&amp;{IN_HTML}#c">'),
        (f'<a href="{BLOG}/?a=1&copy=2">', f'<a href="{BLOG}/?a=1&amp;copy=2&amp;{IN_HTML}">'),
        (f'<a href="{BLOG}/?a=&quot;&#x3c;&lt;">', f'<a href="{BLOG}/?a=&quot;&lt;&lt;&amp;{IN_HTML}">'),
        (
            f'<!--[if mso]><v:roundrect href="{BLOG}/" fill="t"><![endif]-->',
            f'<!--[if mso]><v:roundrect href="{BLOG}/?{IN_HTML}" fill="t"><![endif]-->',
        ),
        (f'<a\n  class="x"\n  href="{BLOG}/"\n>', f'<a\n  class="x"\n  href="{BLOG}/?{IN_HTML}"\n>'),
    ],
)
def test_html(html, expected):
    """Each href gets the parameters as HTML writes them, in Outlook's conditional comments too."""
    assert html_with_utm(html, UTM, HOST) == expected
    assert html_with_utm(expected, UTM, HOST) == expected


@pytest.mark.parametrize(
    "html",
    [
        f'<link rel="stylesheet" href="{BLOG}/x.css"><base href="{BLOG}/">',
        f'<img src="{BLOG}/x.png" alt=\'href="{BLOG}/"\' data-href="{BLOG}/">',
        f'<code>a href="{BLOG}/"</code> 1 < 2, href="{BLOG}/" > x',
        f'<style>a[href="{BLOG}/"] {{ color: red }}</style>',
        f'<a href="{BLOG}/?{IN_HTML}">x</a>',
        f'<a name="{BLOG}/">href',
    ],
)
def test_html_without_links(html):
    """What only looks like a link, or isn't one to click, stays byte for byte."""
    assert html_with_utm(html, UTM, HOST) == html


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Read {BLOG}/a.", f"Read {BLOG}/a?{ADDED}."),
        (f"({BLOG}/a), [{BLOG}/b]: {BLOG}/c_(d)!", f"({BLOG}/a?{ADDED}), [{BLOG}/b?{ADDED}]: {BLOG}/c_(d)?{ADDED}!"),
        (f"Box breathing <{BLOG}/a.>", f"Box breathing <{BLOG}/a.?{ADDED}>"),
        (f"“{BLOG}/a?b=1#c”…\n{BLOG}\n", f"“{BLOG}/a?b=1&{ADDED}#c”…\n{BLOG}?{ADDED}\n"),
        (f"Is it {BLOG}/a?", f"Is it {BLOG}/a?{ADDED}?"),
        ("https://other.example/a, mailto:x, blog.example.com", "https://other.example/a, mailto:x, blog.example.com"),
        (f"https://... {TOKEN}", f"https://... {TOKEN}"),
    ],
)
def test_text(text, expected):
    """URLs in plain text get the parameters; brackets and punctuation around them stay outside."""
    assert text_with_utm(text, UTM, HOST) == expected


PIECES = st.sampled_from(
    ["a", "/", "?", "#", "&", "=", "%20", "é", ";", "+", "utm_source", "utm_campaign", TOKEN, ":", "@", "("]
)
HOSTS = st.sampled_from([HOST, "x.example"])
URLS = st.builds("https://{}{}".format, HOSTS, st.lists(PIECES).map(lambda pieces: "".join(["/", *pieces])))


@given(st.one_of(URLS, st.text()))
def test_nothing_is_lost(url):
    """Taking apart what came out gives what went in, and the missing parameters last; a second time adds nothing."""
    linked = with_utm(url, UTM, HOST)
    assert with_utm(linked, UTM, HOST) == linked
    if linked != url:
        before, after = urlsplit(url), urlsplit(linked)
        assert after._replace(query="") == before._replace(query="")
        there = parse_qsl(before.query, keep_blank_values=True)
        names = {name for name, _ in there}
        added = [(f"utm_{name}", value) for name, value in UTM.items() if value and f"utm_{name}" not in names]
        assert parse_qsl(after.query, keep_blank_values=True) == [*there, *added]


@given(URLS)
def test_html_and_url_agree(url):
    """What a client reads from the rewritten href is the URL with its parameters."""
    html = html_with_utm(f'<a href="{escape(url)}">{escape(url)}</a>', UTM, HOST)
    assert unescape(re.findall('href="([^"]*)"', html)[0]) == with_utm(url, UTM, HOST)
    assert html.endswith(f">{escape(url)}</a>")


@given(st.text())
def test_text_without_links(text):
    """Text without a URL of the blog comes back as it is."""
    assert text_with_utm(text, UTM, HOST) == text
    assert html_with_utm(text, UTM, HOST) == text
