"""``content/newsletter.toml`` -> Newsletter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline import merge_fields
from pipeline.content.data import PERSONAL, DataReader
from pipeline.content.fields import Fields
from pipeline.content.images import Images
from pipeline.content.source import Source, read_text, service_tags
from pipeline.content.toml import parse_toml
from pipeline.errors import ConfigurationError, Where, nearest, raise_all
from pipeline.model import Address, Author, CheckSetting, FieldType, Fonts, Link, MergeField, Newsletter, Palette

PATH = "content/newsletter.toml"
ARTICLE_URL_PARTS = ("slug", "year", "month", "day")
# What stands in the address of a reader's own page.
READER_URL_PARTS = ("edition", "token")
FIELD_TYPES = ("text", "url", "token", "date", "list")


def read_source(folder: Path, esp: str = "") -> Source:
    """The file as it was written, but for the name of a service where another one is asked for.

    Raises a ConfigurationError where it is missing or no TOML.
    """
    if not (folder / PATH).is_file():
        raise ConfigurationError(
            "is not there; name a newsletter's folder with --project, or make this file", Where(PATH)
        )
    text = read_text(folder / PATH, PATH, ConfigurationError)
    values, lines = parse_toml(text, PATH, error=ConfigurationError)
    service = esp or values.get("esp", "")
    if tags := service_tags(str(service)):
        values, lines = parse_toml(merge_fields.protected(text, tags), PATH, error=ConfigurationError)
    return Source(PATH, {**values, "esp": service} if service else values, lines)


def read_newsletter(folder: Path, source: Source | None = None) -> Newsletter:
    """The publication, of the file's source where that has been read. Raises ConfigurationErrors, all together."""
    fields = Fields(source or read_source(folder), error=ConfigurationError)
    newsletter = _newsletter(fields, folder)
    fields.named_tables("digests")  # what stands in them is read when somebody asks for it
    fields.refuse_unknown()
    raise_all(fields.errors)
    return newsletter


def _newsletter(fields: Fields, folder: Path) -> Newsletter:
    url = fields.url("url")
    asset_url = fields.url("asset_url", url)
    images = Images(folder, asset_url, url)
    pages = {name: _pattern(fields, name, READER_URL_PARTS) for name in merge_fields.BUILT_IN_URLS}
    declared = _merge_fields(fields, pages)
    colors = fields.table("colors", required=True)
    newsletter = Newsletter(
        name=fields.text("name"),
        url=url,
        asset_url=asset_url,
        article_url=_pattern(fields, "article_url", ARTICLE_URL_PARTS, url + "/{slug}"),
        sender=_address(fields.table("sender", required=True)),
        reply_to=_address(fields.table("reply_to")) if "reply_to" in fields.values else None,
        postal_address=fields.lines("postal_address"),
        tagline=_by_language(fields, "tagline", declared),
        reason=_by_language(fields, "reason", declared, required=True),
        **pages,
        language=fields.text("language", "en"),
        timezone=read_timezone(fields),
        anchors="kramdown" if fields.choice("anchors", ("github", "kramdown")) == "kramdown" else "github",
        light=_palette(colors.table("light", required=True)),
        dark=_palette(colors.table("dark", required=True)),
        fonts=_fonts(fields.table("fonts", required=True)),
        logo=images.read_field(fields, "logo"),
        socials=tuple(_link(table, images) for table in fields.tables("socials")),
        stores=tuple(_link(table, images) for table in fields.tables("stores")),
        utm=_utm(fields.table("utm")),
        merge_fields=declared,
        recipient_name=fields.prose("recipient_name", declared, ""),
        esp=_service(fields),
        authors=_authors(fields, images),
        medical_disclaimer=_by_language(fields, "medical_disclaimer", declared),
        blocks=_blocks(fields, DataReader(fields, declared, url, images)),
        clients=_clients(fields.table("clients")),
        checks=_checks(fields),
        where=Where(PATH),
    )
    colors.refuse_unknown()
    return newsletter


def _address(fields: Fields) -> Address:
    address = Address(fields.text("name"), fields.email("email"))
    fields.refuse_unknown()
    return address


def _service(fields: Fields) -> str:
    esp = fields.text("esp", "")
    if esp:
        from pipeline.esp import DIALECTS, unknown  # most newsletters are sent without a service

        if esp not in DIALECTS:
            fields.wrong(unknown(esp), "esp")
    return esp


def _pattern(fields: Fields, name: str, known: tuple[str, ...], default: str | None = None) -> str:
    """An address in which ``{names}`` are filled in later."""
    url = fields.url(name, default)
    check_places(fields, name, url, known)
    if url.count("{token}") > 1:
        fields.wrong(f"`{fields.label(name)}` has more than one {{token}}; one tells whose page it is", name)
    return url


def check_places(fields: Fields, name: str, text: str, known: tuple[str, ...]) -> None:
    """Note each ``{name}`` in the text that nothing would fill in."""
    there = [f"{{{part}}}" for part in known]
    for part in re.findall(r"\{[^{}]*\}?|\}", text):
        if part not in there:
            message = f"can hold {', '.join(there)}, and {part} is none of them{nearest(part, there)}"
            fields.wrong(f"`{fields.label(name)}` {message}", name)


def _palette(fields: Fields) -> Palette:
    palette = Palette(**{name: fields.color(name) for name in Palette.__slots__})
    fields.refuse_unknown()
    return palette


def _fonts(fields: Fields) -> Fonts:
    fonts = Fonts(**{name: fields.text(name) for name in Fonts.__slots__})
    fields.refuse_unknown()
    return fonts


def _merge_fields(fields: Fields, pages: Mapping[str, str]) -> MappingProxyType[str, MergeField]:
    built_in = {
        "email": MergeField("email", ""),
        "token": MergeField("token", "", "token"),
        **{name: MergeField(name, url, "url") for name, url in pages.items()},
    }
    declared = {}
    for name, table in fields.named_tables("merge_fields").items():
        if not merge_fields.NAME.fullmatch(name):
            table.wrong(f"`{name}` can't be a merge field's name; use letters, digits and '_'")
        if name in built_in:
            table.wrong(f"`{name}` is built in; choose another name for this merge field")
        declared[name] = _merge_field(name, table)
        table.refuse_unknown()
    return MappingProxyType({**built_in, **declared})


def _merge_field(name: str, table: Fields) -> MergeField:
    type = cast(FieldType, table.choice("type", FIELD_TYPES))
    fallback = table.text("fallback", None if type == "url" else "")
    if type == "url" and fallback and not merge_fields.LEADS.match(fallback):
        table.wrong(f"`fallback` of a url must be one, such as https://…, and {fallback!r} isn't", "fallback")
    return MergeField(name, fallback, type, table.reader_value("sample", type))


def _link(fields: Fields, images: Images) -> Link:
    link = Link(fields.text("name"), fields.url("url"), images.read_field(fields, "image"))
    fields.refuse_unknown()
    return link


def _author(fields: Fields, images: Images) -> Author:
    author = Author(fields.text("name"), images.read_field(fields, "portrait"), fields.url("url", ""))
    fields.refuse_unknown()
    return author


def _authors(fields: Fields, images: Images) -> MappingProxyType[str, Author]:
    tables = fields.named_tables("authors")
    return MappingProxyType({key: _author(table, images) for key, table in tables.items()})


def _utm(fields: Fields) -> MappingProxyType[str, str]:
    known = ("source", "medium", "campaign", "term", "content")
    values = {name: fields.text(name) for name in known if fields.value(name) is not None}
    fields.refuse_unknown()
    return MappingProxyType(values)


def _by_language(
    fields: Fields, name: str, declared: Mapping[str, MergeField], *, required: bool = False
) -> MappingProxyType[str, str]:
    """A text for each language: ``reason = {en = "…", ar = "…"}``, or one in the newsletter's own language."""
    if not isinstance(fields.value(name), dict):
        text = fields.prose(name, declared, None if required else "")
        return MappingProxyType({fields.text("language", "en"): text} if text else {})
    table = fields.table(name)
    return MappingProxyType({str(language): table.prose(str(language), declared) for language in table.values})


def _blocks(fields: Fields, reader: DataReader) -> MappingProxyType[str, Mapping[str, Any]]:
    tables = fields.named_tables("blocks")
    for table in tables.values():
        for key in PERSONAL:
            if key in table.values:
                table.wrong(f"`{table.label(key)}` is said in an edition, of the block there", key)
    return MappingProxyType({name: reader.read(table.values, "blocks", name) for name, table in tables.items()})


def _clients(fields: Fields) -> MappingProxyType[str, float]:
    shares: dict[str, float] = {}
    for name in fields.values:
        share = fields.value(name)
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 100:
            fields.wrong(f"`{fields.label(name)}` must be a share in percent, and {share!r} isn't", name)
        else:
            shares[str(name)] = float(share)
    return MappingProxyType(shares)


def _checks(fields: Fields) -> MappingProxyType[str, CheckSetting]:
    settings = {}
    for rule, table in fields.named_tables("checks").items():
        if table.value("level") is None:
            table.wrong(f"`{table.label('level')}` is missing; write off, note, warn or error")
        level = cast(Literal["off", "note", "warn", "error"], table.choice("level", ("off", "note", "warn", "error")))
        settings[rule] = CheckSetting(level, table.text("reason"), table.where())
        table.refuse_unknown()
    return MappingProxyType(settings)


def read_timezone(fields: Fields, default: str = "UTC") -> str:
    """The name of a time zone that there is."""
    name = fields.text("timezone", default)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        fields.wrong(
            f"`{fields.label('timezone')}` must be a name such as Europe/Berlin, and {name!r} isn't known", "timezone"
        )
        return "UTC"
    return name
