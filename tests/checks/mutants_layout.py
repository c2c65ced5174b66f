"""Mutants for pipeline/checks/layout.py."""

import re

from tests.checks.mutating import Mutants, Mutation, html, in_html

PHONE = "@media only screen and (max-width: 479px) {"
COLUMNS = '<div class="mj-outlook-group-fix mj-column-per-33'
WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk"
SHORT = "Breathe in for four counts, hold for four, and breathe out."
SENTENCE = "Breathe in for four counts, hold for four, breathe out for four, and hold again."
ICON = '<a href="https://example.com/{0}"><img src="https://example.com/{0}.png" alt="{0}" width="16" height="16"></a>'
COLUMN = '<div style="{0}">The first of two columns</div><div style="{1}">The second of two columns</div>'


def in_the_card(piece: str) -> Mutation:
    """Write the piece below the first paragraph of the letter."""
    return html(lambda text: text.replace("</p>", f"</p>{piece}", 1))


def in_every(pattern: str, new: str) -> Mutation:
    return html(lambda text: re.sub(pattern, new, text))


def columns(first: str, second: str = "") -> Mutation:
    return in_the_card(COLUMN.format(first, second))


def around_columns(text: str) -> str:
    """Turn the direction round of the cell that three columns stand in."""
    before, column, after = text.partition(COLUMNS)
    cell, _, rest = before.rpartition("direction:ltr")
    return f"{cell}direction:rtl{rest}{column}{after}"


MUTANTS: Mutants = {
    "H08": {
        "a table of a fixed width": in_the_card('<table width="700"><tr><td>wide</td></tr></table>'),
        "a picture as large as its file": in_every(r'(<img[^>]*) width="\d+"', r'\1 width="1200"'),
        "a fixed box": in_the_card('<div style="width:50em">wide</div>'),
        "a least width": in_the_card('<div style="min-width:700px">wide</div>'),
        "cells that are too wide together": in_the_card(
            '<table><tr><td width="400">one</td><td style="width:400px">two</td></tr></table>'
        ),
        "a wider wrapper": in_html("max-width:600px", "max-width:760px", -1),
        "no wrapper": in_html("max-width:600px", "", -1),
        "one line": in_the_card(f'<p style="white-space:nowrap">{SENTENCE} {SENTENCE}</p>'),
    },
    "A11": {
        "a table of a fixed width": in_the_card('<table style="width:480px"><tr><td>wide</td></tr></table>'),
        "a picture of a fixed width": in_the_card('<img src="https://example.com/a.png" alt="" width="400">'),
        "fluid in a table, where that doesn't help": in_the_card(
            '<table><tr><td><div style="width:500px;max-width:100%">wide</div></td></tr></table>'
        ),
        "a least width": in_the_card('<div style="min-width:420px">wide</div>'),
        "pictures side by side": in_the_card(
            "<table><tr>" + '<td><img src="https://example.com/a.png" alt="" width="200"></td>' * 2 + "</tr></table>"
        ),
        "one line": in_the_card(f'<p style="white-space:nowrap">{SHORT}</p>'),
        "one line by an attribute": in_the_card(f"<table><tr><td nowrap>{SHORT}</td></tr></table>"),
        "one line on a phone only": in_html(PHONE, f"{PHONE} .dek {{ white-space: nowrap !important }}"),
        "a word that doesn't break": in_the_card(
            f'<div style="word-break:normal">{WORD}</div>',
        ),
        "a word in a table, where overflow-wrap doesn't help": in_the_card(
            f'<div style="word-break:normal;overflow-wrap:break-word">{WORD}</div>'
        ),
        "words tied together": in_the_card(
            f'<div style="word-break:normal">{SHORT.replace(" ", "&nbsp;")}</div>',
        ),
        "code as it is": in_the_card("<pre>for breath in range(4): hold(seconds=4); breathe_out(seconds=4)</pre>"),
        "padding upon the full width": in_the_card('<div style="width:100%;padding:0 30px">wide</div>'),
        "wider than the window": in_the_card('<div style="width:150vw">wide</div>'),
    },
    "A09": {
        "small body text": in_every(r"font-size:16px;line-height:26px", "font-size:13px;line-height:26px"),
        "tiny print": in_every(r"font-size:13px", "font-size:11px"),
        "smaller on a phone": in_html(PHONE, f"{PHONE} .body p {{ font-size: 12px !important }}"),
        "tiny by its element": in_the_card("<small><small><small>not to be read</small></small></small>"),
        "tight lines": in_every(r"font-size:16px;line-height:26px", "font-size:16px;line-height:1.2"),
        "no line height": in_every(r"font-size:16px;line-height:26px", "font-size:16px;line-height:normal"),
        "justified": in_the_card(f'<p style="text-align:justify">{SENTENCE} {SENTENCE}</p>'),
        "justified by an attribute": in_the_card(f'<p align="justify">{SENTENCE} {SENTENCE}</p>'),
        "small icons in a row": in_the_card("<p>" + "".join(map(ICON.format, ("one", "two", "three"))) + "</p>"),
        "small links below each other": in_the_card(
            '<ul style="line-height:16px">' + '<li><a href="https://example.com">a link</a></li>' * 3 + "</ul>"
        ),
        "a flat button": in_the_card(
            '<p><a href="#go" style="display:block;line-height:18px;background:#345;color:#fff">Go</a></p>'
        ),
    },
    "A10": {
        "columns turned round": in_the_card(
            '<table dir="rtl"><tr><td dir="ltr">The first words</td><td dir="ltr">The second words</td></tr></table>'
        ),
        "a section's columns turned round": html(around_columns),
        "the first column at the far side": columns("float:right;width:50%", "float:left;width:50%"),
        "a table at the far side": in_the_card('<table align="right"><tr><td>first</td></tr></table><p>second</p>'),
        "out of the flow": columns("position:absolute;top:40px"),
        "moved": columns("position:relative;top:40px", "position:relative;top:-40px"),
        "pulled up": columns("", "margin-top:-40px"),
        "an order": in_the_card(f'<div style="display:flex">{COLUMN.format("order:2", "order:1")}</div>'),
        "in reverse": in_the_card(
            f'<div style="display:flex;flex-direction:row-reverse">{COLUMN.format("", "")}</div>',
        ),
        "the foot of a table at its head, on a phone": html(
            lambda text: text.replace("</p>", '</p><table><tr class="up"><td>up</td></tr></table>', 1).replace(
                PHONE, f"{PHONE} .up {{ display: table-header-group !important }}"
            )
        ),
    },
}
