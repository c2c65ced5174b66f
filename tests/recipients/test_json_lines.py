"""JSON lines: keys are columns, a broken line is rejected with its number."""

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ContentError
from pipeline.recipients import open_source
from tests.recipients.reading import FIELDS, read, read_shards, told, write


def test_values(tmp_path):
    """Numbers and truth come as they are written, null as nothing; keys may differ from line to line."""
    content = (
        '\ufeff{"E-Mail": "a@example.com", "city": 12.50, "joined": "2026-11-23", "topics": ["sleep", " deep  rest"]}\n'
        "\n"
        '{"email": "b@example.com", "first_name": true, "city": null, "topics": "sleep; stress"}\r\n'
        '{"email": "c@example.com", "city": NaN}'
    )
    readers, rejected = read(write(tmp_path, content))
    nothing = {"city": "", "topics": (), "joined": "", "first_name": ""}
    assert rejected == []
    assert readers == [
        {
            **nothing,
            "email": "a@example.com",
            "city": "12.50",
            "topics": ("sleep", "deep rest"),
            "joined": date(2026, 11, 23),
        },
        {**nothing, "email": "b@example.com", "first_name": "true", "topics": ("sleep", "stress")},
        {**nothing, "email": "c@example.com"},
    ]


def test_broken_lines(tmp_path):
    """A line that is no object, or has a key that isn't declared, is rejected; the others are read."""
    lines = [
        '{"email": "a@example.com"}',
        '{"email": "b@example.com"',
        '["c@example.com"]',
        '{"email": "d@example.com", "citty": "Bonn"}',
        '{"email": "e@example.com", "mail": "f@example.com"}',
        '{"email": ["g@example.com"]}',
        '{"email": "h@example.com", "city": {"name": "Bonn"}}',
        '{"email": "i@example.com", "city": "\\ud800"}',
        '{"city": "Bonn"}',
        "[" * 100_000,
        '{"email": "j@example.com", "mood": "calm"}',
    ]
    readers, rejected = read(write(tmp_path, "\n".join(lines)), ignore=["Mood"])
    assert [reader["email"] for reader in readers] == ["a@example.com", "j@example.com"]
    assert told(rejected) == [
        (2, "no JSON"),
        (3, "no JSON object"),
        (4, "'citty' is no declared merge field; did you mean city?"),
        (5, "'mail' is a second value of email"),
        (6, "broken address: a single value is needed, not a list"),
        (7, "city: a single value is needed, not an object"),
        (8, "city: holds the control character U+D800"),
        (9, "no address"),
        (10, "no JSON"),
    ]
    assert rejected[2].values == {"email": "d@example.com"}


def test_no_address(tmp_path):
    """Lines none of which has an address are no list of recipients."""
    with pytest.raises(ContentError, match="no line has an address"):
        open_source(write(tmp_path, '{"city": "Bonn"}\n'), FIELDS)


@settings(max_examples=50)
@given(
    st.lists(
        st.dictionaries(st.sampled_from(["email", "city", "topics", "x"]), st.text(max_size=8)), min_size=1, max_size=12
    ),
    st.integers(1, 4),
)
def test_shards(tmp_path_factory, rows, size):
    """Shards of any size tell of the same rows as one."""
    rows = [{"email": "first@example.com"}, *rows]
    file = write(tmp_path_factory.mktemp("json"), "\n".join(map(json.dumps, rows)))
    with open_source(file, FIELDS) as source:
        assert read_shards(source.shards(size)) == read_shards(source.shards(10**6))
