"""MJML as people and templates write it -> MJML that the engine reads as it was meant, or everything wrong with it.

What stands in an ending tag (text, HTML, CSS) never reaches the engine, which would parse and spoil it: it travels
as letters and digits, as the reference too copies it unread.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches

from pipeline.errors import TemplateError, Where, raise_all
from pipeline.mjml import html
from pipeline.mjml.defaults import Defaults
from pipeline.mjml.start_tags import WHERE, StartTag, place_of, read_start_tag
from pipeline.mjml.tags import EMPTY, ONCE, PLAIN, REFUSED, Tag, known, parents

_TOKEN = re.compile(
    r"""\s++
      | <(?P<start>mj[\w-]*+)(?P<attributes>(?:[^<>"'/]++|"[^"<]*+"|'[^'<]*+'|/(?!>))*)(?P<closed>/?)>
      | </(?P<end>[a-z][^\s<>]*+)\s*+>
      | (?P<comment><!--(?:-?>|.*?-->))
      | <(?P<html>(?!mj)[a-z][^\s<>/]*+)[^<>]*+>?
      | (?P<bad></?mj[\w-]*+|<[!?][^\s<>]*+)
      | (?P<text>[^<]++|<)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_CONTENT = re.compile(r"(?:[^<]++|<!--.*?-->|<(?!/?mj))*", re.DOTALL | re.IGNORECASE)
_END = re.compile(r"</([a-z][^\s<>]*+)\s*+>", re.IGNORECASE)
_COMMENTED_PLACE = re.compile(rf'(<mj[\w-]*+) {WHERE}="[^"]*"', re.IGNORECASE)
_BLANK = " \t\r\n\f"
_MARKUP = re.compile(r"<(?=[a-z/!?])", re.IGNORECASE)
_NO_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Document:
    """``mjml`` is for the engine; ``contents[n]`` is what ``zqmc<n>qz`` stands for. ``inline`` has the numbers of the
    style sheets that are meant to be inlined."""

    mjml: str
    contents: tuple[str, ...]
    inline: tuple[int, ...]


def read(source: str) -> Document:
    """Raises a TemplateError, or several together, for whatever is wrong, in the order of the source."""
    reader = _Reader(source.removeprefix("\ufeff"))
    reader.read()
    written = reader.written()
    raise_all(reader.errors())
    return Document(written, tuple(reader.contents), tuple(reader.inline))


@dataclass(frozen=True, slots=True)
class _Element:
    """A start tag at its place; what mj-attributes says of it is known only at the document's end."""

    tag: Tag
    start: StartTag
    offset: int
    where: Where | None


@dataclass(slots=True)
class _Frame:
    """An element that is open, under the name that was written. ``raw`` is the HTML that its mj-raws opened and have
    not closed, ``places`` where they stand; ``told`` says that a stray text has been complained of."""

    element: _Element
    tag: Tag
    written: str
    raw: list[tuple[str, int]] = field(default_factory=list)
    places: dict[int, Where | None] = field(default_factory=dict)
    once: set[str] = field(default_factory=set)
    told: bool = False


class _Reader:
    """One pass over the source: a stack of what is open, and what comes out."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.stack: list[_Frame] = []
        self.pieces: list[str | _Element] = []
        self.contents: list[str] = []
        self.inline: list[int] = []
        self.defaults = Defaults()
        self.found: list[tuple[int, str, Where | None]] = []
        self.rooted = False
        self.strayed = False

    def read(self) -> None:
        position = 0
        while position < len(self.source):
            token = _TOKEN.match(self.source, position)
            if token is None:  # The last alternative takes any character.
                raise AssertionError(position)
            position = self._take(token)
        self._finish()

    def written(self) -> str:
        return "".join([piece if isinstance(piece, str) else self._resolved(piece) for piece in self.pieces])

    def _resolved(self, element: _Element) -> str:
        text, problems = self.defaults.apply(element.start)
        for problem in problems:
            self._fault(element.offset, problem, element.where)
        return text

    def errors(self) -> Iterator[TemplateError]:
        """In the order of the source, and what a loop or a macro repeats only once."""
        found = sorted(self.found, key=lambda one: one[0])
        places = ((message, where or Where("mjml", self._line(offset))) for offset, message, where in found)
        return (TemplateError(message, where) for message, where in dict.fromkeys(places))

    def _line(self, offset: int) -> int:
        return self.source.count("\n", 0, offset) + 1

    def _fault(self, offset: int, message: str, where: Where | None = None) -> None:
        self.found.append((offset, message, where or self._here()))

    def _here(self) -> Where | None:
        return self.stack[-1].element.where if self.stack else None

    # --- Tokens: each method takes one and returns where the next begins ---

    def _take(self, token: re.Match[str]) -> int:
        match token.lastgroup:
            case None:
                return token.end()
            case "closed":
                return self._start(token)
            case "end":
                self._end(token["end"].lower(), token.start())
            case "comment":
                self._comment(token[0])
            case "bad":
                return self._bad(token)
            case _:
                self._stray(token)
        return token.end()

    def _start(self, token: re.Match[str]) -> int:
        written = token["start"].lower()
        name = self._known_name(written, token)
        if name is None:
            return self._skip(written, token)
        start = read_start_tag(name, token["attributes"])
        element = _Element(start.tag, start, token.start(), start.where or self._here())
        self._check_place(element)
        for problem in start.problems:
            self._fault(element.offset, problem, element.where)
        if start.tag.ending:
            return self._ending(element, written, token)
        self._open(element, written, closed=bool(token["closed"]))
        if len(self.stack) > html.MAX_DEPTH:
            self._fault(token.start(), html.TOO_DEEP)
            return self._give_up()
        return token.end()

    def _known_name(self, written: str, token: re.Match[str]) -> str | None:
        """The tag's name; for a misspelt one, the name that it was probably meant to be."""
        if written in known():
            return written
        where = place_of(token["attributes"])
        if written in REFUSED:
            self._fault(token.start(), f"<{written}> {REFUSED[written]}", where)
            return None
        fitting = self.stack[-1].tag.children if self.stack else frozenset({"mjml"})
        guess = _nearest_tag(written, fitting)
        shown = guess or _nearest_tag(written, known())
        advice = f"; did you mean <{shown}>?" if shown else ""
        self._fault(token.start(), f"<{written}> is not an MJML tag{advice}", where)
        return guess

    def _skip(self, written: str, token: re.Match[str]) -> int:
        end = re.compile(rf"</{written}\s*>", re.IGNORECASE).search(self.source, token.end())
        return token.end() if token["closed"] or end is None else end.end()

    def _check_place(self, element: _Element) -> None:
        name = element.tag.name
        if not self.stack:
            if self.rooted or name != "mjml":
                self._fault(element.offset, f"<{name}> can't stand outside <mjml>", element.where)
            self.rooted = True
            return
        frame = self.stack[-1]
        if len(self.stack) > 1 and self.stack[-2].tag.name == "mj-attributes":
            message = f"<{name}> can't stand here; what <mj-attributes> names holds nothing"
            self._fault(element.offset, message, element.where)
        elif name not in frame.tag.children:
            places = ", ".join(f"<{place}>" for place in parents(name)) or "<mj-attributes>"
            message = f"<{name}> can't stand in <{frame.tag.name}>; it belongs in {places}"
            self._fault(element.offset, message, element.where)
        elif name in ONCE and frame.tag.name != "mj-attributes":
            if name in frame.once:
                self._fault(element.offset, f"there is a second <{name}>", element.where)
            frame.once.add(name)

    def _in_attributes(self) -> bool:
        """Whether this is mj-attributes, where tags name defaults and hold nothing."""
        return bool(self.stack) and self.stack[-1].tag.name == "mj-attributes"

    def _open(self, element: _Element, written: str, *, closed: bool) -> None:
        if self._in_attributes():
            self._default(element)
        elif closed:
            self.pieces += (element, f"</{element.tag.name}>")
        else:
            self.pieces.append(element)
        if not closed:
            self.stack.append(_Frame(element, element.tag, written))

    def _default(self, element: _Element) -> None:
        self.defaults.note(element.start)
        if element.tag.name != "mj-class":
            self.pieces.append(f"{element.start.text[:-1]}/>")

    def _end(self, name: str, offset: int) -> None:
        if self.stack and self.stack[-1].written == name:
            self._pop()
        elif any(frame.written == name for frame in self.stack):
            while self.stack[-1].written != name:
                self._unclosed(self.stack[-1].element, f"before </{name}>")
                self._pop()
            self._pop()
        elif self.stack and name.startswith("mj") and not self._closes_next(self.stack[-1].written, offset):
            self._fault(offset, f"</{name}> does not close <{self.stack[-1].written}>")
            self._pop()
        elif not (self.stack[-1].told if self.stack else self.strayed):
            self._fault(offset, f"</{name}> closes nothing")

    def _closes_next(self, name: str, offset: int) -> bool:
        """Whether the tag after the one at the offset is the end of this element."""
        following = self.source.find("<", offset + 1)
        return self.source[following : following + len(name) + 2].lower() == f"</{name}"

    def _pop(self) -> None:
        frame = self.stack.pop()
        name = frame.tag.name
        for offset, problem in html.still_open(frame.raw, f"before </{name}>"):
            self._fault(offset, problem, frame.places[offset])
        if not self._in_attributes():
            self.pieces.append(f"</{name}>")

    def _unclosed(self, element: _Element, before: str = "") -> None:
        self._fault(element.offset, f"<{element.tag.name}> is not closed {before}".rstrip(), element.where)

    def _comment(self, comment: str) -> None:
        if self.stack and "mj-raw" in self.stack[-1].tag.children:
            self.pieces += ("<mj-raw>", self._content_token("mj-raw", comment), "</mj-raw>")

    def _bad(self, token: re.Match[str]) -> int:
        written = token["bad"]
        if written.startswith("<?") and not self.rooted:
            return self.source.find(">", token.end()) + 1 or token.end()
        self._fault(token.start(), html.bad(written[1:]))
        return self._give_up()

    def _stray(self, token: re.Match[str]) -> None:
        """HTML or text where only MJML may stand: one word about it for each parent."""
        if not self.stack:
            if not self.strayed:
                self._fault(token.start(), "there is something outside <mjml>")
            self.strayed = self.rooted = True
        elif not self.stack[-1].told:
            self.stack[-1].told = True
            tag = self.stack[-1].tag
            what = f"<{token['html']}> is HTML and" if token["html"] else f'the text "{_short(token[0])}"'
            advice = "; put it into <mj-text>" if "mj-text" in tag.children else ""
            self._fault(token.start(), f"{what} can't stand in <{tag.name}>{advice}")

    def _give_up(self) -> int:
        self.stack.clear()
        self.rooted = True
        return len(self.source)

    def _finish(self) -> None:
        while self.stack:
            self._unclosed(self.stack[-1].element)
            self.stack.pop()
        if not self.rooted:
            self._fault(0, "there is no <mjml> in this document")
        for found in _NO_CHARACTER.finditer(self.source):
            self._fault(found.start(), f"the character U+{ord(found[0]):04X} can't stand in HTML")

    # --- Ending tags: what stands in them is copied, not read ---

    def _ending(self, element: _Element, written: str, token: re.Match[str]) -> int:
        name = element.tag.name
        begin = end = position = token.end()
        if not token["closed"]:
            end, position = self._content_end(element, written, begin)
        content = self.source[begin:end] if end > begin else ""
        if self._in_attributes() or name in EMPTY:
            if content.strip(_BLANK):
                self._fault(begin, f"nothing can stand in <{name}> here", element.where)
            content = ""
        if self._in_attributes():
            self._default(element)
        else:
            self.pieces += (element, self._content(element, content, begin), f"</{name}>")
        return position

    def _content_end(self, element: _Element, written: str, begin: int) -> tuple[int, int]:
        """Where the content ends, and where what follows its end tag begins."""
        end = _end_of(_CONTENT.match(self.source, begin), begin)
        close = _END.match(self.source, end)
        if close and close[1].lower() == written:
            return end, close.end()
        parent = self.stack[-1].written if self.stack else "mjml"
        boundary = re.compile(rf"<(?:(/{written})|{written}|/{parent})(?=[\s/>])[^<>]*>", re.IGNORECASE)
        own = boundary.search(self.source, end)
        if own and own[1]:
            self._fault(end, self._interruption(element, close, end), element.where)
            return begin, own.end()
        if close and not any(frame.written == close[1].lower() for frame in self.stack):
            self._fault(end, f"</{close[1]}> does not close <{written}>", element.where)
            return begin, close.end()
        following = _TOKEN.match(self.source, end)
        if following is None or following.lastgroup != "bad":
            self._unclosed(element)
        return begin, end

    def _interruption(self, element: _Element, close: re.Match[str] | None, offset: int) -> str:
        if close:
            return f"</{close[1]}> closes nothing in <{element.tag.name}>"
        tag = _TOKEN.match(self.source, offset)
        inner = tag["start"] if tag and tag["start"] else "mj-…"
        return f"<{inner}> can't stand in <{element.tag.name}>, which holds no MJML"

    def _content(self, element: _Element, content: str, offset: int) -> str:
        name = element.tag.name
        if not content.strip(_BLANK):
            return ""
        if name == "mj-style":
            self._check_style(element, content, offset)
        elif name in PLAIN:
            content = self._plain(element, content, offset)
        else:
            content = self._checked(element, content, offset)
        if name == "mj-style" and element.start.attributes.get("inline"):
            self.inline.append(len(self.contents))
        return self._content_token(name, content.strip(_BLANK))

    def _content_token(self, name: str, content: str) -> str:
        if name == "mj-raw" and self.stack and self.stack[-1].tag.name == "mj-wrapper":
            # mrml puts it into the comment that only Outlook reads, where a comment of its own would end it.
            content = f"<![endif]-->{content}<!--[if mso | IE]>"
        self.contents.append(_COMMENTED_PLACE.sub(r"\1", content) if WHERE in content else content)
        return f"zqmc{len(self.contents) - 1}qz"

    def _check_style(self, element: _Element, content: str, offset: int) -> None:
        found = re.search(r"</style", content, re.IGNORECASE)
        if found:
            self._fault(offset + found.start(), "</style> can't stand in <mj-style>, which holds CSS", element.where)

    def _plain(self, element: _Element, content: str, offset: int) -> str:
        found = _MARKUP.search(content)
        if found:
            message = f"<{element.tag.name}> holds plain text; take the tags out of it, and write < as &lt;"
            self._fault(offset + found.start(), message, element.where)
        # The engine puts the title into an attribute too.
        return content.replace("<", "&lt;").replace('"', "&quot;")

    def _checked(self, element: _Element, content: str, offset: int) -> str:
        raw = self.stack[-1] if self.stack and element.tag.name == "mj-raw" else None
        fragment = html.inspect(content, offset, len(self.stack) + 1, raw.raw if raw else ())
        if raw:  # What one mj-raw opens another may close.
            raw.raw = fragment.open
            raw.places |= {place: element.where for _, place in fragment.open if place >= offset}
        else:
            fragment.problems += html.still_open(fragment.open, f"before </{element.tag.name}>")
        for place, problem in fragment.problems:
            self._fault(place, problem, element.where)
        for place in reversed(fragment.bare):
            content = f"{content[: place - offset]}&lt;{content[place - offset + 1 :]}"
        return content


def _nearest_tag(written: str, names: Iterable[str]) -> str | None:
    """The name most like the written one; what all of them begin with makes none of them likely."""
    words = {name.removeprefix("mj-"): name for name in sorted(names)}
    return next((words[word] for word in get_close_matches(written.removeprefix("mj-"), words, n=1)), None)


def _end_of(found: re.Match[str] | None, otherwise: int) -> int:
    return found.end() if found else otherwise


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 30 else f"{words[:29]}…"
