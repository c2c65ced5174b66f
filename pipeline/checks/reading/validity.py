"""Tokens of HTML -> what is wrong with them as a browser reads them, in one pass and with no tree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html.entities import html5

from pipeline.checks.reading import vocabulary
from pipeline.checks.reading.markup import Token, attributes

_REFERENCE = re.compile(
    r"&(?:#(?P<number>[0-9]+|[xX][0-9a-fA-F]+|)|(?P<name>[a-zA-Z][a-zA-Z0-9]*))(?P<end>;?)(?P<next>=?)"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
_UNSPACED = re.compile(r"""=[ \t\n\f\r]*(?:"[^"]*"|'[^']*')[^ \t\n\f\r/>]""")
_ROOTS = ("svg", "math")
# An end tag doesn't reach out of a cell, nor that of a part of a table out of its table.
_CELLS = frozenset(("td", "th", "caption", "table"))
_PARTS = frozenset(("td", "th", "caption", "tr", "thead", "tbody", "tfoot", "colgroup"))


@dataclass(slots=True)
class _Reading:
    """``stack`` has what is open; ``blamed`` the names whose end tags come too late, ``cut`` those of a <p> that a
    block has ended, with the block; ``drawing`` is whether there is any SVG or MathML."""

    problems: list[tuple[int, str, bool]] = field(default_factory=list)
    stack: list[tuple[str, int]] = field(default_factory=list)
    blamed: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    drawing: bool = False

    def tell(self, offset: int, message: str, mild: bool = False) -> None:
        self.problems.append((offset, message, mild))


def problems(html: str, tokens: Sequence[Token]) -> list[tuple[int, str, bool]]:
    """Offset and words of each fault in what is shown outside of Outlook; and whether it is only out of date."""
    reading = _Reading()
    for kind, offset, name, text, hidden in tokens:
        if hidden:
            continue
        if kind == "start":
            _start(reading, name, text, offset)
        elif kind == "end":
            _end(reading, name, offset)
        elif kind == "text" or (kind == "raw" and name in ("title", "textarea")):
            _text(reading, text, offset)
        elif kind == "broken":
            reading.tell(offset, "a tag is never closed, or a quotation mark in it isn't: all behind it is lost")
        elif kind == "declaration":
            _declaration(reading, text, offset)
    for name, offset in reading.stack:
        if name not in vocabulary.END_OPTIONAL:
            reading.tell(offset, f"<{name}> is never closed")
    if control := _CONTROL.search(html):
        reading.tell(control.start(), f"there is a control character, U+{ord(control[0]):04X}")
    return reading.problems


def _start(reading: _Reading, name: str, text: str, offset: int) -> None:
    stack = reading.stack
    foreign = reading.drawing and any(outer in _ROOTS for outer, _ in stack)
    reading.drawing = reading.drawing or name in _ROOTS
    faults, id = _of_tag(name, text, foreign)
    for message, mild in faults:
        reading.tell(offset, message, mild)
    if id is not None:
        if id in reading.ids:
            reading.tell(offset, f'the id "{id[:40]}" is there twice')
        reading.ids.add(id)
    if not foreign:
        _end_before(reading, name)
        _check_parent(reading, name, offset)
    if name in vocabulary.VOID:
        return
    if text.endswith("/"):  # where HTML knows no such thing, that has been told
        return
    stack.append((name, offset))


@lru_cache(maxsize=8192)
def _of_tag(name: str, text: str, foreign: bool) -> tuple[Sequence[tuple[str, bool]], str | None]:
    """What is wrong with a start tag on its own; and its id."""
    found: list[tuple[str, bool]] = []
    if name not in vocabulary.ELEMENTS and not foreign:
        found.append((f"<{name[:40]}> is no element of HTML", False))
    elif name in vocabulary.OBSOLETE:
        found.append((f"<{name}> is obsolete", True))
    if text.endswith("/") and name in vocabulary.ELEMENTS - vocabulary.VOID - set(_ROOTS):
        found.append((f"<{name}/> doesn't close itself", False))
    if _UNSPACED.search(text):
        found.append((f"<{name}> has two attributes with no space between", False))
    names: dict[str, str] = {}
    for attribute in attributes(text):
        if attribute.name in names:
            found.append((f'<{name}> has the attribute "{attribute.name[:40]}" twice', False))
        names.setdefault(attribute.name, attribute.value)
        fault, mild = vocabulary.attribute_fault(name, attribute.name)
        if fault:
            found.append((fault, mild))
        if "&" in attribute.written:
            found += [(message, False) for message in _references(attribute.written, in_attribute=True)]
    if name == "meta" and ("name" in names or "http-equiv" in names) and "content" not in names:
        found.append((f'<meta> "{names.get("name", "")[:40]}" has no content', False))
    return found, names.get("id")


def _end_before(reading: _Reading, name: str) -> None:
    """End what a start tag ends without an end tag."""
    stack = reading.stack
    if name in vocabulary.BLOCKS:
        for index in range(len(stack) - 1, -1, -1):
            outer = stack[index][0]
            if outer == "p":
                reading.cut.append(name)
                for open_one, offset in stack[index + 1 :]:
                    reading.tell(offset, f"<{open_one}> is not closed before <{name}>")
                    reading.blamed.append(open_one)
                del stack[index:]
                break
            if outer not in vocabulary.PHRASING and outer not in vocabulary.TRANSPARENT:
                break
    ends = vocabulary.ENDS.get(name)
    if ends:
        last = None
        for index in range(len(stack) - 1, -1, -1):
            if stack[index][0] not in vocabulary.END_OPTIONAL:
                break
            last = index if stack[index][0] in ends else last
        if last is not None:
            del stack[last:]


def _check_parent(reading: _Reading, name: str, offset: int) -> None:
    stack = reading.stack
    parent = stack[-1][0] if stack else ""
    parents = vocabulary.PARENTS.get(name)
    if parents and parent not in parents:
        reading.tell(offset, f"<{name}> stands outside of <{' or <'.join(f'{one}>' for one in sorted(parents))}")
    elif parent in vocabulary.CHILDREN and name not in vocabulary.CHILDREN[parent]:
        reading.tell(offset, f"<{name}> can't stand right in <{parent}>")
    elif name in vocabulary.BLOCKS:
        holder = next((one for one, _ in reversed(stack) if one not in vocabulary.TRANSPARENT), "")
        if holder in vocabulary.PHRASING:
            reading.tell(offset, f"<{name}> can't stand in <{holder}>")
    if name == "a" and any(one == "a" for one, _ in stack):
        reading.tell(offset, "<a> can't stand in <a>")
    if name in vocabulary.METADATA and any(one == "body" for one, _ in stack):
        reading.tell(offset, f"<{name}> can't stand in <body>")


def _end(reading: _Reading, name: str, offset: int) -> None:
    stack = reading.stack
    if stack and stack[-1][0] == name:
        stack.pop()
        return
    index = _opened(stack, name)
    if index is not None:
        for open_one, begin in stack[index + 1 :]:
            if open_one not in vocabulary.END_OPTIONAL:
                reading.tell(begin, f"<{open_one}> is not closed before </{name}>")
                reading.blamed.append(open_one)
        del stack[index:]
    elif name in reading.blamed:
        reading.blamed.remove(name)
    elif name == "p" and reading.cut:
        reading.tell(offset, f"<{reading.cut.pop()}> can't stand in <p>")
    else:
        reading.tell(offset, f"</{name[:40]}> closes nothing")


def _opened(stack: Sequence[tuple[str, int]], name: str) -> int | None:
    """Where the element stands that an end tag closes."""
    stops = frozenset() if name in ("table", "body", "html") else frozenset(("table",)) if name in _PARTS else _CELLS
    for index in range(len(stack) - 1, -1, -1):
        if stack[index][0] == name:
            return index
        if stack[index][0] in stops:
            return None
    return None


def _text(reading: _Reading, text: str, offset: int) -> None:
    parent = reading.stack[-1][0] if reading.stack else ""
    if parent in vocabulary.CHILDREN and parent != "head":
        reading.tell(offset, f"text can't stand right in <{parent}>")
    if "&" in text:
        for message in _references(text, in_attribute=False):
            reading.tell(offset, message)
    if "<" in text:
        reading.tell(offset, "a < that opens no tag has to be written &lt;")


def _declaration(reading: _Reading, text: str, offset: int) -> None:
    if text[2:9].lower() == "doctype":
        if reading.stack:
            reading.tell(offset, "there is a second doctype")
    elif not re.match(r"<!\[(?:if|endif)\b", text, re.IGNORECASE):
        reading.tell(offset, f"{text[:30]} means nothing in HTML")


def _references(text: str, *, in_attribute: bool) -> Iterator[str]:
    """What is wrong with the character references of a text, each once."""
    for number, name, end, then in dict.fromkeys(_REFERENCE.findall(text)):
        if not name:
            if not end or not _is_character(number):
                yield f"&#{number[:12]}{end} is no character"
        elif end and f"{name};" not in html5:
            yield f"&{name[:30]}; is no character; write &amp; for a plain &"
        elif not end and (name in html5 and not then if in_attribute else _begins_with_character(name)):
            yield f"&{name[:30]} is read as a character; write &amp; for a plain &, or end it with ;"


def _begins_with_character(name: str) -> bool:
    return any(name[:length] in html5 for length in range(2, min(len(name), 8) + 1))


def _is_character(number: str) -> bool:
    digits, base = (number[1:], 16) if number[:1] in "xX" and number else (number, 10)
    if not digits or len(digits) > 8:
        return False
    code = int(digits, base)
    surrogate_or_control = 0xD800 <= code <= 0xDFFF or 0x7F <= code <= 0x9F or (code < 0x20 and code not in (9, 10, 12))
    return not surrogate_or_control and code <= 0x10FFFF and code & 0xFFFE != 0xFFFE
