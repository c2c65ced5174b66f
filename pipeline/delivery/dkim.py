"""A message's headers and body -> its DKIM-Signature (RFC 6376; Ed25519 as in RFC 8463).

The only importer of cryptography, which is an extra. Headers are signed as "relaxed", because servers on the way fold
them anew; the body as "simple", because nothing on the way changes short lines of ASCII that end in no blank, and so
none of it has to be written again to be signed.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pipeline.errors import ConfigurationError, Where

# Each is named once more than it stands in the message, so that nobody can add another one (RFC 6376, 8.15).
ONCE = (b"from", b"to", b"reply-to", b"subject", b"date", b"message-id", b"mime-version", b"content-type")
SIGNED = frozenset((*ONCE, b"list-id", b"list-post", b"list-unsubscribe", b"list-unsubscribe-post", b"feedback-id"))
# Receivers take no shorter RSA key (RFC 8301, 3.2).
SHORTEST = 1024
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_BLANKS = re.compile(rb"[ \t]+")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for a domain with the key whose public half its DNS has at ``<selector>._domainkey.<domain>``.

    ``private_key`` is an Ed25519 or an RSA key as PEM, without a password. Raises a ConfigurationError for another.
    """

    private_key: bytes = field(repr=False)
    selector: str
    domain: str

    def __post_init__(self) -> None:
        for name in (self.selector, self.domain):
            if not _NAME.fullmatch(name):
                raise ConfigurationError(f"{name!r} is no name that DNS has for a DKIM key")
        _load(self.private_key)

    @property
    def record(self) -> str:
        """What has to stand in DNS."""
        key = _load(self.private_key)
        return f"v=DKIM1; k={key.kind}; p={key.public}"

    def sign(self, head: bytes, body: Iterable[bytes]) -> bytes:
        """The header, its line end included, for a message of this head and this body.

        The head is all headers with their line ends; the body, in any pieces, ends in one line end. The same message
        gets the same signature: there is no t=, for the time would have to be the edition's, and a message that is
        sent before it would be refused.
        """
        key = _load(self.private_key)
        digest = sha256()
        for piece in body:
            digest.update(piece)
        fields = [one for one in _relaxed(head) if one[0] in SIGNED]
        unsigned = (
            f"DKIM-Signature: v=1; a={key.kind}-sha256; c=relaxed/simple;\r\n"
            f" d={self.domain}; s={self.selector};\r\n"
            f" h={_listed(tuple(name for name, _ in fields))};\r\n"
            f" bh={b64encode(digest.digest()).decode()};\r\n"
            f" b="
        ).encode()
        # A header that is there twice is signed from the last one up; none of ours is (RFC 6376, 5.4.2).
        lines = [name + b":" + value for name, value in (*fields, *_relaxed(unsigned))]
        return unsigned + b"\r\n ".join(_lines(b64encode(key.sign(b"\r\n".join(lines))))) + b"\r\n"


def read_signer(path: Path, selector: str, domain: str) -> Signer:
    """The signer with the key in this file. Raises a ConfigurationError where it isn't one, or can't be read."""
    try:
        key = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"the DKIM key can't be read: {error.strerror}", Where(str(path))) from error
    return Signer(key, selector, domain)


def _relaxed(head: bytes) -> list[tuple[bytes, bytes]]:
    """Each header's name and value in the canonical form (RFC 6376, 3.4.2)."""
    lines = _BLANKS.sub(b" ", _FOLD.sub(b"", head)).removesuffix(b"\r\n").split(b"\r\n")
    parts = (line.partition(b":") for line in lines)
    return [(name.strip().lower(), value.strip()) for name, _, value in parts]


@lru_cache(maxsize=16)
def _listed(names: Sequence[bytes]) -> str:
    """The names of the signed headers, a few a line."""
    signed = [name.decode() for name in (*names, *ONCE)]
    return ":\r\n  ".join(":".join(signed[begin : begin + 5]) for begin in range(0, len(signed), 5))


def _lines(signature: bytes) -> list[bytes]:
    return [signature[begin : begin + 72] for begin in range(0, len(signature), 72)]


@dataclass(frozen=True, slots=True)
class _Key:
    """A private key: its kind, its public half as DNS has it, and what signs with it, the same text always alike."""

    kind: Literal["ed25519", "rsa"]
    public: str
    sign: Callable[[bytes], bytes]


@lru_cache(maxsize=4)
def _load(private_key: bytes) -> _Key:
    """The key, read once a process: a signer goes to other processes as its PEM."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
    except ImportError as error:
        raise ConfigurationError("DKIM needs the package cryptography: pip install 'stay-updated[dkim]'") from error
    try:
        key = load_pem_private_key(private_key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigurationError("the DKIM key can't be read; it has to be a PEM file without a password") from error
    if isinstance(key, Ed25519PrivateKey):
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        # It signs the digest, not the headers themselves (RFC 8463, 3).
        return _Key("ed25519", b64encode(public).decode(), lambda text: key.sign(sha256(text).digest()))
    if isinstance(key, RSAPrivateKey) and key.key_size >= SHORTEST:
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return _Key("rsa", b64encode(public).decode(), lambda text: key.sign(text, PKCS1v15(), SHA256()))
    raise ConfigurationError(f"a DKIM key has to be an Ed25519 key, or an RSA key of at least {SHORTEST} bits")
