"""``pipeline plan``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.console import json_option, now, now_option, print_json, project_option, say
from pipeline.errors import PipelineError, raise_all

if TYPE_CHECKING:
    from pipeline.agenda import Planned

OLDER = 3


@click.command()
@click.option("--next", "count", type=click.IntRange(1, 520), default=4, show_default=True, help="How many editions.")
@project_option
@now_option
@json_option
def plan(count: int, folder: Path, clock: datetime | None, as_json: bool) -> None:
    """Show which editions recurring digests will make, when, of which articles, and why not of others.

    The articles are those that are there today.

    \b
    pipeline plan
    pipeline plan --next 8
    pipeline plan --now 2026-12-24T18:00:00+01:00 --json
    """
    from pipeline import agenda
    from pipeline.cli.report import as_json as planned_as_json
    from pipeline.content import read_library

    library = read_library(folder)
    if not library.digests and not as_json:
        say("There is no recurring digest; declare one under [digests.NAME] in content/newsletter.toml.")
    found: list[Planned] = []
    errors: list[PipelineError] = []
    for name in library.digests:
        try:
            found += agenda.plan(library.digests[name], library, clock or now(), count)
        except PipelineError as error:
            errors.append(error)
    for planned in sorted(found, key=lambda one: (one.window.end, one.slug))[:count]:
        if as_json:
            print_json(planned_as_json(planned))
        else:
            _print(planned)
    raise_all(errors)


def _print(planned: Planned) -> None:
    window, taken, left_out = planned.window, planned.choice.taken, planned.choice.left_out
    say(f"{planned.slug}  {window.end:%a %d %b %Y %H:%M %Z}  articles since {window.begin:%a %d %b %Y %H:%M}")
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
