"""quoted_printable.py: pieces that can be put together, whatever they hold."""

import quopri
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.delivery import quoted_printable
from pipeline.delivery.quoted_printable import SOFT_BREAK

LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc"])
VALUES = st.one_of(
    st.text(LETTERS, max_size=200),
    st.text(st.sampled_from(".= éFrom"), max_size=200),
    st.sampled_from([".", "." * 75, "." * 200, "x" * 75, "x" * 76, "x" * 74 + "é", "From " * 40, "x" * 75 + ".y"]),
)
STATIC = st.one_of(st.text(LETTERS, max_size=300), st.text(st.sampled_from("\n.=From é"), max_size=300))


def check_lines(encoded):
    assert encoded.isascii()
    lines = encoded.split(b"\r\n")
    assert all(len(line) <= 76 for line in lines)
    assert not [line for line in lines if line.startswith((b".", b"From ")) or re.search(rb"[ \t]\Z", line)]
    assert b"\n" not in encoded.replace(b"\r\n", b"")


def decoded(encoded):
    return quopri.decodestring(encoded).decode().replace("\r\n", "\n")


@given(text=STATIC)
@example("x" * 75 + "\n" + "x" * 76 + "\n" + "x" * 77)
@example(".\n..\nFrom \nFrom x\n " + "x" * 74 + ".")
def test_static(text):
    """A text comes back, and has room for a soft break behind its last line."""
    encoded = quoted_printable.static(text)
    check_lines(encoded + SOFT_BREAK)
    assert decoded(encoded) == text


@given(values=st.lists(VALUES, min_size=1, max_size=12))
def test_column(values):
    """A column has for each value the piece that it has alone, which comes back between any other two."""
    pieces = quoted_printable.column("\n".join(values))
    assert pieces == [quoted_printable.column(value)[0] for value in values]
    for value, piece in zip(values, pieces, strict=True):
        check_lines(piece + SOFT_BREAK)
        assert decoded(piece) == value
    assert decoded(SOFT_BREAK.join(pieces)) == "".join(values)


@pytest.mark.parametrize("text", ["a\r\nb", "a\rb", "a\nb"])
def test_line_ends(text):
    """All line ends are CRLF."""
    assert quoted_printable.static(text) == b"a\r\nb"
