"""pieces.py: an Email in pieces, what is the same for all readers and what isn't."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipeline import pieces
from pipeline.conditions import Condition, Is
from pipeline.errors import CombinedError, TemplateError, Where
from pipeline.marks import mark
from pipeline.merge_fields import Context, Field, Raw, protected, token
from pipeline.model import Block, Choice, Email, Personal, Track
from pipeline.pieces import Place, Shown, View

WHERE = Where("content/editions/e.md", 6)
TRACKS = tuple(
    Track(title, "Music", 4, (), "", f"https://aura.example.com/{title}", WHERE) for title in ("Rain", "Sea", "Wind")
)
AUDIENCE = Personal(audience=Condition("plan == 'premium'", Is("plan", "premium")))
CHOICE = Personal(choice=Choice("tracks", TRACKS, (0, 1)))
NAME = token("first_name", "there")


def email(html="", text="", personal=()):
    return Email("e", "S", "", datetime(2026, 11, 24, tzinfo=UTC), "en", html, text, (), (), (), dict(personal))


def card(block, index, body, html=True):
    return mark("card", block, index, html=html) + body + mark("card", block, index, closes=True, html=html)


def block(index, body, html=True):
    return mark("block", index, html=html) + body + mark("block", index, closes=True, html=html)


PLACES = mark("place", 1, 0, html=True) + "|" + mark("place", 1, 1, html=True)
HTML = block(0, f"<p>{NAME}</p>") + block(
    1, card(1, 0, "rain") + card(1, 1, f"sea {NAME}") + card(1, 2, "wind") + PLACES
)


def test_cut():
    """Blocks for some readers are pieces of their own, and so is where each card goes; other marks are gone."""
    found = pieces.of_html(email("<p>" + HTML, personal={0: AUDIENCE, 1: CHOICE}))
    name = Field("first_name", "there", Context.HTML)
    assert found.pieces == ("<p>", Shown(0, ("<p>", name, "</p>")), Place(1, 0), "|", Place(1, 1))
    assert found.cards == {1: (("rain",), ("sea ", name), ("wind",))}


def test_fill():
    """A reader sees the blocks and the cards that are in view, with their values; marks stay where they are wanted."""
    both = email(HTML, personal={0: AUDIENCE, 1: CHOICE})
    view = View({0: True}, {1: (2, 1)})
    assert pieces.fill(pieces.of_html(both), {"first_name": "<Ana>"}, view, "en") == (
        "<p>&lt;Ana&gt;</p>wind|sea &lt;Ana&gt;"
    )
    hidden = replace(view, shown={0: False})
    assert pieces.fill(pieces.of_html(both, marked=True), {}, hidden, "en") == block(1, "wind|sea there")


def test_text():
    """The text part is cut in the same way; its marks take their line with them."""
    text = "\n".join(["One", mark("block", 0), "Two", mark("block", 0, closes=True), "Three\n"])
    cut = pieces.of_text(email(text=text, personal={0: AUDIENCE}))
    assert cut.pieces == ("One\n", Shown(0, ("Two\n",)), "Three\n")


@pytest.mark.parametrize(
    ("source", "context"),
    [
        ("Hello {}", Context.TEXT),
        ("https://x.example/?n={}&a", Context.URL_PART),
        ("<https://x.example/{}>", Context.URL_PART),
        ("see https://x.example/ {}", Context.TEXT),
        ("https://x.example/\n{}", Context.TEXT),
        ("(https://x.example/?n={})", Context.URL_PART),
        (f"{token('share_url', 'https://x.example/')}?n={{}}", Context.URL_PART),
        (f"{token('first_name', 'there')}{{}}", Context.TEXT),
        ("hotel:{}", Context.TEXT),
        ("{}", Context.TEXT),
    ],
)
def test_contexts_of_text(source, context):
    """In plain text a field is a word, or a part of the URL that it stands in."""
    *_, field = (one for one in pieces.of_text(email(text=source.format(NAME))).pieces if isinstance(one, Field))
    assert field.context == context


def test_own_tags():
    """A service's own tag comes out as its writer wrote it."""
    written = '<a href="x?e=*|EMAIL|*">*|FNAME|*</a>'
    source = protected(written, re.compile(r"\*\|\w+\|\*"))
    assert source.replace("zqmt", "").replace("qz", "").isascii()
    cut = pieces.of_html(email(source))
    assert [one for one in cut.pieces if isinstance(one, Raw)] == [
        Raw("*|EMAIL|*"),
        Raw("*|FNAME|*"),
    ]
    assert pieces.fill(cut, {}, View({}, {}), "en") == written


def test_built_in_urls():
    """A reader's own page is the reader's own address of it, or else the pattern with the reader's token."""
    url = token("unsubscribe_url", "https://x.example/leave?a=1&t={token}")
    cut = pieces.of_html(email(f'<a href="{url}">{url}</a>'))
    assert pieces.fill(cut, {"token": "c 41"}, View({}, {}), "en") == (
        '<a href="https://x.example/leave?a=1&amp;t=c%2041">https://x.example/leave?a=1&amp;t=c%2041</a>'
    )
    own = {"token": "c41", "unsubscribe_url": "https://y.example/?a&b"}
    assert pieces.fill(cut, own, View({}, {}), "en").startswith('<a href="https://y.example/?a&amp;b">')
    assert pieces.fill(cut, {"unsubscribe_url": "javascript:x"}, View({}, {}), "en").count("?a=1&amp;t=") == 2


def test_unmarked():
    """A template that shows to all what is for some, or that doesn't let cards be chosen, is told which it is."""
    blocks = (Block("promo", WHERE), Block("tracks", WHERE))
    text = block(0, "x", html=False) + "no cards"
    with pytest.raises(CombinedError) as caught:
        pieces.refuse_unmarked(email("<p>no marks</p>", text, {0: AUDIENCE, 1: CHOICE}), blocks)
    assert [str(one.where) for one in caught.value.errors] == [
        "templates/blocks/promo.mjml.j2",
        "templates/blocks/tracks.mjml.j2",
        "templates/blocks/tracks.txt.j2",
    ]
    with pytest.raises(TemplateError, match=r"tracks\.txt\.j2: is to be chosen for each reader"):
        pieces.refuse_unmarked(email(HTML, text, {0: AUDIENCE, 1: CHOICE}), blocks)
