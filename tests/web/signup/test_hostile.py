"""The service under requests that no browser sends: 4xx, never 5xx; and clients that are slow, broken, or many."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from pipeline.web import server
from pipeline.web.signup import connection, guard, reading
from tests import folders
from tests.web.signup import serving
from tests.web.signup.serving import URLENCODED

JSON = "application/json"
PATHS = ("/subscribe", "/confirm", "/preferences", "/move", "/address", "/unsubscribe", "/erase")
HUGE = b"x" * (reading.MOST_BYTES + 1)
BROKEN = {
    "no utf-8": (URLENCODED, b"email=%ff%fe"),
    "raw bytes": (URLENCODED, b"email=\xff"),
    "too many fields": (URLENCODED, "&".join(f"a{number}=b" for number in range(1000)).encode()),
    "nul": (URLENCODED, b"email=a%00@example.com"),
    "no JSON": (JSON, b"{"),
    "a list": (JSON, b"[]"),
    "a number": (JSON, b'{"email": 1}'),
    "nested": (JSON, b'{"email": {"a": "b"}}'),
    "deep": (JSON, b"[" * 60_000),
    "half a character": (JSON, b'{"email": "\\ud800@example.com"}'),
    "a long number": (JSON, b'{"email": ' + b"9" * 10_000 + b"}"),
    "not a number": (JSON, b'{"email": NaN}'),
    "JSON in another encoding": (JSON, '{"email": "é"}'.encode("latin-1")),
    "no boundary": ("multipart/form-data", b"--b\r\n"),
    "cut off": ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="email"\r\n\r\na@e'),
    "no parts": ("multipart/form-data; boundary=b", b"nothing of the kind"),
    "a file": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="email"; filename="a"\r\n\r\na\r\n--b--\r\n',
    ),
    "unknown characters": (
        "multipart/form-data; boundary=b; charset=klingon",
        b'--b\r\nContent-Disposition: form-data; name="email"\r\n\r\na\r\n--b--\r\n',
    ),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("path", ["/subscribe", "/preferences", "/move"])
def test_broken(signed, name, path):
    """A broken body is the client's fault."""
    kind, body = BROKEN[name]
    token = signed.reader("broken@example.com").token
    answer = signed.ask("POST", f"{path}?t={token}", body, {"Content-Type": kind})
    assert answer.status in (400, 422)


@pytest.mark.parametrize("path", PATHS)
def test_huge(signed, path):
    """A body of more than 64 KB isn't read, whether it says how long it is or not."""
    token = signed.reader("huge@example.com").token
    target = f"{path}?t={token}"
    assert signed.ask("POST", target, HUGE, {"Content-Type": URLENCODED}).status == 413
    chunked = signed.ask("POST", target, iter([HUGE[:40_000], HUGE]), {"Content-Type": URLENCODED})  # type: ignore[arg-type]
    assert chunked.status == 413
    assert signed.there("huge@example.com").state == "confirmed"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "QUERY"])
def test_methods(signed, method):
    """Whoever asks in a wrong way is told the right one."""
    for path in ("/move", "/confirm", "/health", "/nothing"):
        answer = signed.ask(method, path)
        allowed = {"/move": ["POST"], "/health": ["GET"], "/confirm": ["GET", "POST"]}.get(path, [])
        if path == "/nothing":
            assert answer.status == 404
        elif method not in allowed:
            assert answer.status == 405
            assert set(allowed) <= set(answer.headers["allow"].split(", "))


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencodedx", "é"])
def test_other_kinds(signed, kind):
    answer = signed.ask("POST", "/subscribe", b"email=a", {"Content-Type": kind.encode().decode("latin-1")})
    assert answer.status == 415


@pytest.mark.parametrize("target", ["//evil.example.com/", "/confirm/", "/%2e%2e/etc/passwd", "/%ff", "/static/../x"])
def test_no_open_redirect(signed, target):
    """No address leads anywhere else."""
    answer = signed.get(target, Host="evil.example.com")
    assert (answer.status, "location" in answer.headers) == (404, False)
    assert "evil" not in answer.text


def test_headers(signed):
    """Nothing keeps a page, leads on with its address, frames it, or runs what isn't the service's own."""
    reader = signed.reader("headers@example.com")
    for path in ("/", f"/preferences?t={reader.token}", f"/data?t={reader.token}", "/health", "/nothing", "/confirm"):
        headers = signed.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert not {"server", "set-cookie", "location"} & headers.keys()


def test_stray_text(signed):
    """What a stranger types never stands in a page as markup."""
    token = signed.reader("stray@example.com").token
    nasty = '"><script>alert(1)</script>'
    page = signed.post(f"/preferences?t={token}", {"rhythm": "each", "name": nasty, "mood": nasty}).text
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 2
    assert "<script>alert" not in signed.get(f"/confirm?t={nasty}").text


@pytest.mark.parametrize("sent", [b"", b"POST /newsletter/subscribe HTTP/1.1\r\nHost: a"])
def test_slow_headers(signed, monkeypatch, sent):
    """A client that doesn't get to the end of its request is let go of."""
    monkeypatch.setattr(connection, "SECONDS", 0.3)
    with socket.create_connection(("127.0.0.1", signed.port), timeout=10) as client:
        begun = time.monotonic()
        client.sendall(sent)
        assert client.recv(1000) == b""
        assert 0.2 < time.monotonic() - begun < 5


def test_dripping_headers(signed, monkeypatch):
    """Also one that sends a letter now and then."""
    monkeypatch.setattr(connection, "SECONDS", 0.5)
    with socket.create_connection(("127.0.0.1", signed.port), timeout=10) as client:
        with pytest.raises(OSError):
            for letter in b"GET / HTTP/1.1\r\nX-Slow: " + b"z" * 500:
                client.sendall(bytes([letter]))
                time.sleep(0.02)
        signed_up = signed.get("/health")
        assert signed_up.status == 200


def test_slow_body(signed, monkeypatch):
    """And one that promises a body and doesn't send it."""
    monkeypatch.setattr(reading, "SECONDS", 0.3)
    head = (
        f"POST /newsletter/subscribe HTTP/1.1\r\nHost: a\r\nContent-Type: {URLENCODED}\r\nContent-Length: 900\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", signed.port), timeout=10) as client:
        client.sendall(head.encode() + b"email=")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 408")


def test_dripping_body(signed, monkeypatch):
    """Nor does one hold a connection that goes on with a body that nobody wants any more."""
    monkeypatch.setattr(connection, "LINGER", 0.3)
    with socket.create_connection(("127.0.0.1", signed.port), timeout=10) as client:
        client.sendall(b"GET /newsletter/health HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n")
        with pytest.raises(OSError):
            for _ in range(500):
                client.sendall(b"z")
                time.sleep(0.02)


@pytest.mark.slow
def test_kept_alive(signed, monkeypatch):
    """A connection may be used again, each time with its time for the next request."""
    monkeypatch.setattr(connection, "SECONDS", 0.5)
    with socket.create_connection(("127.0.0.1", signed.port), timeout=10) as client:
        for _ in range(4):
            time.sleep(0.3)
            client.sendall(b"GET /newsletter/health HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = b""
            while not answer.endswith(b"}"):
                answer += client.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200")


def test_many_idle_clients(signed):
    """Two hundred who say nothing hold nobody up."""
    idle = [socket.create_connection(("127.0.0.1", signed.port)) for _ in range(200)]
    try:
        begun = time.monotonic()
        assert signed.sign_up("among-many@example.com").status == 200
        assert time.monotonic() - begun < 2
    finally:
        for one in idle:
            one.close()


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HT", b"POST /subscribe HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"]
)
def test_more_than_there_is_room_for(tmp_path, monkeypatch, sent):
    """As many as may be there at a time, and who are in no hurry, keep nobody out: the slowest of them has to go."""
    monkeypatch.setattr(serving, "MOST", 20)
    with serving.signup(folders.make(tmp_path)) as signed:
        slow = []
        try:
            for _ in range(25):
                slow.append(socket.create_connection(("127.0.0.1", signed.port), timeout=10))
                slow[-1].sendall(sent)
                time.sleep(0.01)
            assert [signed.get("/health").status for _ in range(5)] == [200] * 5
            assert slow[0].recv(1000) == b""
        finally:
            for one in slow:
                one.close()


@pytest.mark.slow
@pytest.mark.parametrize("count", [3, 17])
def test_those_who_dont_read(tmp_path, monkeypatch, count):
    """Nor do those who take none of what they asked for."""
    monkeypatch.setattr(serving, "MOST", 20)
    monkeypatch.setattr(serving, "KEPT_ALIVE", 0.1)
    monkeypatch.setattr(connection, "LINGER", 0.1)
    listen = server.listen

    def listen_in_small(host, port):
        listener = listen(host, port)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        return listener

    monkeypatch.setattr(server, "listen", listen_in_small)
    with serving.signup(folders.make(tmp_path)) as signed:
        slow = []
        try:
            for _ in range(25):
                slow.append(socket.socket())
                slow[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                slow[-1].connect(("127.0.0.1", signed.port))
                slow[-1].sendall(b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n" * count)
                time.sleep(0.01)
            time.sleep(0.5)
            assert [signed.get("/health").status for _ in range(5)] == [200] * 5
        finally:
            for one in slow:
                one.close()


def test_many_requests_at_once(tmp_path, monkeypatch):
    """As long as there is room nobody is sent away, however much the others ask."""
    monkeypatch.setattr(serving, "MOST", 30)
    with serving.signup(folders.make(tmp_path)) as signed:
        many = [socket.create_connection(("127.0.0.1", signed.port), timeout=10) for _ in range(20)]
        for client in many:
            client.sendall(b"GET /form.js HTTP/1.1\r\nHost: a\r\n\r\n" * 17)
        assert [signed.get("/health").status for _ in range(5)] == [200] * 5
        for client in many:
            client.shutdown(socket.SHUT_WR)
            assert b"HTTP/1.1 503" not in b"".join(iter(lambda client=client: client.recv(65536), b""))
            client.close()


def test_all_are_being_answered(tmp_path, monkeypatch):
    """Where nobody can be sent away, who comes is told to come back, with the headers of every answer."""
    monkeypatch.setattr(serving, "MOST", 5)
    done = threading.Event()
    with serving.signup(folders.make(tmp_path)) as signed, ThreadPoolExecutor() as threads:
        monkeypatch.setattr(signed.store, "by_id", lambda number: done.wait(serving.SECONDS))
        answers = [threads.submit(signed.get, "/health") for _ in range(5)]
        time.sleep(0.5)
        refused = signed.get("/style.css")
        done.set()
        assert [answer.result().status for answer in answers] == [200] * 5
    assert (refused.status, refused.headers["retry-after"]) == (503, "30")
    assert {name.lower(): value for name, value in guard.HEADERS.items()}.items() <= refused.headers.items()


def test_breaking_off(signed):
    """Clients that go before they are answered leave nothing behind."""
    body = urlencode({"email": "gone@example.com", "form": signed.pasted()})
    head = (
        f"POST /newsletter/subscribe HTTP/1.1\r\nHost: a\r\nContent-Type: {URLENCODED}\r\nContent-Length: {len(body)}"
    )
    for part in (head, f"{head}\r\n\r\n", f"{head}\r\n\r\n{body[:10]}", f"{head}\r\n\r\n{body}"):
        with socket.create_connection(("127.0.0.1", signed.port)) as client:
            client.sendall(part.encode())
    assert signed.get("/health").status == 200


def test_json_has_lists(signed):
    """JSON may leave fields out, or have null for them."""
    fields = {"email": "null@example.com", "form": signed.pasted(), "name": None, "topics": [], "more": "x"}
    assert signed.ask("POST", "/subscribe", json.dumps(fields), {"Content-Type": JSON}).status == 200


def test_headers_of_garbage(signed):
    """Also what isn't HTTP at all is answered with the headers of every answer, and let go of."""
    with socket.create_connection(("127.0.0.1", signed.port), timeout=10) as client:
        client.sendall(b"\x16\x03\x01 nothing of the kind\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65536), b"")).lower()
    assert answer.startswith(b"http/1.1 400")
    for name, value in guard.HEADERS.items():
        assert f"\r\n{name}: {value}\r\n".lower().encode() in answer


def test_whose_word_counts(signed):
    """Without trusted proxies nobody is believed about where they come from, not on this computer either."""
    for number in range(3):
        signed.sign_up(f"spoofed{number}@example.com", X_Forwarded_For=f"203.0.113.{number}")
        (entry,) = signed.store.consents_of(signed.there(f"spoofed{number}@example.com").id)
        assert entry.consent.ip == "127.0.0.1"
