"""signup/guard.py: what every answer has, and what is told of what fails."""

import asyncio

import pytest
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

from pipeline.web.signup import guard
from pipeline.web.signup.guard import HEADERS, Guard
from tests.loops import in_a_loop

WHO = "ann@example.com"


def fault(request, error):
    return PlainTextResponse("fault", getattr(error, "status_code", 500))


def asked(app, fault=fault):
    """All that the application sends to one request, and its status."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    in_a_loop(Guard(app, fault)(scope, receive, send))
    return sent[0]["status"], b"".join(one.get("body", b"") for one in sent), dict(sent[0]["headers"])


def failing(error, after=None):
    async def app(scope, receive, send):
        if after:
            await after(scope, receive, send)
        raise error

    return app


def test_headers():
    """Every answer has what keeps it to the reader; one that says it otherwise is left as it is."""
    status, body, headers = asked(PlainTextResponse("hello", headers={"Cache-Control": "max-age=300"}))
    assert (status, body) == (200, b"hello")
    own = {name.lower().encode(): value.encode() for name, value in HEADERS.items()} | {
        b"cache-control": b"max-age=300"
    }
    assert own.items() <= headers.items()


@pytest.mark.parametrize(("error", "status", "logged"), [(HTTPException(404), 404, 0), (KeyError(WHO), 500, 1)])
def test_what_fails(caplog, error, status, logged):
    """What fails is told by the service's own answer, and in the log by kind and place; what a client does isn't."""
    assert asked(failing(error))[:2] == (status, b"fault")
    assert [one.partition(" at ")[0] for one in caplog.messages] == ["KeyError"] * logged
    assert WHO not in caplog.text


def test_what_fails_while_it_is_told(caplog):
    """Where even that answer can't be made, there is a plain one."""

    def broken(request, error):
        raise ValueError(WHO)

    status, body, headers = asked(failing(KeyError(WHO)), broken)
    assert (status, body, headers[b"retry-after"]) == (500, b"Please try again later.\n", b"60")
    assert [one.partition(" at ")[0] for one in caplog.messages] == ["KeyError", "ValueError"]
    assert WHO not in caplog.text


def test_what_fails_when_it_has_begun(caplog):
    """An answer that has begun isn't followed by another one."""
    assert asked(failing(HTTPException(404), PlainTextResponse("hello")))[:2] == (200, b"hello")
    assert [one.partition(" at ")[0] for one in caplog.messages] == ["HTTPException"]


def test_what_takes_too_long(monkeypatch, caplog):
    """Nobody waits for ever."""
    monkeypatch.setattr(guard, "SECONDS", 0.01)

    async def slow(scope, receive, send):
        await asyncio.sleep(5)

    status, body, headers = asked(slow)
    assert (status, body, headers[b"retry-after"]) == (503, b"Please try again later.\n", b"60")
    assert [one.partition(" at ")[0] for one in caplog.messages] == ["TimeoutError"]
