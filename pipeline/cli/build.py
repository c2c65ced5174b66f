"""``pipeline build``."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.console import json_option, now, now_option, project_option, wait_option
from pipeline.cli.report import Report
from pipeline.errors import ContentError, PipelineError, nearest

if TYPE_CHECKING:
    from datetime import datetime

    from pipeline.build import Project
    from pipeline.record import Manifest

MANY = 8


@click.command()
@click.argument("editions", nargs=-1, metavar="[EDITION]...")
@project_option
@click.option("--due", is_flag=True, help="Only what has fallen due: dated editions and recurring digests.")
@now_option
@click.option("--force", is_flag=True, help="Build also what is unchanged.")
@wait_option
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Build in so many processes.")
@json_option
@click.option("--quiet", is_flag=True, help="Print nothing unless something is wrong; for cron.")
@click.option("--log-file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Add a report to it.")
def build(
    editions: tuple[str, ...],
    folder: Path,
    due: bool,
    clock: datetime | None,
    force: bool,
    wait: float,
    jobs: int,
    as_json: bool,
    quiet: bool,
    log_file: Path | None,
) -> int:
    """Build editions into the outbox: every one, or those that are named.

    Each becomes outbox/EDITION/ with digest.html, digest.txt, message.eml and manifest.json, in one step: a build
    that fails leaves the last good one where it was, and the other editions are built all the same. An edition of
    which nothing has changed is left as it is.

    \b
    pipeline build
    pipeline build better-sleep
    pipeline build --jobs 4 --quiet
    pipeline build --due --quiet --log-file /var/log/newsletter.log
    pipeline build --due --now 2026-11-23T08:00:00+01:00
    """
    if due and editions:
        raise click.UsageError("--due chooses the editions; name some, or say --due")
    if clock and not due:
        raise click.UsageError("--now is for --due")
    with Report(as_json=as_json, quiet=quiet, log_file=log_file) as report, stop_signals() as signals:
        run = Run(folder, jobs, wait, force, report, signals)
        try:
            run.due(clock or now()) if due else run.editions(editions)
        except PipelineError as error:
            report.error(error)
        except KeyboardInterrupt:
            pass  # a signal, while nothing was being built
        if signals.asked:
            report.code = 128 + signals.asked[0]
    return report.result()


class Run:
    """One run of ``pipeline build``, told in its report."""

    def __init__(self, folder: Path, jobs: int, wait: float, force: bool, report: Report, signals: Signals) -> None:
        self.folder = folder
        self.jobs = jobs
        self.wait = wait
        self.force = force
        self.report = report
        self.signals = signals

    def editions(self, named: Sequence[str]) -> None:
        """Build those that are named, or all; the unchanged are found before anything is locked, read or imported."""
        from pipeline import freshness, outbox

        made = digests_editions(named, self.folder)
        slugs = chosen(named, [*freshness.editions_there(self.folder), *made], self.folder)
        stale = self.stale(slugs, made, named=bool(named))
        if slugs and not stale and not outbox.leftovers(self.folder / outbox.FOLDER):
            self.report.unchanged(slugs)
            return
        with outbox.locked(self.folder / outbox.FOLDER, self.wait):
            stale = self.stale(slugs, made, named=bool(named))
            self.report.unchanged([slug for slug in slugs if slug not in stale])
            project = project_with(made, self.folder)
            self.build(stale, project)
            if not named:
                self.report.unread(project.library.article_errors)

    def stale(self, slugs: Sequence[str], made: Mapping[str, Manifest], *, named: bool) -> list[str]:
        """Those that have to be built, ``made`` being those of them that digests have made."""
        from pipeline import freshness

        if self.force:
            return list(slugs)
        hashes: dict[str, str] = {}
        fine = ("built",) if named else ("built", "cleaned")
        states = {slug: freshness.state(self.folder, slug, manifest, hashes) for slug, manifest in made.items()}
        return [
            slug for slug in slugs if (states.get(slug) or freshness.state_of(self.folder, slug, hashes)) not in fine
        ]

    def due(self, moment: datetime) -> None:
        """Build what has fallen due by this moment, of each digest one edition after the other."""
        from pipeline import agenda, outbox
        from pipeline.content import read_library

        folder = self.folder / outbox.FOLDER
        found = agenda.due(read_library(self.folder), moment, force=self.force)
        if found.slugs or found.ticks or outbox.leftovers(folder):
            with outbox.locked(folder, self.wait):
                self.build_due(moment)
        else:
            self.report.agenda(found)
        self.report.nothing_due()

    def build_due(self, moment: datetime) -> None:
        from pipeline import agenda, outbox
        from pipeline.build import open_project

        project = open_project(self.folder)
        found = agenda.due(project.library, moment, force=self.force)
        tried: set[str] = set()
        while True:
            outbox.note_ticks(self.folder / outbox.FOLDER, found.ticks)
            self.build(found.slugs, replace(project, recurring=found.recurring))
            built = tuple(one for one in found.planned if one.slug in self.report.built)
            self.report.agenda(replace(found, planned=built))
            if not found.slugs or self.signals.asked:
                return
            tried.update(found.slugs)
            found = agenda.due(project.library, moment, tried, force=self.force)

    def build(self, slugs: Sequence[str], project: Project) -> None:
        from pipeline.jobs import build_editions

        self.signals.may_interrupt = False
        outcomes = build_editions(slugs, project, self.jobs, lambda: bool(self.signals.asked))
        for outcome in with_progress(outcomes, len(slugs), plain=self.report.is_plain):
            self.report.outcome(outcome)
        self.signals.may_interrupt = True


class Signals:
    """The signals that have asked to stop: at once while nothing is built, and else once that edition is finished.

    A second one ends the process as if nobody had asked to be asked.
    """

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.may_interrupt = True

    def note(self, number: int, frame: object) -> None:
        self.asked.append(number)
        signal.signal(number, signal.SIG_DFL)
        if self.may_interrupt:
            raise KeyboardInterrupt


@contextmanager
def stop_signals() -> Iterator[Signals]:
    signals = Signals()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, signals.note) for number in numbers}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def digests_editions(named: Sequence[str], folder: Path) -> dict[str, Manifest]:
    """Those of the named that digests have made, with their manifests."""
    from pipeline import freshness, record

    files = freshness.editions_there(folder)
    manifests = {slug: record.manifest_of(folder / record.FOLDER, slug) for slug in named if slug not in files}
    return {slug: manifest for slug, manifest in manifests.items() if manifest and manifest.get("digest")}


def project_with(made: Mapping[str, Manifest], folder: Path, service: str = "") -> Project:
    """The project for this ESP, with those of its digests' editions that are to be made again."""
    from pipeline.build import open_project

    project = open_project(folder, service)
    if not made:
        return project
    from pipeline import agenda  # few runs make a digest's edition again

    again = {slug: agenda.again(slug, manifest, project.library) for slug, manifest in made.items()}
    return replace(project, recurring=again)


def chosen(named: Sequence[str], there: Sequence[str], folder: Path) -> list[str]:
    """Those that are named, each once, or all that there are. Raises where there is no such edition, or none at all."""
    if not there:
        from pipeline.content import read_library

        read_library(folder)
        raise ContentError('there is no edition in content/editions/; make one with pipeline new edition "Subject"')
    for slug in named:
        if slug not in there:
            raise ContentError(f"there is no edition {slug!r} in content/editions/{nearest(slug, there)}")
    return list(dict.fromkeys(named)) or list(there)


def with_progress(outcomes: Iterator[Any], total: int, *, plain: bool) -> Iterator[Any]:
    """The outcomes, with a progress bar below them where there are many and somebody is looking."""
    if plain or total < MANY or sys.stdout is None or not sys.stdout.isatty():
        return outcomes
    from rich.progress import track

    return iter(track(outcomes, total=total, description="Building", transient=True))
