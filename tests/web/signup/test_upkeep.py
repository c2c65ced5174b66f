"""upkeep.py: what the service does besides answering."""

import asyncio
from datetime import UTC, datetime, timedelta

from pipeline.audience.consent import Consent
from pipeline.audience.store import open_store
from pipeline.audience.subscriber import Preferences
from pipeline.errors import BusyError
from pipeline.web.signup.upkeep import forget_origins
from tests.loops import in_a_loop

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_origins_are_forgotten(tmp_path):
    """Where people signed up from is forgotten after the days that it is kept, though the store was busy before."""
    said = Consent("asked", NOW, "form", wording="Yes", ip="203.0.113.7", language="en")
    clock, busy = [NOW], [BusyError("busy")]
    with open_store(f"sqlite:///{tmp_path}/audience.db", [b"x" * 32], str) as store:
        number = store.ask("dan@example.com", "", Preferences(), said, NOW).subscriber.id
        forget = store.forget_origins

        def forgets(before):
            if busy:
                raise busy.pop()
            return forget(before)

        async def working():
            task = asyncio.create_task(forget_origins(store, lambda: clock[0], timedelta(days=30), every=0.01))
            await asyncio.sleep(0.1)
            kept = store.consents_of(number)[0].consent.ip
            clock[0] += timedelta(days=31)
            async with asyncio.timeout(10):
                while store.consents_of(number)[0].consent.ip:
                    await asyncio.sleep(0.01)
            task.cancel()
            return kept

        store.forget_origins = forgets
        assert in_a_loop(working()) == "203.0.113.7"
        assert busy == []
