"""The service as an ASGI application: its paths, and who answers there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from pipeline import templates
from pipeline.errors import PipelineError
from pipeline.web.signup.guard import Guard
from pipeline.web.signup.leaving import Leaving
from pipeline.web.signup.openapi import description
from pipeline.web.signup.preferring import Preferring
from pipeline.web.signup.reading import wants_json
from pipeline.web.signup.service import Service
from pipeline.web.signup.subscribing import Subscribing

SCRIPT = Path(__file__).with_name("form.js")
BUSY_FOR = "30"
Endpoint = Callable[[Request], Awaitable[Response]]


class About:
    """What the service tells of itself."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.described = description(service.settings.public_url, service.newsletter.name)
        self.styles = templates.render_styles(service.newsletter, service.pages.environment)
        self.script = SCRIPT.read_text(encoding="utf-8")

    async def health(self, request: Request) -> Response:
        """Whether it can answer anybody: also the database has to."""
        try:
            await self.service.do(self.service.store.by_id, 0)
        except PipelineError:
            return JSONResponse({"status": "busy"}, 503, {"Retry-After": BUSY_FOR})
        return JSONResponse({"status": "ok"})

    async def openapi(self, request: Request) -> Response:
        return JSONResponse(self.described)

    async def style(self, request: Request) -> Response:
        return Response(self.styles, media_type="text/css", headers={"Cache-Control": "public, max-age=300"})

    async def form_script(self, request: Request) -> Response:
        return Response(self.script, media_type="text/javascript", headers={"Cache-Control": "public, max-age=300"})


def application(service: Service, upkeep: AbstractAsyncContextManager[None] | None = None) -> Guard:
    """The service; its upkeep, if it has one, is at work as long as it answers."""

    @asynccontextmanager
    async def running(_: object) -> AsyncIterator[None]:
        try:
            async with upkeep or nullcontext():
                yield
        finally:
            service.close()

    return Guard(Router(_routes(service), redirect_slashes=False, lifespan=running), partial(_fault, service))


def _routes(service: Service) -> Sequence[Route]:
    people, leaving, preferring = Subscribing(service), Leaving(service), Preferring(service)
    about = About(service)
    # They are looked through in this order: first what most people ask for.
    answers = (
        ("/subscribe", "POST", people.subscribe),
        ("/subscribe", "OPTIONS", people.sharing),
        ("/unsubscribe", "POST", leaving.unsubscribe),
        ("/unsubscribe", "GET", leaving.unsubscribing),
        ("/confirm", "GET", people.confirmation),
        ("/confirm", "POST", people.confirm),
        ("/", "GET", people.form),
        ("/form", "GET", people.fresh_form),
        ("/form", "OPTIONS", people.sharing),
        ("/preferences", "GET", preferring.preferences),
        ("/preferences", "POST", preferring.prefer),
        ("/move", "POST", preferring.move),
        ("/address", "GET", preferring.address),
        ("/address", "POST", preferring.change_address),
        ("/data", "GET", leaving.data),
        ("/erase", "GET", leaving.erasing),
        ("/erase", "POST", leaving.erase),
        ("/health", "GET", about.health),
        ("/openapi.json", "GET", about.openapi),
        ("/style.css", "GET", about.style),
        ("/form.js", "GET", about.form_script),
    )
    by_path: dict[str, dict[str, Endpoint]] = {}
    for path, method, answer in answers:
        by_path.setdefault(path, {})[method] = answer
    return [Route(service.root + path, _Page(found), methods=[*found]) for path, found in by_path.items()]


class _Page:
    """What stands at a path, with all of its methods, so that whoever asks in a wrong way is told the right ones."""

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._endpoints["GET" if scope["method"] == "HEAD" else scope["method"]]
        answer = await endpoint(Request(scope, receive))
        await answer(scope, receive, send)


def _fault(service: Service, request: Request, error: Exception) -> Response:
    """What a person can do about it. An HTTPException is the client's doing, a PipelineError passes."""
    if isinstance(error, HTTPException):
        status, headers = error.status_code, dict(error.headers or {})
    elif isinstance(error, PipelineError):
        status, headers = 503, {"Retry-After": BUSY_FOR}
    else:
        status, headers = 500, {}
    if status == 408:
        headers["Connection"] = "close"
    language = service.pages.language(request)
    if wants_json(request):
        return JSONResponse({"message": service.pages.words("fault", language)}, status, headers)
    try:
        answer = service.pages.show("fault", language, status, status=status)
    except PipelineError:
        return PlainTextResponse("Please try again later.\n", status, headers)
    answer.headers.update(headers)
    return answer
