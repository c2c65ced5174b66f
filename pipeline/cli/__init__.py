"""The commands. The only module that prints and exits."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import click

from pipeline.errors import ContentError, OutboxError, PipelineError, Where, flatten, nearest

if TYPE_CHECKING:
    from datetime import datetime

    from pipeline.build import Project
    from pipeline.jobs import Outcome

MANY = 8
BUG = """\
This is a bug of ours, not of yours; the last good builds are untouched. Please report what stands above.
"""

project_option = click.option(
    "--project",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    metavar="DIR",
    help="The newsletter's folder, with content/, templates/ and outbox/.  [default: here]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")


def main() -> None:
    """Run the command that the arguments name. Every stop becomes its exit code here, and nowhere else."""
    try:
        commands(prog_name="pipeline")
    except PipelineError as error:
        _complain(error)
        sys.exit(error.exit_code)
    except Exception:
        traceback.print_exc()
        click.echo(BUG, err=True, nl=False)
        sys.exit(1)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="stay-updated", prog_name="pipeline")
def commands() -> None:
    """Blog articles in, responsive e-mail digests that are ready to send out.

    \b
    pipeline build                   every edition in content/editions/ -> outbox/
    pipeline build better-sleep      one of them
    pipeline preview                 the same in the browser, live while you write
    pipeline list                    what articles and editions there are
    pipeline new edition "Subject"   a file to fill in

    Exit codes: 0 fine, 2 wrong usage, 65 wrong content or template, 73 can't write, 78 wrong
    configuration, 1 a bug of ours.
    """


@commands.command()
@click.argument("editions", nargs=-1, metavar="[EDITION]...")
@project_option
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Build in so many processes.")
@json_option
@click.option("--quiet", is_flag=True, help="Print nothing unless something is wrong; for cron.")
def build(editions: tuple[str, ...], folder: Path, jobs: int, as_json: bool, quiet: bool) -> None:
    """Build editions into the outbox: every one, or those that are named.

    Each becomes outbox/EDITION/ with digest.html, digest.txt, message.eml and manifest.json, in one step: a build
    that fails leaves the last good one where it was, and the other editions are built all the same.

    \b
    pipeline build
    pipeline build better-sleep
    pipeline build --jobs 4 --quiet
    pipeline build --project ../another-newsletter --json
    """
    from pipeline.build import open_project

    project = open_project(folder)
    slugs = _chosen(editions, project)
    outcomes = []
    for outcome in _with_progress(_outcomes(slugs, project, jobs), len(slugs), plain=quiet or as_json):
        outcomes.append(outcome)
        _tell(outcome, as_json=as_json, quiet=quiet)
    # An article that can't be read stops nobody who doesn't show it; a whole build says so all the same.
    told = {message for outcome in outcomes for message, _ in outcome.errors}
    unread = () if editions else tuple(one for error in project.library.article_errors for one in flatten(error))
    unused = [error for error in unread if str(error) not in told]
    for error in unused:
        _complain(error)
    codes = [code for outcome in outcomes for _, code in outcome.errors] + [error.exit_code for error in unused]
    if as_json:
        built = [outcome.slug for outcome in outcomes if not outcome.errors]
        failed = [outcome.slug for outcome in outcomes if outcome.errors]
        _print_json({"result": {"built": built, "failed": failed, "errors": [str(error) for error in unused]}})
    sys.exit(max(codes, default=0))


@commands.command()
@click.argument("page", metavar="[EDITION]", default="")
@project_option
@click.option("--port", type=click.IntRange(0, 65_535), default=8010, show_default=True, help="Or the next free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to answer on.")
@click.option("--no-open", is_flag=True, help="Don't open the browser.")
def preview(page: str, folder: Path, port: int, host: str, no_open: bool) -> None:
    """Show the newsletter in the browser, and each save at once.

    What it shows is what build would write, on phone, tablet and desktop, by day and by night, to a reader of your
    choice, and nearly as some clients would show it. EDITION may be an article's slug, too. Ctrl-C stops it.

    \b
    pipeline preview
    pipeline preview better-sleep
    pipeline preview box-breathing --no-open
    pipeline preview --project ../another-newsletter --port 9000
    """
    from pipeline.build import open_project
    from pipeline.web import server
    from pipeline.web.live import LiveProject, page_named
    from pipeline.web.preview import application
    from pipeline.web.windows import Windows

    project = open_project(folder.resolve())
    start = page_named(page, project) if page else None
    listener = server.listen(host, port)
    url = server.url_of(listener)
    if port and not url.endswith(f":{port}/"):
        click.echo(f"Port {port} is taken; here is the next one that is free.")
    if not server.is_loopback(listener):
        click.echo(f"warning: others can reach {host}, and read every draft", err=True)
    windows = Windows(LiveProject(project, _now), start)
    with suppress(KeyboardInterrupt):
        server.serve(
            application(windows, host),
            listener,
            started=lambda: _announce(f"{url}{start or ''}", open_it=not no_open),
            stopping=windows.close,
        )


def _announce(url: str, *, open_it: bool) -> None:
    click.echo(f"{url}\nCtrl-C stops it.")
    if open_it:
        import webbrowser

        # A browser for the terminal wouldn't return before it is closed.
        Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def _now() -> datetime:
    from datetime import UTC, datetime

    return datetime.now(UTC)


@commands.command("list")
@project_option
@json_option
def list_(folder: Path, as_json: bool) -> None:
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
    rows = {"articles": article_rows(library, _now()), "editions": edition_rows(library)}
    if as_json:
        _print_json(rows)
    else:
        for title, part in rows.items():
            _print_table(title.capitalize(), part)
    errors = [error for error in library.article_errors for error in flatten(error)]
    for error in errors:
        _complain(error)
    sys.exit(max((error.exit_code for error in errors), default=0))


@commands.group()
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
    from datetime import datetime
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
    click.echo(path)


def _chosen(named: Sequence[str], project: Project) -> list[str]:
    there = project.library.editions
    for slug in named:
        if slug not in there:
            raise ContentError(f"there is no edition {slug!r} in content/editions/{nearest(slug, there)}")
    if not there:
        raise ContentError('there is no edition in content/editions/; make one with pipeline new edition "Subject"')
    return list(dict.fromkeys(named)) or list(there)


def _outcomes(slugs: Sequence[str], project: Project, jobs: int) -> Iterator[Outcome]:
    from pipeline.jobs import build_editions

    return build_editions(slugs, project, jobs)


def _with_progress(outcomes: Iterator[Outcome], total: int, *, plain: bool) -> Iterator[Outcome]:
    """The outcomes, with a progress bar below them where there are many and somebody is looking."""
    if plain or total < MANY or not sys.stdout.isatty():
        return outcomes
    from rich.progress import track

    return iter(track(outcomes, total=total, description="Building", transient=True))


def _tell(outcome: Outcome, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        _print_json(_as_json(outcome))
    elif not outcome.errors and not quiet:
        size = f"{outcome.html_bytes / 1000:.1f} KB"
        milliseconds = f"{outcome.seconds * 1000:.0f} ms"
        click.echo(f"{outcome.slug}  “{outcome.subject}”  {size}  {len(outcome.blocks)} blocks  {milliseconds}")
    for message, _ in () if as_json else outcome.errors:
        click.echo(f"error: {message}", err=True)
    for found in () if as_json or quiet else outcome.findings:
        click.echo(f"  {found.level}: {found.where}: {found.message}", err=found.level != "note")


def _as_json(outcome: Outcome) -> dict[str, Any]:
    from pipeline.outbox import finding_as_json

    if outcome.errors:
        return {"edition": outcome.slug, "errors": [message for message, _ in outcome.errors]}
    return {
        "edition": outcome.slug,
        "subject": outcome.subject,
        "bytes": outcome.html_bytes,
        "blocks": [{"name": name, "bytes": size} for name, size in outcome.blocks],
        "findings": [finding_as_json(found) for found in outcome.findings],
        "seconds": round(outcome.seconds, 4),
    }


def _complain(error: PipelineError) -> None:
    for one in flatten(error):
        click.echo(f"error: {one}", err=True)


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))


def _print_table(title: str, rows: Sequence[dict[str, str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(*(rows[0] if rows else ()), title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*row.values())
    Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False).print(table)
