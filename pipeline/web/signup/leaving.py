"""Off the list: at once, by one press of a button or by the mail program's own; and out of all that is held."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response

from pipeline.audience import exports
from pipeline.audience.store import Unsubscribe
from pipeline.audience.subscriber import Subscriber
from pipeline.web.signup.forms import Form
from pipeline.web.signup.pages import shown_address
from pipeline.web.signup.reading import read_body
from pipeline.web.signup.service import Service, log, token_of

# RFC 8058, 3.2; in a form's body of either kind.
ONE_CLICK = b"One-Click"


class Leaving:
    """The routes of unsubscribing, of a reader's data, and of its erasure."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.pages = service.pages

    async def unsubscribing(self, request: Request) -> Response:
        """Whether they want to leave; who has left is told just that."""
        reader = await self.service.reader(request)
        if reader and reader.state == "unsubscribed":
            return self._left(request, reader)
        return self._asked(request, reader, "unsubscribe")

    async def unsubscribe(self, request: Request) -> Response:
        """RFC 8058: no cookie, no login, no redirect. Whoever isn't there any more has left as well."""
        body = await read_body(request)
        service, number = self.service, self.service.reader_number(request)
        if not number:
            return self.pages.expired(request, "reader")
        if ONE_CLICK in body:
            consent = service.consent("unsubscribed", "one-click", request, Form(self.pages.language(request)))
        else:
            consent = service.consent("unsubscribed", "link", request, service.asked(request, "unsubscribe"))
        reader = await service.settle(Unsubscribe(number, consent, service.now()))
        if reader is None:
            return self.pages.show("erased", self.pages.language(request))
        return self._left(request, reader)

    async def data(self, request: Request) -> Response:
        """All that is held about the reader, as a file."""
        reader = await self.service.reader(request)
        if reader is None:
            return self.pages.expired(request, "reader")
        store = self.service.store
        consents = await self.service.do(lambda: tuple(store.consents_of(reader.id)))
        suppressed = await self.service.do(store.is_suppressed, reader.address)
        held = json.dumps(exports.person(reader, consents, suppressed=suppressed), ensure_ascii=False, indent=2)
        name = 'attachment; filename="stay-updated.json"'
        return Response(held + "\n", media_type="application/json", headers={"Content-Disposition": name})

    async def erasing(self, request: Request) -> Response:
        return self._asked(request, await self.service.reader(request), "erase")

    async def erase(self, request: Request) -> Response:
        await read_body(request)
        service, reader = self.service, await self.service.reader(request)
        if reader is None:
            return self.pages.expired(request, "reader")
        consent = service.consent("erased", "link", request, service.asked(request, "erase"))
        await service.do(service.store.erase, reader.id, consent, service.now())
        log.info("erased: reader %d", reader.id)
        return self.pages.show("erased", self.pages.language(request, reader.preferences.language))

    def _left(self, request: Request, reader: Subscriber) -> Response:
        language = self.pages.language(request, reader.preferences.language)
        return self.pages.show("unsubscribed", language, address=shown_address(reader.address))

    def _asked(self, request: Request, reader: Subscriber | None, page: str) -> Response:
        """A page with a button, and nothing more."""
        if reader is None:
            return self.pages.expired(request, "reader")
        language = self.pages.language(request, reader.preferences.language)
        return self.pages.show(page, language, address=shown_address(reader.address), token=token_of(request))
