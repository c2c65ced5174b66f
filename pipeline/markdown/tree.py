"""The HTML that ``render`` wrote, as a tree that remembers where in it each node stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape

from pipeline.markdown.sanitise import VOID, names

BLOCKS = names("blockquote caption dd div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre table tbody td tfoot th thead tr ul")

_TOKEN = re.compile(r'<!--.*?-->|<(/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+(?:="[^"]*")?)*)\s*/?>|[^<]+|<', re.DOTALL)
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')
_BLANKS = re.compile(r"[ \t\n\r\f]+")


@dataclass(slots=True)
class Node:
    """An element, or a text where ``tag`` is empty. ``html[start:end]`` is the whole of it, ``html[inner:tail]``
    what stands between its tags."""

    tag: str
    start: int
    inner: int
    source: str = ""
    tail: int = 0
    end: int = 0
    text: str = ""
    children: list[Node] = field(default_factory=list)


def parse(html: str) -> Node:
    """The tree of sanitised HTML below one root. Tags that don't match are passed over, never an error."""
    root = Node("", 0, 0, tail=len(html), end=len(html))
    path = [root]
    for token in _TOKEN.finditer(html):
        closing, tag, attributes = token.groups()
        if tag is None:
            if not token[0].startswith("<!--"):
                path[-1].children.append(_text(token))
        elif not closing:
            node = Node(tag, token.start(), token.end(), attributes, token.end(), token.end())
            path[-1].children.append(node)
            if tag not in VOID:
                path.append(node)
        elif any(node.tag == tag for node in path):
            _close(path, tag, token)
    for node in path[1:]:
        node.tail = node.end = len(html)
    return root


def _text(token: re.Match[str]) -> Node:
    return Node("", token.start(), token.start(), "", token.end(), token.end(), unescape(token[0]))


def _close(path: list[Node], tag: str, token: re.Match[str]) -> None:
    while True:
        node = path.pop()
        node.tail, node.end = token.start(), token.start()
        if node.tag == tag:
            node.end = token.end()
            return


def attribute(node: Node, name: str) -> str:
    """The attribute's value, decoded; nothing where there is none."""
    return next((unescape(value) for key, value in _ATTRIBUTE.findall(node.source) if key == name), "")


def is_footnote(node: Node) -> bool:
    return node.tag == "sup" and attribute(node, "class") == "footnote"


def blocks(nodes: Iterable[Node]) -> Iterator[Node]:
    """The nodes as blocks: each run of text and inline elements becomes one ``p``, blanks between blocks go."""
    run: list[Node] = []
    for node in nodes:
        if node.tag not in BLOCKS:
            run.append(node)
            continue
        yield from _run(run)
        run = []
        yield node
    yield from _run(run)


def _run(nodes: list[Node]) -> Iterator[Node]:
    if any(node.tag or node.text.strip() for node in nodes):
        start, end = nodes[0].start, nodes[-1].end
        yield Node("p", start, start, "", end, end, children=nodes)


def words(node: Node) -> str:
    """The node's text without markup, pictures and footnote numbers; blocks apart, blanks as they come."""
    if not node.children or is_footnote(node):
        return " " if node.tag == "br" else node.text
    inner = "".join(words(child) for child in node.children)
    return f" {inner} " if node.tag in BLOCKS else inner


def collapse(text: str) -> str:
    """The text with each run of blanks as one; no-break spaces are no blanks."""
    return _BLANKS.sub(" ", text)


def plain(html: str) -> str:
    """The words of sanitised HTML on one line, without markup, pictures and footnote numbers."""
    return collapse(words(parse(html))).strip()
