"""An ASGI application and a socket -> a server that runs until it is told to stop."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from pipeline.errors import ConfigurationError
from pipeline.web.strict import StrictConnection

MOST_TRIES = 50
GRACE = 3  # seconds that open connections have to end


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on this port, or on the next one that is free; 0 is any.

    Raises a ConfigurationError where the address isn't this machine's, or no port near can be had.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f"--host {host}: there is no such address") from error
    last = min(port + MOST_TRIES, 65_535) if port else 0
    for candidate in range(port, last + 1):
        # asyncio has answers leave at once (TCP_NODELAY) where a socket says that it is TCP's.
        found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((host, candidate))
            found.listen()
        except OSError as error:
            found.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise ConfigurationError(f"--host {host}: {error.strerror}") from error
        else:
            return found
    raise ConfigurationError(f"the ports from {port} to {last} are all taken; choose another with --port")


def url_of(listener: socket.socket) -> str:
    address, port = listener.getsockname()[:2]
    return f"http://[{address}]:{port}/" if ":" in address else f"http://{address}:{port}/"


def is_loopback(listener: socket.socket) -> bool:
    return ip_address(listener.getsockname()[0]).is_loopback


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client gets of the server: how its connection is read, how many seconds that may be idle, how many there
    are at a time."""

    connection: type[asyncio.Protocol] = StrictConnection
    kept_alive: int = 5
    most: int | None = None


NO_LIMITS = Limits()


def serve(
    app: ASGIApp,
    listener: socket.socket,
    started: Callable[[], None],
    stopping: Callable[[], None] = lambda: None,
    limits: Limits = NO_LIMITS,
) -> None:
    """Answer on this socket until a signal says to stop.

    ``started`` is called once the server answers, ``stopping`` before it waits for what it still answers to end.
    """
    _Server(configuration(app, limits), started, stopping).run([listener])


def configuration(app: ASGIApp, limits: Limits = NO_LIMITS) -> uvicorn.Config:
    """A client is who has connected. uvicorn would believe whatever X-Forwarded-For says on the way from this computer:
    whose word counts is for the application to say. And it would take uvloop where that is installed, with which nobody
    is answered sooner: one loop is enough to know."""
    return uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        loop="asyncio",
        timeout_graceful_shutdown=GRACE,
        http=limits.connection,
        timeout_keep_alive=limits.kept_alive,
        limit_concurrency=limits.most,
    )


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: Callable[[], None], stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self.tell_started, self.tell_stopping = started, stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """However it is told to end, and how often: in order, so that what is open is closed by its owners. uvicorn
        would have the signal end the process in the end, and at the second Ctrl-C leave its work where it is."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.tell_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.tell_stopping()
        await super().shutdown(sockets)
