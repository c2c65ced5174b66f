"""Conditional comments, as Word reads them: https://www.hteumeuleu.com/2020/outlook-rendering-engine/."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

RULE = "conditional-comments"

# <!--[if mso]>, also with the <!--> or --> that lets other clients see what follows; and <![if mso]>.
_MARK = re.compile(
    r"<!--\[if\s(?P<hidden>[^\]>]{1,64})\]>(?:<!-->|-->)?|<!\[if\s(?P<shown>[^\]>]{1,64})\]>"
    r"|(?P<end>(?:<!--\s*)?<!\[endif\](?:-->|>))",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"<!--/?block:\d+-->")
_ATOM = re.compile(r"(?:(gte|gt|lte|lt)\s+)?([a-z]+)(?:\s+(\d+(?:\.\d+)?))?", re.IGNORECASE)
_STEPS = (
    (re.compile(r"!!|!T|!F|\([TF]\)"), lambda found: {"!!": "", "!T": "F", "!F": "T"}.get(found[0], found[0][1:2])),
    (re.compile(r"[TF]&[TF]"), lambda found: "T" if found[0] == "T&T" else "F"),
    (re.compile(r"(?<![!&])([TF])\|([TF])(?!&)"), lambda found: "T" if "T" in found[0] else "F"),
)
# Word 2016 and all later ones; it knows VML, and is no Internet Explorer.
_VERSIONS = {"mso": 16.0, "vml": 1.0}


def shown(html: str, counts: Counter[str]) -> str:
    """The HTML with what Word sees of its conditional parts; those that it doesn't see go. The marks of blocks stay."""
    pieces: list[str] = []
    seen, end = [True], 0
    for mark in _pairs(html):
        _add(pieces, html[end : mark.start()], all(seen))
        end = mark.end()
        if mark["end"]:
            seen.pop()
        else:
            seen.append(holds(mark["hidden"] or mark["shown"]))
            counts[RULE] += 1
    _add(pieces, html[end:], True)
    return "".join(pieces)


def _add(pieces: list[str], html: str, seen: bool) -> None:
    pieces += [html] if seen else _BLOCK.findall(html)


def _pairs(html: str) -> list[re.Match[str]]:
    """The marks that have their counterpart, in order."""
    opened: list[re.Match[str]] = []
    paired = []
    for mark in _MARK.finditer(html):
        if not mark["end"]:
            opened.append(mark)
        elif opened:
            paired += [opened.pop(), mark]
    return sorted(paired, key=re.Match.start)


@lru_cache(maxsize=256)
def holds(condition: str) -> bool:
    """Whether Word's answer is yes: ``gte mso 9``, ``!mso``, ``(mso)|(IE)``. What can't be read is not so."""
    text = re.sub(r"\s", "", _ATOM.sub(_answer, condition))
    before = None
    while text != before:
        before = text
        for pattern, result in _STEPS:
            text, changed = pattern.subn(result, text)
            if changed:
                break
    return text == "T"


def _answer(atom: re.Match[str]) -> str:
    version = _VERSIONS.get(atom[2].lower())
    if version is None:
        return "T" if atom[2].lower() == "true" else "F"
    asked = float(atom[3]) if atom[3] else version
    answers = {"gte": version >= asked, "gt": version > asked, "lte": version <= asked, "lt": version < asked}
    return "T" if answers.get((atom[1] or "").lower(), version == asked) else "F"
