"""web/strict.py: what is read of what clients send, byte by byte, through a server that really runs."""

import asyncio
import json
import re
import socket
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import h11
import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.web import server, strict
from tests.loops import in_a_loop

SECONDS = 10
HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
GET = HEAD + b"\r\n"
LAST = HEAD + b"Connection: close\r\n\r\n"


class App:
    """Reads the body and tells what was asked. `/unread` doesn't read, `/all` never ends, `/wait` waits for a word."""

    def __init__(self):
        self.asked, self.gone, self.go, self.big = [], 0, threading.Event(), b"x" * 200_000

    async def __call__(self, scope, receive, send):
        body = b""
        path = scope["path"]
        self.asked.append(path)
        while path == "/wait" and not self.go.is_set():
            await asyncio.sleep(0.01)
        while path != "/unread":
            message = await receive()
            if message["type"] == "http.disconnect":
                self.gone += 1
                return
            body += message["body"]
            if not message["more_body"] and path != "/all":
                break
        headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]]
        told = [scope["method"], scope["raw_path"].decode(), scope["query_string"].decode(), headers, len(body)]
        answer = self.big if path == "/big" else json.dumps([*told, body[:100].decode("latin-1")]).encode()
        length = str(len(answer)).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": answer})


class Served:
    def __init__(self, port, app, state):
        self.port, self.app, self.state = port, app, state

    @contextmanager
    def client(self, *sent):
        with socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS) as client:
            for piece in sent:
                client.sendall(piece)
            yield client

    def ask(self, *sent):
        """All that comes back until the server closes; that it does is a part of the test."""
        with self.client() as client:
            with suppress(ConnectionError):
                for piece in sent:
                    client.sendall(piece)
            return everything(client)


def wait_for(what):
    end = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < end
        time.sleep(0.005)


def everything(client):
    got = b""
    with suppress(ConnectionError):
        while piece := client.recv(65_536):
            got += piece
    return got


def one(client):
    """The next answer's status and body."""
    got = b""
    while not answers(got):
        got += client.recv(65_536)
    return answers(got)[0]


def answers(got):
    """The statuses and bodies of these answers, as far as they are whole."""
    found = []
    while got:
        head, _, got = got.partition(b"\r\n\r\n")
        size = re.search(rb"content-length: (\d+)", head)
        if size is None or len(got) < int(size[1]):
            break
        found.append((int(head.split()[1]), got[: int(size[1])]))
        got = got[int(size[1]) :]
    return found


def statuses(got):
    return [status for status, _ in answers(got)]


@pytest.fixture(scope="module")
def running():
    """A server whose application each test has one of its own for."""

    async def app(scope, receive, send):
        if scope["type"] == "http":
            await found.app(scope, receive, send)

    with server.listen("127.0.0.1", 0) as listener:
        runs = uvicorn.Server(server.configuration(app, server.Limits(kept_alive=SECONDS)))
        found = Served(listener.getsockname()[1], App(), runs.server_state)
        thread = threading.Thread(target=runs.run, args=([listener],), daemon=True)
        thread.start()
        wait_for(lambda: runs.started)
        yield found
        runs.should_exit = True
        thread.join(SECONDS)


@pytest.fixture
def served(running):
    running.app = App()
    yield running
    running.app.go.set()
    wait_for(lambda: not running.state.connections)


REFUSED = {
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "two Hosts": HEAD + b"Host: b\r\n\r\n",
    "the same Host twice": HEAD + b"Host: a\r\n\r\n",
    "a folded header": HEAD + b" folded\r\n\r\n",
    "a first line that is folded": b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    "a space before the colon": HEAD + b"X : y\r\n\r\n",
    "no colon": HEAD + b"X\r\n\r\n",
    "no name": HEAD + b": y\r\n\r\n",
    "brackets in a name": HEAD + b"X(: y\r\n\r\n",
    "a name that isn't ASCII": HEAD + b"\xff: y\r\n\r\n",
    "NUL in a name": HEAD + b"X\0: y\r\n\r\n",
    "NUL in a value": HEAD + b"X: a\0b\r\n\r\n",
    "a control character in a value": HEAD + b"X: a\x01b\r\n\r\n",
    "CR in a value": HEAD + b"X: a\rb\r\n\r\n",
    "LF for CRLF": b"GET / HTTP/1.1\nHost: a\n\n",
    "LF for CRLF after a header": HEAD + b"X: y\n\r\n",
    "LF for CRLF at the end": HEAD + b"\n",
    "one length twice": POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
    "two lengths": POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\na",
    "a list of lengths": POST + b"Content-Length: 1, 1\r\n\r\na",
    "a signed length": POST + b"Content-Length: +1\r\n\r\na",
    "a negative length": POST + b"Content-Length: -1\r\n\r\na",
    "a length in base 16": POST + b"Content-Length: 0x1\r\n\r\na",
    "an empty length": POST + b"Content-Length: \r\n\r\na",
    "a length beyond all": POST + b"Content-Length: 99999999999999999999\r\n\r\na",
    "a length, and chunks": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks, and a length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "another coding": POST + b"Transfer-Encoding: gzip\r\n\r\n",
    "no coding": POST + b"Transfer-Encoding: identity\r\n\r\n",
    "an empty coding": POST + b"Transfer-Encoding: \r\n\r\n0\r\n\r\n",
    "another coding below chunks": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "another coding, and chunks": POST + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks twice": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks behind a blank of another kind": POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "an old version": b"GET / HTTP/0.9\r\nHost: a\r\n\r\n",
    "a new version": b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
    "a version that isn't": b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    "more in the first line": b"GET / HTTP/1.1 x\r\nHost: a\r\n\r\n",
    "a method that isn't": b"FOO / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a method in small letters": b"get / HTTP/1.1\r\nHost: a\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and so on\r\n\r\n",
    "an answer": b"HTTP/1.1 200 OK\r\n\r\n",
    "a tunnel": b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
    "a tunnel to a path": b"CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n",
    "another server's address": b"GET http://evil.example/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "a server's address without a path": b"GET http://evil.example HTTP/1.1\r\nHost: a\r\n\r\n",
    "no address": b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "half an address": b"GET a HTTP/1.1\r\nHost: a\r\n\r\n",
    "an address that isn't ASCII": b"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n",
    "a query that isn't ASCII": b"GET /?\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    "NUL in an address": b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
    "a tab in an address": b"GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n",
    "a space in an address": b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
    "an upgrade and an end": HEAD + b"Upgrade: h2c\r\nConnection: upgrade, close\r\n\r\n",
    "an upgrade of an old client": b"GET / HTTP/1.0\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
    "an upgrade with two Hosts": HEAD + b"Host: b\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(served, name):
    """What others might read in another way is refused before anything is asked for."""
    got = served.ask(REFUSED[name])
    assert (statuses(got), served.app.asked) == ([400], [])


TOO_MUCH = {
    "a long address": b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "a long header": HEAD + b"X: " + b"a" * 70_000 + b"\r\n\r\n",
    "long headers": HEAD + (b"X: " + b"a" * 9_000 + b"\r\n") * 8 + b"\r\n",
    "many headers": HEAD + b"X: y\r\n" * 100 + b"\r\n",
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_too_much(served, name):
    """So is what is too large, also where it comes at once. Its sender may still be sending, and hear nothing."""
    got = served.ask(TOO_MUCH[name])
    assert (statuses(got) in ([400], []), served.app.asked) == (True, [])


BROKEN_BODIES = {
    "a size that isn't": CHUNKED + b"zz\r\n",
    "a negative size": CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n",
    "a size in another way": CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n",
    "a size beyond all": CHUNKED + b"fffffffffffffffff\r\nhello",
    "no size": CHUNKED + b"\r\nhello",
    "a blank after the size": CHUNKED + b"5 \r\nhello\r\n0\r\n\r\n",
    "LF for CRLF": CHUNKED + b"5\nhello\r\n0\r\n\r\n",
    "LF in an extension": CHUNKED + b"5;a\nb\r\nhello\r\n0\r\n\r\n",
    "too short": CHUNKED + b"5\r\nhell\r\n0\r\n\r\n",
    "too long": CHUNKED + b"5\r\nhello world\r\n0\r\n\r\n",
    "a broken trailer": CHUNKED + b"5\r\nhello\r\n0\r\nX : y\r\n\r\n",
}


@pytest.mark.parametrize("name", BROKEN_BODIES)
def test_broken_bodies(served, name):
    """A body that breaks off in garbage is refused, once, and whoever was to answer it is told that nobody waits."""
    assert statuses(served.ask(BROKEN_BODIES[name])) == [400]
    wait_for(lambda: served.app.gone == len(served.app.asked))


def test_broken_body_of_an_answered_request(served):
    """Nor is there a second answer where there was one before the garbage."""
    unread = CHUNKED.replace(b" / ", b" /unread ")
    with served.client(unread) as client:
        assert one(client)[0] == 200
        client.sendall(b"zz\r\n")
        assert everything(client) == b""


def test_garbage_behind_a_request(served):
    """What was asked before the garbage is answered, and nothing else."""
    assert statuses(served.ask(GET + b"\0\0\0")) == [200]
    assert statuses(served.ask(GET + GET + CHUNKED + b"zz\r\n" + GET)) == [200, 200]


@pytest.mark.parametrize(
    "piece",
    [
        HEAD + b"X: " + b"a" * 65_536,
        b"GET /" + b"a" * 65_536,
        b"\r\n" * 32_768,
        CHUNKED + b"5;" + b"a" * 65_536,
        CHUNKED + b"0" * 65_536,
        CHUNKED + b"5\r\nhello\r\n0\r\nX: " + b"a" * 65_536,
        CHUNKED + b"5\r\nhello\r\n0\r\n" + b"X: y\r\n" * 11_000,
    ],
)
def test_without_an_end(served, piece):
    """A head, an address, a chunk's size, what stands beside it, or a trailer without an end isn't waited for."""
    more = piece[-60_000:]
    started = time.monotonic()
    with served.client() as client, suppress(ConnectionError):
        client.sendall(piece)
        while time.monotonic() - started < SECONDS:
            client.sendall(more)
    assert time.monotonic() - started < SECONDS / 2


def test_a_large_head_is_read(served):
    """Cookies, and a long address, have room."""
    head = b"GET /?" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    head += (b"Cookie: " + b"b" * 4_000 + b"\r\n") * 8 + b"X: y\r\n" * 80
    for size in (len(head), 1_000):
        got = served.ask(*(head[start : start + size] for start in range(0, len(head), size)), b"\r\n")
        assert statuses(got) == [200]


def test_trailers_are_no_headers(served):
    """What stands behind a body, where no proxy looks, is no header."""
    trailer = b"Host: evil\r\nX-Forwarded-For: 1.1.1.1\r\n"
    (_, first), (_, second) = answers(served.ask(CHUNKED + b"5\r\nhello\r\n0\r\n" + trailer + b"\r\n" + LAST))
    assert json.loads(first)[3:] == [[["host", "a"], ["transfer-encoding", "chunked"]], 5, "hello"]
    assert json.loads(second)[3] == [["host", "a"], ["connection", "close"]]


def test_blanks_around_values(served):
    """Blanks around a value are none of it."""
    ((_, told),) = answers(served.ask(HEAD + b"Content-Length: 0 \r\nX: \t y \t \r\nConnection: close\r\n\r\n"))
    assert json.loads(told)[3][1:3] == [["content-length", "0"], ["x", "y"]]


@pytest.mark.parametrize("name", [b"h2c", b"websocket", b"TLS/1.2"])
@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_upgrade(served, name, size):
    """A request to go over to another protocol is answered in this one, with its body, and so is the next."""
    asks = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: " + name + b"\r\n"
    sent = POST + asks + b"Content-Length: 5\r\n\r\nhello" + HEAD + asks + b"\r\n"
    sent += CHUNKED.replace(b"\r\n\r\n", b"\r\n" + asks + b"\r\n") + b"2\r\nhi\r\n0\r\n\r\n" + LAST
    got = served.ask(*(sent[start : start + size] for start in range(0, len(sent), size)))
    assert [(status, json.loads(told)[4:]) for status, told in answers(got)] == [
        (200, [5, "hello"]),
        (200, [0, ""]),
        (200, [2, "hi"]),
        (200, [0, ""]),
    ]


def test_upgrade_of_an_old_client(served):
    """An HTTP/1.0 client's request stays one."""
    old = b"GET / HTTP/1.0\r\nConnection: keep-alive, upgrade\r\nUpgrade: x\r\n\r\n"
    assert statuses(served.ask(old + GET)) == [200]


def test_expect(served):
    """A client that asks whether it may send its body hears so once the body is wanted, and not if it isn't."""
    expects = b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    with served.client(POST + expects) as client:
        assert client.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"hello")
        assert json.loads(one(client)[1])[4:] == [5, "hello"]
    with served.client(POST.replace(b" / ", b" /unread ") + expects) as client:
        assert one(client)[0] == 200
    with served.client(POST.replace(b"1.1", b"1.0") + expects, b"hello") as client:
        assert statuses(everything(client)) == [200]


def test_old_clients(served):
    """An HTTP/1.0 client needs no Host, and gets one answer."""
    assert statuses(served.ask(b"GET / HTTP/1.0\r\n\r\n" + GET)) == [200]
    assert served.ask(b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n").startswith(b"HTTP/1.1 400")


def test_closing(served):
    """Nothing is read behind a request that is the last."""
    got = served.ask(LAST + GET + b"\0")
    assert (statuses(got), len(served.app.asked)) == ([200], 1)


@pytest.mark.parametrize("size", [1, 10, 100_000])
def test_one_behind_the_other(served, size):
    """Requests that don't wait for answers are answered in their order, with their own bodies."""
    sent = b"".join(
        b"POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (number, number) + b"x" * number
        for number in range(10)
    )
    sent += LAST
    got = answers(served.ask(*(sent[start : start + size] for start in range(0, len(sent), size))))
    assert [(told[1], told[4]) for told in (json.loads(body) for _, body in got)] == [
        *((f"/{number}", number) for number in range(10)),
        ("/", 0),
    ]


def test_no_more_may_wait(served):
    """Ten thousand requests that don't wait for answers are too many: the first are answered, the others not read."""
    flood = GET.replace(b" / ", b" /wait ") + GET * 10_000
    with served.client() as client:
        threading.Timer(0.3, served.app.go.set).start()
        client.sendall(flood)
        assert statuses(everything(client)) == [200] * (strict.MOST_WAITING + 1)
    assert len(served.app.asked) == strict.MOST_WAITING + 1


def test_waiting_heads(served):
    """Nor may many large heads wait for their turn: those that may are answered."""
    sent = GET.replace(b" / ", b" /wait ") + (HEAD + b"X: " + b"a" * 60_000 + b"\r\n\r\n") * strict.MOST_WAITING
    with served.client(sent) as client:
        threading.Timer(0.3, served.app.go.set).start()
        assert statuses(everything(client)) in ([200, 200], [])
    assert len(served.app.asked) <= 2


def test_waiting_bodies(served):
    """Nor may a large body wait."""
    sent = GET.replace(b" / ", b" /wait ") + GET * 3 + POST + b"Content-Length: 50000000\r\n\r\n"
    with served.client(sent) as client:
        threading.Timer(0.3, served.app.go.set).start()
        with suppress(ConnectionError):
            for _ in range(50):
                client.sendall(b"x" * 1_000_000)
        waiting = [cycle for peer in list(served.state.connections) for cycle, _ in peer.pipeline]
        assert sum(len(cycle.body) for cycle in waiting) < 1_000_000
        assert statuses(everything(client)) in ([200] * 4, [])
    assert served.app.asked[:4] == ["/wait", "/", "/", "/"] and len(served.app.asked) <= 4


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (POST.replace(b" / ", b" /wait ") + b"Content-Length: 100000000\r\n\r\n", b"x" * 1_000_000),
        (CHUNKED.replace(b" / ", b" /wait "), b"f4240\r\n" + b"x" * 1_000_000 + b"\r\n"),
        (b"", GET.replace(b" / ", b" /big ") * 1_000),
        (b"", GET * 10_000),
    ],
)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells how much memory a process has")
def test_nothing_piles_up(served, head, piece):
    """What comes faster than it is read, or than its answers are taken, waits at the client's, or is dropped."""
    before = resident()
    with served.client(head) as client:
        client.settimeout(0.3)
        with suppress(OSError):
            for _ in range(100):
                client.sendall(piece)
        assert resident() - before < 20_000_000
        served.app.go.set()


def resident():
    found = re.search(r"VmRSS:\s*([0-9]+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) * 1024


def test_a_body_that_waited(served):
    """A large body that had to wait comes whole."""
    with served.client(POST.replace(b" / ", b" /wait ") + b"Content-Length: 5000000\r\n\r\n") as client:
        threading.Timer(0.2, served.app.go.set).start()
        client.sendall(b"x" * 5_000_000)
        assert json.loads(one(client)[1])[4] == 5_000_000


def test_early_answer(served):
    """An answer needn't wait for a body that nobody reads; the rest of it is no request."""
    with served.client(POST.replace(b" / ", b" /unread ") + b"Content-Length: 500000\r\n\r\n") as client:
        assert one(client)[0] == 200
        client.sendall((GET * 20_000)[:500_000] + GET)
        assert one(client)[0] == 200
    assert served.app.asked == ["/unread", "/"]


@pytest.mark.parametrize("sent", [b"", b"GET / HT", CHUNKED + b"5\r\nhel", POST + b"Content-Length: 5\r\n\r\n", GET])
@pytest.mark.parametrize("how", [socket.SHUT_WR, socket.SHUT_RDWR])
def test_gone(served, sent, how):
    """A client that goes, or says that it sends no more, is let go of, and whoever reads its body is told so."""
    with served.client(sent) as client:
        with suppress(OSError):
            client.shutdown(how)
        everything(client)
        wait_for(lambda: not served.state.connections)
    wait_for(lambda: served.app.gone == (1 if sent[:4] == b"POST" else 0))
    assert statuses(served.ask(LAST)) == [200]


@pytest.mark.parametrize("behind", [GET * 3, POST + b"Content-Length: 900000\r\n\r\n" + b"x" * 200_000])
def test_gone_with_others_waiting(served, behind):
    """So is the one that is at work where others wait behind it."""
    with served.client(CHUNKED.replace(b" / ", b" /all ") + b"0\r\n\r\n" + behind):
        wait_for(lambda: served.app.asked)
    wait_for(lambda: served.app.gone)
    assert served.app.asked == ["/all"]


LINES = st.sampled_from(
    [
        b"Host: b",
        b"Content-Length: 3",
        b"Content-Length: 3 ",
        b"Content-Length: 5, 5",
        b"content-length:5",
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: Chunked",
        b"Transfer-Encoding : chunked",
        b"Transfer-Encoding: gzip",
        b"Transfer-Encoding: chunked, chunked",
        b"transfer-encoding:\tchunked",
        b" chunked",
        b"Connection: close",
        b"Connection: upgrade",
        b"Upgrade: h2c",
        b"Expect: 100-continue",
        b"X: y \t",
    ]
)
ENDS = st.sampled_from([b"\r\n"] * 20 + [b"\n", b"\r", b"\r\r\n", b" \r\n", b"\0\r\n"])
FIRST = st.sampled_from([b"GET / HTTP/1.1\r\n", b"POST /a?b=c HTTP/1.1\r\n", b"POST / HTTP/1.0\r\n"])
BODIES = st.sampled_from(
    [b"", b"hello", b"abc", b"5\r\nhello\r\n0\r\n\r\n", b"3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n", b"0000000\r\n\r\n"]
)
REQUESTS = st.builds(
    lambda first, lines, body: first + b"Host: a\r\n" + b"".join(line + end for line, end in lines) + b"\r\n" + body,
    FIRST,
    st.lists(st.tuples(LINES, ENDS), max_size=4),
    BODIES,
)


class Wire(asyncio.Transport):
    """What a connection has instead of a socket."""

    closed = False

    def write(self, data):
        pass

    def close(self):
        self.closed = True

    def is_closing(self):
        return self.closed

    def pause_reading(self):
        pass

    resume_reading = pause_reading


async def read_by_us(data, size):
    found = []

    async def app(scope, receive, send):
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body, more = body + message["body"], message["more_body"]
        found.append((scope["method"], scope["raw_path"], scope["query_string"], body))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    config = server.configuration(app)
    config.load()
    connection = strict.StrictConnection(config, uvicorn.server.ServerState(), {}, asyncio.get_running_loop())
    connection.connection_made(Wire())
    for start in range(0, len(data), size):
        if not connection.transport.is_closing():
            connection.data_received(data[start : start + size])
        await asyncio.sleep(0)
    for _ in range(10):
        await asyncio.sleep(0)
    connection.connection_lost(None)
    await asyncio.sleep(0)
    return found, connection.transport.is_closing()


def read_by_h11(data):
    connection, found, body = h11.Connection(h11.SERVER), [], b""
    connection.receive_data(data)
    with suppress(h11.RemoteProtocolError):
        while (event := connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            if isinstance(event, h11.Request):
                request, body = event, b""
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                path, _, query = request.target.partition(b"?")
                found.append((request.method.decode(), path, query, body))
                connection.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
                connection.send(h11.EndOfMessage())
                if (connection.our_state, connection.their_state) == (h11.DONE, h11.DONE):
                    connection.start_next_cycle()
    return found


@pytest.mark.slow
@settings(deadline=None, max_examples=300)
@given(st.lists(REQUESTS, min_size=1, max_size=3), st.sampled_from([1, 5, 1_000]))
def test_as_h11_reads_it(requests, size):
    """What is taken for requests, h11 reads as the same ones: nothing can be smuggled in between. What isn't, ends."""
    data = b"".join(requests)
    ours, has_ended = in_a_loop(read_by_us(data, size))
    theirs = read_by_h11(data)
    assert ours == theirs[: len(ours)]
    assert has_ended or ours == theirs
