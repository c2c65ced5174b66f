"""law.py: what it must not find, and how it knows the way out of a mail that isn't ours."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import checks
from pipeline.checks import law
from tests.checks.mutants_headers import added, header
from tests.checks.mutating import in_html, with_subject
from tests.checks.test_mutants import mail
from tests.folders import REPOSITORY


def ours():
    return mail(REPOSITORY, "better-sleep")


def found(checked, *rules):
    return {rule.id for rule in law.RULES if (not rules or rule.id in rules) and list(rule.look(checked))}


URL = b"https://blog.example.com/newsletter/unsubscribe?t="
SOUND = {
    "a mailto beside it": header(b"List-Unsubscribe", b"<mailto:leave@example.com?subject=x>, <%b>" % URL),
    "folded between two": header(b"List-Unsubscribe", b"<%b>,\r\n <mailto:leave@example.com>" % URL),
    "a way out with a reader's own key": in_html(
        'href="https://blog.example.com/newsletter/unsubscribe?t="',
        'href="https://blog.example.com/newsletter/unsubscribe?t=c41"',
    ),
    "a list without a name": header(b"List-Id", b"<newsletter.blog.example.com>"),
    "a Feedback-ID of four": added(b"Feedback-ID: better-sleep:aura:newsletter:aurahealth"),
    "an address with commas": in_html(" &middot; 10115 Berlin", ", 10115 Berlin"),
    "Rest": with_subject("Rest: what it is"),
    "Re-think": with_subject("Re-think your evening: three ways"),
    "a colon later": with_subject("Reading for a Sunday: Re: rain"),
}


@pytest.mark.parametrize("case", SOUND)
def test_sound(case):
    """What lists may do isn't found."""
    assert found(SOUND[case](ours())) == set()


WAYS_OUT = {
    "en": "Unsubscribe from this list",
    "ar": "إلغاء الاشتراك",
    "de": "Newsletter abbestellen",
    "es": "Darse de baja",
    "fr": "Se désabonner",
    "he": "הסרה מרשימת התפוצה",
}


@pytest.mark.parametrize("language", WAYS_OUT)
def test_way_out_of_foreign_mails(language):
    """In a mail that isn't ours the way out is known by its words, in six languages."""
    link = f'<a href="https://x.example/l/1">{WAYS_OUT[language]}</a>'
    assert found(checks.of_html(f"<p>{link}</p>", "x.html"), "L05") == set()
    assert found(checks.of_html(f"<p hidden>{link}</p>", "x.html"), "L05") == {"L05"}
    text = replace(checks.of_html(link, "x.html"), text=f"{WAYS_OUT[language]}\nhttps://x.example/l/1\n")
    assert found(text, "L05") == set()


def test_way_out_by_its_address():
    """A link called by a picture is known by where it leads."""
    page = '<a href="https://x.example/unsubscribe?u=1"><img src="x.png" alt="Leave"></a>'
    assert found(checks.of_html(page, "x.html"), "L05") == set()
    assert found(checks.of_html(page.replace("Leave", ""), "x.html"), "L05") == {"L05"}


@pytest.mark.parametrize(
    "page", ["<p>Unsubscribe</p>", '<a href="#x">Unsubscribe</a>', '<a href="https://x.example/">x</a>']
)
def test_no_way_out(page):
    """Words without a link, or a link that leads nowhere, are no way out."""
    assert found(checks.of_html(page, "x.html"), "L05") == {"L05"}


def test_foreign_mails():
    """A mail of others is asked for its headers, not for our postal address; an HTML file for neither."""
    assert found(checks.of_html("<a href='https://x.example/'>Unsubscribe</a>", "x.html")) == set()
    assert found(checks.of_message(b"Subject: x\n\nx", "x.eml")) == {"L01", "L02", "L05", "L07"}


def test_both_parts_are_told():
    """The way out is missed in the HTML and in the text, each by itself."""
    without = replace(ours(), newsletter=replace(ours().newsletter, unsubscribe_url="https://elsewhere.example/leave"))
    assert [fault.message[-9:] for fault in checks.RULES["L05"].look(without)] == [" the HTML", "text part"]


PIECES = [
    "List-Unsubscribe: ",
    "List-Id: ",
    "Feedback-ID: ",
    "\r\n",
    "\n",
    " ",
    "<",
    ">",
    "https://[",
    "https://x",
    ",",
    "=?",
    "?=",
    ":",
    "@",
]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.text(max_size=60))
def test_any_mail(head, html):
    """Whatever stands in the headers and in the HTML, nothing is raised."""
    found(checks.of_message(f"{head}\r\nContent-Type: text/html\r\n\r\n{html}".encode(), "x.eml"))
    found(replace(ours(), message=head.encode(), html=html, marked=html, subject=html, text=html))


@pytest.mark.parametrize("slug", ["news", "blog", "a", "newsletter"])
def test_slug_in_the_lists_name(slug):
    """An edition may be called by what stands in the list's own name."""
    whole = ours()
    assert "L07" not in found(replace(whole, email=replace(whole.email, slug=slug)), "L07")
