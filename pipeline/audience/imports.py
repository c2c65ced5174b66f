"""A list's CSV export -> whom to write to, whom never again, and who can't be taken and why. Pure but for the file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import cast

from pipeline.audience import cells
from pipeline.audience.exports import unguarded
from pipeline.audience.services import ORDER, OWN, PLAIN, SERVICES, Service, standing_of, types, weight
from pipeline.audience.subscriber import NewReader, Withdrawal, WithdrawalReason
from pipeline.errors import ContentError
from pipeline.model import Value
from pipeline.recipients import Batch, Rejected, Source, open_source
from pipeline.recipients.addresses import RESERVED, is_reserved
from pipeline.recipients.addresses import address as checked

# What stands in a column of confirmations where there is none.
_NO = ("false", "no", "0")
# Mailchimp's way to tell who has called a mail spam.
_SPAM = re.compile(r"spam|abuse", re.IGNORECASE)
# Mailchimp's files of contacts say in their names alone what the contacts are.
_FILE = re.compile(
    r"(?<![a-z])(subscribed|unsubscribed|cleaned|nonsubscribed|archived)_(?:members|email_audience)_export",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Row:
    """A person who can be taken, or has left: the line they stand in, and what the store is told of them."""

    line: int
    told: NewReader | Withdrawal


@dataclass(frozen=True, slots=True)
class Refused:
    """A person who can't be taken: the line, the address as it stands there, and the reason."""

    line: int
    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class Export:
    """An export that has been looked through: where it is from, how many rows it has. Close it, or use a ``with``.

    ``status`` is what the file's name says of everybody in it; empty where it says nothing. Where ``keeps_ips`` is
    false, nobody is told from which address of the internet people have signed up.
    """

    name: str
    service: Service
    rows: int
    status: str
    _source: Source
    keeps_ips: bool = True

    def read(self, size: int = 2000) -> Iterator[tuple[list[Row], list[Refused]]]:
        """Its people in the order of the file, about so many at a time.

        Who stands there twice is taken once; but of somebody who has left in one of the rows the last word is that
        they have. Raises a ContentError where the file has changed since it was opened.
        """
        rows: list[Row] = []
        refused: list[Refused] = []
        for shard in self._source.shards(max(1, self._source.rows)):
            for found in shard.read(size):
                if isinstance(found, Rejected):
                    self._note_rejected(found, rows, refused)
                else:
                    self._note_batch(found, rows, refused)
                if len(rows) + len(refused) >= size:
                    yield rows, refused
                    rows, refused = [], []
        if rows or refused:
            yield rows, refused

    def _note_batch(self, batch: Batch, rows: list[Row], refused: list[Refused]) -> None:
        columns, service, size = batch.columns, self.service, len(batch.emails)
        if self._is_guarded:
            columns = {name: _unguarded(column) for name, column in columns.items()}
        emails = cast(Sequence[str], columns["email"])
        standings = self._standings(columns, size)
        evidence = cells.evidence(service, columns, size)
        left = cells.times(tuple(service.gone), columns, size)
        readers = map(
            NewReader,
            emails,
            cells.names(columns, size),
            cells.preferences(service, columns, size),
            cells.times(service.confirmed, columns, size),
            cells.times(service.asked, columns, size),
            cells.origins(service.ip, columns, size) if self.keeps_ips else [""] * size,
            evidence,
        )
        found = zip(batch.lines, standings, readers, left, strict=True)
        for line, standing, reader, since in found:
            if standing == "confirmed" and is_reserved(reader.address):
                refused.append(Refused(line, reader.address, RESERVED))
            elif standing == "confirmed":
                rows.append(Row(line, reader))
            elif standing in ORDER:
                reason = cast(WithdrawalReason, standing)
                rows.append(Row(line, Withdrawal(reader.address, reason, since, reader.evidence)))
            else:
                refused.append(Refused(line, reader.address, standing))

    def _note_rejected(self, found: Rejected, rows: list[Row], refused: list[Refused]) -> None:
        """Whatever is wrong with a row: who has left in it has left."""
        refused.append(Refused(found.row, found.values.get("email", ""), found.reason))
        columns: dict[str, Sequence[Value]] = {name: (cell,) for name, cell in found.values.items()}
        if self._is_guarded:
            columns = {name: _unguarded(column) for name, column in columns.items()}
        (standing,) = self._standings(columns, 1)
        try:
            if standing in ORDER and standing != "confirmed":
                (since,) = cells.times(tuple(self.service.gone), columns, 1)
                email = checked(cast(str, columns["email"][0]))
                rows.append(Row(found.row, Withdrawal(email, cast(WithdrawalReason, standing), since)))
        except (KeyError, ValueError):
            pass  # no address, so nobody who could be written to

    def _standings(self, columns: cells.Columns, size: int) -> list[str]:
        """Each person's standing, or why they can't be taken: the worst that one of the columns says."""
        service = self.service
        said: list[Sequence[str]] = [[self.status] * size] if self.status else []
        said += [texts for name in service.status if (texts := cells.texts(name, columns))]
        for name, standing in service.gone.items():
            if texts := cells.texts(name, columns):
                said.append([standing if cell else "" for cell in texts])
        for name in service.confirmed:
            if texts := cells.texts(name, columns):
                said.append(["unconfirmed" if cell.casefold() in _NO else "" for cell in texts])
        for name in service.why:
            if texts := cells.texts(name, columns):
                said.append(["complaint" if _SPAM.search(cell) else "" for cell in texts])
        # What is said of a person is one of few combinations.
        combined = list(zip(*said, strict=True)) if said else [()] * size
        worst = {
            one: max(map(standing_of, filter(None, one)), key=weight, default="confirmed") for one in set(combined)
        }
        return [worst[one] for one in combined]

    @property
    def _is_guarded(self) -> bool:
        """Our own JSON lines have everything as it is: no spreadsheet runs those."""
        return self.service is OWN and self._source.is_csv

    def close(self) -> None:
        self._source.close()

    def __enter__(self) -> Export:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def open_export(name: str, *, keeps_ips: bool = True) -> Export:
    """Look through the export in this file, ``-`` for standard input.

    Raises a ContentError where it is no CSV, isn't in UTF-8, or no column has addresses.
    """
    if "://" in name:
        raise ContentError("an import takes a file, and this is an address")  # which may have a password in it
    source = open_source(name, types(), ignore=("*",))
    service = next((one for one in SERVICES if one.known_by.intersection(source.columns)), PLAIN)
    found = _FILE.search(PurePath(name).name)  # people put words before it
    return Export(name, service, source.rows, found[1].lower() if found else "", source, keeps_ips)


def _unguarded(column: Sequence[Value]) -> Sequence[Value]:
    """The column as it was before our own export guarded it."""
    return [
        unguarded(cell) if isinstance(cell, str) else tuple(map(unguarded, cast(tuple[str, ...], cell)))
        for cell in column
    ]
