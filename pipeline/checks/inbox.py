"""The line in the inbox: subject and preheader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from pipeline.checks.reading.mail import UNSHOWN, Mail, is_hidden, text_of
from pipeline.checks.rule import Fault, rule

# What fills the inbox's line so that the mail's own words stay out of it; it shows as nothing.
_FILLER = re.compile(r"[\u00a0\u00ad\u034f\u061c\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u2800\u3000\ufeff]+")
SHORT, LONG = 40, 90
PREHEADER = 200
SUBJECT, FAR_TOO_LONG = 60, 150
_NO_SIZE = re.compile(r"(?:^|[;\s])font-size\s*:\s*0*(?:0|[01]px|1pt)\s*(?:;|!|$)", re.I)
_TRANSPARENT = re.compile(
    r"(?:^|[;\s])color\s*:\s*(?:transparent|rgba\([^)]*,\s*0(?:\.0*)?\s*\)|#[0-9a-f]{6}00\b)", re.I
)
_COLOR = re.compile(r"(?:^|[;\s])color\s*:\s*(#[0-9a-f]{3,6}\b|white|black)", re.I)
_GROUND = re.compile(r"(?:^|[;\s])background(?:-color)?\s*:[^;]*?(#[0-9a-f]{3,6}\b|white|black)", re.I)


def words(text: str) -> str:
    """The text without what is only there to fill the line."""
    return " ".join(_FILLER.sub(" ", text).split())


def hidden_texts(mail: Mail) -> list[tuple[Any, str]]:
    """Each outermost element of the body that is hidden, with its words; those without any are left out."""
    if mail.body is None:
        return []
    outermost = [
        one
        for one in mail.elements
        if one in mail.hidden
        and one.tag not in UNSHOWN
        and is_hidden(one)
        and one.getparent() not in mail.hidden
        and one is not mail.body
    ]
    return [(one, shown) for one in outermost if (shown := words(text_of(one)))]


@rule(
    "H10",
    "hidden-text",
    "warn",
    reason="Spam filters count text that nobody sees, since it is how spammers fool them.",
    remedy="Hide nothing but the preheader, as `ui.preheader` in `templates/macros.mjml.j2` does.",
    source="https://spamassassin.apache.org/full/4.0.x/doc/Mail_SpamAssassin_Plugin_HTMLEval.html",
)
def hidden_text(mail: Mail) -> Iterator[Fault]:
    hidden = hidden_texts(mail)
    for element, text in hidden[1:2]:
        more = f" and {len(hidden) - 2} more" if len(hidden) > 2 else ""
        yield Fault(f"besides the preheader {text[:60]!r} is hidden{more}", mail.place(element))
    for element, text in hidden[:1]:
        if len(text) > PREHEADER:
            yield Fault(
                f"{len(text)} characters are hidden; {PREHEADER} are enough for a preheader", mail.place(element)
            )
        if told := _trick(element.get("style") or "") or _as_its_ground(element):
            yield Fault(f"the hidden preheader is {told}; display:none is enough", mail.place(element))
    tricks = [
        (one, told) for one in mail.elements if one not in mail.hidden and (told := _trick(one.get("style") or ""))
    ]
    tricks = [(one, told) for one, told in tricks if _own_words(one)]
    for element, told in tricks[:1]:
        more = f" and {len(tricks) - 1} more" if len(tricks) > 1 else ""
        yield Fault(f"{_own_words(element)[:60]!r}{more} is {told}, so that nobody sees it", mail.place(element))


@lru_cache(maxsize=4096)
def _trick(style: str) -> str:
    """How a style makes words vanish; a mail has few styles, and many elements of each."""
    if found := _NO_SIZE.search(style):
        return "of " + found[0].strip(" ;!")
    return "transparent" if _TRANSPARENT.search(style) else ""


def _own_words(element: Any) -> str:
    return words("".join([element.text or "", *(child.tail or "" for child in element)]))


def _as_its_ground(element: Any) -> str:
    color = _COLOR.search(element.get("style") or "")
    if not color:
        return ""
    grounds = (one.get("bgcolor") or _ground(one) for one in (element, *element.iterancestors()))
    ground = next(filter(None, grounds), "#ffffff")
    near = all(abs(one - other) <= 24 for one, other in zip(_channels(color[1]), _channels(ground), strict=True))
    return f"{color[1]} on {ground}" if near else ""


def _ground(element: Any) -> str:
    found = _GROUND.search(element.get("style") or "")
    return found[1] if found else ""


def _channels(color: str) -> tuple[int, int, int]:
    digits = {"white": "ffffff", "black": "000000"}.get(color.lower(), color.removeprefix("#"))
    digits = "".join(one * 2 for one in digits[:3]) if len(digits) < 6 else digits
    try:
        red, green, blue = bytes.fromhex(digits[:6])
    except ValueError:
        return -255, -255, -255
    return red, green, blue


@rule(
    "H11",
    "preheader",
    "warn",
    reason="The inbox shows it beside the subject; without one it shows “View in browser” or the subject again.",
    remedy="Give the edition a `preheader:` of 40 to 90 characters that goes on where the subject ends.",
    source="https://www.litmus.com/blog/the-ultimate-guide-to-preview-text-support",
)
def preheader(mail: Mail) -> Iterator[Fault]:
    hidden = [text for _, text in hidden_texts(mail)]
    told = words(mail.preheader) if mail.email is not None else next(iter(hidden), "")
    if not told:
        yield Fault("there is no preheader", mail.where)
    elif _plain(told) == _plain(mail.subject):
        yield Fault("the preheader says the subject again", mail.where)
    elif len(told) < SHORT:
        yield Fault(f"the preheader has {len(told)} characters; what follows it in the mail fills the line", mail.where)
    elif len(told) > LONG:
        yield Fault(f"the preheader has {len(told)} characters; inboxes show up to about {LONG}", mail.where)
    elif mail.email is not None and not any(one.startswith(told) for one in (*hidden, words(mail.shown_text))):
        yield Fault(f"the mail doesn't begin with the preheader {told[:60]!r}", mail.where)


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


@rule(
    "H12",
    "subject-length",
    "warn",
    reason="Phones show about 40 characters of a subject, and capitals read as shouting, to people and to filters.",
    remedy="Put what matters to the front of the edition's `subject:`, and the rest into its `preheader:`.",
    source="https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1",
)
def subject_length(mail: Mail) -> Iterator[Fault]:
    subject = words(mail.subject)
    if not subject:
        yield Fault("there is no subject", mail.where, "error")
    elif len(subject) > SUBJECT:
        far = len(subject) > FAR_TOO_LONG
        most = f"more than {FAR_TOO_LONG} are cut off everywhere" if far else "phones show about 40"
        yield Fault(f"the subject has {len(subject)} characters; {most}", mail.where, "error" if far else "warn")
    if _shouts(subject):
        yield Fault(f"the subject is in capitals: {subject[:60]!r}", mail.where)


def _shouts(subject: str) -> bool:
    """Whether several words are in capitals; one is emphasis, and a few short ones are abbreviations."""
    cased = [word for word in re.findall(r"[^\W\d_]{2,}", subject) if word.lower() != word.upper()]
    loud = [word for word in cased if word.isupper()]
    return len(loud) >= 2 and (len(loud) * 2 > len(cased) or sum(len(word) >= 4 for word in loud) >= 2)


RULES = (hidden_text, preheader, subject_length)
