"""What the tests' people say, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipeline.audience.consent import Consent, How, What
from pipeline.audience.store import Store
from pipeline.audience.subscriber import Preferences, Subscriber

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
WORDS = "Get the latest from the blog. You can leave at any time."


def said(what: What, how: How = "form", at: datetime = NOW, wording: str = WORDS, ip: str = "203.0.113.7") -> Consent:
    return Consent(what, at, how, "blog", "1", wording, ip, "en")


def pending(store: Store, address: str = "ann@example.com", **asked: object) -> Subscriber:
    """Somebody who has just signed up."""
    found = store.ask(address, "Ann Lee", Preferences(**asked), said("asked"), NOW)  # type: ignore[arg-type]
    assert found.kind == "mail"
    assert found.subscriber
    return found.subscriber


def confirmed(store: Store, address: str = "ann@example.com", **asked: object) -> Subscriber:
    """Somebody who is on the list."""
    found = store.confirm(pending(store, address, **asked).id, said("confirmed"), NOW)
    assert found
    return found


def readers(store: Store, edition: str = "may", date: datetime = NOW, now: datetime = NOW) -> list[str]:
    """The addresses for which the edition may be made."""
    return [email for batch in store.audience(edition, date, now) for email in batch.emails]
