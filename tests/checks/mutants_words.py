"""Mutants for pipeline/checks/words.py."""

import re
from dataclasses import replace

from tests.checks.mutating import Mutants, html, in_html, in_text


def last_in_html(old, new):
    return html(lambda text: new.join(text.rsplit(old, 1)))


def without_block(number):
    """The text part without one of its blocks."""

    def mutation(mail):
        parts = mail.text.split("\n\n\n")
        return replace(mail, text="\n\n\n".join(parts[:number] + parts[number + 1 :]))

    return mutation


def last_note_in_text(new):
    def mutation(mail):
        before, note, after = mail.text.rpartition("| This article is for information")
        assert note
        return replace(mail, text=before + new + after)

    return mutation


NOTE = "This article is for information"

MUTANTS: Mutants = {
    "H15": {
        "a word of the letter lost in the HTML": in_html("the same thing, in nearly", "the same, in nearly"),
        "a word of the letter lost in the text part": in_text("the guidelines so that", "the so that"),
        "a short word lost": in_html("no article can answer", "article can answer"),
        "two words glued": in_html("three dangers:", "threedangers:"),
        "two words glued in the text part": in_text("Any new thoughts of suicide", "Any newthoughts of suicide"),
        "words glued by markup": in_html("</strong> Together with", "</strong>Together with"),
        "a word broken": in_text("dizziness, unsteadiness", "dizziness, un steadiness"),
        "a word twice": in_html("The label carries a boxed", "The label carries carries a boxed"),
        "a paragraph twice": html(lambda text: re.sub(r"(<p [^>]*>Beside it.*?</p>)", r"\1\1", text)),
        "a word that is hidden": in_html("apnoea,", '<span style="display:none">apnoea,</span>'),
        "the letter's last words lost": in_text("the Aura Health Team\n\n\n", "\n\n\n"),
        "an item of a list lost": html(lambda text: re.sub(r"<li [^>]*><strong>Opioids.*?</li>", "", text)),
        "a section's text lost in the text part": in_text(
            "\nSleepiness, dizziness, unsteadiness and poor coordination are the\neffects people notice most.", "\n"
        ),
        "a dek lost": html(lambda text: re.sub(r'<p [^>]*class="dek">.*?</p>', "", text)),
        "a block that the text part hasn't": without_block(2),
        "a title with a hole, and whole in the link below": in_html(
            ">Exploring age regression: benefits and challenges</a></h2>",
            ">Exploring age: benefits and challenges</a></h2>",
        ),
        "a teacher lost": in_html("Field recording by Juhani Kallio", "Field recording by Kallio"),
        "an entry of a list of sections lost": in_html(">Making it stick<", ">Making it<"),
        "a category lost": in_text("- Evening routines", "- Evenings"),
        "why the reader gets this": in_text("“Stay Updated”.", "Updated."),
    },
    "M08": {
        "an empty text part": lambda mail: replace(mail, text=" \n\n"),
        "a link lost": in_text("https://aura.example.com/tracks/the-long-way-out", ""),
        "no way out": in_text("https://blog.example.com/newsletter/unsubscribe?t=", ""),
        "a link of the letter's own": in_html("Beside it", '<a href="https://example.org/beside">Beside it</a>'),
        "a link to another section": in_text("#making-it-stick", "#making"),
        "a heading lost": in_text("Most popular in\n===============", ""),
        "a heading with a hole, and whole in the link below": in_text(
            "Box breathing in four minutes\n====", "Box breathing in minutes\n===="
        ),
        "a heading that only stands in its link": in_text("Alternatives\n------------\n", ""),
    },
    "W02": {
        "no note in the lead": html(lambda text: text.replace(NOTE, "", 1)),
        "no note below the last article": last_in_html(NOTE, "This article"),
        "half a note": last_in_html(
            "Talk to your doctor or pharmacist before you start, change or stop a medicine.", ""
        ),
        "a note that nobody sees": html(
            lambda text: re.sub(rf'(<td style=")([^"]*" class="note-text">{NOTE})', r"\1display:none; \2", text)
        ),
        "no note in the text part": in_text("| This article is for information", "| This is"),
        "no note at the end of the text part": last_note_in_text("| "),
    },
}
