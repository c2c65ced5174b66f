"""What can be asked for a person: each a write, done in a Turn, that keeps to the states and logs what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, Row, bindparam, delete, exists, insert, literal_column, select, update

from pipeline.audience.consent import Consent
from pipeline.audience.store.rows import of_preferences, to_subscriber
from pipeline.audience.store.tables import NOT_CONFIRMED, former, micros, origin, plain, subscriber, suppression
from pipeline.audience.store.tables import consent as consents
from pipeline.audience.store.turn import Turn
from pipeline.audience.subscriber import Asked, Preferences, Subscriber, asks_for_mail, line
from pipeline.audience.suppression import Reason
from pipeline.recipients.addresses import address as checked

_HASH = bindparam("hash_", type_=LargeBinary)
_SUPPRESSED = exists(literal_column("1")).where(suppression.c.hash == _HASH).label("suppressed")
# One look at both lists, for an address that either may have.
_asked_for = select(_HASH.label("hash_")).subquery()
FIND = (
    select(subscriber, suppression.c.reason)
    .select_from(_asked_for)
    .outerjoin(subscriber, subscriber.c.hash == _asked_for.c.hash_)
    .outerjoin(suppression, suppression.c.hash == _asked_for.c.hash_)
)
BY_ID = (
    select(subscriber, suppression.c.reason)
    .outerjoin(suppression, suppression.c.hash == subscriber.c.hash)
    .where(subscriber.c.id == bindparam("id_"))
)
_UNCONFIRMED = select(subscriber).where(
    NOT_CONFIRMED, subscriber.c.state == "pending", subscriber.c.mailed < bindparam("before")
)
# Whoever signs up meanwhile waits for all of them: some milliseconds.
SOME_UNCONFIRMED = _UNCONFIRMED.with_only_columns(subscriber.c.id).order_by(subscriber.c.id).limit(50)
IS_SUPPRESSED = select(_SUPPRESSED)
SUPPRESSION = select(suppression.c.reason, suppression.c.at).where(suppression.c.hash == _HASH)
_LIFT = delete(suppression).where(suppression.c.hash == _HASH)
_AGAIN = update(suppression).where(suppression.c.hash == _HASH)
_ADDRESSES = select(consents.c.who).where(consents.c.subscriber == bindparam("id_")).distinct()
_NOT_FORMER = delete(former).where(former.c.hash == _HASH)
_FORGET_FORMER = delete(former).where(former.c.subscriber == bindparam("id_"))
_DELETE = delete(subscriber).where(subscriber.c.id == bindparam("id_"))
_FORGET_ORIGINS = delete(origin).where(
    origin.c.number.in_(select(consents.c.number).where(consents.c.subscriber == bindparam("id_")))
)

_TEXTS = dict.fromkeys(("sent", "last_edition", "asked_address"), "")
_TIMES = dict.fromkeys(("last_edition_date", "mailed", "confirmed", "unsubscribed"))
_NOTHING: dict[str, Any] = {**_TEXTS, **_TIMES}


@dataclass(frozen=True, slots=True)
class SignUp:
    """Somebody types an address in. Until its owner has confirmed, what is known already of a person on the list is
    only changed by a wish that a mail goes out for."""

    address: str
    name: str
    preferences: Preferences
    consent: Consent
    now: datetime

    def __call__(self, turn: Turn) -> Asked:
        hashed = turn.hash(self.address)
        if hashed in turn.unknown:
            return _take_up(turn, self, hashed)
        row = turn.one(FIND, {"hash_": hashed})
        assert row is not None  # the left side of its joins is always there
        if row.id is None and row.reason is None:
            return _take_up(turn, self, hashed)
        if row.reason is not None or not asks_for_mail(row.state, row.mailed, self.now):
            # A number that nobody gets: the disk is waited for, as for somebody new, so that the time tells nothing.
            turn.new_ids()
            return Asked("quiet", None if row.id is None else to_subscriber(row._mapping))
        return _mail(turn, self, hashed, _set(turn, row, _asked_again(self, row)))


@dataclass(frozen=True, slots=True)
class Confirm:
    """The owner of the address follows the link of the mail and presses its button."""

    number: int
    consent: Consent
    now: datetime

    def __call__(self, turn: Turn) -> Subscriber | None:
        """``None`` for whoever isn't there, is suppressed, or has unsubscribed since: a new sign-up is needed then."""
        row = turn.reader(self.number)
        if row is None or row.reason is not None or row.state == "unsubscribed":
            return None
        if row.state == "confirmed":
            return to_subscriber(row._mapping)
        turn.log(self.number, row.hash, self.consent)
        turn.unqueue(self.number, "confirm")
        turn.queue(self.number, "welcome", self.now)
        # The owner has answered: the next sign-up, should they leave, may have a mail at once.
        return _set(turn, row, {"state": "confirmed", "confirmed": self.now, "unsubscribed": None, "mailed": None})


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """A reader leaves, by whichever way, and as often as they like."""

    number: int
    consent: Consent
    now: datetime

    def __call__(self, turn: Turn) -> Subscriber | None:
        row = turn.reader(self.number)
        if row is None or row.state == "unsubscribed":
            return None if row is None else to_subscriber(row._mapping)
        turn.unqueue(self.number)
        turn.log(self.number, row.hash, self.consent)
        return _set(turn, row, {"state": "unsubscribed", "unsubscribed": self.now, "asked_address": ""})


def _take_up(turn: Turn, wish: SignUp, hashed: bytes) -> Asked:
    """Nobody has had the address before."""
    number = turn.new_ids()
    there = blank(number, hashed, checked(wish.address), turn.sign(number)) | _asked(wish) | {"created": wish.now}
    turn.take_up(plain(subscriber, there))
    return _mail(turn, wish, hashed, to_subscriber(there))


def _asked(wish: SignUp) -> dict[str, Any]:
    told = of_preferences(wish.preferences)
    return {"name": line(wish.name), **told, "state": "pending", "mailed": wish.now}


def _asked_again(wish: SignUp, row: Row[Any]) -> dict[str, Any]:
    """Who has been on the list has chosen what stands there, and somebody else may be typing their address in now."""
    if row.confirmed is None:
        return _asked(wish)
    topics = {"topics": of_preferences(wish.preferences)["topics"]} if wish.preferences.topics else {}
    return {"language": wish.preferences.language, **topics, "state": "pending", "mailed": wish.now}


def _mail(turn: Turn, wish: SignUp, hashed: bytes, there: Subscriber) -> Asked:
    turn.log(there.id, hashed, wish.consent)
    turn.queue(there.id, "confirm", wish.now)
    return Asked("mail", there)


def change(turn: Turn, number: int, preferences: Preferences, name: str, consent: Consent) -> Subscriber | None:
    row = turn.reader(number)
    if row is None:
        return None
    turn.log(number, row.hash, consent)
    return _set(turn, row, {"name": line(name), **of_preferences(preferences)})


def ask_address(turn: Turn, number: int, new_address: str, now: datetime, may_mail: bool) -> Asked:
    """A reader would like another address: it has to be nobody's, and its owner has to confirm. The wish is kept
    whatever the address is, for readers see what is kept of them, and who else is on the list is none of their
    business."""
    row = turn.reader(number)
    found = turn.one(FIND, {"hash_": turn.hash(new_address)})
    assert found is not None
    if row is None or row.reason is not None or row.state == "unsubscribed":
        return Asked("quiet", None if row is None else to_subscriber(row._mapping))
    wanted = checked(new_address)
    is_free = found.id is None and found.reason is None
    if not is_free or wanted != row.asked_address:
        turn.unqueue(number, "address")  # what waits would go to the address that is asked for now
    if is_free and may_mail:
        turn.queue(number, "address", now)
    return Asked("mail" if is_free and may_mail else "quiet", _set(turn, row, {"asked_address": wanted}))


def change_address(turn: Turn, number: int, who: str, consent: Consent) -> Subscriber | None:
    """``who`` is the hash of the new address, as the mail to it was made with. Done once already is done."""
    row = turn.reader(number)
    if row is None or row.reason is not None:
        return None
    if row.hash.hex() == who:
        return to_subscriber(row._mapping)
    if not row.asked_address or row.state == "unsubscribed":
        return None
    hashed = turn.hash(row.asked_address)
    found = turn.one(FIND, {"hash_": hashed})
    assert found is not None
    if hashed.hex() != who or found.id is not None or found.reason is not None:
        return None
    turn.unqueue(number, "address")
    turn.unknown.discard(hashed)
    turn.log(number, hashed, consent)
    for known in (hashed, row.hash):
        turn.run(_NOT_FORMER, {"hash_": known})
    turn.run(insert(former), {"hash": row.hash, "subscriber": number})
    return _set(turn, row, {"address": row.asked_address, "hash": hashed, "asked_address": ""})


def suppress(turn: Turn, address: str, reason: Reason, consent: Consent, now: datetime) -> bool:
    """Whether it wasn't there before. What was there before keeps its reason."""
    hashed = turn.hash(address)
    row = turn.one(FIND, {"hash_": hashed})
    assert row is not None
    if row.reason is not None:
        return False
    turn.insert(suppression, [{"hash": hashed, "reason": reason, "at": micros(now)}])
    if row.id is not None:
        turn.unqueue(row.id)
    turn.log(row.id or 0, hashed, consent)
    return True


def lift(turn: Turn, address: str, consent: Consent) -> bool:
    """Whether it was suppressed. Whoever has it is in the state that they were in."""
    hashed = turn.hash(address)
    row = turn.one(FIND, {"hash_": hashed})
    assert row is not None
    if row.reason is None:
        return False
    turn.run(_LIFT, {"hash_": hashed})
    turn.log(row.id or 0, hashed, consent)
    return True


def erase(turn: Turn, number: int, consent: Consent, now: datetime) -> bool:
    """Whether there was anybody. Of the person stay the hashes, of earlier addresses too, in the log and on the list of
    those not to write to."""
    row = turn.reader(number)
    if row is None:
        return False
    earlier = [bytes.fromhex(who) for who in turn.log_there.scalars(_ADDRESSES, {"id_": number})]
    for hashed in dict.fromkeys((row.hash, *earlier)):
        found = turn.one(FIND, {"hash_": hashed})
        assert found is not None
        if found.id not in (None, number):
            continue  # it is somebody else's by now
        if found.reason is None:
            turn.insert(suppression, [{"hash": hashed, "reason": "erased", "at": micros(now)}])
        else:
            turn.run(_AGAIN, {"hash_": hashed, "reason": "erased"})
    _remove(turn, number)
    turn.log(number, row.hash, replace(consent, ip=""))
    return True


def lapse(turn: Turn, numbers: Sequence[int], before: datetime, now: datetime) -> int:
    """How many of these are pending still, and were last written to before that moment. They are nobody from now on,
    and may sign up again. Only who has left once is still known, so that no import brings them back: all that they
    asked for since, or somebody else with their address, is gone."""
    rows = turn.connection.execute(_UNCONFIRMED.where(subscriber.c.id.in_(numbers)), {"before": before}).all()
    for row in rows:
        if row.unsubscribed is None:
            _remove(turn, row.id)
        else:
            turn.unqueue(row.id)
            turn.log_there.execute(_FORGET_ORIGINS, {"id_": row.id})
            nothing = {"name": "", **of_preferences(Preferences()), "asked_address": ""}
            _set(turn, row, {"state": "unsubscribed", **nothing})
        turn.log(row.id, row.hash, Consent("lapsed", now, "time"))
    return len(rows)


def blank(number: int, hashed: bytes, address: str, token: str) -> dict[str, Any]:
    """The columns of a new subscriber that nobody has asked anything for."""
    return {"id": number, "hash": hashed, "address": address, "token": token, **_NOTHING}


def _remove(turn: Turn, number: int) -> None:
    turn.unqueue(number)
    connection = turn.log_there
    for statement in (_FORGET_ORIGINS, _FORGET_FORMER, _DELETE):
        connection.execute(statement, {"id_": number})


def _set(turn: Turn, row: Row[Any], values: dict[str, Any]) -> Subscriber:
    """The subscriber of the row, with these values from now on."""
    turn.change(row.id, values)
    return to_subscriber({**row._mapping, **values})
