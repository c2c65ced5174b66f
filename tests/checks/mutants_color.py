"""Mutants for pipeline/checks/color.py."""

import re

from tests.checks.mutating import Mutants, Mutation, html, in_html


def beside_text(piece: str) -> Mutation:
    """Write the piece into a paragraph of the body."""
    return html(lambda text: re.sub(r"(<div[^>]*class=\"body\"[^>]*>\s*<p[^>]*>)", rf"\1{piece} ", text, count=1))


def plain(link: str) -> str:
    return link.replace("text-decoration:underline", "text-decoration:none")


def without_meta(name: str) -> Mutation:
    return html(lambda text: re.sub(rf'<meta name="{name}"[^>]*>', "", text))


PHONE = "@media only screen and (max-width: 479px) {"
# The links of small print are as grey as the text around them, those of articles are green: nobody tells it from black.
BODY_LINK = r'<a style="color:#[0-9a-f]{6}; text-decoration:underline"'

MUTANTS: Mutants = {
    "A08": {
        "small print too pale": in_html("color:#5a6663", "color:#8f9b98", -1),
        "one word too pale": beside_text('<span style="color:#777">nearly</span>'),
        "a colour of which only a browser knows": beside_text('<span style="color:hsl(0 0% 60%)">nearly</span>'),
        "text half clear": beside_text('<span style="color:rgba(34, 48, 47, .5)">nearly</span>'),
        "a box half clear": beside_text('<span style="opacity:.5">nearly</span>'),
        "large, and too pale even so": beside_text('<span style="font-size:28px;color:#aaa">nearly</span>'),
        "nearly large": beside_text('<span style="font-size:18px;font-weight:bold;color:#888">nearly</span>'),
        "bgcolor behind dark text": in_html("<td>", '<td bgcolor="#33403f">'),
        "a pale button": html(
            lambda text: re.sub(r"background:#\w{6};(color:#ffffff)", r"background:#7fa9a5;\1", text)
        ),
        "a dark card that stays light": in_html("background: #1a2120 !important", "background: #ffffff !important"),
        "dark ink that the style attribute beats": in_html("color: #e9e7e0 !important", "color: #e9e7e0"),
        "a dark button's label as before": in_html("color: #0e2420 !important", "color: #ffffff !important"),
        "pale on a phone only": in_html(PHONE, f"{PHONE} .small {{ color: #aab !important }}"),
        "a rule of more weight": in_html(PHONE, f"div.mail h2 a {{ color: #bbb !important }} {PHONE}"),
        "links of running text not underlined": html(lambda text: re.sub(BODY_LINK, lambda m: plain(m[0]), text)),
        "not underlined on a phone": in_html(PHONE, f"{PHONE} .body a {{ text-decoration: none !important }}"),
    },
    "H13": {
        "no meta": without_meta("color-scheme"),
        "no meta for Apple's old name": without_meta("supported-color-schemes"),
        "light alone": in_html('content="light dark"', 'content="light"'),
        "nothing for the root": in_html(":root {", ".root {"),
        "no dark styles": in_html("prefers-color-scheme: dark", "prefers-color-scheme: sepia"),
    },
}
