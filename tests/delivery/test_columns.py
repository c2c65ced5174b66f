"""columns.py: a column of values is encoded as merge_fields.encode has it for each."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import merge_fields
from pipeline.delivery import quoted_printable
from pipeline.delivery.columns import Columns
from pipeline.errors import ContentError
from pipeline.merge_fields import BUILT_IN_URLS, Context, Field
from tests.delivery import letters

TEXT = st.one_of(
    st.sampled_from(letters.HOSTILE),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=60),
    st.sampled_from(["https://x.example/?a&b", "HTTPS://X", "mailto:a@b.c", "javascript:x", " \t", "abc", "a\x1fb"]),
)
DATES = st.one_of(st.dates(), st.just(""))
LISTS = st.lists(TEXT, max_size=3).map(tuple)
COLUMNS = st.one_of(*(st.lists(kind, min_size=1, max_size=9) for kind in (TEXT, DATES, LISTS)))
FALLBACKS = st.one_of(TEXT.filter(lambda text: text == " ".join(text.split())), st.just("https://f.example/?a&b"))


@given(values=COLUMNS, context=st.sampled_from(Context), fallback=FALLBACKS, language=st.sampled_from(["en", "ar"]))
def test_columns(values, context, fallback, language):
    """Each value of a column, in each context, is what it is alone; what can't be known is the fallback."""
    field = Field("first_name", fallback, context)
    found = Columns({"first_name": values}, len(values), language)
    alone = [merge_fields.encode(value, field, language) for value in values]
    assert found.encoded(field) == alone
    assert found.quoted(field) == [quoted_printable.static(text) for text in alone]


@given(
    urls=st.lists(st.one_of(TEXT, st.just("https://x.example/a")), min_size=1, max_size=9),
    token=st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=9),
    name=st.sampled_from(BUILT_IN_URLS),
    context=st.sampled_from(Context),
)
def test_built_in_urls(urls, token, name, context):
    """A reader without a URL of such a kind gets the pattern's, with the token."""
    field = Field(name, "https://f.example/?a=1&t={token}", context)
    found = Columns({name: urls, "token": [token] * len(urls)}, len(urls), "en")
    filled = [merge_fields.filled(field, {name: url, "token": token}, "en") for url in urls]
    assert found.encoded(field) == filled


def test_other_fallbacks():
    """A field with another fallback, or another pattern, is filled with its own."""
    found = Columns({"first_name": ["Ana", ""], "unsubscribe_url": ["", "https://x.example"]}, 2, "en")
    for fallback in ("you", "reader"):
        assert found.quoted(Field("first_name", fallback, Context.TEXT)) == [b"Ana", fallback.encode()]
        pattern = f"https://{fallback}.example/"
        assert found.quoted(Field("unsubscribe_url", pattern, Context.URL))[0] == pattern.encode()


def test_not_brought():
    """A column that isn't there is empty for all."""
    found = Columns({}, 2, "en")
    assert found.quoted(Field("first_name", "you", Context.TEXT)) == [b"you", b"you"]


@pytest.mark.parametrize("value", ["a\x00", ("a", "b\x00"), "é\x9b"])
def test_control_characters(value):
    """A control character in any value of a column is refused."""
    found = Columns({"first_name": ["Ana", value]}, 2, "en")
    with pytest.raises(ContentError, match=r"first_name holds the control character '\\x"):
        found.quoted(Field("first_name", "", Context.TEXT))


def test_dates():
    """Dates are written out in the edition's language, and as ISO 8601 in URLs."""
    found = Columns({"joined": [date(2026, 1, 2)]}, 1, "en")
    assert found.encoded(Field("joined", "", Context.HTML)) == ["January 2, 2026"]
    assert found.encoded(Field("joined", "", Context.URL_PART)) == ["2026-01-02"]
