"""What flows through the pipeline, in the order that the data meets it. Frozen; data does not act.

``Markup`` is HTML that has been sanitised: templates print it as it is, and escape every ``str``.
Strings may hold merge field tokens (see ``merge_fields``); URLs are absolute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date as day
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal

from markupsafe import Markup

from pipeline.conditions import Condition
from pipeline.errors import Where

Level = Literal["error", "warn", "note"]
Direction = Literal["ltr", "rtl"]
FieldType = Literal["text", "url", "token", "date", "list"]
# What a reader has for a field: text, a URL and a token are str. "" and () are nothing.
Value = str | day | tuple[str, ...]
Values = Mapping[str, Value]
NOTHING = Markup()
# What a digest's subject and preheader may hold between braces.
PLACES = ("lead.title", "lead.dek", "count", "date")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check yields, or what a stage left out and wants told. Never a stop.

    ``rule`` is the id of the rule that was broken; what a stage tells has none.
    """

    check: str
    level: Level
    message: str
    where: Where
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture. ``width`` and ``height`` are those of the file in pixels, twice the shown size;
    ``None`` where the picture is on another host. ``path`` is the local file, if it is one."""

    src: str
    alt: str = ""
    width: int | None = None
    height: int | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A name that leads somewhere: a social profile, an app store, a category."""

    name: str
    url: str
    image: Image | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """An e-mail address with its display name."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one scheme, each ``#rrggbb``."""

    ground: str
    paper: str
    ink: str
    quiet: str
    brand: str
    on_brand: str
    tint: str
    rule: str


@dataclass(frozen=True, slots=True)
class Fonts:
    """Font stacks, as in CSS."""

    title: str
    text: str
    code: str


@dataclass(frozen=True, slots=True)
class MergeField:
    """A declared place for a reader's own value.

    ``token`` is a text of letters, digits, ``-``, ``.``, ``_`` and ``~``, which may stand in any URL as it is. The
    fallback of a built-in URL is its pattern, in which ``{token}`` is the reader's own.
    """

    name: str
    fallback: str
    type: FieldType = "text"
    sample: Value = ""


@dataclass(frozen=True, slots=True)
class Persona:
    """A sample reader: the values of the merge fields that a digest is looked at with."""

    key: str
    name: str
    values: Values
    where: Where


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote an article."""

    name: str
    portrait: Image | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class CheckSetting:
    """The newsletter's own level for a rule, and why."""

    level: Literal["error", "warn", "note", "off"]
    reason: str
    where: Where


@dataclass(frozen=True, slots=True)
class Newsletter:
    """The publication: what ``content/newsletter.toml`` says.

    ``merge_fields`` are the declared and the built-in ones. ``recipient_name`` is how a message names the reader whom
    it goes to; ``esp`` the service whose merge tags its builds are written in, if any.
    ``tagline``, ``reason`` and ``medical_disclaimer`` are texts by language. ``clients`` are the shares in percent of
    the clients that its readers use, by the names that caniemail.com has for them; ``checks`` settings by rule.
    """

    name: str
    url: str
    asset_url: str
    article_url: str
    sender: Address
    reply_to: Address | None
    postal_address: str
    tagline: Mapping[str, str]
    reason: Mapping[str, str]
    unsubscribe_url: str
    preferences_url: str
    web_url: str
    language: str
    timezone: str
    anchors: Literal["github", "kramdown"]
    light: Palette
    dark: Palette
    fonts: Fonts
    logo: Image | None
    socials: tuple[Link, ...]
    stores: tuple[Link, ...]
    utm: Mapping[str, str]
    merge_fields: Mapping[str, MergeField]
    recipient_name: str
    esp: str
    authors: Mapping[str, Author]
    medical_disclaimer: Mapping[str, str]
    blocks: Mapping[str, Mapping[str, Any]]
    clients: Mapping[str, float]
    checks: Mapping[str, CheckSetting]
    where: Where


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of an article with what stands below it, up to the next heading of any level.

    ``url`` leads to the heading on the blog; ``html`` is without the heading itself.
    """

    title: str
    anchor: str
    level: int
    html: Markup
    url: str
    where: Where


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The facts of an article, read without rendering its text."""

    slug: str
    title: str
    url: str
    where: Where
    dek: str = ""
    date: datetime | None = None
    authors: tuple[Author, ...] = ()
    tags: tuple[str, ...] = ()
    hero: Image | None = None
    next: str = ""
    draft: bool = False
    medical: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True)
class Article(FrontMatter):
    """One text: its facts, what stands before its first heading, its sections, its footnotes."""

    intro: Markup = NOTHING
    sections: tuple[Section, ...] = ()
    notes: Markup = NOTHING
    minutes: int = 1
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Track:
    """One piece of audio."""

    title: str
    kind: str
    minutes: int
    moods: tuple[str, ...]
    teacher: str
    url: str
    where: Where
    image: Image | None = None
    description: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Tracks or articles of which each reader is shown some: those that fit best, ``by`` what the reader asks of tracks
    or by the reader's topics. ``default`` are the indexes of those that are shown where nothing is known of the
    reader; as many are shown to everyone.
    """

    by: Literal["tracks", "topics"]
    candidates: tuple[Track | Article, ...]
    default: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Personal:
    """What of a block isn't the same for all readers: who is shown it, and what of it.

    ``otherwise`` says what becomes of it where a service's merge tags can't express it: it is refused, or stands as
    for a reader of whom nothing is known.
    """

    audience: Condition | None = None
    choice: Choice | None = None
    otherwise: Literal["refuse", "default"] = "refuse"


@dataclass(frozen=True, slots=True)
class Block:
    """One part of an Edition: the name of its partial, and the data that the partial documents.

    As content has it, ``data`` names articles and sections; once the edition is composed, it holds them.
    """

    name: str
    where: Where
    data: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    personal: Personal | None = None


@dataclass(frozen=True, slots=True)
class Edition:
    """One dated number of the Newsletter. ``findings`` tells what was left out of it, and why.

    One that is to ``fit`` has its teasers stepped down until Gmail shows all of it.
    """

    slug: str
    subject: str
    preheader: str
    date: datetime
    language: str
    direction: Direction
    template: str
    letter: Markup
    blocks: tuple[Block, ...]
    where: Where
    findings: tuple[Finding, ...] = ()
    fit: bool = False


class Pick(StrEnum):
    """What stands for articles in a digest's blocks: the newest one, all but that one, or all, newest first."""

    NEWEST = "newest"
    REST = "rest"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Digest:
    """A recurring digest: Editions that are gathered from articles, one at each tick of its schedule.

    ``schedule`` is five cron fields, read in ``timezone``. ``subject`` and ``preheader`` may hold ``{lead.title}``
    and the other ``PLACES``. The data of ``blocks`` has a ``Pick`` where articles of the window belong. Its first
    window begins at ``since``; ``None`` for the tick before the first.
    """

    name: str
    schedule: str
    timezone: str
    subject: str
    preheader: str
    language: str
    template: str
    tags: tuple[str, ...]
    max: int | None
    blocks: tuple[Block, ...]
    letter: Markup
    when_empty: Literal["skip", "fail"]
    catch_up: Literal["one", "all", "none"]
    since: datetime | None
    where: Where
    findings: tuple[Finding, ...] = ()
    fit: bool = False


@dataclass(frozen=True, slots=True)
class BlockSize:
    """What one block weighs in the final HTML, in bytes of UTF-8."""

    name: str
    bytes: int
    where: Where


@dataclass(frozen=True, slots=True)
class Email:
    """An Edition rendered once for everyone: merge fields stand in it as tokens, and each block between its marks.

    ``personal`` are the blocks that aren't the same for all readers, by their index. Filled for one reader it is the
    same type, with none of them.
    """

    slug: str
    subject: str
    preheader: str
    date: datetime
    language: str
    html: str
    text: str
    blocks: tuple[BlockSize, ...]
    articles: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    personal: Mapping[int, Personal] = field(default_factory=lambda: MappingProxyType({}))
