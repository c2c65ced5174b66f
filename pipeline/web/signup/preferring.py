"""What a reader gets, how often, and at which address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from time import monotonic
from types import MappingProxyType
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from pipeline import tracks
from pipeline.audience.rhythm import RHYTHMS
from pipeline.audience.subscriber import LONGEST, Preferences, Subscriber
from pipeline.audience.tokens import BadTokenError, Token
from pipeline.errors import PipelineError
from pipeline.recipients.addresses import public_address as checked
from pipeline.web.signup.forms import Form
from pipeline.web.signup.pages import shown_address
from pipeline.web.signup.reading import Fields, read_body, read_fields
from pipeline.web.signup.service import Service, log, token_of

LENGTHS = (3, 5, 10, 15, 20, 30, 60)
LONGEST_BREAK = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Wish:
    """What was sent: as it can be kept, and what was typed into the fields that can't, in the page's order."""

    preferences: Preferences
    name: str
    wrong: Mapping[str, str]


class Preferring:
    """The routes of the preference centre."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.pages = service.pages

    async def preferences(self, request: Request) -> Response:
        reader = await self.service.reader(request)
        return await self._centre(request, reader) if reader else self.pages.expired(request, "reader")

    async def prefer(self, request: Request) -> Response:
        """Keep all of it, or, where something can't be meant, nothing."""
        fields = await read_fields(request)
        service, reader = self.service, await self.service.reader(request)
        if reader is None:
            return self.pages.expired(request, "reader")
        wish = self._wish(fields, reader)
        if wish.wrong:
            shown = replace(reader, preferences=wish.preferences, name=wish.name)
            return await self._centre(request, shown, "wrong", wish.wrong, status=422)
        consent = service.consent("changed", "link", request, self._asked(request, reader))
        args = (reader.id, wish.preferences, wish.name, consent, service.now())
        changed = await service.do(service.store.change, *args)
        if changed is None:
            return self.pages.expired(request, "reader")
        log.info("changed preferences: reader %d", reader.id)
        return await self._centre(request, changed, "saved")

    async def move(self, request: Request) -> Response:
        """Ask at a new address whether it is the reader's. Nobody is told whether it is another reader's; but who has
        left is told that, whatever the address: no mail goes out for them."""
        fields = await read_fields(request)
        service, reader = self.service, await self.service.reader(request)
        if reader is None:
            return self.pages.expired(request, "reader")
        if reader.state == "unsubscribed":
            return await self._centre(request, reader)
        typed = fields.text("email")[: 2 * LONGEST]
        try:
            address = checked(typed)
        except ValueError:
            return await self._centre(request, reader, "wrong", {"email": typed}, status=422)
        wait = service.seconds_to_wait(request, is_fresh=True)
        if wait:
            busy = self.pages.show("often", self.pages.language(request, reader.preferences.language), 429)
            busy.headers["Retry-After"] = str(wait)
            return busy
        who = service.store.who(address)
        may_mail = service.address_mails.admit(who, monotonic())
        try:
            await service.do(service.store.ask_address, reader.id, address, service.now(), may_mail=may_mail)
        except PipelineError:
            if may_mail:
                service.address_mails.take_back(who)
            raise
        service.wake()
        return await self._centre(request, reader, "sent")

    async def address(self, request: Request) -> Response:
        token = self._addressed_by(request)
        reader = await self.service.do(self.service.store.by_id, token.id) if token else None
        address = self._address_of(token, reader) if token and reader else ""
        if reader is None or not address:
            return self.pages.expired(request, "address")
        language = self.pages.language(request, reader.preferences.language)
        return self.pages.show("address", language, address=shown_address(address), token=token_of(request))

    async def change_address(self, request: Request) -> Response:
        await read_body(request)
        service, token = self.service, self._addressed_by(request)
        if token is None:
            return self.pages.expired(request, "address")
        consent = service.consent("changed", "link", request, service.asked(request, "address"))
        args = (token.id, token.extra[0], consent, service.now())
        reader = await service.do(service.store.change_address, *args)
        if reader is None:
            return self.pages.expired(request, "address")
        log.info("changed the address: reader %d", reader.id)
        language = self.pages.language(request, reader.preferences.language)
        return self.pages.show("addressed", language, address=shown_address(reader.address), token=reader.token)

    def _asked(self, request: Request, reader: Subscriber) -> Form:
        """The preference centre, without what there was nothing to choose from."""
        chosen, offer = reader.preferences, self.service.offer
        topics = ["preferences_topics"] if offer.topics or chosen.topics else []
        tracks = ["preferences_tracks"] if offer.kinds or chosen.kinds else []
        return self.service.asked(request, "preferences", *topics, *tracks, "preferences_you")

    def _address_of(self, token: Token, reader: Subscriber) -> str:
        """The address that the link was sent to, while it is the one asked for, or the reader's own by now; "" else:
        who has a link that was sent to a wrong address isn't told which is the right one."""
        known = (reader.asked_address, reader.address)
        return next((one for one in known if one and self.service.store.who(one) == token.extra[0]), "")

    def _addressed_by(self, request: Request) -> Token | None:
        """Whose new address the link was sent to; it names the address by its hash."""
        try:
            token = self.service.signer.read(token_of(request), "address", self.service.now())
        except BadTokenError:
            return None
        return token if token.extra else None

    def _wish(self, fields: Fields, reader: Subscriber) -> Wish:
        before, rhythm, minutes = reader.preferences, fields.text("rhythm"), fields.text("minutes").strip()
        language = fields.text("language")
        break_ends = _date(fields.text("paused_until"))
        offer = self.service.offer
        right = {
            "rhythm": rhythm in RHYTHMS,
            "paused_until": break_ends is None or self._today() < break_ends <= self._today() + LONGEST_BREAK,
            "mood": len(fields.text("mood")) <= LONGEST,
            "minutes": not minutes or tracks.is_length(minutes),
            "name": len(fields.text("name")) <= LONGEST,
            "language": not language or language in self.pages.languages,
        }
        wish = Preferences(
            topics=offer.known_topics(fields.texts("topics"), before.topics),
            mood=fields.text("mood")[:LONGEST],
            kinds=_among(fields.texts("kinds"), (*offer.kinds, *before.kinds)),
            minutes=minutes if right["minutes"] else before.minutes,
            rhythm=next((one for one in RHYTHMS if one == rhythm), before.rhythm),
            paused_until=break_ends if right["paused_until"] else None,
            language=language if right["language"] else before.language,
        )
        wrong = {name: fields.text(name) for name, is_right in right.items() if not is_right}
        return Wish(wish, fields.text("name")[:LONGEST], wrong)

    async def _centre(
        self,
        request: Request,
        reader: Subscriber,
        told: str = "",
        wrong: Mapping[str, str] = MappingProxyType({}),
        status: int = 200,
    ) -> Response:
        chosen, today = reader.preferences, self._today()
        language = self.pages.language(request, chosen.language)
        suppressed = await self.service.do(self.service.store.is_suppressed, reader.address)
        if chosen.paused_until and chosen.paused_until <= today:
            chosen = replace(chosen, paused_until=None)
        return self.pages.show(
            "preferences",
            language,
            status,
            address=shown_address(reader.address),
            token=reader.token,
            state=reader.state,
            suppressed=suppressed,
            name=reader.name,
            chosen=chosen,
            topics=self.service.offer.topics_in(language, chosen.topics),
            kinds=self.service.offer.kinds_in(language, chosen.kinds),
            lengths=LENGTHS,
            languages=self.pages.languages,
            earliest=today + timedelta(days=1),
            latest=today + LONGEST_BREAK,
            longest=LONGEST,
            told=told,
            wrong=wrong,
        )

    def _today(self) -> date:
        now: datetime = self.service.now()
        return now.astimezone(ZoneInfo(self.service.newsletter.timezone)).date()


def _date(text: str) -> date | None:
    """The day; one that has been for what is none, as that can't be meant either."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return date.min


def _among(sent: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in sent if one in known))
