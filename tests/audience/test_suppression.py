"""Salted hashes: the same for one address, nobody else's, and nothing without both halves of the key."""

from __future__ import annotations

import pytest

from pipeline.audience.suppression import HASH_BYTES, Hasher, normal

SALT, SECRET = b"s" * 32, b"k" * 40


def test_one_address_has_one_hash():
    """However an address is written, its hash is the same; another's is another."""
    hasher = Hasher(SECRET, SALT)
    ways = [" Ann@Bücher.Example ", "ann@xn--bcher-kva.example", "ANN@BÜCHER.EXAMPLE"]
    assert len({hasher.hash(way) for way in ways}) == 1
    assert hasher.hash("ann@example.com") != hasher.hash("bob@example.com")
    assert len(hasher.hash("ann@example.com")) == HASH_BYTES
    checked = ["ann@example.com", "Ann@EXAMPLE.com"]
    assert list(hasher.hashes(checked)) == [hasher.hash(one) for one in checked]


def test_the_key_has_two_halves():
    """With another secret or another salt the hash is another, and the proof of the key is no hash of anybody."""
    one = Hasher(SECRET, SALT)
    for other in (Hasher(SECRET, b"t" * 32), Hasher(b"l" * 40, SALT)):
        assert other.hash("ann@example.com") != one.hash("ann@example.com")
        assert other.proof() != one.proof()


def test_what_is_no_address():
    """The reason is told."""
    with pytest.raises(ValueError, match="no address"):
        normal(" ")
    with pytest.raises(ValueError, match="broken address"):
        Hasher(SECRET, SALT).hash("ann@@example.com")
