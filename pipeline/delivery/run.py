"""Shards of recipients -> a worker each -> the output. A second run goes on from where the first one ended.

The workers are a thread, processes of this machine, or those of a Dask cluster: any ``concurrent.futures.Executor``.
Each reads its own part of the input. Whoever works, and however often it is interrupted: the output is the same bytes.
"""

from __future__ import annotations

import csv
import ctypes
import hashlib
import json
import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.delivery.journal import Entry, Journal
from pipeline.delivery.outputs import LOCK, TEMPORARY, Message, Nowhere, Output, Part, refusals
from pipeline.errors import BusyError, ConfigurationError, ContentError, DiskError, OutboxError, Where
from pipeline.recipients import Batch, Rejected

if TYPE_CHECKING:
    from pipeline.delivery.message import Program
    from pipeline.recipients import Shard, Source

# Changes when the same send-out would be written otherwise.
FORMAT = 1
# How many shards are handed out for each worker, so that none waits while the others' are put in their places.
AHEAD = 4
# How often it is asked whether to stop, in seconds.
LOOK = 0.1
# How often the workers may die over the same shard.
TRIES = 3
KILLED = (
    "a process that writes messages was killed again and again; is there enough memory? "
    "What is finished stays, and the next run goes on from there"
)
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Work:
    """What every worker must know."""

    program: Program
    output: Output


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a shard: where its messages are, and which rows have none."""

    part: Part
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a send-out is: shards of all shards, messages, their bytes, rejected rows; ``there`` is how many
    messages an earlier run had finished.
    """

    done: int
    shards: int
    messages: int
    bytes: int
    rejected: int
    there: int


Submit = Callable[["Shard"], Future[Outcome]]
# Opens an executor for the work on so many shards: how one is handed to it, and how many workers it has.
Crew = Callable[[Work, int], AbstractContextManager[tuple[Submit, int]]]


def send_out(
    program: Program,
    source: Source,
    output: Output,
    crew: Crew,
    *,
    force: bool = False,
    rejected: Path | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Tally]:
    """Write a message for each recipient; tells how far it is, at first and whenever shards are in their place.

    Shards that an earlier run has finished are skipped; ``force`` begins anew. The rejected rows are written to
    ``rejected``, or else where the output has them. Raises an OutboxError where the output holds another send-out,
    something else, or can't be written; a BusyError where another run writes to it. What is finished then stays, as it
    does where the run ends because ``stopped`` says so.
    """
    shards = source.shards(output.shard)
    with _opened(output) as output, refusals(output.path):
        journal = Journal(output.journal)
        entries = _resumed(
            journal, output, {"fingerprint": fingerprint(program, source, output), "shards": len(shards)}, force=force
        )
        tally = _tally(entries, len(shards))
        yield tally
        with _swept(output), closing(_outcomes(shards[len(entries) :], crew, Work(program, output), stopped)) as groups:
            for group in groups:
                output.settle(tally.done, [outcome.part for outcome in group])
                journal.add([_told(outcome) for outcome in group])
                tally = _added(tally, group)
                yield tally
        if tally.done == tally.shards:
            output.finish()
            _write_rejected(journal, rejected or output.rejected, always=rejected is not None)


def fingerprint(program: Program, source: Source, output: Output) -> str:
    """What the bytes of the output depend on, in short."""
    told = [FORMAT, program.fingerprint, source.fingerprint, source.columns, type(output).__name__, output.shard]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


@contextmanager
def _opened(output: Output) -> Iterator[Output]:
    """Have the output alone for the block."""
    if isinstance(output, Nowhere):
        with tempfile.TemporaryDirectory() as folder:
            yield replace(output, path=Path(folder))
        return
    from filelock import FileLock, Timeout

    lock = FileLock(output.journal.with_name(output.journal.name + LOCK))
    with refusals(output.path):
        if not output.journal.exists() and output.is_foreign():
            raise OutboxError("stands in the way, and holds no messages of ours; move it elsewhere", _where(output))
        output.journal.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise BusyError("another run is writing there", _where(output)) from error
    try:
        yield output
    finally:
        lock.release()


def _resumed(journal: Journal, output: Output, header: dict[str, Any], *, force: bool) -> list[Entry]:
    """The shards that are finished, and still there."""
    if force or not journal.exists():
        journal.begin(header)
    elif not (found := journal.header()):
        raise DiskError("its journal is damaged; begin anew with --force", _where(output))
    elif found != header:
        raise OutboxError(
            "holds the messages of another send-out (its edition, recipients or settings were others); "
            "choose another place, or begin anew with --force",
            _where(output),
        )
    entries = journal.entries()
    there = output.resume(entries, complete=len(entries) == header["shards"])
    journal.keep(there)
    return entries[:there]


@contextmanager
def _swept(output: Output) -> Iterator[None]:
    output.sweep()
    try:
        yield
    finally:
        output.sweep()


def _where(output: Output) -> Where:
    return Where(str(output.path))


def _tally(entries: Sequence[Entry], shards: int) -> Tally:
    messages = sum(entry.messages for entry in entries)
    size = sum(entry.bytes for entry in entries)
    return Tally(len(entries), shards, messages, size, sum(entry.rejected for entry in entries), messages)


def _added(tally: Tally, group: Sequence[Outcome]) -> Tally:
    return replace(
        tally,
        done=tally.done + len(group),
        messages=tally.messages + sum(outcome.part.messages for outcome in group),
        bytes=tally.bytes + sum(outcome.part.bytes for outcome in group),
        rejected=tally.rejected + sum(len(outcome.rejected) for outcome in group),
    )


def _told(outcome: Outcome) -> dict[str, Any]:
    rejected = [[one.row, one.reason, dict(one.values)] for one in outcome.rejected]
    return {"messages": outcome.part.messages, "bytes": outcome.part.bytes, "rejected": rejected}


def _write_rejected(journal: Journal, path: Path | None, *, always: bool) -> None:
    """The rejected rows as CSV, each with its line and the reason, in one step. Where there are none, an older list
    goes away.
    """
    if path is None:
        return
    names = list(dict.fromkeys(name for _, _, values in journal.rejected() for name in values))
    if not (names or always or any(True for _ in journal.rejected())):
        path.unlink(missing_ok=True)
        return
    temporary = path.with_name(f".{path.name}{TEMPORARY}")
    with refusals(path), temporary.open("w", encoding="utf-8", errors="replace", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["row", "reason", *names])
        rows.writerows(
            [row, reason, *(values.get(name, "") for name in names)] for row, reason, values in journal.rejected()
        )
    temporary.rename(path)


# Handing out.


def _outcomes(
    shards: Sequence[Shard], crew: Crew, work: Work, stopped: Callable[[], bool]
) -> Generator[list[Outcome], None, None]:
    """What became of the shards, in their order: as many as are ready. Where a worker dies, a new crew goes on."""
    done = failures = 0
    while done < len(shards) and not stopped():
        before = done
        try:
            with crew(work, len(shards) - done) as (submit, workers):
                for group in _in_order(shards[done:], submit, AHEAD * workers, stopped):
                    done += len(group)
                    yield group
        except BrokenExecutor as error:
            failures = failures + 1 if done == before else 1
            if failures == TRIES:
                raise DiskError(KILLED) from error


def _in_order(
    shards: Sequence[Shard], submit: Submit, ahead: int, stopped: Callable[[], bool]
) -> Iterator[list[Outcome]]:
    upcoming, begun = iter(shards), deque[Future[Outcome]]()
    try:
        while not stopped():
            begun.extend(submit(shard) for shard in islice(upcoming, ahead - len(begun)))
            if not begun:
                return
            wait([begun[0]], LOOK)
            group = list(_ready(begun))
            if group:
                yield group
    finally:
        for future in begun:
            future.cancel()


def _ready(begun: deque[Future[Outcome]]) -> Iterator[Outcome]:
    """The outcomes at the head that are there; an error once it is the first."""
    ready = 0
    while begun and begun[0].done() and not (ready and (begun[0].cancelled() or begun[0].exception())):
        yield begun.popleft().result()
        ready += 1


# Working.


def deliver(work: Work, shard: Shard) -> Outcome:
    """Write one shard's messages. What a worker does."""
    rejected: list[Rejected] = []
    part = work.output.write(shard.number, _messages(work.program, shard, rejected), work.program.id)
    return Outcome(part, tuple(sorted(rejected, key=lambda one: one.row)))


def _messages(program: Program, shard: Shard, rejected: list[Rejected]) -> Iterator[Message]:
    """Each message with its recipient's address; the rows that have none are added to ``rejected``."""
    for found in shard.read():
        if isinstance(found, Rejected):
            rejected.append(found)
        else:
            yield from _of_batch(program, found, rejected)


def _of_batch(program: Program, batch: Batch, rejected: list[Rejected]) -> Iterator[Message]:
    """The batch's messages. One reader's value that can't stand in a message costs the others nothing: the batch is
    halved until that reader is alone.
    """
    try:
        chunks = iter(program.chunks(batch))
        first = list(islice(chunks, 1))  # all values have been looked at by now
    except ContentError as error:
        size = len(batch.emails)
        if size == 1:
            rejected.append(Rejected(batch.lines[0], error.message, _cells(batch)))
            return
        for rows in (slice(0, size // 2), slice(size // 2, size)):
            yield from _of_batch(program, _part_of(batch, rows), rejected)
    else:
        yield from zip(batch.emails, chain(first, chunks), strict=True)


def _part_of(batch: Batch, rows: slice) -> Batch:
    columns = {name: column[rows] for name, column in batch.columns.items()}
    return Batch(batch.emails[rows], columns, batch.lines[rows])


def _cells(batch: Batch) -> dict[str, str]:
    """The first reader's values as text."""
    values = {name: column[0] for name, column in batch.columns.items()}
    return {name: ", ".join(value) if isinstance(value, tuple) else str(value) for name, value in values.items()}


# Who works.


@contextmanager
def thread(work: Work, shards: int) -> Iterator[tuple[Submit, int]]:
    """One worker in this process: it writes while the run waits for the disk."""
    with ThreadPoolExecutor(1) as pool:
        yield lambda shard: pool.submit(deliver, work, shard), 1


def processes(number: int) -> Crew:
    """So many processes on this machine, or fewer for few shards."""

    @contextmanager
    def crew(work: Work, shards: int) -> Iterator[tuple[Submit, int]]:
        # A forked worker has the program at once; elsewhere it is sent to each worker as it starts.
        method = "fork" if sys.platform == "linux" else "spawn"
        workers = min(number, shards)
        pool = ProcessPoolExecutor(
            workers, multiprocessing.get_context(method), initializer=_start_worker, initargs=(work, os.getpid())
        )
        with pool:
            yield lambda shard: pool.submit(_deliver_in_worker, shard), workers

    return crew


_work: Work


def _start_worker(work: Work, parent: int) -> None:
    global _work
    # A key for the whole group is the parent's to answer. What it does on SIGTERM isn't for its workers: they just end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":  # a worker whose parent is killed would keep the lock that it has inherited
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
    _work = work


def _deliver_in_worker(shard: Shard) -> Outcome:
    return deliver(_work, shard)


def cluster(address: str) -> Crew:
    """The workers of the Dask cluster whose scheduler is at this address, such as ``tcp://scheduler:8786``.

    They need this package, the input and the output at the same paths as here. The program is sent to the cluster
    once; its workers hand it to each other, and a new worker to whoever lacks it.
    """

    @contextmanager
    def crew(work: Work, shards: int) -> Iterator[tuple[Submit, int]]:
        client, losses = _connected(address)
        with client:
            held = client.submit(pickle.loads, pickle.dumps(work), pure=False)
            executor = client.get_executor(pure=False)
            try:
                yield lambda shard: executor.submit(deliver, held, shard), max(1, sum(client.nthreads().values()))
            except losses as error:
                raise BrokenExecutor(str(error)) from error
            except ImportError as error:
                raise ConfigurationError(f"--cluster: its workers lack a package: {error}") from error

    return crew


def _connected(address: str) -> tuple[Any, tuple[type[BaseException], ...]]:
    """A client of the cluster, and what its futures raise when workers are lost."""
    try:
        from distributed import Client
        from distributed.comm.core import CommClosedError
        from distributed.scheduler import KilledWorker
    except ImportError as error:
        raise ConfigurationError('--cluster needs Dask: pip install "stay-updated[cluster]"') from error
    try:
        client = Client(address, timeout=10, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"--cluster: there is no scheduler at {address}: {error}") from error
    return client, (KilledWorker, CommClosedError, CancelledError)
