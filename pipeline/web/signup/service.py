"""What all of the service's answers are made with: the readers, the pages, who may come in, the time."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Any, ParamSpec, TypeVar
from unicodedata import bidirectional
from urllib.parse import urlsplit

from starlette.requests import Request

from pipeline.audience.consent import Consent, How, What
from pipeline.audience.limits import Door, Limits, Once
from pipeline.audience.store import AT_ONCE, Confirm, SignUp, Store, Unsubscribe
from pipeline.audience.subscriber import ONE_MAIL_IN, Asked, Subscriber
from pipeline.audience.tokens import BadTokenError, Signer
from pipeline.content import Library
from pipeline.languages import direction
from pipeline.model import Direction
from pipeline.settings import Settings
from pipeline.templates import Environment
from pipeline.web.signup.forms import Form, Forms, version
from pipeline.web.signup.gathering import Gathering
from pipeline.web.signup.origin import client_ip, page_origin
from pipeline.web.signup.pages import Pages

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Wish = SignUp | Confirm | Unsubscribe

log = logging.getLogger("pipeline.signup")
_THREADS = 16
_TOLD: Mapping[type[Wish], str] = {SignUp: "signed up", Confirm: "confirmed", Unsubscribe: "unsubscribed"}
# Forms without a fresh token are let in this many times more rarely.
_STRICTER = 4
# More of them are no choice.
_MOST_TOPICS = 18


@dataclass(frozen=True, slots=True)
class Offer:
    """What a reader can choose from: topics are the tags of articles, with their languages, kinds those of tracks.
    Topics are compared without regard to case, as those of articles are. ``language`` is the newsletter's."""

    topics: tuple[tuple[str, str], ...]
    kinds: tuple[str, ...]
    language: str

    def known_topics(self, asked: Sequence[str], chosen: Sequence[str] = ()) -> tuple[str, ...]:
        """Those of the topics asked for that there are, or that were chosen before."""
        if not asked:
            return ()
        wanted = {topic.casefold() for topic in asked}
        there = _once([*(topic for topic, _ in self.topics), *chosen])
        return tuple(topic for topic in there if topic.casefold() in wanted)

    def topics_in(self, language: str, chosen: Sequence[str]) -> tuple[str, ...]:
        """The topics of most articles in this language; where there is none, in the newsletter's, and where there is
        none in that either, of all; and those chosen already."""
        found = self._topics_of(language) or self._topics_of(self.language) or [topic for topic, _ in self.topics]
        return _once([*_once(found)[:_MOST_TOPICS], *chosen])

    def kinds_in(self, language: str, chosen: Sequence[str]) -> tuple[str, ...]:
        """The kinds that are written as this language is; where there is none, all; and those chosen already."""
        own = [kind for kind in self.kinds if _direction(kind) == direction(language)] or list(self.kinds)
        return _once([*own, *chosen])

    def _topics_of(self, language: str) -> Sequence[str]:
        return [topic for topic, spoken in self.topics if spoken == language]


class Service:
    """One newsletter's sign-up service. ``wake`` is called when a mail waits to go out. ``do_all`` writes down what
    many have asked for at once; the store itself, where it isn't given."""

    def __init__(
        self,
        library: Library,
        environment: Environment,
        settings: Settings,
        store: Store,
        signer: Signer,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        wake: Callable[[], None] = lambda: None,
        do_all: Callable[[Sequence[Wish]], Awaitable[Sequence[Any]]] | None = None,
    ) -> None:
        self.settings, self.store, self.signer, self.now, self.wake = settings, store, signer, now, wake
        self.root = urlsplit(settings.public_url).path
        self.newsletter = library.newsletter
        self.blog = page_origin(library.newsletter.url)
        self.pages = Pages(library.newsletter, environment, self.root)
        self.offer = offer_of(library)
        wordings = {language: self.pages.words("wording", language) for language in self.pages.languages}
        self.forms = Forms(signer, wordings)
        limits = Limits(settings.signups_per_ip, settings.signups_per_network, settings.signups_in_all)
        self._door, self._narrow = Door(limits), Door(_stricter(limits))
        # A reader may name any address; whoever has it gets no more of it than of sign-ups.
        self.address_mails = Once(ONE_MAIL_IN.total_seconds())
        self._threads = ThreadPoolExecutor(_THREADS, "signup")
        self._do_all = do_all or self._do_all_here
        self._wishes: Gathering[Wish] = Gathering(self._write_all, AT_ONCE)

    async def do(
        self, work: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
    ) -> Result:
        """What the work answers, which waits for a disk, without holding up other requests."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *arguments, **named))

    async def ask(self, wish: SignUp) -> Asked:
        """Somebody signs up."""
        answer: Asked = await self._wishes.write(wish)
        return answer

    async def settle(self, wish: Confirm | Unsubscribe) -> Subscriber | None:
        """A reader has confirmed, or has left."""
        answer: Subscriber | None = await self._wishes.write(wish)
        return answer

    async def reader(self, request: Request) -> Subscriber | None:
        """Whose link it is; ``None`` for a broken one, and for a reader who isn't there any more."""
        number = self.reader_number(request)
        return await self.do(self.store.by_id, number) if number else None

    def reader_number(self, request: Request) -> int:
        """The number in a reader's own link, 0 where it isn't one of ours."""
        try:
            return self.signer.read(token_of(request), "reader").id
        except BadTokenError:
            return 0

    def asked(self, request: Request, page: str, *parts: str) -> Form:
        """What the page has asked whose button was pressed, and these parts of it. It says itself in which language."""
        language = self.pages.language(request, request.query_params.get("language", ""))
        wording = " ".join(self.pages.words(one, language) for one in (page, *parts))
        return Form(language, page, wording, version(wording))

    def consent(self, what: What, how: How, request: Request, form: Form) -> Consent:
        ip = client_ip(request, self.settings.trusted_proxies) if self.settings.keep_ip_days else ""
        return Consent(what, self.now(), how, form.name, form.version, form.wording, ip, form.language)

    def seconds_to_wait(self, request: Request, *, is_fresh: bool) -> int:
        """0 for one who may come in, which counts; else when to try again."""
        ip = client_ip(request, self.settings.trusted_proxies)
        wait = 0.0 if is_fresh else self._narrow.admit(ip, monotonic())
        return math.ceil(wait or self._door.admit(ip, monotonic()))

    def close(self) -> None:
        self._threads.shutdown()

    async def _do_all_here(self, wishes: Sequence[Wish]) -> Sequence[Any]:
        return await self.do(self.store.do_all, wishes)

    async def _write_all(self, wishes: Sequence[Wish]) -> Sequence[Any]:
        """All in one transaction, and told in a line for each kind: fifty lines would take a tenth of what it takes."""
        answers = await self._do_all(wishes)
        told: dict[type[Wish], list[str]] = {}
        for wish, answer in zip(wishes, answers, strict=True):
            reader = answer.subscriber if isinstance(answer, Asked) and answer.kind == "mail" else answer
            if isinstance(reader, Subscriber):
                told.setdefault(type(wish), []).append(f"reader {reader.id}")
        for kind, readers in told.items():
            log.info("%s: %s", _TOLD[kind], ", ".join(readers))
        if SignUp in told or Confirm in told:
            self.wake()
        return answers


def token_of(request: Request) -> str:
    return request.query_params.get("t", "")


def _stricter(limits: Limits) -> Limits:
    most = (limits.per_ip, limits.per_network, limits.in_all)
    return Limits(*(max(1, one // _STRICTER) for one in most))


def offer_of(library: Library) -> Offer:
    """The tags of the articles that are out, those of most articles first."""
    language = library.newsletter.language
    tags = Counter(
        (tag, article.language or language)
        for article in library.articles.front_matter.values()
        for tag in article.tags
        if not article.draft
    )
    kinds = _once(track.kind for track in library.tracks)
    return Offer(tuple(tag for tag, _ in tags.most_common()), kinds, language)


def _once(words: Iterable[str]) -> tuple[str, ...]:
    """Each word once, however it is written later on."""
    found: dict[str, str] = {}
    for word in words:
        found.setdefault(word.casefold(), word)
    return tuple(found.values())


def _direction(text: str) -> Direction:
    return "rtl" if any(bidirectional(one) in ("R", "AL") for one in text) else "ltr"
