"""web/server.py: a port that is free."""

import socket

import pytest

from pipeline.errors import ConfigurationError
from pipeline.web import server


def test_next_free_port():
    """A port that is taken gives the next one that is free."""
    with server.listen("127.0.0.1", 0) as first:
        taken = first.getsockname()[1]
        with server.listen("127.0.0.1", taken) as second:
            assert taken < second.getsockname()[1] <= taken + server.MOST_TRIES


def test_url():
    """The URL is one that a browser opens; an IPv6 address stands in brackets."""
    with server.listen("127.0.0.1", 0) as listener:
        assert server.url_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}/"
        assert server.is_loopback(listener)
    if socket.has_ipv6:
        with server.listen("::1", 0) as listener:
            assert server.url_of(listener) == f"http://[::1]:{listener.getsockname()[1]}/"


def test_everywhere_is_not_loopback():
    """A server that listens everywhere can be reached by others."""
    with server.listen("0.0.0.0", 0) as listener:
        assert not server.is_loopback(listener)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1", "a" * 300])
def test_no_such_address(host):
    """An address that isn't this machine's is told as one."""
    with pytest.raises(ConfigurationError, match=f"--host {host}"):
        server.listen(host, 0)


def test_last_ports():
    """Behind the last port there is no next one."""
    with server.listen("127.0.0.1", 65_535) as listener, pytest.raises(ConfigurationError, match="all taken"):
        server.listen("127.0.0.1", listener.getsockname()[1])


def test_answers_leave_at_once():
    """asyncio sends small packets without waiting for others on sockets that say they are TCP's, and on no others."""
    with server.listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
