"""The page as a whole: what a mail's HTML must have, and what no client lets through."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from pipeline.checks.reading import active, conditionals, hosts, markup, residue, validity
from pipeline.checks.reading.mail import Mail, text_of
from pipeline.checks.rule import Fault, rule
from pipeline.checks.telling import grouped, quoted
from pipeline.clients import css
from pipeline.errors import Where
from pipeline.model import Level

# What Gmail reads of a mail's styles (hteumeuleu/email-bugs, issue 90).
STYLES = 16_384

_DOCTYPE = re.compile(r"\ufeff?\s*<!doctype\s+html\s*(?:system\s+[\"']about:legacy-compat[\"']\s*)?>", re.IGNORECASE)
_CSS_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_CSS_URL = re.compile(r"\burl\(", re.IGNORECASE)
_PIXELS = re.compile(r"[1-9][0-9]*")


@rule(
    "H01",
    "doctype",
    "error",
    reason="Without the doctype a browser draws the mail by the rules of 1998: pictures shrink, gaps open.",
    remedy="Let templates/digest.mjml.j2 begin with <mjml>, whose HTML begins with <!DOCTYPE html>.",
    source="https://html.spec.whatwg.org/multipage/syntax.html#the-doctype (HTML Living Standard, 13.1.1)",
)
def doctype(mail: Mail) -> Iterator[Fault]:
    if not mail.html.strip() or _DOCTYPE.match(mail.html):
        return
    found = re.search(r"<!doctype[^>]*>", mail.html, re.IGNORECASE)
    if found is None:
        yield Fault("there is no <!DOCTYPE html>", mail.where)
    elif _DOCTYPE.fullmatch(found[0]):
        yield Fault(f"{quoted(mail.html[: found.start()])} stands before the doctype", mail.where)
    else:
        yield Fault(f"the doctype is {quoted(found[0])} and not <!DOCTYPE html>", mail.where)


@rule(
    "H03",
    "style-size",
    "error",
    reason="Gmail throws such a <style> away whole, and with it the mail's look on phones and in the dark.",
    remedy="Make templates/phone.css and dark.css shorter; keep pictures and fonts, and what nests, out of them.",
    source="https://github.com/hteumeuleu/email-bugs/issues/90 (16 KB), 21 (nested at-rules), 130 (url)",
)
def style_size(mail: Mail) -> Iterator[Fault]:
    sizes = [len(text.encode("utf-8", "replace")) for _, text in mail.sheets]
    for (style, text), size in zip(mail.sheets, sizes, strict=True):
        where = mail.place(style)
        if size > STYLES:
            yield Fault(f"a <style> has {size:,} bytes, over the 16,384 that Gmail reads", where)
        nested = list(dict.fromkeys(_nested(css.rules(text))))
        if nested:
            yield Fault(f"a <style> has {' and '.join(nested[:3])}", where)
        urls = len(_CSS_URL.findall(_CSS_COMMENT.sub("", text)))
        if urls:
            yield Fault("a <style> has a url()" + (f", and {urls - 1} more" if urls > 1 else ""), where)
    if sum(sizes) > STYLES >= max(sizes, default=0):
        yield Fault(f"all <style> together have {sum(sizes):,} bytes, over the 16,384 that Gmail reads", mail.where)


def _nested(pieces: Iterable[css.Piece], outer: str = "") -> Iterator[str]:
    for piece in pieces:
        inner = piece.keyword.strip()
        if inner and outer and inner.lower() not in ("@media", "@import"):  # H04 tells of imports
            yield f"{inner} in {outer}"
        yield from _nested(piece.body or (), inner or outer)


@rule(
    "H04",
    "active-content",
    "error",
    reason="Clients take such content out, or take the mail for an attack and put it with the spam.",
    remedy="Take it out of the template or the article; a mail has links and pictures by https, and nothing else.",
    source="https://www.caniemail.com/features/html-form/, and html-link, html-object, html-base, css-at-import there",
)
def active_content(mail: Mail) -> Iterator[Fault]:
    found = [
        (offset, f"there is {what}" + (", in a comment for Outlook" if hidden else ""), False)
        for (name, text, hidden), offset in markup.tags(mail).items()
        for what in active.of_tag(name, text)
    ]
    for kind, offset, name, text, _ in markup.of_mail(mail):
        if kind == "raw" and name == "style":
            found += [(offset, f"there is {what} in a <style>", False) for what in active.of_css(text)]
    yield from _grouped(mail, found)


@rule(
    "H07",
    "conditional-comments",
    "error",
    reason="Outlook, or everyone but Outlook, loses a part of the mail, or sees one that was not meant for them.",
    remedy="Write <!--[if mso]>…<![endif]--> or <!--[if !mso]><!-->…<!--<![endif]--> in the template, and nest none.",
    source="https://html.spec.whatwg.org/multipage/syntax.html#comments (HTML Living Standard, 13.1.6);"
    " https://www.hteumeuleu.com/2020/outlook-rendering-engine/",
)
def conditional_comments(mail: Mail) -> Iterator[Fault]:
    found = [(offset, message, False) for offset, message in conditionals.problems(markup.of_mail(mail))]
    yield from _grouped(mail, found)
    if mail.email is not None and not found:
        unpaired = conditionals.outlook_tables(markup.of_mail(mail))
        if unpaired:
            yield Fault(unpaired[1], markup.place(mail, unpaired[0]))


@rule(
    "H09",
    "images",
    "error",
    reason="A picture that isn't there by https stays a blank; one with no width fills the whole window in Outlook.",
    remedy="Put the picture into content/images and name it as `images/…`; in a template give <img> a width in pixels.",
    source="https://www.caniemail.com/features/image-base64/ and, for the width,"
    " https://www.hteumeuleu.com/2020/outlook-rendering-engine/",
)
def images(mail: Mail) -> Iterator[Fault]:
    yield from grouped(_wrong_pictures(mail))


def _wrong_pictures(mail: Mail) -> Iterator[tuple[str, Where]]:
    for image in mail.images:
        wrong = [*_wrong_source(image.get("src")), *_wrong_width(image)]
        if wrong:
            yield f"{_name(image)} {' and '.join(wrong)}", mail.place(image)
    for (name, text, _), offset in markup.tags(mail).items():
        if "background" in text or name[:2] == "v:":
            for attribute in markup.attributes(text):
                if attribute.name == ("src" if name[:2] == "v:" else "background"):
                    for one in _wrong_source(attribute.value):
                        yield f"the background of <{name}> {one}", markup.place(mail, offset)


def _name(image: Any) -> str:
    name = image.get("alt") or (image.get("src") or "").strip().rpartition("/")[2]
    return f"the picture {quoted(name)}" if name else "a picture"


def _wrong_source(source: str | None) -> list[str]:
    """What is wrong with a picture's address; nothing where other rules tell it (H04, H05)."""
    if source is None or not source.strip():
        return ["has no src"]
    if residue.in_url(source) or active.is_active(source):
        return []
    try:
        parts = urlsplit(source.strip())
        host = parts.hostname or ""
    except ValueError:
        return [f"has a src that is no URL: {quoted(source)}"]
    if parts.scheme != "https":
        return [f"is not read by https: {quoted(source)}"]
    private = hosts.wrong_host(host)
    return [f"is on {private}: {quoted(source)}"] if private else []


def _wrong_width(image: Any) -> list[str]:
    width = image.get("width")
    if width is None:
        return ["has no width"]
    return [] if _PIXELS.fullmatch(width.strip().removesuffix("px")) else [f"has the width {quoted(width)}, not pixels"]


@rule(
    "H16",
    "valid-html",
    "error",
    reason="Each client mends broken HTML in its own way: a part may stand elsewhere, look otherwise, or be lost.",
    remedy="Mend the tag in the template or in the article's own HTML.",
    source="https://html.spec.whatwg.org/multipage/parsing.html#parse-errors (HTML Living Standard, 13.2.2), but for"
    " the attributes of tables that it calls obsolete, mso- properties and xmlns:v, xmlns:o",
)
def valid_html(mail: Mail) -> Iterator[Fault]:
    html = mail.marked or mail.html
    yield from _grouped(mail, validity.problems(html, markup.tokens(html)))


@rule(
    "A05",
    "title",
    "error",
    reason="A screen reader says the title first, and a mail opened in the browser has it for its name.",
    remedy="Let templates/digest.mjml.j2 have <mj-title> with the edition's subject.",
    source="https://www.w3.org/WAI/WCAG22/Understanding/page-titled (WCAG 2.2, 2.4.2)",
)
def title(mail: Mail) -> Iterator[Fault]:
    if not mail.html.strip():
        return
    titles = [one for one in mail.elements if one.tag == "title" and next(one.iterancestors("svg"), None) is None]
    if not titles:
        yield Fault("there is no <title>", mail.where)
        return
    if len(titles) > 1:
        yield Fault(f"there are {len(titles)} <title>", mail.where)
    words, subject = text_of(titles[0]), " ".join(mail.subject.split())
    if not words:
        yield Fault("the <title> is empty", mail.where)
    elif words != subject:
        yield Fault(f"the <title> is {quoted(words)} and the subject {quoted(subject)}", mail.where)


def _grouped(mail: Mail, found: Iterable[tuple[int, str, bool]]) -> Iterator[Fault]:
    """One fault for each kind of them in each place; the mild ones are warnings."""
    first: dict[tuple[str, bool], list[int]] = {}
    for offset, message, mild in found:
        first.setdefault((message, mild), []).append(offset)
    for (message, mild), offsets in first.items():
        level: Level | None = "warn" if mild else None
        yield Fault(" ".join(message.split()) + _more(len(offsets)), markup.place(mail, offsets[0]), level)


def _more(count: int) -> str:
    return f", and {count - 1} more" if count > 1 else ""


RULES = (doctype, style_size, active_content, conditional_comments, images, valid_html, title)
