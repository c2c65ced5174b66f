"""The mails that wait in the database -> the mail server, one after the other, as long as the service runs.

It also tidies up: what is kept of where people signed up from goes when its time is over.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from pipeline.audience.store import Store
from pipeline.audience.subscriber import Outgoing
from pipeline.delivery.transport import Envelope, Send, Transport
from pipeline.errors import DeferredError, RefusedError, TransportError
from pipeline.web.signup.guard import told

log = logging.getLogger("pipeline.signup")
# Another process, such as an import, may have queued something.
LOOK_EVERY = 5.0
AT_ONCE = 50
TIDY_EVERY = timedelta(hours=1)
# Well within the time for which what was claimed is ours alone: a slow mail server may take half a minute for each, and
# another process would send them too.
HOLD = timedelta(minutes=5)
# Twice as long after each try in vain. A link in a mail is good for two days from when it goes out.
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=15), timedelta(hours=1)

Letter = Callable[[Outgoing], Envelope | None]


class Worker:
    """``letter`` makes a mail of what waits; ``None`` where it isn't wanted any more. What can't go out waits on.
    ``keep_ip`` is for how long internet addresses are kept."""

    def __init__(
        self,
        store: Store,
        transport: Transport,
        letter: Letter,
        now: Callable[[], datetime],
        keep_ip: timedelta = timedelta(days=30),
    ) -> None:
        self.store, self.transport, self.letter, self.now, self.keep_ip = store, transport, letter, now, keep_ip
        self._tidied: datetime | None = None
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look at once what waits. To be called in the thread of the service's loop."""
        self._woken.set()

    async def run(self) -> None:
        """Until it is cancelled. Nothing that goes wrong ends it."""
        while True:
            self._woken.clear()
            try:
                await self._tidy()
                sent = await self.send_all()
            except Exception as error:
                log.error("no mail goes out: %s", told(error))
                sent = 0
            if not sent:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), LOOK_EVERY)

    async def send_all(self) -> int:
        """Send what is due; how many were tried. Each has an end: it is done, or waits for another time."""
        begun = self.now()
        due = await asyncio.to_thread(self.store.claim, begun, AT_ONCE)
        waiting = list(due)
        if not waiting:
            return 0
        try:
            async with self.transport.connected() as send:
                while waiting and self.now() - begun < HOLD:
                    await self._send(waiting[0], send)
                    del waiting[0]
        except TransportError as error:  # nothing gets through now
            log.warning("%d mails wait: %s", len(waiting), error)
        for one in waiting:
            await self._later(one, "nothing got through")
        return len(due) - len(waiting)

    async def _tidy(self) -> None:
        now = self.now()
        if self._tidied is None or now - self._tidied >= TIDY_EVERY:
            await asyncio.to_thread(self.store.forget_origins, now - self.keep_ip)
            self._tidied = now

    async def _send(self, one: Outgoing, send: Send) -> None:
        """Raises a TransportError where nothing gets through; whatever else goes wrong is this mail's own affair."""
        try:
            envelope = await asyncio.to_thread(self.letter, one)
            if envelope is not None:
                await send(envelope)
        except RefusedError as error:
            log.warning("reader %d can't be written to: %s", one.subscriber_id, error)
        except DeferredError as error:
            log.warning("the mail to reader %d waits: %s", one.subscriber_id, error)
            await self._later(one, str(error))
            return
        except TransportError:
            raise
        except Exception as error:
            log.error("the mail to reader %d can't be made: %s", one.subscriber_id, told(error))
            await self._later(one, told(error))
            return
        await asyncio.to_thread(self.store.done, one.id)

    async def _later(self, one: Outgoing, error: str) -> None:
        wait = min(FIRST_WAIT * 2 ** min(one.tries, 20), LONGEST_WAIT)
        await asyncio.to_thread(self.store.later, one.id, self.now() + wait, error)
