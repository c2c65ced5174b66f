"""No request gets more out of the preview than its own pages need, and none brings it down."""

from __future__ import annotations

import json
import os
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.folders import ARTICLE, NEWSLETTER, make, png
from tests.web.serving import Answer, Preview, preview

pytestmark = pytest.mark.slow

OUTSIDE = "what-stands-outside-of-the-project"
INSIDE = "what-stands-in-the-project-and-is-no-picture"
PAGE = "articles/box-breathing"
FLOOD = 10_000_000  # bytes that are sent where nobody wants them

ROUTES = (
    "/",
    f"/{PAGE}",
    "/editions/breathe",
    "/events",
    f"/mail/{PAGE}",
    f"/notes/{PAGE}?client=gmail-app",
    f"/files/{PAGE}/digest.html",
    f"/files/{PAGE}/message.eml",
    "/pictures/images/ok.png",
    "/static/preview.css",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A newsletter with secrets in it and around it, and with links that lead to them."""
    around = tmp_path_factory.mktemp("around")
    for name in ("secret.txt", "secret.png", "secret.md"):
        (around / name).write_text(f"{OUTSIDE}\n")
    folder = make(
        around / "site",
        {
            "content/newsletter.toml": f"# {INSIDE}\n{NEWSLETTER}",
            "content/secret.txt": INSIDE,
            "content/.hidden": INSIDE,
            "content/articles/draft.md": ARTICLE.replace("---\ntitle", f"---\n# {INSIDE}\ndraft: true\ntitle"),
            "content/images/ok.png": png(2, 2),
            "pipeline.png": INSIDE,
        },
    )
    images = folder / "content/images"
    (images / "folder.jpg").mkdir()
    (images / "out.png").symlink_to(around / "secret.png")
    (images / "out").symlink_to(around)
    (images / "up.png").symlink_to("../../pipeline.png")
    (images / "settings.png").symlink_to("../newsletter.toml")
    (images / "draft.jpg").symlink_to("../articles/draft.md")
    (images / "round.png").symlink_to("round.png")
    (images / "nowhere.png").symlink_to("gone.png")
    os.mkfifo(images / "pipe.png")
    (folder / "content/articles/leak.md").symlink_to(around / "secret.md")
    return folder


@pytest.fixture(scope="module")
def served(site: Path) -> Iterator[Preview]:
    with preview(site) as shown:
        yield shown


def status(served: Preview, target: str = "/", method: str = "GET", **headers: str) -> int:
    """The status of an answer of which nothing else is read: a stream of events has no end."""
    sent = {"Host": f"127.0.0.1:{served.port}", **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in sent.items()]
    return status_of(raw(served, "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode("latin-1")))


def raw(served: Preview, request: bytes) -> bytes:
    """The first bytes that come back for these; none where the connection is closed without a word."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection, suppress(ConnectionError):
        connection.sendall(request)
        return connection.recv(65_536)
    return b""


def status_of(answer: bytes) -> int:
    found = re.match(rb"HTTP/1\.1 ([0-9]{3}) ", answer)
    return int(found[1]) if found else 0


def check_well(served: Preview) -> None:
    assert served.process.poll() is None
    started = time.perf_counter()
    assert served.get("/").status == 200
    assert served.get(f"/mail/{PAGE}").status == 200
    assert time.perf_counter() - started < 5


HOSTS = {
    "127.0.0.1:PORT": 200,
    "127.0.0.1": 200,
    "localhost": 200,
    "localhost:PORT": 200,
    "localhost:9000": 200,
    "LOCALHOST": 200,
    "LocalHost:PORT": 200,
    "[::1]": 200,
    "[::1]:PORT": 200,
    "": 421,
    ":PORT": 421,
    "evil.example": 421,
    "evil.example:PORT": 421,
    "127.0.0.1.evil.example": 421,
    "localhost.evil.example:PORT": 421,
    "evil.example.localhost": 421,
    "evil-localhost": 421,
    "127.0.0.1@evil.example": 421,
    "evil.example@127.0.0.1": 421,
    "evil.example:80@localhost:PORT": 421,
    "localhost:evil.example": 421,
    "localhost,evil.example": 421,
    "localhost evil.example": 421,
    "evil.example localhost": 421,
    "localhost/evil.example": 421,
    "localhost#evil.example": 421,
    "localhost\\evil.example": 421,
    "http://localhost:PORT": 421,
    "localhost:": 421,
    "localhost:-1": 421,
    "localhost:80:80": 421,
    "127.0.0.1:99999999": 421,
    "localhost.": 421,
    "127.0.0.1.": 421,
    "127.1": 421,
    "127.0.0.2": 421,
    "127.0.1": 421,
    "0.0.0.0": 421,
    "0": 421,
    "0x7f000001": 421,
    "0x7f.1": 421,
    "0177.0.0.1": 421,
    "2130706433": 421,
    "127.0.0.1%00": 421,
    "::1": 421,
    "[::1": 421,
    "[::]": 421,
    "[::1]evil.example": 421,
    "[::1].evil.example": 421,
    "[::ffff:127.0.0.1]": 421,
    "[0:0:0:0:0:0:0:1%25lo]": 421,
    "[localhost]": 421,
    "l\xf6calhost": 421,
    "localhost\xa0": 421,
    "127.0.0.1.nip.io": 421,
    "blog.example.com": 421,
    "192.168.0.1:PORT": 421,
    "a" * 300: 421,
}


@pytest.mark.parametrize("host", HOSTS)
def test_only_loopbacks_names_are_answered(served: Preview, host: str) -> None:
    """A request is answered under one of loopback's names, whatever the port; under any other it gets 421."""
    assert status(served, Host=host.replace("PORT", str(served.port))) == HOSTS[host]


@pytest.mark.parametrize("target", ROUTES)
def test_every_route_asks_for_the_host(served: Preview, target: str) -> None:
    """A name that was rebound to loopback gets nothing from any route."""
    assert status(served, target, Host=f"evil.example:{served.port}") == 421
    assert status(served, target) == 200


@pytest.mark.parametrize(
    "head",
    [
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.0\r\n",
        "GET / HTTP/1.0\r\nHost: evil.example\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n",
        "GET / HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\n evil.example\r\n",
        "GET / HTTP/1.1\r\nHost : localhost\r\n",
        "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n",
        "GET https://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n",
        "GET / HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: localhost\r\n",
        "GET / HTTP/1.1\r\nHost: evil.example\r\nForwarded: host=localhost\r\n",
        "GET /@evil.example HTTP/1.1\r\nHost: evil.example\r\nX-Original-URL: http://localhost/\r\n",
    ],
)
def test_there_is_one_host(served: Preview, head: str) -> None:
    """No Host, several, a folded one or one beside it in another header is no way around."""
    assert 400 <= status_of(raw(served, f"{head}\r\n".encode())) < 500


ORIGINS = {
    "http://127.0.0.1:PORT": 200,
    "https://evil.example": 403,
    "http://evil.example:PORT": 403,
    "null": 403,
    "": 403,
    "file://": 403,
    "http://localhost:9": 403,
    "http://localhost:PORT": 403,
    "http://127.0.0.1": 403,
    "http://127.0.0.1:9": 403,
    "https://127.0.0.1:PORT": 403,
    "http://127.0.0.1:PORT/": 403,
    "http://127.0.0.1:PORT0": 403,
    "http://127.0.0.1:PORT.evil.example": 403,
    "http://127.0.0.1:PORT@evil.example": 403,
    "http://evil.example http://127.0.0.1:PORT": 403,
    "http://127.0.0.1:PORT, https://evil.example": 403,
    "127.0.0.1:PORT": 403,
    "chrome-extension://abcdefgh": 403,
}


@pytest.mark.parametrize("origin", ORIGINS)
def test_only_its_own_pages_may_ask(served: Preview, origin: str) -> None:
    """A page of another origin gets 403, also one on another port of this machine and one without a name."""
    assert status(served, "/events", Origin=origin.replace("PORT", str(served.port))) == ORIGINS[origin]


@pytest.mark.parametrize("target", ROUTES)
def test_every_route_asks_for_the_origin(served: Preview, target: str) -> None:
    """Another site's script gets nothing from any route, and neither does its frame, its picture or its link tag."""
    assert status(served, target, Origin="https://evil.example") == 403
    for site, mode, kind in (
        ("cross-site", "no-cors", "image"),
        ("cross-site", "no-cors", "script"),
        ("cross-site", "cors", "empty"),
        ("cross-site", "navigate", "iframe"),
        ("cross-site", "navigate", "object"),
        ("cross-site", "navigate", "embed"),
        ("cross-site", "websocket", "websocket"),
        ("cross-site", "same-origin", "document"),
        ("cross-site", "", ""),
        ("same-site", "no-cors", "image"),
        ("same-site", "cors", "empty"),
        ("same-site", "navigate", "iframe"),
        ("Same-Origin", "cors", "empty"),
        ("none, cross-site", "navigate", "iframe"),
        ("", "cors", "empty"),
    ):
        headers = {"Sec_Fetch_Site": site, "Sec_Fetch_Mode": mode, "Sec_Fetch_Dest": kind}
        assert status(served, target, **headers) == 403, (site, mode, kind)


@pytest.mark.parametrize(
    ("origin", "mode", "kind"),
    [
        ("none", "navigate", "document"),
        ("same-origin", "navigate", "document"),
        ("same-origin", "navigate", "iframe"),
        ("same-origin", "cors", "empty"),
        ("same-origin", "no-cors", "image"),
        ("same-site", "navigate", "document"),
        ("cross-site", "navigate", "document"),
    ],
)
def test_a_link_may_be_followed(served: Preview, origin: str, mode: str, kind: str) -> None:
    """The server's own pages get what they ask for, and so does a person who follows a colleague's link."""
    headers = {"Sec_Fetch_Site": origin, "Sec_Fetch_Mode": mode, "Sec_Fetch_Dest": kind}
    assert status(served, f"/{PAGE}", **headers) == 200


def test_two_origins_are_none(served: Preview) -> None:
    """An Origin that stands twice is refused, even where one of them is right."""
    own = f"Origin: http://127.0.0.1:{served.port}\r\n"
    head = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n"
    assert status_of(raw(served, f"{head}{own}\r\n".encode())) == 200
    for origins in (own + own, own + "Origin: https://evil.example\r\n", "Origin: null\r\n" + own):
        assert status_of(raw(served, f"{head}{origins}\r\n".encode())) == 403


METHODS = ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "FOO")


@pytest.mark.parametrize("method", METHODS)
def test_nothing_can_be_changed(served: Preview, method: str) -> None:
    """Every method but GET and HEAD is refused on every route."""
    for target in (*ROUTES, "/nowhere"):
        assert 400 <= status(served, target, method) < 500, target


def test_no_preflight_is_granted(served: Preview) -> None:
    """A browser that asks whether another site may ask is told no."""
    for origin in ("https://evil.example", f"http://127.0.0.1:{served.port}"):
        answer = served.get("/events", "OPTIONS", Origin=origin, Access_Control_Request_Method="GET")
        assert answer.status >= 400
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def resident(served: Preview) -> int:
    """The bytes of memory that the server has."""
    found = re.search(r"VmRSS:\s*([0-9]+) kB", Path(f"/proc/{served.process.pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


def pour(served: Preview, head: str, piece: bytes) -> int:
    """The status that comes back when the piece is sent after the head again and again, until it isn't taken."""
    answer = b""
    with socket.create_connection(("127.0.0.1", served.port), timeout=3) as connection:
        with suppress(OSError):
            connection.sendall(head.encode())
            for _ in range(FLOOD // len(piece)):
                connection.sendall(piece)
        with suppress(OSError):
            answer = connection.recv(65_536)
    return status_of(answer)


def head(method: str = "GET", target: str = "/", last: str = "", host: str = "localhost") -> str:
    return f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{last}"


MUCH = b"x" * 65_536
CHUNK = b"10000\r\n" + MUCH + b"\r\n"
LONG = "Content-Length: 10000000\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n\r\n"
FLOODS = {
    "a long body": (head("POST", last=LONG), MUCH, (413,)),
    "a long body of a GET": (head(last=LONG), MUCH, (413,)),
    "a long body for a mail": (head("GET", f"/mail/{PAGE}", LONG), MUCH, (413,)),
    "a long body for the stream": (head("GET", "/events", LONG), MUCH, (413,)),
    "a long body for a picture": (head("GET", "/pictures/images/ok.png", LONG), MUCH, (413,)),
    "a body without an end": (head("POST", last=CHUNKED), CHUNK, (405, 413)),
    "a body without an end of a GET": (head(last=CHUNKED), CHUNK, (200, 413)),
    "a body without an end for a mail": (head("GET", f"/mail/{PAGE}", CHUNKED), CHUNK, (200, 413)),
    "a body without an end for the stream": (head("GET", "/events", CHUNKED), CHUNK, (200, 413)),
    "a body without an end from a stranger": (head("POST", "/", CHUNKED, "evil.example"), CHUNK, (413, 421)),
    "a header without an end": (head(last="X: "), MUCH, (400, 431)),
    "long headers without an end": (head(last="X: y"), b"\r\nX: " + MUCH, (400, 431)),
    "short headers without an end": (head(), b"X: y\r\n" * 10_000, (400, 431)),
    "a trailer without an end": (head("POST", last=f"{CHUNKED}0\r\nX: "), MUCH, (400, 405, 413)),
    "trailers without an end": (head(last=f"{CHUNKED}0\r\n"), b"X: y\r\n" * 10_000, (200, 400, 413)),
    "a chunk that says more of itself without an end": (head(last=f"{CHUNKED}5;"), MUCH, (200, 400, 413)),
    "an address without an end": ("GET /", MUCH, (400, 414)),
    "requests without an end": ("", f"{head('GET', f'/mail/{PAGE}')}\r\n".encode() * 1_000, (200,)),
    "garbage": ("", bytes(range(256)) * 256, (400,)),
    "empty lines": ("", b"\r\n" * 30_000, (400,)),
    "nothing but zeros": ("", bytes(65_536), (400,)),
}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells how much memory a process has")
def test_no_flood_is_kept(served: Preview) -> None:
    """Bodies, headers and addresses without an end are refused or left unread, and take no memory."""
    check_well(served)
    before = resident(served)
    for name, (start, piece, expected) in FLOODS.items():
        # Nothing comes back where the server has closed the connection while there was more to send.
        assert pour(served, start, piece) in (*expected, 0), name
    assert resident(served) - before < 2 * FLOOD
    check_well(served)


def test_a_body_is_refused_by_its_length(served: Preview) -> None:
    """A body that says that it has 10 MB gets 413 before any of it is sent, and without an answer to what it asks."""
    for target in ROUTES:
        for method in ("GET", "POST", "PUT"):
            answer = raw(served, head(method, target, LONG).encode())
            assert status_of(answer) in (405, 413), (method, target)


BROKEN = [
    b"\r\n\r\n",
    b"\x00",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET /\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
    b"GET  /  HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET / HTTP/1.1\nHost: localhost\n\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 9000000\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    b"GET /events HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: eHh4\r\nSec-WebSocket-Version: 13\r\n\r\n",
    b"GET /pictures/images/ok.png HTTP/1.1\r\nHost: localhost\r\nRange: bytes=9-1,-0,z-\r\n\r\n",
    b"GET /pictures/images/ok.png HTTP/1.1\r\nHost: localhost\r\nRange: bytes=" + b"0-1," * 2_000 + b"\r\n\r\n",
    b"GET /pictures/images/ok.png HTTP/1.1\r\nHost: localhost\r\nIf-Modified-Since: \xff\r\n\r\n",
    b"GET /pictures/images/ok.png HTTP/1.1\r\nHost: localhost\r\nIf-Modified-Since: 99999999999999999999\r\n\r\n",
    b"GET /pictures/images/ok.png HTTP/1.1\r\nHost: localhost\r\nIf-Range: x\r\nRange: bytes=0-\r\n\r\n",
    b"GET /events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: \xff\xfe\r\n\r\n",
]


@pytest.mark.parametrize("request_", BROKEN)
def test_garbage_is_refused(served: Preview, request_: bytes) -> None:
    """What is no request, or a strange one, gets an answer or is waited for, and is never the server's own error."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=0.5) as connection:
        connection.sendall(request_)
        with suppress(TimeoutError, ConnectionError):
            assert status_of(connection.recv(65_536)) < 500
    check_well(served)


def test_an_answer_after_a_broken_body_is_no_error(tmp_path: Path) -> None:
    """A request whose body breaks off in garbage is refused, and the server doesn't complain of itself."""
    with preview(make(tmp_path)) as shown:
        for method, target in (("POST", "/"), ("GET", "/"), ("GET", f"/mail/{PAGE}"), ("GET", "/events")):
            for garbage in (b"0" * 65_536, b"zz\r\n", b"5\r\nab", b"5\r\nabcdefgh\r\n"):
                raw(shown, head(method, target, CHUNKED).encode() + garbage)
        check_well(shown)
        assert not complaints(shown)


@pytest.mark.parametrize("view", ["html", "text", "source"])
def test_many_may_ask_at_once(tmp_path: Path, view: str) -> None:
    """The first requests to a server that has just started may come together; each is answered."""
    with preview(make(tmp_path)) as shown, ThreadPoolExecutor(16) as threads:
        targets = [f"/mail/{PAGE}?view={view}", f"/notes/{PAGE}?client=gmail-app", f"/files/{PAGE}/message.eml"] * 6
        assert [answer.status for answer in threads.map(shown.get, targets)] == [200] * len(targets)
        assert not complaints(shown)


def test_the_slow_keep_nobody_waiting(served: Preview) -> None:
    """A hundred clients that never finish their requests, and twenty that never read, don't stop the next one."""
    with ExitStack() as all_of_them:
        for number in range(120):
            connection = socket.create_connection(("127.0.0.1", served.port), timeout=10)
            all_of_them.enter_context(connection)
            connection.sendall(b"GET /" if number < 100 else f"{head('GET', '/events')}\r\n".encode())
        check_well(served)
    check_well(served)


TRAVERSALS = [
    "../site/pipeline.png",
    "..",
    ".",
    "",
    "../secret.txt",
    "../../secret.txt",
    "../../../secret.txt",
    "../newsletter.toml",
    "../../content/newsletter.toml",
    "../content/secret.txt",
    "../" * 12 + "etc/passwd",
    "images/../../pipeline.png",
    "images/../../../secret.png",
    "images/out/secret.png",
    "images/out/site/pipeline.png",
    "images/out.png",
    "images/up.png",
    "images/settings.png",
    "images/draft.jpg",
    "images/round.png",
    "images/round.png/secret.png",
    "images/nowhere.png",
    "images/pipe.png",
    "images/folder.jpg",
    "images/folder.jpg/",
    "images/",
    "images",
    "newsletter.toml",
    "newsletter.toml/.png",
    "newsletter.toml%00.png",
    "newsletter.toml?.png",
    "newsletter.toml%3f.png",
    "newsletter.toml#.png",
    "newsletter.toml%23.png",
    "newsletter.toml;.png",
    "newsletter.toml%20.png",
    "newsletter.toml%0a.png",
    "secret.txt",
    ".hidden",
    "articles/draft.md",
    "articles/draft.md%00.png",
    "editions/breathe.md",
    "tracks.yaml",
    "/etc/passwd",
    "//etc/passwd",
    "/etc/passwd%00.png",
    "%2fetc%2fpasswd",
    "AROUND/secret.png",
    "/AROUND/secret.png",
    "%2fAROUND/secret.png",
    "file:///etc/passwd",
    "file:%2f%2f%2fetc/passwd",
    "file://AROUND/secret.png",
    "C:\\secret.png",
    "C:%5csecret.png",
    "\\\\evil.example\\secret.png",
    "%5c%5cevil.example%5csecret.png",
    "~/secret.png",
    "%2e%2e/pipeline.png",
    "%2e%2e%2fpipeline.png",
    "..%2fpipeline.png",
    "%2e%2e/%2e%2e/secret.png",
    "%2E%2E%2F%2E%2E%2Fsecret.png",
    "..%2f..%2fsecret.png",
    "..%5cpipeline.png",
    "..%5c..%5csecret.png",
    "..\\..\\secret.png",
    "..%5c/..%5c/secret.png",
    "%252e%252e%252f%252e%252e%252fsecret.png",
    "..%252f..%252fsecret.png",
    "%25252e%25252e%25252fsecret.png",
    "%c0%ae%c0%ae/secret.png",
    "%c0%ae%c0%ae%c0%afsecret.png",
    "%e0%80%ae%e0%80%ae/secret.png",
    "..%c0%afsecret.png",
    "..%c1%9csecret.png",
    "%uff0e%uff0e%u2215secret.png",
    "%ef%bc%8e%ef%bc%8e/secret.png",
    "\xe2\x80\xa5/secret.png",
    "..;/secret.png",
    "..;/..;/secret.png",
    "....//....//secret.png",
    "....%5c%5csecret.png",
    "..././..././secret.png",
    ".%00./secret.png",
    ".%0d./secret.png",
    "..%00/secret.png",
    "..%0d%0aX:%20y/secret.png",
    "%0d%0aSet-Cookie:%20x=y",
    "%00",
    "%00.png",
    "%ff",
    "%ff.png",
    "%",
    "%2",
    "%zz.png",
    "%ed%a0%80.png",
    "%f4%90%80%80",
    "a" * 300,
    "a" * 300 + ".png",
    "a/" * 3_000 + "b.png",
    "../" * 3_000 + "secret.png",
    "%2e%2e%2f" * 1_500 + "secret.png",
    "a" * 30_000 + ".png",
    "x%20" * 300,
    "\u202egnp.terces".encode().decode("latin-1"),
    "{slug}",
    "__proto__",
    "None",
    "*",
]
PLACES = [
    "/{}",
    "/pictures/{}",
    "/pictures/images/{}",
    "/pictures/articles/{}",
    "/static/{}",
    "/mail/{}",
    "/mail/articles/{}",
    "/mail/editions/{}",
    "/mail/{}/box-breathing",
    f"/mail/{PAGE}?reader={{}}",
    f"/mail/{PAGE}?client={{}}",
    f"/mail/{PAGE}?view={{}}",
    f"/mail/{PAGE}?scheme={{}}&images={{}}&version={{}}",
    "/notes/articles/{}?client=gmail-app",
    f"/notes/{PAGE}?client={{}}",
    "/files/{}",
    "/files/articles/{}/digest.html",
    "/files/articles/{}/message.eml",
    f"/files/{PAGE}/{{}}",
    f"/files/{PAGE}/message.eml?reader={{}}",
    "/events/{}",
    "/events?page={}",
    "/editions/{}",
    "/articles/{}",
    "/{}/box-breathing",
    "/outbox/{}",
    "/templates/{}",
    "/content/{}",
]


@pytest.mark.parametrize("place", PLACES)
def test_no_path_leads_outside(served: Preview, site: Path, place: str) -> None:
    """Whatever stands for a path, no answer holds a file that isn't a picture of the newsletter's, nor fails."""
    for attack in TRAVERSALS:
        target = place.replace("{}", attack.replace("AROUND", str(site.parent)[1:]).replace(" ", "%20"))
        answer = first_of(served, target)
        assert 200 <= status_of(answer) < 500, target[:200]
        assert status_of(answer) not in (301, 302, 307, 308) or is_own(answer, served), target[:200]
        for secret in (OUTSIDE, INSIDE, "root:x:0:0", "[merge_fields.first_name]"):
            assert secret.encode() not in answer, (secret, target[:200])
        assert b"\r\nset-cookie" not in answer.lower()
        assert b"\r\nx: y" not in answer.lower()


def first_of(served: Preview, target: str) -> bytes:
    """An answer's beginning: all of it that fits, or of a stream what comes at once."""
    request = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nConnection: close\r\n\r\n"
    pieces = b""
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(request.encode("latin-1"))
        while piece := connection.recv(65_536):
            pieces += piece
            if b"text/event-stream" in pieces and b"data: " in pieces:
                break
    return pieces


def is_own(answer: bytes, served: Preview) -> bool:
    found = re.search(rb"\r\nlocation: (\S*)\r\n", answer, re.I)
    assert found
    return urlsplit(found[1].decode()).netloc in ("", f"127.0.0.1:{served.port}")


def test_pictures_are_served(served: Preview) -> None:
    """The picture beside all those attacks is there: what they ask is refused, not everything."""
    assert served.get("/pictures/images/ok.png").body == png(2, 2)
    assert served.get("/pictures/images/../images/%6fk.png").status == 200


def test_an_error_shows_no_line_from_outside(served: Preview, site: Path) -> None:
    """An article that is a link to a file outside of the project is told as broken, and no line of it is shown."""
    with served.events("articles/leak") as events:
        told = events.next("page")
    assert told["errors"]
    assert told["errors"][0]["lines"] == []
    assert OUTSIDE not in json.dumps(told)
    assert served.get("/mail/articles/leak").status == 404


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    """A file whose name is no UTF-8 breaks nothing: the others are listed and shown, and the server goes on."""
    folder = make(tmp_path)
    try:
        (folder / "content/articles" / os.fsdecode(b"bad\xff.md")).write_text(ARTICLE)
    except OSError:
        pytest.skip("this file system has no such names")
    with preview(folder) as shown:
        with shown.events(PAGE) as events:
            assert events.next("page")["errors"] == []
            assert PAGE in [row["page"] for row in events.next("list")["articles"]]
        assert shown.get("/mail/articles/bad%FF").status == 404
        assert shown.get("/mail/articles/bed").status == 404
        check_well(shown)
        assert not complaints(shown)


EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
ANSWERS: dict[str, tuple[int, str, str, dict[str, str]]] = {
    "the shell": (200, "/", "GET", {}),
    "its head": (200, "/", "HEAD", {}),
    "a page": (200, f"/{PAGE}", "GET", {}),
    "a mail": (200, f"/mail/{PAGE}", "GET", {}),
    "a dark mail": (200, f"/mail/{PAGE}?scheme=dark&images=off", "GET", {}),
    "a mail in a client": (200, f"/mail/{PAGE}?client=outlook-word", "GET", {}),
    "a text": (200, f"/mail/{PAGE}?view=text", "GET", {}),
    "a source": (200, f"/mail/{PAGE}?view=source", "GET", {}),
    "notes": (200, f"/notes/{PAGE}?client=gmail-app", "GET", {}),
    "the HTML": (200, f"/files/{PAGE}/digest.html", "GET", {}),
    "the text": (200, f"/files/{PAGE}/digest.txt", "GET", {}),
    "the message": (200, f"/files/{PAGE}/message.eml", "GET", {}),
    "a picture": (200, "/pictures/images/ok.png", "GET", {}),
    "a part of a picture": (206, "/pictures/images/ok.png", "GET", {"Range": "bytes=0-1"}),
    "a part that isn't there": (416, "/pictures/images/ok.png", "GET", {"Range": "bytes=900-"}),
    "the same picture": (304, "/pictures/images/ok.png", "GET", {"If_None_Match": "*"}),
    "a script": (200, "/static/preview.js", "GET", {}),
    "the same script": (304, "/static/preview.js", "GET", {"If_None_Match": "*"}),
    "a folder": (307, "/static", "GET", {}),
    "nothing": (404, "/nowhere", "GET", {}),
    "no picture": (404, "/pictures/images/none.png", "GET", {}),
    "a picture that goes round": (404, "/pictures/images/round.png", "GET", {}),
    "no mail": (404, "/mail/articles/none", "GET", {}),
    "no kind": (404, "/mail/newsletter/none", "GET", {}),
    "no reader": (404, f"/mail/{PAGE}?reader=<script>", "GET", {}),
    "no client": (404, f"/mail/{PAGE}?client=<script>", "GET", {}),
    "no view": (404, f"/mail/{PAGE}?view=<script>", "GET", {}),
    "no file": (404, f"/files/{PAGE}/digest.pdf", "GET", {}),
    "another method": (405, "/", "POST", {}),
    "another method for a picture": (405, "/pictures/images/ok.png", "DELETE", {}),
    "another host": (421, "/", "GET", {"Host": "evil.example"}),
    "another origin": (403, "/", "GET", {"Origin": "https://evil.example"}),
    "another site": (403, "/", "GET", {"Sec_Fetch_Site": "cross-site"}),
    "a long body": (413, "/", "POST", {"Content_Length": "10000000"}),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_says_what_it_is(served: Preview, name: str) -> None:
    """Each answer forbids guessing at its kind and use by other sites; each HTML document has a policy."""
    code, target, method, headers = ANSWERS[name]
    answer = served.get(target, method, None, **headers)
    assert answer.status == code
    assert {header: answer.headers.get(header) for header in EVERYWHERE} == EVERYWHERE
    assert not [header for header in answer.headers if header.startswith("access-control-")]
    assert "server" not in answer.headers
    assert "set-cookie" not in answer.headers
    check_kind(answer)


def check_kind(answer: Answer) -> None:
    kind = answer.headers.get("content-type", "")
    policy = directives(answer)
    assert answer.status < 400 or not answer.body or kind == "text/plain; charset=utf-8"
    if kind.startswith(("text/html", "image/")) and answer.status == 200 and "etag" not in answer.headers:
        assert policy["default-src"] == ["'none'"]
    if policy:
        assert not {"'unsafe-eval'", "*", "https:", "http:", "data:"} & set(policy.get("script-src", []))


def directives(answer: Answer) -> dict[str, list[str]]:
    """The Content-Security-Policy by its directives."""
    parts = answer.headers.get("content-security-policy", "").split(";")
    return {words[0]: words[1:] for part in parts if (words := part.split())}


def test_the_shells_policy(served: Preview) -> None:
    """The shell runs its own files and nothing that stands in its HTML, sends no form and is in nobody's frame."""
    for target in ("/", f"/{PAGE}", "/editions/breathe", "/articles/%3Cscript%3E"):
        policy = directives(served.get(target))
        assert policy["default-src"] == ["'none'"]
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == ["'self'"]
        assert policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == ["'none'"]
        assert policy["frame-src"] == ["'self'"]


@pytest.mark.parametrize(
    "target",
    [
        *(f"/mail/{PAGE}?view={view}" for view in ("html", "text", "source")),
        f"/mail/{PAGE}?client=forced-dark",
        f"/files/{PAGE}/digest.html",
    ],
)
def test_the_mails_policy(served: Preview, target: str) -> None:
    """A mail's document is in a sandbox without scripts, forms and ways to the page around it, and asks nobody else."""
    policy = directives(served.get(target))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == ["'none'"]
    assert policy["img-src"] == policy["frame-ancestors"] == ["'self'"]
    assert policy["style-src"] == ["'unsafe-inline'"]
    assert "script-src" not in policy
    assert set(policy["sandbox"]) <= {"allow-same-origin", "allow-popups", "allow-popups-to-escape-sandbox"}


def test_a_picture_is_in_a_sandbox(served: Preview) -> None:
    """A picture that is opened by itself, which an SVG can be, runs nothing and asks nobody."""
    policy = directives(served.get("/pictures/images/ok.png"))
    assert policy["default-src"] == ["'none'"]
    assert policy["sandbox"] == []
    assert "script-src" not in policy


def test_a_message_is_a_file(served: Preview) -> None:
    """A message is saved, not shown, under a name that can hold nothing but letters, digits and a dot."""
    for page in (PAGE, "editions/breathe"):
        header = served.get(f"/files/{page}/message.eml").headers["content-disposition"]
        assert re.fullmatch(r'attachment; filename="[\w-]+\.eml"', header)


def test_a_reader_is_not_put_into_markup(served: Preview) -> None:
    """What an address asks for stands in no HTML: errors are plain text."""
    for query in ("reader", "client", "view", "scheme", "version", "images"):
        answer = served.get(f"/mail/{PAGE}?{query}=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
        assert answer.status != 200 or b"alert(1)" not in answer.body
        assert answer.status == 200 or answer.headers["content-type"].startswith("text/plain")


def complaints(served: Preview) -> list[str]:
    """What the server has printed that it wouldn't, were all well; garbage it may mention."""
    time.sleep(0.2)  # what it prints comes through a thread
    return [line for line in served.said if re.search(r"Traceback|Error\b|Exception", line)]


def test_at_the_end_all_is_well(served: Preview) -> None:
    """After all that the server runs, answers at once, and has had no error of its own."""
    check_well(served)
    with served.events(PAGE) as events:
        assert events.next("page")["errors"] == []
        assert events.next("list")["newsletter"]["name"] == "The Quiet Hour"
    assert complaints(served) == []
