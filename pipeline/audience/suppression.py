"""An address -> its normal form, and the salted hash by which it is known when the address itself is gone. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from typing import Literal, get_args

from pipeline.recipients.addresses import address as checked
from pipeline.recipients.addresses import key

# Unsubscribing is a state, which a reader's own confirmation ends. Nothing that anybody types into a
# form or imports ends these: only who runs the list does.
Reason = Literal["bounce", "complaint", "erased", "manual"]
REASONS: tuple[Reason, ...] = get_args(Reason)
SALT_BYTES = 32
# Half of SHA-256's, which RFC 2104 (5) allows: as good, and a million of them in an index are half as much to write.
HASH_BYTES = 16


def normal(address: str) -> str:
    """What all ways to write the address have in common. Raises a ValueError with the reason for one that is none."""
    return key(checked(address))


class Hasher:
    """Salted hashes of addresses, ``HASH_BYTES`` of each: HMAC-SHA256 with a key made of the deployment's secret and
    of the salt that the database has. With either alone, nobody can tell by trying who was erased."""

    def __init__(self, secret: bytes, salt: bytes) -> None:
        self._key = hmac.digest(secret, b"suppression" + salt, "sha256")

    def hash(self, address: str) -> bytes:
        """Raises a ValueError with the reason where it is no address."""
        return hmac.digest(self._key, normal(address).encode(), "sha256")[:HASH_BYTES]

    def hashes(self, addresses: Iterable[str]) -> Iterator[bytes]:
        """Of addresses that were checked."""
        blank = hmac.new(self._key, digestmod=hashlib.sha256)
        for address in addresses:
            one = blank.copy()
            one.update(key(address).encode())
            yield one.digest()[:HASH_BYTES]

    def proof(self) -> bytes:
        """What the key can be known by, and nothing can be hashed with."""
        return hmac.digest(self._key, b"proof", "sha256")
