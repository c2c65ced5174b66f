"""A form -> what it asked, in which words. That on the blog has a signed token which says so, and whether it is fresh.

The form is pasted once and stands there for years, so that what it carries can't be young. Its script asks for a fresh
token, which is good for a day, and not at once: nobody reads and types that fast. Without the script the pasted one
counts, and more strictly (see ``service``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial

from pipeline.audience.tokens import BadTokenError, Signer
from pipeline.web.signup.reading import Fields

NAME = "stay-updated"
# What a person takes at least from the first look at the form to its button.
LEAST = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Form:
    """A form that was sent: which one, what it asked, in which words and language. ``is_fresh`` where its token is.

    A mail program's own button has no name, and no words of ours.
    """

    language: str
    name: str = ""
    wording: str = ""
    version: str = ""
    is_fresh: bool = False


class Forms:
    """``wordings`` are what the form asks today, by language."""

    def __init__(self, signer: Signer, wordings: Mapping[str, str]) -> None:
        self.signer = signer
        self.wordings = wordings
        # Everybody who sends a pasted form sends the same token.
        self._read_pasted = lru_cache(maxsize=64)(partial(signer.read, purpose="blog"))

    def pasted(self, language: str) -> str:
        """The token of a form in this language that is to stay where it is put."""
        return self.signer.sign("blog", 0, version(self.wordings[language]), language)

    def fresh(self, pasted: str, language: str, now: datetime) -> str:
        """A token for this moment, of that form; where there is none, of today's in this language."""
        try:
            extra = self._read_pasted(pasted).extra
        except BadTokenError:
            extra = (version(self.wordings[language]), language)
        return self.signer.sign("form", 0, *extra, now=now)

    def read(self, fields: Fields, now: datetime) -> Form | None:
        """The form that these fields come from; ``None`` where it isn't one of ours, too old, or filled in too fast.

        The words that it asked in come with it, so that consent is to what was read, however old the form.
        """
        written = fields.text("form")
        try:
            token, is_fresh = self._read_pasted(written), False
        except BadTokenError:
            try:
                token, is_fresh = self.signer.read(written, "form", now), True
            except BadTokenError:
                return None
        if len(token.extra) != 2 or (token.made is not None and now - token.made < LEAST):
            return None
        signed, language = token.extra
        # Kept as one line, for it is kept: blanks could make it as long as a body may be, and another at each sign-up.
        wording = " ".join((fields.text("wording") or self.wordings.get(language, "")).split())
        return Form(language, NAME, wording, signed, is_fresh) if version(wording) == signed else None


def version(wording: str) -> str:
    """What tells one wording from another. A browser writes line ends in its own way; there are none in a wording."""
    return hashlib.sha256(" ".join(wording.split()).encode()).hexdigest()[:12]
