"""HTML -> a tree that can be pruned -> HTML. Comments, above all the marks of blocks, outlive what they stand in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree
from lxml.html import HTMLParser

_NAME = re.compile(r"[A-Za-z][\w:.-]*")
_ATTRIBUTE = re.compile(r"[^\s\"'<>/=\x00-\x1f]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", 0xA0: "&nbsp;"}
_QUOTED = _ESCAPES | {ord('"'): "&quot;"}


def parse(html: str) -> Any:
    """The html element of a mail, whatever the text is."""
    text = _CONTROL.sub("", html).encode("utf-8", "replace")
    for start in (b"", b"<html><body>"):
        parser = HTMLParser(encoding="utf-8", huge_tree=True)
        try:
            root = etree.fromstring(start + text, parser)
        except etree.XMLSyntaxError:
            continue
        if root is not None:
            return root
    return etree.fromstring("<html></html>", HTMLParser())


def is_element(node: Any) -> bool:
    return isinstance(node.tag, str)


def drop(element: Any) -> None:
    """Take the element out with all that is in it but comments, which stand in its place."""
    for comment in reversed(list(element.iter(etree.Comment))):
        comment.tail = None
        element.addnext(comment)
    element.drop_tree()


def unwrap(element: Any) -> None:
    """Take the element out and leave what is in it."""
    element.drop_tag()


def serialize(root: Any) -> str:
    """The tree as HTML, with the comments around it. Written here because libxml2 rewrites addresses: it would turn
    ``href="{{ url }}"`` into ``href="{{%20url%20}}"``."""
    before = [_comment(node) for node in root.itersiblings(etree.Comment, preceding=True)]
    after = [_comment(node) for node in root.itersiblings(etree.Comment)]
    return "".join(["<!doctype html>\n", *reversed(before), *_written(root), *after])


def _written(root: Any) -> Iterator[str]:
    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event == "start":
            yield _start(node)
        else:
            if event == "comment":
                yield _comment(node)
            elif event == "end" and node.tag not in _VOID and _NAME.fullmatch(node.tag):
                yield f"</{node.tag}>"
            if node.tail and node is not root:
                yield node.tail.translate(_ESCAPES)


def _comment(node: Any) -> str:
    return f"<!--{node.text or ''}-->"


def _start(element: Any) -> str:
    text = element.text or ""
    text = text if element.tag == "style" else text.translate(_ESCAPES)
    if not _NAME.fullmatch(element.tag):
        return text
    attributes = [
        f' {name}="{value.translate(_QUOTED)}"' for name, value in element.items() if _ATTRIBUTE.fullmatch(name)
    ]
    return f"<{element.tag}{''.join(attributes)}>{text}"
