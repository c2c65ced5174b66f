"""An Email -> a program that makes each reader's message, a column of readers at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from hashlib import blake2b
from itertools import repeat
from operator import itemgetter
from typing import Any

from pipeline import encoded_words, mime, personal
from pipeline.delivery.columns import Columns
from pipeline.delivery.compiler import (
    Audience,
    Card,
    Compiler,
    Id,
    Op,
    Recipient,
    Subject,
    Unsubscribe,
    merged,
)
from pipeline.delivery.dkim import Signer
from pipeline.errors import ContentError
from pipeline.merge_fields import Context, Field
from pipeline.model import Email, Newsletter, Value, Values
from pipeline.recipients.batch import Batch

# What stands before them included, no line of a header is over 998 characters (RFC 5322, 2.1.1).
LONGEST_URL = 970
LONGEST_ADDRESS = 320
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]++"
_ADDRESSES = re.compile(rf"(?:{_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9.-]++\n)+", re.ASCII)
_HTTPS = re.compile(r"https://[!-;=?-~]+")
_TOKEN = Field("token", "", Context.URL_PART)


@dataclass(frozen=True)
class Program:
    """Makes the messages of one Email. Goes to other processes as it is.

    ``fingerprint`` is another one where the bytes of any message could be others.
    """

    email: Email
    head: tuple[Op, ...]
    body: tuple[Op, ...]
    signer: Signer | None
    fingerprint: str

    def messages(self, batch: Batch) -> Iterator[bytes]:
        """The messages of a batch, one for each reader, in their order.

        Raises a ContentError for an address or a value that can't stand in a message.
        """
        return map(b"".join, self.chunks(batch))

    def chunks(self, batch: Batch) -> Iterator[Sequence[bytes]]:
        """The same, each message as the pieces that it is made of, as ``os.writev`` takes them."""
        return self._chunks(batch.emails, batch.columns)

    def message(self, values: Values) -> bytes:
        """One reader's message; ``values`` has the reader's address as ``email``."""
        address = values.get("email", "")
        return b"".join(next(self._chunks([str(address)], {name: (value,) for name, value in values.items()})))

    def id(self, address: str) -> str:
        """24 hexadecimal digits that stand for the address in this edition, and don't tell it."""
        digest = self._hash.copy()
        digest.update(address.encode())
        return digest.hexdigest()

    def _chunks(self, emails: Sequence[str], columns: Mapping[str, Sequence[Value]]) -> Iterator[Sequence[bytes]]:
        if not emails:
            return iter(())
        run = _Run(self, emails, columns)
        if self.signer is None:
            return zip(*run.columns(self._whole), strict=False)
        return self._signed(self.signer, run)

    def _signed(self, signer: Signer, run: _Run) -> Iterator[Sequence[bytes]]:
        head, body = self._parts
        heads = zip(*run.columns(head), strict=False)
        for lines, *rest in zip(heads, *run.columns(body), strict=False):
            yield (signer.sign(b"".join(lines), rest), *lines, b"\r\n", *rest)

    @cached_property
    def _whole(self) -> _Plan:
        return _plan(merged((*self.head, b"\r\n", *self.body)))

    @cached_property
    def _parts(self) -> tuple[_Plan, _Plan]:
        return _plan(self.head), _plan(self.body)

    @cached_property
    def _hash(self) -> blake2b:
        key = blake2b(f"{self.email.slug} {self.email.date:%Y%m%d}".encode(), digest_size=16).digest()
        return blake2b(key=key, digest_size=12)

    def __getstate__(self) -> dict[str, Any]:
        """Without what is worked out again where it is needed."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


@dataclass(frozen=True, slots=True)
class _Plan:
    """Some ops, each once: first those whose columns are always the same, then the others; and where each belongs.

    ``arrange`` takes all their columns and puts them in the order of the message.
    """

    alike: tuple[Iterable[bytes], ...]
    own: tuple[Op, ...]
    arrange: Callable[[list[Iterable[bytes]]], tuple[Iterable[bytes], ...]]


def _plan(ops: Sequence[Op]) -> _Plan:
    """At least two ops: a value has a soft break behind it."""
    alike = dict.fromkeys(op for op in ops if isinstance(op, bytes))
    own = dict.fromkeys(op for op in ops if not isinstance(op, bytes))
    places = {op: place for place, op in enumerate((*alike, *own))}
    return _Plan(tuple(map(repeat, alike)), tuple(own), itemgetter(*(places[op] for op in ops)))


def compile(email: Email, newsletter: Newsletter, *, columns: Collection[str], signer: Signer | None = None) -> Program:
    """The program for readers who bring the fields that ``columns`` names.

    Raises a ContentError where no message can be made: for a field that isn't declared, and where the columns hold no
    reader's own way to unsubscribe.
    """
    compiler = Compiler(email, newsletter, frozenset({"email", *columns}))
    head, body = compiler.head(), compiler.body()
    signed = (signer.record, signer.selector, signer.domain) if signer else ()
    parts = (head, body, email.slug, email.date, email.language, dict(email.personal), signed)
    fingerprint = blake2b(repr(parts).encode(), digest_size=16).hexdigest()
    # What has become ops, or isn't in a message, needn't go to other processes; and a mappingproxy can't.
    rest = replace(email, html="", text="", blocks=(), articles=(), findings=(), personal=dict(email.personal))
    return Program(rest, head, body, signer, fingerprint)


class _Run:
    """One batch on its way through a program."""

    def __init__(self, program: Program, emails: Sequence[str], columns: Mapping[str, Sequence[Value]]) -> None:
        self.program = program
        self.emails = emails
        self.size = len(emails)
        self.values = Columns({**columns, "email": emails}, self.size, program.email.language)
        self.joined: dict[int, list[bytes]] = {}
        self.shown, self.picks = (
            personal.views(program.email, columns, self.size) if program.email.personal else ({}, {})
        )

    def columns(self, plan: _Plan) -> tuple[Iterable[bytes], ...]:
        """The chunks of the messages, each column with one for each reader; those that are always alike have no end."""
        return plan.arrange([*plan.alike, *[_COLUMN[type(op)](self, op) for op in plan.own]])

    def column(self, op: Op) -> Iterable[bytes]:
        return repeat(op) if isinstance(op, bytes) else _COLUMN[type(op)](self, op)

    def field(self, op: Field) -> list[bytes]:
        return self.values.quoted(op)

    def audience(self, op: Audience) -> list[bytes]:
        there = self.shown[op.block]
        return [chunk if shown else b"" for chunk, shown in zip(self.column(op.op), there, strict=False)]

    def card(self, op: Card) -> list[bytes]:
        picks = (op.candidates[picked[op.index]] for picked in self.picks[op.block])
        return [card if isinstance(card, bytes) else self.whole(card)[reader] for reader, card in enumerate(picks)]

    def whole(self, ops: tuple[Op, ...]) -> list[bytes]:
        """What some ops make, joined for each reader; a card may stand at any of its block's places."""
        found = self.joined.get(id(ops))
        if found is None:
            found = self.joined[id(ops)] = list(map(b"".join, zip(*self.columns(_plan(ops)), strict=False)))
        return found

    def texts(self, written: Sequence[str | Field]) -> Sequence[str]:
        """The pieces of a header, joined for each reader, in one line of words."""
        columns = [self.values.encoded(one) if isinstance(one, Field) else [one] * self.size for one in written]
        texts = columns[0] if len(columns) == 1 else list(map("".join, zip(*columns, strict=True))) or [""] * self.size
        # Where a value is empty, the blanks on both sides of it are left.
        if [column for column in columns if "" in column]:
            return [" ".join(text.split()) for text in texts]
        return texts

    def subjects(self, op: Subject) -> list[bytes]:
        used = len("Subject: ")
        return [encoded_words.unstructured(text, used).encode() for text in self.texts(op.text)]

    def recipients(self, op: Recipient) -> list[bytes]:
        rows = zip(self.texts(op.name), self.addresses(), strict=True)
        return [(mime.named("To", *row) if row[0] else f"<{row[1]}>").encode() for row in rows]

    def ids(self, op: Id) -> list[bytes]:
        return [self.program.id(address).encode() for address in self.emails]

    def addresses(self) -> Sequence[str]:
        """The readers' addresses, their domains in the ASCII form. Raises a ContentError for what isn't one."""
        if _ADDRESSES.fullmatch("\n".join((*self.emails, ""))) and len(max(self.emails, key=len)) <= LONGEST_ADDRESS:
            return self.emails
        return [_address(address) for address in self.emails]

    def unsubscribe(self, op: Unsubscribe) -> list[bytes]:
        """Raises a ContentError for a reader who has no address to unsubscribe at."""
        tokens = self.values.encoded(_TOKEN)
        urls = [f"{op.before}{token}{op.after}" if token and op.before else "" for token in tokens]
        if op.brought:
            own = self.values.shown("unsubscribe_url")
            urls = [_https(one) or url for one, url in zip(own, urls, strict=True)]
        if "" in urls or len(max(urls, key=len)) > LONGEST_URL:
            reader = next(reader for reader, url in enumerate(urls) if not 0 < len(url) <= LONGEST_URL)
            raise ContentError(f"{self.emails[reader]} has no https:// address to unsubscribe at, or too long a one")
        return [url.encode() for url in urls]


_COLUMN: Mapping[type, Callable[[_Run, Any], list[bytes]]] = {
    Field: _Run.field,
    Recipient: _Run.recipients,
    Subject: _Run.subjects,
    Id: _Run.ids,
    Unsubscribe: _Run.unsubscribe,
    Audience: _Run.audience,
    Card: _Run.card,
}


def _address(address: str) -> str:
    local, _, domain = address.rpartition("@")
    found = f"{local}@{mime.ascii_domain(domain)}"
    if not _ADDRESSES.fullmatch(f"{found}\n") or len(found) > LONGEST_ADDRESS:
        raise ContentError(f"{address!a} is no address that a message can go to")
    return found


def _https(url: str) -> str:
    """The URL as a URI; "" for what is none, and for another scheme's."""
    if _HTTPS.fullmatch(url):
        return url
    try:
        uri = mime.ascii_url(url).replace("<", "%3C").replace(">", "%3E")
    except (ContentError, ValueError):
        return ""
    return uri if _HTTPS.fullmatch(uri) else ""
