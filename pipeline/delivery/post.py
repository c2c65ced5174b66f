"""The letters that wait in the store -> a transport, now or later.

A letter is in the store's queue until a mail server has taken it, so that no outage and no crash loses one. It goes
out twice only where the server has taken it and nobody can say so any more: the process is killed, or the line breaks,
between the server's answer and the database's. That moment can't be closed (RFC 1047); the second letter has the same
Message-ID, by which most mail programs show it once.

Logs have numbers of mails, never addresses.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from traceback import extract_tb
from typing import Literal

from pipeline.audience.store import Store
from pipeline.audience.subscriber import Outgoing, Subscriber
from pipeline.delivery.letters import Letters
from pipeline.delivery.transport import Envelope, Send, Transport
from pipeline.errors import DeferredError, PipelineError, RefusedError, TransportError

# Where a sign-up leads: the URL of the page behind a letter's button, with a token made now; "" for a welcome.
Link = Callable[[Outgoing, datetime], str]
Round = Literal["idle", "more", "outage"]

BATCH = 20
# Well within the time that the store leaves what was claimed to us alone.
HOLD = timedelta(minutes=5)
# How long servers try a letter that is put off each time (RFC 5321, 4.5.4.1).
GIVE_UP = timedelta(days=5)
POLL, FIRST_PAUSE, LONGEST_PAUSE = 5.0, 5.0, 300.0
LONGEST_DELAY = timedelta(hours=1)
# After how many seconds a store that is busy is told again that a letter has gone.
RETRIES = (1.0, 5.0, 15.0)

_log = logging.getLogger(__name__)


def delay(tries: int) -> timedelta:
    """How long a letter waits that was put off so many times before: a minute, two, four, up to an hour."""
    return min(timedelta(minutes=2.0 ** min(tries, 16)), LONGEST_DELAY)


def waited(tries: int) -> timedelta:
    """How long a letter has waited that was put off so many times: what it has waited for all of them isn't its own."""
    return sum(map(delay, range(tries)), timedelta())


def pause(outages: int) -> float:
    """How many seconds all letters wait after so many rounds in which nothing got through."""
    return min(FIRST_PAUSE * 2.0 ** min(outages - 1, 16), LONGEST_PAUSE)


def is_wanted(mail: Outgoing, reader: Subscriber) -> bool:
    """Whether a letter still says what is so: since it was queued, the reader may have confirmed, or left."""
    if mail.kind == "address":
        return reader.asked_address == mail.address
    return reader.state == ("pending" if mail.kind == "confirm" else "confirmed")


def utc_now() -> datetime:
    return datetime.now(UTC)


def _place(error: Exception) -> str:
    """The error's kind and where it was raised; its text might hold an address."""
    *_, last = extract_tb(error.__traceback__)
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"


class Post:
    """Sends the letters of one store, one after the other. Several posts may share a store: each letter is one's."""

    def __init__(
        self,
        store: Store,
        transport: Transport,
        letters: Letters,
        link: Link,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._transport = transport
        self._letters = letters
        self._link = link
        self._clock = clock
        self._outages = 0
        self._awake = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Send what waits, and what comes, until ``stop``."""
        while not self._stopping:
            self._awake.clear()
            try:
                found = await self.round()
            except PipelineError as error:  # the database is busy or gone
                _log.warning("letters wait: %s", error)
                found = "outage"
            except Exception as error:  # nothing ends this: who has signed up meanwhile would wait for ever
                _log.error("letters wait, by a fault of ours: %s", _place(error))
                found = "outage"
            self._outages = self._outages + 1 if found == "outage" else 0
            if found != "more":
                await self._rest(pause(self._outages) if self._outages else POLL)

    def wake(self) -> None:
        """Look at the queue at once: a letter has come. In an outage that changes nothing."""
        if not self._outages:
            self._awake.set()

    def stop(self) -> None:
        """Finish the letter that is under way, and end."""
        self._stopping = True
        self._awake.set()

    async def round(self) -> Round:
        """Send those that are due, at most ``BATCH``: whether there were none, nothing gets through, or there may be
        more. Raises a BusyError or a DiskError where the store can't be used."""
        begun = self._clock()
        waiting = deque(await asyncio.to_thread(self._store.claim, begun, BATCH))
        if not waiting:
            return "idle"
        try:
            async with self._transport.connected() as send:
                while waiting and not self._stopping and self._clock() - begun < HOLD:
                    await self._deliver(waiting[0], send)
                    waiting.popleft()
        except TransportError as error:
            _log.warning("letters wait: %s", error)
            await self._give_back(waiting, timedelta(seconds=pause(self._outages + 1)), str(error))
            return "outage"
        await self._give_back(waiting, timedelta(), "")
        return "more"

    async def _deliver(self, mail: Outgoing, send: Send) -> None:
        """One letter, up to the word of it in the store. Raises a TransportError where nothing gets through."""
        reader = await asyncio.to_thread(self._store.by_id, mail.subscriber_id)
        suppressed = await asyncio.to_thread(self._store.is_suppressed, mail.address)
        if reader is None or suppressed or not is_wanted(mail, reader):
            await self._settle(mail, "isn't wanted any more")
            return
        now = self._clock()
        try:
            await send(await asyncio.to_thread(self._write, mail, reader, now))
        except TransportError:
            raise
        except RefusedError as error:
            await self._settle(mail, f"can't go out: {error}")
        except PipelineError as error:  # put off by the server, or something that somebody has to mend
            if isinstance(error, DeferredError) and waited(mail.tries) >= GIVE_UP:
                await self._settle(mail, f"is given up: {error}")
            else:
                _log.warning("mail %d waits: %s", mail.id, error)
                await asyncio.to_thread(self._store.later, mail.id, self._clock() + delay(mail.tries), str(error))
        else:
            await self._settle(mail, "has gone out")

    def _write(self, mail: Outgoing, reader: Subscriber, now: datetime) -> Envelope:
        """The letter. Raises a PipelineError for a fault of ours too, so that one letter doesn't hold up the others."""
        try:
            return self._letters.write(mail, reader, self._link(mail, now), now)
        except PipelineError:
            raise
        except Exception as error:
            raise PipelineError(f"it can't be written, by a fault of ours: {_place(error)}") from error

    async def _settle(self, mail: Outgoing, why: str) -> None:
        """Take a letter off the queue. A store that is busy is asked again: the letter would go out once more."""
        _log.info("mail %d (%s) %s", mail.id, mail.kind, why)
        for seconds in RETRIES:
            with suppress(PipelineError):
                await asyncio.to_thread(self._store.done, mail.id)
                return
            await asyncio.sleep(seconds)
        await asyncio.to_thread(self._store.done, mail.id)

    async def _give_back(self, mails: deque[Outgoing], time: timedelta, error: str) -> None:
        """They weren't tried, and are due after that time."""
        for mail in mails:
            await asyncio.to_thread(self._store.give_back, mail.id, self._clock() + time, error)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._awake.wait()
