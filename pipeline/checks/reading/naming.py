"""What links are called, as a screen reader says it, and whether that tells anything."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pipeline.checks.reading import hosts
from pipeline.checks.reading.mail import Mail, text_of

_SIGNS = re.compile(r"[\W_]+")
# Arabic, written with vowels or stretched, is the same word.
_MARKS = re.compile("[\u0640\u064b-\u0652]")
# A picture of its own, which is spoken by its name: "headphone".
_EMOJI = re.compile("[\U0001f300-\U0001faff]")
_AROUND = " .,;:!?…‥'\"’‘”“»«‹›()→←↗⟶➜➔➡▶►>·|–—\u200e\u200f\ufe0e\ufe0f"

# In English, German, French, Spanish, Portuguese, Arabic, Hebrew.
_SAYS_NOTHING = frozenset(
    one.strip()
    for one in """
    here, click, click here, click me, tap here, press here, read, read more, read on, more, more info, learn more,
    find out more, see more, view more, show more, details, link, this link, this, go, go here, continue,
    continue reading, start, open, visit, url, website, download, info, more information
    hier, hier klicken, klick hier, klicke hier, klicken sie hier, mehr, mehr lesen, weiter, weiterlesen, lies mehr,
    lesen, lesen sie mehr, mehr erfahren, erfahre mehr, erfahren sie mehr, mehr dazu, zum artikel, dieser link,
    jetzt lesen,
    ici, cliquez ici, clique ici, cliquer ici, plus, en savoir plus, lire, lire plus, lire la suite, voir plus, suite,
    la suite, lien, ce lien, découvrir
    aquí, haz clic, haz clic aquí, haga clic aquí, clic aquí, pulsa aquí, pincha aquí, más, leer, leer más, lee más,
    ver más, saber más, seguir leyendo, más información, enlace, este enlace
    aqui, clique, clique aqui, mais, leia mais, ler, ler mais, ver mais, saber mais, saiba mais, continuar a ler,
    continue lendo, mais informações, este link, ligação
    هنا, اضغط هنا, انقر هنا, اضغط, المزيد, اقرأ, اقرأ المزيد, للمزيد, تابع القراءة, متابعة القراءة, رابط, الرابط,
    هذا الرابط,
    כאן, לחצו כאן, לחץ כאן, עוד, קרא עוד, קראו עוד, למידע נוסף, המשך קריאה, קישור
    """.replace("\n", ",").split(",")
    if one.strip()
)


def name_of(mail: Mail, link: Any) -> str:
    """What a screen reader says of a link (W3C, Accessible Name and Description Computation 1.2)."""
    label = (link.get("aria-label") or "").strip()
    words = label or text_of(link, mail.hidden, alt=True) or (link.get("alt") if link.tag == "area" else "")
    return words or (link.get("title") or "").strip()


@lru_cache(maxsize=2048)
def plain(name: str) -> str:
    """The words of a name, to be compared: no case, no signs, no arrows."""
    return _SIGNS.sub(" ", _MARKS.sub("", name.casefold())).strip()


def is_spoken(name: str) -> bool:
    return bool(plain(name) or _EMOJI.search(name))


@lru_cache(maxsize=2048)
def alike(name: str) -> str:
    """A name, to be told from others: C++ and C# are two, and so are words that differ by a vowel's sign."""
    return " ".join(_MARKS.sub("", name.casefold()).split()).strip(_AROUND)


def says_nothing(name: str) -> bool:
    return plain(name) in _SAYS_NOTHING


@lru_cache(maxsize=4096)
def destination(href: str) -> tuple[str, ...]:
    """The page that an address leads to: without what counts its visits, and without the place on it."""
    try:
        parts = urlsplit(href.strip())
        host = hosts.site(parts.hostname or "")
    except ValueError:
        return (href,)
    if not host:
        return (href.strip().casefold(),)
    query = [f"{name}={value}" for name, value in parse_qsl(parts.query, keep_blank_values=True) if name[:4] != "utm_"]
    return (host, parts.path.rstrip("/"), *sorted(query))
