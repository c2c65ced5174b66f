"""A message and whom it is for -> a file in the outbox, or a mail server. The only importer of aiosmtplib.

    SMTP_URL=smtps://user:password@mail.example.com            TLS from the start, port 465
    SMTP_URL=smtp://user:password@mail.example.com             STARTTLS, which the server has to have, port 587
    SMTP_URL=smtp://localhost                                  this computer's own, without TLS, port 25
    SMTP_URL=smtps://mail.example.com?timeout=10&ca=/etc/ca.pem

``timeout`` is how many seconds the server may take for each answer; ``ca`` a file of certificates to trust beside the
system's. What an error says has neither addresses nor the server's own words, which may have some.
"""

from __future__ import annotations

import asyncio
import os
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from pipeline import mime
from pipeline.errors import ConfigurationError, ContentError, DeferredError, PipelineError, RefusedError, TransportError
from pipeline.hosts import is_loopback

if TYPE_CHECKING:
    import aiosmtplib

# In the outbox, beside the editions; no edition has such a name.
FOLDER = ".mail"
TIMEOUT, LONGEST_TIMEOUT = 30.0, 60.0
_PORTS = {"smtps": 465, "smtp": 587}
_LOOPBACK_PORT = 25
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_PATH = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9.-]+", re.ASCII)
_ID = re.compile(r"[a-z0-9][a-z0-9-]*")
_ENHANCED_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b", re.ASCII)
_CLOSING = 421


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message to one reader. ``id`` is of small letters, digits and hyphens, and the same at each try."""

    id: str
    to: str = field(repr=False)
    message: bytes = field(repr=False)


Send = Callable[[Envelope], Awaitable[None]]


class Transport(Protocol):
    """A way for messages."""

    def connected(self) -> AbstractAsyncContextManager[Send]:
        """What sends messages, one after the other, for as long as the block lasts.

        Raises a TransportError, at the start or later, where nothing gets through now. For one message, sending raises
        a DeferredError where it may go later, and a RefusedError where it never will.
        """


def open_transport(smtp_url: str, outbox: Path, sender: str) -> Transport:
    """The way that is said, or files. ``sender`` is the address that a message comes from, for the server.

    Raises a ConfigurationError for a URL that can't be meant.
    """
    return _smtp(smtp_url, sender) if smtp_url else Files(outbox / FOLDER)


@dataclass(frozen=True, slots=True)
class Files:
    """Messages as ``<id>.eml`` in a folder, for its owner alone; another try writes the same file again."""

    folder: Path

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Send]:
        async def send(envelope: Envelope) -> None:
            await asyncio.to_thread(self._write, envelope)

        yield send

    def _write(self, envelope: Envelope) -> None:
        if not _ID.fullmatch(envelope.id):
            raise RefusedError(f"{envelope.id!r} can't be the name of a file")
        new = self.folder / f".{envelope.id}.tmp"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            new.unlink(missing_ok=True)
            new.touch(mode=0o600)
            with new.open("wb") as file:
                file.write(envelope.message)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.folder / f"{envelope.id}.eml")
        except OSError as error:
            raise TransportError(f"mail can't be written to {self.folder.name}/: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server. ``tls`` is "always", "starttls" or "never"."""

    host: str
    port: int
    tls: str
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = TIMEOUT
    trust: ssl.SSLContext | None = None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Send]:
        from aiosmtplib import SMTPException

        client = self._client()
        try:
            try:
                await client.connect()
                if self.user:
                    await client.login(self.user, self.password)
            except (SMTPException, OSError) as error:
                raise _unreachable(error) from error
            yield lambda envelope: self._send(client, envelope)
        finally:
            await _leave(client)

    def _client(self) -> aiosmtplib.SMTP:
        from aiosmtplib import SMTP  # who writes files needs none

        return SMTP(
            hostname=self.host,
            port=self.port,
            # The computer's own name may take DNS a minute, and be "localhost" then.
            local_hostname=self.sender.rpartition("@")[2],
            timeout=self.timeout,
            use_tls=self.tls == "always",
            start_tls=self.tls == "starttls",
            tls_context=self.trust,
        )

    async def _send(self, client: aiosmtplib.SMTP, envelope: Envelope) -> None:
        from aiosmtplib import SMTPException

        if not _PATH.fullmatch(envelope.to):
            raise RefusedError("it is for no address that a mail server takes")
        try:
            await client.sendmail(self.sender, [envelope.to], envelope.message)
        except (SMTPException, OSError) as error:
            raise _fault(error) from error


def _unreachable(error: Exception) -> PipelineError:
    """Whatever goes wrong before the first message: also a password that isn't right is ours to mend, no message's."""
    found = _answer(error)
    return TransportError(f"the mail server can't be used: {f'it answered {found[1]}' if found else _kind(error)}")


def _fault(error: Exception) -> PipelineError:
    """What goes wrong with a message, by whom the server means: its reader, its words, or us."""
    from aiosmtplib import SMTPDataError, SMTPRecipientRefused, SMTPRecipientsRefused

    if isinstance(error, SMTPRecipientsRefused) and error.recipients:
        error = error.recipients[0]
    found = _answer(error)
    if found is None:
        return TransportError(f"the mail server was lost: {_kind(error)}")
    code, told = found
    about_the_message = isinstance(error, SMTPRecipientRefused | SMTPDataError)
    if code == _CLOSING or not about_the_message:
        return TransportError(f"the mail server takes nothing: it answered {told}")
    if 500 <= code < 600:
        return RefusedError(f"the mail server answered {told}")
    return DeferredError(f"the mail server answered {told}")


def _answer(error: Exception) -> tuple[int, str] | None:
    """The code of the server's answer, and what may be told of it."""
    from aiosmtplib import SMTPResponseException

    if not isinstance(error, SMTPResponseException):
        return None
    status = _ENHANCED_STATUS.match(error.message)
    return error.code, f"{error.code} {status[0]}" if status else str(error.code)


def _kind(error: Exception) -> str:
    """What went wrong, in words that hold nothing of a message: of a certificate, why it isn't trusted."""
    from aiosmtplib import SMTPException, SMTPNotSupported

    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    if isinstance(error, SMTPNotSupported) or type(error) is SMTPException:
        return "it has no STARTTLS, or no way to log in that both sides know"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate isn't trusted: {cause.verify_message}"
    if isinstance(cause, TimeoutError):
        return "it took too long to answer"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return type(error).__name__


async def _leave(client: aiosmtplib.SMTP) -> None:
    """Say goodbye to a server that is still there; what it answers changes nothing, nor how it ends TLS."""
    from aiosmtplib import SMTPException

    connection = client.transport
    if client.is_connected:
        with suppress(SMTPException, OSError):
            await client.quit(timeout=2)
    client.close()
    if isinstance(connection, asyncio.WriteTransport):
        connection.abort()


def _smtp(url: str, sender: str) -> Smtp:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)) if parts.query else {}
        timeout = float(options.pop("timeout", TIMEOUT))
        host = mime.ascii_domain(host)
    except (ValueError, ContentError) as error:
        raise _not_meant("can't be read") from error
    ca = options.pop("ca", "")
    if parts.scheme not in _PORTS or not host or parts.path.strip("/") or parts.fragment:
        raise _not_meant("has to be like smtps://user:password@mail.example.com")
    if options:
        raise _not_meant(f"has an option that there isn't: {', '.join(options)}; there are timeout and ca")
    if not 0 < timeout <= LONGEST_TIMEOUT:
        raise _not_meant(f"has a timeout that isn't between 0 and {LONGEST_TIMEOUT:.0f} seconds")
    plain = parts.scheme == "smtp" and is_loopback(host)
    return Smtp(
        host=host,
        port=port or (_LOOPBACK_PORT if plain else _PORTS[parts.scheme]),
        tls="never" if plain else "starttls" if parts.scheme == "smtp" else "always",
        sender=_sender(sender),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        timeout=timeout,
        trust=None if plain else _trust(ca),
    )


def _sender(address: str) -> str:
    local, _, domain = address.rpartition("@")
    found = f"{local}@{mime.ascii_domain(domain)}"
    if not _PATH.fullmatch(found):
        raise ConfigurationError(f"{address!a} is no address that mail servers take mail from")
    return found


def _trust(ca: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    try:
        if ca:
            context.load_verify_locations(ca)
    except (OSError, ssl.SSLError) as error:
        raise _not_meant("names a ca that is no file of certificates") from error
    return context


def _not_meant(why: str) -> ConfigurationError:
    """Without the URL: it may hold a password."""
    return ConfigurationError(f"SMTP_URL {why}")
