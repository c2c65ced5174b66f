"""What the readers' clients don't support, by the data of Can I email."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from pipeline import clients
from pipeline.checks import degrading
from pipeline.checks.reading.mail import Mail
from pipeline.checks.rule import Fault, rule
from pipeline.clients import Use, data
from pipeline.errors import Where, nearest
from pipeline.model import Newsletter

# Whom a mail is for where newsletter.toml doesn't say it: the three families that most mail is read in, a third each.
# There is no honest measure: Apple Mail fetches pictures, from which shares are counted, whether or not anybody reads
# (https://www.litmus.com/email-client-market-share).
AUDIENCE: Mapping[str, float] = MappingProxyType(dict.fromkeys(("gmail", "apple-mail", "outlook"), 100 / 3))

# What stands in the head and yet is read by clients.
_READ = frozenset(("style", "meta", "link", "base"))


@dataclass(frozen=True, slots=True)
class ClientScore:
    """How a family of clients, or one client of it that [clients] names, does with what a mail uses.

    ``client`` is its name in the data, ``name`` what people call it. The features are told by their titles; those that
    nobody has tried there count nowhere. A family supports what all of its clients do, partly what some do.
    ``readers`` is the part of the audience in percent.
    """

    client: str
    name: str
    supported: tuple[str, ...]
    partly: tuple[str, ...]
    unsupported: tuple[str, ...]
    readers: float

    @property
    def share(self) -> float:
        """The part of the used features that is supported, from 0 to 1."""
        known = len(self.supported) + len(self.partly) + len(self.unsupported)
        return len(self.supported) / known if known else 1.0


def scores(mail: Mail) -> tuple[ClientScore, ...]:
    """Each family of clients, and each client that [clients] names; those with the most readers first."""
    slugs = tuple(sorted({use.slug for use in _uses(mail)}))
    readers = audience(mail.newsletter)
    named = [one for one in (mail.newsletter.clients if mail.newsletter else ()) if one in readers]
    found = [_score(family, members, slugs, readers) for family, members in data.clients().items()]
    found += [_score(client, (client,), slugs, readers) for client in named]
    return tuple(sorted(found, key=lambda one: (-one.readers, one.client)))


def overall(scored: Collection[ClientScore]) -> float:
    """The share of the used features that is supported, each family weighted by its readers; from 0 to 1."""
    families = [one for one in scored if one.client in data.clients()]
    readers = sum(one.readers for one in families)
    return sum(one.share * one.readers for one in families) / readers if readers else 1.0


def _score(client: str, members: tuple[str, ...], slugs: tuple[str, ...], readers: Mapping[str, float]) -> ClientScore:
    by_level: dict[str, list[str]] = {"y": [], "a": [], "n": []}
    for slug in slugs:
        levels = {data.support(slug, member).level for member in members} - {"u"}
        if levels:
            by_level[levels.pop() if len(levels) == 1 else "a"].append(data.features()[slug].title)
    supported, partly, unsupported = (tuple(by_level[level]) for level in ("y", "a", "n"))
    part = sum(readers.get(member, 0) for member in members)
    return ClientScore(client, told([client]), supported, partly, unsupported, part)


def audience(newsletter: Newsletter | None) -> Mapping[str, float]:
    """The readers of each client in percent. What a family has is divided evenly among those of its clients that
    aren't named themselves; names that there aren't are left out."""
    shares = (newsletter.clients if newsletter else None) or AUDIENCE
    readers: dict[str, float] = {}
    for name, share in shares.items():
        family = data.clients().get(name) or ((name,) if name in _names() else ())
        members = [one for one in family if one == name or one not in shares] or family
        for member in members:
            readers[member] = readers.get(member, 0) + share / len(members)
    return readers


@cache
def _names() -> tuple[str, ...]:
    return (*data.clients(), *(member for members in data.clients().values() for member in members))


@rule(
    "H14",
    "client-support",
    "warn",
    reason="A client drops what it doesn't know: the layout breaks there, or what was meant to be seen isn't.",
    remedy="Do it in a way that these clients know (the page that is named shows which), or change the template so "
    "that nothing is lost without it; [clients] in newsletter.toml says what your readers use.",
    source="https://www.caniemail.com/",
)
def client_support(mail: Mail) -> Iterator[Fault]:
    if mail.newsletter:
        yield from _wrong_clients(mail.newsletter)
    readers = audience(mail.newsletter)
    vml = degrading.pictures(mail.html)
    found: dict[str, list[tuple[Use, frozenset[str]]]] = {}
    for use in _uses(mail):
        without = data.refusing(use.slug) & readers.keys()
        if without:
            without = without.difference(*(data.refusing(slug) for slug in use.within))
        if without and not degrading.is_harmless(use, vml):
            found.setdefault(use.slug, []).append((use, without))
    for slug, uses in found.items():
        yield _fault(mail, slug, uses, readers)


def _fault(mail: Mail, slug: str, uses: list[tuple[Use, frozenset[str]]], readers: Mapping[str, float]) -> Fault:
    without = frozenset(client for _, those in uses for client in those)
    feature = data.features()[slug]
    share = sum(readers[client] for client in without)
    part = f"{share:.0f} %" if share >= 1 else "under 1 %"
    times = f", used {len(uses)} times" if len(uses) > 1 else ""
    message = f"{feature.title}{times}: not supported in {told(without)}, {part} of the readers; {feature.url}"
    return Fault(message, _place(mail, uses[0][0].element))


def _wrong_clients(newsletter: Newsletter) -> Iterator[Fault]:
    where = newsletter.where
    for name in newsletter.clients:
        if name not in _names():
            yield Fault(
                f"[clients] names {name!r}, which Can I email doesn't know{nearest(name, _names())}", where, "error"
            )
    total = sum(newsletter.clients.values())
    if total > 100.5:
        yield Fault(f"the shares in [clients] make {total:g} % of the readers", where, "error")


def told(named: Collection[str]) -> str:
    """Clients by the names that people have for them: ``Gmail, Outlook (Windows, iOS)``. A family that is there as a
    whole stands without its platforms, and so does one with a single platform."""
    parts = []
    for family, all in data.clients().items():
        those = [one for one in all if one in named]
        if family in named or len(those) == len(all):
            parts.append(data.name(family))
        elif those:
            parts.append(f"{data.name(family)} ({', '.join(data.name(one) for one in those)})")
    return ", ".join(parts)


def _uses(mail: Mail) -> Iterator[Use]:
    """What the mail uses where somebody sees it: what is hidden can't break."""
    hidden = mail.hidden
    return clients.uses_of(one for one in mail.elements if one not in hidden or one.tag in _READ)


def _place(mail: Mail, element: Any) -> Where:
    """The head of our own mails is the template's."""
    if mail.edition and any(one.tag == "head" for one in element.iterancestors()):
        return Where(f"templates/{mail.edition.template}.mjml.j2")
    return mail.place(element)


RULES = (client_support,)
