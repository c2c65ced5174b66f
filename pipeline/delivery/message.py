"""An Email -> a program that makes each reader's message, a column of readers at a time."""

from __future__ import annotations

import re
from binascii import hexlify
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from itertools import repeat
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from pipeline.recipients.batch import Batch

# What stands before them included, no line of a header is over 998 characters (RFC 5322, 2.1.1).
LONGEST_URL = 970
LONGEST_ADDRESS = 320
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]++"
_ADDRESSES = re.compile(rf"(?:{_ATOM}(?:\.{_ATOM})*+@[A-Za-z0-9.-]++\n)++", re.ASCII)
_HTTPS = re.compile(r"https://[!-;=?-~]+")
_TOKEN = Field("token", "", Context.URL_PART)


@dataclass(frozen=True)
class Program:
    """Makes the messages of one Email. Goes to other processes as it is.

    ``required`` are the fields that each reader must have a value for. ``fingerprint`` is another one where the bytes
    of any message may be others.
    """

    email: Email
    head: tuple[Op, ...]
    body: tuple[Op, ...]
    required: tuple[str, ...]
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
        return _id(self._key, address).decode()

    def _chunks(self, emails: Sequence[str], columns: Mapping[str, Sequence[Value]]) -> Iterator[Sequence[bytes]]:
        if not emails:
            return iter(())
        run = _Run(self, emails, columns)
        if self.signer is None:
            return zip(*run.columns(self._unsigned), strict=False)
        return self._signed(self.signer, run)

    def _signed(self, signer: Signer, run: _Run) -> Iterator[Sequence[bytes]]:
        time = int(self.email.date.timestamp())
        heads, bodies = zip(*run.columns(self.head), strict=False), run.columns(self.body)
        for head, *body in zip(heads, *bodies, strict=False):
            yield (signer.sign(b"".join(head), body, time), *head, b"\r\n", *body)

    @cached_property
    def _unsigned(self) -> tuple[Op, ...]:
        return merged((*self.head, b"\r\n", *self.body))

    @cached_property
    def _key(self) -> bytes:
        return blake2b(f"{self.email.slug} {self.email.date:%Y%m%d}".encode(), digest_size=32).digest()


def compile(email: Email, newsletter: Newsletter, *, columns: Collection[str], signer: Signer | None = None) -> Program:
    """The program for readers who bring the fields that ``columns`` names.

    Raises a ContentError where no message can be made: for a field that isn't declared, and where the columns hold no
    reader's own way to unsubscribe.
    """
    compiler = Compiler(email, newsletter, frozenset({"email", *columns}))
    head, body, required = compiler.head(), compiler.body(), compiler.required()
    signed = (signer.record, signer.selector, signer.domain) if signer else ()
    parts = (head, body, required, email.slug, email.date, email.language, dict(email.personal), signed)
    fingerprint = blake2b(repr(parts).encode(), digest_size=16).hexdigest()
    # What has become ops, or isn't in a message, needn't go to other processes; and a mappingproxy can't.
    rest = replace(email, html="", text="", blocks=(), articles=(), findings=(), personal=dict(email.personal))
    return Program(rest, head, body, required, signer, fingerprint)


class _Run:
    """One batch on its way through a program."""

    def __init__(self, program: Program, emails: Sequence[str], columns: Mapping[str, Sequence[Value]]) -> None:
        self.program = program
        self.emails = emails
        self.size = len(emails)
        self.values = Columns({**columns, "email": emails}, self.size, program.email.language)
        self.shown, self.picks = personal.views(program.email, columns, self.size)

    def columns(self, ops: Iterable[Op]) -> list[Iterable[bytes]]:
        """Each op's pieces, one for each reader."""
        found: list[Iterable[bytes]] = []
        for op in ops:
            match op:
                case bytes():
                    found.append(repeat(op))
                case Field():
                    found.append(self.values.quoted(op))
                case Audience(block, inner):
                    audience = self.shown[block]
                    found += [_for_some(column, audience) for column in self.columns(inner)]
                case Card():
                    found.append(self.card(op))
                case Recipient(name):
                    found.append(self.recipients(name))
                case Subject(text):
                    found.append([encoded_words.unstructured(one, 9).encode() for one in self.texts(text)])
                case Id():
                    key = self.program._key
                    found.append([_id(key, address) for address in self.emails])
                case Unsubscribe(pattern):
                    found.append(self.unsubscribe(pattern))
        return found

    def card(self, op: Card) -> list[bytes]:
        cards = [self.whole(candidate) for candidate in op.candidates]
        picks = (picked[op.index] for picked in self.picks[op.block])
        return [cards[pick][reader] for reader, pick in enumerate(picks)]

    def whole(self, ops: tuple[Op, ...]) -> Sequence[bytes]:
        """What several ops make, joined for each reader."""
        if all(isinstance(op, bytes) for op in ops):
            return [b"".join(ops)] * self.size  # type: ignore[arg-type]
        return list(map(b"".join, zip(*self.columns(ops), strict=False)))

    def texts(self, written: Sequence[str | Field]) -> Sequence[str]:
        """The pieces of a header, joined for each reader, in one line of words."""
        if not any(isinstance(one, Field) for one in written):
            return [" ".join("".join(map(str, written)).split())] * self.size
        columns = [repeat(one) if isinstance(one, str) else self.values.encoded(one) for one in written]
        texts = list(map("".join, zip(*columns, strict=False)))
        # Where a value is empty, the blanks on both sides of it are left.
        lines = "\n".join(("", *texts, ""))
        untidy = "  " in lines or "\n " in lines or " \n" in lines
        return [" ".join(text.split()) for text in texts] if untidy else texts

    def recipients(self, name: Sequence[str | Field]) -> list[bytes]:
        names = self.texts(name)
        return [mime.named("To", *one).encode() for one in zip(names, self.addresses(), strict=True)]

    def addresses(self) -> Sequence[str]:
        """The readers' addresses, their domains in the ASCII form. Raises a ContentError for what isn't one."""
        if _ADDRESSES.fullmatch("\n".join((*self.emails, ""))) and len(max(self.emails, key=len)) <= LONGEST_ADDRESS:
            return self.emails
        return [_address(address) for address in self.emails]

    def unsubscribe(self, pattern: str) -> list[bytes]:
        """Raises a ContentError for a reader who has no address to unsubscribe at."""
        before, mark, after = mime.ascii_url(pattern).partition("{token}")
        tokens = self.values.encoded(_TOKEN) if mark else [""] * self.size
        urls = [f"{before}{token}{after}" if token else "" for token in tokens]
        if "unsubscribe_url" in self.program.required:
            own = self.values.shown("unsubscribe_url")
            urls = [_https(one) or url for one, url in zip(own, urls, strict=True)]
        if "" in urls or len(max(urls, key=len)) > LONGEST_URL:
            reader = next(reader for reader, url in enumerate(urls) if not 0 < len(url) <= LONGEST_URL)
            raise ContentError(f"{self.emails[reader]} has no https:// address to unsubscribe at, or too long a one")
        return [url.encode() for url in urls]


def _for_some(column: Iterable[bytes], audience: Iterable[bool]) -> list[bytes]:
    return [piece if there else b"" for piece, there in zip(column, audience, strict=False)]


def _id(key: bytes, address: str) -> bytes:
    return hexlify(blake2b(address.encode(), key=key, digest_size=12).digest())


def _address(address: str) -> str:
    local, _, domain = address.rpartition("@")
    found = f"{local}@{mime.ascii_domain(domain)}"
    if not _ADDRESSES.fullmatch(f"{found}\n") or len(found) > LONGEST_ADDRESS:
        raise ContentError(f"{address!a} is no address that a message can go to")
    return found


def _https(url: str) -> str:
    """The URL as a URI; "" for another scheme's."""
    if _HTTPS.fullmatch(url):
        return url
    return mime.ascii_url(url).replace("<", "%3C").replace(">", "%3E") if url.lower().startswith("https://") else ""
