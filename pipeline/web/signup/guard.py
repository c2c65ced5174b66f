"""The service's answers -> the same, kept to themselves; and what fails, told without a word of what it was about."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from traceback import extract_tb

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.errors import PipelineError

log = logging.getLogger("pipeline.signup")
SECONDS = 30
"""What an answer may take; a database that is busy for longer is told as one that is."""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
_RAW = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in HEADERS.items()]


class Guard:
    """A page's address holds a reader's token: nothing may keep the page, lead on with its address, or frame it.

    An error's own text may hold an address or a token, so that only its kind and its place are logged. ``fault`` makes
    the answer that tells of one.
    """

    def __init__(self, app: ASGIApp, fault: Callable[[Request, Exception], Response]) -> None:
        self.app, self.fault = app, fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        has_begun = False
        scope["app"] = self  # so that what Starlette refuses is raised

        async def send_with_headers(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                own = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(one for one in _RAW if one[0] not in own)]
            await send(message)

        try:
            async with asyncio.timeout(SECONDS):
                await self.app(scope, receive, send_with_headers)
        except (Exception, asyncio.CancelledError) as error:  # cancelled is who is waited for when the service ends
            if has_begun or not isinstance(error, HTTPException):  # which is the client's doing
                log.error("%s", told(error))
            if not has_begun:
                await self._answer(Request(scope), error)(scope, receive, send_with_headers)

    def _answer(self, request: Request, error: BaseException) -> Response:
        status = 503
        if isinstance(error, Exception) and not isinstance(error, TimeoutError):
            try:
                return self.fault(request, error)
            except Exception as another:
                log.error("%s", told(another))
                status = 500
        return PlainTextResponse("Please try again later.\n", status, {"Retry-After": "60"})


def told(error: BaseException) -> str:
    """The error's kind, its place in a file, and its way through the code, without a word of what it says."""
    place = f" in {error.where}" if isinstance(error, PipelineError) and error.where else ""
    frames = extract_tb(error.__traceback__)[-6:]
    way = " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__}{place} at {way}"
