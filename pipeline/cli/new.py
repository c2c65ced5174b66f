"""``pipeline new``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from pipeline.cli.console import project_option, say
from pipeline.errors import OutboxError, Where


@click.group()
def new() -> None:
    """Make a new article or edition: a file to fill in, with every field explained in it.

    \b
    pipeline new article "Why naps work"
    pipeline new edition "Sleep better this week"
    """


@new.command()
@click.argument("title")
@project_option
def article(title: str, folder: Path) -> None:
    """Make content/articles/SLUG.md, a draft.

    \b
    pipeline new article "Why naps work"
    """
    from pipeline.scaffold import new_article

    _write_new(folder, "articles", title, lambda now: new_article(title, now.date()))


@new.command()
@click.argument("subject")
@project_option
def edition(subject: str, folder: Path) -> None:
    """Make content/editions/SLUG.md, led by the newest article.

    \b
    pipeline new edition "Sleep better this week"
    """
    from pipeline.content import read_library
    from pipeline.listing import newest_article
    from pipeline.scaffold import new_edition

    library = read_library(folder)
    _write_new(folder, "editions", subject, lambda now: new_edition(subject, now.date(), newest_article(library, now)))


def _write_new(folder: Path, kind: str, title: str, text_of: Callable[[datetime], str]) -> None:
    from zoneinfo import ZoneInfo

    from pipeline.content.newsletter import read_newsletter
    from pipeline.scaffold import slug_of

    slug = slug_of(title)
    if not slug:
        raise click.UsageError(f"{title!r} has no letter or digit to make a file's name of")
    path = f"content/{kind}/{slug}.md"
    text = text_of(datetime.now(ZoneInfo(read_newsletter(folder).timezone)))
    try:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        with (folder / path).open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise OutboxError("is there already; nothing was changed", Where(path)) from error
    except OSError as error:
        raise OutboxError(f"can't be written: {error.strerror}", Where(path)) from error
    say(path)
