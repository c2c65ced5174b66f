"""A list's export -> the store, a part at a time: who was taken, known already, has left, or was refused and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pipeline.audience.consent import Consent
from pipeline.audience.imports import Export, Refused, Row
from pipeline.audience.store import Store
from pipeline.audience.subscriber import NewReader, Verdict, Withdrawal

T = TypeVar("T")
# Rows in a transaction: of more, a sign-up that comes meanwhile would wait longer; of fewer, the same pages of an index
# would be written more often.
SIZE = 10_000

# Why the store takes no reader, by its verdict.
REASONS: dict[Verdict, str] = {
    "suppressed": "is suppressed: they have bounced, complained, been erased, or asked never to be written to",
    "unsubscribed": "has unsubscribed; only they themselves can come back, by signing up",
}


@dataclass(frozen=True, slots=True)
class Part:
    """What became of some rows: how many were taken as subscribers, how many were subscribers already and are left as
    they are, how many have left there and so have left here; and who was refused."""

    taken: int
    joined: int
    left: int
    refused: tuple[Refused, ...]


def bring_in(
    export: Export, store: Store, wording: str, now: datetime, *, dry_run: bool = False, size: int = SIZE
) -> Iterator[Part]:
    """Import the export, and tell of each part once it is in the database; ``dry_run`` only tells what would be.

    ``wording`` is the source of the consents, for their record: how and where these people were asked, and for what.
    """
    consent = Consent("imported", now, "import", form=export.service.name, wording=wording)
    for rows, refused in _ahead(export.read(size)):
        readers = [(row, row.told) for row in rows if isinstance(row.told, NewReader)]
        gone = [row.told for row in rows if isinstance(row.told, Withdrawal)]
        told = [reader for _, reader in readers]
        if dry_run:
            verdicts = store.judge_rows([reader.address for reader in told])
            left = len(gone)
        else:
            (verdicts,) = store.import_rows([told], consent, now)
            left = sum(store.withdraw_rows(gone, consent, now)) if gone else 0
        refused += _turned_away([row for row, _ in readers], verdicts)
        refused.sort(key=lambda one: one.line)
        yield Part(verdicts.count("taken"), verdicts.count("joined"), left, tuple(refused))


def _ahead(parts: Iterator[T]) -> Iterator[T]:
    """The parts, each next one read while the database writes the one before."""
    with ThreadPoolExecutor(1) as reader:
        upcoming = reader.submit(next, parts, None)
        while (part := upcoming.result()) is not None:
            upcoming = reader.submit(next, parts, None)
            yield part


def _turned_away(rows: Sequence[Row], verdicts: Sequence[Verdict]) -> list[Refused]:
    pairs = zip(rows, verdicts, strict=True)
    return [Refused(row.line, row.told.address, REASONS[verdict]) for row, verdict in pairs if verdict in REASONS]
