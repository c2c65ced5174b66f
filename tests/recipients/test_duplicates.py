"""A row that repeats an earlier one's address is found, exactly, wherever it stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.recipients import duplicates as module
from pipeline.recipients.duplicates import Hashes, duplicates
from tests.recipients.reading import read, told, write


def found(blocks):
    """The numbers of the keys, counted over all blocks, that repeat an earlier one."""
    begins = [sum(map(len, blocks[:number])) for number in range(len(blocks))]
    with Hashes() as hashes:
        for block in blocks:
            hashes.add(block)
        return duplicates(hashes, lambda number: enumerate(blocks[number], begins[number]))


@given(
    st.lists(st.lists(st.text("ab", max_size=4), max_size=9), max_size=9),
    st.sampled_from([hash, len, lambda key: 0]),
    st.integers(1, 20),
    st.integers(1, 5),
)
def test_exact(blocks, hash_of, waiting, suspects):
    """Whatever collides, and in however many parts it is looked through: only what is equal is a duplicate."""
    keys = [key for block in blocks for key in block]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "hash", hash_of, raising=False)
        patch.setattr(module, "_WAITING", waiting)
        patch.setattr(module, "_SUSPECTS", suspects)
        assert [*found(blocks)] == [index for index, key in enumerate(keys) if key in keys[:index]]


def test_the_first_good_row_wins(tmp_path):
    """Addresses are compared without regard to case; a row that is rejected for another reason has no duplicates."""
    content = (
        "email,joined\nann@example.com,soon\nANN@Example.com,2026-11-23\nann@EXAMPLE.com,\nann@bücher.de,\n"
        "ann@XN--bcher-kva.de,\n,\nnobody,\nnobody,\n"
    )
    readers, rejected = read(write(tmp_path, content), size=1)
    assert [reader["email"] for reader in readers] == ["ANN@Example.com", "ann@xn--bcher-kva.de"]
    assert [(line, reason.partition(":")[0]) for line, reason in told(rejected)] == [
        (2, "joined"),
        (4, "duplicate"),
        (6, "duplicate"),
        (8, "broken address"),
        (9, "broken address"),
    ]


def test_over_shards(tmp_path):
    """Duplicates are found over the whole input, whatever its shards."""
    people = "".join(f"reader{number % 2000}@example.com\n" for number in range(5000))
    file = write(tmp_path, f"email\n{people}")
    for size in (700, 1024, 10_000):
        readers, rejected = read(file, size=size)
        assert [reader["email"] for reader in readers] == [f"reader{number}@example.com" for number in range(2000)]
        assert [one.row for one in rejected] == list(range(2002, 5002))
