"""A column of addresses -> those that mail can go to, and why it can't go to the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

# A dot-atom (RFC 5322 3.2.3) at a domain of letters, digits and single hyphens under a top-level one of letters.
# What else is allowed is rare, and email-validator's to judge. Possessive, so that no address takes long; no group is
# that, because Python before 3.11.5 matches those wrongly.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]++"
_LABEL = r"[A-Za-z0-9]++(?:-[A-Za-z0-9]++)*"
_PLAIN = rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z]++"
_ONE = re.compile(_PLAIN)
_COLUMN = re.compile(rf"(?:{_PLAIN}\n)*")
# RFC 5321 4.5.3.1 and 5.1, RFC 1035 2.3.4, in bytes.
_LOCAL_PART, _LABEL_LENGTH, _ADDRESS = 64, 63, 254

MISSING = "no address"
RESERVED = "broken address: its domain is reserved for tests or local networks, and no mail goes there"


def addresses(texts: Sequence[str]) -> tuple[Sequence[str], dict[int, str]]:
    """The addresses, stripped, with domains in ASCII; and by index the reason against each that can't be used."""
    joined = "\n".join(texts) + "\n"
    # An address of at most 63 characters keeps the limits of its parts too.
    short = max(map(len, texts), default=0) <= _LABEL_LENGTH
    if short and _COLUMN.fullmatch(joined) and joined.count("\n") == len(texts):
        return texts, {}
    found, wrong = list(texts), {}
    for index, text in enumerate(texts):
        try:
            found[index] = address(text)
        except ValueError as error:
            wrong[index] = str(error)
    return found, wrong


def address(text: str) -> str:
    """The address as mail servers take it. Raises a ValueError with the reason for one that they don't."""
    text = text.strip()
    if not text:
        raise ValueError(MISSING)
    if not _ONE.fullmatch(text):
        text = _judged(text)
    local, _, domain = text.rpartition("@")
    if len(local) > _LOCAL_PART:
        raise ValueError(f"broken address: {len(local)} characters before the @; at most {_LOCAL_PART} can be")
    if len(text) > _ADDRESS or max(map(len, domain.split("."))) > _LABEL_LENGTH:
        raise ValueError("broken address: its domain is too long")
    return text


def public_address(text: str) -> str:
    """The address as ``address`` has it, of somebody on the internet: for what people type, and other lists have."""
    found = address(text)
    if is_reserved(found):
        raise ValueError(RESERVED)
    return found


def is_reserved(checked: str) -> bool:
    """Whether the checked address is in a domain that is kept for tests and for local networks (RFC 6761 and others),
    as email-validator lists them: no mail goes there. For documentation's own there may be one."""
    return checked.lower().endswith(_reserved())


@cache
def _reserved() -> tuple[str, ...]:
    from email_validator import SPECIAL_USE_DOMAIN_NAMES

    return tuple(f"{before}{name}" for name in SPECIAL_USE_DOMAIN_NAMES for before in "@.")


def keys(texts: Sequence[str]) -> Iterable[str]:
    """What two addresses have in common that are one; ``""`` or anything else for what is none.

    Local parts too are compared without regard to case: the same person twice on a list is likely, two people with
    the same letters are not.
    """
    joined = "".join(texts)
    if joined.isascii() and joined.isprintable() and " " not in joined:
        return map(str.lower, texts)
    return map(key, texts)


def key(text: str) -> str:
    if text.isascii():
        return text.strip().lower()
    try:
        return address(text).lower()
    except ValueError:
        return ""


def _judged(text: str) -> str:
    from email_validator import EmailNotValidError, validate_email  # most lists need none, and this takes a while

    try:
        # Whether a domain is there is for the mail server to find out; names for tests are some newsletter's tests.
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(f"broken address: {error}") from error
    return found.ascii_email or found.normalized
