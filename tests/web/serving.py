"""A preview that really runs: ``pipeline preview`` as a process of its own, and requests to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from tests.folders import REPOSITORY

SECONDS = 20  # how long a test waits for what should be there at once, on a machine that is busy


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Preview:
    """A running preview; ``url`` ends with a slash."""

    url: str
    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    def get(self, target: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """The answer to a request for exactly this target. ``Host`` and others as keywords, ``_`` for ``-``."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in {"Host": f"127.0.0.1:{self.port}", **headers}.items():
                connection.putheader(name.replace("_", "-"), value)
            if body is not None and "Content_Length" not in headers:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    @contextmanager
    def events(self, page: str = "") -> Iterator[Events]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        connection.request("GET", f"/events?page={page}" if page else "/events")
        events = Events(connection.getresponse())
        try:
            yield events
        finally:
            connection.close()

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(SECONDS)


class Events:
    """A stream of events as a window gets them."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def newer(self, version: int) -> dict[str, Any]:
        """The next look of the page of another version: a save that comes in two pieces is told twice."""
        while (told := self.next("page"))["version"] == version:
            pass
        return told

    def next(self, name: str) -> dict[str, Any]:
        """The data of the next event of this name."""
        kind, end = "", monotonic() + SECONDS
        while line := self.stream.readline().decode("utf-8"):
            if line.startswith("event: "):
                kind = line.removeprefix("event: ").strip()
            elif line.startswith("data: ") and kind == name:
                found: dict[str, Any] = json.loads(line.removeprefix("data: "))
                return found
            # Comments come every few seconds, so this is asked even when nothing happens.
            assert monotonic() < end, f"no event {name!r} for {SECONDS} seconds"
        raise AssertionError(f"the stream ended before an event {name!r}")


@contextmanager
def preview(folder: Path, *arguments: str, **environment: str) -> Iterator[Preview]:
    """A preview of the folder on a port of its own, until the end of the block."""
    port = () if "--port" in arguments else ("--port", "0")
    command = [sys.executable, "-m", "pipeline", "preview", *arguments, "--project", str(folder), *port]
    command += [] if environment else ["--no-open"]
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    assert process.stdout
    said = []
    for line in process.stdout:
        said.append(line.strip())
        if line.startswith("Ctrl-C"):
            break
    else:
        process.wait(SECONDS)
        process.stdout.close()
        raise AssertionError("\n".join(said))
    shown = Preview(next(line for line in said if line.startswith("http")), process, said)
    reader = threading.Thread(target=lambda: said.extend(line.strip() for line in process.stdout or ()), daemon=True)
    reader.start()
    try:
        yield shown
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(SECONDS)
        reader.join(SECONDS)
        process.stdout.close()
