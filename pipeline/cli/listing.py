"""``pipeline list``."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.cli.console import complain, json_option, now, print_json, print_table, project_option
from pipeline.errors import flatten


@click.command("list")
@project_option
@json_option
def list_(folder: Path, as_json: bool) -> int:
    """List the articles and editions, with their dates and states.

    An article is published, scheduled (its date is still to come) or a draft. An edition is built, changed
    (something that it is made of has changed since), or not built.

    \b
    pipeline list
    pipeline list --json
    """
    from pipeline.content import read_library
    from pipeline.listing import article_rows, edition_rows

    library = read_library(folder)
    rows = {"articles": article_rows(library, now()), "editions": edition_rows(library)}
    if as_json:
        print_json(rows)
    else:
        for title, part in rows.items():
            print_table(title.capitalize(), part)
    errors = [error for error in library.article_errors for error in flatten(error)]
    for error in errors:
        complain(error)
    return max((error.exit_code for error in errors), default=0)
