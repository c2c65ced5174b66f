"""How ``pipeline subscribers import`` tells of itself: how far it is, what came of it, and who was refused."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import IO, TYPE_CHECKING, Any

from pipeline.cli.console import say
from pipeline.cli.files import failures, private

if TYPE_CHECKING:
    from pipeline.audience.bringing import Part
    from pipeline.audience.imports import Refused

# Of fewer rows nobody has to wait for long. How often a run tells how far it is, in seconds.
MANY, EVERY = 20_000, 10.0
# How many reasons are told; all of them are in the file.
LONGEST = 12


class Import:
    """What came of an import so far."""

    def __init__(self, name: str, service: str, path: Path, *, dry_run: bool) -> None:
        self.name, self.service, self.path, self.dry_run = name, service, path, dry_run
        self.taken = self.joined = self.left = self.refused = 0
        self.reasons: dict[str, int] = {}
        self._file: IO[str] | None = None

    @property
    def rows(self) -> int:
        return self.taken + self.joined + self.left + self.refused

    def note(self, part: Part) -> None:
        self.taken += part.taken
        self.joined += part.joined
        self.left += part.left
        self.refused += len(part.refused)
        for one in part.refused:
            self.reasons[one.reason] = self.reasons.get(one.reason, 0) + 1
        self._write(part.refused)

    def _write(self, refused: Iterable[Refused]) -> None:
        from pipeline.audience.exports import csv_line, guarded

        lines = [csv_line((str(one.line), guarded(one.address), guarded(one.reason))) for one in refused]
        if lines and self._file is None:
            self._file = private(self.path)
            lines.insert(0, csv_line(("line", "email", "reason")))
        if self._file:
            with failures(self.path):
                self._file.writelines(lines)

    def close(self) -> None:
        if self._file:
            with failures(self.path):
                self._file.close()

    def as_json(self) -> dict[str, Any]:
        return {
            "file": self.name,
            "from": self.service,
            "dry_run": self.dry_run,
            "taken": self.taken,
            "joined": self.joined,
            "left": self.left,
            "refused": self.refused,
            "reasons": self.reasons,
            "refused_file": str(self.path) if self.refused else None,
        }

    def tell(self) -> None:
        kind = "a plain list" if self.service == "plain" else f"an export of {self.service}"
        say(f"{self.name}: {kind}{'; nothing is changed' if self.dry_run else ''}")
        say(f"  taken    {self.taken:>11,}")
        say(f"  joined   {self.joined:>11,}  on the list already, and left as they are")
        say(f"  left     {self.left:>11,}  unsubscribed there, or can't be written to")
        say(f"  refused  {self.refused:>11,}{f'  {self.path}' if self.refused else ''}")
        for reason, count in sorted(self.reasons.items(), key=lambda one: -one[1])[:LONGEST]:
            say(f"    {count:>9,}  {reason}")


@contextmanager
def progress(what: str, total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """What is called with how many of all are done: a bar where somebody looks on, a line now and then elsewhere."""
    if quiet or total < MANY or sys.stderr is None:
        yield lambda done: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda done: bar.update(task, completed=done)
    else:
        told = [monotonic()]

        def tell(done: int) -> None:
            if monotonic() - told[0] >= EVERY:
                told[0] = monotonic()
                say(f"{done:,} of {total:,}", err=True)

        yield tell
