"""Which language a mail is in, and which way it runs: said for all of it, and for each part that differs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

from pipeline import languages
from pipeline.checks.reading.mail import Mail, text_of
from pipeline.checks.rule import Fault, rule
from pipeline.checks.telling import grouped, quoted
from pipeline.errors import Where

# RFC 5646, section 2.1; primary subtags of more than three letters are reserved.
_TAG = re.compile(
    r"(?P<primary>[a-z]{2,3})(?:-[a-z]{3}){0,3}(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|\d{3}))?"
    r"(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*(?:-[a-wyz\d](?:-[a-z\d]{2,8})+)*(?:-x(?:-[a-z\d]{1,8})+)?",
    re.I,
)
# For what is in many languages, or in none: CLDR has no data of them.
_SPECIAL = ("mul", "zxx")
# Scripts by the ISO 15924 codes of what is written in them, and how many letters in a row are more than a name.
_SCRIPTS: tuple[tuple[str, frozenset[str], re.Pattern[str]], ...] = tuple(
    (name, frozenset(codes.split()), re.compile(rf"(?:[{letters}][\W\d_]{{0,3}}){{{most}}}"))
    for name, codes, letters, most in (
        ("Latin", "Latn", "A-Za-zÀ-ɏ", 60),
        ("Greek", "Grek", "Ͱ-Ͽ", 30),
        ("Cyrillic", "Cyrl", "Ѐ-ԯ", 30),
        ("Hebrew", "Hebr", "\u0590-\u05ff", 30),
        ("Arabic", "Arab", "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff", 30),
        ("Devanagari", "Deva", "\u0900-\u097f", 30),
        ("Thai", "Thai", "\u0e00-\u0e7f", 30),
        ("Korean", "Kore Hang", "\uac00-\ud7af", 12),
        ("Chinese or Japanese", "Hans Hant Hani Jpan Kore", "\u3040-\u30ff\u3400-\u9fff", 12),
    )
)
_NOT_LATIN = re.compile("[\u0370-\u1fff\u3040-\ud7af]")
_DIRECTION = re.compile(r"(?<![-\w])direction\s*:\s*(ltr|rtl)", re.I)


def said(mail: Mail, attribute: str) -> tuple[str, str]:
    """The attribute of the html element, and that of the outermost element in the body that has it and holds all that
    is shown; empty where there is none."""
    html = (mail.root.get(attribute) or "").strip()
    node = mail.body
    while node is not None:
        if node is not mail.body and (value := (node.get(attribute) or "").strip()):
            return html, value
        inner = [one for one in node if isinstance(one.tag, str) and one not in mail.hidden]
        inner = [one for one in inner if one.tag not in ("img", "br", "hr")] if len(inner) > 1 else inner
        loose = (node.text or "") + "".join(one.tail or "" for one in node)
        node = inner[0] if len(inner) == 1 and not loose.strip() else None
    return html, ""


@lru_cache(maxsize=256)
def wrong_language(code: str) -> str:
    """Why this is no language's code (BCP 47); empty where it is one."""
    from babel.core import get_global  # few runs ask for a language that babel has not been loaded for

    tag = _TAG.fullmatch(code)
    if tag is None:
        hint = code.replace("_", "-")
        return "is not well-formed" + (f"; write {hint}" if hint != code and _TAG.fullmatch(hint) else "")
    primary, region = tag["primary"].lower(), (tag["region"] or "").upper()
    if primary == "und":
        return "names no language"
    if primary not in (*_SPECIAL, *get_global("language_aliases")) and primary not in get_global("likely_subtags"):
        return f"begins with {primary!r}, which is no language"
    if region.isalpha() and region not in get_global("territory_languages"):
        return f"ends with {region!r}, which is no country's code"
    return ""


@lru_cache(maxsize=256)
def script_of(code: str) -> str:
    """The ISO 15924 code of the script that a language is written in; empty for what is no language."""
    from babel.core import get_global

    tag = _TAG.fullmatch(code)
    if tag is None or tag["script"]:
        return tag["script"].title() if tag else ""
    likely, primary = get_global("likely_subtags"), tag["primary"].lower()
    full = likely.get(f"{primary}_{(tag['region'] or '').upper()}") or likely.get(primary) or ""
    return full.split("_")[1] if full.count("_") else ""


@rule(
    "A01",
    "language",
    "error",
    reason="A screen reader takes the wrong voice for a text whose language it isn't told, and nobody understands it.",
    remedy="Say `lang` in the edition, or `language` in newsletter.toml; <mjml> and parts in another language have it "
    "as `lang`.",
    source="https://www.w3.org/TR/WCAG22/#language-of-page",
)
def language(mail: Mail) -> Iterator[Fault]:
    html, wrapper = said(mail, "lang")
    if not html:
        yield Fault("the html element has no lang", mail.where)
    if not wrapper:
        message = "no element in the body has a lang for all that stands in it; webmails take the html element's away"
        yield Fault(message, mail.where)
    codes: dict[str, Any] = {}
    for element in mail.root.xpath("descendant-or-self::*[normalize-space(@lang)]"):
        codes.setdefault(element.get("lang").strip(), element)
    wrong = {code: why for code in codes if (why := wrong_language(code))}
    for code, why in wrong.items():
        yield Fault(f"lang={quoted(code)} {why}", mail.place(codes[code]))
    stated = html or wrapper
    if html and wrapper and html.lower() != wrapper.lower():
        yield Fault(f"the html element is in {html[:40]!r}, what stands in the body in {wrapper[:40]!r}", mail.where)
    elif mail.edition and stated and not wrong and stated.lower() != mail.edition.language.lower():
        yield Fault(f"the mail says it is in {stated!r}, and the edition is in {mail.edition.language!r}", mail.where)
    # A quotation is read badly, the mail around it well.
    yield from (replace(fault, level="warn") for fault in grouped(_unmarked(mail, stated)))


def _unmarked(mail: Mail, stated: str) -> Iterator[tuple[str, Where]]:
    """Phrases in a script that the language said of them isn't written in. Names may be: they are in no language."""
    if mail.body is None or (script_of(stated) in ("", "Latn") and not _NOT_LATIN.search(mail.shown_text)):
        return
    for name, codes, phrase in _SCRIPTS:
        if script_of(stated) in ("", *codes) or not phrase.search(mail.shown_text):
            continue
        for text in mail.body.xpath("descendant::text()[string-length() > 11]"):
            element = text.getparent().getparent() if text.is_tail else text.getparent()
            found = None if element in mail.hidden else phrase.search(text)
            marked = "" if found is None else next(iter(element.xpath("ancestor-or-self::*[@lang][1]/@lang")), "")
            if found and script_of(marked.strip()) not in codes:
                yield f"{quoted(found[0].strip())} is in {name} letters and has no lang of its own", mail.place(element)


@rule(
    "A02",
    "direction",
    "error",
    reason="Without a direction full stops stand at the wrong end, and a text from right to left begins at the left.",
    remedy="It follows from the edition's `lang`; templates say dir on <mjml>, and dir or direction on what runs the "
    "other way.",
    source="https://www.w3.org/International/questions/qa-html-dir",
)
def direction(mail: Mail) -> Iterator[Fault]:
    stated = next(filter(None, said(mail, "lang")), "")
    code = mail.edition.language if mail.edition else stated
    right = languages.direction(code) if code else ""
    html, wrapper = said(mail, "dir")
    named = {"the html element": html, "the element around all of the body": wrapper}
    for name, value in {"the mail": html}.items() if html == wrapper and html else named.items():
        if not value:
            yield Fault(f"{name} has no dir", mail.where)
        elif value.lower() not in ("ltr", "rtl"):
            yield Fault(f"{name} has dir={quoted(value)}; it must be ltr or rtl", mail.where)
        elif right and value.lower() != right:
            yield Fault(f"{name} runs {value.lower()}, and what is in {code!r} runs {right}", mail.where)
    yield from grouped(_parts_astray(mail, stated))
    if right:
        yield from grouped(_turned(mail, right))


def _parts_astray(mail: Mail, stated: str) -> Iterator[tuple[str, Where]]:
    """Parts in a language of their own that run the wrong way."""
    for part in mail.root.xpath("body/descendant::*[@lang]"):
        code = part.get("lang").strip()
        runs = next(iter(part.xpath("ancestor-or-self::*[@dir][1]/@dir")), "ltr").lower()
        if code and code.lower() != stated.lower() and runs not in ("auto", languages.direction(code)):
            words = quoted(text_of(part))
            yield f"{words} is in {code[:40]!r} and runs {runs}", mail.place(part)


def _turned(mail: Mail, right: str) -> Iterator[tuple[str, Where]]:
    """Boxes whose own CSS turns their words round. A section may: MJML turns the order of columns so."""
    for box in mail.root.xpath("body/descendant::*[contains(@style, 'direction') and not(@dir)]"):
        found = _DIRECTION.search(box.get("style"))
        if not found or found[1].lower() == right or box.tag in ("pre", "code"):
            continue
        inner = box.xpath("descendant::*[@dir or contains(@style, 'direction:')]")
        if not inner and (words := text_of(box, mail.hidden)):
            yield f"the CSS of {quoted(words)} says {found[0].lower()} in a mail that runs {right}", mail.place(box)


RULES = (language, direction)
