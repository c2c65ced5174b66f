"""The HTML that stands in an MJML tag -> what is wrong with it. mrml and browsers would both repair it in silence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

# HTML Living Standard, "Void elements" and "Optional tags".
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)
_CELLS = frozenset({"td", "th"})
_ROWS = _CELLS | {"tr"}
_GROUPS = _ROWS | {"tbody", "thead", "tfoot", "caption", "colgroup"}
_ENDS = {  # A start tag, and the open tags that it ends.
    **dict.fromkeys(("dd", "dt"), frozenset({"dd", "dt"})),
    **dict.fromkeys(("td", "th"), _CELLS),
    **dict.fromkeys(("tbody", "thead", "tfoot"), _GROUPS),
    **{name: frozenset({name}) for name in ("li", "option", "p", "optgroup", "rt", "rp")},
    "tr": _ROWS,
}
_END_OPTIONAL = _GROUPS | frozenset(_ENDS)

MAX_DEPTH = 100  # Deeper nesting overflows the stack of parsers further on, and the process ends with it.
TOO_DEEP = f"tags are nested more than {MAX_DEPTH} levels deep"

_ATTRIBUTES = r"""(?:[^>"']++|"[^"]*+"|'[^']*+')*"""
_MARKUP = re.compile(
    rf"""<(?:
        (?P<comment>!--(?:-?>|.*?-->) | !\[(?:if|endif)\b[^>]*>)
      | (?P<text>(script|style|textarea|title|xmp)(?=[\s/>]){_ATTRIBUTES}>.*?</\3\s*>)
      | /(?P<end>[a-z][^\s/>]*+)[^>]*>
      | (?P<start>[a-z][^\s/>]*+)(?P<attributes>{_ATTRIBUTES})>
      | (?P<bad>[a-z/!?][^\s<>]*)
      | (?P<bare>)
    )""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


@dataclass(slots=True)
class Fragment:
    """HTML that was looked at. ``bare`` has the offsets at which a ``<`` is only a character; ``open`` has the names
    and offsets of the tags that nothing has closed yet."""

    problems: list[tuple[int, str]] = field(default_factory=list)
    bare: list[int] = field(default_factory=list)
    open: list[tuple[str, int]] = field(default_factory=list)
    blamed: list[str] = field(default_factory=list)


def inspect(html: str, offset: int = 0, depth: int = 0, opened: Iterable[tuple[str, int]] = ()) -> Fragment:
    """Look at HTML that begins at ``offset``, ``depth`` levels deep, where ``opened`` was open already."""
    fragment = Fragment(open=list(opened))
    stack = fragment.open
    for found in _MARKUP.finditer(html):
        kind = found.lastgroup
        if kind == "end":
            name = found["end"].lower()
            if stack and stack[-1][0] == name:
                stack.pop()
            else:
                _close(fragment, name, offset + found.start())
        elif kind == "attributes":
            name = found["start"].lower()
            if name not in _VOID:
                _open(fragment, name, found["attributes"].endswith("/"), offset + found.start())
                if len(stack) + depth > MAX_DEPTH:
                    fragment.problems.append((offset + found.start(), TOO_DEEP))
                    stack.clear()
                    break
        elif kind == "bare":
            fragment.bare.append(offset + found.start())
        elif kind == "bad":
            fragment.problems.append((offset + found.start(), bad(found["bad"])))
            stack.clear()
            break
    return fragment


def _open(fragment: Fragment, name: str, ended: bool, offset: int) -> None:
    if ended:
        if not _may_end_itself(name, fragment):
            fragment.problems.append((offset, f"<{name}/> does not close itself in HTML; write <{name}></{name}>"))
        return
    if name in _ENDS:
        while fragment.open and fragment.open[-1][0] in _ENDS[name]:
            fragment.open.pop()
    fragment.open.append((name, offset))


def _may_end_itself(name: str, fragment: Fragment) -> bool:
    return ":" in name or any(outer in ("svg", "math") for outer, _ in fragment.open) or name in ("svg", "math")


def _close(fragment: Fragment, name: str, offset: int) -> None:
    if any(outer == name for outer, _ in fragment.open):
        while fragment.open[-1][0] != name:
            _blame(fragment, *fragment.open.pop(), f"before </{name}>")
        fragment.open.pop()
    elif name in fragment.blamed:
        fragment.blamed.remove(name)
    else:
        fragment.problems.append((offset, f"</{name}> closes nothing"))


def _blame(fragment: Fragment, name: str, offset: int, before: str) -> None:
    if name not in _END_OPTIONAL:
        fragment.problems.append((offset, f"<{name}> is not closed {before}"))
        fragment.blamed.append(name)


def still_open(opened: Iterable[tuple[str, int]], before: str) -> Iterator[tuple[int, str]]:
    """A problem for each tag that has to be closed and is not."""
    return ((offset, f"<{name}> is not closed {before}") for name, offset in opened if name not in _END_OPTIONAL)


def bad(written: str) -> str:
    """What is wrong with markup that begins so; ``written`` is what follows the bracket."""
    if written.startswith("!--"):
        return "a comment is not closed; end it with -->"
    if written.upper().startswith("![CDATA["):
        return "CDATA means nothing in HTML; take it out, and write < as &lt;"
    if written[0] in "!?":
        return f"<{written} can't stand here"
    return f"the tag <{written} is broken; a quote or a > is missing, or a < should be &lt;"
