"""Conditional comments as they are written -> those that a browser, or Outlook, reads otherwise than they were meant.

A browser ends every comment at the first ``-->``; Outlook ends it at ``<![endif]``. Forms: hidden from browsers,
``<!--[if mso]>…<![endif]-->``; shown to them, ``<!--[if !mso]><!-->…<!--<![endif]-->`` or ``<![if !mso]>…<![endif]>``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.checks.reading.markup import Token
from pipeline.clients import conditional

_OPENS = re.compile(r"\[if\s([^\]]*)\]>", re.IGNORECASE)
_BARE = re.compile(r"<!\[if\s([^\]]*)\]>", re.IGNORECASE)
_NESTED = re.compile(r"<!--\s*\[if\s", re.IGNORECASE)
_MARK = re.compile(r"<!\[(?:if\s|endif\])", re.IGNORECASE)
# What looks like a mark, be it a right one or not.
_MEANT = re.compile(r"\s*(?:<!)?\s*\[\s*(?:if|end\s*if)\b", re.IGNORECASE)
_END = "<![endif]"
_REVEALED = re.compile(r"\s*(?:<!(?:--)?\s*)?--!?>")
_CLOSES = re.compile(r"(?:<!--\s*)?<!\[endif\](?:\s*-->|--|)>?", re.IGNORECASE)
_BLOCK = re.compile(r"<!--/?block:\d+$")
_TABLE = frozenset(("table", "tr", "td", "th"))


def problems(tokens: Sequence[Token]) -> list[tuple[int, str]]:
    """Offset and words of each conditional comment that isn't well formed, or has no counterpart."""
    found: list[tuple[int, str]] = []
    opened: list[tuple[int, str]] = []
    for kind, offset, _, text, hidden in tokens:
        if hidden or kind not in ("comment", "declaration"):
            continue
        wrong = _of_comment(text, offset, opened) if kind == "comment" else _of_declaration(text, offset, opened)
        if wrong:
            found.append((offset, wrong))
    found += [(offset, f"{mark} is never closed") for offset, mark in opened if mark]
    return found


def _of_comment(text: str, offset: int, opened: list[tuple[int, str]]) -> str:
    """What is wrong with a comment. ``opened`` gets the marks that wait for their counterparts; "" for one that has
    been told of already."""
    ended = re.fullmatch(r"<!--(.*?)--!?>", text, re.DOTALL)
    content = ended[1] if ended else text[4:]
    found = _OPENS.match(content)
    if found is None:
        if content.strip().lower() == _END:
            return _close(opened, text)
        return f"{_line(text)} is no conditional comment to Outlook" if _MEANT.match(content) else ""
    mark, within = f"<!--{found[0]}", content[found.end() :].rstrip()
    if not ended:
        return f"{mark} is never closed: all behind it is lost"
    if _REVEALED.fullmatch(text, 4 + found.end()):
        opened.append((offset, f"{mark}<!-->"))
        return ""
    if not within.lower().endswith(_END):
        opened.append((offset, ""))
        last = _line(_BLOCK.sub("", within)[-30:])
        return f'{mark} ends early, at the "-->" after {last}: readers see what was meant for Outlook'
    if _NESTED.search(within):
        opened.append((offset, ""))
        return f"{mark} holds another conditional comment: a comment can't stand in a comment"
    return _of_hidden(mark, found[1], within[: -len(_END)])


def _of_hidden(mark: str, condition: str, within: str) -> str:
    depth = 0
    for found in _MARK.finditer(within):
        depth += -1 if found[0].lower() == _END else 1
        if depth < 0:
            return f"{mark} holds an <![endif] too many"
    if depth:
        return f"{mark} holds an <![if …]> that nothing closes"
    if "!" in condition and not conditional.holds(condition):
        return f"{mark} hides what is in it from everyone; write {mark}<!--> … <!--{_END}-->"
    return ""


def _of_declaration(text: str, offset: int, opened: list[tuple[int, str]]) -> str:
    if _BARE.fullmatch(text):
        opened.append((offset, text))
        return ""
    if text.lower() in (f"{_END}>", f"{_END}-->"):
        return _close(opened, text)
    return f"{_line(text)} is no conditional comment to Outlook" if _MEANT.match(text) else ""


def _close(opened: list[tuple[int, str]], mark: str) -> str:
    if not opened:
        return f"{mark} closes nothing"
    opened.pop()
    return ""


def _line(text: str) -> str:
    return " ".join(text.split())[:40]


def outlook_tables(tokens: Sequence[Token]) -> tuple[int, str] | None:
    """Offset and words of the first tag of a table that has no counterpart in the HTML as Outlook has it. The
    conditional comments are well formed."""
    stack: list[tuple[str, int]] = []
    shown, inside = [True], True
    for kind, offset, name, text, hidden in tokens:
        if kind in ("comment", "declaration"):
            role, condition = _role(text)
            if hidden:
                continue
            if role == "opens":
                shown.append(shown[-1] and conditional.holds(condition))
            elif role == "closes" and len(shown) > 1:
                shown.pop()
            elif role == "hides":
                inside = conditional.holds(condition)
        elif name in _TABLE and shown[-1] and (inside or not hidden) and kind in ("start", "end"):
            if kind == "start":
                stack.append((name, offset))
            elif stack and stack[-1][0] == name:
                stack.pop()
            else:
                inner = f"while <{stack[-1][0]}> is open" if stack else "that closes nothing"
                return offset, f"in Outlook's HTML there is a </{name}> {inner}"
    return (stack[-1][1], f"in Outlook's HTML a <{stack[-1][0]}> is never closed") if stack else None


def _role(text: str) -> tuple[str, str]:
    """What a comment, or a declaration, is to Outlook; and its condition."""
    found = _OPENS.match(text, 4)
    if found:
        return ("opens" if _REVEALED.fullmatch(text, found.end()) else "hides"), found[1].strip()
    if bare := _BARE.fullmatch(text):
        return "opens", bare[1].strip()
    return ("closes" if _CLOSES.fullmatch(text) else ""), ""
