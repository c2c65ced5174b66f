"""The name of a page and what it tells -> an answer, in the language of who asks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Literal, get_args

from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from pipeline import templates
from pipeline.errors import PipelineError, TemplateError
from pipeline.languages import primary
from pipeline.model import Newsletter

_MOST_TAGS = 20
# Pages that tell nothing, or nothing but whose they are.
_READERS_OWN = frozenset(("address", "token", "name"))
_MADE_ONCE: Sequence[tuple[str, frozenset[str]]] = (
    *((name, frozenset()) for name in ("thanks", "oops", "stale", "often", "erased")),
    *(
        (name, frozenset(("address", "token")))
        for name in ("confirm", "confirmed", "address", "addressed", "unsubscribe", "erase")
    ),
    ("confirm", frozenset(("address", "token", "name"))),
    ("unsubscribed", frozenset(("address",))),
)
# What pages ask whose answers are kept: their own names, and those of their parts.
_ASKED = (
    *("confirm", "address", "unsubscribe", "erase"),
    *("preferences", "preferences_topics", "preferences_tracks", "preferences_you"),
)
Expired = Literal["confirm", "address", "reader"]
"""Which link it was: one to confirm, one sent to a new address, or a reader's own."""
_PLACE = re.compile("\x02([a-z]+)\x03")


class Pages:
    """``root`` stands before each of the service's paths. Raises a TemplateError for a page that can't be made."""

    def __init__(self, newsletter: Newsletter, environment: templates.Environment, root: str) -> None:
        self.newsletter = newsletter
        self.environment = environment
        self.root = root
        self.languages = templates.languages_there(environment)
        self.own_language = self.known(newsletter.language) or self.languages[0]
        self.words = cache(self._words)
        self._form = cache(self._rendered_form)
        self._expired = cache(self._rendered_expired)

    def make(self) -> None:
        """Those that are made once, now: no reader has to wait for one, or to be the first to see that it is broken."""
        for language in self.languages:
            for said in _ASKED:
                self.words(said, language)
            for name, facts in _MADE_ONCE:
                self._form(name, language, facts)
            for kind in get_args(Expired):
                self._expired(kind, language)

    def html(self, name: str, language: str, /, **facts: Any) -> str:
        """The page as HTML. One that tells nothing but whose it is is made once, with places for that."""
        form = self._form(name, language, frozenset(facts)) if facts.keys() <= _READERS_OWN else None
        if form is None:
            return self._rendered(name, language, facts)
        return _filled(form, facts)

    def show(self, name: str, language: str, status: int = 200, /, **facts: Any) -> Response:
        return HTMLResponse(self.html(name, language, **facts), status, {"Content-Language": language})

    def expired(self, request: Request, kind: Expired) -> Response:
        """What those see whose link leads nowhere: each kind of link is had again in another way."""
        language = self.language(request)
        return HTMLResponse(self._expired(kind, language), 404, {"Content-Language": language})

    def known(self, language: str) -> str:
        """The language that there are words in for this one: its own or its primary one, "" for none."""
        return next((one for one in (language, primary(language)) if one in self.languages), "")

    def language(self, request: Request, chosen: str = "") -> str:
        """The reader's own language, or the first of the browser's that there are words in, or the newsletter's."""
        accepted = _accepted(request.headers.get("accept-language", "")[:1000])
        found = (self.known(one) for one in (chosen, *accepted) if one)
        return next(filter(None, found), self.own_language)

    def _rendered_form(self, name: str, language: str, facts: frozenset[str]) -> str | None:
        """``None`` where the template does more with a fact than to show it, be it with a text that has it."""
        samples = [{fact: one[fact] for fact in facts} for one in _SAMPLES]
        pages = [self._rendered(name, language, sample) for sample in samples]
        try:
            form = self._rendered(name, language, {fact: _Place(fact) for fact in facts})
        except PipelineError:
            return None
        return form if pages == [_filled(form, sample) for sample in samples] else None

    def _rendered_expired(self, kind: Expired, language: str) -> str:
        return self._rendered("expired", language, {"kind": kind})

    def _rendered(self, name: str, language: str, facts: Mapping[str, Any]) -> str:
        return templates.render_page(name, language, self.root, self.newsletter, self.environment, facts)

    def _words(self, said: str, language: str) -> str:
        return templates.render_words(said, language, self.newsletter, self.environment)


class _Place:
    """Where a fact is to be put in: nothing else can be done with it, not even to ask whether it is there."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, fact: str) -> None:
        self._fact = fact

    def __html__(self) -> str:
        return f"\x02{self._fact}\x03"

    def _refuse(self, *_: object) -> Any:
        raise TemplateError(f"{self._fact} isn't there yet")

    __str__ = __bool__ = __eq__ = _refuse


def _filled(form: str, facts: Mapping[str, Any]) -> str:
    return _PLACE.sub(lambda place: escape(facts[place[1]]), form)


_BDI, _BDI_END = Markup("<bdi>"), Markup("</bdi>")


def shown_address(address: str) -> Markup:
    """The address as it stands in a sentence, whichever way that is written."""
    return _BDI + address + _BDI_END


# A form that is filled has to be what the template makes of these, a short reader and a long one.
_SAMPLES: Sequence[Mapping[str, str]] = (
    {"address": shown_address("b@x.Example"), "token": "1~0.Aa", "name": "Bo"},
    {
        "address": shown_address(f"{'Ann&' * 16}@example.com"),
        "token": f"{'9' * 19}~0.{'Zz<' * 32}",
        "name": "Ann<& " * 32,
    },
)


@lru_cache(maxsize=256)
def _accepted(header: str) -> Sequence[str]:
    """The languages of an Accept-Language header (RFC 9110, 12.5.4), the dearest first."""
    found = []
    for item in header.split(",")[:_MOST_TAGS]:
        tag, _, parameter = item.partition(";")
        weight = parameter.strip().removeprefix("q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            quality = 0.0
        if tag.strip() and quality > 0:
            found.append((quality, tag.strip()))
    return [tag for _, tag in sorted(found, key=lambda one: -one[0])]
