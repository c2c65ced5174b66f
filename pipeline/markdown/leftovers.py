"""Tags of other generators in Markdown: where they stand, and what a reader is to see of them.

Hugo's shortcodes, Liquid's tags, kramdown's and pandoc's attribute lists, WordPress's shortcodes, MDX's
lines and components, fenced divs, alert markers. Each pattern stops at the next opener of its own kind,
so that openers without an end cost no more than one look at the text.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_HUGO = (
    r"\{\{<(?:(?!\{\{<)[\s\S]){0,2000}?>\}\}|\{\{%(?:(?!\{\{%)[\s\S]){0,2000}?%\}\}"
    r"|\{\{/\*(?:(?!\{\{/\*)[\s\S]){0,2000}?\*/\}\}"
)
_LIQUID_COMMENT = (
    r"\{%-?\s*comment\b(?:(?!\{%-?\s*comment\b)[\s\S])*?\{%-?\s*endcomment\s*-?%\}"
    r"|\{::comment\}(?:(?!\{::comment)[\s\S])*?\{:/(?:comment)?\}"
)
_LIQUID = r"\{%-?\s*[A-Za-z_](?:(?!\{%)[\s\S]){0,2000}?%\}"
_VALUE = r"""=(?:"[^"\n]*+"|'[^'\n]*+'|[^\s"'{}]++)"""
_ATTRIBUTES = rf"(?:[.\#][\w:.\#-]++|[\w:-]++(?:{_VALUE})?)(?:[ \t]++(?:[.\#][\w:.\#-]++|[\w:-]++(?:{_VALUE})?))*"
_KRAMDOWN = rf"\{{:(?:/\w*+|:?[ \t]*+(?:[\w-]++:[ \t]++)?(?:{_ATTRIBUTES}))[ \t]*+/?\}}"
_PANDOC = rf"\{{[ \t]*+(?=[.\#]|[\w:-]+=)(?:{_ATTRIBUTES})[ \t]*+\}}"

_EMPTY_BRACES = r"\{[^{}]*+\}"
_NESTED_BRACES = rf"\{{(?:[^{{}}]++|{_EMPTY_BRACES})*\}}"
_BRACES = rf"\{{(?:[^{{}}]++|{_NESTED_BRACES})*\}}"
_PROPERTY = rf"""\s++(?:[A-Za-z_$][\w$:.-]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|{_BRACES}))?|{_BRACES})"""
_COMPONENT = rf"</?(?P<component>(?=[A-Z][\w.]*[a-z])[A-Z][\w.]*+)(?:{_PROPERTY})*\s*+/?>"

_WITHOUT_WORDS = r"audio|embed|gist|instagram|playlist|soundcloud|tweet|twitter|video|vimeo|youtube"
_WORDPRESS = (
    rf"\[(?P<media>{_WITHOUT_WORDS})\b[^\[\]]{{0,1000}}\][^\[\]]{{0,2000}}\[/(?P=media)\]"
    rf"|\[/?(?P<shortcode>{_WITHOUT_WORDS}|caption|contact-form-7|gallery|gravityform|mc4wp_form|ninja_forms?|slideshare"
    r"|toc|wp_caption|wpforms|(?:et_pb|fusion|su|vc)_\w+)(?P<attributes>(?:[\s=][^\[\]]{0,1000})?)/?\]"
)
_ALERT = r"\[!(?:[A-Za-z]+)\][+-]?"

_BRACED = rf"{_LIQUID_COMMENT}|{_HUGO}|{_LIQUID}|{_KRAMDOWN}"
_INLINE = {
    "{": re.compile(_BRACED),
    "[": re.compile(_WORDPRESS, re.IGNORECASE),
    "<": re.compile(_COMPONENT),
}
_AFTER_MARKUP = re.compile(_PANDOC)
_FIRST = re.compile(_ALERT)
_IN_HTML = re.compile(rf"{_BRACED}|{_WORDPRESS}", re.IGNORECASE)

_END = r"[ \t]*+(?=\n|\Z)"
_LINES = re.compile(rf"(?:(?:{_BRACED}|{_PANDOC}|{_COMPONENT})[ \t]*+)+(?=\n|\Z)|:::+[^\n]*+|\[(?:TOC|toc)\]{_END}")
_CODE = re.compile(
    rf"\{{%-?\s*highlight\b[^%\n]*%\}}{_END}(?:(?!\{{%-?\s*highlight)[\s\S])*?\{{%-?\s*endhighlight\s*-?%\}}{_END}"
    rf"|\{{\{{[<%]\s*highlight\b[^\n]*?[>%]\}}\}}{_END}(?:(?!\{{\{{[<%]\s*highlight)[\s\S])*?"
    rf"\{{\{{[<%]\s*/\s*highlight\s*[>%]\}}\}}{_END}"
)
_MODULE = re.compile(
    rf"import\s++(?:[\w$*{{][^'\";]{{0,2000}}?\bfrom\s*+)?(?:'[^'\n]+'|\"[^\"\n]+\");?{_END}"
    r"|export\s++(?:(?:const|let|var)\s++[\w$]+\s*=|(?:async\s++)?function\b|class\s|\{|\*\s*from"
    r"|default\s++(?:async\b|function\b|class\b|[({]|[\w$]+;?[ \t]*+(?=\n|\Z)))"
)
_BLANK_LINE = re.compile(r"\n[ \t]*(?:\n|\Z)|\Z")

_CLOSER = re.compile(r"\{\{[<%]\s*/|\{%-?\s*end|\{:/|\[/|</|:::+\s*\Z")
_COMMENT = re.compile(r"\{%-?\s*comment\b[^%]*%\}|\{::comment\}")
_ESCAPED = re.compile(r"\{\{([<%])/\*([\s\S]*)\*/([>%])\}\}")
_TOC = re.compile(r"\{:\s*toc\b")
_ID = re.compile(r"\{:?[^{}]*?#([\w:.-]+)")
_HEADING = re.compile(rf"{_KRAMDOWN}|{_PANDOC}|\{{-\}}")

_SITE = re.compile(r"\{\{-?\s*(?:site\.(?:base)?url|\.?[Ss]ite\.BaseURL)\s*-?\}\}")
_FILTERED = re.compile(r"""\{\{-?\s*(["'])([^"'{}]*)\1\s*\|\s*(?:relative_url|absolute_url|relURL|absURL)\s*-?\}\}""")
_DESTINATION = re.compile(r"(?:\{\{[^{}\n]{0,500}\}\}|\{%[^{}\n]{0,500}%\}|[^\s(){}<>]++)+")


class Leftover(NamedTuple):
    """A tag that ends before the position ``end`` of the source; ``code`` where it stands around a code block."""

    end: int
    code: bool = False


def inline(source: str, pos: int, end: int) -> re.Match[str] | None:
    """The tag that begins at ``pos`` within a paragraph, if one does."""
    pattern = _INLINE.get(source[pos])
    if pattern is None:
        return None
    found = pattern.match(source, pos, end)
    if found and source[pos] == "[" and _is_link(found, source[found.end() : found.end() + 1]):
        return None
    if not found and source[pos] == "{" and pos and source[pos - 1] in ")]`*_":
        found = _AFTER_MARKUP.match(source, pos, end)
    if not found and not pos:
        found = _FIRST.match(source, 0, end)
    return found


def _is_link(found: re.Match[str], following: str) -> bool:
    """Whether a shortcode's name without more is the text of a link, or the label of a reference."""
    name = found[0][1:-1]
    return bool(following) and following in "[(:" and name == found["shortcode"] and "_" not in name


def lines(source: str, pos: int, end: int) -> Leftover | None:
    """The tags that fill whole lines from ``pos`` on, if they do."""
    if source.startswith(("{%", "{{"), pos) and (found := _CODE.match(source, pos, end)):
        return Leftover(found.end(), code=True)
    whole = _LINES.match(source, pos, end)
    return Leftover(whole.end()) if whole else None


def module_lines(source: str, pos: int, end: int) -> Leftover | None:
    """MDX's ``import`` or ``export`` that begins at ``pos``, up to the blank line that ends it."""
    if not _MODULE.match(source, pos, end):
        return None
    blank = _BLANK_LINE.search(source, pos, end)
    return Leftover(blank.start() if blank else end)


def strip(text: str) -> tuple[str, list[tuple[str, int]]]:
    """The text between raw HTML tags without others' tags; and each such tag with its position."""
    if "{" not in text and "[" not in text:
        return text, []
    found = [(match[0], match.start()) for match in _IN_HTML.finditer(text)]
    return (_IN_HTML.sub("", text) if found else text), found


def shown(tag: str) -> str:
    """The tag as a report quotes it; nothing for the end of a pair, of which the beginning has been told."""
    if _CLOSER.match(tag):
        return ""
    comment = _COMMENT.match(tag)
    words = " ".join((comment[0] if comment else tag).split())
    return words if len(words) <= 60 else f"{words[:59]}…"


def literal(tag: str) -> str:
    """What Hugo's escaped ``{{</* x */>}}`` shows a reader: ``{{< x >}}``; nothing for other tags."""
    found = _ESCAPED.fullmatch(tag)
    return f"{{{{{found[1]}{found[2]}{found[3]}}}}}" if found else ""


def is_toc(tag: str) -> bool:
    """Whether kramdown puts a table of contents in place of the list before this tag."""
    return bool(_TOC.match(tag))


def explicit_id(tag: str) -> str:
    """The id in an attribute list; nothing where it has none."""
    found = _ID.match(tag)
    return found[1] if found else ""


def split_heading(content: str) -> tuple[str, str]:
    """A heading's Markdown without the attribute list at its end, and the explicit id in that list."""
    start = content.rfind("{") if content.endswith("}") else -1
    if start < 0 or content[start - 1 : start] == "\\" or not _HEADING.fullmatch(content, start):
        return content, ""
    return content[:start].rstrip(), explicit_id(content[start:])


def destination(source: str, pos: int, end: int) -> int:
    """Where a link's destination ends that holds a tag, blanks and all; ``pos`` where it is an ordinary one."""
    found = _DESTINATION.match(source, pos, end)
    return found.end() if found and ("{{" in found[0] or "{%" in found[0]) else pos


def target(url: str) -> str | None:
    """The URL without the tags that stand for the blog's own address; None where another tag is left."""
    if "{" not in url:
        return url
    plain = _FILTERED.sub(lambda found: found[2], _SITE.sub("", url))
    return None if "{{" in plain or "{%" in plain else plain
