"""The rules of pipeline/checks/links.py: what they must not find, in mails of others and in garbage too."""

import re
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from pipeline import checks
from pipeline.checks import RULES, links
from pipeline.model import Block
from tests.checks.mutants_page import in_body
from tests.checks.mutating import in_html, in_text, with_subject
from tests.checks.test_mutants import mail
from tests.folders import REPOSITORY


def look(rule, body):
    """The messages of a rule about a page of somebody else's."""
    page = f"<!DOCTYPE html><html><head><title>A</title></head><body>{body}</body></html>"
    return [fault.message for fault in RULES[rule].look(checks.of_html(page, "mail.html"))]


def link(href, words="Sleep tonight"):
    return f'<p><a href="{href}">{words}</a></p>'


@pytest.mark.parametrize(
    "href",
    [
        "https://a.example.com",
        "https://a.example.com/?a={}&amp;b=%25%25&amp;c=none&amp;d=NoneOfThese",
        "https://a.example.com/none/nullable/undefined-behaviour/NaNny",
        "https://xn--bcher-kva.example.com/",
        "https://bücher.example.com/ü",
        "https://उदाहरण.example.com/",
        "https://a.example.com./",
        "https://a.example.com:8443/",
        "https://93.184.215.14/",
        "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/",
        " https://a.example.com/ ",
        "HTTPS://A.EXAMPLE.COM/",
        "mailto:hello@a.example.com",
        "mailto:hello@a.example.com,you@b.example.com?subject=Hello%20there",
        "mailto:?subject=Look%20at%20this",
        "tel:+49-30-1234567",
        "sms:+4930123456?body=Stop",
        "#below",
        "javascript:x()",
    ],
)
def test_targets(href):
    """Addresses that everybody can follow are fine, and so is a place in the mail; scripts are H04's."""
    assert look("H05", link(href) + '<h2 id="below">Below</h2>') == []


@pytest.mark.parametrize(
    "words",
    [
        "None of these",
        "an undefined feeling",
        "null and void",
        "100%% of it",
        "{ a }",
        "$5 {",
        "5 * 5 | 3",
        "[1] [[2]]",
    ],
)
def test_no_residue(words):
    """What only looks like residue is a text like any other."""
    assert look("H05", f"<p>{words}</p>") == []


def own_words(text):
    """A mail in which an article, the text part too, has these words."""
    clean = mail(REPOSITORY, "better-sleep")
    blocks = list(clean.edition.blocks)
    index, lead = next((at, block) for at, block in enumerate(blocks) if "article" in block.data)
    article = replace(lead.data["article"], title=text)
    blocks[index] = replace(lead, data={**lead.data, "article": article})
    shown = in_text("Risks and side effects\n", f"Risks and side effects\n\n{text}\n")(in_body(f"<p>{text}</p>")(clean))
    return replace(shown, edition=replace(clean.edition, blocks=tuple(blocks)))


@pytest.mark.parametrize("text", ["{{ 7*7 }} stays", "{% raw %} and %%this%%", "[[name]]", "None", "[object Object]"])
def test_own_words(text):
    """What an article says of templates is no residue, in the HTML, in the text part and in the subject."""
    assert list(RULES["H05"].look(with_subject(f"About {text}")(own_words(text)))) == []


def test_own_words_excuse_no_link():
    """In a link or an alt it is a fault, whatever an article says."""
    mutated = in_html(' alt="', ' alt="{{ 7*7 }} stays" data-alt="')(own_words("{{ 7*7 }} stays"))
    assert [fault.message for fault in RULES["H05"].look(mutated)] == ["{{ 7*7 }} is left unfilled in the alt of <img>"]


def test_own_words_excuse_no_others():
    """An article's own braces don't excuse those of a template."""
    mutated = in_body("<p>{{ article.title }}</p>")(own_words("{{ 7*7 }} stays"))
    assert len(list(RULES["H05"].look(mutated))) == 1


@pytest.mark.parametrize(
    ("href", "words"),
    [
        ("https://a.example.com/page", "a.example.com"),
        ("https://a.example.com/page", "Read it on https://www.a.example.com/."),
        ("https://www.a.example.com/page", "(A.Example.COM)"),
        ("https://a.example.com/page", "https://a.example.com/a/much/longer/pa…"),
        ("https://xn--bcher-kva.example.com/", "bücher.example.com"),
        ("https://bücher.example.com/", "xn--bcher-kva.example.com"),
        ("https://xn--strae-oqa.example.com/", "Straße.example.com"),
        ("https://a.example.com/", "a.example.com:443/x"),
        ("https://a.example.com/", "a.<wbr>example.com"),
        ("https://nodejs.example.com/", "Node.js"),
        ("https://a.example.com/", "notes.md"),
        ("https://a.example.com/", "e.g."),
        ("https://a.example.com/", "Wait... what?"),
        ("https://a.example.com/", "Version 2.0"),
        ("https://a.example.com/", "v1.2.beta"),
        ("https://a.example.com/", "St.Gallen"),
        ("https://a.example.com/", "os.path"),
        ("https://a.example.com/", "ASP.NET"),
        ("https://a.example.com/", "Booking.com"),
        ("https://social.example.com/@me", "@me@social.example.com"),
        ("mailto:Hello@a.example.com?subject=x", "hello@a.example.com"),
        ("mailto:hello@a.example.com", "a.example.com"),
        ("https://a.example.com/", "me@a.example.com"),
        ("tel:123", "a.example.com"),
        ("/path", "Sleep tonight."),
    ],
)
def test_same_host(href, words):
    """A text may name its own target in any spelling; not every word with a dot is a host."""
    assert look("H06", link(href, words)) == []


@pytest.mark.parametrize(
    "body",
    [
        link("https://a.example.com/", "Here is how to sleep"),
        link("https://a.example.com/", "Read more: Sleep"),
        '<a href="https://a.example.com/" aria-label="Read more: Sleep">Read more</a>',
        '<a href="https://a.example.com/"><img src="a.png" alt="A moon"></a>',
        '<a href="https://a.example.com/"><img src="a.png" alt=""></a>',
        '<a href="https://a.example.com/" style="display:none"></a>',
        '<a name="below"></a>',
        link("https://a.example.com/?utm_source=a&amp;b=1") + link("https://www.a.example.com?b=1&amp;utm_medium=c#d"),
        link("https://a.example.com/x/") + link("https://a.example.com/x#y"),
        link("https://a.example.com/") + link(""),
        link("mailto:a@a.example.com") + link("mailto:A@A.example.com"),
        '<map><area href="https://a.example.com/" alt="A moon"></map>',
        "".join(link(f"https://a.example.com/{at}", name) for at, name in enumerate(("C", "C++", "C#", "A+", "A-"))),
        "".join(link(f"https://a.example.com/{at}", name) for at, name in enumerate(("की", "का", "कि"))),
        link("https://a.example.com/podcast", "🎧"),
    ],
)
def test_link_texts(body):
    """A text that says where it leads is fine, as is the same text for the same page."""
    assert look("A07", body) == []


PIECES = st.sampled_from(
    [
        *(
            '<a href="',
            '">',
            "</a>",
            "https://",
            "[",
            "]",
            "::1",
            "mailto:",
            "@",
            "a.b",
            "xn--",
            "xn--a",
            ".",
            "/",
            "#",
        ),
        *(
            "{{",
            "}}",
            "{%",
            "%%",
            "None",
            "zqmf",
            "0qz",
            "\x00",
            "\ud800",
            "é",
            "0x",
            "99999999999",
            "?",
            "&",
            " ",
            "\n",
        ),
        *('<img alt="', "<area href=", "<map>", "<p>", "%", "%ff", "//", "www.", "<!--[if mso]><v:rect href='", "-->"),
    ]
)
HTML = st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join))


@pytest.mark.parametrize("rule", [rule.id for rule in links.RULES])
@given(html=HTML)
def test_garbage(rule, html):
    """No rule ever raises, and each message is one line."""
    for fault in RULES[rule].look(checks.of_html(html, "mail.html")):
        assert fault.message
        assert not re.search(r"[\r\n]", fault.message)


@given(st.binary(), HTML)
def test_garbage_in_a_message(start, html):
    """Headers of any bytes are looked at."""
    message = start + b"\r\nComments: =?x?q?{{=?=\r\n\r\n" + html.encode("utf-8", "replace")
    list(RULES["H05"].look(checks.of_message(message, "mail.eml")))


def test_links_to_manuals():
    """A link that an author has written may lead to a page of the name null; the same from a template may not."""
    href = "https://docs.example.org/Operators/null"
    mutant = in_body(link(href))(mail(REPOSITORY, "better-sleep"))
    assert [fault.message for fault in RULES["H05"].look(mutant)] == ["null is left unfilled in the href of <a>"]
    written = replace(mutant, edition=replace(mutant.edition, letter=Markup(link(href))))
    assert list(RULES["H05"].look(written)) == []


def test_articles_of_one_title():
    """Two articles may have one title, which can't be changed any more: a warning. A wrong link stays wrong."""
    whole = mail(REPOSITORY, "better-sleep")
    url = "https://blog.example.com/other"
    title = "Box breathing in four minutes"
    mutant = in_body(link(url, title))(whole)
    assert [fault.level for fault in RULES["A07"].look(mutant)] == [None]
    article = next(one for block in whole.edition.blocks for one in block.data.get("articles", ()))
    twin = Block("next", article.where, MappingProxyType({"article": replace(article, title=title, url=url)}))
    edition = replace(mutant.edition, blocks=(*mutant.edition.blocks, twin))
    assert [fault.level for fault in RULES["A07"].look(replace(mutant, edition=edition))] == ["warn"]
