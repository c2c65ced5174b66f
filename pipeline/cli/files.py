"""What commands print or write about people, a lot at once; their files are for their owner alone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO

from pipeline.cli.console import say
from pipeline.errors import Where

# Lines that are printed at once.
LINES = 1000


def say_all(lines: Iterable[str]) -> None:
    """Print lines, many at once."""
    rest = iter(lines)
    while some := list(islice(rest, LINES)):
        say("".join(some).replace("\r\n", "\n").removesuffix("\n"))


def write_lines(lines: Iterable[str], path: Path, encoding: str) -> int:
    """Write them into the file in one step; how many there were."""
    temporary, count = path.with_name(f".{path.name}.{os.getpid()}.tmp"), 0
    with failures(path):
        opened = _opened(temporary, encoding)
    try:
        with failures(path), opened as file:
            for line in lines:
                count += 1
                file.write(line)
        with failures(path):
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return count


def private(path: Path, encoding: str = "utf-8") -> IO[str]:
    """The file, emptied, for its owner alone: it has people's addresses."""
    with failures(path):
        return _opened(path, encoding)


def _opened(path: Path, encoding: str) -> IO[str]:
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return open(number, "w", encoding=encoding, newline="")  # noqa: PTH123  # a Path can't have the mode


def be_able_to_write(path: Path) -> None:
    """Raise what writing the file would, and leave it as it is: for work that is done before there is a line of it."""
    with failures(path):
        is_new = not path.exists()
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        if is_new:
            path.unlink()


@contextmanager
def failures(path: Path) -> Iterator[None]:
    """What the system refuses in the block, as an error about this file."""
    from pipeline.record import failure

    try:
        yield
    except OSError as error:
        raise failure(error, Where(str(path))) from error
