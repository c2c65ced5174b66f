"""Requests that this server's own pages don't make -> refused, before anything else sees them."""

from __future__ import annotations

import ipaddress
import re
import socket

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_HOST = re.compile(r"(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<name>[\w.-]+))(?::[0-9]{1,5})?", re.ASCII)
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",
}


class Guard:
    """Lets through what was asked of ``host`` by this server's own pages, or by a person's own click.

    A page of another site can make a browser send requests here. It can't choose their Origin and Sec-Fetch
    headers, and a name of its own that it has rebound to this address stands in their Host header. So another
    Host gets 421 (RFC 9110, 15.5.20), another Origin or site 403. Ports don't matter: they may be forwarded.
    A body of any size gets 413.
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self.app = app
        self.host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(Headers(scope=scope))
        await (refusal or self.app)(scope, receive, send_with_headers)

    def _refusal(self, headers: Headers) -> PlainTextResponse | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not answers_to(hosts[0], self.host):
            return PlainTextResponse("This server doesn't go by that name.\n", 421)
        if "origin" in headers and headers.getlist("origin") != [f"http://{hosts[0]}"]:
            return PlainTextResponse("Another site's page can't ask this.\n", 403)
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not _is_followed_link(headers):
            return PlainTextResponse("Another site's page can't ask this.\n", 403)
        if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
            return PlainTextResponse("Nothing here reads a body.\n", 413)
        return None


def answers_to(header: str, bound: str) -> bool:
    """Whether a server that is bound to this address may be meant by this Host header.

    On loopback only loopback's names are meant. Bound to more, it is any address written in digits, which nobody
    can rebind, or the name that it was bound by, or this machine's own.
    """
    name = host_name(header)
    if name is None:
        return False
    if bound in LOOPBACK:
        return name in LOOPBACK
    return name in (*LOOPBACK, bound.lower(), socket.gethostname().lower()) or _is_address(name)


def host_name(header: str) -> str | None:
    """The name in a Host header, without its port; None for what is no Host header (RFC 9110, 7.2)."""
    found = _HOST.fullmatch(header)
    return (found["address"] or found["name"]).lower() if found else None


def _is_followed_link(headers: Headers) -> bool:
    """A link that somebody clicked, in a chat say: it opens a page, and tells the other site nothing."""
    return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
