"""A request's body -> its fields: a form's, of either kind, or a JSON object's. What is no such body is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

MOST_BYTES = 64 * 1024
MOST_FIELDS = 200
JSON = "application/json"
SECONDS = 10
"""What a client has to send its body in, that holds a connection and nothing else meanwhile."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What was sent, each field with all of its values in their order. ``is_json`` where that was a JSON object."""

    values: Mapping[str, tuple[str, ...]]
    is_json: bool = False

    def text(self, name: str) -> str:
        """The field's first value, "" where there is none."""
        return next(iter(self.texts(name)), "")

    def texts(self, name: str) -> tuple[str, ...]:
        return self.values.get(name, ())


def wants_json(request: Request) -> bool:
    """Whether a program asks that takes JSON for an answer: it says so, or sends some itself."""
    return JSON in request.headers.get("accept", "") or _kind(request) == JSON


async def read_body(request: Request) -> bytes:
    """The whole body. Raises an HTTPException: 413 where it is too large, 408 where it takes too long."""
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > MOST_BYTES:
        raise HTTPException(413)
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise HTTPException(413)
    except TimeoutError as error:
        raise HTTPException(408) from error
    except ClientDisconnect as error:
        raise HTTPException(400) from error
    return bytes(body)


async def read_fields(request: Request) -> Fields:
    """The body's fields. Raises an HTTPException: 415 for other kinds of body, 400 for a broken one."""
    body = await read_body(request)
    try:
        match _kind(request):
            case "application/json":
                return Fields(_of_json(json.loads(body)), is_json=True)
            case "application/x-www-form-urlencoded":
                return Fields(_collected(_pairs(body)))
            case "multipart/form-data":
                return Fields(_collected(await _parts(request, body)))
            case "" if not body:
                return Fields({})
    except (ValueError, RecursionError, MultiPartException) as error:
        raise HTTPException(400) from error
    raise HTTPException(415)


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _pairs(body: bytes) -> list[tuple[str, str]]:
    text = body.decode("ascii")  # everything else is percent-encoded
    return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)


async def _parts(request: Request, body: bytes) -> list[tuple[str, str]]:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield body
        yield b""

    try:
        parser = MultiPartParser(
            request.headers,
            stream(),
            max_files=0,
            max_fields=MOST_FIELDS,
            max_part_size=MOST_BYTES,
        )
        form = await parser.parse()
    except LookupError as error:  # no boundary; a character set that nobody knows
        raise ValueError(str(error)) from error
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]


def _of_json(value: Any) -> dict[str, tuple[str, ...]]:
    """Texts and lists of texts. Raises a ValueError for everything else."""
    if not isinstance(value, dict) or len(value) > MOST_FIELDS:
        raise ValueError("no object")
    found = {name: tuple(one) if isinstance(one, list) else (one,) for name, one in value.items() if one is not None}
    return _checked({name: values for name, values in found.items() if values})


def _collected(pairs: list[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return _checked({name: tuple(values) for name, values in found.items()})


def _checked(found: dict[str, tuple[Any, ...]]) -> dict[str, tuple[str, ...]]:
    """What is text that every database and mail takes. Raises a ValueError for half a character and the like."""
    for values in found.values():
        for value in values:
            if not isinstance(value, str) or "\0" in value:
                raise ValueError("no text")
            value.encode()
    return found
