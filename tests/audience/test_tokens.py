"""Tokens: what was signed is read, for its purpose, its reader, its list, its time; anything else is refused."""

import random
import re
import string
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audience.tokens import LIVES, BadTokenError, Signer

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
KEY, OTHER = b"k" * 32, b"o" * 32
LIST = "newsletter.blog.example.com"
SIGNER = Signer((KEY,), LIST)
TIMED = [purpose for purpose, life in LIVES.items() if life]
ALPHABET = string.ascii_letters + string.digits + "-._~"


def signed(purpose="confirm", id=17, *extra, signer=SIGNER):
    return signer.sign(purpose, id, *extra, now=NOW if purpose in TIMED else None)


def refused(token, purpose="confirm", now=NOW, signer=SIGNER):
    try:
        signer.read(token, purpose, now)
    except BadTokenError:
        return True
    return False


@given(
    st.sampled_from(list(LIVES)),
    st.integers(0, 2**62),
    st.lists(st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True), max_size=5),
)
def test_what_is_signed_is_read(purpose, id, extra):
    """A token gives back the reader, what else was signed, and when; and has only letters that a URL leaves alone."""
    token = signed(purpose, id, *extra)
    found = SIGNER.read(token, purpose, NOW)
    assert (found.id, found.extra) == (id, tuple(extra))
    assert found.made == (NOW if purpose in TIMED else None)
    assert re.fullmatch(r"[A-Za-z0-9_.~-]+", token)


def test_a_readers_own_is_always_the_same():
    """It holds no time, so that the links of all mails are alike; and it needs no time to be read."""
    assert SIGNER.sign("reader", 17) == Signer((KEY,), LIST).sign("reader", 17)
    assert SIGNER.read(SIGNER.sign("reader", 17), "reader").id == 17


@pytest.mark.parametrize("purpose", TIMED)
def test_time(purpose):
    """A token lives to the last second of its time and not longer; only clocks that differ a little may be early."""
    token, life = signed(purpose), LIVES[purpose]
    assert not refused(token, purpose, NOW + life)
    assert refused(token, purpose, NOW + life + timedelta(seconds=1))
    assert not refused(token, purpose, NOW - timedelta(minutes=4))
    assert refused(token, purpose, NOW - timedelta(minutes=6))
    assert refused(token, purpose, None)


def test_a_readers_own_never_expires():
    """The link to leave works in a mail of any age."""
    assert not refused(SIGNER.sign("reader", 17), "reader", NOW + timedelta(days=36_500))


def test_lives():
    """A confirmation lives for two days, and so does a change of address; a form for one."""
    assert [LIVES[one] for one in ("reader", "confirm", "address", "form")] == [
        None,
        timedelta(hours=48),
        timedelta(hours=48),
        timedelta(hours=24),
    ]


@pytest.mark.parametrize(("made", "asked"), [pair for pair in product(LIVES, LIVES) if pair[0] != pair[1]])
def test_purposes_swapped(made, asked):
    """A token for one purpose is none for another."""
    assert refused(signed(made), asked)


def test_lists_swapped():
    """A token of one list is none of another, also under the same key."""
    other = Signer((KEY,), "newsletter.other.example.com")
    assert refused(signed(signer=other))
    assert not refused(signed(signer=other), signer=other)


def test_readers_swapped():
    """One reader's signature is good for no other reader."""
    (one, mine), (other, theirs) = (signed("reader", id).split(".") for id in (17, 18))
    assert not refused(f"{one}.{mine}", "reader")
    assert refused(f"{one}.{theirs}", "reader")
    assert refused(f"{other}.{mine}", "reader")


def test_extra_swapped():
    """What else was signed is signed with its place: it can't be left out, moved or joined."""
    token = signed("address", 17, "ab", "c")
    for changed in ("~a~bc.", "~ab.", "~c~ab.", "~abc.", "~ab~c~."):
        assert refused(token.replace("~ab~c.", changed), "address")


@pytest.mark.parametrize("purpose", LIVES)
def test_each_bit_flipped(purpose):
    """A token with any one bit turned over is refused."""
    token = signed(purpose, 17, "abc").encode()
    for place, bit in product(range(len(token)), range(8)):
        flipped = bytearray(token)
        flipped[place] ^= 1 << bit
        assert refused(flipped.decode("latin-1"), purpose)


@pytest.mark.parametrize("purpose", LIVES)
def test_cut_and_lengthened(purpose):
    """A token that is cut anywhere, or has any letter more or twice, is refused."""
    token = signed(purpose, 17)
    assert all(refused(token[:end], purpose) for end in range(len(token)))
    assert all(refused(token[begin:], purpose) for begin in range(1, len(token)))
    assert all(refused(token[:at] + one + token[at:], purpose) for at in range(len(token) + 1) for one in ALPHABET)


@pytest.mark.parametrize(
    "change",
    [
        lambda token: f" {token}",
        lambda token: f"{token}\n",
        lambda token: f"{token}=",
        lambda token: token.replace("17", "017", 1),
        lambda token: token.replace("17", "١٧", 1),
        lambda token: token.replace(".", "。", 1),
        lambda token: token.replace(".", ".+/", 1),
        lambda token: token + "A" * 100_000,
        lambda token: "9" * 100_000,
        lambda token: "",
        lambda token: "\0",
        lambda token: "\ud800",
    ],
)
def test_written_otherwise(change):
    """There is one way to write a token, and what no token can be is refused like any other."""
    assert refused(change(signed()))


@given(st.text())
def test_any_text(text):
    """Whatever stands in a link, the answer is the same refusal."""
    assert refused(text)
    assert refused(f"17~0.{text}", "reader")


@pytest.mark.slow
def test_a_million_at_random():
    """A million tokens made up, half of them for a real reader at the right time: none is taken."""
    chance = random.Random(7)
    head = signed("reader", 17).rpartition(".")[0]
    for _ in range(500_000):
        signature = "".join(chance.choices(ALPHABET[:-2].replace(".", "_"), k=32))
        assert refused(f"{head}.{signature}", "reader")
        assert refused("".join(chance.choices(ALPHABET, k=45)), "reader")


def test_keys_rotate():
    """A new key signs at once; what an old key has signed is read as long as it is kept, and not after."""
    old, both, new = (Signer(keys, LIST) for keys in ((KEY,), (OTHER, KEY), (OTHER,)))
    assert not refused(signed(signer=old), signer=both)
    assert not refused(signed(signer=both), signer=new)
    assert refused(signed(signer=old), signer=new)
    assert refused(signed(signer=both), signer=old)


@pytest.mark.parametrize("extra", ["", "a~b", "a.b", "ä", "a b", "a\n", "a" * 500])
def test_what_cant_be_signed(extra):
    """Whoever wants what a token can't hold is told so, and gets none."""
    with pytest.raises(ValueError, match="can't hold"):
        signed("address", 17, extra)


def test_a_time_where_one_belongs():
    """Whoever forgets when a token was made, or says it of one that has no time, is told so."""
    with pytest.raises(ValueError, match="needs time"):
        SIGNER.sign("confirm", 17)
    with pytest.raises(ValueError, match="has no time"):
        SIGNER.sign("reader", 17, now=NOW)


def test_a_token_tells_nothing():
    """The refusal doesn't say what was wrong, nor with which token."""
    with pytest.raises(BadTokenError) as told:
        SIGNER.read(signed(), "reader")
    assert str(told.value) == ""
