"""markdown-it's tokens -> HTML, not yet sanitised: links and pictures carry their line, what is lost is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape

from markdown_it.token import Token

from pipeline.errors import Where
from pipeline.markdown import leftovers, raw_html
from pipeline.markdown.parser import NESTING, at
from pipeline.markdown.sanitise import VOID, WITHOUT_WORDS, too_deep
from pipeline.markdown.words import WIDE
from pipeline.model import Finding

_TAGS = {
    "blockquote_close": "</blockquote>\n",
    "blockquote_open": "<blockquote>\n",
    "bullet_list_close": "</ul>\n",
    "bullet_list_open": "<ul>\n",
    "footnote_anchor": "",
    "footnote_block_close": "</ol>\n",
    "footnote_block_open": '<ol class="footnotes">\n',
    "footnote_close": "</li>\n",
    "heading_close": "</strong></p>\n",
    "heading_open": "<p><strong>",
    "hr": "<hr>\n",
    "list_item_close": "</li>\n",
    "ordered_list_close": "</ol>\n",
    "table_close": "</table>\n",
    "table_open": "<table>\n",
    "tbody_close": "</tbody>\n",
    "tbody_open": "<tbody>\n",
    "td_close": "</td>",
    "th_close": "</th>",
    "thead_close": "</thead>\n",
    "thead_open": "<thead>\n",
    "tr_close": "</tr>\n",
    "tr_open": "<tr>",
}
_SPANS = {
    "em_close": "</em>",
    "em_open": "<em>",
    "hardbreak": "<br>",
    "s_close": "</s>",
    "s_open": "<s>",
    "strong_close": "</strong>",
    "strong_open": "<strong>",
}
LONGEST = 500
"""How many spans and texts of a paragraph an element may reach over whose content goes with it."""

_TASK = re.compile(r"\[([ xX])\](?=\s)")
_JOINED = re.compile(rf"[{WIDE}\u3000-\u303f\uff00-\uffef]\n[{WIDE}\u3000-\u303f\uff00-\uffef]")


class Writer:
    """Writes one document's tokens; gathers its findings."""

    def __init__(self, where: Where, code: Callable[[str], str]) -> None:
        self.where = where
        self.code = code
        self.findings: list[Finding] = []
        self.raw = False
        self.note_lines: dict[int, int] = {}
        self.line = 0

    def report(self, message: str, line: int) -> None:
        self.findings.append(Finding("content", "warn", message, at(self.where, line)))

    def line_of(self, token: Token) -> int:
        """The line (from 0) on which a block begins; that of the reference for a footnote written in its place."""
        return token.map[0] if token.map else self.line

    def blocks(self, tokens: Sequence[Token]) -> str:
        """The HTML of a run of block tokens. ``raw`` then says whether an author's own tags are in it."""
        self.raw = False
        parts: list[str] = []
        for index, token in enumerate(tokens):
            kind = token.type
            if kind in _TAGS:
                parts.append(_TAGS[kind])
            elif kind == "inline":
                parts.append(self.inline(token))
            elif kind == "paragraph_open":
                parts.append(_open_paragraph(tokens, index))
            elif kind == "paragraph_close":
                parts.append("" if token.hidden else "</p>\n")
            elif kind == "list_item_open":
                parts.append(self._list_item_open(tokens, index))
            else:
                parts.append(getattr(self, f"_{kind}")(token))
        return "".join(parts)

    def _ordered_list_open(self, token: Token) -> str:
        start = token.attrs.get("start")
        return "<ol>\n" if start is None else f'<ol start="{start}">\n'

    def _th_open(self, token: Token) -> str:
        return f'<th scope="col"{_align(token)}>'

    def _td_open(self, token: Token) -> str:
        return f"<td{_align(token)}>"

    def _fence(self, token: Token) -> str:
        return f"<pre><code>{escape(self.code(token.content.rstrip()), quote=False)}</code></pre>\n"

    _code_block = _fence

    def _html_block(self, token: Token) -> str:
        self.raw = True
        written = raw_html.block(token.content.rstrip("\n"), self.line_of(token), self.report).strip(" ")
        return f"{written}\n" if written else ""

    def _leftover(self, token: Token) -> str:
        if shown := leftovers.shown(token.content):
            self.report(raw_html.left_out(shown), self.line_of(token))
        return ""

    def _footnote_open(self, token: Token) -> str:
        self.line = self.note_lines.get(token.meta["id"], self.line)
        return "<li>"

    def _list_item_open(self, tokens: Sequence[Token], index: int) -> str:
        """A list item; the box of a task list as a character."""
        first = tokens[index + 2] if index + 2 < len(tokens) else None
        if first is None or first.type != "inline" or not first.children or first.children[0].type != "text":
            return "<li>"
        text = first.children[0]
        if task := _TASK.match(text.content):
            text.content = ("\u2610" if task[1] == " " else "\u2611") + text.content[task.end() :]
        return "<li>"

    def inline(self, token: Token) -> str:
        """The HTML of the content of a paragraph, heading or cell."""
        children = token.children or ()
        if len(children) == 1 and children[0].type == "text":
            return escape(children[0].content, quote=False)
        return _Paragraph(self, token).write(children)


def _open_paragraph(tokens: Sequence[Token], index: int) -> str:
    """A tight list's paragraphs have no tags; two that follow one another must not run together."""
    if not tokens[index].hidden:
        return "<p>"
    return "<br>" if index and tokens[index - 1].type == "paragraph_close" and tokens[index - 1].hidden else ""


def _align(token: Token) -> str:
    style = str(token.attrs.get("style", ""))
    return f' align="{style.removeprefix("text-align:")}"' if style else ""


class _Paragraph:
    """Writes the content of one paragraph, heading or cell. What an author's tags open in it is closed in it."""

    def __init__(self, writer: Writer, token: Token) -> None:
        self.writer = writer
        self.content = token.content
        self.line = writer.line_of(token)
        self.position = 0
        self.depth = 0
        self.skip = 0
        self.links: list[bool] = []
        self.open: list[str] = []

    def write(self, children: Sequence[Token]) -> str:
        parts: list[str] = []
        for index, child in enumerate(children):
            kind = child.type
            if index < self.skip:
                continue
            if kind == "text":
                parts.append(escape(child.content, quote=False))
            elif kind in _SPANS:
                self._nest(child.nesting)
                parts.append(_SPANS[kind])
            else:
                parts.append(getattr(self, f"_{kind}")(children, index))
        return "".join(parts).strip(" ") + "".join(raw_html.closing(name) for name in reversed(self.open))

    def _nest(self, change: int) -> None:
        self.depth += change
        if self.depth > NESTING:
            raise too_deep(at(self.writer.where, self.line))

    def _seek(self, token: Token) -> int:
        """The line on which a child begins."""
        position = token.meta.get("pos", self.position)
        self.line += self.content.count("\n", self.position, position)
        self.position = max(position, self.position)
        return self.line

    def _softbreak(self, children: Sequence[Token], index: int) -> str:
        """A blank, never a line break, which MJML may drop; nothing where the script has no blanks."""
        before = children[index - 1].content[-1:] if index else ""
        after = children[index + 1].content[:1] if index + 1 < len(children) else ""
        return "" if before > "\u2fff" and _JOINED.fullmatch(f"{before}\n{after}") else " "

    def _code_inline(self, children: Sequence[Token], index: int) -> str:
        return f"<code>{escape(self.writer.code(children[index].content), quote=False)}</code>"

    def _link_open(self, children: Sequence[Token], index: int) -> str:
        token = children[index]
        line = self._seek(token)
        self._nest(1)
        href = raw_html.usable(str(token.attrs["href"]), "link to", line, self.writer.report)
        self.links.append(bool(href))
        return raw_html.start("a", {"href": href, "title": str(token.attrs.get("title", ""))}, line) if href else ""

    def _link_close(self, children: Sequence[Token], index: int) -> str:
        self._nest(-1)
        return "</a>" if self.links.pop() else ""

    def _image(self, children: Sequence[Token], index: int) -> str:
        token = children[index]
        line = self._seek(token)
        source = raw_html.usable(str(token.attrs["src"]), "picture", line, self.writer.report)
        words = {"alt": plain(token.children or ()), "title": str(token.attrs.get("title", ""))}
        return raw_html.start("img", {"src": source, **words}, line) if source else ""

    def _footnote_ref(self, children: Sequence[Token], index: int) -> str:
        number = children[index].meta["id"]
        self.writer.note_lines.setdefault(number, self.line)
        return f'<sup class="footnote">{number + 1}</sup>'

    def _leftover(self, children: Sequence[Token], index: int) -> str:
        token = children[index]
        line, tag = self._seek(token), token.content
        if literal := leftovers.literal(tag):
            return escape(literal, quote=False)
        if shown := leftovers.shown(tag):
            self.writer.report(raw_html.left_out(shown), line)
        return " " if tag.startswith("<") and tag[1] != "/" and self._before() == ">" else ""

    def _html_inline(self, children: Sequence[Token], index: int) -> str:
        self.writer.raw = True
        piece = next(raw_html.pieces(children[index].content), None)
        if piece is None or not piece["name"]:
            return ""
        name = piece["name"].lower()
        written = raw_html.tag(piece, self._seek(children[index]), self.writer.report)
        if piece["end"]:
            return written if self._close(name) else ""
        if name in WITHOUT_WORDS:
            self.skip = _end_of(name, children, index)
        elif name not in VOID and written.startswith("<"):
            self.open.append(name)
        return written or raw_html.gap(name, False, self._before())

    def _before(self) -> str:
        """The character before the child that was sought last."""
        return self.content[max(0, self.position - 1) : self.position]

    def _close(self, name: str) -> bool:
        if name not in self.open:
            return False
        del self.open[len(self.open) - 1 - self.open[::-1].index(name)]
        return True


def _end_of(name: str, children: Sequence[Token], index: int) -> int:
    """Behind which child an element ends whose content goes with it, in the link or emphasis where it begins. Of one
    that isn't closed there, code goes as far as that reaches, and of other elements only the tag."""
    depth = 0
    position = index + 1
    for child in children[position : position + LONGEST]:
        depth += child.nesting
        if depth < 0:
            break
        position += 1
        if not depth and child.type == "html_inline" and child.content.lower().startswith(f"</{name}"):
            return position
    return position if name in raw_html.CODE else index + 1


def plain(children: Sequence[Token], pictures: bool = True) -> str:
    """The words of a heading or of a picture's alternative text, without markup; ``pictures`` by their own."""
    parts = []
    skip = 0
    for index, child in enumerate(children):
        if index < skip:
            continue
        if child.type in {"text", "code_inline"}:
            parts.append(child.content)
        elif child.type in {"softbreak", "hardbreak"}:
            parts.append(" ")
        elif child.type == "image" and pictures:
            parts.append(plain(child.children or ()))
        elif child.type == "html_inline" and (name := _name(child)) in WITHOUT_WORDS:
            skip = _end_of(name, children, index)
    return "".join(parts)


def _name(html: Token) -> str:
    """The name of the element that a tag begins; nothing for an end tag or a comment."""
    found = re.match(r"<([A-Za-z][^\s/>]*)", html.content)
    return found[1].lower() if found else ""
