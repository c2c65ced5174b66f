"""The message's lines and parts: what MIME asks for, and that they say what they were made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from pipeline.checks.reading import wire
from pipeline.checks.reading.mail import Mail
from pipeline.checks.reading.wire import Entity
from pipeline.checks.rule import Fault, rule
from pipeline.model import Address, Newsletter

LONGEST = 998
ENCODED = 76
_LINE_ENDS = ((rb"\r(?!\n)", "bare CR"), (rb"(?<!\r)\n", "bare LF"), (rb"\x00", "NUL"))
_BOUNDARY = re.compile(r"[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]", re.A)
_NOT_QUOTED_PRINTABLE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?(?:\n|\Z))")


def _entity(mail: Mail) -> Entity | None:
    return None if mail.message is None else wire.read_message(mail.message)


@rule(
    "M02",
    "line-ends",
    "error",
    reason="Servers read such a line end each in their own way: a signature breaks, or a second mail is smuggled in.",
    remedy="Write the message with CRLF at the end of each line, as `pipeline build` does.",
    source="https://www.rfc-editor.org/rfc/rfc5321#section-2.3.8",
)
def line_ends(mail: Mail) -> Iterator[Fault]:
    message = mail.message
    if message is None:
        return
    # A file that was saved from a mailbox has the line ends of the machine, all alike.
    saved = mail.newsletter is None and b"\r" not in message
    whole = message.count(b"\r\n")
    if (whole != message.count(b"\n") and not saved) or whole != message.count(b"\r") or b"\0" in message:
        for pattern, name in _LINE_ENDS:
            found = [] if saved and name == "bare LF" else list(re.finditer(pattern, message))
            if found:
                line = len(re.findall(rb"\r\n|\r|\n", message[: found[0].start()])) + 1
                more = f", and {len(found) - 1} more" if len(found) > 1 else ""
                yield Fault(f"a {name} stands in line {line} of the message{more}", mail.where)
    if not message.endswith(b"\n") and mail.newsletter is not None:
        yield Fault("the last line of the message has no end", mail.where)


@rule(
    "M03",
    "line-length",
    "error",
    reason="Servers cut or break longer lines, in the middle of a word, a link or a letter.",
    remedy="Leave the folding to `pipeline build`; shorten a subject or a name without any blank in it.",
    source="https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1",
)
def line_length(mail: Mail) -> Iterator[Fault]:
    entity = _entity(mail)
    if entity is None or mail.message is None:
        return
    if told := _too_long(mail.message.split(b"\n"), LONGEST):
        yield Fault(f"{told}; a line of a message may have {LONGEST}", mail.where)
        return
    words = [
        line for line in entity.head.split(b"\n") if b"=?" in line and wire.ENCODED_WORD.search(line.decode("latin-1"))
    ]
    if told := _too_long(words, ENCODED):
        yield Fault(f"{told}; with an encoded word in it, a header's line may have {ENCODED}", mail.where)
    for part in entity.leaves:
        if part.encoding in ("quoted-printable", "base64") and (told := _too_long(part.body.split(b"\n"), ENCODED)):
            yield Fault(f"{told}; a line of {part.encoding} may have {ENCODED}", mail.where)


def _too_long(lines: list[bytes], most: int) -> str:
    """``most`` doesn't count the line's end."""
    if max(map(len, lines), default=0) <= most:
        return ""
    long = [line for line in lines if len(line.removesuffix(b"\r")) > most]
    if not long:
        return ""
    more = f" and {len(long) - 1} more" if len(long) > 1 else ""
    beginning = ascii(long[0][:30].decode("utf-8", "replace"))
    return f"the line that begins with {beginning} has {len(long[0].removesuffix(bytes([13])))} bytes{more}"


@rule(
    "M06",
    "alternative",
    "error",
    reason="A reader gets the wrong part, nothing at all, or letters that are broken on the way.",
    remedy="Build the message with `pipeline build`: text first, HTML last, both UTF-8 in quoted-printable.",
    source="https://www.rfc-editor.org/rfc/rfc2046#section-5.1.4",
)
def alternative(mail: Mail) -> Iterator[Fault]:
    entity = _entity(mail)
    if entity is None:
        return
    if not entity.named("MIME-Version"):
        yield Fault("there is no MIME-Version, so that the parts are none", mail.where)
    types = [part.type for part in entity.leaves if part.type in ("text/plain", "text/html")]
    both = next((one for one in entity.tree if one.type == "multipart/alternative"), None)
    if both is None:
        there = "only HTML, no text part" if types == ["text/html"] else f"no multipart/alternative but {entity.type}"
        if mail.newsletter is not None or "text/html" in types:
            yield Fault(f"there is {there}", mail.where)
        return
    inside = [[leaf.type for leaf in part.leaves] for part in both.parts]
    ours = mail.newsletter is not None
    if not inside or inside[0] != ["text/plain"] or "text/html" not in inside[-1] or (ours and len(inside) != 2):
        shown = ", ".join(part.type for part in both.parts) or "nothing"
        yield Fault(f"the alternatives are {shown}; they have to be text/plain first, text/html last", mail.where)
    elif ours and entity is not both:
        yield Fault(f"the message is {entity.type}, the alternatives stand inside it", mail.where)
    for part in both.parts if ours else ():
        charset = part.parameter("charset").lower()
        if (charset, part.encoding) != ("utf-8", "quoted-printable"):
            told = f"{part.type} is {charset or 'without a charset'} in {part.encoding}"
            yield Fault(f"{told}; it has to be utf-8 in quoted-printable", mail.where)


@rule(
    "M07",
    "boundary",
    "error",
    reason="Clients take the parts apart at the wrong place, and show raw code or half a mail.",
    remedy="Use a boundary that no encoded line can hold, such as one with `=_`, and close it.",
    source="https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1",
)
def boundary(mail: Mail) -> Iterator[Fault]:
    entity = _entity(mail)
    for one in entity.tree if entity else ():
        if one.type.startswith("multipart/") and (wrong := _boundary_fault(one, ours=mail.newsletter is not None)):
            yield Fault(f"{one.type}: {wrong}", mail.where)


def _boundary_fault(entity: Entity, *, ours: bool) -> str:
    mark = entity.parameter("boundary")
    if not _BOUNDARY.fullmatch(mark):
        return (
            f"the boundary {mark[:80]!r} is none: 1 to 70 letters, digits and '()+_,-./:=?" if mark else "no boundary"
        )
    delimiters = entity.delimiters()
    closes = [at for at, (_, closing, _) in enumerate(delimiters) if closing]
    if not delimiters or closes[:1] == [0]:
        return f"no part begins with the boundary {mark!r}"
    if not closes:
        return f"the boundary {mark!r} is never closed"
    if closes[0] + 1 < len(delimiters):
        return f"the boundary {mark!r} stands again behind its end"
    if begun := entity.resembling():
        return f"the boundary {mark!r} stands in a part: {begun[0][:60].decode('latin-1')!a}"
    for part in entity.parts:
        if part.junk or (not part.fields and ours):
            begins = (part.junk[0] if part.junk else part.body)[:40].decode("latin-1")
            return f"the boundary {mark!r} stands in a part, before {begins!a}"
    behind = entity.body[delimiters[-1][2] :].strip()
    return f"behind the end stands {behind[:40].decode('latin-1')!a}" if ours and behind else ""


@rule(
    "M14",
    "round-trip",
    "error",
    reason="What the reader's program takes out of the message isn't what was written.",
    remedy="Build the message anew; if that doesn't mend it, it is a bug in `pipeline/mime.py`.",
    source="https://www.rfc-editor.org/rfc/rfc2045#section-6",
)
def round_trip(mail: Mail) -> Iterator[Fault]:
    entity = _entity(mail)
    if entity is None:
        return
    texts: dict[str, str] = {}
    for part in entity.leaves:
        if part.type in ("text/plain", "text/html"):
            try:
                texts.setdefault(part.type, _same(part.text()))
                sound = part.encoding != "quoted-printable" or not _NOT_QUOTED_PRINTABLE.search(part.body)
            except (ValueError, LookupError):
                texts.setdefault(part.type, "")
                sound = False
            if not sound:
                how = f"{part.parameter('charset') or 'us-ascii'} in {part.encoding}"
                yield Fault(f"{part.type} can't be read as {how[:60]}", mail.where)
                return
    if mail.newsletter is None:
        return
    for type, meant in (("text/plain", mail.text or ""), ("text/html", mail.html)):
        # Where a part isn't there at all, other rules tell.
        if texts.get(type, _same(meant)) != _same(meant):
            yield Fault(f"{type} isn't read as it was written: {_difference(texts[type], meant)}", mail.where)
    subject = " ".join(wire.decode_words(entity.value("Subject")).split())
    if subject != " ".join(mail.subject.split()):
        yield Fault(f"Subject is read as {subject[:60]!r}, and was {mail.subject[:60]!r}", mail.where)
    yield from _addresses(mail, entity, mail.newsletter)


def _addresses(mail: Mail, entity: Entity, newsletter: Newsletter) -> Iterator[Fault]:
    for name, meant in (("From", newsletter.sender), ("Reply-To", newsletter.reply_to)):
        there = [(_plain(wire.unquoted(words)), path) for words, path in wire.mailboxes(entity.value(name))]
        if there != ([_read(meant)] if meant else [("", "")]):
            shown = ", ".join(f"{words} <{path}>" for words, path in there if path) or "not there"
            told = f"{meant.name} <{meant.email}>" if meant else "not there"
            yield Fault(f"{name} is read as {shown[:80]!r}, and was {told[:80]!r}", newsletter.where)


def _read(address: Address) -> tuple[str, str]:
    local, _, domain = address.email.rpartition("@")
    with suppress(UnicodeError):  # the rule for addresses tells
        domain = domain.encode("idna").decode("ascii")
    return _plain(address.name), f"{local}@{domain}"


def _plain(name: str) -> str:
    return " ".join(name.split())


def _same(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip("\n")


def _difference(there: str, meant: str) -> str:
    at = next((at for at, (one, other) in enumerate(zip(there, meant, strict=False)) if one != other), None)
    at = min(len(there), len(meant)) if at is None else at
    return f"{there[at : at + 30]!r} for {meant[at : at + 30]!r}"


RULES = (line_ends, line_length, alternative, boundary, round_trip)
