"""Editions to build -> what became of each, one after another or in several processes. Either way the same bytes."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from pipeline.build import Project, build_edition, open_project
from pipeline.errors import PipelineError, flatten
from pipeline.model import Finding


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one edition: its sizes in bytes and its findings, or the errors that stopped it."""

    slug: str
    seconds: float
    subject: str = ""
    html_bytes: int = 0
    blocks: tuple[tuple[str, int], ...] = ()
    findings: tuple[Finding, ...] = ()
    errors: tuple[tuple[str, int], ...] = ()


def build_editions(slugs: Sequence[str], project: Project, jobs: int = 1) -> Iterator[Outcome]:
    """Each edition in turn; one that fails leaves the others alone. In the order of ``slugs``."""
    if jobs == 1 or len(slugs) < 2:
        yield from (attempt(slug, project) for slug in slugs)
        return
    # A forked worker has the project and the engines at once; elsewhere each worker opens the folder for itself.
    method = "fork" if sys.platform == "linux" else "spawn"
    workers = ProcessPoolExecutor(
        min(jobs, len(slugs)),
        mp_context=multiprocessing.get_context(method),
        initializer=_start_worker,
        initargs=(project if method == "fork" else project.folder,),
    )
    with workers:
        yield from workers.map(_attempt_in_worker, slugs, chunksize=max(1, min(8, len(slugs) // (jobs * 4))))


def attempt(slug: str, project: Project) -> Outcome:
    """Build one edition, and tell what became of it."""
    started = perf_counter()
    try:
        email = build_edition(slug, project)
    except PipelineError as error:
        errors = tuple((str(one), one.exit_code) for one in flatten(error))
        return Outcome(slug, perf_counter() - started, errors=errors)
    return Outcome(
        slug,
        perf_counter() - started,
        subject=email.subject,
        html_bytes=len(email.html.encode()),
        blocks=tuple((block.name, block.bytes) for block in email.blocks),
        findings=email.findings,
    )


_project: Project


def _start_worker(project: Project | Path) -> None:
    global _project
    _project = project if isinstance(project, Project) else open_project(project)


def _attempt_in_worker(slug: str) -> Outcome:
    return attempt(slug, _project)
