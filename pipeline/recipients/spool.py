"""What can't be read by many (standard input, a pipe, a table's rows) -> a temporary file that can."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import IO, Any, TypeVar

from pipeline.errors import ContentError, DiskError, Where

T = TypeVar("T")


def spooled(write: Callable[[IO[bytes]], T]) -> tuple[Path, T]:
    """A temporary file with what ``write`` writes into it, and what it returns.

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


def write_row(file: IO[bytes], cells: Mapping[str, Any], where: Where) -> None:
    """Write a table's row as a line of JSON. Raises a ContentError for cells that are bytes."""

    def plain(cell: Any) -> Any:
        if isinstance(cell, bytes | bytearray | memoryview):
            raise ContentError("a column holds bytes, which are no text; leave it out with --ignore", where)
        if isinstance(cell, date):
            return cell.isoformat()
        return list(cell) if isinstance(cell, set | frozenset) else str(cell)

    # A column of whole numbers with an empty cell is one of floats to many programs.
    row = {name: int(cell) if isinstance(cell, float) and cell.is_integer() else cell for name, cell in cells.items()}
    file.write(json.dumps(row, default=plain).encode() + b"\n")
