"""What counts as a word, what a text part may add to an article's, and what the rules say of other mails."""

from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from pipeline import markdown
from pipeline.checks import of_html, of_message, text_part, words
from pipeline.checks.reading.wording import Passage, Unit, difference, in_line, read_text, unit, units, visible, walks
from pipeline.checks.reading.wording import words as words_of
from pipeline.checks.text_part import bare
from pipeline.errors import Where
from pipeline.model import Block
from tests.checks.mutating import in_text
from tests.checks.test_mutants import mail as built
from tests.folders import REPOSITORY

RULES = {rule.id: rule for rule in (*words.RULES, *text_part.RULES)}
WHERE = Where("content/articles/x.md", 1)


def ours(slug="better-sleep", folder=REPOSITORY):
    return built(folder, slug)


def lost(html, shown, text):
    """What H15 says of a mail with a letter, the HTML that it became, and its text part."""
    whole = ours("sunday-rain")
    letter = Block("letter", WHERE)
    edition = replace(whole.edition, letter=Markup(html), blocks=(letter,))
    newsletter = replace(whole.newsletter, tagline=MappingProxyType({}), reason=MappingProxyType({}))
    marked = f"<html><body><!--block:0--><div>{shown}</div><!--/block:0--></body></html>"
    mail = replace(whole, html=marked, marked=marked, text=text, edition=edition, newsletter=newsletter)
    return [fault.message for fault in RULES["H15"].look(mail)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't, “quote” — or…", ["don", "t", "quote", "or"]),
        ("bed\u00adroom can\u200bdle lamp\ufe0f", ["bedroom", "candle", "lamp"]),
        ("Cafe\u0301 CAFÉ", ["café", "café"]),
        ("नमस्ते दुनिया।", ["नमस्ते", "दुनिया"]),
        ("هل تنام؟ نعم، أنام", ["هل", "تنام", "نعم", "أنام"]),
        ("眠れない夜。", ["眠", "れ", "な", "い", "夜"]),
        ("สวัสดีครับ", ["สวัสดีครับ"]),
        ("5\u00a0µg, x² 🌙", ["5", "µg", "x²", "🌙"]),
        ("Straße", ["strasse"]),
        ("وhttps://example.org", ["و", "https", "example", "org"]),
    ],
)
def test_words(text, expected):
    """Words are compared in every script, without case, signs and what can't be seen."""
    normal = [visible(word).casefold() for word in expected]
    assert words_of(text) == normal


def test_units():
    """Boxes are apart, inline elements aren't, and a raised number is a word of its own."""
    html = '<p>One <b>tw</b>o<sup class="footnote">1</sup></p><ul><li>a &amp; b</li></ul><!-- c --><p><img alt="d"></p>'
    assert [one.words for one in units(html)] == [("one", "two"), ("1",), ("a", "b")]


ARTICLES = {
    "links": '<p>Read <a href="https://x.org/a_b?c=1">the guide</a>, or <a href="https://x.org/">x.org</a> (2).</p>',
    "lists": "<ol><li>Breathe in.</li><li>Hold.</li></ol><ul><li>One<ul><li>Two</li></ul></li></ul>",
    "a picture among words": '<p>Look <img src="https://x.org/a.png" alt="a small lamp"> here, and <em>rest</em>.</p>',
    "footnotes": '<p>Sleep<sup class="footnote">1</sup> well.</p><ol class="footnotes"><li><p>Or try.</p></li></ol>',
    "a table": "<table><thead><tr><th>Night</th><th>Hours</th></tr></thead>"
    "<tbody><tr><td>Mon</td><td>7</td></tr></tbody></table>",
    "a wide table": "<table><thead><tr><th>Night</th><th>Note</th></tr></thead><tbody>"
    + "".join(f"<tr><td>{day}</td><td>{'slept and slept ' * 8}</td></tr>" for day in ("Mon", "Tue"))
    + "</tbody></table>",
    "a quotation and code": "<blockquote><p>Slow is smooth, and so on until the line is broken in two or three parts "
    "of it.</p></blockquote><pre><code>a = b\n\n\n  c</code></pre>",
    "Japanese": f"<p>{'眠れない夜には、静かに息を数えてみましょう。' * 5}</p><p>短い。</p>",
    "Thai": "<p>นอนหลับให้สบาย คืนนี้ฝนตก</p>",
    "Arabic": "<p>هل تنام؟ <b>نعم،</b> أنام.</p>",
    "a number that begins a line": f"<p>{'word ' * 13}in about 1999. Then more words follow until it is done.</p>",
    "raised and lowered": "<p>H<sub>2</sub>O and x<sup>2</sup>, 5&nbsp;mg, bed&shy;room</p>",
    "an address with Arabic before it": '<p>code و<a href="https://x.org/a">https://x.org/a</a>.</p>',
    "brackets": "<p>He [sic] said &lt;so&gt; it is.</p>",
}


@pytest.mark.parametrize("html", ARTICLES.values(), ids=ARTICLES)
def test_nothing_lost(html):
    """What our own text renderer adds and moves is no loss."""
    assert lost(html, html, markdown.to_text(html)) == []


@pytest.mark.parametrize("html", ARTICLES.values(), ids=ARTICLES)
def test_any_word_lost(html):
    """Each box of an article that goes missing from the HTML is noticed."""
    for one in units(html):
        if one.text.count(" ") > 1 and html.count(one.text) == 1:
            assert lost(html, html.replace(one.text, one.text.rpartition(" ")[0]), markdown.to_text(html)), one.text


def test_messages():
    """A fault says which words, what became of them, and what goes before them."""
    html = "<p>Breathe in, hold for four counts, and exhale hold again.</p>"
    text = "Breathe in, hold for four counts, and exhale hold again."
    assert lost(html, html.replace("exhale ", ""), text) == [
        '"exhale" stands in the letter and not in the HTML, after "four counts, and"'
    ]
    assert lost(html, html, text.replace("exhale hold", "exhalehold")) == [
        '"exhale hold" of the letter is glued together in the text part: "exhalehold", after "four counts, and"'
    ]
    assert lost(html, html, text.replace("four", "four four")) == [
        '"four" stands in the text part and not in the letter, after "in, hold for"'
    ]
    assert lost(html, html.replace("in, hold", "in,hold"), text) == [
        '"in, hold" of the letter is glued together in the HTML: "in,hold"'
    ]
    assert lost(html, "", text) == [
        '"Breathe in, hold for four counts, and exhale hold again." stands in the letter and not in the HTML'
    ]


def test_what_templates_leave_out():
    """What neither part shows, a template has chosen to leave out."""
    whole = ours()
    texts = [article.dek for block in whole.edition.blocks for article in block.data.get("articles", ())]
    assert texts
    for dek in texts:
        found = unit(dek)[0].text.replace("'", "&#39;")
        assert found in whole.marked
        html = whole.marked.replace(found, "")
        flat = "\n\n\n".join(
            part if dek not in " ".join(part.split()) else " ".join(part.split()).replace(dek, "\n")
            for part in whole.text.split("\n\n\n")
        )
        mutant = replace(whole, marked=html, html=html, text=flat)
        assert [fault.message for fault in RULES["H15"].look(mutant) if dek[:20] in fault.message] == []


def test_without_text_part():
    """Where there is no text part, only the HTML is looked at; M06 tells the rest."""
    mail = replace(ours(), text=None)
    assert [fault for rule in RULES.values() for fault in rule.look(mail)] == []


def test_blocks_that_cannot_be_told_apart():
    """A text part with other distances between its blocks is read as a whole."""
    mail = ours()
    flat = replace(mail, text=mail.text.replace("\n\n\n", "\n\n"))
    assert [fault for rule in RULES.values() for fault in rule.look(flat)] == []
    assert read_text(flat.text, len(mail.edition.blocks)).blocks == {}
    assert list(RULES["H15"].look(in_text("asked the same thing", "asked the thing")(flat)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://x.org/a/?utm_source=n&utm_medium=m", "https://x.org/a"),
        ("https://x.org/a?b=1&utm_source=n#c", "https://x.org/a?b=1#c"),
        ("https://x.org/%D9%86%D9%88%D9%85", "https://x.org/نوم"),
    ],
)
def test_same_link(one, other):
    """Links are the same without what counts visits, however they are encoded."""
    assert bare(one) == bare(other)


def test_other_link():
    """A link to another place, or another place of the same page, is another."""
    assert (
        len({bare(url) for url in ("https://x.org", "https://x.org/a", "https://x.org/a#b", "https://x.org/a?b")}) == 4
    )


MESSAGE = """Subject: x
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=utf-8

{text}
--b
Content-Type: text/html; charset=utf-8

<html><body><h1>Hello</h1><p>{words}</p><a href="https://x.org/a?utm_source=m">Read</a>
<a href="mailto:us@x.org">write</a><a href="#top">up</a><a href="tel:+4930123">call</a></body></html>
--b--
"""


def foreign(text, words="word"):
    mail = of_message(MESSAGE.format(text=text, words=words).encode(), "mail.eml")
    return [fault.message for rule in RULES.values() for fault in rule.look(mail)]


def test_foreign():
    """Of another's mail the text part is compared with the HTML."""
    assert foreign("# HELLO\n\nword: Read (https://x.org/a), write to us@x.org, or call tel:+4930123.") == []
    assert foreign("Hello word") == [
        'the link "Read" to https://x.org/a isn\'t in the text part',
        'the link "write" to mailto:us@x.org isn\'t in the text part, and 1 more',
    ]
    assert foreign("") == ["the text part is empty"]
    said = " ".join(f"word{index}" for index in range(40))
    assert any("42 of the 43 words" in one for one in foreign("hello https://x.org/a us@x.org tel:+4930123", said))


def test_walks():
    """Only what a text part adds may stand between the words of a paragraph."""
    text = "See the guide <https://x.org/a> now"
    wanted, other = unit("the guide now")[0], unit("see guide")[0]
    assert walks(wanted, Passage(text, "", ""))
    assert not walks(other, Passage(text, "", ""))
    address = Passage("https://x.org/sleep?utm_medium=email", "", "")
    assert not walks(unit("Email")[0], address)
    assert walks(unit("x.org/sleep")[0], address)


@given(st.text(max_size=60), st.text(max_size=200))
def test_any_difference(some, there):
    """Whatever two texts are, their difference can be told."""
    for one in unit(some):
        assert all(isinstance(part, str) for part in difference(one, Passage(there, in_line(words_of(there)), there)))
        assert isinstance(one, Unit)


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=300), st.text(max_size=300), st.sampled_from(["better-sleep", "rest-ar", "the-long-read"]))
def test_any_mail(html, text, slug):
    """Whatever became of one of our mails, the rules come to an end, and say what they find on one line."""
    mail = ours(slug)
    cut = len(html) * 97 % len(mail.marked)
    mutants = [
        replace(mail, marked=html, html=html, text=text),
        replace(mail, marked=mail.marked[:cut] + html + mail.marked[cut + 99 :], text=mail.text[:cut] + text),
        of_html(html, "mail.html"),
    ]
    for mutant in mutants:
        faults = [fault for rule in RULES.values() for fault in rule.look(mutant)]
        assert all("\n" not in fault.message for fault in faults)


@given(st.binary(max_size=300))
def test_any_message(message):
    """Whatever a message is, the rules come to an end."""
    for rule in RULES.values():
        list(rule.look(of_message(message, "mail.eml")))


def test_short_lines_by_chance():
    """An article's opening that isn't shown has lines of one word; that one stands in its teaser by chance."""
    whole = ours()
    opening = Markup("<p>Ways to reach us:</p><ul><li>Email</li><li>Box</li><li>A</li></ul><p>Line one, line two.</p>")
    shown = [(block, block.data.get("articles", ())) for block in whole.edition.blocks]
    blocks = [
        replace(block, data={**block.data, "articles": tuple(replace(one, intro=opening) for one in articles)})
        if articles
        else block
        for block, articles in shown
    ]
    mutant = replace(whole, edition=replace(whole.edition, blocks=tuple(blocks)))
    assert [fault.message for fault in RULES["H15"].look(mutant)] == []
