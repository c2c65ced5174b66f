"""The services that lists come from -> what the columns of their exports mean, and their words for states. Pure.

Where the columns were read:

- Mailchimp: the headers of real exports in public repositories (subscribed, unsubscribed, cleaned, nonsubscribed), and
  its help on what is unsubscribed and cleaned;
- listmonk: ``ExportSubscribers`` in cmd/subscribers.go, and models.SubscriberStatus;
- Ghost: ``unparse`` in core/server/services/members, and its tests of the round trip;
- Buttondown: the fields and subscriber types of docs.buttondown.com/api-subscribers-introduction.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pipeline.audience.subscriber import WithdrawalReason
from pipeline.model import FieldType

# What becomes of a row's person: they get mail, they have left, or they are never to be written to, and why.
Standing = Literal["confirmed"] | WithdrawalReason

# What the exports' words for a person's state mean.
_STANDINGS: Mapping[str, Standing] = {
    **dict.fromkeys(("subscribed", "confirmed", "active", "enabled", "true", "yes", "1"), "confirmed"),
    # Buttondown's. Who stops paying, or pauses that, is a subscriber still.
    **dict.fromkeys(
        ("regular", "premium", "trialed", "unpaid", "gifted", "churning", "churned", "paused", "past_due"), "confirmed"
    ),
    **dict.fromkeys(("unsubscribed", "opted_out", "false", "no", "0"), "unsubscribed"),
    **dict.fromkeys(("cleaned", "bounced", "bounce", "undeliverable"), "bounce"),
    **dict.fromkeys(("complained", "complaint", "abuse"), "complaint"),
    **dict.fromkeys(("blocklisted", "blacklisted", "blocked", "banned", "suppressed", "removed", "spammy"), "manual"),
}
_NEVER_ASKED = "is a contact only (customers are such), and has never asked for mail"
_REFUSED: Mapping[str, str] = {
    **dict.fromkeys(
        ("pending", "unconfirmed", "unactivated"), "hasn't confirmed there; let them sign up here, and confirm"
    ),
    **dict.fromkeys(("nonsubscribed", "non_subscribed", "transactional"), _NEVER_ASKED),
    **dict.fromkeys(("disabled", "archived", "deleted"), "isn't written to there any more"),
}
# Standings, from what is outweighed by everything to what outweighs everything.
ORDER: Mapping[str, int] = {"confirmed": 0, "unsubscribed": 2, "manual": 3, "bounce": 4, "complaint": 5}


@dataclass(frozen=True, slots=True)
class Service:
    """Where an export comes from: the columns that only its exports have, and what the others mean.

    Column names are in lower case with underscores. Of several for one meaning, the first that is filled counts.
    ``gone`` are those with the time since when somebody is that; ``why`` may say that it was for spam.
    """

    name: str
    known_by: frozenset[str] = frozenset()
    status: tuple[str, ...] = ()
    gone: Mapping[str, Standing | Literal["deleted"]] = field(default_factory=dict)
    why: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
    ip: tuple[str, ...] = ()
    topics: tuple[str, ...] = ("tags",)
    language: tuple[str, ...] = ("language",)


MAILCHIMP = Service(
    "Mailchimp",
    frozenset({"member_rating", "leid", "euid"}),
    status=("status",),
    gone={"clean_time": "bounce", "unsub_time": "unsubscribed"},
    why=("unsub_reason", "unsub_reason_other"),
    asked=("optin_time",),
    confirmed=("confirm_time",),
    ip=("confirm_ip", "optin_ip"),
)
LISTMONK = Service(
    "listmonk", frozenset({"attributes"}), status=("status", "subscription_status"), asked=("created_at",)
)
GHOST = Service(
    "Ghost",
    frozenset({"subscribed_to_emails"}),
    status=("subscribed_to_emails",),
    gone={"deleted_at": "deleted"},
    asked=("created_at",),
    topics=("labels",),
)
BUTTONDOWN = Service(
    "Buttondown",
    frozenset({"creation_date", "subscriber_type", "undeliverability_date"}),
    status=("subscriber_type", "type", "status"),
    gone={"undeliverability_date": "bounce", "unsubscription_date": "unsubscribed"},
    why=("undeliverability_reason",),
    asked=("creation_date",),
    ip=("ip_address",),
)
OWN = Service(
    "Stay Updated",
    frozenset({"rhythm", "paused_until"}),
    status=("status",),
    gone={"unsubscribed": "unsubscribed"},
    asked=("created",),
    confirmed=("confirmed",),
    topics=("topics",),
)
PLAIN = Service(
    "plain",
    status=("status",),
    gone={"bounced_at": "bounce", "unsubscribed_at": "unsubscribed"},
    asked=("created", "created_at", "subscribed_at", "date", "optin_time"),
    confirmed=("confirmed", "confirmed_at"),
    ip=("ip", "ip_address", "optin_ip"),
    topics=("topics", "tags", "labels"),
    language=("language", "lang", "locale"),
)
SERVICES = (MAILCHIMP, LISTMONK, GHOST, BUTTONDOWN, OWN)

NAME = ("name", "full_name")
FIRST = ("first_name", "firstname", "fname")
LAST = ("last_name", "lastname", "lname", "surname")
_LISTS = ("tags", "labels", "topics", "kinds")
# Our own exports alone have these.
WISHES = ("mood", "kinds", "minutes", "rhythm", "paused_until")


def types() -> dict[str, FieldType]:
    """Every column that means something to somebody."""
    names = {*NAME, *FIRST, *LAST, *WISHES}
    for one in (*SERVICES, PLAIN):
        names |= {*one.known_by, *one.status, *one.gone, *one.why, *one.asked, *one.confirmed, *one.ip, *one.topics}
        names |= {*one.language}
    return {name: "list" if name in _LISTS else "text" for name in sorted(names)}


def standing_of(said: str) -> str:
    """What an export's word for a state means, or why somebody in it can't be taken."""
    word = re.sub(r"[\s-]+", "_", said.strip().casefold())
    if word in ORDER:
        return word
    if word in _REFUSED:
        return f"{said.strip()!r}: {_REFUSED[word]}"
    return _STANDINGS.get(word) or f"{said[:60]!r} is no state that is known (subscribed, unsubscribed, bounced …)"


def weight(standing: str) -> int:
    """Who must never get mail is that whatever else is said; who can't be taken at least isn't taken."""
    return ORDER.get(standing, 1)
