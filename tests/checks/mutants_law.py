"""Mutants for pipeline/checks/law.py."""

from dataclasses import replace

from tests.checks.mutants_headers import added, header
from tests.checks.mutating import Mutants, html, in_html, in_message, in_text, with_subject

URL = b"https://blog.example.com/newsletter/unsubscribe?t="
WAY_OUT = 'href="https://blog.example.com/newsletter/unsubscribe?t="'

MUTANTS: Mutants = {
    "L01": {
        "none": in_message(b"\r\nList-Unsubscribe: ", b"\r\nX-Unsubscribe: "),
        "only a mailto": header(b"List-Unsubscribe", b"<mailto:leave@blog.example.com>"),
        "http": header(b"List-Unsubscribe", b"<http://blog.example.com/newsletter/unsubscribe>"),
        "two of them": header(b"List-Unsubscribe", b"<%b>, <%b?2>" % (URL, URL)),
        "without brackets": header(b"List-Unsubscribe", URL),
        "folded inside the address": header(
            b"List-Unsubscribe", b"<https://blog.example.com/\r\n newsletter/unsubscribe>"
        ),
        "in encoded words": header(b"List-Unsubscribe", b"=?utf-8?q?=3Chttps=3A//blog=2Eexample=2Ecom/leave=3E?="),
        "twice": added(b"List-Unsubscribe: <https://blog.example.com/other>"),
    },
    "L02": {
        "none": in_message(b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click", b""),
        "in lower case": header(b"List-Unsubscribe-Post", b"list-unsubscribe=one-click"),
        "between quotation marks": header(b"List-Unsubscribe-Post", b'"List-Unsubscribe=One-Click"'),
        "twice": added(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click"),
    },
    "L05": {
        "none in the HTML": in_html(WAY_OUT, 'href="https://blog.example.com/"'),
        "none in the text": in_text("https://blog.example.com/newsletter/unsubscribe?t=", ""),
        "hidden": in_html(WAY_OUT, f'{WAY_OUT} hidden=""'),
        "of no size": html(
            lambda text: text.replace(
                f'<a style="color:#5a6663; text-decoration:underline" {WAY_OUT}', f'<a style="font-size:0" {WAY_OUT}'
            )
        ),
        "without a word": html(lambda text: text.replace(">Unsubscribe</a>", "></a>")),
        "behind what Gmail shows": html(lambda text: text.replace("</h1>", "</h1>" + "<!---->" * 15_000, 1)),
        "another way out": in_html(WAY_OUT, 'href="https://blog.example.com/newsletter/unsubscribed-readers"'),
    },
    "L07": {
        "none": in_message(b"\r\nList-Id: ", b"\r\nX-List: "),
        "no brackets": header(b"List-Id", b"newsletter.blog.example.com"),
        "no domain": header(b"List-Id", b"Aura <newsletter>"),
        "an address": header(b"List-Id", b"Aura <newsletter@blog.example.com>"),
        "one for each edition": header(b"List-Id", b"Aura <better-sleep.newsletter.blog.example.com>"),
        "one for each day": header(b"List-Id", b"Aura <n20261124.blog.example.com>"),
        "twice": added(b"List-Id: <other.blog.example.com>"),
    },
    "L08": {
        "five fields": added(b"Feedback-ID: a:b:c:d:aura"),
        "a reader's address": added(b"Feedback-ID: better-sleep:ana@example.org:newsletter:aura"),
        "the same, encoded": added(b"Feedback-ID: better-sleep:=?utf-8?q?ana=40example=2Eorg?=:newsletter:aura"),
        "no sender": added(b"Feedback-ID: better-sleep:newsletter::"),
    },
    "W01": {
        "none": lambda mail: replace(mail, newsletter=replace(mail.newsletter, postal_address="\n")),
        "a line short in the HTML": in_html(" &middot; 10115 Berlin", ""),
        "a line short in the text": in_text("14 Example Street\n", ""),
        "hidden": html(
            lambda text: text.replace("Aura Health Team &middot;", "<span hidden>Aura Health Team</span> &middot;")
        ),
        "another one": lambda mail: replace(
            mail, newsletter=replace(mail.newsletter, postal_address="1 Elsewhere Road")
        ),
    },
    "W06": {
        "an answer": with_subject("Re: Sleep better this week"),
        "a second answer": with_subject("RE[2]: Sleep better this week"),
        "forwarded": with_subject("Fwd: Sleep better this week"),
        "an answer in German": with_subject("AW: Besser schlafen"),
        "forwarded in German": with_subject("WG: Besser schlafen"),
        "an answer in Hebrew": with_subject("תגובה: לישון טוב יותר"),
        "an answer behind a bracket": with_subject("[Re: Sleep better]"),
    },
}
