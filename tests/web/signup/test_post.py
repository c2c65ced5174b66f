"""web/signup/post.py: a mail that waits is written as long as it is wanted."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipeline.audience.consent import Consent
from pipeline.audience.store import open_store
from pipeline.audience.subscriber import Preferences
from pipeline.audience.tokens import Signer
from pipeline.delivery.transport import Envelope
from pipeline.web.signup.post import Post

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
SAID = Consent("asked", NOW, "form", wording="Yes", language="en")


class Letters:
    """All that are wanted."""

    def write(self, mail, reader, link, now):
        return Envelope(f"{mail.kind}-{mail.id}", mail.address, link.encode())


@pytest.fixture
def store(tmp_path):
    with open_store(f"sqlite:///{tmp_path}/audience.db", [b"x" * 32], str) as store:
        yield store


@pytest.fixture
def post(store):
    return Post(Letters(), store, Signer([b"x" * 32], "list"), "https://news.example.com", lambda: NOW)


def waiting(store):
    (mail,) = store.claim(NOW, 10)
    return mail


def test_suppressed_meanwhile(store, post):
    """A new address that has become one not to write to isn't written to, though the reader's own may be."""
    reader = store.ask("ana@example.com", "", Preferences(), SAID, NOW).subscriber
    store.confirm(reader.id, replace(SAID, what="confirmed"), NOW)
    waiting(store)
    store.ask_address(reader.id, "new@example.com", NOW)
    mail = waiting(store)
    assert post.letter(mail).to == "new@example.com"
    store.suppress("new@example.com", "complaint", replace(SAID, what="suppressed"), NOW)
    assert post.letter(mail) is None


def test_changed_meanwhile(store, post):
    """Nor does anything go out that was taken from the queue before its reader has confirmed, left, or gone."""
    reader = store.ask("ana@example.com", "", Preferences(), SAID, NOW).subscriber
    asked = waiting(store)
    assert "/confirm?t=" in post.letter(asked).message.decode()
    store.confirm(reader.id, replace(SAID, what="confirmed"), NOW)
    assert post.letter(asked) is None
    welcome = waiting(store)
    assert post.letter(welcome).to == "ana@example.com"
    store.unsubscribe(reader.id, replace(SAID, what="unsubscribed"), NOW)
    assert post.letter(welcome) is None
    store.erase(reader.id, replace(SAID, what="erased"), NOW)
    assert post.letter(welcome) is None
