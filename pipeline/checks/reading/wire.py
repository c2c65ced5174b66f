"""A message's bytes, read strictly: the fields, parts and addresses that are really there, where parsers forgive."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

# Of a nest that is deeper or a message of more parts, the rest isn't looked at.
DEEPEST = 8
MOST = 200
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
# RFC 2047 has no blanks in an encoded word; Python's parser reads such a word all the same.
ENCODED_WORD = re.compile(r"=\?([^?]*)\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(=\?[^?]*\?[bBqQ]\?[^?]*\?=)\s+(?==\?[^?]*\?[bBqQ]\?[^?]*\?=)")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)", re.S)
_PARAMETER = re.compile(r""";\s*([^\s=;]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;]*)""")
# A line's rest, behind a boundary.
_BEHIND = re.compile(rb"(--)?[ \t]*(?:\r?\n|\Z)")
_PIECE = re.compile(
    r"""(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<comment>\((?:[^()\\]|\\.)*\))|<(?P<path>[^<>]*)>|(?P<end>[,;])|(?P<group>:)|"""
    r"""[^",:;<(]+|.""",
    re.S,
)


@dataclass(frozen=True)
class Field:
    """A header as it stands; ``raw`` is its body, folded as it is."""

    name: str
    raw: bytes

    @cached_property
    def value(self) -> str:
        """The body on one line."""
        return re.sub(rb"\r?\n(?=[ \t])", b"", self.raw).decode("utf-8", "replace").strip()

    @property
    def decoded(self) -> str:
        """The body on one line, its encoded words as what they say."""
        return decode_words(self.value)


@dataclass(frozen=True)
class Entity:
    """A message or a part of one. ``junk`` are the lines of its head that are no header's."""

    head: bytes
    body: bytes
    fields: tuple[Field, ...]
    junk: tuple[bytes, ...]

    def named(self, name: str) -> list[Field]:
        return [field for field in self.fields if field.name.lower() == name.lower()]

    def value(self, name: str) -> str:
        """The first such header's value; "" where there is none."""
        return next((field.value for field in self.named(name)), "")

    @cached_property
    def type(self) -> str:
        return self.value("Content-Type").partition(";")[0].strip().lower() or "text/plain"

    @cached_property
    def encoding(self) -> str:
        return self.value("Content-Transfer-Encoding").lower() or "7bit"

    def parameter(self, name: str) -> str:
        """A parameter of the Content-Type; "" where there is none."""
        found = {key.lower(): value for key, value in _PARAMETER.findall(self.value("Content-Type"))}.get(name, "")
        return re.sub(r"\\(.)", r"\1", found[1:-1]) if found.startswith('"') else found

    @cached_property
    def parts(self) -> tuple[Entity, ...]:
        """What stands between the boundaries of a multipart."""
        delimiters = self.delimiters()
        end = next((at for at, (_, closes, _) in enumerate(delimiters) if closes), len(delimiters))
        ends = [start for start, _, _ in delimiters[1:]] + [len(self.body)]
        pairs = zip(delimiters[: min(end, MOST)], ends, strict=False)
        return tuple(read_entity(self.body[after:stop]) for (_, _, after), stop in pairs)

    def delimiters(self) -> list[tuple[int, bool, int]]:
        """Each line of the boundary: where the part before it ends, whether it closes, where the next part begins."""
        lines = ((start, _BEHIND.match(self.body, end)) for start, end in self._boundaries())
        return [
            (start - (2 if self.body.endswith(b"\r\n", 0, start) else min(start, 1)), bool(found[1]), found.end())
            for start, found in lines
            if found
        ]

    def resembling(self) -> list[bytes]:
        """The lines that begin with the boundary and go on with something else."""
        lines = ((start, _BEHIND.match(self.body, end)) for start, end in self._boundaries())
        return [self.body[start:].partition(b"\n")[0].strip() for start, found in lines if not found]

    def _boundaries(self) -> Iterator[tuple[int, int]]:
        """Where a line begins with the boundary, and where that ends."""
        mark = b"--" + self.parameter("boundary").encode()
        start = self.body.find(mark) if len(mark) > 2 and self.type.startswith("multipart/") else -1
        while start >= 0:
            if start == 0 or self.body[start - 1] == 10:
                yield start, start + len(mark)
            start = self.body.find(mark, start + len(mark))

    @cached_property
    def tree(self) -> tuple[Entity, ...]:
        """This and all that is in it, from the outside in."""
        return tuple(self._tree(DEEPEST))[:MOST]

    def _tree(self, depth: int) -> Iterator[Entity]:
        yield self
        for part in self.parts if depth else ():
            yield from part._tree(depth - 1)

    @property
    def leaves(self) -> list[Entity]:
        return [one for one in self.tree if not one.type.startswith("multipart/")]

    def text(self) -> str:
        """A text part's words. Raises a ValueError or a LookupError where it can't be read."""
        return self.data().decode(self.parameter("charset") or "us-ascii")

    def data(self) -> bytes:
        match self.encoding:
            case "quoted-printable":
                return binascii.a2b_qp(self.body)
            case "base64":
                return binascii.a2b_base64(self.body)
            case _:
                return self.body


@lru_cache(maxsize=4)
def read_message(message: bytes) -> Entity:
    """A whole message; the line that a mailbox puts before each of its messages is none of it."""
    if message.startswith(b"From "):
        message = message.partition(b"\n")[2]
    return read_entity(message)


def read_entity(data: bytes) -> Entity:
    if data.startswith((b"\r\n", b"\n")):
        return Entity(b"", data[2 if data.startswith(b"\r") else 1 :], (), ())
    # Where the head has lines that end in CRLF, a bare LF ends none.
    newline = b"\r\n" if b"\r\n" in data[: data.find(b"\n\n") + 1 or None] else b"\n"
    head, _, body = data.partition(newline * 2)
    fields: list[Field] = []
    junk: list[bytes] = []
    for line in re.split(re.escape(newline) + rb"(?![ \t])", head.removesuffix(newline)):
        found = _FIELD.fullmatch(line)
        if found:
            fields.append(Field(found[1].decode("ascii"), found[2]))
        elif line:
            junk.append(line)
    return Entity(head + newline, body, tuple(fields), tuple(junk))


def decode_words(value: str) -> str:
    """Text with each encoded word as what it says, blanks between two of them left out (RFC 2047, 6.2)."""
    return ENCODED_WORD.sub(lambda found: decode_word(found, "replace"), _BETWEEN_WORDS.sub(r"\1", value))


def decode_word(found: re.Match[str], errors: str = "strict") -> str:
    """What one encoded word says. Unless told to replace: a ValueError or a LookupError where it can't be read."""
    charset, encoding, text = found.groups()
    try:
        raw = text.encode("utf-8")
        data = binascii.a2b_base64(raw) if encoding in "bB" else binascii.a2b_qp(raw, header=True)
        return data.decode(charset.partition("*")[0], errors)
    except (ValueError, LookupError):
        if errors == "strict":
            raise
        return found[0]


def mailboxes(value: str) -> list[tuple[str, str]]:
    """The name, encoded words and all, and the address of each mailbox in a header's value (RFC 5322, 3.4)."""
    found: list[tuple[str, str]] = []
    words, path, grouped = "", None, False
    for piece in [*_PIECE.finditer(value), None]:
        if piece is None or piece["end"]:
            if words.strip() or path is not None or (piece is None and not found and not grouped):
                found.append((words.strip(), path) if path is not None else ("", words.strip()))
            words, path = "", None
        elif piece["group"]:
            words, grouped = "", True
        elif piece["path"] is not None and path is None:
            path = piece["path"].strip()
        elif not piece["comment"]:
            words += piece[0]
    return found


def unquoted(name: str) -> str:
    """A display name as it is read."""
    plain = re.sub(r'"((?:[^"\\]|\\.)*)"', lambda found: re.sub(r"\\(.)", r"\1", found[1]), name)
    return plain if plain != name else decode_words(name)
