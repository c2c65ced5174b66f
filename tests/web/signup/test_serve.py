"""`pipeline serve` and `pipeline form`: the service as a process of its own, and what it says about people: nothing."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from urllib.parse import quote, urlencode

import dkim
import pytest

from pipeline.delivery.dkim import Signer
from tests import folders
from tests.delivery.test_dkim import ed25519_key
from tests.web.signup.serving import SECONDS, URLENCODED

# Each test starts processes.
pytestmark = pytest.mark.slow

SECRET = "canary-secret-0123456789-0123456789-0123456789"
CANARY = "canary.of.the.mine@example.com"


def pipeline(folder, *arguments, **environment):
    return {
        "args": [sys.executable, "-m", "pipeline", *arguments, "--project", str(folder)],
        "env": {**os.environ, "PYTHONPATH": str(folders.REPOSITORY), **environment},
        "text": True,
    }


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(folders.REPOSITORY / "templates", tmp_path / "templates")
    return folders.make(tmp_path)


@pytest.fixture
def serve(folder, tmp_path):
    """Starts a service; gives its port and what it has said so far."""
    running = []

    def serve(**environment):
        said = tmp_path / "said.txt"
        with said.open("w") as out:
            process = subprocess.Popen(
                **pipeline(folder, "serve", "--port", "0", **environment), stdout=out, stderr=subprocess.STDOUT
            )
        running.append(process)
        end = time.monotonic() + SECONDS
        while "Ctrl-C" not in said.read_text():
            assert process.poll() is None and time.monotonic() < end, said.read_text()
            time.sleep(0.05)
        return int(re.search(r":(\d+)/", said.read_text())[1]), said, process

    yield serve
    for process in running:
        if process.poll() is None:
            process.terminate()
        process.wait(SECONDS)


def ask(port, method, target, body=None, headers=None):
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    connection.request(method, target, body, headers or {})
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    connection.close()
    return found


def form_of(page):
    return re.search(r'name="form" value="([^"]+)"', page)[1]


def mail_to(folder, address):
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        for file in (folder / "outbox/.mail").glob("*.eml"):
            if address in file.read_text():
                return file.read_text().replace("=\n", "").replace("=\r\n", "").replace("=3D", "=")
        time.sleep(0.05)
    raise AssertionError(f"no mail to {address}")


def test_at_once(serve, folder):
    """It works without any set-up; readers and mails are for their owner alone; a signal ends it."""
    port, _, process = serve()
    form = form_of(ask(port, "GET", "/")[1])
    status, page = ask(
        port, "POST", "/subscribe", urlencode({"email": "ana@example.com", "form": form}), {"Content-Type": URLENCODED}
    )
    assert (status, "Thank you!" in page) == (200, True)
    assert f"http://127.0.0.1:{port}/confirm?t=" in mail_to(folder, "ana@example.com")
    for private in (".audience", ".audience/audience.db", ".audience/secret", "outbox/.mail"):
        assert (folder / private).stat().st_mode & 0o077 == 0
    process.send_signal(signal.SIGINT)
    assert process.wait(SECONDS) == 0


def test_an_impatient_end(serve):
    """However often it is told to end, it does so once and in order: who is still being answered is told to come again,
    and nobody is shown where in the code that was."""
    port, said, process = serve()
    with socket.create_connection(("127.0.0.1", port), SECONDS) as slow:
        slow.sendall(b"POST /unsubscribe HTTP/1.1\r\nHost: here\r\nContent-Length: 26\r\n\r\nList")
        ask(port, "GET", "/health")
        for _ in range(3):
            process.send_signal(signal.SIGINT)
            time.sleep(0.1)
        answer = slow.recv(65_536)
    assert process.wait(SECONDS) == 0
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert "Traceback" not in said.read_text()


def test_signed_mails(serve, folder):
    """With a key, the mails are signed for the sender's domain; with half of what that takes, it doesn't start."""
    key, pem = str(folder / "key.pem"), ed25519_key()
    (folder / "key.pem").write_bytes(pem)
    record = Signer(pem, "news", "blog.example.com").record
    port, _, _ = serve(DKIM_KEY=key, DKIM_SELECTOR="news")
    form = form_of(ask(port, "GET", "/")[1])
    ask(port, "POST", "/subscribe", urlencode({"email": CANARY, "form": form}), {"Content-Type": URLENCODED})
    mail_to(folder, CANARY)
    (mail,) = (folder / "outbox/.mail").glob("*.eml")
    names = []
    assert dkim.verify(mail.read_bytes(), dnsfunc=lambda name, timeout=5: names.append(name) or record.encode())
    assert names == [b"news._domainkey.blog.example.com."]
    for half in ({"DKIM_KEY": key}, {"DKIM_SELECTOR": "news"}):
        done = subprocess.run(**pipeline(folder, "serve", **half), capture_output=True)
        assert (done.returncode, "belong together" in done.stderr) == (78, True)


def test_canary(serve, folder):
    """Neither an address, nor a token, nor the secret stands in what it says, whatever is asked and however wrongly."""
    port, said, process = serve(SECRET_KEY=SECRET)
    form = form_of(ask(port, "GET", "/")[1])
    fields = urlencode({"email": CANARY, "form": form, "name": "Canary Mine"})
    ask(port, "POST", "/subscribe", fields, {"Content-Type": URLENCODED})
    token = re.search(r"/confirm\?t=(\S+)", mail_to(folder, CANARY))[1]
    ask(port, "POST", f"/confirm?t={token}")
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(f"BROKEN {CANARY} {token}\r\n\r\n".encode())
        client.recv(1000)
    for target in (f"/confirm?t={token}", f"/confirm?t={token}x", f"/nothing/{quote(CANARY)}", f"/move?t={token}"):
        for method in ("GET", "POST", "BREW"):
            ask(port, method, target, fields, {"Content-Type": URLENCODED, "X-Forwarded-For": CANARY})
    ask(port, "POST", "/subscribe", "{" + CANARY, {"Content-Type": "application/json"})
    database = folder / ".audience/audience.db"
    database.rename(database.with_suffix(".away"))
    database.mkdir()  # nothing works any more
    for _ in range(3):
        ask(port, "POST", "/subscribe", urlencode({"email": f"x{CANARY}", "form": form}), {"Content-Type": URLENCODED})
        ask(port, "GET", f"/preferences?t={token}")
    process.terminate()
    process.wait(SECONDS)
    told = said.read_text()
    assert "signed up: reader 1\n" in told and "confirmed: reader 1\n" in told
    for secret in (CANARY, "canary", "Canary", token, token.partition(".")[2], form, SECRET):
        assert secret not in told


def test_form(folder):
    """The form is whole by itself, and leads to the service; in a language that there are no words in there is none."""
    away = {"PUBLIC_URL": "https://news.example.com/n"}
    found = subprocess.run(**pipeline(folder, "form", **away), capture_output=True, check=True).stdout
    assert 'action="https://news.example.com/n/subscribe"' in found
    assert "Stay Updated: get the latest from the blog" in found
    assert not re.search(r"(?:src|href)=|@import|url\(", found)
    german = subprocess.run(**pipeline(folder, "form", "--language", "de", **away), capture_output=True).stdout
    assert 'lang="de"' in german
    none = subprocess.run(**pipeline(folder, "form", "--language", "xx", **away), capture_output=True)
    assert (none.returncode, "templates/strings/" in none.stderr) == (78, True)
