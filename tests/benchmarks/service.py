"""How fast the sign-up service answers with a million subscribers and fifty clients at once. Prints figures, and judges
no times. Where a request isn't answered with 200, or one that was isn't in the database afterwards, it ends with 1.

    python tests/benchmarks/service.py            a million subscribers, some minutes
    python tests/benchmarks/service.py --quick    ten thousand

The service is `pipeline serve`, with SQLite, and it sends its letters meanwhile, to a mail server that takes them and
forgets them: as files, which it writes where there is no server, they would fill the disk that is measured. Each of the
fifty clients has a connection, and asks again when its turn has come (so many requests a second in all), and once more
as soon as it has an answer. The clients are two processes, so that it is the service that is waited for. A sign-up is
answered after six milliseconds at the earliest, so that its time tells nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from bisect import insort
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from operator import attrgetter
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from threading import Thread
from time import perf_counter
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from audience import IMPORT, NOW, batches

REPOSITORY = Path(__file__).parent.parent.parent
sys.path.insert(0, str(REPOSITORY))

from pipeline import build  # noqa: E402
from pipeline.audience.store import Store, open_store  # noqa: E402
from pipeline.audience.tokens import Signer  # noqa: E402
from pipeline.settings import read_settings  # noqa: E402
from pipeline.web.signup.running import form_to_paste, signer_of  # noqa: E402

CLIENTS, PROCESSES = 50, 2
RATES = (200, 400, 1000, 0)
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
MANY = {"SIGNUPS_PER_IP": "1000000", "SIGNUPS_PER_NETWORK": "1000000", "SIGNUPS_IN_ALL": "1000000"}


class Request(NamedTuple):
    """``who`` is an address, or a reader's token."""

    who: str
    target: str
    body: bytes


class Answered(NamedTuple):
    """When it was asked and answered, and how: 0 for not at all."""

    who: str
    asked: float
    end: float
    status: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    count, requests = (10_000, 500) if quick else (1_000_000, 20_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("content", "templates"):
            shutil.copytree(REPOSITORY / part, folder / part)
        tokens = fill(folder, count)
        form = form_token(folder)
        random.Random(1).shuffle(tokens)
        come: list[Answered] = []
        gone: list[Answered] = []
        with mail_server() as smtp_url, serving(folder, smtp_url) as port:
            for rate in RATES:
                come += load(
                    "sign-up", port, [sign_up(number + rate * 10**6, form) for number in range(requests)], rate
                )
            for rate in RATES:
                left = [leave(tokens.pop()) for _ in range(min(requests, len(tokens) // 2))]
                gone += load("unsubscribe", port, left, rate)
        wrong = sum(one.status != 200 for one in (*come, *gone))
        lost = lost_of(folder, come, gone)
    if wrong or lost:
        sys.exit(
            f"{wrong:,} requests weren't answered with 200, and {lost:,} of those that were aren't in the database"
        )


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Store, Signer]]:
    settings = read_settings(os.environ, folder)
    signer = signer_of(build.open_project(folder).library.newsletter, settings)
    with open_store(settings.database_url, settings.secrets, lambda number: signer.sign("reader", number)) as store:
        yield store, signer


def fill(folder: Path, count: int) -> list[str]:
    """So many readers on the list; some of their tokens."""
    with opened(folder) as (store, signer):
        for _ in store.import_rows(batches(count), IMPORT, NOW):
            pass
    return [signer.sign("reader", number) for number in range(1, count + 1, max(1, count // 100_000))]


def lost_of(folder: Path, come: Iterable[Answered], gone: Iterable[Answered]) -> int:
    """How many were told that it is done, and it isn't: who signed up is on the list, who left isn't written to."""
    with opened(folder) as (store, signer):
        there = (store.by_address(one.who) for one in come if one.status == 200)
        readers = (store.by_id(signer.read(one.who, "reader").id) for one in gone if one.status == 200)
        return sum(one is None for one in there) + sum(not one or one.state != "unsubscribed" for one in readers)


def form_token(folder: Path) -> str:
    """That of the pasted form."""
    html = form_to_paste(folder, read_settings(os.environ, folder))
    return html.partition('name="form" value="')[2].partition('"')[0]


def sign_up(number: int, form: str) -> Request:
    address = f"new{number}@host{number % 100}.example.org"
    return Request(address, "/subscribe", urlencode({"email": address, "name": "New Reader", "form": form}).encode())


def leave(token: str) -> Request:
    return Request(token, f"/unsubscribe?t={token}", b"List-Unsubscribe=One-Click")


@contextmanager
def mail_server() -> Iterator[str]:
    """The URL of a server that says yes to everything."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(take, "127.0.0.1", 0), loop).result()
    try:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 here\r\n")
    while line := await reader.readline():
        if line.startswith(b"DATA"):
            writer.write(b"354 go on\r\n")
            while await reader.readline() != b".\r\n":
                pass
        writer.write(b"250 yes\r\n")
    writer.close()


@contextmanager
def serving(folder: Path, smtp_url: str) -> Iterator[int]:
    command = [sys.executable, "-m", "pipeline", "serve", "--project", str(folder), "--port", "0"]
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env={**os.environ, **MANY, "SMTP_URL": smtp_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    try:
        yield urlsplit(process.stdout.readline().strip()).port or 0
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def load(what: str, port: int, requests: Sequence[Request], rate: int) -> list[Answered]:
    """So many requests a second in all; 0 is as many as there are answers."""
    begun = perf_counter() + 0.2
    parts = [(port, requests[part::PROCESSES], rate / PROCESSES, begun) for part in range(PROCESSES)]
    with ProcessPoolExecutor(PROCESSES, get_context("fork")) as pool:
        found = [one for part in pool.map(asked, parts) for one in part]
    seconds = max(one.end for one in found) - begun
    took = sorted(one.end - one.asked for one in found)
    wrong = sum(one.status != 200 for one in found)
    half, most, last = (took[int(len(took) * share)] * 1000 for share in (0.5, 0.99, 0.999))
    pace = f"at {rate} a second" if rate else "as fast as it answers"
    print(
        f"{what}, {CLIENTS} clients {pace}: {len(took) / seconds:,.0f} a second; half within {half:.1f} ms, 99% within "
        f"{most:.1f} ms, 99.9% within {last:.1f} ms; {wrong} answered with an error",
        flush=True,
    )
    return found


class Client:
    """A connection, and what has come on it of an answer."""

    def __init__(self, port: int, turn: float) -> None:
        self.port, self.turn = port, turn
        self.connect()

    def connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: Request) -> None:
        self.who, self.came, self.asked = request.who, b"", perf_counter()
        head = (
            f"POST {request.target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(request.body)}\r\n\r\n"
        )
        with suppress(OSError):  # it has been closed, as is heard next
            self.socket.sendall(head.encode() + request.body)

    def heard(self) -> int | None:
        """The status of an answer that has come to its end; 0 where the connection has."""
        try:
            piece = self.socket.recv(65_536)
        except OSError:
            piece = b""
        self.came += piece
        headers, _, body = self.came.partition(b"\r\n\r\n")
        if not piece:
            return 0
        length = LENGTH.search(headers)
        return int(headers[9:12]) if length and len(body) >= int(length[1]) else None


def asked(part: tuple[int, Sequence[Request], float, float]) -> list[Answered]:
    """What becomes of the requests of one process's clients. No loop of asyncio's: its time would count as an
    answer's."""
    port, requests, rate, begun = part
    waiting, clients = deque(requests), CLIENTS // PROCESSES
    found: list[Answered] = []
    idle = [Client(port, begun + (number / rate if rate else 0)) for number in range(clients)]
    with DefaultSelector() as selector:
        while waiting or len(idle) < clients:
            while waiting and idle and idle[0].turn <= perf_counter():
                client = idle.pop(0)
                client.ask(waiting.popleft())
                selector.register(client.socket, EVENT_READ, client)
            pause = max(0.0, idle[0].turn - perf_counter()) if waiting and idle else None
            for key, _ in selector.select(pause):
                client, status = key.data, key.data.heard()
                if status is None:
                    continue
                found.append(Answered(client.who, client.asked, perf_counter(), status))
                selector.unregister(client.socket)
                if not status:
                    client.socket.close()
                    client.connect()
                client.turn += clients / rate if rate else 0
                insort(idle, client, key=attrgetter("turn"))
    return found


if __name__ == "__main__":
    main()
