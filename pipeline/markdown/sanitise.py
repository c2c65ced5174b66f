"""HTML from anywhere -> HTML that is harmless, balanced, and well-formed for MJML."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from html import escape, unescape

import nh3

from pipeline.errors import ContentError, PipelineError, Where
from pipeline.model import Image

DEPTH = 60
"""How deep elements may nest; MJML's own cap of 100 has to hold for what the templates put around them."""

REOPENED = 1_000_000
"""How many elements the parser may have to open for unclosed formatting before the author is asked to close it."""

WIDEST = 520
"""The reading column in pixels: a card of 600 less its side padding."""

SCHEMES = frozenset({"http", "https", "mailto", "sms", "tel"})


def names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


VOID = names("br hr img wbr")

TAGS = VOID | names(
    "a abbr b bdi bdo big blockquote caption cite code dd del dfn div dl dt em i ins kbd li mark ol p pre q rp rt ruby"
    " s samp small span strike strong sub sup table tbody td tfoot th thead tr tt u ul var"
)

WITHOUT_WORDS = names(
    "applet audio button canvas form frameset iframe math noembed noframes noscript object script select style svg"
    " template textarea title video xmp"
)
"""Elements whose content goes with them: none of it is words of the article."""

_CELL = {"align", "colspan", "rowspan", "scope"}
_ATTRIBUTES = {
    "*": {"dir", "lang", "title"},
    "a": {"data-line", "href"},
    "div": {"align"},
    "img": {"align", "alt", "data-line", "src", "width"},
    "ol": {"start"},
    "p": {"align"},
    "table": {"align"},
    "td": _CELL,
    "th": _CELL,
    "tr": {"align"},
}

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_INVISIBLE = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028\u2029\ufeff]+")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_NOT_IN_URL = re.compile(r"[^!#-;=?-\[\]_a-z~]")
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)")
_LINK_OR_IMAGE = re.compile(r"<(/?)(a|img)((?: [^>]*)?)>")
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_NO_LINK_TEXT = re.compile(r"<a [^>]*>\s*</a>")
_NO_WORDS = re.compile(r"<p[^>]*>(?:\s|<strong></strong>)*</p>\n?")
_PICTURE = re.compile(r"<p>\s*((?:(?:<a [^>]*>)?<img [^>]*>(?:</a>)?(?:\s|<br>)*)+)</p>")
_PREFORMATTED = re.compile(r"<pre[ >].*?</pre>", re.DOTALL)
_LINE_BREAK_ALONE = re.compile(r">(\n\s*)<")
_FORMATTING = re.compile(r"<(/?)(a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)\b")


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(TAGS),
        clean_content_tags=set(WITHOUT_WORDS),
        attributes=_ATTRIBUTES,
        allowed_classes={"ol": {"footnotes"}, "sup": {"footnote"}},
        url_schemes=set(SCHEMES),
        link_rel=None,
    )


def clean(html: str) -> str:
    """The HTML with no tag, attribute or URL but those that a mail may have; closed and balanced on its own."""
    cleaned = _cleaner().clean(html)
    if _CONTROL.search(cleaned):
        cleaned = _CONTROL.sub(" ", cleaned)
    return _keep_lines(cleaned) if "<pre" in cleaned else cleaned


def clean_raw(html: str, where: Where) -> str:
    """The same for HTML that holds tags of an author's own; a ContentError where they nest too deep."""
    _check_open_formatting(html, where)
    cleaned = clean(html)
    _check_depth(cleaned, where)
    return cleaned


def _keep_lines(html: str) -> str:
    """Line breaks between the elements of a code sample as references: MJML drops such white space."""
    return _PREFORMATTED.sub(lambda pre: _LINE_BREAK_ALONE.sub(_as_references, pre[0]), html)


def _as_references(found: re.Match[str]) -> str:
    return f">{found[1].replace(chr(10), '&#10;')}<"


def is_safe(url: str) -> bool:
    """Whether the URL is relative, or has a scheme that a mail may have; blanks don't hide one."""
    scheme = _SCHEME.match(_INVISIBLE.sub("", url))
    return scheme is None or scheme[1].lower() in SCHEMES


def settle(
    html: str,
    place: Callable[[int], Where],
    link: Callable[[str, Where], str],
    image: Callable[[str, str, Where], Image],
    errors: list[PipelineError],
) -> str:
    """Cleaned HTML with each link and each picture as the callbacks have it; what they raise goes to ``errors``.

    A link that comes to nothing leaves its words; a paragraph of pictures alone gets the class ``picture``.
    """
    line = 0
    open_links: list[bool] = []

    def swap(found: re.Match[str]) -> str:
        nonlocal line
        closing, tag, source = found.groups()
        if closing:
            return found[0] if open_links and open_links.pop() else ""
        attributes = {name: unescape(value) for name, value in _ATTRIBUTE.findall(source)}
        line = _line(attributes.pop("data-line", ""), line)
        try:
            if tag == "img":
                return _image(attributes, image, place(line))
            opening = _link(attributes, link, place(line))
        except PipelineError as error:
            errors.append(error)
            opening = ""
        if tag == "a":
            open_links.append(bool(opening))
        return opening

    settled = _LINK_OR_IMAGE.sub(swap, html)
    settled = _NO_WORDS.sub("", _NO_LINK_TEXT.sub("", settled))
    return _PICTURE.sub(lambda found: f'<p class="picture">{found[1].rstrip()}</p>', settled)


def _line(written: str, last: int) -> int:
    return int(written) if written.isdecimal() and len(written) < 8 else last


def _link(attributes: dict[str, str], link: Callable[[str, Where], str], where: Where) -> str:
    href = attributes.pop("href", "")
    url = link(href, where) if href else ""
    return _start("a", {"href": percent_encode(url), **attributes}) if url and is_safe(url) else ""


def _image(attributes: dict[str, str], image: Callable[[str, str, Where], Image], where: Where) -> str:
    source = attributes.pop("src", "")
    if not source:
        return ""
    found = image(source, attributes.pop("alt", ""), where)
    if not found.src or not is_safe(found.src):
        return ""
    asked = attributes.pop("width", "")
    widths = [WIDEST, found.width, int(asked) if asked.isdecimal() and 0 < len(asked) < 5 else None]
    width = max(1, min(width for width in widths if width))
    return _start("img", {"src": percent_encode(found.src), "alt": found.alt, "width": str(width), **attributes})


def _start(tag: str, attributes: dict[str, str]) -> str:
    return f"<{tag}{''.join(f' {name}={quote(value)}' for name, value in attributes.items())}>"


def quote(value: str) -> str:
    """An attribute's value with its quotes, on one line."""
    return f'"{escape(" ".join(value.split())) if value else ""}"'


def percent_encode(url: str) -> str:
    """The URL in the characters that RFC 3986 has for one; all others percent-encoded."""
    return _NOT_IN_URL.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace")), url)


def _check_open_formatting(html: str, where: Where) -> None:
    """Stop before the parser opens the same unclosed ``<b>`` again in each of thousands of paragraphs."""
    counts: Counter[str] = Counter()
    now = most = 0
    for closing, tag in _FORMATTING.findall(html):
        change = -1 if closing else 1
        if counts[tag] + change >= 0:
            counts[tag] += change
            now += change
            most = max(most, now)
    if most * html.count("<") > REOPENED:
        raise too_deep(where)


def _check_depth(html: str, where: Where) -> None:
    depth = 0
    for closing, tag in _TAG.findall(html):
        if tag not in VOID:
            depth += -1 if closing else 1
        if depth > DEPTH:
            raise too_deep(where)


def too_deep(where: Where) -> ContentError:
    return ContentError("nested too deep for a mail; use fewer quotes, lists or tags within one another", where)
