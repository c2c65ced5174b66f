"""Who a link is for -> a signed token, and back. The only importer of itsdangerous.

A token holds a reader's number, not an address. It is good for one purpose on one list, under any of the keys that
are still read. Nobody can make one without a key, and one that is changed in any way is none.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from hashlib import blake2b
from typing import Literal

import itsdangerous

Purpose = Literal["reader", "confirm", "address", "blog", "form"]

# How long each lives; a reader's own links are in mails that stay in inboxes for years, and the form on the blog stays
# where it was pasted.
LIVES: dict[Purpose, timedelta | None] = {
    "reader": None,
    "confirm": timedelta(hours=48),
    "address": timedelta(hours=48),
    "blog": None,
    "form": timedelta(days=1),
}
# By how much the clocks of two servers may differ.
SKEW = timedelta(minutes=5)
LONGEST = 512
# 24 bytes are 32 letters of base64 with no bit left over, so that there is one way to write each signature.
_DIGEST = partial(blake2b, digest_size=24)
_PART = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_TOKEN = re.compile(r"(?P<id>0|[1-9][0-9]{0,18})~(?P<made>[0-9]{1,12})(?P<extra>(?:~[A-Za-z0-9_-]+)*)", re.ASCII)
_WRITTEN = re.compile(rf"{_TOKEN.pattern}\.[A-Za-z0-9_-]{{32}}", re.ASCII)


class BadTokenError(Exception):
    """It isn't one of ours, or isn't for this, or is too old. Which of them is nobody's business but ours."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says. ``made`` is to the second; ``None`` in one that lives for ever, which is the same
    whenever made."""

    id: int
    extra: tuple[str, ...]
    made: datetime | None


class Signer:
    """Signs with the first of the ``secrets`` and reads what any of them has signed, for one list.

    ``list_id`` is whatever stays the same as long as the list is the same, such as the value of its List-Id.
    """

    def __init__(self, secrets: Sequence[bytes], list_id: str) -> None:
        self._signers = {purpose: _signer(secrets, purpose, list_id) for purpose in LIVES}

    def sign(self, purpose: Purpose, id: int, *extra: str, now: datetime | None = None) -> str:
        """A token of letters, digits, ``-``, ``.``, ``_`` and ``~``; of these, ``extra`` has no ``.`` and no ``~``.

        ``now`` is when its time begins; what lives for ever has none. Raises a ValueError for what can't be signed.
        """
        if (now is None) != (LIVES[purpose] is None):
            raise ValueError(f"a token for {purpose!r} {'needs' if now is None else 'has no'} time")
        made = int(now.timestamp()) if now else 0
        value = "~".join((str(id), str(made), *extra))
        if not all(map(_PART.fullmatch, extra)) or not _TOKEN.fullmatch(value) or len(value) > LONGEST - 33:
            raise ValueError(f"a token can't hold {value[:60]!r}")
        return self._signers[purpose].sign(value).decode()

    def read(self, token: str, purpose: Purpose, now: datetime | None = None) -> Token:
        """What the token says. Raises a BadTokenError for any that wasn't signed for this, or whose time is over.

        ``now`` is needed for all but what lives for ever.
        """
        if len(token) > LONGEST or not _WRITTEN.fullmatch(token):
            raise BadTokenError
        try:
            value = self._signers[purpose].unsign(token).decode()
        except itsdangerous.BadSignature as error:
            raise BadTokenError from error
        found = _TOKEN.fullmatch(value)
        if found is None:
            raise BadTokenError
        seconds = int(found["made"])
        made = datetime.fromtimestamp(seconds, UTC) if seconds else None
        if not _is_alive(made, LIVES[purpose], now):
            raise BadTokenError
        return Token(int(found["id"]), tuple(found["extra"].split("~")[1:]), made)


def _signer(secrets: Sequence[bytes], purpose: Purpose, list_id: str) -> itsdangerous.Signer:
    # No purpose has a blank, so no two pairs have the same salt. Of several keys, itsdangerous signs with the last.
    salt = f"{purpose} {list_id}".encode()
    return _Signer(list(reversed(secrets)), salt, key_derivation="hmac", digest_method=_DIGEST)


class _Signer(itsdangerous.Signer):
    """Has its keys ready: an import signs a million tokens, and most of that time went into the same beginnings."""

    @cached_property
    def _begun(self) -> list[hmac.HMAC]:
        """The newest key's last, as itsdangerous has them."""
        return [hmac.new(self.derive_key(key), digestmod=_DIGEST) for key in self.secret_keys]

    def get_signature(self, value: str | bytes) -> bytes:
        return itsdangerous.base64_encode(_ended(self._begun[-1], value))

    def verify_signature(self, value: str | bytes, sig: str | bytes) -> bool:
        try:
            given = itsdangerous.base64_decode(sig)
        except itsdangerous.BadData:
            return False
        return any(hmac.compare_digest(given, _ended(begun, value)) for begun in reversed(self._begun))


def _ended(begun: hmac.HMAC, value: str | bytes) -> bytes:
    made = begun.copy()
    made.update(itsdangerous.want_bytes(value))
    return made.digest()


def _is_alive(made: datetime | None, life: timedelta | None, now: datetime | None) -> bool:
    if life is None or made is None or now is None:
        return life is None and made is None
    return -SKEW <= now - made <= life
