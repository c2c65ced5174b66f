"""What a dialect is: the table of how one service's merge tags are written.

In a table's patterns, words in capitals stand for what is filled in: ``FIELD`` for how the service calls a field,
``VALUE`` for that with what else belongs to the value (the items of a list joined, a fallback), ``FALLBACK``, ``ITEM``,
``SIGN`` and ``DATE`` for what they say, and ``TEST`` for a condition's test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pipeline.pieces import Context

# A test that holds, and one that doesn't; "" where the language has no words for it.
Form = tuple[str, str]
NONE: Form = ("", "")
EMPTY: Mapping[str, str] = MappingProxyType({})


def everywhere(html: str, text: str, url_part: str = "") -> Mapping[Context, str]:
    """The tag of a value by context, from that in HTML, in plain text, and in an address where that can be encoded."""
    part = {Context.URL_PART: url_part} if url_part else {}
    return {Context.HTML: html, Context.URL: html, Context.TEXT: text, Context.HEADER: text, **part}


@dataclass(frozen=True, slots=True)
class Conditions:
    """How a service shows something to some readers only: ``{% if TEST %}…{% else %}…{% endif %}``.

    ``WORD`` in ``closes`` is the first word of the test, as Handlebars wants it. ``either`` stands between two tests
    of which one is enough; without it, what is to be shown is written once for each of them.
    """

    opens: str
    otherwise: str
    closes: str
    known: Form
    equals: Form = NONE
    has: Form = NONE
    compares: Form = NONE
    either: str = ""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One service's merge tags.

    ``fields`` are its own names of fields by ours, and ``others`` says how it calls any other field; ``None`` where it
    has no others. ``urls`` are its tags for a reader's own pages, by our names of them; "" for one that is a field
    like any other.

    ``prints`` is the tag of a value by context; that for a part of an address is missing where the service can't
    encode one. ``joins`` is the value of a list, ``falls_back`` a value with a fallback; one that
    ``always_falls_back`` must have one, be it empty. Where a fallback stands beside the tag, it is as ``conditions``
    have it, or as ``sections`` do, in which the value is called ``item``.

    ``tag`` finds the tags that authors write themselves; ``begins`` the first character of what the service would take
    for a tag, and ``literal`` is that character, ``OPEN``, as plain text has to have it; "" where it can't have it.

    ``pages`` are the pages that all this was read from; ``limits`` tell people what can't be done, and what wasn't
    found.
    """

    name: str
    title: str
    pages: tuple[str, ...]
    prints: Mapping[Context, str]
    tag: re.Pattern[str]
    begins: re.Pattern[str]
    fields: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    others: Callable[[str], str] | None = None
    urls: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    joins: str = ""
    falls_back: str = ""
    always_falls_back: bool = False
    sections: str = ""
    item: str = ""
    conditions: Conditions | None = None
    literal: str = ""
    limits: tuple[str, ...] = ()
