"""The list's readers as an edition's recipients; and, once their messages are made, a note of that.

Whom an edition may be made for is judged at one moment, and that snapshot is kept in a temporary file for as long as
the run takes: so its parts can be written apart from each other. A run that goes on later judges anew. If it finds
other readers, or readers who have asked for something else, it is another send-out, and has to begin anew: nobody who
has left in between keeps a message.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, compress
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from pipeline import conditions, personal
from pipeline.audience.store import FIELDS, Store
from pipeline.errors import Where
from pipeline.model import Article, Choice, Email, FieldType, Newsletter, Value
from pipeline.recipients import Batch, Rejected, Source, open_batches

# What a segment can be asked for, beside ``confirmed``, which is true of all who may have an edition.
CONFIRMED: Final = "confirmed"
_LISTS = ("topics", "kinds", "sent", "seen")
# What a reader has had, tracks and articles alike, is one list.
_HAD = ("sent", "seen")
TYPES: Mapping[str, FieldType] = {name: "list" if name in _LISTS else "text" for name in FIELDS if name != "token"}


def open_readers(store: Store, segment: str, email: Email, newsletter: Newsletter, now: datetime) -> Source:
    """Those of the segment for whom the edition may be made now, with the fields that the newsletter declares.

    A segment is ``confirmed``, or a condition such as ``confirmed and 'sleep' in topics``. Raises a ContentError for
    one that can't be read.
    """
    test = conditions.parse(segment, {CONFIRMED: "text", **TYPES}, Where("--audience")).test
    types = {name: field.type for name, field in newsletter.merge_fields.items() if name in FIELDS}
    asked = {*types, *conditions.fields_of(test)}
    # A break ends with a day of the newsletter's, as its page says.
    there = now.astimezone(ZoneInfo(newsletter.timezone))
    batches = store.audience(email.slug, email.date, there, asked)
    return open_batches(f"--audience {segment!r}", (_fitting(one, test, types, email.slug) for one in batches), types)


def _fitting(batch: Batch, test: conditions.Test, types: Mapping[str, FieldType], edition: str) -> Batch:
    """Those of the batch whom the segment has, with these columns."""
    size = len(batch.emails)
    chosen = conditions.column(test, {**batch.columns, CONFIRMED: [CONFIRMED] * size}, size)
    columns = {name: _typed(list(compress(batch.columns[name], chosen)), kind) for name, kind in types.items()}
    for name in columns.keys() & _HAD:
        columns[name] = [before(edition, cast(tuple[str, ...], one)) for one in columns[name]]
    return Batch(list(compress(batch.emails, chosen)), columns)


def _typed(column: Sequence[Value], kind: FieldType) -> Sequence[Value]:
    """A list of the list's may be declared as text."""
    return [", ".join(one) if isinstance(one, tuple) else one for one in column] if kind != "list" else column


def note_made(store: Store, source: Source, email: Email, rejected: Container[int] = ()) -> None:
    """Note that the edition was made for these readers, but for those in the lines of ``rejected``, and which tracks it
    has for each. Doing it again changes nothing."""
    for shard in source.shards(max(1, source.rows)):
        for found in shard.read():
            if not isinstance(found, Rejected):
                made = [line not in rejected for line in found.lines]
                sent = _sent(email, found)
                emails = list(compress(found.emails, made))
                store.note_made(emails, email.slug, email.date, sent and list(compress(sent, made)))


def _sent(email: Email, batch: Batch) -> list[tuple[str, ...]] | None:
    """The articles and tracks that each reader's message has, where that is of use for another edition."""
    choices = {block: one.choice for block, one in email.personal.items() if one.choice}
    if not choices and "seen" not in batch.columns:
        return None
    size = len(batch.emails)
    shown, picks = personal.views(email, batch.columns, size)
    candidates = {one.slug for choice in choices.values() for one in choice.candidates if isinstance(one, Article)}
    for_all = [slug for slug in email.articles if slug not in candidates] if "seen" in batch.columns else []
    return [
        tuple(
            f"{email.slug} {name}"
            for name in chain(
                for_all,
                *(
                    _names(choice, picks[block][index])
                    for block, choice in choices.items()
                    if block not in shown or shown[block][index]
                ),
            )
        )
        for index in range(size)
    ]


def _names(choice: Choice, picked: Sequence[int]) -> Iterator[str]:
    """The slugs of articles; the last parts of the tracks' addresses."""
    for one in (choice.candidates[index] for index in picked):
        yield one.slug if isinstance(one, Article) else one.url.rstrip("/").rpartition("/")[2]


def before(edition: str, sent: Sequence[str]) -> tuple[Any, ...]:
    """What was sent with other editions. With this one it may be sent again: made twice, a message has the same."""
    parts = (one.partition(" ") for one in sent)
    return tuple(track for slug, _, track in parts if slug != edition)
