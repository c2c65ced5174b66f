"""From the form to the list: who signs up, and who confirms."""

from __future__ import annotations

import asyncio
import re

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pipeline.audience.store import Confirm, SignUp
from pipeline.audience.subscriber import Preferences
from pipeline.audience.tokens import BadTokenError, Token
from pipeline.recipients.addresses import public_address as checked
from pipeline.web.signup.forms import LEAST
from pipeline.web.signup.pages import shown_address
from pipeline.web.signup.reading import Fields, read_body, read_fields, wants_json
from pipeline.web.signup.service import Service, token_of

# Longer ones are none (RFC 5321, 4.5.3.1.3), and aren't worth a look.
LONGEST_ADDRESS = 254
# A closed service is worth another look in an hour.
CLOSED_FOR = 3600
# Seconds until a sign-up is answered. Each waits for the disk, and what more has to be written for a new address than
# for a known one takes less than that, so that the time tells nothing.
ANSWERED_AFTER = 0.006
_LIKE_A_LINK = re.compile(r"[/\\@:]|\w[.\u3002\uff0e\uff61]\w")
STATUS = {"thanks": 200, "oops": 422, "stale": 422, "often": 429, "closed": 503}


class Subscribing:
    """The routes of the form and of the link in the confirmation mail."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.pages = service.pages

    async def form(self, request: Request) -> Response:
        """The form, on a page of the service's own."""
        language = self.pages.language(request)
        if self.service.settings.closed:
            return self._answer("closed", language, CLOSED_FOR, is_json=False)
        forms = self.service.forms
        wording, token = forms.wordings[language], forms.pasted(language)
        return self.pages.show("signup", language, wording=wording, form=token, service=self.service.root)

    async def fresh_form(self, request: Request) -> Response:
        """A token for the form that the script of a page asks for, and the seconds after which it counts."""
        language = self.pages.language(request)
        token = self.service.forms.fresh(request.query_params.get("form", ""), language, self.service.now())
        return JSONResponse({"form": token, "wait": LEAST.total_seconds()}, headers=self._shared(request))

    async def subscribe(self, request: Request) -> Response:
        """The same answer, after the same time, whatever is known of the address."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        answer = await self._subscribed(request)
        await asyncio.sleep(begun + ANSWERED_AFTER - loop.time())
        answer.headers.update(self._shared(request))
        return answer

    async def _subscribed(self, request: Request) -> Response:
        service, language = self.service, self.pages.language(request)
        is_json = wants_json(request)
        if service.settings.closed:
            await read_body(request)
            return self._answer("closed", language, CLOSED_FOR, is_json=is_json)
        fields = await read_fields(request)
        form = service.forms.read(fields, service.now())
        language = (self.pages.known(form.language) if form else "") or language
        if form and fields.text("website"):  # nobody sees that field
            return self._answer("thanks", language, is_json=is_json)
        address = _address(fields)
        if form is None or not address:
            return self._answer("stale" if address else "oops", language, is_json=is_json)
        wait = service.seconds_to_wait(request, is_fresh=form.is_fresh)
        if wait:
            return self._answer("often", language, wait, is_json=is_json)
        consent = service.consent("asked", "json" if fields.is_json else "form", request, form)
        preferences = Preferences(topics=service.offer.known_topics(fields.texts("topics")), language=language)
        now = service.now()
        await service.ask(SignUp(address, _name(fields), preferences, consent, now))
        return self._answer("thanks", language, is_json=is_json)

    async def sharing(self, request: Request) -> Response:
        """What a browser asks before a page of the blog may send JSON here (CORS, preflight)."""
        headers = self._shared(request)
        if "Access-Control-Allow-Origin" in headers:
            headers |= {"Access-Control-Allow-Methods": "GET, POST", "Access-Control-Allow-Headers": "Content-Type"}
        return Response(status_code=204, headers=headers)

    async def confirmation(self, request: Request) -> Response:
        """One button. Programs that look into mails follow links, so that this changes nothing."""
        token = self._confirmed_by(request)
        reader = await self.service.do(self.service.store.by_id, token.id) if token else None
        if reader is None:
            return self.pages.expired(request, "confirm")
        language = self.pages.language(request, reader.preferences.language)
        name = {"name": reader.name} if reader.name else {}
        address = shown_address(reader.address)
        return self.pages.show("confirm", language, address=address, token=token_of(request), **name)

    async def confirm(self, request: Request) -> Response:
        """On the list, with the same answer however often."""
        await read_body(request)
        service, token = self.service, self._confirmed_by(request)
        if token is None:
            return self.pages.expired(request, "confirm")
        consent = service.consent("confirmed", "link", request, service.asked(request, "confirm"))
        reader = await service.settle(Confirm(token.id, consent, service.now()))
        if reader is None:
            return self.pages.expired(request, "confirm")
        language = self.pages.language(request, reader.preferences.language)
        address = shown_address(reader.address)
        return self.pages.show("confirmed", language, address=address, token=reader.token)

    def _confirmed_by(self, request: Request) -> Token | None:
        try:
            return self.service.signer.read(token_of(request), "confirm", self.service.now())
        except BadTokenError:
            return None

    def _answer(self, name: str, language: str, wait: int = 0, *, is_json: bool) -> Response:
        if is_json:
            answer: Response = JSONResponse({"message": self.pages.words(name, language)}, STATUS[name])
        elif name == "closed":
            answer = self.pages.show(name, language, STATUS[name], said=self.service.settings.closed)
        else:
            answer = self.pages.show(name, language, STATUS[name])
        if wait:
            answer.headers["Retry-After"] = str(wait)
        return answer

    def _shared(self, request: Request) -> dict[str, str]:
        """That a page of the blog may read the answer. No other site's may."""
        blog = self.service.blog
        allowed = {"Access-Control-Allow-Origin": blog} if request.headers.get("origin") == blog else {}
        return {**allowed, "Cross-Origin-Resource-Policy": "cross-origin", "Vary": "Origin, Accept, Accept-Language"}


def _name(fields: Fields) -> str:
    """The name, "" for what a mail program might make a link of: whoever has typed it in may be a stranger to the
    reader, whom every digest greets by it."""
    name = fields.text("name")
    return "" if _LIKE_A_LINK.search(name) else name


def _address(fields: Fields) -> str:
    """The address as mail servers take it, "" for what is evidently none."""
    written = fields.text("email").strip()
    if len(written) > LONGEST_ADDRESS:
        return ""
    try:
        return checked(written)
    except ValueError:
        return ""
