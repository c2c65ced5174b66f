"""Each sample reader's mail, and that of the worst readers that there may be: greetings, fields, long names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape, unescape
from typing import Any
from urllib.parse import urlsplit

from pipeline import merge_fields
from pipeline.checks.reading.mail import Mail, is_hidden
from pipeline.checks.reading.spots import is_worst, place, place_at, readers, spots, tree
from pipeline.checks.rule import Fault, rule
from pipeline.checks.telling import by_reader, quoted
from pipeline.errors import Where
from pipeline.model import Values

_ORDINARY = "Ana"

_BEFORE_PUNCTUATION = re.compile(r"(?:^|(?<=\s))[,.;:!?،؛؟…](?=\s|$)")
_TWO_BLANKS = re.compile(r"(?<=\S)[^\S\n]{2,}(?=\S)")


@rule(
    "P01",
    "greeting",
    "error",
    reason='"Hello ," tells a reader that a machine wrote, and that it has forgotten the name.',
    remedy="Give the field a fallback that fits where it stands: [[first_name|there]].",
    source="https://www.rfc-editor.org/rfc/rfc5322#section-2.2.3",
)
def greeting(mail: Mail) -> Iterator[Fault]:
    yield from by_reader(_greetings(mail))


def _greetings(mail: Mail) -> Iterator[tuple[str, str, Where]]:
    seen: set[tuple[str, str]] = set()
    for spot in spots(mail):
        ordinary = _filled_with(spot.text, lambda found: _ORDINARY)
        for reader in readers(mail):
            wrong = _wrong(spot.of(reader.values), ordinary)
            if wrong and (reader.name, wrong) not in seen:
                seen.add((reader.name, wrong))
                yield reader.name, f"{spot.part} {wrong}", spot.where


def _wrong(text: str, ordinary: str) -> str:
    """What is wrong with a text, and isn't with the same for an ordinary reader."""
    for pattern, wrong in ((_BEFORE_PUNCTUATION, "says"), (_TWO_BLANKS, "has two blanks in")):
        found = list(pattern.finditer(text))
        if len(found) > len(pattern.findall(ordinary)):
            before, after = text[: found[0].end()].split(), text[found[0].end() :].split()
            return f"{wrong} {quoted(' '.join([*before[-4:], *after[:3]]))}"
    return ""


def _filled_with(text: str, value: Callable[[re.Match[str]], str]) -> str:
    return merge_fields.TOKEN.sub(value, text)


_QUOTED = re.compile(r"""=\s*(?:"[^"]*"|'[^']*')""")
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)\s*=\s*(?:(")[^"]*|'[^']*|[^\s"']*)$""")


@rule(
    "P02",
    "unsafe-field",
    "error",
    reason="A name becomes a part of the mail's markup, or the reader sees a field where a name should stand.",
    remedy='Write [[field]] in content and field("…") in templates, between tags or in an attribute\'s double quotes.',
    source="https://html.spec.whatwg.org/multipage/parsing.html#attribute-value-(unquoted)-state",
)
def unsafe_field(mail: Mail) -> Iterator[Fault]:
    if mail.email is None:
        return
    yield from _unescaped(mail)
    yield from by_reader(_from_values(mail))


def _unescaped(mail: Mail) -> Iterator[Fault]:
    """The fields that stand where no value can be made harmless."""
    html = mail.email.html if mail.email else ""
    for found in merge_fields.TOKEN.finditer(html):
        name, at = merge_fields.read_token(found)[0], found.start()
        raw = max(html.rfind("<style", 0, at), html.rfind("<script", 0, at))
        opened = _QUOTED.sub("", html[html.rfind("<", 0, at) : at])
        attribute = _ATTRIBUTE.search(opened)
        if raw >= 0 and "</s" not in html[raw:at]:
            yield Fault(f"the field {name!r} stands in a <style> or <script>", place_at(at, mail))
        elif ">" in opened:
            continue
        elif attribute is None or attribute[2] != '"':
            yield Fault(f"the field {name!r} stands in a tag, and in no attribute's double quotes", place_at(at, mail))
        elif attribute[1].lower() == "style":
            yield Fault(f"the field {name!r} stands in CSS", place_at(at, mail))


def _from_values(mail: Mail) -> Iterator[tuple[str, str, Where]]:
    for persona in mail.personas:
        for name, value in ((name, merge_fields.shown(one, "en")) for name, one in persona.values.items()):
            if merge_fields.TOKEN.search(value) or merge_fields.WRITTEN.fullmatch(value.strip()):
                yield persona.name, f"{name} is itself a merge field, {quoted(value)}", persona.where


# What a line can't be broken in; Han, kana and Thai can be.
_RUN = re.compile(r"[^\s\-‐–—/\u0e00-\u0e7f\u3000-\u9fff\uac00-\ud7af]{31,}")
_NO_WRAP = re.compile(r"white-space\s*:\s*(nowrap|pre)\b(?!-)", re.I)
_BREAKS = re.compile(r"(?:word-break|overflow-wrap|word-wrap)\s*:\s*([\w-]+)", re.I)
_LONGEST_SUBJECT = 150


@rule(
    "P03",
    "overlong",
    "warn",
    reason="A long name makes the mail wider than the phone, and every line of it has to be scrolled sideways.",
    remedy="Let the words break: `word-break: break-word` on what is around the field, and no `white-space: nowrap`.",
    source="https://www.w3.org/TR/WCAG22/#reflow",
)
def overlong(mail: Mail) -> Iterator[Fault]:
    if mail.email is None:
        return
    found = [(len(merge_fields.fill_text(mail.email.subject, one.values)), one.name) for one in mail.personas]
    length, name = max(found, default=(0, ""))
    if length > _LONGEST_SUBJECT >= len(mail.subject):
        yield Fault(f"{name}: the subject has {length} characters", mail.where)
    yield from by_reader(_unbreakable(mail))


def _unbreakable(mail: Mail) -> Iterator[tuple[str, str, Where]]:
    for spot in spots(mail):
        if spot.box is None or is_hidden(spot.box) or _can_break(spot.box):
            continue
        plain = _RUN.findall(_filled_with(spot.text, lambda found: _ORDINARY))
        for reader in readers(mail):
            run = next((one for one in _RUN.findall(spot.of(reader.values)) if one not in plain), "")
            if run:
                context = _filled_with(spot.text, lambda found: f"[[{merge_fields.read_token(found)[0]}]]")
                yield reader.name, f"a long word can't be broken in {quoted(context)}", spot.where


def _can_break(box: Any) -> bool:
    """Whether a long word in the box is broken: as the nearest style says that speaks of it, in it or around it."""
    inner = [one for one in box.iter() if isinstance(one.tag, str) and "zqmf" in (one.text or "")]
    element = inner[-1] if inner else box
    styles = [one.get("style") or "" for one in (element, *element.iterancestors()) if isinstance(one.tag, str)]
    spaced = next((style for style in styles if "white-space" in style), "")
    said = next((found[1].lower() for style in styles if (found := _BREAKS.search(style))), "")
    return not _NO_WRAP.search(spaced) and said in ("break-word", "anywhere", "break-all")


@rule(
    "P04",
    "field-in-url",
    "error",
    reason="The link leads nowhere for this reader, or to another page than it was meant to.",
    remedy='Let the field be a whole address (type = "url") with a fallback, or in the query: ?name=[[field]].',
    source="https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2",
)
def field_in_url(mail: Mail) -> Iterator[Fault]:
    if mail.email is not None and "zqmf" in mail.email.html:
        yield from by_reader(_bad_urls(mail))


def _bad_urls(mail: Mail) -> Iterator[tuple[str, str, Where]]:
    links = tree(mail.email.html if mail.email else "").xpath("body/descendant::*/@href[contains(., 'zqmf')]")
    for href in dict.fromkeys(links):
        where, usual = place(href.getparent(), mail), _url(href, {})
        whole, wrong = merge_fields.TOKEN.fullmatch(href), ""
        for reader in readers(mail):
            url = _url(href, reader.values)
            if not _leads(url) and _leads(usual):
                wrong = wrong or f"a link leads to {quoted(url)}, which is no https address"
                yield reader.name, wrong, where
            name = merge_fields.read_token(whole)[0] if whole else ""
            value = merge_fields.shown(reader.values.get(name, ""), "en") if not is_worst(reader) else ""
            if value and not merge_fields.LEADS.match(value):
                yield reader.name, f"{name} is {quoted(value)}, which is no address; the link has its fallback", where


def _url(href: str, values: Values) -> str:
    filled = merge_fields.fill_html(f' href="{escape(href)}"', values)
    return unescape(filled[len(' href="') : -1])


_HOST = re.compile(r"[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)+\.?")


def _leads(url: str) -> bool:
    """Whether a mail can lead there: over https to a host, or to an address, a number."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme in ("mailto", "tel", "sms"):
        return bool(parts.path)
    labels = all(len(label) <= 63 for label in host.split("."))
    return parts.scheme == "https" and labels and bool(_HOST.fullmatch(host)) and not re.search(r"\s", url)


RULES = (greeting, unsafe_field, overlong, field_in_url)
