"""The elements and attributes of HTML, what may stand in what, and the fixed list of what mails need beside it.

HTML Living Standard, sections 4 (elements), 3.2.6 (global attributes), 13.1.2.4 (optional tags), 16.2 (obsolete).
"""

from __future__ import annotations


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


VOID = _words("area base br col embed hr img input link meta source track wbr param")
HEADINGS = _words("h1 h2 h3 h4 h5 h6")
# Flow content that is no phrasing content; each of them ends an open <p>.
BLOCKS = HEADINGS | _words(
    "address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer form header"
    " hgroup hr main menu nav ol p pre search section table ul"
)
# What holds phrasing content only.
PHRASING = HEADINGS | _words(
    "abbr acronym b bdi bdo big button cite code data dfn em i kbd label legend mark meter nobr output p pre progress q"
    " rp rt ruby s samp small span strike strong sub summary sup time tt u var"
)
# What holds whatever may stand around it.
TRANSPARENT = _words("a ins del map noscript object video audio canvas font")
_TABLE = _words("table thead tbody tfoot tr td th col colgroup caption")
ELEMENTS = (
    VOID
    | BLOCKS
    | PHRASING
    | TRANSPARENT
    | _TABLE
    | _words(
        "html head title style body script template li dt dd svg math iframe picture slot datalist select optgroup"
        " option textarea"
    )
)
# Browsers and mail clients draw them all the same.
OBSOLETE = _words("acronym big center dir font nobr param strike tt")

_GROUPS = _words("table thead tbody tfoot")
PARENTS = {
    **dict.fromkeys(("td", "th"), _words("tr")),
    **dict.fromkeys(("thead", "tbody", "tfoot", "caption", "colgroup"), _words("table")),
    **dict.fromkeys(("dt", "dd"), _words("dl div")),
    "tr": _GROUPS,
    "col": _words("colgroup table"),
    "li": _words("ul ol menu dir"),
}
CHILDREN = {
    **dict.fromkeys(("ul", "ol", "menu", "dir"), _words("li script template")),
    **dict.fromkeys(("thead", "tbody", "tfoot"), _words("tr script template")),
    "table": _words("caption colgroup col thead tbody tfoot tr script template"),
    "tr": _words("td th script template"),
    "dl": _words("dt dd div script template"),
    "head": _words("title style meta link base script noscript template"),
}
METADATA = _words("title style meta link base")

# A start tag, and the open elements that it ends.
_CELLS = _words("td th")
_ROWS = _CELLS | {"tr"}
ENDS = {
    **dict.fromkeys(("td", "th"), _CELLS),
    **dict.fromkeys(("thead", "tbody", "tfoot"), _ROWS | _words("thead tbody tfoot caption colgroup")),
    **dict.fromkeys(("dd", "dt"), _words("dd dt")),
    **dict.fromkeys(("rt", "rp"), _words("rt rp")),
    "tr": _ROWS | _words("caption colgroup"),
    "li": _words("li"),
    "option": _words("option"),
    "optgroup": _words("option optgroup"),
    "body": _words("head"),
}
END_OPTIONAL = _words("html head body li dt dd p rt rp optgroup option colgroup caption thead tbody tfoot tr td th")

_GLOBAL = _words(
    "accesskey autocapitalize autofocus class contenteditable dir draggable enterkeyhint hidden id inert inputmode is"
    " itemid itemprop itemref itemscope itemtype lang nonce popover role slot spellcheck style tabindex title translate"
    " xml:lang xmlns"
)
_PREFIXES = ("data-", "aria-", "xmlns:", "on")
_LINK = _words("href target download ping rel hreflang referrerpolicy")
# What tables need of old in Outlook, which reads no CSS for it.
_OF_TABLES = _words(
    "align valign bgcolor background border cellpadding cellspacing width height nowrap summary frame rules"
)
_OWN = {
    **dict.fromkeys(("blockquote", "q"), _words("cite")),
    **dict.fromkeys(("ins", "del"), _words("cite datetime")),
    **dict.fromkeys(_TABLE, _OF_TABLES),
    "a": _LINK | {"type"},
    "area": _LINK | _words("alt coords shape"),
    "img": _words(
        "alt src srcset sizes crossorigin usemap ismap width height referrerpolicy decoding loading"
        " fetchpriority border"
    ),
    "meta": _words("name http-equiv content charset media property"),
    "style": _words("media type blocking"),
    "td": _OF_TABLES | _words("colspan rowspan headers"),
    "th": _OF_TABLES | _words("colspan rowspan headers scope abbr"),
    "col": _OF_TABLES | {"span"},
    "colgroup": _OF_TABLES | {"span"},
    "ol": _words("reversed start type"),
    "li": _words("value"),
    "time": _words("datetime"),
    "data": _words("value"),
    "details": _words("open name"),
    "dialog": _words("open closedby"),
    "map": _words("name"),
    "slot": _words("name"),
}
_OBSOLETE_ATTRIBUTES = _words(
    "align valign bgcolor background border bordercolor width height hspace vspace clear color face size noshade type"
    " compact link vlink alink text topmargin leftmargin rightmargin bottommargin marginwidth marginheight name nowrap"
    " language scope axis abbr char charoff charset rev longdesc summary cellpadding cellspacing version profile"
)
# Forms, media and what H04 forbids anyway have attributes of their own, which nobody lists here.
_UNLISTED = _words(
    "audio base button canvas datalist embed fieldset form iframe input label legend link math meter noscript object"
    " optgroup option output param picture progress script select source svg template textarea track video"
)


def attribute_fault(element: str, name: str) -> tuple[str, bool]:
    """What is wrong with an attribute on an element, "" for nothing; and whether it is only out of date."""
    if element in _UNLISTED or element not in ELEMENTS:
        return "", False
    if name in _GLOBAL or name.startswith(_PREFIXES) or name in _OWN.get(element, ()):
        return "", False
    if name in _OBSOLETE_ATTRIBUTES:
        return f'<{element}> has the obsolete attribute "{name}"', True
    return f'<{element}> has an attribute "{name[:40]}" that HTML doesn\'t know', False
