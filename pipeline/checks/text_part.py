"""The text part: it has every link and every heading of the HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote

from pipeline.checks.reading.mail import Mail, text_of
from pipeline.checks.reading.pieces import pieces
from pipeline.checks.reading.wording import alike, begins_lines, in_line, page_of, read_text, words
from pipeline.checks.rule import Fault, rule
from pipeline.checks.telling import grouped, quoted
from pipeline.errors import Where

_FOLLOWED = re.compile(r"(?:https?|mailto|tel|sms):", re.I)
_URL = re.compile(r"(?:https?|mailto|tel|sms):[^\s<>\"]+", re.I)
_CLOSING = ".,;:!?)]}'’”»…"
_COUNTING = re.compile(r"(?<=[?&])utm_[^&#]*&?")
_EMPTY_QUERY = re.compile(r"[?&]+(?=#|$)")
_LAST_SLASH = re.compile(r"/(?=[?#]|$)")


@rule(
    "M08",
    "text-part",
    "error",
    reason="Who reads the text part can't follow a link that isn't in it, and doesn't see where a part begins.",
    remedy="Give the block's .txt.j2 each link that its .mjml.j2 has, and each heading on a line of its own.",
    source="https://www.rfc-editor.org/rfc/rfc2046#section-5.1.4",
)
def text_part(mail: Mail) -> Iterator[Fault]:
    if mail.text is None:
        return
    if not mail.text.strip():
        yield Fault("the text part is empty", mail.where)
        return
    yield from grouped(_links_lost(mail, mail.text))
    yield from grouped(_headings_lost(mail, mail.text))


def _links_lost(mail: Mail, text: str) -> Iterator[tuple[str, Where]]:
    there = frozenset(bare(form) for url in _URL.findall(text) for form in (url, url.rstrip(_CLOSING)))
    told: set[str] = set()
    for link in mail.links:
        url = bare(link.get("href"))
        address = url.partition(":")[2].partition("?")[0]
        spoken = not url.startswith("http") and address in text
        if not _FOLLOWED.match(url) or url in there or url in told or spoken or link in mail.hidden:
            continue
        told.add(url)
        name = text_of(link, mail.hidden, alt=True) or link.get("aria-label") or ""
        yield f"the link {quoted(name)} to {url[:100]} isn't in the text part", mail.place(link)


@lru_cache(maxsize=4096)
def bare(url: str) -> str:
    """Where a URL leads: without UTM parameters, and however its letters are encoded."""
    url = _EMPTY_QUERY.sub("", _COUNTING.sub("", unquote(url.strip())))
    return _LAST_SLASH.sub("", url)


def _headings_lost(mail: Mail, text: str) -> Iterator[tuple[str, Where]]:
    """The headings that the text part hasn't. In ours a line begins with each; a link below may hold it once more."""
    line, begins = begins_lines(text)
    whole = read_text(text, 0).whole.line if mail.edition is None else ""
    for node, block, heading in page_of(mail).headings:
        wanted = in_line(words(heading))
        if not wanted.strip() or (mail.edition is None and (wanted in line or wanted in whole)):
            continue
        if not _begins(wanted, line, begins) and not _is_mistaken(wanted, block, mail):
            yield f"no line of the text part begins with the heading {quoted(heading)}", mail.place(node)


def _begins(wanted: str, line: str, begins: frozenset[int]) -> bool:
    found = line.find(wanted)
    while found >= 0 and found not in begins:
        found = line.find(wanted, found + 1)
    return found >= 0


def _is_mistaken(heading: str, block: int, mail: Mail) -> bool:
    """Whether the heading is a title with a fault of its own, which H15 tells."""
    shown = pieces(mail.edition.blocks[block], mail.edition) if mail.edition and block >= 0 else ()
    titles = [piece.units[0].line for piece in shown if piece.kind == "title"]
    return heading not in titles and any(alike(heading, title) for title in titles)


RULES = (text_part,)
