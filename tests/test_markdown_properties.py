"""Words that go in come out: of Markdown into HTML, text and openings."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import markdown
from pipeline.errors import PipelineError
from tests.markdown_fixtures import PATIENT, body, html, render
from tests.test_markdown_hostile import check_harmless

_SAMPLES = """
    sleep Schlafstörung café сон ύπνος النوم שינה नींद การนอน 수면 እንቅልፍ քուն ძილი giấc ngủ ਨੀਂਦ தூக்கம் 😴 👨‍👩‍👧 0.5
"""
SPACED = st.sampled_from(_SAMPLES.split()) | st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd"]), min_size=1)
WIDE = st.sampled_from(["睡眠", "呼吸する", "放松", "ひらがな", "カタカナ"])
UNSPACED_SCRIPTS = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u3000-\u303f\uff00-\uffef]"
)

SPANS = [
    "{}",
    "*{}*",
    "**{}**",
    "`{}`",
    "~~{}~~",
    "[{}](/x)",
    "<b>{}</b>",
    "<span>{}</span>",
    "***{}***",
    "[**{}**](/x)",
]
SPAN_BREAKS = [" ", "\n", "\\\n", "  \n", "<br>", " <!-- --> ", " {{< x >}} ", " {% y %} "]
BLOCKS = [
    "{}",
    "> {}",
    "- {}",
    "1. {}",
    "> - {}",
    "- a {}",
    "## {}",
    "<div>\n{}\n</div>",
    "<p>{}",
    "<h3>{}</h3>",
    "    {}",
]


def words_of(spans: list[str]) -> list[str]:
    return [word for span in spans for word in span.split()]


@st.composite
def paragraphs(draw: st.DrawFn, words: st.SearchStrategy[str]) -> tuple[str, list[str]]:
    """A paragraph's Markdown, and its words."""
    parts, found = [], []
    for word in draw(st.lists(words, min_size=1, max_size=8)):
        if parts:
            parts.append(draw(st.sampled_from(SPAN_BREAKS)))
        parts.append(draw(st.sampled_from(SPANS)).format(word))
        found.append(word)
    return "".join(parts), found


@st.composite
def documents(draw: st.DrawFn, words: st.SearchStrategy[str]) -> tuple[str, list[str]]:
    """A document of paragraphs, and its words."""
    drawn = draw(st.lists(paragraphs(words), min_size=1, max_size=5))
    return "\n\n".join(source for source, _ in drawn), [word for _, found in drawn for word in found]


def split(text: str) -> list[str]:
    return re.split(r"[ \n]+", text.strip(" \n"))


@PATIENT
@given(documents(SPACED))
def test_words_come_out_in_html(document: tuple[str, list[str]]) -> None:
    """No word is lost, glued or changed, whatever stands between them."""
    source, words = document
    if not UNSPACED_SCRIPTS.search(source):
        assert split(markdown.plain(render(source).intro)) == words


@PATIENT
@given(documents(SPACED), st.integers(10, 80))
def test_words_come_out_in_text(document: tuple[str, list[str]], width: int) -> None:
    """The plain text has each word, in its order; only URLs stand between them."""
    source, words = document
    if not UNSPACED_SCRIPTS.search(source):
        text = markdown.to_text(render(source).intro, width)
        assert [word for word in split(text) if not word.startswith("<https://")] == words


@PATIENT
@given(documents(WIDE | SPACED), st.integers(10, 80))
@pytest.mark.slow
def test_characters_come_out(document: tuple[str, list[str]], width: int) -> None:
    """Of scripts without blanks between words each character comes out, in its order."""
    source, words = document
    rendered = render(source).intro
    text = re.sub(r"<https://[^>]*>", "", markdown.to_text(rendered, width))
    assert "".join(split(text)) == "".join(split(markdown.plain(rendered))) == "".join(words)


@PATIENT
@given(st.lists(st.tuples(st.sampled_from(BLOCKS), SPACED), min_size=1, max_size=8))
def test_blocks_keep_their_words(blocks: list[tuple[str, str]]) -> None:
    """Words of neighbouring blocks never run together."""
    source = "\n\n".join(block.format(word) for block, word in blocks)
    document = render(source)
    titled = " ".join([document.intro, *(f"<p>{section.title}</p>{section.html}" for section in document.sections)])
    words = [word for block, word in blocks for word in (["a", word] if "a {" in block else [word])]
    assert split(markdown.plain(titled)) == words


SENTENCES = st.lists(
    st.sampled_from(["One two.", "Drei!", "[four five.](/x) six", "*seven*", "Dr. Acht", "नौ।", "十。", "e.g. x?"])
)


@PATIENT
@given(st.lists(st.tuples(st.sampled_from(["{}", "- {}", "> {}", "1. {}"]), SENTENCES), max_size=6), st.integers(0, 40))
def test_an_opening_is_a_beginning(blocks: list[tuple[str, list[str]]], words: int) -> None:
    """An opening is balanced, and its words are those that the text begins with."""
    source = body(render("\n\n".join(block.format(" ".join(sentences)) for block, sentences in blocks)))
    opening = markdown.opening(source, words)
    check_harmless(opening)
    assert (
        split(markdown.plain(source))[: len(split(markdown.plain(opening)))] == split(markdown.plain(opening))
        or not opening
    )
    assert bool(markdown.plain(source)) == bool(markdown.plain(opening))


@PATIENT
@given(st.lists(st.tuples(st.sampled_from(["{}", "- {}", "> {}"]), SENTENCES), max_size=6))
def test_an_opening_may_be_the_whole(blocks: list[tuple[str, list[str]]]) -> None:
    """With words enough, an opening is the whole."""
    source = body(render("\n\n".join(block.format(" ".join(sentences)) for block, sentences in blocks)))
    assert split(markdown.plain(markdown.opening(source, 10_000))) == split(markdown.plain(source))


@PATIENT
@given(st.text())
def test_any_text_is_rendered_or_refused(source: str) -> None:
    """Rendering raises nothing but the pipeline's own errors."""
    try:
        document = render(source)
    except PipelineError:
        return
    markdown.to_text(html(document))
    markdown.opening(html(document), 5)
