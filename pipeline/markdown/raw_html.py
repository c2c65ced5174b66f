"""The author's own HTML within Markdown, made ready for the sanitiser: what is lost is told, with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape

from pipeline.markdown import leftovers
from pipeline.markdown.sanitise import TAGS, WITHOUT_WORDS, is_safe, names, quote

Report = Callable[[str, int], None]
"""Tells what is left out, and on which line of the Markdown (from 0)."""

CODE = names("script style")

_HEADINGS = names("h1 h2 h3 h4 h5 h6")
_AS_DIV = names(
    "address article aside center details dialog fieldset figure footer header hgroup main nav search section"
)
_AS_PARAGRAPH = names("figcaption legend summary")
_UNWRAPPED = names(
    "acronym area basefont body col colgroup data datalist font head html label map marquee menu meter nobr optgroup"
    " option output param picture plaintext progress slot source time track"
)
_UNSUPPORTED = WITHOUT_WORDS | names("base embed frame image input keygen link meta")

KNOWN = TAGS | _HEADINGS | _AS_DIV | _AS_PARAGRAPH | _UNWRAPPED | _UNSUPPORTED

_PIECE = re.compile(
    r"<!--.*?(?:-->|\Z)|<[!?][^>]*>"
    r"""|<(?P<end>/?)(?P<name>[A-Za-z][^\s/>]*)"""
    r"""(?P<attributes>(?:[^>"']++|"[^"]{0,9000}"|'[^']{0,9000}'){0,200}|[^>]*)>""",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>`]+))""")
_HANDLER = re.compile(r"""[\s"'/](on[a-z]+)\s*=""", re.IGNORECASE)


def left_out(what: str) -> str:
    return f"{what} is left out of the mail"


def pieces(chunk: str) -> Iterator[re.Match[str]]:
    """The tags and comments of a chunk of HTML, in order; nothing behind the last ``>`` can be one."""
    return _PIECE.finditer(chunk, 0, chunk.rfind(">") + 1)


def block(chunk: str, line: int, report: Report) -> str:
    """A block of HTML, as it stands in the Markdown from ``line`` on, made ready."""
    parts: list[str] = []
    unclosed: set[str] = set()
    position = in_pre = 0
    for piece in pieces(chunk):
        if piece.start() < position:
            continue
        text, name, closing = chunk[position : piece.start()], (piece["name"] or "").lower(), bool(piece["end"])
        parts.append(_text(text, line, report, bool(in_pre)))
        line += text.count("\n")
        parts.append(tag(piece, line, report) or gap(name, closing, chunk[max(0, piece.start() - 1) : piece.start()]))
        if name == "pre":
            in_pre = max(0, in_pre + (-1 if closing else 1))
        position = piece.end()
        if name in WITHOUT_WORDS and not closing:
            position = _end_of(name, chunk, position, unclosed)
        line += chunk.count("\n", piece.start(), position)
    return "".join(parts) + _text(chunk[position:].partition("<!--")[0], line, report, bool(in_pre))


def _end_of(name: str, chunk: str, position: int, unclosed: set[str]) -> int:
    """Where an element ends whose content goes with it. Code that is never closed goes as a whole; of other
    elements that are never closed only the tag goes."""
    found = None if name in unclosed else re.compile(rf"</{name}\b[^>]*>", re.IGNORECASE).search(chunk, position)
    if found:
        return found.end()
    unclosed.add(name)
    return len(chunk) if name in CODE else position


def _text(text: str, line: int, report: Report, in_pre: bool) -> str:
    """What stands between two tags; on one line, because MJML drops line breaks between inline elements."""
    words, tags = leftovers.strip(text)
    for found, position in tags:
        if shown := leftovers.shown(found):
            report(left_out(shown), line + text.count("\n", 0, position))
    words = words.replace("<", "&lt;")
    return words if in_pre else words.replace("\n", " ")


def tag(piece: re.Match[str], line: int, report: Report) -> str:
    """One tag as the sanitiser is to see it: renamed, stamped with its line, or nothing."""
    if piece["name"] is None:
        return ""
    name, end = piece["name"].lower(), bool(piece["end"])
    if name in _UNSUPPORTED or name not in KNOWN:
        if not end:
            report(left_out(f"<{name}>"), line)
        return ""
    if end:
        return closing(name)
    if handler := _HANDLER.search(piece["attributes"]):
        report(left_out(f"{handler[1].lower()}= of <{name}>"), line)
    if name == "a":
        return _link(attributes(piece), line, report)
    if name == "img":
        return _image(attributes(piece), line, report)
    return _opening(name, piece["attributes"])


def gap(name: str, end: bool, before: str) -> str:
    """A blank in place of an unknown element that begins where another ends: their words must not run together."""
    return " " if name and name not in KNOWN and not end and before == ">" else ""


def closing(name: str) -> str:
    """The end tag of an element, by the name that it goes under in a mail."""
    if name in _HEADINGS:
        return "</strong></p>"
    return "</div>" if name in _AS_DIV else "</p>" if name in _AS_PARAGRAPH else f"</{name}>"


def _opening(name: str, source: str) -> str:
    if name in _HEADINGS:
        return f"<p{source}><strong>"
    if name == "center":
        return '<div align="center">'
    return f"<{'div' if name in _AS_DIV else 'p' if name in _AS_PARAGRAPH else name}{source}>"


def attributes(piece: re.Match[str]) -> dict[str, str]:
    """The tag's attributes with a value, decoded; of two with one name the first counts, as in browsers."""
    found: dict[str, str] = {}
    for name, *values in _ATTRIBUTE.findall(piece["attributes"]):
        found.setdefault(name.lower(), unescape("".join(values)))
    return found


def _link(found: dict[str, str], line: int, report: Report) -> str:
    href = usable(found["href"], "link to", line, report) if "href" in found else ""
    return start("a", {"href": href, "title": found.get("title", "")}, line) if href else ""


def _image(found: dict[str, str], line: int, report: Report) -> str:
    source = usable(found.get("src", ""), "picture", line, report)
    kept = {name: found.get(name, "") for name in ("alt", "width", "align", "title")}
    return start("img", {"src": source, **kept}, line) if source else ""


def usable(url: str, kind: str, line: int, report: Report) -> str:
    """The URL with others' tags resolved; nothing, and a report, where a mail can't have it."""
    url = url.strip()
    if not url:
        report(left_out(f"a {kind.removesuffix(' to')} without a URL"), line)
        return ""
    target = leftovers.target(url)
    if target is not None and is_safe(target):
        return target
    report(left_out(f"the {kind} {url if len(url) <= 60 else f'{url[:59]}…'}"), line)
    return ""


def start(name: str, found: dict[str, str], line: int) -> str:
    """A start tag, stamped with its line for those who are asked about its URL."""
    kept = "".join(f" {key}={quote(value)}" for key, value in found.items() if value)
    return f'<{name}{kept} data-line="{line}">'
