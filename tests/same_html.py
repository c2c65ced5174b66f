"""Do two HTML documents say the same? For holding the compiler's output against the reference's.

White space that can't be seen, and the order of attributes, classes and declarations, don't count; what stands in
conditional comments does. ``KNOWN_DIFFERENCES`` has what else is let pass, each with its reason.
"""

from __future__ import annotations

import re
from difflib import unified_diff
from html.parser import HTMLParser

# Pattern, replacement, applied to both documents. What is not here is a bug.
KNOWN_DIFFERENCES: tuple[tuple[str, str], ...] = (
    # Random ids there, counted ones here.
    (r"\b(mj-carousel-(?:radio-)?)[0-9a-f]{8,16}\b", r"\1ID"),
    (r'\b(id|for)="[0-9a-f]{8,16}"', r'\1="ID"'),
    # The body's wrapper repeats the word spacing there.
    (r'(role="article"[^>]*)word-spacing:normal;', r"\1"),
    # The preheader is white there, which costs SpamAssassin points.
    (r"font-size:1px;color:#ffffff;", "font-size:1px;"),
    # Social icons say border:0 once more there; the style sheet of every mail says it already.
    (r'(<img[^>]* style="[^"]*)border:0;([^"]*display:block;")', r"\1\2"),
    # A bare zero there is a length here, which is the same to CSS.
    (r"(?<=[\s:])0(?=[\s;\"])", "0px"),
    # Every style sheet is an element of its own here, and one that will be inlined is marked.
    (r"</style>\s*<style type=\"text/css\">", "\n"),
    (r'<style type="text/css" data-inline>.*?</style>', ""),
    # A width in px is a bare number there.
    (r'(<table[^>]* width="\d+)px"', r'\1"'),
    # The accordion's style sheet is newer there: other selectors, the same effect.
    (r"<style[^>]*>[^<]*noinput\.mj-accordion-checkbox[^<]*</style>", ""),
    # The classes of mj-body stand on <body> there, on its wrapper here.
    (r'<body +class="([^"]*)"([^>]*)>(.*?)<div\s+aria', r'<body\2>\3<div class="\1" aria'),
    # Widths are told to six digits here.
    (r"(\d[.-]\d{5})\d+", r"\1"),
    # The label of a hamburger ends with a blank there, which nothing follows.
    (r'(<span\s+class="mj-menu-icon-[^>]*>)\s*(.*?)\s*</span>\s*', r"\1\2</span>"),
)

_INLINE = frozenset(
    {"a", "abbr", "b", "code", "comment", "del", "em", "font", "i", "ins", "kbd", "mark", "q", "s", "small", "span"}
    | {"strong", "sub", "sup", "u"}
)
_CONDITIONAL = re.compile(r"\[if ([^\]]+)\]>(.*)<!\[endif\]$", re.DOTALL)
_COLUMN_RULES = re.compile(r"((?:\.moz-text-html )?\.mj-column-[\w-]+\{[^{}]*\})+")

Token = tuple[str, str]


class _Tokens(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tokens: list[Token] = []
        self.style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.style = tag in ("style", "script")
        written = (
            _attribute(name, value or "") for name, value in sorted(attrs) if value or name not in ("class", "style")
        )
        self.tokens.append((tag, " ".join([f"<{tag}", *written])))

    def handle_endtag(self, tag: str) -> None:
        self.style = False
        self.tokens.append((tag, f"</{tag}"))

    def handle_data(self, data: str) -> None:
        if self.style:
            self.tokens.append(("css", _css(data)))
        elif self.tokens and self.tokens[-1][0] == "":
            self.tokens[-1] = ("", self.tokens[-1][1] + data)
        else:
            self.tokens.append(("", data))

    def handle_comment(self, data: str) -> None:
        conditional = _CONDITIONAL.match(data)
        if conditional:
            inner = _Tokens()
            inner.feed(conditional[2])
            inner.close()
            self.tokens += [("if", f"[if {conditional[1]}]"), *inner.tokens, ("if", "[endif]")]
        else:
            self.tokens.append(("comment", f"<!--{' '.join(data.split())}-->"))


def _attribute(name: str, value: str) -> str:
    if name == "class":
        value = " ".join(sorted(value.split()))
    elif name == "style":
        value = ";".join(sorted(_css(one) for one in value.split(";") if one.strip()))
    return f'{name}="{value}"'


def _css(text: str) -> str:
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r" ?([{}:;,>+]) ?", r"\1", text).replace(";}", "}").replace("! important", "!important")
    return _COLUMN_RULES.sub(_sorted_rules, text.replace(" !important", "!important")).strip()


def _sorted_rules(found: re.Match[str]) -> str:
    """The widths of columns: each rule has a class of its own, so that their order says nothing."""
    return "}".join(sorted(found[0].split("}")))


def tokens(html: str) -> list[str]:
    """The document as one line for each tag, text and comment, without what doesn't count."""
    for pattern, replacement in KNOWN_DIFFERENCES:
        html = re.sub(pattern, replacement, html, flags=re.DOTALL)
    parser = _Tokens()
    parser.feed(html)
    parser.close()
    lines = "\n".join(line for line in _seen(parser.tokens) if line)
    return lines.replace("[endif]\n[if mso | IE]\n", "").split("\n")


def _seen(found: list[Token]) -> list[str]:
    """The lines, with the white space of texts as a reader sees it: one blank at most, none at the edges of blocks."""
    lines: list[str] = []
    last: int | None = None
    blank = True
    for kind, line in [*found, ("end", "")]:
        if kind == "":
            line = re.sub(r"[ \t\r\n\f]+", " ", line)
            line = line.lstrip(" ") if blank else line
            if line:
                last, blank = len(lines), line.endswith(" ")
        elif kind == "img":
            last, blank = None, False
        elif kind not in _INLINE:
            if last is not None:
                lines[last] = lines[last].rstrip(" ")
            last, blank = None, True
        lines.append(line)
    return lines


def difference(expected: str, actual: str) -> str:
    """A readable difference between two HTML documents; empty where they say the same."""
    return "\n".join(unified_diff(tokens(expected), tokens(actual), "expected", "actual", lineterm="", n=2))
