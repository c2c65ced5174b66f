"""A mail that waits -> the letter that goes out, with a link that leads back to the service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from pipeline.audience.store import Store
from pipeline.audience.subscriber import Outgoing
from pipeline.audience.tokens import Signer
from pipeline.delivery.letters import Letters
from pipeline.delivery.post import is_wanted
from pipeline.delivery.transport import Envelope
from pipeline.model import Newsletter


class Post:
    """Links are signed as the letter is written, so that their time begins when it goes out."""

    def __init__(
        self, letters: Letters, store: Store, signer: Signer, public_url: str, now: Callable[[], datetime]
    ) -> None:
        self.letters, self.store, self.signer, self.public_url, self.now = letters, store, signer, public_url, now

    def letter(self, one: Outgoing) -> Envelope | None:
        """``None`` where it isn't wanted any more: while it waited, the reader has gone, or the address it is for has
        become one that nobody writes to."""
        reader = self.store.by_id(one.subscriber_id)
        if reader is None or not is_wanted(one, reader) or self.store.is_suppressed(one.address):
            return None
        return self.letters.write(one, reader, self._link(one), self.now())

    def _link(self, one: Outgoing) -> str:
        """That to a new address is only good for this one. A welcome has its reader's own links."""
        if one.kind == "confirm":
            return f"{self.public_url}/confirm?t={self.signer.sign('confirm', one.subscriber_id, now=self.now())}"
        if one.kind == "address":
            token = self.signer.sign("address", one.subscriber_id, one.who, now=self.now())
            return f"{self.public_url}/address?t={token}"
        return ""


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
