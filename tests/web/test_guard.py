"""web/guard.py: who is answered."""

import socket

import pytest

from pipeline.web.guard import answers_to, host_name


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost", "localhost"),
        ("LOCALHOST:8010", "localhost"),
        ("127.0.0.1:8010", "127.0.0.1"),
        ("[::1]:8010", "::1"),
        ("[::1]", "::1"),
        ("blog.example.com", "blog.example.com"),
        ("", None),
        (":8010", None),
        ("localhost:", None),
        ("localhost:port", None),
        ("localhost:123456", None),
        ("user@localhost", None),
        ("localhost/evil.example", None),
        ("localhost evil.example", None),
        ("localhost,evil.example", None),
        ("::1", None),
        ("[::1", None),
        ("lócalhost", None),
        ("localhost\n", None),
    ],
)
def test_host_name(header, name):
    """A Host header is a name or an address and perhaps a port, and nothing else."""
    assert host_name(header) == name


@pytest.mark.parametrize("header", ["localhost", "127.0.0.1:1", "[::1]:65535"])
def test_loopback(header):
    """A server on loopback goes by loopback's names, on whichever port they were forwarded from."""
    assert answers_to(header, "127.0.0.1")


@pytest.mark.parametrize(
    "header",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "localhost.", "10.0.0.1", "127.1", ""],
)
def test_not_loopback(header):
    """It goes by no other name: a site's own name that was rebound to this machine is one."""
    assert not answers_to(header, "127.0.0.1")


def test_bound_to_more():
    """A server for others goes by its own name, this machine's, and any address in digits; by no other name."""
    for header in ("10.0.0.1:8010", "[2001:db8::1]", "preview.lan", socket.gethostname(), "localhost"):
        assert answers_to(header, "preview.lan")
    assert not answers_to("evil.example", "0.0.0.0")
