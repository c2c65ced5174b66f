"""The consent log's entries, and the chain that they make: each holds the hash of the one before. Pure.

An entry names a person by number and by the salted hash of the address, so that the log can stay when the address goes.
Internet addresses go after a while, so that an entry holds only a seal of one: a hash with a random text, both of
which are kept beside the log. As long as they are, a change is noticed; once they are gone, the seal tells nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import Literal

What = Literal["asked", "confirmed", "changed", "unsubscribed", "imported", "erased", "lapsed", "suppressed", "lifted"]
How = Literal["form", "json", "link", "one-click", "import", "command", "bounce", "time"]
FIRST = "0" * 64
_FORGED = "was never written by the service, or its number was another"
# The entry as JSON, by hand: a list of a million is hashed while somebody waits.
_FORM = (
    '{"at":%s,"form":%s,"how":%s,"language":%s,"seal":%s,"version":%s,"what":%s,"who":%s,"wording":%s,'
    '"number":%d,"subscriber":%d}'
)


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person has said: when, how, in answer to which words of which form, and from where.

    ``version`` is the form's; ``wording`` all that was asked, as it was shown, in ``language``, with {address} for an
    address in it; ``ip`` is "" where nobody knows it, or it isn't kept any more.
    """

    what: What
    at: datetime
    how: How
    form: str = ""
    version: str = ""
    wording: str = ""
    ip: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log: ``number`` counts from 1 without gaps; ``subscriber`` is 0 where an address was suppressed,
    or is no longer, that nobody has. ``who``, ``wording_hash``, ``seal``, ``previous`` and ``hash`` are in hexadecimal;
    ``nonce`` is what the seal was made with, "" where the internet address isn't kept."""

    number: int
    subscriber: int
    who: str
    consent: Consent
    wording_hash: str
    seal: str
    nonce: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the entry of this number, as a sentence about it goes on."""

    number: int
    what: str


def entry(number: int, subscriber: int, who: str, consent: Consent, nonce: str, previous: str) -> Entry:
    """The next entry after the one with the hash ``previous``."""
    wording_hash = hash_of_words(consent.wording)
    sealed = seal(consent.ip, nonce)
    told = canonical(number, subscriber, who, consent, wording_hash, sealed)
    return Entry(
        number, subscriber, who, consent, wording_hash, sealed, nonce, previous, hash_of(previous + "\n" + told)
    )


def canonical(number: int, subscriber: int, who: str, consent: Consent, wording_hash: str, sealed: str) -> str:
    """What of an entry is hashed, as JSON that is written in one way only."""
    texts = (
        _in_utc(consent.at),
        consent.form,
        consent.how,
        consent.language,
        sealed,
        consent.version,
        consent.what,
        who,
        wording_hash,
    )
    return _FORM % (*map(encode_basestring_ascii, texts), number, subscriber)


# An import says the same words at the same moment a million times.
@lru_cache(maxsize=64)
def hash_of_words(wording: str) -> str:
    return hash_of(wording)


@lru_cache(maxsize=64)
def _in_utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def seal(ip: str, nonce: str) -> str:
    return hash_of(f"{nonce} {ip}") if ip else ""


def first_fault(entries: Iterable[Entry], last_number: int, last_hash: str, latest: Callable[[], int]) -> Fault | None:
    """The first entry, of all, that isn't what was written or doesn't follow the one before it; ``None`` where the log
    is whole. What follows the last one may have been written meanwhile: ``latest``, which is asked when all are read,
    is the number of the last one by then."""
    number, previous = 0, FIRST
    for one in entries:
        if one.number <= number:
            return Fault(one.number, _FORGED)
        number += 1
        found = _fault(one, number, previous)
        if not found and number == last_number and one.hash != last_hash:
            found = "isn't the one that was written"
        if found:
            return Fault(number, found)
        previous = one.hash
    if number < last_number:
        return Fault(number + 1, "is missing, and all after it")
    if number > last_number and number > (written := latest()):
        return Fault(written + 1, _FORGED)
    return None


def _fault(one: Entry, number: int, previous: str) -> str:
    if one.number != number:
        return "is missing"
    if one.previous != previous:
        return "doesn't follow the one before it"
    try:
        told = canonical(one.number, one.subscriber, one.who, one.consent, one.wording_hash, one.seal)
    except TypeError:  # SQLite keeps anything in any column
        return "isn't the one that was written"
    if one.hash != hash_of(f"{previous}\n{told}"):
        return "isn't the one that was written"
    if not isinstance(one.consent.wording, str) or one.wording_hash != hash_of_words(one.consent.wording):
        return "has other words than those that were shown"
    sealed = one.seal == seal(one.consent.ip, one.nonce) if one.nonce else not one.consent.ip
    return "" if sealed else "has another internet address than it came from"


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
