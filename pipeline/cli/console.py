"""What every command shares: its options, and how it prints."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from io import StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import click

from pipeline.errors import DiskError, PipelineError, flatten

project_option = click.option(
    "--project",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    metavar="DIR",
    help="The newsletter's folder, with content/, templates/ and outbox/.  [default: here]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")

# The years in which digests can look some way back and ahead.
YEARS = range(1970, 3000)
NARROWEST, WIDEST = 60, 200

# What couldn't be told, of the command that is running.
lost: list[PipelineError] = []


class Seconds(click.FloatRange):
    """So many seconds, and be it for ever. ``nan`` is in no order with a range's ends, and click lets it through."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        seconds = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail(f"{value!r} is no number of seconds", param, ctx)
        return seconds


wait_option = click.option(
    "--wait", type=Seconds(0), default=0.0, metavar="SECONDS", help="Wait for another run to end."
)


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
        if moment.year not in YEARS:
            self.fail(f"{value!r} is not in the years {YEARS[0]} to {YEARS[-1]}", param, ctx)
        return moment


now_option = click.option(
    "--now", "clock", type=Moment(), metavar="MOMENT", help="The moment to take for now, with its zone."
)


def now() -> datetime:
    return datetime.now(UTC)


def open_output() -> None:
    """Begin with nothing lost."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal of another encoding gets the rest of the line
    lost.clear()


def exit_code(code: int) -> int:
    """The exit code of a command that ends with this one: whatever it did, to lose what it had to tell is an error."""
    return max([code, *(error.exit_code for error in lost)])


def say(line: str, *, err: bool = False) -> None:
    """Print the line. When that can't be done it is lost, which is told once, and the work goes on all the same.

    A reader that has gone, as ``head`` does, has lost nothing.
    """
    try:
        click.echo(line, err=err)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2 if err else 1)
        if not isinstance(error, BrokenPipeError):
            stream = "standard error" if err else "standard output"
            lost.append(DiskError(f"{stream} can't be written: {error.strerror}"))
            complain(lost[-1])


def complain(error: PipelineError) -> None:
    for one in flatten(error):
        say(f"error: {one}", err=True)


def print_json(value: Any) -> None:
    say(json.dumps(value, ensure_ascii=False))


def print_table(title: str, rows: Sequence[dict[str, str]]) -> None:
    if sys.stdout is None:  # closed
        return
    from shutil import get_terminal_size

    from rich.console import Console
    from rich.table import Table

    table = Table(*(rows[0] if rows else ()), title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*row.values())
    # A terminal that says it has no columns, or hardly any, wraps the lines itself.
    width = max(NARROWEST, get_terminal_size().columns) if sys.stdout.isatty() else WIDEST
    text = StringIO()
    Console(file=text, force_terminal=sys.stdout.isatty(), width=width, highlight=False, markup=False).print(table)
    say(text.getvalue().removesuffix("\n"))
