"""Transports: a message arrives as it was written, in a file or at a server that is who it says; whatever a server
does instead has one of three names; nothing in an address becomes a command."""

import socket
import stat
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.delivery.transport import Envelope, Files, Smtp, open_transport
from pipeline.errors import ConfigurationError, DeferredError, RefusedError, TransportError
from tests.delivery.mail_server import NAME, PASSWORD, USER, Server, certified, free_port, silent
from tests.loops import in_a_loop

SENDER = "hello@blog.example.com"
MESSAGE = b"From: <hello@blog.example.com>\r\nSubject: Hello\r\n\r\n.\r\n..\r\nFrom here\r\n"
LOGIN = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@"


def envelope(to="ana@example.com", id="confirm-1", message=MESSAGE):
    return Envelope(id, to, message)


def send(transport, *envelopes):
    """What became of each: nothing, or the error; a TransportError ends it."""

    async def sending():
        found = []
        async with transport.connected() as deliver:
            for one in envelopes:
                try:
                    await deliver(one)
                except (DeferredError, RefusedError) as error:
                    found.append(error)
                else:
                    found.append(None)
        return found

    return in_a_loop(sending())


@pytest.fixture
def named(monkeypatch):
    """mail.example.com is on this computer, as far as names go."""
    find = socket.getaddrinfo

    def found(host, *rest, **more):
        return find("127.0.0.1" if host in (NAME, NAME.encode()) else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", found)


def smtp(server, host="127.0.0.1", scheme="smtp", login="", options=""):
    return open_transport(f"{scheme}://{login}{host}:{server.port}{options}", None, SENDER)


# --- Files ---


def test_files(tmp_path):
    """Without a server a message is a file beside the editions, byte for byte, for its owner alone."""
    assert send(open_transport("", tmp_path / "outbox", SENDER), envelope()) == [None]
    file = tmp_path / "outbox/.mail/confirm-1.eml"
    assert file.read_bytes() == MESSAGE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_files_again(tmp_path):
    """Another try makes no second file; one that a killed try has begun is no message."""
    (tmp_path / ".confirm-1.tmp").write_bytes(b"half")
    send(Files(tmp_path), envelope(), envelope(message=b"new"))
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("confirm-1.eml", b"new")]


@pytest.mark.parametrize("id", ["", "../x", "a/b", ".x", "A", "a\0", "a.b"])
def test_files_stay_in_their_folder(tmp_path, id):
    """Only what is a plain name becomes a file's."""
    [found] = send(Files(tmp_path / "mail"), envelope(id=id))
    assert isinstance(found, RefusedError)
    assert not (tmp_path / "mail").exists()


def test_no_folder(tmp_path):
    """A folder that can't be written is an outage: the mail waits."""
    (tmp_path / "mail").write_text("")
    with pytest.raises(TransportError, match="can't be written"):
        send(Files(tmp_path / "mail"), envelope())


# --- A server ---


def test_plain_on_this_computer():
    """This computer's own server gets messages as they are, dots and all, several on one line."""
    with Server().running() as server:
        assert send(smtp(server), envelope(), envelope("ben@example.com")) == [None, None]
    assert server.taken == [("ana@example.com", MESSAGE), ("ben@example.com", MESSAGE)]
    assert (server.connections, server.commands[0]) == (1, "EHLO blog.example.com")


def test_tls_and_login(tmp_path, named):
    """TLS from the start, a name and a password with letters of all kinds."""
    certificate, ca = certified(tmp_path)
    with Server(tls="always", certificate=certificate, asks_for_password=True).running() as server:
        assert send(smtp(server, NAME, "smtps", LOGIN, f"?ca={ca}"), envelope()) == [None]
    assert server.taken == [("ana@example.com", MESSAGE)]


def test_starttls_and_login(tmp_path, named):
    """TLS that begins in the clear."""
    certificate, ca = certified(tmp_path)
    with Server(tls="starttls", certificate=certificate, asks_for_password=True).running() as server:
        assert send(smtp(server, NAME, "smtp", LOGIN, f"?ca={ca}"), envelope()) == [None]
    assert server.taken == [("ana@example.com", MESSAGE)]
    assert server.connections == 2  # once before, once after


def test_starttls_is_required(named):
    """A server elsewhere that has no TLS, or whose TLS somebody on the way has hidden, gets no word."""
    with Server(asks_for_password=True).running() as server, pytest.raises(TransportError, match="no STARTTLS"):
        send(smtp(server, NAME, "smtp", LOGIN), envelope())
    assert server.taken == []


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize("whose", ["another name's", "an unknown authority's"])
def test_certificates(tmp_path, named, scheme, whose):
    """Who can't show that it is the server that was meant gets neither password nor message."""
    certificate, ca = certified(tmp_path, "other.example.com" if whose == "another name's" else NAME)
    options = f"?ca={ca}" if whose == "another name's" else ""
    tls = "always" if scheme == "smtps" else "starttls"
    with (
        Server(tls=tls, certificate=certificate, asks_for_password=True).running() as server,
        pytest.raises(TransportError, match="certificate isn't trusted"),
    ):
        send(smtp(server, NAME, scheme, LOGIN, options), envelope())
    assert server.taken == []


def test_a_wrong_password(tmp_path, named):
    """A password that isn't right is an outage: no message is to blame. The error doesn't tell it."""
    certificate, ca = certified(tmp_path)
    with (
        Server(tls="always", certificate=certificate, asks_for_password=True).running() as server,
        pytest.raises(TransportError, match="535") as told,
    ):
        send(smtp(server, NAME, "smtps", "list:hush@", f"?ca={ca}"), envelope())
    assert "hush" not in str(told.value)


def test_no_server():
    """Nobody there is an outage."""
    with pytest.raises(TransportError, match="can't be used"):
        send(open_transport(f"smtp://127.0.0.1:{free_port()}", None, SENDER), envelope())


@pytest.mark.parametrize("command", ["EHLO", "RCPT", "DATA"])
def test_a_server_that_hangs(command):
    """A server that doesn't answer any more is an outage after the time it has, at whatever it hangs."""
    with Server(hangs_at=command).running() as server, pytest.raises(TransportError, match="too long"):
        send(smtp(server, options="?timeout=0.3"), envelope())


def test_a_server_that_says_nothing():
    """So is one that takes the connection and never says hello, with TLS and without."""
    for scheme in ("smtp", "smtps"):
        with silent() as port, pytest.raises(TransportError, match="too long"):
            send(open_transport(f"{scheme}://127.0.0.1:{port}?timeout=0.3", None, SENDER), envelope())


def test_a_line_that_breaks():
    """A line that breaks before the answer is an outage, though the server has the message."""
    with Server(drops_after_data=1).running() as server, pytest.raises(TransportError):
        send(smtp(server), envelope())
    assert len(server.taken) == 1


@pytest.mark.parametrize(
    ("where", "answer", "kind", "told"),
    [
        ("ana@example.com", "550 5.1.1 <ana@example.com>: unknown", RefusedError, "550 5.1.1"),
        ("ana@example.com", "553 ana@example.com is no name", RefusedError, "553"),
        ("ana@example.com", "450 4.2.1 ana@example.com is full", DeferredError, "450 4.2.1"),
        ("ana@example.com", "451 come back", DeferredError, "451"),
        ("DATA", "554 5.7.1 spam for ana@example.com", RefusedError, "554 5.7.1"),
        ("DATA", "452 4.3.1 disk is full", DeferredError, "452 4.3.1"),
    ],
)
def test_a_message_that_isnt_taken(where, answer, kind, told):
    """What a server won't take is refused for good or put off, the next one goes; the reason has no address in it."""
    with Server(answers={where: answer}).running() as server:
        found, *others = send(smtp(server), envelope(), *([envelope("ben@example.com")] if where != "DATA" else []))
    assert type(found) is kind
    assert str(found) == f"the mail server answered {told}"
    assert others == [None] * len(others)


@pytest.mark.parametrize(
    ("where", "answer"),
    [("MAIL", "550 5.7.1 you are nobody"), ("MAIL", "451 not now"), ("ana@example.com", "421 4.3.2 closing")],
)
def test_a_server_that_takes_nothing(where, answer):
    """A server that doesn't want us, or goes, is an outage: that is no message's fault, and none is lost."""
    with Server(answers={where: answer}).running() as server, pytest.raises(TransportError, match=answer[:3]):
        send(smtp(server), envelope())


HOSTILE = [
    "",
    "ana",
    "ana@",
    "@example.com",
    "ana@example.com\r\nRCPT TO:<eve@example.com>",
    "ana@example.com\nDATA",
    "ana@example.com> SIZE=1",
    "<ana@example.com>",
    "ana@example.com,eve@example.com",
    "ana@example.com eve@example.com",
    '"a b"@example.com',
    "ana@example.com\0",
    "änä@example.com",
    "ana@exämple.com",
    "eve@example.com (ana@example.com)",
    "Ana <ana@example.com>",
]


def test_nothing_in_an_address_becomes_a_command():
    """An address that isn't one plain address is refused before the server hears of it."""
    with Server().running() as server:
        found = send(smtp(server), *(envelope(to) for to in HOSTILE), envelope())
    assert [type(one) for one in found] == [RefusedError] * len(HOSTILE) + [type(None)]
    assert server.commands.count("RCPT") == 1


@given(st.text(max_size=40), st.text("\r\n <>@a.", max_size=10))
def test_any_address(text, more):
    """No text but an address of printable ASCII without blanks and brackets is ever said to a server."""
    from pipeline.delivery.transport import _PATH

    for one in (text, f"{text}@example.com", f"ana@example.com{more}", f"{more}@{text}"):
        if _PATH.fullmatch(one):
            assert one.isascii()
            assert one.isprintable()
            assert not set(one) & set(' <>,;:"()[]\\')
            assert one.count("@") == 1


# --- Where to ---


@pytest.mark.parametrize(
    ("url", "port", "tls"),
    [
        ("smtps://mail.example.com", 465, "always"),
        ("smtp://mail.example.com", 587, "starttls"),
        ("smtp://mail.example.com:25", 25, "starttls"),
        ("smtp://localhost", 25, "never"),
        ("smtp://[::1]:2525/", 2525, "never"),
        ("smtps://localhost", 465, "always"),
        ("smtp://localhost.example.com", 587, "starttls"),
    ],
)
def test_urls(url, port, tls):
    """The scheme says how; only this computer's own server does without TLS."""
    found = open_transport(url, None, SENDER)
    assert isinstance(found, Smtp)
    assert (found.port, found.tls) == (port, tls)


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.com",
        "https://mail.example.com",
        "smtp://",
        "smtp://list:hush@mail.example.com:smtp",
        "smtp://list:hush@mail.example.com/inbox",
        "smtp://list:hush@mail.example.com?starttls=no",
        "smtp://list:hush@mail.example.com?timeout=soon",
        "smtp://list:hush@mail.example.com?timeout=0",
        "smtp://list:hush@mail.example.com?timeout=nan",
        "smtp://list:hush@mail.example.com?ca=/nowhere.pem",
        "smtp://list:hush@[::1",
        "smtp://list:hush@a..b",
    ],
)
def test_urls_that_cant_be_meant(url):
    """What can't be meant stops the start, without telling the password."""
    with pytest.raises(ConfigurationError, match="SMTP_URL") as told:
        open_transport(url, None, SENDER)
    assert "hush" not in str(told.value)


def test_the_password_isnt_shown():
    """What logs show of a transport or an envelope has neither password nor address."""
    assert "hush" not in repr(open_transport("smtp://list:hush@mail.example.com", None, SENDER))
    assert "ana" not in repr(envelope())


def test_a_sender_of_letters():
    """The sender's domain goes to the server in its ASCII form; one that isn't an address stops the start."""
    assert open_transport("smtp://localhost", None, "hello@blög.example").sender == "hello@xn--blg-tna.example"
    with pytest.raises(ConfigurationError, match="no address"):
        open_transport("smtp://localhost", None, "hel lo@blog.example")
