"""One client's connection: as every one of ours, but that a client has to say what it wants within a time."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import PlainTextResponse

from pipeline.web.signup.guard import HEADERS
from pipeline.web.strict import StrictConnection

SECONDS = 10
"""From the connection, or from the last answer, to the end of a request's headers."""
LINGER = 2
"""For the rest of a body that was answered without being read, as too large ones are: the answer has to get through."""
KEPT_ALIVE = 5
# Connections at a time. For one more, the one that has been asking for longest goes; where all are being answered, the
# new one is told to come back.
MOST = 1000

_BUSY: Any = PlainTextResponse(
    "Please try again later.\n", 503, {**HEADERS, "Retry-After": "30", "Connection": "close"}
)


class Connection(StrictConnection):
    """uvicorn waits for ever for a request that comes a letter a minute; a thousand of those would be all it holds."""

    _deadline: asyncio.TimerHandle | None = None
    _since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.limit_concurrency = None  # uvicorn would send away also who has been here before, and by what it counts
        self._since = self.loop.time()
        self._make_room()
        self._deadline = self.loop.call_later(SECONDS, self._give_up)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self.is_asking:
            self._stop()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(SECONDS, self._give_up)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._since = self.loop.time()
        if self.in_body and self.cycle.response_complete:
            self.loop.call_later(LINGER, self._leave, self.cycle)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """As uvicorn's, with the headers of all answers: this is the one that no application sees."""
        body = msg.encode("ascii")
        headers = {
            **HEADERS,
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
        lines = ["HTTP/1.1 400 Bad Request", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        self.transport.write("\r\n".join(lines).encode("ascii") + body)
        self.transport.close()

    def _make_room(self) -> None:
        """A client that says what it wants at once, and takes what it gets, isn't kept out by a thousand who don't.

        A connection that is closed stays until its client has taken the last answer, which may be never.
        """
        most = self.config.limit_concurrency
        if most is None or len(self.connections) <= most:
            return
        there = [one for one in self.connections if isinstance(one, Connection)]
        gone = [one for one in there if one.transport.is_closing() and self._since - one._since > LINGER]
        slow = [one for one in there if one is not self and one._is_slow() and not one.transport.is_closing()]
        if slow and len(there) - len(gone) > most:
            gone.append(min(slow, key=lambda one: one._since))
        for one in gone:  # At once, and not when the loop gets to it: who comes next counts again.
            self.connections.discard(one)
            one.transport.abort()
        if len(self.connections) > most:
            self.app = _BUSY

    def _is_slow(self) -> bool:
        return self.is_asking or self.in_body or self.flow.write_paused

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if self.is_asking and not self.transport.is_closing():
            self.transport.close()

    def _leave(self, answered: object) -> None:
        if self.cycle is answered and self.in_body:
            self.transport.close()
