"""The names that people give to columns -> the fields that they mean."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from pipeline.errors import ContentError, Where, nearest, raise_all

EMAIL = "email"
EVERY = "*"

# How lists' exports call the address; Mailchimp's is "Email Address".
_ALIASES = frozenset({"email", "e_mail", "email_address", "e_mail_address", "emailaddress", "mail"})
_GAPS = re.compile(r"[\s-]+")


def normalised(name: str) -> str:
    """``First Name`` -> ``first_name``."""
    return _GAPS.sub("_", name.strip().casefold())


def field_of(name: str, declared: Collection[str], ignore: Collection[str]) -> str | None:
    """The field that a column of this name brings, declared or not; None for a column to be left out."""
    plain = normalised(name)
    if plain in ignore:
        return None
    field = EMAIL if plain in _ALIASES and plain not in declared else plain
    return field if field in declared or EVERY not in ignore else None


def known(name: str, declared: Collection[str]) -> bool:
    """Whether somebody who has declared these fields may have meant a column of this name."""
    return normalised(name) in _ALIASES or normalised(name) in declared


def layout(
    names: Sequence[str], declared: Collection[str], ignore: Collection[str], where: Where
) -> tuple[str | None, ...]:
    """The field of each column, None where it is left out.

    Raises a ContentError for a column that isn't declared, two of one name, and none for the address.
    """
    fields = tuple(field_of(name, declared, ignore) for name in names)
    raise_all(ContentError(message, where) for message in _faults(names, fields, declared))
    return fields


def _faults(names: Sequence[str], fields: Sequence[str | None], declared: Collection[str]) -> Iterator[str]:
    unknown = [name for name, field in zip(names, fields, strict=True) if field is not None and field not in declared]
    if unknown:
        yield _undeclared(unknown, declared)
    for number, field in enumerate(fields):
        if field in declared and field in fields[:number]:
            first, second = names[fields.index(field)], names[number]
            yield f"the columns {first!r} and {second!r} both bring {field}; rename one, or take it out"
    if EMAIL not in fields:
        yield f"no column brings the address; name it email{_candidates(names)}"


def undeclared(name: str, declared: Collection[str]) -> str:
    """``"first_nam" is no declared merge field; did you mean first_name?``"""
    return f"{name!r} is no declared merge field{nearest(normalised(name), declared)}"


def _undeclared(names: Sequence[str], declared: Collection[str]) -> str:
    near = [name for name in names if nearest(normalised(name), declared)]
    far = [name for name in names if name not in near]
    told = [undeclared(name, declared) for name in near]
    if len(far) == 1:
        told.append(undeclared(far[0], declared))
    elif far:
        told.append(f"{', '.join(map(repr, far))} are no declared merge fields")
    return (
        f"{'; '.join(told)} (leave a column out with --ignore {normalised(names[0])!r}, all such columns with "
        "--ignore '*', or declare them in content/newsletter.toml)"
    )


def _candidates(names: Sequence[str]) -> str:
    if not names:
        return ""
    return f" (there are {', '.join(map(repr, names[:8]))}{', …' if len(names) > 8 else ''})"
