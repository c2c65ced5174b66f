"""merge_fields.py: from [[name]] to a token to a value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import merge_fields
from pipeline.errors import CombinedError, ContentError, Where
from pipeline.model import MergeField

DECLARED = {"first_name": MergeField("first_name", "there"), "share_url": MergeField("share_url", "https://x/", "url")}
WHERE = Where("content/editions/e.md", 5)


def tokenise(text, **options):
    return merge_fields.tokenise(text, DECLARED, WHERE, **options)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Hello [[first_name]]", "Hello there"),
        ("Hello [[ first_name | friend ]]", "Hello friend"),
        ("Hello [[first_name|]].", "Hello ."),
        (r"Hello \[[first_name]]", "Hello [[first_name]]"),
        ("if [[ -f x ]] and [[", "if [[ -f x ]] and [["),
        ("see [[the study]](https://x.example/)", "see [[the study]](https://x.example/)"),
    ],
)
def test_fallbacks(written, shown):
    """Where the reader is not known, the field's own fallback stands, or else the declared one."""
    assert merge_fields.fill_text(tokenise(written), {}) == shown


def test_token_is_letters_and_digits():
    """No engine has a reason to touch a token."""
    assert tokenise("[[first_name|you & “me”]]").isalnum()


def test_undeclared():
    """A field that is not declared is an error at its line, all of them together, each with the nearest one."""
    with pytest.raises(CombinedError) as caught:
        tokenise("Hi\n[[frist_name]]\n\n[[plan]]")
    first, second = caught.value.errors
    assert str(first).startswith("content/editions/e.md:6: [[frist_name]] is not a declared merge field; did you mean")
    assert second.where == Where("content/editions/e.md", 8)


@pytest.mark.parametrize("written", ["[[first-name]]", "[[first name|there]]", "[[ First_name ]]"])
def test_nearly_a_name(written):
    """What was meant for a field and is no name is an error too: no reader gets to see it."""
    with pytest.raises(ContentError, match="is not a declared merge field; did you mean first_name"):
        tokenise(f"Hi {written}")


def test_escape_in_markdown():
    """In Markdown the backslash stays for Markdown itself to read."""
    assert tokenise(r"\[[first_name]]", markdown=True) == r"\[[first_name]]"


def test_written():
    """A code sample shows the field as people write it."""
    assert merge_fields.written(tokenise("[[first_name]]")) == "[[first_name|there]]"


def test_html_contexts():
    """A value is escaped for where it stands: in text, in an attribute, in a part of a URL, as a whole URL."""
    name, url = tokenise("[[first_name]]"), tokenise("[[share_url]]")
    html = f'<a href="https://x/?n={name}" title="{name}">{name}</a><a href="{url}">'
    filled = merge_fields.fill_html(html, {"first_name": 'A & "B"', "share_url": "https://y/?a=1&b=2"})
    assert filled == (
        '<a href="https://x/?n=A%20%26%20%22B%22" title="A &amp; &quot;B&quot;">A &amp; &quot;B&quot;</a>'
        '<a href="https://y/?a=1&amp;b=2">'
    )


def test_address_goes_on():
    """A field that an address begins with is that address, whatever stands behind it, and no part of one."""
    html = f'<a href="{tokenise("[[share_url]]")}?from={tokenise("[[first_name]]")}#x">'
    filled = merge_fields.fill_html(html, {"share_url": "https://y/a&b", "first_name": "A&B"})
    assert filled == '<a href="https://y/a&amp;b?from=A%26B#x">'


@pytest.mark.parametrize("value", ["", " ", "\t\n", "\u3000"])
def test_blank_value(value):
    """A value of blanks is none: the fallback stands."""
    assert merge_fields.fill_text(f"Hello {merge_fields.token('x', 'there')},", {"x": value}) == "Hello there,"


@given(st.text())
def test_any_fallback_comes_out(fallback):
    """A token gives back the fallback that it was made of, in any script."""
    encodable = fallback.encode("utf-8", "replace").decode()
    assert merge_fields.fill_text(f"a{merge_fields.token('x', encodable)}b", {}) == f"a{encodable}b"


@given(st.text(alphabet="[]|\\ab_ \n"))
def test_any_text(text):
    """Any jumble of brackets is text, a field, or a clear error."""
    try:
        merge_fields.fill_text(tokenise(text), {})
    except ContentError:
        pass
    except CombinedError as several:
        assert all(isinstance(error, ContentError) for error in several.errors)


@pytest.mark.parametrize("url", ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "x"])
def test_no_other_scheme(url):
    """A reader's value that is no address of a mail's doesn't become one; the fallback stands, if it is one."""
    whole = tokenise("[[share_url]]")
    assert merge_fields.fill_html(f'<a href="{whole}">', {"share_url": url}) == '<a href="https://x/">'
    bad = merge_fields.token("share_url", url)
    assert merge_fields.fill_html(f'<a href="{bad}">', {}) == '<a href="">'


@pytest.mark.parametrize(
    "href",
    [
        "https://x.example/[[first_name]]",
        "/path",
        "a.md#b",
        "mailto:a@x.example",
        "tel:1",
        "[[share_url]]",
        "[[share_url]]?a",
    ],
)
def test_links_that_lead(href):
    """A link may lead to a page, an address or a number, and be a reader's own."""
    merge_fields.check_link(tokenise(href), WHERE)


@pytest.mark.parametrize(
    ("href", "message"),
    [
        ("javascript:alert(1)", r"'javascript:alert\(1\)' is not where a mail can lead"),
        ("[[first_name]]", r"\[\[first_name\]\] stands where a link leads, and its fallback 'there' is no address"),
        ("[[share_url|javascript:alert(1)]]", "its fallback 'javascript:alert"),
    ],
)
def test_links_that_lead_nowhere(href, message):
    """Another scheme, or a field first whose fallback is no address, is told at its place."""
    with pytest.raises(ContentError, match=message):
        merge_fields.check_link(tokenise(href), WHERE)
