"""Where the service itself is: the pages that the letters' links lead to, and a reader's own pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pipeline.audience.subscriber import Outgoing
from pipeline.audience.tokens import Signer
from pipeline.delivery.post import Link
from pipeline.model import Newsletter


def links(signer: Signer, public_url: str) -> Link:
    """The link of a letter, signed as it is written, so that its time begins when it goes out.

    That to a new address is only good for this one. A welcome has its reader's own links.
    """

    def link(mail: Outgoing, now: datetime) -> str:
        if mail.kind == "confirm":
            return f"{public_url}/confirm?t={signer.sign('confirm', mail.subscriber_id, now=now)}"
        if mail.kind == "address":
            return f"{public_url}/address?t={signer.sign('address', mail.subscriber_id, mail.who, now=now)}"
        return ""

    return link


def served(newsletter: Newsletter, public_url: str) -> Newsletter:
    """The newsletter with a reader's own pages where this service has them, wherever a try of it runs."""
    unsubscribe, preferences = (f"{public_url}/{page}?t={{token}}" for page in ("unsubscribe", "preferences"))
    fields = {
        name: replace(newsletter.merge_fields[name], fallback=url)
        for name, url in (("unsubscribe_url", unsubscribe), ("preferences_url", preferences))
    }
    return replace(
        newsletter,
        unsubscribe_url=unsubscribe,
        preferences_url=preferences,
        merge_fields={**newsletter.merge_fields, **fields},
    )
