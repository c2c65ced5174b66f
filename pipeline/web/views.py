"""An Email and a way to look at it -> the HTML document that the preview's frame shows. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Literal

from pipeline import build, clients, personal, pieces
from pipeline.model import Email, Persona, Values

Scheme = Literal["light", "dark"]

_STYLE = re.compile(r"(<style\b[^>]*>)(.*?)(</style>)", re.S | re.I)
_SCHEME_QUERY = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)", re.I)
_SCHEME_PROPERTY = re.compile(r"(\bcolor-scheme\s*:)[^;}]*\bdark\b[^;}]*", re.I)
_SCHEME_META = re.compile(r'(<meta name="(?:supported-)?color-schemes?" content=")[^"]*\bdark\b[^"]*"', re.I)
_HEAD = re.compile(r"<head\b[^>]*>", re.I)
_EMBEDDED = re.compile(r"(</?)(?=(?:iframe|frame|object|embed|portal)\b)", re.I)
_TAG = re.compile(r'<[a-z](?:[^>"]|"[^"]*")*>', re.I)
_SOURCE = re.compile(r'(\s(?:src|background)=")([^"]*)"', re.I)
_SOURCE_SET = re.compile(r'\ssrcset="[^"]*"', re.I)
_CSS_URL = re.compile(r"""url\(\s*(?:["']|&quot;|&\#39;)?(.*?)(?:["']|&quot;|&\#39;)?\s*\)""", re.I)

# A query that every window answers, and one that none does: so a scheme holds whatever the browser itself prefers.
_ALWAYS, _NEVER = "(min-width:0px)", "(max-width:0px)"

PAGE = """\
<!doctype html>
<html lang="en" dir="auto">
<head>
<meta charset="utf-8"><meta name="color-scheme" content="{scheme}">
<title>{title}</title><style>{style}</style>
</head>
<body><pre dir="auto">{body}</pre></body>
</html>
"""
PAGE_STYLE = """\
body { margin: 0; padding: 24px; background: #fffdf9; color: #22302f; }
pre { margin: 0; background: none; white-space: pre-wrap; overflow-wrap: anywhere;
  font: 13px/20px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; tab-size: 2; }
"""
DARK_PAGE_STYLE = "body { background: #1a2120; color: #e9e7e0; }\n"


@dataclass(frozen=True, slots=True)
class View:
    """A way to look at a mail. Without a reader merge fields show their fallbacks, as in the build."""

    reader: Persona | None = None
    client: clients.Client | None = None
    scheme: Scheme = "light"
    images: bool = True


def mail(email: Email, view: View, asset_url: str) -> str:
    """The mail with its marks: pictures under ``asset_url`` are served from here, one scheme, links in new tabs."""
    html = approximation(email, view.reader, view.client).html if view.client else filled(email, view.reader)
    html = in_scheme(html, (view.client and view.client.scheme) or view.scheme)
    html = with_pictures(html, lambda url: local_picture(url, asset_url) if view.images else "")
    # Chromium connects ahead to the host of an embedded page, though the policy then forbids it; no client shows one.
    html = _EMBEDDED.sub(r"\1x-", html)
    return _HEAD.sub(lambda head: f'{head[0]}<base target="_blank">', html, count=1)


def text(email: Email, view: View) -> str:
    """The text part, as a program that shows no HTML would show it."""
    return _page(email.subject, escape(build.fill_email(email, values(view.reader)).text), view.scheme)


def source(email: Email, view: View) -> str:
    """The HTML part's own source, highlighted; the bytes are those of the build."""
    from pygments import highlight
    from pygments.formatters.html import HtmlFormatter  # the lazy names are not safe in threads
    from pygments.lexers.html import HtmlLexer

    formatter = HtmlFormatter(style="friendly" if view.scheme == "light" else "github-dark", nowrap=True)
    code = highlight(
        build.fill_email(email, values(view.reader)).html, HtmlLexer(stripnl=False, ensurenl=False), formatter
    )
    return _page(email.subject, code, view.scheme, formatter.get_style_defs("pre"))  # type: ignore[no-untyped-call]


def values(reader: Persona | None) -> Values:
    return reader.values if reader else {}


def filled(email: Email, reader: Persona | None) -> str:
    """The HTML part for this reader, with its marks."""
    seen = personal.view(email, values(reader))
    return pieces.fill(pieces.of_html(email, marked=True), values(reader), seen, email.language)


def approximation(email: Email, reader: Persona | None, client: clients.Client) -> clients.Approximation:
    return _approximate(filled(email, reader), client)


# The frame asks for the mail, the panel for its notes, and both again whenever somebody looks at both sides.
_approximate = lru_cache(maxsize=32)(clients.approximate)


def in_scheme(html: str, scheme: Scheme) -> str:
    """The HTML as a reader sees it who prefers this scheme, whatever the browser prefers that shows it."""

    def answer(query: re.Match[str]) -> str:
        return _ALWAYS if query[1].lower() == scheme else _NEVER

    def style(found: re.Match[str]) -> str:
        css = _SCHEME_PROPERTY.sub(rf"\g<1>{scheme}", _SCHEME_QUERY.sub(answer, found[2]))
        return found[1] + css + found[3]

    return _SCHEME_META.sub(rf'\g<1>{scheme}"', _STYLE.sub(style, html))


def local_picture(url: str, asset_url: str) -> str:
    """Where the preview serves a picture of the newsletter's own; another host's stays there, and isn't loaded."""
    return f"/pictures/{url.removeprefix(asset_url + '/')}" if url.startswith(asset_url + "/") else url


def pictures_elsewhere(html: str, asset_url: str) -> int:
    """How many different pictures of other hosts the HTML shows; the preview loads none of them."""
    found = (image for tag in _TAG.findall(html) if tag.lower().startswith("<img") for image in _SOURCE.findall(tag))
    return len({url for _, url in found if url and not url.startswith(asset_url + "/")})


def with_pictures(html: str, address: Callable[[str], str]) -> str:
    """The HTML with each picture's URL as ``address`` says; an empty one takes the picture out, not its words."""

    def source(found: re.Match[str]) -> str:
        new = address(found[2])
        return f'{found[1]}{new}"' if new else ""

    def css(text: str) -> str:
        return _CSS_URL.sub(lambda found: f"url({new})" if (new := address(found[1])) else "none", text)

    def tag(found: re.Match[str]) -> str:
        return css(_SOURCE_SET.sub("", _SOURCE.sub(source, found[0])))

    return _STYLE.sub(lambda found: found[1] + css(found[2]) + found[3], _TAG.sub(tag, html))


def _page(title: str, body: str, scheme: Scheme, style: str = "") -> str:
    style += PAGE_STYLE + (DARK_PAGE_STYLE if scheme == "dark" else "")
    return PAGE.format(scheme=scheme, title=escape(title), style=style, body=body)
