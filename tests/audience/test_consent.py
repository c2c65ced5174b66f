"""Entries of the consent log: what is hashed, and what a change of any of it breaks."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.audience.consent import FIRST, Consent, Fault, canonical, entry, first_fault, hash_of
from tests.audience.saying import NOW, said

CONSENTS = st.builds(
    Consent,
    what=st.sampled_from(["asked", "confirmed", "unsubscribed"]),
    at=st.datetimes(timezones=st.just(UTC)),
    how=st.sampled_from(["form", "link"]),
    form=st.text(),
    version=st.text(),
    wording=st.text(),
    ip=st.sampled_from(["", "203.0.113.7", "2001:db8::1"]),
    language=st.text(),
)


def chain(consents):
    """These consents, one after the other, of one person each."""
    made, previous = [], FIRST
    for number, one in enumerate(consents, 1):
        made.append(entry(number, number, hash_of(str(number))[:32], one, "nonce" if one.ip else "", previous))
        previous = made[-1].hash
    return made


def fault(entries, of, latest=None):
    """What is wrong with the entries, where those ``of`` were there first, and ``latest`` is the last at the end."""
    return first_fault(
        entries, len(of), of[-1].hash if of else FIRST, lambda: len(entries) if latest is None else latest
    )


@given(st.lists(CONSENTS, max_size=5))
def test_a_chain_as_written_is_whole(consents):
    """What was written verifies, and so does what has gone on since its end was looked up."""
    entries = chain(consents)
    assert fault(entries, entries) is None
    assert fault(entries, entries[:-1]) is None


def test_what_goes_on_beyond_the_end_is_noticed():
    """However well it follows: there is no later end that it belongs to."""
    entries = chain([said("asked"), said("confirmed"), said("changed")])
    assert fault(entries, entries[:1], latest=2).number == 3
    assert fault(entries, [], latest=0).number == 1


@given(st.lists(CONSENTS, min_size=1, max_size=5), st.data())
def test_every_change_is_noticed(consents, data):
    """An entry that is changed, left out, put elsewhere or doubled is found."""
    entries = chain(consents)
    index = data.draw(st.integers(0, len(entries) - 1))
    one = entries[index]
    name = data.draw(st.sampled_from([field.name for field in fields(one)] + [field.name for field in fields(Consent)]))
    assume(name != "nonce" or one.nonce)  # without an address there is nothing to seal
    if name in ("number", "subscriber"):
        changed = replace(one, **{name: getattr(one, name) + 1})
    elif name == "consent":
        changed = replace(one, consent=replace(one.consent, form=one.consent.form + "x"))
    elif name == "nonce":
        changed = replace(one, nonce="other")
    elif name == "at":
        later = one.consent.at.replace(year=2001 if one.consent.at.year == 2000 else 2000)
        changed = replace(one, consent=replace(one.consent, at=later))
    elif name in (field.name for field in fields(Consent)):
        changed = replace(one, consent=replace(one.consent, **{name: getattr(one.consent, name) + "x"}))
    else:
        changed = replace(one, **{name: getattr(one, name) + "0"})
    found = fault([*entries[:index], changed, *entries[index + 1 :]], entries)
    assert (found and found.number) == index + 1
    assert fault([*entries[:index], *entries[index + 1 :]], entries).number == index + 1
    assert fault([*entries[: index + 1], *entries[index:]], entries)


def test_a_new_end_is_noticed():
    """A log of which the last entry was written anew, with a sound hash, isn't the one that was written."""
    entries = chain([said("asked"), said("confirmed")])
    forged = chain([said("asked"), said("confirmed", wording="Sell my address")])
    assert fault(forged, entries) == Fault(2, "isn't the one that was written")


def test_a_seal_tells_nothing_when_the_address_is_gone():
    """An internet address may go with its nonce, and not by itself, and it can't come back as another."""
    (one,) = chain([said("asked")])
    gone = replace(one, nonce="", consent=replace(one.consent, ip=""))
    assert fault([gone], [one]) is None
    for wrong in (replace(one, nonce=""), replace(gone, nonce=one.nonce)):
        assert fault([wrong], [one]).what == "has another internet address than it came from"


def test_what_is_hashed():
    """JSON, of one form whatever the zone, without the internet address and without the words themselves."""
    one = said("asked", at=datetime(2026, 5, 4, 11, 30, tzinfo=timezone(timedelta(hours=2))))
    told = canonical(7, 3, "ab", replace(one, form='"\n\u2028ü'), "w" * 64, "s" * 64)
    assert told.isascii()
    assert json.loads(told) == {
        "at": "2026-05-04T09:30:00.000000+00:00",
        "form": '"\n\u2028ü',
        "how": "form",
        "language": "en",
        "number": 7,
        "seal": "s" * 64,
        "subscriber": 3,
        "version": "1",
        "what": "asked",
        "who": "ab",
        "wording": "w" * 64,
    }
    assert canonical(1, 1, "", one, "", "") == canonical(1, 1, "", replace(one, at=NOW), "", "")
