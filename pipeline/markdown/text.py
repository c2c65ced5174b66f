"""Sanitised HTML -> the plain-text part: wrapped paragraphs, lists, quotes, tables, code as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from unicodedata import combining, east_asian_width

from pipeline.markdown.tree import BLOCKS, Node, attribute, blocks, collapse, is_footnote, parse
from pipeline.markdown.words import WIDE

NARROWEST = 24
"""However deep lists and quotes nest, a line keeps this many columns."""

_AROUND_BREAKS = re.compile(r" *\n *")
_ADDRESS = re.compile(r"^(?:https?://(?:www\.)?|mailto:|tel:)|/$")
_BREAKABLE = re.compile(
    rf"[（「『【〈《“‘]*(?:[{WIDE}]|[^{WIDE}（「『【〈《]+)[、。，．！？；：）」』】〉》”’ー々…]*|[（「『【〈《]+"
)
_HAS_WIDE = re.compile(f"[{WIDE}]")
_ZERO_WIDTH = frozenset("\u200b\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f\ufeff")


def to_text(html: str, width: int = 72) -> str:
    """Sanitised HTML as plain text of lines of at most ``width`` columns; URLs and code are never broken.

    A link is ``words <url>``, a picture ``[its alternative text]``, a footnote's number ``[1]``.
    """
    return "\n\n".join("\n".join(lines) for lines in _blocks(parse(html).children, width))


def _blocks(nodes: list[Node], width: int) -> Iterator[list[str]]:
    """The lines of each block that has any."""
    for node in blocks(nodes):
        if node.tag == "div":
            yield from _blocks(node.children, width)
        elif lines := _lines(node, max(width, NARROWEST)):
            yield lines


def _lines(node: Node, width: int) -> list[str]:
    match node.tag:
        case "ul" | "ol":
            return _list(node, width)
        case "blockquote":
            return [f"> {line}".rstrip() for line in _spaced(node.children, width - 2)]
        case "pre":
            return _indented(_raw(node).strip("\n").split("\n"))
        case "hr":
            return ["* * *"]
        case "table":
            return _table(node, width)
        case "dl":
            return list(chain.from_iterable(_term(part, width) for part in node.children))
        case "p" | "dt" | "dd" | "li" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
            return _wrap(_words(node), width)
        case _:
            return _spaced(node.children, width)


def _spaced(nodes: list[Node], width: int) -> list[str]:
    """The blocks with a blank line between them."""
    return _joined(list(_blocks(nodes, width)), [""])


def _joined(parts: list[list[str]], between: list[str]) -> list[str]:
    return [line for index, part in enumerate(parts) for line in (between if index else []) + part]


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}".rstrip() for line in lines]


def _term(node: Node, width: int) -> list[str]:
    if node.tag == "dd":
        return _indented(_spaced(node.children, width - 4))
    return _spaced(node.children, width) if node.tag else []


def _list(node: Node, width: int) -> list[str]:
    items = [child for child in node.children if child.tag == "li"]
    footnotes = attribute(node, "class") == "footnotes"
    start = attribute(node, "start")
    first = int(start) if re.fullmatch(r"-?[0-9]{1,9}", start) else 1
    parts = []
    for number, item in enumerate(items, first):
        mark = "- " if node.tag == "ul" else f"[{number}] " if footnotes else f"{number}. "
        parts.append(_item(item, mark, width))
    loose = any(child.tag == "p" for item in items for child in item.children)
    return _joined([part for part in parts if part], [""] if loose else [])


def _item(node: Node, mark: str, width: int) -> list[str]:
    parts = list(_blocks(node.children, width - len(mark)))
    loose = any(child.tag == "p" for child in node.children)
    lines = _joined(parts, [""] if loose else []) or [""]
    return [f"{' ' * len(mark) if index else mark}{line}".rstrip() for index, line in enumerate(lines)]


def _words(node: Node) -> str:
    """The words of a paragraph, with a line break only where the HTML has one."""
    return _AROUND_BREAKS.sub("\n", re.sub(" {2,}", " ", "".join(_inline(node)))).strip(" \n")


def _inline(node: Node) -> Iterator[str]:
    for child in node.children:
        match child.tag:
            case "":
                yield collapse(child.text)
            case "br":
                yield "\n"
            case "img":
                yield f"[{alt}]" if (alt := collapse(attribute(child, "alt")).strip()) else ""
            case "a":
                yield _link(child)
            case "sup":
                yield _raised(child)
            case tag if tag in BLOCKS:
                yield from (" ", *_inline(child), " ")
            case _:
                yield from _inline(child)


def _link(node: Node) -> str:
    words = "".join(_inline(node))
    url = attribute(node, "href")
    if not url or not words.strip():
        return words or f"<{url}>"
    if _ADDRESS.sub("", words.strip()) == _ADDRESS.sub("", url):
        return f"<{url}>"
    after = words[len(words.rstrip()) :]
    return f"{words.rstrip()} <{url}>{after}"


def _raised(node: Node) -> str:
    words = "".join(_inline(node))
    return f"[{words}]" if is_footnote(node) else f"^{words}" if words.strip() else words


def _raw(node: Node) -> str:
    if node.tag == "br":
        return "\n"
    return node.text + "".join(_raw(child) for child in node.children)


def _wrap(text: str, width: int) -> list[str]:
    return [line for part in text.split("\n") for line in _fill(part, width)] if text else []


def _fill(text: str, width: int) -> list[str]:
    """One line, or as many as it takes; a word or a URL that is longer than a line gets a line of its own."""
    if len(text) * 2 <= width or (len(text) <= width and text.isascii()):
        return [text]
    lines: list[str] = []
    line, used = "", 0
    for word, blank in _units(text):
        columns = len(word) if word.isascii() else _columns(word)
        if used and used + blank + columns > width:
            lines.append(line)
            line, used = word, columns
        elif used and blank:
            line, used = f"{line} {word}", used + 1 + columns
        else:
            line, used = line + word, used + columns
    return [*lines, line]


def _units(text: str) -> Iterable[tuple[str, bool]]:
    """What a line may not break, and whether a blank stands before it. Han and kana break between characters."""
    words = text.split(" ")
    if not _HAS_WIDE.search(text):
        return [(word, True) for word in words]
    return [unit for word in words for unit in _parts(word)]


def _parts(word: str) -> list[tuple[str, bool]]:
    if "://" in word or not _HAS_WIDE.search(word):
        return [(word, True)]
    return [(part, index == 0) for index, part in enumerate(_BREAKABLE.findall(word))]


def _columns(text: str) -> int:
    """How many columns of a terminal or a monospaced mail the text takes."""
    if text.isascii():
        return len(text)
    return sum(_column(char) for char in text)


def _column(char: str) -> int:
    if combining(char) or char in _ZERO_WIDTH:
        return 0
    return 2 if east_asian_width(char) in "WF" else 1


def _table(node: Node, width: int) -> list[str]:
    """Columns side by side where they fit; else each row as a list of ``heading: value``."""
    rows = [[cell for cell in row.children if cell.tag in {"th", "td"}] for row in _rows(node)]
    texts = [[_words(cell).replace("\n", " ") for cell in row] for row in rows if row]
    caption = next((_wrap(_words(child), width) for child in node.children if child.tag == "caption"), [])
    if not any(chain.from_iterable(texts)):
        return caption
    headed = all(cell.tag == "th" for cell in next(row for row in rows if row))
    widths = [max(_columns(cell) for cell in column) for column in _columns_of(texts)]
    if sum(widths) + 2 * (len(widths) - 1) <= width:
        return [*caption, *_grid(texts, widths, [attribute(cell, "align") for cell in rows[0]], headed)]
    return [*caption, *_records(texts, width, headed)]


def _rows(node: Node) -> Iterator[Node]:
    for child in node.children:
        if child.tag == "tr":
            yield child
        elif child.tag in {"thead", "tbody", "tfoot"}:
            yield from _rows(child)


def _columns_of(texts: list[list[str]]) -> list[list[str]]:
    most = max(len(row) for row in texts)
    return [[row[index] if index < len(row) else "" for row in texts] for index in range(most)]


def _grid(texts: list[list[str]], widths: list[int], aligns: list[str], headed: bool) -> list[str]:
    lines = []
    for row in texts:
        cells = [
            _padded(cell, columns, aligns[index] if index < len(aligns) else "")
            for index, (cell, columns) in enumerate(zip(row, widths, strict=False))
        ]
        lines.append("  ".join(cells).rstrip())
    return [lines[0], "  ".join("-" * columns for columns in widths), *lines[1:]] if headed else lines


def _padded(cell: str, columns: int, align: str) -> str:
    room = columns - _columns(cell)
    left = room if align == "right" else room // 2 if align == "center" else 0
    return " " * left + cell + " " * (room - left)


def _records(texts: list[list[str]], width: int, headed: bool) -> list[str]:
    headings, values = (texts[0], texts[1:]) if headed and len(texts) > 1 else ([], texts)
    records = []
    for row in values:
        lines: list[str] = []
        for index, cell in enumerate(row):
            heading = headings[index] if index < len(headings) else ""
            if cell:
                lines += _item_of_record(f"{heading}: {cell}" if heading else cell, width)
        records.append(lines)
    return _joined([lines for lines in records if lines], [""])


def _item_of_record(text: str, width: int) -> list[str]:
    return [f"  {line}" if index else line for index, line in enumerate(_fill(text, width - 2))]
