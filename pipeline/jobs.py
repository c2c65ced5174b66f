"""Editions to build -> what became of each, one after another or in several processes. Either way the same bytes."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from pipeline.build import Project, build_edition, open_project
from pipeline.digests import Recurring
from pipeline.errors import DiskError, PipelineError, flatten
from pipeline.model import Finding

_PR_SET_PDEATHSIG = 1


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


def build_editions(
    slugs: Sequence[str], project: Project, jobs: int = 1, stopped: Callable[[], bool] = lambda: False
) -> Iterator[Outcome]:
    """Each edition in turn; one that fails leaves the others alone. In the order of ``slugs``.

    No other is begun once ``stopped`` says so; those that are begun are finished.
    """
    if jobs == 1 or len(slugs) < 2:
        for slug in slugs:
            if stopped():
                return
            yield attempt(slug, project)
        return
    # A forked worker has the project and the engines at once; elsewhere each worker opens the folder for itself.
    method = "fork" if sys.platform == "linux" else "spawn"
    workers = ProcessPoolExecutor(
        min(jobs, len(slugs)),
        mp_context=multiprocessing.get_context(method),
        initializer=_start_worker,
        initargs=(project if method == "fork" else project.folder, project.recurring, os.getpid()),
    )
    with workers:
        coming = [workers.submit(_attempt_in_worker, slug) for slug in slugs]
        for slug, future in zip(slugs, coming, strict=True):
            if stopped():
                for waiting in coming:
                    waiting.cancel()
            if not future.cancelled():
                yield _outcome(slug, future)


def _outcome(slug: str, future: Future[Outcome]) -> Outcome:
    try:
        return future.result()
    except BrokenProcessPool:
        message = f"{slug}: a process that builds was killed from outside; is there enough memory?"
        return Outcome(slug, 0.0, errors=((message, DiskError.exit_code),))


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


def _start_worker(project: Project | Path, recurring: Mapping[str, Recurring], parent: int) -> None:
    global _project
    # A key or a signal for the whole group is the parent's to answer: it lets each worker finish its edition.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    _end_with_parent(parent)
    _project = project if isinstance(project, Project) else replace(open_project(project), recurring=recurring)


def _end_with_parent(parent: int) -> None:
    """A worker whose parent is killed would wait for ever, and hold the lock that it has inherited."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def _attempt_in_worker(slug: str) -> Outcome:
    return attempt(slug, _project)
