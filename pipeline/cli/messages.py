"""``pipeline messages``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.build import Signals, chosen, digests_editions, project_with, stop_signals
from pipeline.cli.console import complain, json_option, now, print_json, project_option, say
from pipeline.errors import PipelineError, flatten

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.delivery.dkim import Signer
    from pipeline.delivery.outputs import Output
    from pipeline.delivery.run import Crew, Tally
    from pipeline.model import Email, Newsletter
    from pipeline.recipients import Source

REJECTED = 3
# How often a run tells how far it is where no progress bar can be shown, in seconds.
EVERY = 10.0
# How often a bar moves.
FRAME = 0.1


@click.command()
@click.argument("edition")
@project_option
@click.option(
    "--recipients",
    metavar="FILE|URL",
    help="Who gets one: .csv, .jsonl, .parquet, a database's URL, or - for standard input.",
)
@click.option(
    "--audience",
    metavar="SEGMENT",
    help="Who of the list gets one: confirmed, or a condition such as \"confirmed and 'sleep' in topics\".",
)
@click.option("--query", metavar="SQL", help="What to ask the database for.")
@click.option("--ignore", multiple=True, metavar="COLUMN", help="Leave a column out; * for all that aren't declared.")
@click.option(
    "--to",
    "target",
    required=True,
    metavar="DIR|FILE.mbox|maildir:DIR|/dev/null",
    help="Where they go: a folder of .eml files, an mbox, a maildir, nowhere.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Write in so many processes.  [default: as many as there are CPUs; 1 for an mbox]",
)
@click.option("--cluster", metavar="ADDRESS", help="Write with a Dask cluster, as tcp://scheduler:8786.")
@click.option(
    "--rejected",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="List the rejected rows there.  [default: rejected.csv with the messages]",
)
@click.option(
    "--dkim-key",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="DKIM_KEY",
    metavar="FILE",
    help="Sign with this private key (PEM).  [env: DKIM_KEY]",
)
@click.option("--dkim-selector", envvar="DKIM_SELECTOR", metavar="NAME", help="The key's name.  [env: DKIM_SELECTOR]")
@click.option(
    "--dkim-domain",
    envvar="DKIM_DOMAIN",
    metavar="DOMAIN",
    help="Sign for this domain.  [env: DKIM_DOMAIN; default: the sender's]",
)
@click.option("--force", is_flag=True, help="Begin anew, in place of what an earlier run has written there.")
@json_option
@click.option("--quiet", is_flag=True, help="Print nothing unless something is wrong.")
def messages(folder: Path, as_json: bool, quiet: bool, force: bool, rejected: Path | None, **named: Any) -> int:
    """Write a finished message for each recipient.

    A run that was stopped goes on from there when it is started again, and what is finished isn't written twice.
    Rows that can't be used (no address, a broken one, one that was there before) stop nothing: they are listed with
    the reasons in rejected.csv, and the exit code is 3.

    Instead of --recipients, --audience makes messages for the subscribers who may have the edition when the command
    is given: who has confirmed, isn't suppressed or paused, and whose rhythm it fits. Once all are made that is
    noted, for the rhythm and for the tracks that each has had. A run that was stopped goes on as long as that finds
    the same readers; where somebody has come, left or changed their mind since, --force begins anew, so that nobody
    who has left keeps a message. With a cluster, TMPDIR has to be a folder that its workers see.

    \b
    pipeline messages better-sleep --audience confirmed --to outbox/better-sleep/messages/
    pipeline messages better-sleep --audience "confirmed and 'sleep' in topics" --to better-sleep.mbox
    pipeline messages better-sleep --recipients people.csv --to outbox/better-sleep/messages/
    pipeline messages better-sleep --recipients people.parquet --to better-sleep.mbox
    pipeline messages better-sleep --recipients - --to maildir:Maildir --jobs 4
    pipeline messages better-sleep --recipients sqlite:///people.db --query "SELECT * FROM people" --to people.mbox
    pipeline messages better-sleep --recipients people.csv --to /dev/null
    pipeline messages better-sleep --recipients people.csv --to /srv/mail --cluster tcp://scheduler:8786
    """
    asked = Asked(**named).with_whole_paths() if named["cluster"] else Asked(**named)
    asked.refuse(rejected, folder)
    telling = Telling(asked, as_json=as_json, quiet=quiet)
    with stop_signals() as signals:
        try:
            send_out(asked, folder, telling, signals, rejected, force=force)
        except PipelineError as error:
            telling.stopped(error)
        except KeyboardInterrupt:
            pass  # a signal, while nothing was being written
        if signals.asked and not telling.is_complete:
            telling.interrupted(128 + signals.asked[0])
    return telling.result()


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options ask for."""

    edition: str
    recipients: str | None
    audience: str | None
    query: str | None
    ignore: tuple[str, ...]
    target: str
    jobs: int | None
    cluster: str | None
    dkim_key: Path | None
    dkim_selector: str | None
    dkim_domain: str | None

    def refuse(self, rejected: Path | None, folder: Path) -> None:
        """Raise a UsageError for options that don't go together."""
        if (self.recipients is None) == (self.audience is None):
            raise click.UsageError("say who gets one: with --recipients a file's people, with --audience the list's")
        if self.audience is not None and (self.query or self.ignore):
            raise click.UsageError("--query and --ignore are for --recipients")
        if self.jobs and self.cluster:
            raise click.UsageError("--jobs is for this machine, --cluster for others")
        if self.dkim_key and not self.dkim_selector:
            raise click.UsageError(
                "--dkim-key needs --dkim-selector: the name that DNS has the key's public half under"
            )
        people = Path(self.recipients or os.devnull)
        if rejected and rejected.exists() and people.exists() and rejected.samefile(people):
            raise click.UsageError("--rejected would take the place of the recipients")
        self.refuse_what_builds_remove(folder)

    def refuse_what_builds_remove(self, folder: Path) -> None:
        from pipeline.delivery.outputs import MAILDIR
        from pipeline.outbox import FOLDER, MESSAGES

        place, outbox = Path(self.target.removeprefix(MAILDIR)).resolve(), (folder / FOLDER).resolve()
        inside = place.relative_to(outbox).parts if place.is_relative_to(outbox) else ()
        if len(inside) > 1 and inside[1] != MESSAGES:
            raise click.UsageError(f"the next build would remove that; use {FOLDER}/{inside[0]}/{MESSAGES}")

    def with_whole_paths(self) -> Asked:
        """For workers that start elsewhere."""
        kind, colon, place = self.target.rpartition(":")
        is_file = self.recipients not in (None, "-") and not self.query
        recipients = str(Path(self.recipients or "").absolute()) if is_file else self.recipients
        return replace(self, recipients=recipients, target=f"{kind}{colon}{Path(place).absolute()}")

    @property
    def workers(self) -> int:
        """How many processes. One fills an mbox as fast as any disk takes it, unless it has to sign the messages."""
        from pipeline.delivery.outputs import MBOX

        if self.jobs or (self.target.endswith(MBOX) and not self.dkim_key):
            return self.jobs or 1
        return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def send_out(
    asked: Asked, folder: Path, telling: Telling, signals: Signals, rejected: Path | None, *, force: bool
) -> None:
    """From the edition's content to the messages in their place."""
    from pipeline.delivery import message, run

    email, newsletter = ready_edition(asked.edition, folder)
    with ExitStack() as people:
        source, note = people_of(asked, folder, email, newsletter, people)
        program = message.compile(email, newsletter, columns=source.columns, signer=signer(asked, newsletter))
        output, crew = output_and_crew(asked, email, newsletter)
        tallies = run.send_out(
            program, source, output, crew, force=force, rejected=rejected, stopped=lambda: bool(signals.asked)
        )
        signals.may_interrupt = False
        with telling.progress() as tell:
            for tally in tallies:
                tell(tally)
        signals.may_interrupt = True
        if telling.is_complete:
            note(output)
    telling.rejected = rejected or output.rejected


def people_of(
    asked: Asked, folder: Path, email: Email, newsletter: Newsletter, opened: ExitStack
) -> tuple[Source, Callable[[Output], None]]:
    """Who gets a message, and how to note that all of them are made. What is open is closed with ``opened``."""
    if asked.recipients is not None:
        from pipeline.recipients import open_source

        fields = {name: field.type for name, field in newsletter.merge_fields.items()}
        source = open_source(asked.recipients, fields, ignore=asked.ignore, query=asked.query)
        return opened.enter_context(source), lambda output: None
    from pipeline.cli import audience
    from pipeline.delivery import readership
    from pipeline.delivery.journal import Journal

    # Closed while messages are written: workers are forked, and must not have the database's connections too.
    with audience.opened(folder) as store:
        source = readership.open_readers(store, asked.audience or "", email, newsletter, now())
    opened.enter_context(source)

    def note(output: Output) -> None:
        if asked.target != os.devnull:
            rejected = {line for line, _, _ in Journal(output.journal).rejected()}
            with audience.opened(folder) as store:
                readership.note_made(store, source, email, rejected)

    return source, note


def ready_edition(slug: str, folder: Path) -> tuple[Email, Newsletter]:
    """The edition as it is for everyone. Raises where there is none of that name, or it isn't ready to be sent."""
    from pipeline import freshness
    from pipeline.build import ready_email

    made = digests_editions([slug], folder)
    chosen([slug], [*freshness.editions_there(folder), *made], folder)
    project = project_with(made, folder)
    _, email = ready_email(slug, project)
    return email, project.library.newsletter


def output_and_crew(asked: Asked, email: Email, newsletter: Newsletter) -> tuple[Output, Crew]:
    from pipeline.delivery import run
    from pipeline.delivery.outputs import output_of

    alone = asked.workers == 1 and not asked.cluster
    output = output_of(asked.target, newsletter.sender.email, email.date, alone=alone)
    if asked.cluster:
        return output, run.cluster(asked.cluster)
    return output, run.thread if alone else run.processes(asked.workers)


def signer(asked: Asked, newsletter: Newsletter) -> Signer | None:
    """Who signs the messages, if they are to be signed."""
    if asked.dkim_key is None:
        return None
    from pipeline.delivery.dkim import read_signer

    domain = asked.dkim_domain or newsletter.sender.email.rpartition("@")[2]
    return read_signer(asked.dkim_key, asked.dkim_selector or "", domain)


class Telling:
    """How a run tells of itself: a bar or lines while it works, and what came of it."""

    def __init__(self, asked: Asked, *, as_json: bool, quiet: bool) -> None:
        self.asked = asked
        self.as_json = as_json
        self.quiet = quiet
        self.begun = monotonic()
        self.began_writing = self.begun
        self.tally: Tally | None = None
        self.rejected: Path | None = None
        self.errors: tuple[str, ...] = ()
        self.code = 0

    @property
    def is_complete(self) -> bool:
        return self.tally is not None and self.tally.done == self.tally.shards

    @property
    def seconds(self) -> float:
        return monotonic() - self.begun

    @property
    def rate(self) -> float:
        """Messages a second, of those that this run has written."""
        written = self.tally.messages - self.tally.there if self.tally else 0
        return written / max(monotonic() - self.began_writing, 1e-6)

    @contextmanager
    def progress(self) -> Iterator[Callable[[Tally], None]]:
        """What is called with how far the run is."""
        self.began_writing = monotonic()
        if self.as_json or self.quiet:
            yield self._note
        elif sys.stderr is not None and sys.stderr.isatty():
            with self._bar() as tell:
                yield tell
        else:
            yield self._line

    def _note(self, tally: Tally) -> None:
        self.tally = tally

    def _line(self, tally: Tally) -> None:
        if self.tally is None:
            self.told = monotonic()
        self._note(tally)
        if monotonic() - self.told >= EVERY:
            self.told = monotonic()
            say(f"{tally.messages:,} messages, {tally.done} of {tally.shards} parts, {self.rate:,.0f}/s", err=True)

    @contextmanager
    def _bar(self) -> Iterator[Callable[[Tally], None]]:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[told]}"),
            TimeRemainingColumn(),
        )
        # It redraws when it is told to: workers are forked, and that goes ill beside a thread.
        with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
            task = bar.add_task(self.asked.edition, total=None, told="")
            drawn = 0.0

            def tell(tally: Tally) -> None:
                nonlocal drawn
                self._note(tally)
                told = f"{tally.messages:,}  {self.rate:,.0f}/s"
                bar.update(task, completed=tally.done, total=tally.shards, told=told)
                if monotonic() - drawn >= FRAME:
                    bar.refresh()
                    drawn = monotonic()

            yield tell

    def stopped(self, error: PipelineError) -> None:
        complain(error)
        self.errors = tuple(str(one) for one in flatten(error))
        self.code = error.exit_code

    def interrupted(self, code: int) -> None:
        self.code = code
        self.errors = ("stopped by a signal",)
        if self.tally and not (self.quiet or self.as_json):
            say(
                f"stopped; {self.tally.messages:,} messages are there, and the same command goes on from them", err=True
            )

    def result(self) -> int:
        """Tell what came of it; the exit code."""
        if self.tally and self.tally.rejected and not self.code:
            self.code = REJECTED
        if self.as_json:
            print_json({"edition": self.asked.edition, **self._numbers(), "exit_code": self.code})
        elif self.tally and not self.errors:
            if not self.quiet:
                say(self._summary(self.tally))
            elif self.tally.rejected:
                say(self._of_rejected(self.tally), err=True)
        return self.code

    def _summary(self, tally: Tally) -> str:
        told = f"{tally.messages:,} messages of {self.asked.edition} to {self.asked.target}"
        if tally.there == tally.messages and tally.there:
            told += ": there already"
        else:
            there = f", {tally.there:,} of them there already" if tally.there else ""
            told += f"{there} in {self.seconds:.1f} s ({self.rate:,.0f}/s)"
        return f"{told}; {self._of_rejected(tally)}" if tally.rejected else told

    def _of_rejected(self, tally: Tally) -> str:
        return f"{tally.rejected:,} rejected: {self.rejected or 'see which with --rejected FILE'}"

    def _numbers(self) -> dict[str, Any]:
        tally = self.tally
        if tally is None:
            return {"errors": list(self.errors)}
        return {
            "to": self.asked.target,
            "messages": tally.messages,
            "there_already": tally.there,
            "bytes": tally.bytes,
            "rejected": tally.rejected,
            "rejected_file": str(self.rejected) if self.rejected and tally.rejected else None,
            "seconds": round(self.seconds, 3),
            "rate": round(self.rate),
            "errors": list(self.errors),
        }
