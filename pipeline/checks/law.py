"""What lists and laws ask for: the way out, the list's name, the sender's address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from pipeline import merge_fields
from pipeline.checks.headers import fields, place
from pipeline.checks.reading.mail import Mail, of_html, text_of
from pipeline.checks.reading.wire import ENCODED_WORD, Field
from pipeline.checks.rule import Fault, rule
from pipeline.checks.size import CLIPPED

# How people leave, in the words and in the addresses of the six languages.
_LEAVING = re.compile(
    r"unsubscri|opt[ -]?out|stop receiving|abmeld|abbestell|austragen|d[ée]s(?:abonn|inscri)|"
    r"darse de baja|dar de baja|date de baja|cancelar (?:la |tu |su |mi )?suscripci|"
    r"إلغاء (?:ال)?اشتراك|الغاء (?:ال)?اشتراك|ألغ[ِي]? (?:ال)?اشتراك|"
    r"הסר(?:ה|ת|ו)|להסרה|ביטול (?:ה)?(?:מנוי|רישום|הרשמה)|(?:לבטל|בטל) (?:את )?ה?(?:מנוי|רישום|הרשמה)",
    re.I,
)
_LEAVING_URL = re.compile(
    r"unsub|opt-?out|abmeld|abbestell|d[ée]s(?:abonn|inscri)|(?<![a-z])baja(?![a-z])|list-?remove", re.I
)
_ADDRESS = re.compile(r"https?://[^\s<>]+")
_INVISIBLE = re.compile(
    r"font-size\s*:\s*0(?:[a-z%]*\s*(?:;|$|!))|opacity\s*:\s*0(?:\.0*)?\s*(?:;|$|!)|color\s*:\s*transparent", re.I
)
_LIST_ID = re.compile(r"[^<>]*<(?P<id>[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)+)>", re.A)
# What clients write before an answer or a forwarded mail, in the languages that people read mail in.
_ANSWERS = r"re|aw|antw|sv|vs|rif|res|resp|odp|ynt|תגובה|השב|رد"
_FORWARDED = r"fwd?|wg|tr|rv|vb|vl|enc|doorst|הועבר|העברה|تحويل|إعادة توجيه"
_FALSE_REPLY = re.compile(rf"\s*\[?\s*(?P<mark>{_ANSWERS}|{_FORWARDED})\s*(?:[\[(]\d+[\])]|\^\d+)?\s*[:：]", re.I)


def _named(mail: Mail, name: str) -> list[Field]:
    return [field for field in fields(mail) if field.name.lower() == name.lower()]


@rule(
    "L01",
    "list-unsubscribe",
    "error",
    reason="Without it Gmail and Yahoo show no button to unsubscribe, so readers press the one for spam.",
    remedy="Set an https `unsubscribe_url` in `content/newsletter.toml`.",
    source="https://www.rfc-editor.org/rfc/rfc2369#section-3.2",
)
def list_unsubscribe(mail: Mail) -> Iterator[Fault]:
    if mail.message is None:
        return
    where, found = place(mail, "List-Unsubscribe"), _named(mail, "List-Unsubscribe")
    if len(found) != 1:
        yield Fault(f"there are {len(found)} List-Unsubscribe" if found else "there is no List-Unsubscribe", where)
    elif wrong := _unsubscribe_fault(found[0]):
        yield Fault(f"List-Unsubscribe {wrong}", where)


def _unsubscribe_fault(field: Field) -> str:
    value = field.value
    if ENCODED_WORD.search(value):
        return "is written in encoded words, which no client follows"
    if not re.fullmatch(r"\s*<[^<>]*>(?:\s*,\s*<[^<>]*>)*\s*", value):
        return f"is no list of addresses between < and >: {value[:60]!r}"
    if any(re.search(rb"\s", one) for one in re.findall(rb"<([^<>]*)>", field.raw)):
        return "is folded inside an address"
    urls = [urlsplit(one) if _is_url(one) else None for one in re.findall(r"<([^<>]*)>", value)]
    if None in urls or any(url and url.scheme not in ("https", "mailto") for url in urls):
        return "leads somewhere else than https: or mailto:"
    secure = [url for url in urls if url and url.scheme == "https" and url.hostname]
    return "" if len(secure) == 1 else f"has {len(secure)} https addresses; it has to be one"


def _is_url(text: str) -> bool:
    try:
        return bool(urlsplit(text).scheme)
    except ValueError:
        return False


@rule(
    "L02",
    "one-click",
    "error",
    reason="Gmail and Yahoo ask it of everybody who sends many mails: without it they take none, or file them as spam.",
    remedy="Leave the header to `pipeline build`, and have the page of `unsubscribe_url` answer to POST.",
    source="https://www.rfc-editor.org/rfc/rfc8058#section-3.1",
)
def one_click(mail: Mail) -> Iterator[Fault]:
    if mail.message is None:
        return
    found = [field.value for field in _named(mail, "List-Unsubscribe-Post")]
    if found != ["List-Unsubscribe=One-Click"]:
        shown = (
            f"says {found[0][:60]!r}" if len(found) == 1 else f"stands {len(found)} times" if found else "is not there"
        )
        told = f"List-Unsubscribe-Post {shown}; it has to say List-Unsubscribe=One-Click, once"
        yield Fault(told, place(mail, "List-Unsubscribe-Post"))


@rule(
    "L05",
    "unsubscribe-link",
    "error",
    reason="A reader who finds no way out reports the mail as spam; the law asks for the way out, too.",
    remedy="Keep the footer block, with its link to `unsubscribe_url`, in the HTML and in the text.",
    source="https://www.ftc.gov/business-guidance/resources/can-spam-act-compliance-guide-business",
)
def unsubscribe_link(mail: Mail) -> Iterator[Fault]:
    slug = mail.email.slug if mail.email else ""
    own = merge_fields.public_url(mail.newsletter.unsubscribe_url, slug) if mail.newsletter else ""
    if mail.html and not any(_is_seen(one, mail.hidden) for one in _ways_out(mail, own)):
        there = "the link to unsubscribe can't be seen" if _ways_out(mail, own) else "there is no link to unsubscribe"
        yield Fault(f"{there} in the HTML", mail.where)
    elif len(mail.html) * 4 > CLIPPED and len(mail.html.encode()) > CLIPPED:
        kept = of_html(mail.html.encode()[:CLIPPED].decode("utf-8", "ignore"), mail.where.path)
        if not any(_is_seen(one, kept.hidden) for one in _ways_out(kept, own)):
            yield Fault(f"the link to unsubscribe stands behind the {CLIPPED:,} bytes that Gmail shows", mail.where)
    if mail.text is not None and not _text_leads_out(mail.text, own):
        yield Fault("there is no link to unsubscribe in the text part", mail.where)


def _ways_out(mail: Mail, own: str) -> list[Any]:
    """The links by which a reader can leave the list; ``own`` is the newsletter's address for it."""
    if own:
        return [one for one in mail.links if _leads_to(one.get("href"), own)]
    said = (
        (one, text_of(one, alt=True)) for one in mail.links if re.match(r"\s*(?:https?|mailto):", one.get("href"), re.I)
    )
    return [one for one, words in said if _LEAVING.search(words) or _LEAVING_URL.search(one.get("href"))]


def _leads_to(href: str, own: str) -> bool:
    """Whether it is this address, with whatever a sending program adds to it."""
    href = href.strip()
    return href.startswith(own) and (own.endswith(("=", "/")) or href[len(own) :][:1] in ("", "?", "&", "#", "/"))


def _is_seen(link: Any, hidden: frozenset[Any]) -> bool:
    if link in hidden or not text_of(link, hidden, alt=True):
        return False
    # A size of nothing is what MJML gives its cells, whose texts have their own; only the link's own counts.
    return not _INVISIBLE.search(link.get("style") or "")


def _text_leads_out(text: str, own: str) -> bool:
    if own:
        return own in text
    urls = _ADDRESS.findall(text)
    return any(_LEAVING_URL.search(url) for url in urls) or bool(_LEAVING.search(text) and (urls or "@" in text))


@rule(
    "L07",
    "list-id",
    "error",
    reason="Readers' filters and Gmail's own sorting know the newsletter by it, from one edition to the next.",
    remedy="Leave the header to `pipeline build`; it is made of the newsletter's `url`.",
    source="https://www.rfc-editor.org/rfc/rfc2919#section-2",
)
def list_id(mail: Mail) -> Iterator[Fault]:
    if mail.message is None:
        return
    where, found = place(mail, "List-Id"), _named(mail, "List-Id")
    if len(found) != 1:
        yield Fault(f"there are {len(found)} List-Id" if found else "there is no List-Id", where)
        return
    named = _LIST_ID.fullmatch(found[0].value)
    if not named or len(named["id"]) > 255:
        yield Fault(f"List-Id {found[0].value[:80]!r} doesn't end in <label.domain>", where)
    elif mail.email is not None:
        changing = (mail.email.slug.lower(), f"{mail.email.date:%Y%m%d}", f"{mail.email.date:%Y-%m-%d}")
        # An edition may have a name, such as "news", that stands in the list's own.
        host = urlsplit(mail.newsletter.url).hostname if mail.newsletter else None
        own = named["id"].lower() == f"newsletter.{_ascii(host or '')}"
        if not own and any(one in named["id"].lower() for one in changing):
            yield Fault(f"List-Id {named['id'][:80]} is this edition's; it has to be the same for all of them", where)


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return host


@rule(
    "L08",
    "feedback-id",
    "warn",
    reason="Gmail's reports count by it: with more fields it counts nothing, with an address in it they name a reader.",
    remedy="Write it as campaign:newsletter:kind:sender, without anything of a reader's.",
    source="https://support.google.com/a/answer/6254652",
)
def feedback_id(mail: Mail) -> Iterator[Fault]:
    for field in _named(mail, "Feedback-ID"):
        given = field.decoded.split(":")
        if len(given) > 4:
            yield Fault(f"Feedback-ID has {len(given)} fields; Gmail reads 4", place(mail, field.name))
        elif not given[-1].strip():
            yield Fault("Feedback-ID ends without the sender's name", place(mail, field.name))
        if re.search(r"@|%40|=40", field.decoded):
            yield Fault(f"Feedback-ID holds an address: {field.decoded[:60]!r}", place(mail, field.name))


@rule(
    "W01",
    "postal-address",
    "error",
    reason="The law in most countries wants a commercial mail to say where its sender can be found.",
    remedy="Set `postal_address` in `content/newsletter.toml` and keep the footer block, HTML and text.",
    source="https://www.law.cornell.edu/uscode/text/15/7704",
)
def postal_address(mail: Mail) -> Iterator[Fault]:
    if mail.newsletter is None:
        return
    lines = [" ".join(line.split()) for line in mail.newsletter.postal_address.splitlines() if line.strip()]
    if not lines:
        yield Fault("the newsletter has no postal address", mail.newsletter.where)
        return
    # Its lines may stand beside each other; one that an article has by chance is not the sender's.
    together = re.compile(r"\W{1,12}".join(map(re.escape, lines)))
    for name, shown in (("HTML", mail.shown_text), ("text part", mail.text)):
        plain = "" if shown is None else " ".join(shown.split())
        if shown is not None and not together.search(plain):
            missing = [line for line in lines if line not in plain] or lines
            yield Fault(f"the postal address in the {name} lacks {', '.join(missing)[:80]!r}", mail.where)


@rule(
    "W06",
    "false-reply",
    "warn",
    reason="A subject that pretends to be an answer is a lie that readers and the law take ill.",
    remedy="Begin the edition's `subject:` with what it is about.",
    source="https://www.law.cornell.edu/uscode/text/15/7704",
)
def false_reply(mail: Mail) -> Iterator[Fault]:
    if found := _FALSE_REPLY.match(mail.subject):
        yield Fault(f"the subject begins with {found[0].strip()!r}, as an answer or a forwarded mail does", mail.where)


RULES = (list_unsubscribe, one_click, unsubscribe_link, list_id, feedback_id, postal_address, false_reply)
