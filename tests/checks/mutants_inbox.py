"""Mutants for pipeline/checks/inbox.py."""

from tests.checks.mutating import Mutants, html, in_html, with_preheader, with_subject

HIDDEN = "display:none;max-height:0px;overflow:hidden;mso-hide:all;"

MUTANTS: Mutants = {
    "H10": {
        "a second hidden text": in_html("</h1>", '</h1><div style="display:none">casino</div>'),
        "hidden by an attribute": in_html("</h1>", "</h1><p hidden>casino</p>"),
        "a story in the preheader": in_html(HIDDEN, HIDDEN + '">' + "word " * 60 + '<i class="'),
        "white on white": in_html(HIDDEN + "color:#22302f;", HIDDEN + "color:#ffffff;background:#fff;"),
        "as the ground": in_html(HIDDEN + "color:#22302f;", HIDDEN + "color:#f3efe7;"),
        "a preheader of one pixel": in_html(HIDDEN, HIDDEN + "font-size:1px;"),
        "a transparent preheader": in_html("color:#22302f;", "color:transparent;"),
        "words of no size": in_html("</h1>", '</h1><span style="font-size:0">casino</span>'),
        "words that are transparent": in_html("</h1>", '</h1><p style="color: rgba(0, 0, 0, 0)">casino</p>'),
    },
    "H11": {
        "none": with_preheader(""),
        "blanks only": with_preheader("\u200c\u00a0\u200c\u00a0"),
        "short": with_preheader("What a sleep medicine does"),
        "short but for the filler": with_preheader("What a sleep medicine does" + "\u034f\u2007" * 10),
        "long": with_preheader("What a sleep medicine does, " * 4),
        "the subject again": with_preheader("Sleep better this week!"),
        "not in the mail": html(lambda text: text.replace("five minutes of rain, and a breath", "six minutes of rain")),
    },
    "H12": {
        "none": with_subject(""),
        "blanks only": with_subject(" \u200b\u00a0"),
        "61 characters": with_subject("Sleep better this week, and the week after, and all of winter"),
        "far too long": with_subject("Sleep better this week " * 7),
        "in capitals": with_subject("SLEEP BETTER this week"),
        "in capitals of another script": with_subject("СПИТЕ ЛУЧШЕ"),
    },
}
