"""Markdown -> HTML, plain text and openings: what the fixtures in tests/markdown/ say, and what they can't."""

from __future__ import annotations

import re

import pytest

from pipeline import markdown, merge_fields
from pipeline.errors import ContentError, PipelineError, Where, flatten
from pipeline.markdown import Document
from pipeline.model import Image
from tests.markdown_fixtures import FIXTURES, SHOW, URL, body, cases, html, link, render

CASES = [pytest.param(name, *case, id=f"{name}: {case[0]}") for name in sorted(SHOW) for case in cases(name)]


@pytest.mark.parametrize(("name", "title", "source", "expected"), CASES)
def test_fixture(name: str, title: str, source: str, expected: str) -> None:
    """Each case of each fixture file comes out as it is written there."""
    assert SHOW[name](title, source) == expected.removesuffix("\n")


def test_every_fixture_file_is_read() -> None:
    """No fixture file lies about unused, and no case in one is missed for a slip in its form."""
    files = sorted(FIXTURES.glob("*.txt"))
    assert [file.stem for file in files] == sorted(SHOW)
    for file in files:
        dots = len(re.findall(r"^\.$", file.read_text(encoding="utf-8"), re.MULTILINE))
        assert dots == 3 * len(cases(file.stem))


def test_callbacks_get_true_lines() -> None:
    """Each link and each picture is asked for once, with the line on which it stands in the file."""
    source = (
        "A [one](/1) and\n`code\nspan` [two](/2)\n\n> - ![three](3.png)\n\n| h |\n|---|\n| [four](/4) |\n\n"
        '<div>\n<a href="/5">five</a>\n<img src="6.png">\n</div>\n\nx <a\nhref="/7">seven</a> <b>[eight](/8)</b>\n\n'
        "note[^n]\n\n[^n]: [nine](/9)\n"
    )
    asked: list[tuple[str, int | None]] = []

    def note_link(href: str, where: Where) -> str:
        asked.append((href, where.line))
        return "https://example.org" + href

    def note_image(src: str, alt: str, where: Where) -> Image:
        asked.append((src, where.line))
        return Image("https://example.org/" + src)

    render(source, link=note_link, image=note_image)
    lines = {"/1": 10, "/2": 12, "3.png": 14, "/4": 18, "/5": 21, "6.png": 22, "/7": 25, "/8": 26, "/9": 30}
    assert sorted(asked) == sorted(lines.items())


def test_errors_of_callbacks_are_told_together() -> None:
    """What the callbacks raise is raised in one go, each error at its own place."""

    def missing(src: str, alt: str, where: Where) -> Image:
        raise ContentError(f"{src} is not there", where)

    with pytest.raises(PipelineError) as caught:
        render("![a](a.png)\n\n## H\n\n![b](b.png)\n", image=missing)
    assert [str(error) for error in flatten(caught.value)] == [
        "content/articles/sleep.md:10: a.png is not there",
        "content/articles/sleep.md:14: b.png is not there",
    ]


def test_a_callback_may_leave_a_link_out() -> None:
    """A link that comes to nothing, or to something that no mail may have, leaves its words."""
    assert render("[a](/x)", link=lambda href, where: "").intro == "<p>a</p>"
    assert render("[a](/x)", link=lambda href, where: "javascript:x").intro == "<p>a</p>"
    assert render("![a](x) b", image=lambda src, alt, where: Image("")).intro == "<p> b</p>"


def test_without_a_line_there_are_no_lines() -> None:
    """Where the file has no lines to speak of, findings and sections only name the file."""
    document = markdown.render(
        "## A\n\n{{< x >}}", Where("letter"), url=URL, link=link, image=lambda src, alt, where: Image(src)
    )
    assert document.sections[0].where == document.findings[0].where == Where("letter")


def test_findings_are_warnings_about_content() -> None:
    """What is left out is told as a warning of the check "content", in the order of lines."""
    findings = render("a[^1] {{< b >}}\n\n{{< c >}}\n\n[^1]: {{< note >}}").findings
    assert {(finding.check, finding.level) for finding in findings} == {("content", "warn")}
    assert [finding.where.line for finding in findings] == [10, 12, 14]


class TestMergeFields:
    """Tokens of merge fields go through as words."""

    token = merge_fields.token("first_name", "there")

    def render(self, source: str) -> Document:
        return render(source.replace("@", self.token), code=merge_fields.written)

    def test_text_title_and_alt(self) -> None:
        """A token stays whole in text, titles, alternative texts and headings."""
        document = self.render('Hello @, [x](/a "for @") ![@](b.png)\n\n## For @\n')
        assert document.intro.count(self.token) == 3
        assert document.sections[0].title == f"For {self.token}"
        assert self.token in markdown.to_text(document.intro)

    def test_href(self) -> None:
        """A token stays whole in a link's URL, and as the whole of one."""
        document = self.render("[a](https://example.org/?name=@) [b](@)")
        assert f'href="https://example.org/?name={self.token}"' in document.intro
        assert f'{self.token}">b</a>' in document.intro

    def test_code(self) -> None:
        """Code shows the field as it is written."""
        document = self.render("`@` and\n\n```\n@\n```\n\n    @\n")
        assert html(document).count("[[first_name|there]]") == 3
        assert self.token not in html(document)

    def test_one_word(self) -> None:
        """A token counts as one word."""
        assert self.render("Hello @, you.").words == 3


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("One *two* thr**ee** — four-five 0.5 'six' &amp; seven.", 7),
        ("## A title\n\nand[^1] words\n\n[^1]: not these", 4),
        ("睡眠很重要。", 3),
        ("Это пять слов на русском", 5),
        ("| a | b |\n|---|---|\n| c | d |", 4),
        ("- a\n- b\n\n```\ncode is read\n```", 5),
        ("![not read](x.png)", 0),
        ("... — !? *", 0),
        ("", 0),
    ],
)
def test_words(source: str, words: int) -> None:
    """Words of the text and the titles count, in any script; of Chinese and Japanese two characters are one."""
    assert render(source).words == words


def test_url_of_a_section_is_ascii() -> None:
    """An anchor of another script is percent-encoded in the URL, as RFC 3986 has it."""
    section = render("## Über uns").sections[0]
    assert (section.anchor, section.url) == ("über-uns", f"{URL}#%C3%BCber-uns")


def test_plain() -> None:
    """plain() gives the words on one line, without pictures and footnote numbers."""
    document = render("One *two*[^1] ![x](x.png)\\\nthree\n\n- four\n- five & six\n\n[^1]: note")
    assert markdown.plain(document.intro) == "One two three four five & six"


def test_html_of_others_is_read_too() -> None:
    """Plain text is made of headings, comments, unclosed and unmatched tags as well."""
    assert markdown.to_text("<h3>Title</h3><!-- c --><p>a <b>b<p>c</i></p>d < e") == "Title\n\na b c d < e"


class TestBadInput:
    """What can't be rendered in fair time is a ContentError; nothing else is ever raised."""

    @pytest.mark.parametrize(
        ("source", "message"),
        [
            ("word " * 400_000, "sleep.md:10: over 1 MB of Markdown; split it"),
            ("a\n" * 40_000, "sleep.md:10: over 30,000 lines"),
            ("[" * 20_001, "sleep.md:10: over 20,000 square brackets"),
            ("<b>" * 20_001, "sleep.md:10: over 20,000 tags"),
            ("fine\n\n" + ">" * 5_000 + " deep", "sleep.md:12: nested too deep"),
            ("- " * 5_000 + "deep", "sleep.md:10: nested too deep"),
            ("fine\n\n" + "*" * 2_500 + "deep" + "*" * 2_500, "sleep.md:12: nested too deep"),
            ("fine\n\n" + "<div>" * 5_000, "sleep.md:10: nested too deep"),
            ("fine\n\n" + "<b><i>" * 5_000, "sleep.md:10: nested too deep"),
            ("<div>" + "<b><i><u>" * 300 + "<p>" * 5_000, "sleep.md:10: nested too deep"),
            ("a\nb\0", "sleep.md:11: U+0000 is no text"),
            ("a\n\nb\udc80", "sleep.md:12: U+DC80 is no text"),
        ],
        ids=lambda value: value if len(value) < 60 else "",
    )
    def test_is_a_content_error(self, source: str, message: str) -> None:
        """Too much, too deep, or no text: the error says so, with its line."""
        with pytest.raises(ContentError) as caught:
            render(source)
        assert message in str(caught.value)

    @pytest.mark.parametrize(
        "source",
        [
            "[" * 5_000 + "a" + "](b)" * 5_000,
            "![" * 5_000 + "a" + "](b)" * 5_000,
            "^[" * 5_000 + "a" + "]" * 5_000,
            "".join(f"[^{number}]: see [^{number + 1}]\n\n" for number in range(900)) + "[^0]",
            "[^1]\n\n[^1]: see [^1]",
            "<a <a <a " * 900,
            "<div>" + '<a ">' * 900,
            "<!--" * 2_000,
            "<script>" * 2_000,
            "x <b>" * 40,
            "<p>" * 2_000,
            "<table><td>" * 10,
            "{{< " * 5_000,
            "{% comment %}\n" * 900,
            "<Aa x={" * 2_000,
            "[gallery " * 2_000,
            "`" * 5_000,
            "&" * 5_000,
            "\\" * 5_000,
            "|" * 5_000 + "\n" + "|-" * 2_500,
            "\r\n\r\u2028\x0b\x85\ufeff\ufffe",
        ],
        ids=lambda value: value[:12],
    )
    def test_is_rendered(self, source: str) -> None:
        """Openers without an end, in whatever number, are text or nothing."""
        document = render(source)
        markdown.to_text(html(document))
        markdown.opening(body(document), 50)


def test_control_characters_become_blanks() -> None:
    """Control characters separate words, whether typed or written as references."""
    assert render("a\x0bb\x85c\u2028d").intro == "<p>a b c d</p>"
    assert render("<p>e&#1;f&#x1b;g</p>").intro == "<p>e f g</p>"
