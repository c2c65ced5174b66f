"""A real mail server on this computer (aiosmtpd): it can be started and stopped, refuse, put off, hang, and ask for
TLS and a password. A server of a name that isn't this computer's own is found by ``named``."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

NAME = "mail.example.com"
USER, PASSWORD = "list@example.com", "p:a/s@s wörd"


@dataclass
class Server:
    """What it has ``taken``: for whom, and the message. ``answers`` are what it says, by command and address."""

    port: int = 0
    tls: str = "never"
    certificate: ssl.SSLContext | None = None
    asks_for_password: bool = False
    answers: dict[str, str] = field(default_factory=dict)
    hangs_at: str = ""
    drops_after_data: int = 0
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    connections: int = 0
    commands: list[str] = field(default_factory=list)

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        self.commands.append(f"EHLO {hostname}")
        session.host_name = hostname
        await self._hang("EHLO")
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.asks_for_password and not session.authenticated:
            return "530 5.7.0 who are you"
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self._hang("RCPT")
        self.commands.append("RCPT")
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await self._hang("DATA")
        if "DATA" in self.answers:
            return self.answers["DATA"]
        assert isinstance(envelope.content, bytes)
        self.taken += [(to, envelope.content) for to in envelope.rcpt_tos]
        if self.drops_after_data:
            self.drops_after_data -= 1
            assert server.transport is not None
            server.transport.abort()
        return "250 OK"

    async def _hang(self, command: str) -> None:
        if command == self.hangs_at:
            await asyncio.sleep(3600)

    @contextmanager
    def running(self) -> Iterator[Server]:
        """There for the block; the same port again when it is started again."""
        options: dict[str, Any] = {"auth_require_tls": False}
        if self.tls == "starttls":
            options |= {"tls_context": self.certificate, "require_starttls": True}
        if self.asks_for_password:
            options["authenticator"] = _knows
        at_once = self.certificate if self.tls == "always" else None
        self.port = self.port or free_port()
        controller = Controller(self, hostname="127.0.0.1", port=self.port, ssl_context=at_once, **options)
        controller.ready_timeout = 20
        controller.start()
        try:
            yield self
        finally:
            controller.stop(no_assert=True)


def _knows(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def silent() -> Iterator[int]:
    """The port of a server that takes a connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def certified(folder: Path, name: str = NAME) -> tuple[ssl.SSLContext, Path]:
    """A server's certificate for this name, and the file of the authority that has signed it."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return context, file
