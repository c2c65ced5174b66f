"""A Subscriber, the states of one, and what can be asked for. Pure.

    nobody --ask--> pending --confirm--> confirmed --unsubscribe--> unsubscribed --ask--> pending
    nobody --import--> confirmed, or unsubscribed where the other list says so
    pending --lapse--> nobody, or unsubscribed who has left before

Whoever is pending can be imported, and unsubscribe; nobody who has unsubscribed can be imported. Being suppressed is no
state: it is being on another list, which is asked each time.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, get_args

from pipeline.audience.rhythm import RHYTHMS, Rhythm

State = Literal["pending", "confirmed", "unsubscribed"]
STATES: tuple[State, ...] = get_args(State)
# What became of a row of an import: taken; known and confirmed already; suppressed or unsubscribed, and so refused.
Verdict = Literal["taken", "joined", "suppressed", "unsubscribed"]
# Why an import takes somebody off the list: they have left, or are suppressed for this reason.
WithdrawalReason = Literal["unsubscribed", "bounce", "complaint", "manual"]
Kind = Literal["confirm", "welcome", "address"]
# An address gets one confirmation mail in this time, whoever asks for it how often.
ONE_MAIL_IN = timedelta(hours=24)
# In characters: a person's name or wish is none that is longer. How many items a list of them has.
LONGEST, MOST = 200, 50


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a reader has asked for. ``mood`` and ``minutes`` are as ``tracks`` reads them; ``paused_until`` is the first
    day on which a digest may be made again; ``language`` is "" for the newsletter's own."""

    topics: tuple[str, ...] = ()
    mood: str = ""
    kinds: tuple[str, ...] = ()
    minutes: str = ""
    rhythm: Rhythm = "each"
    paused_until: date | None = None
    language: str = ""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A person on the list.

    ``token`` is the reader's own, for the links in mails: made once, so that a million messages sign nothing.
    ``last_edition`` is the newest that was made for the reader. ``asked_address`` is what the reader would like the
    address to be, until that is confirmed; ``sent`` are the tracks of the last digests.
    """

    id: int
    address: str
    name: str
    state: State
    preferences: Preferences
    token: str
    created: datetime
    confirmed: datetime | None
    last_edition: str = ""
    last_edition_date: datetime | None = None
    unsubscribed: datetime | None = None
    asked_address: str = ""
    sent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewReader:
    """A row of an import that can be taken. ``asked`` is when the reader signed up and ``confirmed`` when that was
    confirmed, from where (``ip``) and how the list says it (``evidence``), all where the list tells it."""

    address: str
    name: str = ""
    preferences: Preferences = Preferences()
    confirmed: datetime | None = None
    asked: datetime | None = None
    ip: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A row of an import of somebody who has left the other list, or can't be written to; ``at`` is since when, where
    the list tells it."""

    address: str
    reason: WithdrawalReason
    at: datetime | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a wish: a ``mail`` is queued for whoever has the address, or it is ``quiet``, for the address is
    known, taken, suppressed, or was written to already. The answer to the person is the same."""

    kind: Literal["mail", "quiet"]
    subscriber: Subscriber | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail that is to go out to ``address``. ``who`` is the address's salted hash, in hexadecimal, as links can hold
    it; ``asked`` is when it was asked for, and ``tries`` how often it was tried in vain."""

    id: int
    kind: Kind
    subscriber_id: int
    address: str
    who: str
    asked: datetime
    tries: int
    not_before: datetime


def asks_for_mail(state: State, mailed: datetime | None, now: datetime) -> bool:
    """Whether a sign-up with a known address makes a confirmation mail go out."""
    return state != "confirmed" and (mailed is None or not timedelta() <= now - mailed < ONE_MAIL_IN)


def import_verdict(state: State | None, has_left: bool, is_suppressed: bool) -> Verdict:
    """What becomes of an imported address: ``None`` is the state of an unknown one.

    Whoever has left once is brought back by a confirmation of their own alone, however somebody has asked since.
    """
    if is_suppressed:
        return "suppressed"
    if has_left:
        return "unsubscribed"
    return "joined" if state == "confirmed" else "taken"


def line(text: str) -> str:
    """The text as one line that any database takes: white space collapsed, no control characters, not too long."""
    if not text.isprintable():
        text = "".join(one if unicodedata.category(one) not in ("Cc", "Cs") else " " for one in text)
    return " ".join(text.split())[:LONGEST].rstrip()


def tidied(preferences: Preferences) -> Preferences:
    """The preferences as they can be kept: each text in one line, each item of a list once."""
    return Preferences(
        topics=_items(preferences.topics),
        mood=line(preferences.mood),
        kinds=_items(preferences.kinds),
        minutes=line(preferences.minutes),
        rhythm=preferences.rhythm if preferences.rhythm in RHYTHMS else "each",
        paused_until=preferences.paused_until,
        language=line(preferences.language),
    )


def _items(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(line, texts))))[:MOST]
