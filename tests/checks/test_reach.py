"""pipeline/checks/reach.py against real servers on this machine; nothing is asked of any other."""

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anyio
import pytest

from pipeline import checks
from pipeline.checks import reach
from pipeline.checks.reach import Reach
from pipeline.checks.reading import hosts

PATHS = {
    "/there": 200,
    "/gone": 410,
    "/missing": 404,
    "/forbidden": 403,
    "/busy": 503,
    "/odd": 599,
}


class Handler(BaseHTTPRequestHandler):
    """Answers with the status of PATHS; what has a name of its own is told beside it."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        server = self.server
        server.asked.append((self.command, self.path, self.headers["Host"]))
        with server.lock:
            server.now += 1
            server.most = max(server.most, server.now)
        try:
            self.by_path(server)
        finally:
            with server.lock:
                server.now -= 1

    def by_path(self, server):
        path = self.path.partition("?")[0]
        if path == "/slow":
            server.stop.wait(5)
            self.tell(200)
        elif path.startswith("/slowish"):
            time.sleep(0.05)
            self.tell(200)
        elif path == "/no-head":
            self.tell(405 if self.command == "HEAD" else 200)
        elif path == "/drops-head":
            if self.command == "HEAD":
                self.close_connection = True
            else:
                self.tell(200)
        elif path == "/endless":  # to HEAD it says nothing
            self.tell(405 if self.command == "HEAD" else 200, length=10**12)
            self.pour(server)
        elif path == "/garbage":
            self.wfile.write(b"\x00\xff nothing\r\n\r\n")
            self.close_connection = True
        elif path in server.redirects:
            self.tell(302, server.redirects[path])
        else:
            self.tell(PATHS.get(path, 200))

    def tell(self, status, location="", length=0):
        self.send_response(status, "Told")
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def pour(self, server):
        """Send all that the client takes."""
        if self.command == "GET":
            with suppress(OSError):
                while not server.stop.is_set():
                    server.sent += self.wfile.write(b"x" * 65_536)
            server.poured.set()

    do_GET = do_HEAD = answer  # noqa: N815

    def log_message(self, *arguments):
        pass


@contextmanager
def serving(address="127.0.0.1", certificate=None):
    server = ThreadingHTTPServer((address, 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    server.asked, server.redirects, server.lock, server.stop = [], {}, threading.Lock(), threading.Event()
    server.now, server.most, server.sent, server.poured = 0, 0, 0, threading.Event()
    server.url = f"http://{address}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.stop.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def server():
    with serving() as one:
        yield one


def mail(*urls):
    links = "".join(f'<p>\n<a href="{url}">Page {number}</a></p>' for number, url in enumerate(urls, 1))
    return checks.of_html(f"<!DOCTYPE html><title>A</title>{links}", "mail.html")


def told(*urls, **options):
    """Level and words of each finding, without the address at the end."""
    found = Reach(allow_private=True, **options).faults(mail(*urls))
    return [(one.level, one.message.rpartition(": ")[0]) for one in found]


@pytest.mark.parametrize(
    ("path", "level", "words"),
    [
        ("/gone", "error", "leads to a page that is not there (410)"),
        ("/missing", "error", "leads to a page that is not there (404)"),
        ("/forbidden", "warn", "was answered with 403 Forbidden"),
        ("/busy", "warn", "was answered with 503 Service Unavailable"),
        ("/odd", "warn", "was answered with 599"),
        ("/garbage", "warn", "gave no answer: illegal status line"),
    ],
)
def test_wrong_answers(server, path, level, words):
    """A page that is gone is an error; one that may be back tomorrow, or is for browsers only, a warning."""
    ((found, message),) = told(server.url + path)
    assert (found, message.startswith(f'the link "Page 1" {words}')) == (level, True)


def test_finding(server):
    """A page is told with the place of the first link to it."""
    (found,) = Reach(allow_private=True).faults(mail(server.url, server.url + "/missing", server.url + "/missing#a"))
    assert str(found.where) == "mail.html:3"
    assert found.message.endswith(f': "{server.url}/missing"')


def test_pages_that_are_there(server):
    """A page that answers is fine, also one that HEAD doesn't get."""
    assert told(server.url + "/there", server.url + "/no-head", server.url + "/drops-head") == []
    assert Counter(method for method, _, _ in server.asked) == {"HEAD": 3, "GET": 2}


def test_each_page_once(server):
    """Each page is asked for once a run, whatever place on it links name, in however many mails."""
    asking = Reach(allow_private=True)
    for _ in range(2):
        assert list(asking.faults(mail(server.url + "/there#a", server.url + "/there#b", server.url + "/there"))) == []
    assert server.asked == [("HEAD", "/there", server.url.removeprefix("http://"))]


def test_letters_of_all_kinds(server):
    """What an address may not hold is encoded on the way, and what is encoded stays so."""
    assert told(server.url + "/ü%20x?a=[b]&amp;c=é") == []
    assert server.asked[0][1] == "/%C3%BC%20x?a=[b]&c=%C3%A9"


def test_what_is_no_page():
    """Addresses of people, places in the mail and what is no address are never asked for."""
    assert told("mailto:a@a.example.com", "#a", "", "https://[", "https://", "ftp://127.0.0.1/", "/a", "tel:1") == []


def test_no_body_is_read(server):
    """Of an endless page no more is read than what comes with its headers."""
    assert told(server.url + "/endless") == []
    assert server.poured.wait(10)
    assert server.sent < 20_000_000


def test_slow(server):
    """Who doesn't answer in time is waited for no longer."""
    begin = time.monotonic()
    assert told(server.url + "/slow", timeout=0.3) == [("warn", 'the link "Page 1" gave no answer in 0.3 seconds')]
    assert time.monotonic() - begin < 3


def test_drop_by_drop():
    """Nor is who answers with a byte now and then."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stop = threading.Event()

        def drip():
            connection, _ = listening.accept()
            with connection:
                while not stop.wait(0.05):
                    try:
                        connection.send(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        assert told(url, timeout=0.4) == [("warn", 'the link "Page 1" gave no answer in 0.4 seconds')]
        stop.set()
        thread.join()


def test_nobody_there():
    """A port that nobody listens at is a warning."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    ((level, message),) = told(f"http://127.0.0.1:{port}/")
    assert level == "warn"
    assert "gave no answer" in message


def test_no_tls(server):
    """A server that doesn't speak TLS is a warning."""
    ((level, message),) = told(server.url.replace("http:", "https:"))
    assert level == "warn"
    assert "gave no answer" in message


def test_few_at_once():
    """Two at a time are asked of one host, eight in all."""
    with serving() as server:
        assert told(*(f"{server.url}/slowish/{number}" for number in range(8))) == []
        assert server.most <= reach.AT_ONCE_PER_HOST


def test_redirects(server):
    """Redirects are followed, five of them; the page at their end is what counts."""
    server.redirects |= {f"/{number}": f"/{number + 1}" for number in range(1, 5)} | {"/5": "/there", "/a": "missing"}
    server.redirects |= {"/round": "/round", "/out": "itms-apps://a.example.com/", "/js": "javascript:x()", "/0": "/1"}
    assert told(server.url + "/1") == []
    assert told(server.url + "/a") == [("error", 'the link "Page 1" leads to a page that is not there (404)')]
    assert told(server.url + "/0") == [("warn", 'the link "Page 1" is redirected more than 5 times')]
    assert told(server.url + "/round") == [("warn", 'the link "Page 1" is redirected more than 5 times')]
    assert "which is no page" in told(server.url + "/out")[0][1]
    assert "which is no page" in told(server.url + "/js")[0][1]


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1", "192.0.2.1"),
        *("::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::"),
        *("64:ff9b::10.0.0.1", "2001:db8::1", "255.255.255.255", "fe80::1%eth0", "nothing", ""),
    ],
)
def test_private_addresses(address):
    """Addresses of this machine, of a home, a company, a cloud's own services, reserved ones: none is public."""
    assert not hosts.is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14"])
def test_public_addresses(address):
    """Those of the Internet are."""
    assert hosts.is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]"])
def test_never_this_machine(server, host):
    """Without leave for it no server of this machine is asked, in whatever way its address is written."""
    (found,) = Reach().faults(mail(f"http://{host}:{server.server_port}/there"))
    assert found.level == "error"
    assert "private address" in found.message
    assert server.asked == []


def resolving(monkeypatch, names):
    """Let hosts resolve to these addresses, each look-up to the next of its own; the look-ups are counted."""
    counts = Counter()
    real = anyio.getaddrinfo

    async def resolve(host, port, **options):
        if host not in names:
            return await real(host, port, **options)
        address = names[host][min(counts[host], len(names[host]) - 1)]
        counts[host] += 1
        if isinstance(address, Exception):
            raise address
        found = [address] if isinstance(address, str) else address
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    monkeypatch.setattr(anyio, "getaddrinfo", resolve)
    return counts


def test_redirect_to_a_private_address(server, monkeypatch):
    """A redirect to a private address is not followed, to a name of one neither."""
    monkeypatch.setattr(reach, "is_public", lambda address: address == "127.0.0.1")
    resolving(monkeypatch, {"inner.example.com": ["127.0.0.2"]})
    with serving("127.0.0.2") as inner:
        server.redirects["/address"] = f"{inner.url}/there"
        server.redirects["/name"] = f"http://inner.example.com:{inner.server_port}/there"
        for path in ("/address", "/name"):
            (found,) = Reach().faults(mail(server.url + path))
            assert (found.level, "private address 127.0.0.2" in found.message) == ("error", True)
        assert inner.asked == []


def test_rebinding(server, monkeypatch):
    """A host is resolved once, and what was looked at is what is connected to: a second answer changes nothing."""
    monkeypatch.setattr(reach, "is_public", lambda address: address == "127.0.0.1")
    counts = resolving(monkeypatch, {"rebinding.example.com": ["127.0.0.1", "127.0.0.2"]})
    with serving("127.0.0.2") as inner:
        host = f"rebinding.example.com:{server.server_port}"
        assert list(Reach().faults(mail(f"http://{host}/there"))) == []
        assert server.asked == [("HEAD", "/there", host)]
        assert (counts["rebinding.example.com"], inner.asked) == (1, [])


def test_one_private_address_of_several(server, monkeypatch):
    """A host that has a private address beside a public one is not asked."""
    monkeypatch.setattr(reach, "is_public", lambda address: address == "127.0.0.1")
    resolving(monkeypatch, {"two.example.com": [["127.0.0.1", "127.0.0.2"]]})
    (found,) = Reach().faults(mail(f"http://two.example.com:{server.server_port}/there"))
    assert "private address 127.0.0.2" in found.message
    assert server.asked == []


def test_second_address(server, monkeypatch):
    """Where the first address of a host doesn't answer, the next is tried."""
    resolving(monkeypatch, {"two.example.com": [["127.0.0.3", "127.0.0.1"]]})
    assert told(f"http://two.example.com:{server.server_port}/there") == []


@pytest.mark.parametrize(
    ("error", "level", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "no"), "error", "leads to a host that is not there"),
        (socket.gaierror(socket.EAI_AGAIN, "no"), "warn", "leads to a host that was not found now"),
    ],
)
def test_names(monkeypatch, error, level, words):
    """A name that there isn't is an error; one that isn't found now a warning."""
    resolving(monkeypatch, {"gone.example.com": [error]})
    ((found, message),) = told("https://gone.example.com/")
    assert (found, words in message) == (level, True)


@pytest.fixture
def certificate(tmp_path):
    """A certificate of its own for secure.example.com, with its key, in one file."""
    if not shutil.which("openssl"):
        pytest.skip("there is no openssl")
    file = tmp_path / "certificate.pem"
    made = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=a -addext subjectAltName=DNS:secure.example.com"
    subprocess.run([*made.split(), "-keyout", file, "-out", tmp_path / "own.pem"], check=True, capture_output=True)
    file.write_bytes(file.read_bytes() + (tmp_path / "own.pem").read_bytes())
    return file


def test_certificates(certificate, monkeypatch):
    """A certificate has to be a trusted one, and the host's own, though it is an address that is connected to."""
    resolving(monkeypatch, {"secure.example.com": ["127.0.0.1"], "other.example.com": ["127.0.0.1"]})
    with serving(certificate=certificate) as server:
        secure, other = (f"https://{name}.example.com:{server.server_port}/there" for name in ("secure", "other"))
        ((level, message),) = told(secure)
        assert (level, "whose certificate is not valid" in message) == ("warn", True)
        trusting = ssl.create_default_context(cafile=certificate)
        monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
        assert told(secure) == []
        ((level, message),) = told(other)
        assert (level, "whose certificate is not valid" in message) == ("warn", True)
