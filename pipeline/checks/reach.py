"""The pages that links lead to, asked for over the network; and only when a person wants them asked.

A mail may be anybody's, and its links may lead anywhere: each host is resolved once, and that very address is
connected to, if it is a public one; of each redirect's host the same.
"""

from __future__ import annotations

import socket
import ssl
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.client import responses
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import SplitResult, quote, urldefrag, urljoin, urlsplit

from pipeline.checks.reading import naming
from pipeline.checks.reading.hosts import is_public
from pipeline.checks.reading.mail import Mail
from pipeline.checks.rule import Fault, rule
from pipeline.checks.telling import quoted

if TYPE_CHECKING:
    import anyio
    import anyio.abc

TIMEOUT = 10.0
AT_ONCE = 8
AT_ONCE_PER_HOST = 2
REDIRECTS = 5
_CHUNK = 4096
_SAFE = "!$%&'*+(),/:;=?@[]~#"
_MISSING = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))


class Answer(NamedTuple):
    """What is wrong with a page, in words, and how wrong; "" for nothing."""

    told: str = ""
    level: Literal["error", "warn"] = "warn"


class _PrivateError(Exception):
    """A host that is not asked: its address is a private one."""


@dataclass(slots=True)
class Reach:
    """Asks for each page once. ``allow_private`` is for tests, whose servers are on this machine."""

    allow_private: bool = False
    timeout: float = TIMEOUT
    answers: dict[str, Answer] = field(default_factory=dict)

    def faults(self, mail: Mail) -> Iterator[Fault]:
        """The links whose pages aren't there, or don't answer; of several to one page the first."""
        links: dict[str, Any] = {}
        for link in mail.links:
            url = urldefrag(link.get("href").strip()).url if _is_web(link.get("href")) else ""
            if url:
                links.setdefault(url, link)
        self.ask(links)
        for url, link in links.items():
            answer = self.answers[url]
            if answer.told:
                message = f"the link {quoted(naming.name_of(mail, link) or url)} {answer.told}: {quoted(url)}"
                yield Fault(message, mail.place(link), answer.level)

    def ask(self, urls: Iterable[str]) -> None:
        """Ask for the pages that haven't been asked for yet."""
        new = [url for url in dict.fromkeys(urls) if url not in self.answers]
        if new:
            import anyio

            self.answers.update(anyio.run(partial(_ask_all, new, self.allow_private, self.timeout)))


@rule(
    "H17",
    "dead-link",
    "error",
    reason="The reader presses, and gets an error for an answer.",
    remedy="Mend the address in the article, the edition or newsletter.toml, or publish the page before the mail.",
    source="https://www.rfc-editor.org/rfc/rfc9110#section-15.5 (RFC 9110, 404 and 410)",
)
def dead_link(mail: Mail) -> Iterator[Fault]:
    return Reach().faults(mail)


def _is_web(href: str) -> bool:
    try:
        parts = urlsplit(href.strip())
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


async def _ask_all(urls: Iterable[str], allow_private: bool, timeout: float) -> Mapping[str, Answer]:
    import anyio

    asking = _Asking(
        allow_private,
        timeout,
        ssl.create_default_context(),
        anyio.CapacityLimiter(AT_ONCE),
        defaultdict(lambda: anyio.CapacityLimiter(AT_ONCE_PER_HOST)),
    )
    answers: dict[str, Answer] = {}

    async def ask(url: str) -> None:
        answers[url] = await asking.follow(url)

    async with anyio.create_task_group() as group:
        for url in urls:
            group.start_soon(ask, url)
    return answers


@dataclass(frozen=True, slots=True)
class _Asking:
    allow_private: bool
    timeout: float
    trusted: ssl.SSLContext
    all_hosts: anyio.CapacityLimiter
    by_host: Mapping[str, anyio.CapacityLimiter]

    async def follow(self, url: str) -> Answer:
        """The answer at the end of all redirects."""
        import anyio
        import h11

        try:
            for _ in range(REDIRECTS + 1):
                status, location = await self.status(url)
                if not 300 <= status < 400 or not location:
                    return _judged(status)
                url = urldefrag(urljoin(url, location)).url
                if not _is_web(url):
                    return Answer(f"is redirected to {quoted(url)}, which is no page")
            return Answer(f"is redirected more than {REDIRECTS} times")
        except _PrivateError as refused:
            return Answer(f"leads to {refused}, and was not asked", "error")
        except TimeoutError:
            return Answer(f"gave no answer in {self.timeout:g} seconds")
        except socket.gaierror as error:
            missing = error.errno in _MISSING
            return Answer(
                f"leads to a host that {'is not there' if missing else 'was not found now'}",
                "error" if missing else "warn",
            )
        except ssl.SSLCertVerificationError as error:
            return Answer(f"leads to a host whose certificate is not valid: {error.verify_message}")
        except (OSError, ValueError, h11.ProtocolError, anyio.BrokenResourceError) as error:
            return Answer(f"gave no answer: {' '.join(str(error).split())[:80] or type(error).__name__}")

    async def status(self, url: str) -> tuple[int, str]:
        """Status and Location: by HEAD, and where a server doesn't do that well, by GET."""
        import anyio
        import h11

        try:
            status, location = await self.request("HEAD", url)
        except (h11.RemoteProtocolError, anyio.BrokenResourceError):
            status, location = 0, ""
        return (status, location) if 0 < status < 400 else await self.request("GET", url)

    async def request(self, method: str, url: str) -> tuple[int, str]:
        import anyio

        parts = urlsplit(url)
        async with self.by_host[parts.hostname or ""], self.all_hosts:
            with anyio.fail_after(self.timeout):
                async with await self.connect(parts) as stream:
                    return await _exchange(stream, method, parts)

    async def connect(self, parts: SplitResult) -> anyio.abc.ByteStream:
        """A connection to the first of the host's addresses that takes one. Raises _PrivateError if one is private."""
        import anyio

        host, secure = _ascii(parts.hostname or ""), parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        private = next((one for one in addresses if not is_public(one)), None)
        if private and not self.allow_private:
            raise _PrivateError(f"the private address {private}")
        connect: Callable[..., Any] = partial(anyio.connect_tcp, remote_port=port)
        if secure:
            connect = partial(connect, tls_hostname=host, ssl_context=self.trusted, tls_standard_compatible=False)
        last: OSError | None = None
        for address in addresses:
            try:
                stream: anyio.abc.ByteStream = await connect(address)
                return stream
            except ssl.SSLError:
                raise
            except OSError as error:
                last = error
        raise last or OSError("the host has no address")


async def _exchange(stream: anyio.abc.ByteStream, method: str, parts: SplitResult) -> tuple[int, str]:
    """Ask, and read no further than the headers of the answer."""
    import anyio
    import h11

    connection = h11.Connection(h11.CLIENT)
    port = f":{parts.port}" if parts.port else ""
    host = _ascii(parts.hostname or "")
    headers = [
        ("Host", (f"[{host}]" if ":" in host else host) + port),
        ("User-Agent", "stay-updated (link check)"),
        ("Accept", "*/*"),
        ("Connection", "close"),
    ]
    target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_SAFE)
    await stream.send(connection.send(h11.Request(method=method, target=target, headers=headers)) or b"")
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Response):
            location = next((value for name, value in event.headers if name == b"location"), b"")
            return event.status_code, quote(location, safe=_SAFE)
        if event is h11.NEED_DATA:
            try:
                connection.receive_data(await stream.receive(_CHUNK))
            except anyio.EndOfStream:
                connection.receive_data(b"")


def _ascii(host: str) -> str:
    """The host as it goes over the wire. Raises a ValueError for what is none."""
    return host if host.isascii() else host.encode("idna").decode("ascii")


def _judged(status: int) -> Answer:
    if status < 400:
        return Answer()
    if status in (404, 410):
        return Answer(f"leads to a page that is not there ({status})", "error")
    return Answer(f"was answered with {status} {responses.get(status, '')}".rstrip())
