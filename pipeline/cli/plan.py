"""``pipeline plan``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.console import complain, json_option, now, now_option, print_json, project_option, say
from pipeline.errors import CombinedError, PipelineError

if TYPE_CHECKING:
    from pipeline.agenda import Planned
    from pipeline.content import Library
    from pipeline.freshness import State
    from pipeline.model import Edition

OLDER = 3
MOMENT = "%a %d %b %Y %H:%M"
DONE = ("built", "cleaned")


@dataclass(frozen=True, slots=True)
class Dated:
    """An edition that has a file, with its date still to come or not built yet, and the articles that it names."""

    edition: Edition
    articles: tuple[str, ...]
    state: State


@click.command()
@click.option("--next", "count", type=click.IntRange(1, 520), default=4, show_default=True, help="How many editions.")
@project_option
@now_option
@json_option
def plan(count: int, folder: Path, clock: datetime | None, as_json: bool) -> int:
    """Show which editions will be built, when, of which articles, and why digests leave out others.

    First what is due, then dated editions and those that recurring digests will make, of the articles that are there
    today.

    \b
    pipeline plan
    pipeline plan --next 8
    pipeline plan --now 2026-12-24T18:00:00+01:00 --json
    """
    from pipeline.content import read_library

    library, moment = read_library(folder), clock or now()
    errors: list[PipelineError] = []
    coming: list[Dated | Planned] = [*_dated(library, moment, errors)]
    coming += _of_digests(library, moment, count, errors)
    for one in sorted(coming, key=_when)[:count]:
        if as_json:
            print_json(_as_json(one))
        else:
            _print(one)
    if not coming and not errors and not as_json:
        say("Nothing is to come; date an edition, or declare a digest under [digests.NAME] in content/newsletter.toml.")
    if not errors:
        return 0
    together = CombinedError(errors)
    complain(together)
    return together.exit_code


def _dated(library: Library, moment: datetime, errors: list[PipelineError]) -> Iterator[Dated]:
    """What has a file; one that can't be read is noted among the errors, and leaves the others alone."""
    from pipeline import freshness

    hashes: dict[str, str] = {}
    for slug in library.editions:
        try:
            edition = library.editions[slug]
        except PipelineError as error:
            errors.append(error)
            continue
        state = freshness.state_of(library.folder, slug, hashes)
        if edition.date > moment or state not in DONE:
            yield Dated(edition, _named(edition, library), state)


def _named(edition: Edition, library: Library) -> tuple[str, ...]:
    """The slugs of the articles that the edition's blocks name, each once."""
    from pipeline.content.digests import ONE, SEVERAL

    found: list[str] = []
    for block in edition.blocks:
        data = {**library.newsletter.blocks.get(block.name, {}), **block.data}
        keys = ("article", "articles", *(("value",) if block.name in ONE + SEVERAL else ()))
        for value in (data[key] for key in keys if key in data):
            found += (one for one in (value if isinstance(value, tuple) else (value,)) if isinstance(one, str))
    return tuple(dict.fromkeys(found))


def _of_digests(library: Library, moment: datetime, count: int, errors: list[PipelineError]) -> Iterator[Planned]:
    """What digests make; one that is wrong is noted among the errors, and leaves the others alone."""
    from pipeline import agenda

    for name in library.digests:
        try:
            yield from agenda.plan(library.digests[name], library, moment, count)
        except PipelineError as error:
            errors.append(error)


def _when(one: Dated | Planned) -> tuple[datetime, str]:
    """Python compares two moments of one time zone by what the clock shows, so both are taken in UTC."""
    moment, slug = (one.edition.date, one.edition.slug) if isinstance(one, Dated) else (one.window.end, one.slug)
    return moment.astimezone(UTC), slug


def _as_json(one: Dated | Planned) -> dict[str, Any]:
    from pipeline import merge_fields
    from pipeline.cli.report import planned_as_json

    if not isinstance(one, Dated):
        return planned_as_json(one)
    return {
        "edition": one.edition.slug,
        "date": one.edition.date.isoformat(),
        "subject": merge_fields.fill_text(one.edition.subject, {}),
        "articles": list(one.articles),
        "state": one.state,
    }


def _print(one: Dated | Planned) -> None:
    if isinstance(one, Dated):
        _print_dated(one)
    else:
        _print_planned(one)


def _print_dated(dated: Dated) -> None:
    from pipeline import merge_fields

    edition = dated.edition
    subject = merge_fields.fill_text(edition.subject, {})
    say(f"{edition.slug}  {edition.date:{MOMENT} %Z}  “{subject}”  {dated.state}")
    for slug in dated.articles:
        say(f"  shows       {slug}")


def _print_planned(planned: Planned) -> None:
    window, taken, left_out = planned.window, planned.choice.taken, planned.choice.left_out
    say(f"{planned.slug}  {window.end:{MOMENT} %Z}  articles since {window.begin:{MOMENT}}")
    for candidate in taken:
        say(f"  takes       {candidate.front_matter.slug}")
    if not taken:
        say("  takes       nothing yet")
    older = [one for one in left_out if one.kind == "before"]
    for one in left_out:
        if one not in older[OLDER:]:
            say(f"  leaves out  {one.slug}: {one.reason}")
    if older[OLDER:]:
        say(f"  leaves out  {len(older) - OLDER} older ones")
