"""The preview: what ``pipeline build`` would write, in the browser, at each save.

The page asks for one stream of events, and for the mail as a document of its own in a frame.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import anyio
from sse_starlette import EventSourceResponse
from sse_starlette.sse import AppStatus
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from pipeline import build, clients, mime
from pipeline.errors import PipelineError
from pipeline.model import Email, Persona
from pipeline.web import views
from pipeline.web.guard import Guard
from pipeline.web.live import KINDS, Look, Page
from pipeline.web.windows import Windows

PAGE_FOLDER = Path(__file__).with_name("page")
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg")

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# `allow-same-origin` lets our page read where the mail is scrolled to; without `allow-scripts` nothing in it runs.
MAIL_POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

# Streams end when the server says that it stops, and then whole.
AppStatus.disable_automatic_graceful_drain()  # type: ignore[no-untyped-call]


class Routes:
    """What the preview answers; all of it is asked with GET."""

    def __init__(self, windows: Windows) -> None:
        self.windows = windows

    async def shell(self, request: Request) -> Response:
        return FileResponse(PAGE_FOLDER / "index.html", headers={"Content-Security-Policy": PAGE_POLICY})

    async def events(self, request: Request) -> Response:
        kind, _, slug = request.query_params.get("page", "").partition("/")
        return EventSourceResponse(self.windows.events(_page(kind, slug) if kind else None))

    async def mail(self, request: Request) -> Response:
        look, query = await self.asked_for(request), request.query_params
        view = views.View(
            reader=_reader(query.get("reader"), look),
            client=_client(query.get("client")),
            scheme="dark" if query.get("scheme") == "dark" else "light",
            images=query.get("images") != "off",
        )
        draw = DRAWN.get(query.get("view", "html"))
        if draw is None:
            raise HTTPException(404)
        html = await anyio.to_thread.run_sync(draw, look, view)
        return HTMLResponse(html, headers={"Content-Security-Policy": MAIL_POLICY})

    async def notes(self, request: Request) -> Response:
        look, client = await self.asked_for(request), _client(request.query_params.get("client"))
        if client is None:
            raise HTTPException(404)
        reader = _reader(request.query_params.get("reader"), look)
        rules = await anyio.to_thread.run_sync(lambda: views.approximation(_email(look), reader, client).rules)
        return JSONResponse({"rules": [asdict(rule) for rule in rules]})

    async def file(self, request: Request) -> Response:
        take = TAKEN.get(request.path_params["name"])
        look = await self.asked_for(request)
        if take is None:
            raise HTTPException(404)
        reader = _reader(request.query_params.get("reader"), look)
        return take(build.fill_email(_email(look), views.values(reader)), look)

    async def asked_for(self, request: Request) -> Look:
        """The page that the address names, as it looks now. 404 where it has never looked like anything."""
        page = _page(request.path_params["kind"], request.path_params["slug"])
        look = await self.windows.ask(self.windows.live.look, page)
        if look.email is None:
            raise HTTPException(404, _printable("\n".join(str(error) for error in look.errors)))
        return look


class Pictures(StaticFiles):
    """The pictures under ``content/``, and no other file of it."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Where the file really is, so that nothing else goes by a picture's name."""
        try:
            found, status = super().lookup_path(path)
        except OSError:  # a link that leads to itself, a folder that may not be entered
            return "", None
        return (found, status) if found.lower().endswith(PICTURES) else ("", None)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update({"Content-Security-Policy": PICTURE_POLICY, "Cache-Control": "no-cache"})
        return response


DRAWN: Mapping[str, Callable[[Look, views.View], str]] = {
    "html": lambda look, view: views.mail(_email(look), view, look.newsletter.asset_url if look.newsletter else ""),
    "text": lambda look, view: views.text(_email(look), view),
    "source": lambda look, view: views.source(_email(look), view),
}


def _message(email: Email, look: Look) -> Response:
    assert look.newsletter
    name = f'attachment; filename="{mime.atoms(email.slug)}.eml"'
    message = mime.message(email, look.newsletter)
    return Response(message, media_type="message/rfc822", headers={"Content-Disposition": name})


# The files that a build would write, as they would be for one reader.
TAKEN: Mapping[str, Callable[[Email, Look], Response]] = {
    "digest.html": lambda email, look: HTMLResponse(email.html, headers={"Content-Security-Policy": MAIL_POLICY}),
    "digest.txt": lambda email, look: PlainTextResponse(email.text),
    "message.eml": _message,
}


def application(windows: Windows, host: str) -> Guard:
    """The preview as an ASGI application that answers to this address only."""
    routes = Routes(windows)
    app = Starlette(
        routes=[
            Route("/", routes.shell),
            Route("/events", routes.events),
            Route("/mail/{kind}/{slug}", routes.mail),
            Route("/notes/{kind}/{slug}", routes.notes),
            Route("/files/{kind}/{slug}/{name}", routes.file),
            Mount("/pictures", Pictures(directory=windows.live.folder / "content")),
            Mount("/static", StaticFiles(directory=PAGE_FOLDER)),
            *(Route(f"/{kind}/{{slug}}", routes.shell) for kind in KINDS),
        ],
        exception_handlers={PipelineError: _unready},
        lifespan=windows.running,
    )
    return Guard(app, host)


async def _unready(request: Request, error: Exception) -> Response:
    return PlainTextResponse(_printable(f"{error}\n"), 422)


def _printable(text: str) -> str:
    """The text without the halves of characters that stand for a file name's odd bytes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _page(kind: str, slug: str) -> Page:
    known = next((one for one in KINDS if one == kind), None)
    if known is None or not slug:
        raise HTTPException(404)
    return Page(known, slug)


def _email(look: Look) -> Email:
    assert look.email  # asked_for has seen to it
    return look.email


def _reader(key: str | None, look: Look) -> Persona | None:
    found = next((persona for persona in look.personas if persona.key == key), None)
    if key and found is None:
        raise HTTPException(404, f"there is no reader {key!r} in content/personas.yaml")
    return found


def _client(key: str | None) -> clients.Client | None:
    if key and key not in clients.CLIENTS:
        raise HTTPException(404, f"there is no client {key!r}")
    return clients.CLIENTS[key] if key else None
