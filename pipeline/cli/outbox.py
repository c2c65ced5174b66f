"""``pipeline status`` and ``pipeline clean``."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.cli.console import json_option, print_json, print_table, project_option, say, wait_option


@click.command()
@project_option
@json_option
def status(folder: Path, as_json: bool) -> None:
    """Tell what is in the outbox: which editions, built when, how large, and what has changed since.

    \b
    pipeline status
    pipeline status --json
    """
    from pipeline.listing import outbox_rows

    rows = outbox_rows(folder)
    if as_json:
        print_json(rows)
    elif rows:
        print_table(
            "Outbox",
            [
                {
                    **row,
                    "bytes": f"{row['bytes'] / 1000:.1f} KB",
                    "inputs": str(len(row["inputs"])),
                    "findings": str(row["findings"]),
                }
                for row in rows
            ],
        )
    else:
        say("The outbox is empty; fill it with pipeline build.")


@click.command()
@click.option("--keep", type=click.IntRange(0), required=True, metavar="N", help="Keep the newest N editions.")
@wait_option
@project_option
def clean(keep: int, wait: float, folder: Path) -> None:
    """Remove old editions' folders from the outbox, and never the record of which articles have gone out.

    An edition that was removed isn't built again unless it is named.

    \b
    pipeline clean --keep 52
    """
    from pipeline import outbox, record
    from pipeline.errors import raise_all

    there = folder / outbox.FOLDER
    if not there.is_dir():
        return
    with outbox.locked(there, wait):
        for slug in outbox.oldest(there, keep):
            outbox.remove(there, slug)
            say(f"removed {slug}")
    raise_all(record.read(there).damaged)
