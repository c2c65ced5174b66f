"""One client's connection: as uvicorn's own with httptools, but strict, and with an end to what a client may fill.

httptools reads what RFC 9112 allows, and is stricter with framing than h11; what it leaves to its caller is looked at
here: how large a head may be, how many requests wait, one Host, trailers, upgrades that nobody offers.
"""

from __future__ import annotations

from typing import Any

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MOST_HEAD = 64 * 1024
"""Bytes of a request's first line and headers; also of what else comes without a piece of a body in it."""
MOST_HEADERS = 100
# Requests that came before the one ahead of them was answered. No browser sends any, nor does a proxy. The more there
# are, the less each may bring.
MOST_WAITING = 16


class _RefusedError(Exception):
    """Ends the parser's work; it makes an HttpParserError of it."""


class StrictConnection(HttpToolsProtocol):
    in_body = False
    """From a request's headers to its end."""
    _pending = 0  # bytes in which neither a piece of a body nor the end of a request has come
    _is_over = False  # nothing more is read
    _answering: RequestResponseCycle | None = None

    @property
    def is_asking(self) -> bool:
        """Nothing is to be answered yet."""
        return not self.in_body and (self.cycle is None or self.cycle.response_complete)

    def data_received(self, data: bytes) -> None:
        if self._is_over:
            return
        self._unset_keepalive_if_required()
        self._pending += len(data)
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self._refuse()
        else:
            if self._pending > MOST_HEAD:
                self._refuse()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.in_body:  # A trailer; uvicorn would take it for a header, which no proxy has seen.
            return
        if len(self.headers) == MOST_HEADERS:
            raise _RefusedError
        super().on_header(name, value.rstrip(b" \t"))

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            # Behind a request that is the last, the parser stops for good.
            if self.parser.get_method() == b"CONNECT" or not self.parser.should_keep_alive():
                raise _RefusedError
            return
        version = self.parser.get_http_version()
        if not self._is_sound(version) or len(self.pipeline) == MOST_WAITING:
            raise _RefusedError
        self.expect_100_continue &= version == "1.1"
        self.in_body, self._pending = True, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._pending = 0
        # Where it isn't this one's turn, uvicorn reads on for those ahead of it.
        if self.pipeline and len(self.cycle.body) + len(body) > HIGH_WATER_LIMIT // len(self.pipeline):
            raise _RefusedError
        super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            self.in_body, self._pending = False, 0
            super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """uvicorn tells the request that came last that its client has gone, which may be one that waits."""
        if self._answering is not None:
            self._answering.disconnected = True
            self._answering.message_event.set()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        is_last = not self.pipeline
        super().on_response_complete()
        if self._is_over and is_last:
            self.transport.close()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _feed(self, data: bytes) -> None:
        """Nobody offers to upgrade, so that such a request is a plain one; but its parser leaves what comes after it to
        others, and its body too. So it is read again, without the header that asks for it."""
        while data:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                version = self.parser.get_http_version().encode()
                first = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)
                lines = [b"%b: %b" % (name, value) for name, value in self.headers if name != b"upgrade"]
                data = b"\r\n".join([first, *lines, b"", data[upgrade.args[0] :]])

    def _is_sound(self, version: str) -> bool:
        """A request that everybody on its way reads in the same way."""
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        hosts = [value for name, value in self.headers if name == b"host"]
        codings = [value.lower() for name, value in self.headers if name == b"transfer-encoding"]
        return (
            version in ("1.0", "1.1")
            and self.url.startswith(b"/")
            and size <= MOST_HEAD // (len(self.pipeline) + 1)
            and (len(hosts) == 1 or (not hosts and version == "1.0"))
            and codings in ([], [b"chunked"])
        )

    def _refuse(self) -> None:
        """Nothing more is read. What was asked before is answered, and then the connection closed."""
        self._is_over = True
        if self.in_body and self.pipeline:
            self.pipeline.popleft()  # It will never be whole.
        elif self.in_body and self.cycle.response_started:
            self.transport.close()
        elif self.in_body or self.is_asking:
            if self.in_body:
                self.cycle.disconnected = True
                self.cycle.message_event.set()
            self.send_400_response("Invalid HTTP request received.")
