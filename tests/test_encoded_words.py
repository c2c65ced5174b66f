"""encoded_words.py: a header says what was meant, in the lines and the words that RFC 2047 allows."""

import re
from email.header import decode_header, make_header

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline import encoded_words
from pipeline.errors import ContentError

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=300)
USED = st.integers(0, 25)


def decoded(header):
    return str(make_header(decode_header(header.replace("\r\n", ""))))


def check_lines(header, used):
    for number, line in enumerate(header.split("\r\n")):
        assert number == 0 or re.match(r" [^ ]| +[^ ]", line)
        assert len(line) + (0 if number else used) <= 76
    assert header.isascii()
    for word in header.split():
        if word.startswith("=?"):
            assert len(word) <= 75
            decoded(word)  # by itself: no character is split


@given(text=TEXTS, used=USED)
@example("=?utf-8?q?x=0ABcc:_y@evil?=", 9)
@example("a\u00e9" * 33, 9)
@example("眠" * 100, 9)
@example("👩‍👩‍👧‍👦" * 20, 4)
@example("x" * 998, 9)
@example(" edge ", 9)
def test_any_text(text, used):
    """A text of any kind comes back from its header, whose lines have at most 76 characters."""
    header = encoded_words.unstructured(text, used)
    check_lines(header, used)
    assert decoded(header) == text


@given(text=TEXTS, used=USED)
@example('Maya "Zen" \\ (she) <boss@evil.example>, x@evil.example;', 4)
@example("?=_", 4)
def test_any_name(text, used):
    """So does a name, which in a "q" word has letters, digits and few signs only."""
    header = encoded_words.phrase(text, used)
    check_lines(header, used)
    if header.startswith('"'):
        assert re.sub(r"\\(.)", r"\1", header[1:-1]) == text
    elif "=?" in header:
        assert decoded(header) == text
        words = re.findall(r"=\?utf-8\?q\?(.*?)\?=", header)
        assert all(re.fullmatch(r"[A-Za-z0-9!*+/=_-]*", word) for word in words)
    else:
        assert header == text


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("Ana", "Ana"),
        ("", ""),
        ("Breathe: five ways, one evening", "Breathe: five ways, one evening"),
        ("Zoë", "=?utf-8?q?Zo=C3=AB?="),
        ("眠りの質", "=?utf-8?b?55yg44KK44Gu6LOq?="),
        ("a =? bc", "=?utf-8?q?a_=3D=3F_bc?="),
    ],
)
def test_shortest(text, header):
    """What can stand as it is does; the rest is in whichever kind of encoded word is the shorter."""
    assert encoded_words.unstructured(text, 9) == header


@pytest.mark.parametrize(
    ("name", "header"), [("Ana B. Lee", '"Ana B. Lee"'), ('A "B" \\', '"A \\"B\\" \\\\"'), ("Ana Lee", "Ana Lee")]
)
def test_quotation_marks(name, header):
    """A name with signs that mean something in an address stands between quotation marks."""
    assert encoded_words.phrase(name, 4) == header


@pytest.mark.parametrize("character", ["\n", "\r", "\x00", "\t", "\x7f", "\x85", "\u2028"])
@pytest.mark.parametrize("encode", [encoded_words.unstructured, encoded_words.phrase])
def test_control_characters(encode, character):
    """A control character is refused, and so is half a character."""
    for text in (f"a{character}b", f"é{character}", f"=?{character}"):
        with pytest.raises(ContentError, match="control character"):
            encode(text, 9)
    with pytest.raises(ContentError, match="half a character"):
        encode("a\ud83d", 9)
