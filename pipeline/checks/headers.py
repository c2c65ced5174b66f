"""The message's headers, as RFC 5322 has them."""

from __future__ import annotations

import email.policy
import re
from collections import Counter
from collections.abc import Iterator
from email.parser import BytesParser
from email.utils import parsedate_to_datetime

from pipeline.checks.reading import wire
from pipeline.checks.reading.mail import Mail
from pipeline.checks.reading.wire import Field
from pipeline.checks.rule import Fault, rule
from pipeline.errors import Where

REQUIRED = ("From", "To", "Subject", "Date", "Message-ID")
# Besides those: what stands at most once (RFC 5322, 3.6; RFC 2045, 3).
ONCE = ("Sender", "Reply-To", "Cc", "In-Reply-To", "References", "MIME-Version", "Content-Type")
ADDRESSES = ("From", "To", "Reply-To", "Sender", "Cc")
# What servers add on the way, or what only some reader may see or be asked for.
FOREIGN = re.compile(
    r"(?:resent-)?bcc|return-path|received(?:-spf)?|dkim-signature|domainkey-signature|arc-.*|authentication-results|"
    r"delivered-to|x-original-to|envelope-to|sender|errors-to|return-receipt-to|disposition-notification-to|resent-.*",
    re.I,
)
_DATE = re.compile(
    r"(?:(?P<day>Mon|Tue|Wed|Thu|Fri|Sat|Sun),)?\s*\d{1,2}\s+[A-Z][a-z]{2}\s+(?P<year>\d+)\s+\d\d:\d\d(?::\d\d)?"
    r"\s+(?P<zone>\S+)(?:\s*\([^()]*\))?"
)
_ATOMS = r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*"
_DOT_ATOM = re.compile(_ATOMS, re.A)
_MESSAGE_ID = re.compile(rf"<{_ATOMS}@(?P<domain>{_ATOMS}|\[[^\[\]\s]*\])>", re.A)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.I)
_RAW_CONTROL = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")


def place(mail: Mail, name: str) -> Where:
    """Where a header comes from: the subject, the date and the id from the edition, all others from the newsletter."""
    own = name.lower() in ("subject", "date", "message-id")
    return mail.where if own or mail.newsletter is None else mail.newsletter.where


def fields(mail: Mail) -> tuple[Field, ...]:
    return () if mail.message is None else wire.read_message(mail.message).fields


@rule(
    "M01",
    "required-headers",
    "error",
    reason="A mail without one of these headers, or with two of a kind, looks forged, and Gmail refuses it.",
    remedy="Set the sender and the subject in `content/`; a template or a sending script must not add its own.",
    source="https://www.rfc-editor.org/rfc/rfc5322#section-3.6",
)
def required_headers(mail: Mail) -> Iterator[Fault]:
    if mail.message is None:
        return
    counts = Counter(field.name.lower() for field in fields(mail))
    for name in (*REQUIRED, *ONCE):
        count = counts[name.lower()]
        if count > 1:
            yield Fault(f"{name} stands {count} times; one is allowed", place(mail, name))
        elif not count and name in REQUIRED:
            yield Fault(f"there is no {name}", place(mail, name))


@rule(
    "M04",
    "header-encoding",
    "error",
    reason="Readers see question marks and broken letters in the place of a name or a subject.",
    remedy="Leave the encoding to `pipeline build`; other programs must write headers as RFC 2047 has them.",
    source="https://www.rfc-editor.org/rfc/rfc2047#section-5",
)
def header_encoding(mail: Mail) -> Iterator[Fault]:
    for field in fields(mail):
        wrong = _encoding_fault(field)
        if wrong:
            yield Fault(f"{field.name} {wrong}", place(mail, field.name))


def _encoding_fault(field: Field) -> str:
    if not field.raw.isascii():
        return "holds bytes that aren't ASCII; such letters have to be in encoded words"
    if field.name.lower() in map(str.lower, ADDRESSES):
        quoted = next((one for one in _QUOTED.findall(field.value) if wire.ENCODED_WORD.search(one)), "")
        if quoted:
            return f"has an encoded word between quotation marks, where it is shown as it is: {quoted[:60]}"
    for word in wire.ENCODED_WORD.finditer(field.value):
        if len(word[0]) > 75:
            return f"has an encoded word of {len(word[0])} characters; 75 are allowed"
        if re.search(r"\s", word[0]):
            return f"has an encoded word with blanks in it, which not all readers decode: {word[0][:60]}"
        try:
            wire.decode_word(word)
        except LookupError:
            return f"has an encoded word in a charset that nobody knows: {word[1][:40]!r}"
        except ValueError:
            return f"has an encoded word that can't be read by itself, maybe half a character: {word[0][:60]}"
    return ""


@rule(
    "M05",
    "header-injection",
    "error",
    reason="Whoever chose that name or subject puts headers of their own into the mail, such as a Bcc to everybody.",
    remedy="Take the line ends and control characters out of the subject, the name or the reader's value.",
    source="https://nvd.nist.gov/vuln/detail/CVE-2024-6923",
)
def header_injection(mail: Mail) -> Iterator[Fault]:
    if mail.message is None:
        return
    read = wire.read_message(mail.message)
    for field in read.fields:
        hidden = [one for one in wire.ENCODED_WORD.finditer(field.value) if _controls(wire.decode_word(one, "replace"))]
        if hidden:
            told = f"has an encoded word that decodes to a control character: {hidden[0][0][:60]}"
            yield Fault(f"{field.name} {told}", place(mail, field.name))
        elif found := _RAW_CONTROL.search(field.raw):
            yield Fault(f"{field.name} holds the control character {found[0].decode()!a}", place(mail, field.name))
    meant = Counter(field.name.lower() for field in read.fields)
    for policy in (email.policy.default, email.policy.compat32):
        there = Counter(
            name.lower() for name, _ in BytesParser(policy=policy).parsebytes(read.head, headersonly=True).raw_items()
        )
        if there != meant:
            more, fewer = (", ".join(sorted(one)) for one in (there - meant, meant - there))
            told = f"reads {more} that nobody meant" if more else f"doesn't get to {fewer}"
            yield Fault(f"a line end stands inside a header: a parser {told}", mail.where)
            return
    if read.junk:
        yield Fault(f"between the headers stands a line that is none: {ascii(read.junk[0][:60])[2:-1]!r}", mail.where)


def _controls(text: str) -> bool:
    return wire.CONTROL.search(text) is not None


@rule(
    "M09",
    "date",
    "error",
    reason="A client that can't read the date files the mail under today, 1970 or the wrong hour.",
    remedy="Write the edition's `date:` as 2026-11-24 08:00; the newsletter's `timezone` makes a number of the zone.",
    source="https://www.rfc-editor.org/rfc/rfc5322#section-3.3",
)
def date(mail: Mail) -> Iterator[Fault]:
    for field in fields(mail):
        if field.name.lower() == "date" and (wrong := _date_fault(field.value)):
            yield Fault(f"Date {field.value[:60]!r} {wrong}", mail.where)


def _date_fault(value: str) -> str:
    found = _DATE.fullmatch(value)
    if not found:
        return "is not written as RFC 5322 has it"
    if len(found["year"]) != 4:
        return "has no year of four digits"
    if not re.fullmatch(r"[+-]\d{4}", found["zone"]):
        return f"names its zone {found['zone']!r}; it has to be a number such as +0100"
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return "is no date that there is"
    # strftime would ask the locale.
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[moment.weekday()]
    return f"was a {day}" if found["day"] not in (None, day) else ""


@rule(
    "M10",
    "message-id",
    "error",
    reason="Filters count an id that is malformed or on a stranger's domain as a sign of forgery.",
    remedy="Give the sender in `content/newsletter.toml` an address on the newsletter's own domain.",
    source="https://www.rfc-editor.org/rfc/rfc5322#section-3.6.4",
)
def message_id(mail: Mail) -> Iterator[Fault]:
    for field in fields(mail):
        if field.name.lower() != "message-id" or not field.raw.isascii():
            continue
        found = _MESSAGE_ID.fullmatch(field.value)
        if not found:
            yield Fault(f"Message-ID {field.value[:60]!r} is not of the form <something@domain>", mail.where)
        elif mail.newsletter is not None:
            own = sender_domain(mail)
            if own and not f".{found['domain'].lower()}".endswith(f".{own}"):
                yield Fault(f"Message-ID is on {found['domain']}, the sender on {own}", mail.where)


def sender_domain(mail: Mail) -> str:
    """The domain of the address in From; "" where it has none."""
    senders = [field.value for field in fields(mail) if field.name.lower() == "from"]
    path = wire.mailboxes(senders[0])[0][1] if senders and wire.mailboxes(senders[0]) else ""
    return path.rpartition("@")[2].lower()


@rule(
    "M12",
    "addresses",
    "error",
    reason="Servers refuse a mail with an address that they can't read, or can't be answered.",
    remedy="Mend the address under [sender] or [reply_to] in `content/newsletter.toml`.",
    source="https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1",
)
def addresses(mail: Mail) -> Iterator[Fault]:
    for field in fields(mail):
        if field.name.lower() not in map(str.lower, ADDRESSES) or not field.raw.isascii():
            continue
        for _, path in wire.mailboxes(field.value):
            if wrong := _address_fault(path):
                yield Fault(f"{field.name}: {wrong}", place(mail, field.name))
                break


def _address_fault(path: str) -> str:
    if not path:
        return "there is no address"
    short = repr(path[:60])
    plain = _QUOTED.sub("q", path)
    local, at, domain = plain.rpartition("@")
    if not at or "@" in local:
        return f"{short} has to have one @"
    length = path.rindex("@")
    if length > 64 or len(domain) > 255 or len(path) > 254:
        return f"{short}… is too long: 64 characters before the @, 255 behind it and 254 in all are allowed"
    if not _DOT_ATOM.fullmatch(local):
        return f"{short} has something before its @ that can't stand there"
    return "" if _is_domain(domain) else f"{short} is at no domain; in a message it stands in its ASCII form"


def _is_domain(domain: str) -> bool:
    if re.fullmatch(r"\[[^\[\]\s]+\]", domain):
        return True
    labels = domain.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        return False
    try:
        domain.encode().decode("idna")
    except UnicodeError:
        return False
    return True


@rule(
    "M15",
    "foreign-headers",
    "error",
    reason="Such a header belongs to servers on the way: it shows readers to each other, or looks forged.",
    remedy="Take it out of what makes the message; where copies have to go is said when sending.",
    source="https://www.rfc-editor.org/rfc/rfc5322#section-3.6.7",
)
def foreign_headers(mail: Mail) -> Iterator[Fault]:
    # A mail from a mailbox has been on its way, and has them for good reason.
    if mail.newsletter is None:
        return
    for name in dict.fromkeys(field.name for field in fields(mail) if FOREIGN.fullmatch(field.name)):
        yield Fault(f"{name} must not be in a mail that is yet to be sent", mail.where)


RULES = (*(required_headers, header_encoding, header_injection, date, message_id, addresses, foreign_headers),)
