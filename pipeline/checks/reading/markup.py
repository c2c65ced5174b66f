"""HTML as it is written -> its tokens: what a parser mends in silence, or doesn't see, shows only there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from html import unescape
from typing import Literal, NamedTuple

from pipeline import marks
from pipeline.checks.reading.mail import Mail
from pipeline.errors import Where

Kind = Literal["start", "end", "text", "raw", "comment", "declaration", "broken"]

# HTML Living Standard, 13.2.5 Tokenization. A quotation mark opens a value behind a "=" only: taken for one anywhere,
# it would let <p title=a"><script> by.
_SPACE = r"[ \t\n\f\r]"
_NAME = r"(?:[^ \t\n\f\r/>=]++|(?<=[ \t\n\f\r/\"'])=[^ \t\n\f\r/>=]*+)"
_VALUE = r"""(?:"[^"]*+"|'[^']*+'|[^ \t\n\f\r>"'][^ \t\n\f\r>]*+|(?=>))"""
_ATTRIBUTES = rf"(?:[ \t\n\f\r/]++|{_NAME}(?:{_SPACE}*+={_SPACE}*+{_VALUE})?)*"
_TOKEN = re.compile(
    rf"""<(?:
        !--(?:-?>|(?P<comment>.*?)(?:--!?>|\Z))
      | (?P<raw>style|script|title|textarea)(?![^ \t\n\f\r/>])(?P<with>{_ATTRIBUTES})>
        (?P<content>.*?)(?:(?=</(?P=raw)[ \t\n\f\r/>])|\Z)
      | (?P<slash>/?)(?P<name>[a-z][^ \t\n\f\r/>]*+)(?P<attributes>{_ATTRIBUTES})>
      | (?P<declaration>[!?][^>]*+)>
      | (?P<broken>[a-z/!?])
    )""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(rf"({_NAME})(?:{_SPACE}*+={_SPACE}*+({_VALUE}))?")
_CONDITION = re.compile(r"\[if[^\]]*\]>", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f]")


# Kind, offset, name, text, and whether it stands in a comment for Outlook. The name is a tag's, in lower case, or that
# of the element whose raw text it is; the text is what a start tag has behind its name, or the words.
Token = tuple[Kind, int, str, str, bool]


@lru_cache(maxsize=8)
def tokens(html: str) -> tuple[Token, ...]:
    """All tokens in order, those in conditional comments too; text only where it has words. A tag that never ends is
    ``broken``, and the last one."""
    found: list[Token] = []
    _read(html, 0, False, found.append)
    return tuple(found)


def of_mail(mail: Mail) -> tuple[Token, ...]:
    return tokens(mail.marked or mail.html)


def tags(mail: Mail) -> Mapping[tuple[str, str, bool], int]:
    """The start tags, each once: name, text, and whether it is for Outlook; and where the first of them stands."""
    return _tags(mail.marked or mail.html)


@lru_cache(maxsize=8)
def _tags(html: str) -> Mapping[tuple[str, str, bool], int]:
    found: dict[tuple[str, str, bool], int] = {}
    for kind, offset, name, text, hidden in tokens(html):
        if kind == "start":
            found.setdefault((name, text, hidden), offset)
    return found


def _read(html: str, base: int, hidden: bool, add: Callable[[Token], None]) -> None:
    end = 0
    for found in _TOKEN.finditer(html):
        begin = found.start()
        if begin > end and not (text := html[end:begin]).isspace():
            add(("text", base + end, "", text, hidden))
        end, start, kind = found.end(), base + begin, found.lastgroup
        if kind == "attributes":
            slash, name, text = found.group("slash", "name", "attributes")
            if not name.isalnum():  # Some clients skip control characters, so that <scr\x01ipt> is a script there.
                name = _CONTROL.sub("", name)
            add(("end" if slash else "start", start, name.lower(), text, hidden))
        elif kind == "comment":
            add(("comment", start, "", found[0], hidden))
            condition = None if hidden else _CONDITION.match(found["comment"])
            if condition:
                content = found["comment"][condition.end() :]
                _read(content, base + found.start("comment") + condition.end(), True, add)
        elif kind == "content":
            name = found["raw"].lower()
            add(("start", start, name, found["with"], hidden))
            add(("raw", base + found.start("content"), name, found["content"], hidden))
        elif kind is not None:
            add(("declaration" if kind == "declaration" else "broken", start, "", found[0], hidden))
            if kind == "broken":
                return
    if end < len(html) and not (text := html[end:]).isspace():
        add(("text", base + end, "", text, hidden))


class Attribute(NamedTuple):
    """``value`` is decoded; ``written`` as it stands in the tag, with its quotation marks."""

    name: str
    value: str
    written: str


@lru_cache(maxsize=8192)
def attributes(text: str) -> tuple[Attribute, ...]:
    """The attributes of a start tag, each as often as it stands there."""
    found = []
    for name, written in _ATTRIBUTE.findall(text):
        value = written[1:-1] if written[:1] in ('"', "'") else written
        found.append(Attribute(name.lower(), unescape(value) if "&" in value else value, written))
    return tuple(found)


def place(mail: Mail, offset: int) -> Where:
    """Where what stands there comes from: the source of its block, or else the mail, with the line of its HTML."""
    html = mail.marked or mail.html
    if mail.email is None:
        return Where(mail.where.path, html.count("\n", 0, offset) + 1)
    opened = html.rfind("<!--block:", 0, offset)
    if opened <= html.rfind("<!--/block:", 0, offset):
        return mail.where
    mark = marks.read(html[opened + 4 : html.index("-->", opened)])
    return mail.blocks[mark.block].where if mark and mark.block < len(mail.blocks) else mail.where
