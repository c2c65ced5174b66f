"""What the service answers to what -> its OpenAPI 3.1 description (https://spec.openapis.org/oas/v3.1.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.audience.rhythm import RHYTHMS
from pipeline.audience.subscriber import LONGEST

Json = dict[str, Any]

_TEXT: Json = {"type": "string"}
_MESSAGE: Json = {"type": "object", "required": ["message"], "properties": {"message": _TEXT}}
_TOKEN: Json = {
    "name": "t",
    "in": "query",
    "required": True,
    "description": "The signed token of a link in a mail.",
    "schema": {"type": "string", "minLength": 1},
}
_LANGUAGE: Json = {
    "name": "language",
    "in": "query",
    "description": "The one that the page with the button was in.",
    "schema": _TEXT,
}
_FORM: Json = {
    "name": "form",
    "in": "query",
    "description": "The token that the form was pasted with.",
    "schema": _TEXT,
}
_TEXTS: Json = {"type": "array", "items": _TEXT}
_SUBSCRIBE: Json = {
    "type": "object",
    "required": ["email", "form"],
    "properties": {
        "email": {"type": "string", "format": "email", "maxLength": 254},
        "form": {"type": "string", "description": "A token of /form, or the one that the form was pasted with."},
        "wording": {"type": "string", "description": "What the form asked, where it isn't what it asks today."},
        "name": {"type": "string", "maxLength": LONGEST},
        "topics": _TEXTS,
    },
}
_PREFERENCES: Json = {
    "type": "object",
    "description": "All of a reader's preferences: what is left out is emptied.",
    "required": ["rhythm"],
    "properties": {
        "rhythm": {"type": "string", "enum": list(RHYTHMS)},
        "paused_until": {"type": "string", "description": "A date, or empty."},
        "topics": _TEXTS,
        "mood": {"type": "string", "maxLength": LONGEST},
        "kinds": _TEXTS,
        "minutes": {"type": "string", "description": "The longest length of a track, or a span such as 5-10."},
        "language": {"type": "string"},
        "name": {"type": "string", "maxLength": LONGEST},
    },
}
_MOVE: Json = {"type": "object", "required": ["email"], "properties": {"email": _SUBSCRIBE["properties"]["email"]}}
_ONE_CLICK: Json = {"type": "object", "properties": {"List-Unsubscribe": {"type": "string", "const": "One-Click"}}}
_FORM_KINDS = ("application/x-www-form-urlencoded", "multipart/form-data")
_BODY_KINDS = (*_FORM_KINDS, "application/json")
_FAULTS = {
    "400": "The request is broken.",
    "405": "There is another way to ask this.",
    "408": "The request took too long.",
    "413": "The body is larger than 64 KB.",
    "429": "Too much has come from one place; Retry-After says when to come again.",
    "503": "Closed, or busy; Retry-After says when to come again.",
}


def description(public_url: str, name: str) -> Json:
    """The description of the service that is found at this address."""
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{name}: sign-up", "version": "1"},
        "servers": [{"url": public_url}],
        "paths": _paths(),
    }


def _paths() -> Json:
    return {
        "/": {"get": _operation("The form.", _page(200, 503))},
        "/form": {
            "get": _operation("A fresh token for the form.", {"200": _answer("The token.", _fresh())}, [_FORM]),
        },
        "/subscribe": {
            "post": _operation(
                "Sign up. The answer is the same whatever is known of the address.",
                _either(200, 400, 408, 413, 415, 422, 429, 503),
                body=_body(_SUBSCRIBE, *_BODY_KINDS),
            ),
        },
        "/confirm": _asked_twice("Confirm the address."),
        "/address": _asked_twice("Confirm a new address."),
        "/unsubscribe": {
            "get": _operation("A page with a button.", _page(200, 404), [_TOKEN]),
            "post": _operation(
                "Unsubscribe at once (RFC 8058).",
                _page(200, 404) | _either(400, 408, 413, 503),
                [_TOKEN, _LANGUAGE],
                {"required": False, "content": {kind: {"schema": _ONE_CLICK} for kind in _FORM_KINDS}},
            ),
        },
        "/preferences": {
            "get": _operation("The preference centre.", _page(200, 404), [_TOKEN]),
            "post": _operation(
                "Keep what a reader wants.",
                _page(200, 404, 422) | _either(400, 408, 413, 415, 503),
                [_TOKEN, _LANGUAGE],
                _body(_PREFERENCES, *_BODY_KINDS),
            ),
        },
        "/move": {
            "post": _operation(
                "Ask for another address.",
                _page(200, 404, 422, 429) | _either(400, 408, 413, 415, 503),
                [_TOKEN],
                _body(_MOVE, *_BODY_KINDS),
            ),
        },
        "/data": {
            "get": _operation(
                "All that is held about a reader.",
                {"200": _answer("The data.", {"type": "object"}), **_page(404)},
                [_TOKEN],
            ),
        },
        "/erase": _asked_twice("Erase all that is held about a reader."),
        "/health": {
            "get": _operation("Whether the service can answer.", {"200": _status("It can."), "503": _status("Busy.")}),
        },
    }


def _asked_twice(summary: str) -> Json:
    return {
        "get": _operation(f"{summary} A page with a button.", _page(200, 404), [_TOKEN]),
        "post": _operation(summary, _page(200, 404) | _either(400, 408, 413, 503), [_TOKEN, _LANGUAGE]),
    }


def _operation(
    summary: str, answers: Mapping[str, Json], parameters: list[Json] | None = None, body: Json | None = None
) -> Json:
    found: Json = {"summary": summary, "responses": dict(answers)}
    if parameters:
        found["parameters"] = parameters
    if body:
        found["requestBody"] = body
    return found


def _page(*statuses: int) -> dict[str, Json]:
    """A page for people, whoever asks."""
    return _told(statuses, {"text/html": {"schema": _TEXT}})


def _either(*statuses: int) -> dict[str, Json]:
    """A page, or a message for a program that takes JSON or sends it."""
    return _told(statuses, {"text/html": {"schema": _TEXT}, "application/json": {"schema": _MESSAGE}})


def _told(statuses: Iterable[int], kinds: Json) -> dict[str, Json]:
    return {str(status): {"description": _FAULTS.get(str(status), "A page."), "content": kinds} for status in statuses}


def _answer(told: str, schema: Json) -> Json:
    return {"description": told, "content": {"application/json": {"schema": schema}}}


def _fresh() -> Json:
    return {
        "type": "object",
        "required": ["form", "wait"],
        "properties": {
            "form": {"type": "string"},
            "wait": {"type": "number", "description": "Seconds after which the token counts."},
        },
    }


def _status(told: str) -> Json:
    return _answer(told, {"type": "object", "required": ["status"], "properties": {"status": _TEXT}})


def _body(schema: Json, *kinds: str) -> Json:
    return {"required": True, "content": {kind: {"schema": schema} for kind in kinds}}
