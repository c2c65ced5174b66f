"""mjml: refuses what is wrong, and gives the HTML that the reference gives."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mjml import mjml2html

from pipeline.errors import CombinedError, PipelineError, TemplateError, Where
from pipeline.mjml import compile, document
from pipeline.mjml.start_tags import unshield
from pipeline.mjml.tags import UNSUPPORTED, known, read_value
from tests.same_html import difference

HERE = Path(__file__).parent / "mjml"
REFERENCE = sorted((HERE / "reference").glob("*.mjml"))
BEFORE, AFTER = "<mjml><mj-body><mj-section><mj-column>", "</mj-column></mj-section></mj-body></mjml>"


def in_column(mjml: str) -> str:
    return BEFORE + mjml + AFTER


def with_head(mjml: str) -> str:
    return f"<mjml><mj-head>{mjml}</mj-head><mj-body></mj-body></mjml>"


# --- Fixtures that anybody can add ---


def cases(name: str) -> list[ParameterSet]:
    """The cases of a text file: title, a dot, MJML, a dot, what is expected, a dot.

    The MJML stands in a column, but for a case whose title begins with "whole: ", which has a document.
    """
    text = (HERE / name).read_text(encoding="utf-8")
    found = re.findall(r"^(.+)\n\.\n((?s:.*?))\n\.\n((?s:.*?))\n\.$", text, re.MULTILINE)
    return [_case(title, source, expected) for title, source, expected in found]


def _case(title: str, source: str, expected: str) -> ParameterSet:
    name = title.removeprefix("whole: ")
    return pytest.param(source if name != title else in_column(source), expected, id=name)


@pytest.mark.parametrize(("source", "expected"), cases("errors.txt"))
def test_errors(source: str, expected: str) -> None:
    """Each mistake is told once, with its place, in the order of the source."""
    try:
        compile(source)
        said = "fine"
    except PipelineError as error:
        said = str(error)
    assert said == expected


def for_engine(source: str) -> str:
    """The MJML that the engine gets, with what travels as letters and digits written out."""
    read = document.read(source)
    written = re.sub(r"zqmc(\d+)qz", lambda found: read.contents[int(found[1])], read.mjml)
    written = re.sub(r"zqm[ak]([0-9a-f]+)qz", lambda found: unshield(found[1]), written)
    return written if not source.startswith(BEFORE) else written.removeprefix(BEFORE).removesuffix(AFTER)


@pytest.mark.parametrize(("source", "expected"), cases("normalised.txt"))
def test_normalised(source: str, expected: str) -> None:
    """The engine reads what was meant."""
    assert for_engine(source) == expected


@pytest.mark.parametrize(("source", "verdict"), cases("verdicts.txt"))
def test_verdicts(source: str, verdict: str) -> None:
    """What the reference finds valid is valid here, and what it refuses is refused, but for the cases that say why."""
    try:
        compile(source)
        here = "valid"
    except PipelineError:
        here = "invalid"
    assert here == (verdict if " here" not in verdict else re.search(r"(\w+) here: .", verdict)[1])


# --- The reference ---


@pytest.mark.parametrize("source", REFERENCE, ids=lambda path: path.stem)
def test_reference(source: Path) -> None:
    """The HTML says what the reference's HTML says."""
    expected = source.with_suffix(".html").read_text(encoding="utf-8")
    assert difference(expected, compile(source.read_text(encoding="utf-8"))) == ""


def test_comparison_sees() -> None:
    """The comparison sees glued words, lost attributes and what stands in conditional comments."""
    one = '<p class="a b" style="color:red;margin:0">x <b>y</b> z<!--[if mso]><i>q</i><![endif]--></p>'
    same = '<p style="margin: 0px; color:red" class="b a">\n x\n<b>y</b> z<!--[if mso]> <i>q</i><![endif]-->\n</p>'
    assert difference(one, same) == ""
    for change in ("x <b>", "x<b>"), ("color", "colour"), ("<i>", "<u>"), ("mso", "ie"), ('"a b"', '"a"'):
        assert difference(one, one.replace(*change)), change


def node(script: str, *arguments: str, given: str = "") -> str:
    """What a script of tests/mjml says; skips where Node or npm's mjml is missing, unless CI is set."""
    program = shutil.which("node")
    found = program and subprocess.run([program, "-e", "require.resolve('mjml')"], cwd=HERE, capture_output=True)
    if (not found or found.returncode) and "CI" not in os.environ:
        pytest.skip("no node, or no mjml: npm install --prefix tests/mjml")
    assert program, "CI is set, and there is no node"
    command = [program, str(HERE / script), *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=True, encoding="utf-8").stdout


@pytest.mark.node
def test_reference_is_the_reference(tmp_path: Path) -> None:
    """The expected HTML is what npm's mjml makes of each document today."""
    node("regenerate.mjs", str(tmp_path))
    assert [path.stem for path in REFERENCE] == sorted(path.stem for path in tmp_path.iterdir())
    for source in REFERENCE:
        expected, made = source.with_suffix(".html"), tmp_path / f"{source.stem}.html"
        assert difference(expected.read_text(encoding="utf-8"), made.read_text(encoding="utf-8")) == "", source.stem


@pytest.mark.node
def test_verdicts_are_the_reference() -> None:
    """The verdicts in the fixture are those of the reference's strict validation."""
    fixture = [case.values for case in cases("verdicts.txt")]
    said = json.loads(node("validate.mjs", given=json.dumps([source for source, _ in fixture])))
    assert ["invalid" if messages else "valid" for messages in said] == [verdict.split()[0] for _, verdict in fixture]


# --- What the engine does ---


PARENTS = {
    "mj-accordion-title": "<mj-accordion><mj-accordion-element>{}</mj-accordion-element></mj-accordion>",
    "mj-body": "<mjml>{}</mjml>",
    "mj-carousel-image": "<mj-carousel>{}</mj-carousel>",
    "mj-social-element": "<mj-social>{}</mj-social>",
    **dict.fromkeys(("mj-hero", "mj-raw", "mj-section", "mj-wrapper"), "<mjml><mj-body>{}</mj-body></mjml>"),
}


def shown_by_engine(name: str, attribute: str) -> str:
    """What the engine makes of a tag with this attribute, or of one with none; without what only Outlook reads."""
    source = PARENTS.get(name, "{}").format(f"<{name}{attribute}></{name}>")
    made = mjml2html(source if source.startswith("<mjml>") else in_column(source), fonts={})
    return re.sub(r"<!--\[if mso.*?endif\]-->", "", made, flags=re.DOTALL)


@pytest.mark.parametrize("name", sorted(UNSUPPORTED))
def test_unsupported(name: str) -> None:
    """The engine shows no reader any of the attributes that are refused because it does not do them."""
    for attribute in UNSUPPORTED[name]:
        kind = known()[name].attributes[attribute]
        value = "7px" if kind.startswith("unit") else kind.rstrip(")").rpartition(",")[2].rpartition("(")[2]
        assert shown_by_engine(name, f' {attribute}="{value}"') == shown_by_engine(name, ""), attribute


@pytest.mark.parametrize("name", sorted(set(known()) - {"mjml", "mj-all", "mj-class"}))
def test_every_tag_is_in_the_reference(name: str) -> None:
    """Each tag that can be written stands in a document that the reference has compiled."""
    assert any(f"<{name}" in source.read_text(encoding="utf-8") for source in REFERENCE)


def test_refusal_by_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the engine refuses all the same is a TemplateError, and what else goes wrong is not dressed up as one."""

    def refuse(*_: object, **__: object) -> str:
        raise ValueError("no root node")

    monkeypatch.setattr("pipeline.mjml.mjml2html", refuse)
    with pytest.raises(TemplateError, match=r"^mjml: the MJML compiler can't read this document: no root node$"):
        compile(in_column(""))
    monkeypatch.setattr("pipeline.mjml.mjml2html", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        compile(in_column(""))


def test_panic_of_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A panic in Rust, which is no Exception, is a TemplateError; an interrupt is not."""
    panic = type("PanicException", (BaseException,), {"__module__": "pyo3_runtime"})
    for raised, expected in ((panic("oops"), TemplateError), (KeyboardInterrupt(), KeyboardInterrupt)):

        def fail(*_: object, error: BaseException = raised, **__: object) -> str:
            raise error

        monkeypatch.setattr("pipeline.mjml.mjml2html", fail)
        with pytest.raises(expected):
            compile(in_column(""))


# --- The finished HTML ---


def test_places() -> None:
    """Errors carry their places, several come together, and no place reaches the HTML."""
    path = "templates/blocks/lead.mjml.j2"
    where = f'data-where="{path}:14"'
    with pytest.raises(CombinedError) as caught:
        compile(in_column(f'<mj-text {where} colr="red">x</mj-text>\n<mj-txt>y</mj-txt>'))
    assert [error.where for error in caught.value.errors] == [Where(path, 14), Where("mjml", 2)]
    assert all(isinstance(error, TemplateError) for error in caught.value.errors)
    comment = f"<!-- <mj-text {where}>x</mj-text> -->"
    assert "data-where" not in compile(in_column(f"{comment}<mj-text {where}>x{comment}</mj-text>"))


def test_document() -> None:
    """The doctype keeps browsers in standards mode, and the head keeps the viewport."""
    made = compile('<mjml lang="he" dir="rtl"><mj-body></mj-body></mjml>')
    assert made.startswith('<!DOCTYPE html><html lang="he" dir="rtl"')
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in made


def test_style_sheets() -> None:
    """A style sheet that is meant to be inlined is marked, any other is not, and both are copied as they are."""
    css = "@media (width<600px) { a > b { color: red } }"
    made = compile(with_head(f'<mj-style inline="inline">{css}</mj-style><mj-style>{css}</mj-style>'))
    assert made.count(f'<style type="text/css" data-inline>{css}</style>') == 1
    assert made.count(f'<style type="text/css">{css}</style>') == 1
    assert made.count("data-inline") == 1


def test_preheader() -> None:
    """The preheader is hidden, but not by white text, which costs points with spam filters."""
    made = compile(with_head("<mj-preview>Rain</mj-preview>"))
    hidden = re.search(r'<div style="([^"]*)">Rain</div>', made)
    assert hidden and "display:none" in hidden[1] and "color" not in hidden[1]


def test_conditional_comments() -> None:
    """Comments for Outlook that meet are one, and those of mj-raw are copied."""
    made = compile(in_column("<mj-text>x</mj-text>"))
    assert not re.search(r"<!\[endif\]-->\s*<!--\[if mso \| IE\]>", made)
    raw = "<!--[if !mso]><!--><p>x</p><!--<![endif]-->"
    assert raw in compile(f"<mjml><mj-body><mj-raw>{raw}</mj-raw><mj-section></mj-section></mj-body></mjml>")


def test_pictures_without_alt() -> None:
    """A picture without an alt gets an empty one, and a picture in an article keeps what it has."""
    made = compile(in_column('<mj-image src="a.png" /><mj-text><img src="b.png"></mj-text>'))
    assert '<img alt="" height="auto" src="a.png"' in made
    assert '<img src="b.png">' in made


def test_lines() -> None:
    """The lines of the layout stay short of what RFC 5322 allows."""
    made = compile((HERE / "reference" / "digest.mjml").read_text(encoding="utf-8"))
    assert max(map(len, made.split("\n"))) < 998


def test_carousel_arrows() -> None:
    """The style that hides a carousel's arrows is for Yahoo alone."""
    made = compile(in_column('<mj-carousel><mj-carousel-image src="a.png" /></mj-carousel>'))
    assert "@media screen yahoo {" in made and "screen, yahoo" not in made


def test_spaced_table() -> None:
    """A table's cellspacing isn't undone by the style sheet that collapses borders."""
    made = compile(in_column('<mj-table cellspacing="6"><tr><td>x</td></tr></mj-table>'))
    assert re.search(r'cellspacing="6"[^>]*style="border-collapse:separate;', made)


def test_valid_markup() -> None:
    """No td has an attribute vertical-align, which HTML doesn't know and the engine writes."""
    made = compile(in_column('<mj-button>x</mj-button><mj-text vertical-align="top">x</mj-text>'))
    assert ' vertical-align="' not in made


def test_pure() -> None:
    """The same source gives the same HTML, whatever was compiled before."""
    source = (HERE / "reference" / "carousel.mjml").read_text(encoding="utf-8")
    first = compile(source)
    compile(in_column("<mj-carousel><mj-carousel-image src='x.png' /></mj-carousel>"))
    assert compile(source) == first


# --- Values ---


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        ("unit(px,%){1,4}", "0", "0px"),
        ("unit(px,%){1,4}", "0 0 0 0", "0px 0px 0px 0px"),
        ("unit(px,%,)", "1.5", "1.5"),
        ("unit(px,auto)", "auto", "auto"),
        ("unit(px)", "px", None),
        ("unit(px)", "1 px", None),
        ("unit(px)", "1px\n2px", None),
        ("unitWithNegative(px,em)", "-.5em", "-.5em"),
        ("integer", "٣", None),
        ("color", "#ABCDEF", "#ABCDEF"),
        ("color", "red\n", None),
        ("enum(full-width,false,)", "", ""),
        ("color or string", "any", "any"),
    ],
)
def test_values(kind: str, value: str, read: str | None) -> None:
    """A value of a kind is read as CSS and the engine both understand it, any other is refused."""
    assert read_value(kind, value) == read


# --- Properties ---

# A busy machine is no failure.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=60)
WORD = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Cf"]), min_size=1, max_size=12)
INLINE = st.sampled_from(["", "b", "i", "a", "span", "EM"])
GAP = st.sampled_from(["", " ", "\n", "\n\n  ", "\t"])


class Seen(HTMLParser):
    """What a reader sees of the body's text, and the pictures' alts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.body, self.text, self.alts = False, "", []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.body = self.body or tag == "body"
        if tag == "img":
            self.alts.append(dict(attrs)["alt"])

    def handle_data(self, data: str) -> None:
        self.text += data if self.body else ""


def seen(source: str) -> Seen:
    parser = Seen()
    parser.feed(compile(source))
    parser.close()
    return parser


def blanks_as_one(text: str) -> str:
    return re.sub(r"[ \t\r\n\f]+", " ", text).strip(" ")


@unhurried
@given(st.lists(st.tuples(INLINE, WORD, GAP), min_size=1, max_size=12))
def test_no_word_lost_or_glued(words: list[tuple[str, str, str]]) -> None:
    """The words of a text come out, in any script, with white space where there was some and nowhere else."""
    pieces = [(f"<{tag}>{{}}</{tag}>" if tag else "{}").format(html.escape(word)) + gap for tag, word, gap in words]
    expected = blanks_as_one("".join(word + gap for _, word, gap in words))
    assert blanks_as_one(seen(in_column(f"<mj-text>{''.join(pieces)}</mj-text>")).text) == expected


@unhurried
@given(TEXT)
@example("a\nb\tc\\d\u200d\xa0e\u0301\ufe0f zqma41qz zqmk41qz")
def test_attributes_come_out(text: str) -> None:
    """An alt comes out as it went in, in any script, in quotes of both kinds."""
    for quote in "\"'":
        source = f"<mj-image src={quote}a.png{quote} alt={quote}{html.escape(text)}{quote} />"
        assert seen(in_column(source)).alts == [text]


@unhurried
@given(TEXT)
def test_titles_come_out(text: str) -> None:
    """A title and a preheader come out as they went in."""
    escaped = html.escape(text)
    source = with_head(f"<mj-title>{escaped}</mj-title><mj-preview>{escaped}</mj-preview>")
    title = re.search(r"<title>(.*?)</title>", compile(source), re.DOTALL)
    assert title and html.unescape(title[1]).strip(" ") == text.strip(" ")
    assert blanks_as_one(seen(source).text) == blanks_as_one(text)


SOUP = st.lists(
    st.sampled_from(
        [f"<{name}>" for name in sorted(known())]
        + [f"</{name}>" for name in sorted(known())]
        + ["<mj-", "</", "/>", "<", ">", '"', "'", "=", " ", "\n", "&", "&amp;", "x", "é", "\\", "{{", "<b>", "</b>"]
        + [
            "<br/>",
            "<!--",
            "-->",
            "<!--[if mso]>",
            "<![endif]-->",
            "<![CDATA[",
            "]]>",
            "<?xml",
            "?>",
            "<!doctype html>",
        ]
        + ["\x00", "\x1b", "\ud800", "zqmc0qz", "zqma41qz", "<style>", "</style>", 'mj-class="a"', 'data-where="a:1"']
        + ['<mj-image src="a.png" />', '<mj-text color="', "<div>" * 60, "</div>" * 60, "<mj-include />", "<MJ-TEXT>"]
    ),
    max_size=40,
).map("".join)


@unhurried
@given(SOUP | st.text(max_size=60))
def test_nothing_crashes(soup: str) -> None:
    """Whatever is compiled gives HTML or a PipelineError."""
    for source in (soup, in_column(soup), with_head(soup)):
        try:
            assert compile(source).startswith("<!DOCTYPE html>")
        except PipelineError as error:
            assert str(error)


@st.composite
def value_of(draw: st.DrawFn, kind: str) -> str:
    """A value of a kind that the preset names, odd ones too."""
    name, _, rest = kind.partition("(")
    if name.startswith("unit"):
        number = draw(st.sampled_from(["0.5", ".25", "7", "600", "1000000", "9" * 30, "0.0000001"]))
        unit = draw(st.sampled_from([unit for unit in rest.partition(")")[0].split(",") if unit != "auto"]))
        return draw(st.sampled_from(["0", number + unit]))
    if name == "enum":
        return draw(st.sampled_from(rest[:-1].split(",")))
    plain = {"color": ["#abc", "red", "transparent"], "boolean": ["true", "false"], "integer": ["0", "9" * 30]}
    strings = ["", "x", "none", "1px solid red", "50px 20px", "50%", "left top", "cover", "hamburger", 'é "\\', "-9px"]
    return draw(st.sampled_from(plain.get(name, strings)))


@st.composite
def element(draw: st.DrawFn, name: str, depth: int = 0) -> str:
    """An element that is valid, with any attributes and any children."""
    tag = known()[name]
    useful = sorted(set(tag.attributes) - UNSUPPORTED.get(name, frozenset()) - {"mj-class", "mode", "thumbnails"})
    useful = [attribute for attribute in useful if not (name == "mj-hero" and "padding" in attribute)]
    chosen = draw(st.lists(st.sampled_from(useful), unique=True, max_size=4))
    written = "".join(f" {one}='{html.escape(draw(value_of(tag.attributes[one])))}'" for one in chosen)
    children = sorted(tag.children) if depth < 6 else []
    inside = draw(st.lists(st.sampled_from(children), max_size=3)) if children else []
    return f"<{name}{written}>{''.join(draw(element(child, depth + 1)) for child in inside)}</{name}>"


@unhurried
@given(element("mj-body"))
def test_whatever_is_valid_compiles(body: str) -> None:
    """The engine takes every document that the validator lets pass, and nothing of the tokens is left in it."""
    assert "zqm" not in compile(f"<mjml>{body}</mjml>")


def test_deep_nesting() -> None:
    """Nesting that would overflow the engine's stack, and the process with it, is refused."""
    for source in ("<mj-section>" * 50_000, in_column(f"<mj-text>{'<b>' * 50_000}{'</b>' * 50_000}</mj-text>")):
        with pytest.raises(PipelineError, match="more than 100 levels"):
            compile(f"<mjml><mj-body>{source}</mj-body></mjml>" if source.startswith("<mj-") else source)


def test_hundred_levels() -> None:
    """Nesting of a hundred levels, MJML and HTML together, is let pass."""
    levels = 100 - 5
    assert "<b>x</b>" in compile(in_column(f"<mj-text>{'<b>' * levels}x{'</b>' * levels}</mj-text>"))
