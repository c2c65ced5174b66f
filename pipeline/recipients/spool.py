"""What can't be read by many (standard input, a pipe, a table's rows) -> a temporary file that can."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import compress
from pathlib import Path
from typing import IO, Any, TypeVar

from pipeline.errors import ContentError, DiskError, Where
from pipeline.recipients.batch import Batch
from pipeline.recipients.header import EMAIL

T = TypeVar("T")


def spooled(write: Callable[[IO[bytes]], T]) -> tuple[Path, T]:
    """A temporary file with what ``write`` writes into it, and what that returns.

    Raises a DiskError where the disk is full.
    """
    path = Path(tempfile.gettempdir())
    try:
        with tempfile.NamedTemporaryFile(prefix="recipients.", delete=False) as file:
            path = Path(file.name)
            return path, write(file)
    except BaseException as error:
        if path.is_file():
            path.unlink()
        if isinstance(error, OSError):
            raise DiskError(f"can't be written: {error.strerror}", Where(str(path))) from error
        raise


def copy_all(name: str, file: IO[bytes]) -> None:
    """Write all that comes through the pipe of this name to ``file``; ``-`` is standard input."""
    if name != "-":
        with open(name, "rb") as pipe:  # noqa: PTH123
            shutil.copyfileobj(pipe, file)
    elif sys.stdin is None:
        raise ContentError("standard input is closed", Where(name))
    else:
        shutil.copyfileobj(sys.stdin.buffer, file)


def write_table(
    file: IO[bytes], fields: Sequence[str | None], rows: Iterable[Sequence[Any]], where: Where
) -> tuple[str, ...]:
    """Write a table's rows as lines of JSON, and return the columns' fields; those of None are left out.

    Raises a ContentError for cells that are bytes.
    """
    chosen = [field is not None for field in fields]
    columns = tuple(field for field in fields if field is not None)

    def plain(cell: Any) -> Any:
        if isinstance(cell, bytes | bytearray | memoryview):
            raise ContentError("a column holds bytes, which are no text; leave it out", where)
        if isinstance(cell, date):
            return cell.isoformat()
        return list(cell) if isinstance(cell, set | frozenset) else str(cell)

    encode = json.JSONEncoder(default=plain, check_circular=False).encode
    for row in rows:
        cells = map(_whole, compress(row, chosen))
        file.write(encode(dict(zip(columns, cells, strict=True))).encode() + b"\n")
    return columns


def write_batches(file: IO[bytes], columns: Sequence[str], batches: Iterable[Batch]) -> None:
    """Write readers, each with these columns, as lines of JSON."""
    encode = json.JSONEncoder(default=date.isoformat, check_circular=False).encode
    for batch in batches:
        values = {**batch.columns, EMAIL: batch.emails}
        rows = zip(*(values[name] for name in columns), strict=True)
        file.writelines(encode(dict(zip(columns, row, strict=True))).encode() + b"\n" for row in rows)


def _whole(cell: Any) -> Any:
    """A column of whole numbers with an empty cell is one of floats to many programs."""
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell
