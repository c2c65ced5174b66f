"""Editions to build -> what became of each, one after another or in several processes. Either way the same bytes."""

from __future__ import annotations

import multiprocessing
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

from pipeline import outbox
from pipeline.build import Project, build_edition, make_edition, open_project
from pipeline.errors import PipelineError, flatten
from pipeline.model import Email, Finding

# So many editions may wait for the disk. It takes several in at once in little more time than one.
AHEAD = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one edition: its sizes in bytes and its findings, or the errors that stopped it.

    ``seconds`` is the time it took to make, without the disk's.
    """

    slug: str
    seconds: float
    subject: str = ""
    html_bytes: int = 0
    blocks: tuple[tuple[str, int], ...] = ()
    findings: tuple[Finding, ...] = ()
    errors: tuple[tuple[str, int], ...] = ()


def build_editions(slugs: Sequence[str], project: Project, jobs: int = 1) -> Iterator[Outcome]:
    """What becomes of each edition, in the order of ``slugs``; one that fails leaves the others alone."""
    return _in_turn(slugs, project) if jobs == 1 or len(slugs) < 2 else _in_processes(slugs, project, jobs)


def _in_turn(slugs: Sequence[str], project: Project) -> Iterator[Outcome]:
    """While the disk takes an edition in, the next ones are made: waiting for it is a third of the time otherwise."""
    with ThreadPoolExecutor(AHEAD) as disk:
        underway: deque[Callable[[], Outcome]] = deque()
        for slug in slugs:
            underway.append(_begin(slug, project, disk))
            if len(underway) > AHEAD:
                yield underway.popleft()()
        while underway:
            yield underway.popleft()()


def _begin(slug: str, project: Project, disk: Executor) -> Callable[[], Outcome]:
    """Make one edition and hand it to the disk; what comes back waits for the disk, and tells what became of it."""
    started = perf_counter()
    try:
        email, files = make_edition(slug, project)
    except PipelineError as error:
        return partial(_failed, slug, perf_counter() - started, error)
    seconds = perf_counter() - started
    writing = disk.submit(outbox.write, project.folder / outbox.FOLDER, slug, files)

    def end() -> Outcome:
        try:
            writing.result()
        except PipelineError as error:
            return _failed(slug, seconds, error)
        return _built(email, seconds)

    return end


def _in_processes(slugs: Sequence[str], project: Project, jobs: int) -> Iterator[Outcome]:
    # A forked worker has the project and the engines at once; elsewhere each worker opens the folder for itself.
    method = "fork" if sys.platform == "linux" else "spawn"
    workers = ProcessPoolExecutor(
        min(jobs, len(slugs)),
        mp_context=multiprocessing.get_context(method),
        initializer=_start_worker,
        initargs=(project if method == "fork" else project.folder,),
    )
    with workers:
        yield from workers.map(_build_in_worker, slugs, chunksize=max(1, min(8, len(slugs) // (jobs * 4))))


def _built(email: Email, seconds: float) -> Outcome:
    sizes = tuple((block.name, block.bytes) for block in email.blocks)
    return Outcome(email.slug, seconds, email.subject, len(email.html.encode()), sizes, email.findings)


def _failed(slug: str, seconds: float, error: PipelineError) -> Outcome:
    return Outcome(slug, seconds, errors=tuple((str(one), one.exit_code) for one in flatten(error)))


_project: Project


def _start_worker(project: Project | Path) -> None:
    global _project
    _project = project if isinstance(project, Project) else open_project(project)


def _build_in_worker(slug: str) -> Outcome:
    started = perf_counter()
    try:
        return _built(build_edition(slug, _project), perf_counter() - started)
    except PipelineError as error:
        return _failed(slug, perf_counter() - started, error)
