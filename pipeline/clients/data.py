"""What Can I email (https://www.caniemail.com) knows: which client supports which feature.

``caniemail.json`` is written by ``tests/clients/renew.py``; its licences stand beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, cast

Level = Literal["y", "a", "n", "u"]

_NOTE = re.compile(r"#(\d+)")


@dataclass(frozen=True, slots=True)
class Feature:
    """What HTML or CSS can say. ``slug`` is its name in addresses; ``category`` is html, css, image or others."""

    slug: str
    title: str
    category: str

    @property
    def url(self) -> str:
        return f"https://www.caniemail.com/features/{self.slug}/"


@dataclass(frozen=True, slots=True)
class Support:
    """How a client's newest version does with a feature: supported ("y"), partly ("a"), not ("n"), unknown ("u")."""

    level: Level
    notes: tuple[str, ...] = ()


@cache
def _data() -> dict[str, Any]:
    text = files(__package__).joinpath("caniemail.json").read_text("utf-8")
    return cast("dict[str, Any]", json.loads(text))


@cache
def features() -> dict[str, Feature]:
    """All features by their slugs."""
    return {slug: Feature(slug, one["title"], one["category"]) for slug, one in _data()["features"].items()}


@cache
def clients() -> Mapping[str, tuple[str, ...]]:
    """The platforms of each family of clients, by their names in the data: ``gmail`` has ``gmail.ios``."""
    found: dict[str, tuple[str, ...]] = {}
    for client in _data()["clients"]:
        family = client.partition(".")[0]
        found[family] = (*found.get(family, ()), client)
    return found


def name(client: str) -> str:
    """What people call a family (``gmail``), or the platform of a client (``gmail.ios``)."""
    family, _, platform = client.partition(".")
    names: dict[str, str] = _data()["names"]
    return names[platform or family]


@cache
def support(slug: str, client: str) -> Support:
    """How a client, such as ``gmail.android``, does with a feature; names that aren't in the data are errors."""
    one = _data()["features"][slug]
    flags: str = one["support"].split(",")[_data()["clients"].index(client)]
    return Support(cast("Level", flags[0]), tuple(one["notes"][number] for number in _NOTE.findall(flags)))


@cache
def unsupported(client: str) -> frozenset[str]:
    """The slugs of all features that the client doesn't support."""
    return frozenset(slug for slug in features() if support(slug, client).level == "n")


@cache
def refusing(slug: str) -> frozenset[str]:
    """The clients that don't support the feature."""
    return frozenset(client for client in _data()["clients"] if support(slug, client).level == "n")
