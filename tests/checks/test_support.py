"""Which clients don't support what a mail uses: what is told, what isn't, and the scores."""

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import checks
from pipeline.checks import degrading, support
from pipeline.clients import data
from pipeline.errors import Where
from tests.checks.test_mutants import CLEAN, mail
from tests.folders import REPOSITORY

REFERENCE = sorted((REPOSITORY / "tests/mjml/reference").glob("*.html"))
# What these documents try out is their writer's own, and no client's: raw <svg>, srcset, ::after, rgba(), max-height.
OWN = {
    "raw": ["html-svg"],
    "image": ["html-srcset", "css-max-height"],
    "head_style": ["css-pseudo-element-after"],
    "colours_short": ["css-rgba"],
}
# These drop dir="rtl", which nothing can stand in for, and the sizes of pictures.
HEEDLESS = ("gmx", "web-de", "hey")


def sample(clients=None):
    own = mail(REPOSITORY, "better-sleep")
    return replace(own, newsletter=replace(own.newsletter, clients=clients or {}))


def told(one):
    return [fault.message for fault in support.client_support.look(one)]


def features(one):
    return [message.rstrip("/").rpartition("/")[2] for message in told(one)]


def of(body, head=""):
    return checks.of_html(f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>", "mail.html")


@cache
def reference(path):
    return checks.of_html(path.read_text("utf-8"), path.name)


@pytest.mark.parametrize(("folder", "slug"), CLEAN, ids=[slug for _, slug in CLEAN])
def test_clean_in_every_client(folder, slug):
    """What editions use does no harm anywhere, whatever their readers use."""
    clients = {family: 5.0 for family in data.clients() if family not in HEEDLESS}
    own = mail(folder, slug)
    assert told(replace(own, newsletter=replace(own.newsletter, clients=clients))) == []


@pytest.mark.parametrize("path", REFERENCE, ids=[path.stem for path in REFERENCE])
def test_reference(path):
    """What MJML itself makes isn't told."""
    assert features(reference(path)) == OWN.get(path.stem, [])


def test_no_idle_entry(monkeypatch):
    """Everything on the list is used by an edition or by MJML, and would be told if it weren't on the list."""
    harmless = degrading.HARMLESS
    monkeypatch.setattr(degrading, "HARMLESS", {})
    clients = dict.fromkeys(data.clients(), 1.0)
    mails = [
        replace(one, newsletter=replace(sample().newsletter, clients=clients)) for one in map(reference, REFERENCE)
    ]
    mails += [
        replace(own, newsletter=replace(own.newsletter, clients=clients)) for own in (mail(*one) for one in CLEAN)
    ]
    found = {feature for one in mails for feature in features(one)}
    assert set(harmless) - found == {"css-at-font-face"}


def test_message():
    """A finding says what isn't supported, how often it is used, where not, by how many readers, and who says so."""
    assert told(of("<p style='display:flex'>a<p style='display:flex'>b")) == [
        "display:flex, used 2 times: not supported in Outlook (Windows, Windows Mail), 11 % of the readers; "
        "https://www.caniemail.com/features/css-display-flex/"
    ]


def test_audience():
    """A client that no reader uses doesn't matter; a family's share is divided among its clients that aren't named."""
    flex = of("<p style='display:flex'>a")
    assert features(replace(flex, newsletter=sample({"apple-mail": 100}).newsletter)) == []
    assert "1 % of the readers" in told(replace(flex, newsletter=sample({"outlook": 3}).newsletter))[0]
    assert "under 1 %" in told(replace(flex, newsletter=sample({"outlook": 0.6}).newsletter))[0]
    readers = support.audience(sample({"gmail": 30, "gmail.ios": 12}).newsletter)
    assert readers == dict.fromkeys(("gmail.android", "gmail.desktop-webmail", "gmail.mobile-webmail"), 10) | {
        "gmail.ios": 12
    }


def test_wrong_clients():
    """A name that Can I email doesn't have is an error where it is written, and the nearest one is named."""
    (fault,) = support.client_support.look(sample({"gmial": 40}))
    assert "did you mean gmail?" in fault.message
    assert (fault.level, fault.where) == ("error", sample().newsletter.where)


@pytest.mark.parametrize(
    "css",
    [
        "@supports (display: grid) { .a { display: grid } }",
        "@media (min-width: 480px) { .a { display: flex } }",
        "[data-ogsc] .a > b { color: #ffffff }",
    ],
)
def test_conditions(css):
    """What stands under a condition that a client doesn't support isn't seen by it, and isn't told."""
    outlook = sample({"outlook.windows": 100}).newsletter
    assert set(features(replace(of("a", f"<style>{css}</style>"), newsletter=outlook))) <= {"css-at-supports"}


def test_hidden():
    """What is hidden can't break; what Outlook alone sees isn't looked at."""
    assert features(of("<div style='display:none;opacity:0'><p style='display:flex'>a</div>")) == []
    assert features(of("<!--[if mso]><p style='display:flex'>a<![endif]-->")) == []


def test_background():
    """A background picture isn't told where Outlook is given it as VML, and is where it isn't."""
    picture = "<td style=\"background:url('https://a.example/a.jpg')\">a</td>"
    vml = '<!--[if mso]><v:rect><v:fill src="https://a.example/{}.jpg" /></v:rect><![endif]-->'
    table = "<table><tr>{}</tr></table>"
    assert features(of(vml.format("a") + table.format(picture))) == []
    assert features(of(vml.format("b") + table.format(picture))) == ["css-background-image"]


def test_place():
    """A use in a block is told with the block's source, in the head with the template, in a file with its line."""
    own = sample()
    block = replace(own, marked=own.marked.replace("<h1 ", '<h1 style="display:flex" ', 1))
    head = replace(own, marked=own.marked.replace("</style>", "p::after { content: 'x' }</style>", 1))
    assert [fault.where.path for fault in support.client_support.look(block)] == ["content/editions/better-sleep.md"]
    assert [fault.where.path for fault in support.client_support.look(head)] == ["templates/digest.mjml.j2"]
    assert [fault.where for fault in support.client_support.look(of("\n\n<p style='display:flex'>"))] == [
        Where("mail.html", 3)
    ]


def test_scores():
    """Each family has a score, and each client that is named; those with the most readers come first."""
    scored = support.scores(sample({"gmail": 20, "outlook.windows": 30, "nobody": 50}))
    assert [one.client for one in scored[:3]] == ["outlook", "outlook.windows", "gmail"]
    assert scored[1].name == "Outlook (Windows)"
    assert {one.client for one in scored} == {*data.clients(), "outlook.windows"}
    assert all(0 <= one.share <= 1 for one in scored)
    by_name = {one.client: one for one in support.scores(of("<p style='display:flex;margin:0'>a"))}
    assert by_name["apple-mail"].share == 1
    assert "display:flex" in by_name["outlook"].partly
    assert by_name["outlook"].share < by_name["apple-mail"].share


def test_overall():
    """The overall score weighs each family by its readers."""
    scored = {one.client: one.share for one in support.scores(sample())}
    both = support.scores(sample({"gmail": 30, "apple-mail": 10}))
    assert support.overall(both) == pytest.approx((3 * scored["gmail"] + scored["apple-mail"]) / 4)


@given(
    st.text()
    | st.lists(st.sampled_from(["<p style='", "color:", "url(", "<style>", "</style>", "@media {", "}"])).map("".join)
)
def test_never_raises(text):
    """Any text is a mail."""
    one = checks.of_html(text, "mail.html")
    list(support.client_support.look(one))
    support.overall(support.scores(one))
