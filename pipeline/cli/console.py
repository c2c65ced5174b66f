"""What every command shares: its options, and how it prints."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from pipeline.errors import PipelineError, flatten

project_option = click.option(
    "--project",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    metavar="DIR",
    help="The newsletter's folder, with content/, templates/ and outbox/.  [default: here]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")


class Moment(click.ParamType):  # type: ignore[type-arg]  # no generic before click 8.2
    """A date and time with its zone, as in ISO 8601."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.fail(f"{value!r} is no moment; write it with its zone, as 2026-11-23T08:00:00+01:00", param, ctx)
        return moment


now_option = click.option(
    "--now", "clock", type=Moment(), metavar="MOMENT", help="The moment to take for now, with its zone."
)


def now() -> datetime:
    return datetime.now(UTC)


def say(line: str, *, err: bool = False) -> bool:
    """Print the line. When that can't be done the work goes on all the same; false where the line is lost by it.

    A reader that has gone, as ``head`` does, has lost nothing.
    """
    try:
        click.echo(line, err=err)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2 if err else 1)
        return isinstance(error, BrokenPipeError)
    return True


def complain(error: PipelineError) -> None:
    for one in flatten(error):
        say(f"error: {one}", err=True)


def print_json(value: Any) -> bool:
    return say(json.dumps(value, ensure_ascii=False))


def print_table(title: str, rows: Sequence[dict[str, str]]) -> None:
    if sys.stdout is None:  # closed
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(*(rows[0] if rows else ()), title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*row.values())
    Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False).print(table)
