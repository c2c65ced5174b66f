"""What a run tells: lines for people, JSON lines for machines, and a log."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pipeline.cli.console import exit_code, lost, now, print_json, say
from pipeline.errors import ConfigurationError, DiskError, PipelineError, Where, flatten

if TYPE_CHECKING:
    from pipeline.agenda import Agenda, Planned
    from pipeline.jobs import Outcome


class Report:
    """The report of one run, told as it goes; ``result`` ends it and gives the exit code, the worst that there was.

    A run whose log can't be written doesn't begin.
    """

    def __init__(self, *, as_json: bool, quiet: bool, log_file: Path | None) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self.log_file = log_file
        self.built: list[str] = []
        self.failed: list[str] = []
        self.same: list[str] = []
        self.skipped: list[str] = []
        self.others: list[str] = []
        self.told: set[str] = set()
        self.code = 0
        try:
            self._append("")
        except OSError as error:
            self.log_file = None
            self.error(_unwritable(log_file, error, ConfigurationError))
            sys.exit(self.result())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: TracebackType | None) -> None:
        """A bug ends the run: that is told elsewhere, but the log and the machines get their last line here."""
        if isinstance(error, Exception):
            message = " ".join(f"a bug of ours: {type(error).__name__}: {error}".split())
            self.code = 1
            self.others.append(message)
            self._log(f"error: {message}")
            self.result()

    @property
    def is_plain(self) -> bool:
        return self.as_json or self.quiet

    def outcome(self, outcome: Outcome) -> None:
        (self.failed if outcome.errors else self.built).append(outcome.slug)
        self._json(outcome_as_json(outcome))
        for message, code in outcome.errors:
            self._error(message, code)
        if outcome.errors:
            return
        size = f"{outcome.html_bytes / 1000:.1f} KB"
        milliseconds = f"{outcome.seconds * 1000:.0f} ms"
        self._line(f"{outcome.slug}  “{outcome.subject}”  {size}  {len(outcome.blocks)} blocks  {milliseconds}")
        for found in outcome.findings:
            self._line(f"  {found.level}: {found.where}: {found.message}", err=found.level != "note")

    def unchanged(self, slugs: Sequence[str]) -> None:
        self.same += slugs
        for slug in slugs:
            self._json({"edition": slug, "unchanged": True})
        if slugs:
            self._line(f"{len(slugs)} unchanged: {', '.join(slugs)}")

    def agenda(self, agenda: Agenda) -> None:
        """What digests left out of editions that were built, which had nothing to say, and what went wrong."""
        for planned in agenda.planned:
            for one in planned.noteworthy:
                self._line(f"  {planned.slug} leaves out {one.slug}: {one.reason}")
        self.skipped += [planned.slug for planned in agenda.skipped]
        for planned in agenda.skipped:
            self._line(f"{planned.digest}: nothing new up to {planned.window.end:%Y-%m-%d %H:%M}; skipped")
        for planned in (*agenda.planned, *agenda.skipped):
            self._json(planned_as_json(planned))
        for error in agenda.errors:
            self.error(error)

    def nothing_due(self) -> None:
        """What is told of a run that had nothing to do."""
        if not (self.built or self.failed or self.skipped or self.others):
            self._line("nothing is due")

    def unread(self, errors: Iterable[PipelineError]) -> None:
        """Articles that can't be read stop nobody who doesn't show them; a whole build says so all the same."""
        for error in errors:
            self.error(error)

    def error(self, error: PipelineError) -> None:
        """What is wrong besides what an edition's own outcome has told."""
        for one in flatten(error):
            if str(one) not in self.told:
                self._error(str(one), one.exit_code)
                self.others.append(str(one))

    def result(self) -> int:
        errors = [*self.others, *map(str, lost)]
        if (self.built or self.failed) and not self.is_plain:
            failed = f"; failed: {', '.join(self.failed)}" if self.failed else ""
            say(f"{len(self.built)} ready to send{failed}")
        result = {"built": self.built, "unchanged": self.same, "failed": self.failed, "errors": errors}
        self._json({"result": {**result, "exit_code": exit_code(self.code)}})
        for error in lost:
            self._log(f"error: {error}")
        numbers = f"{len(self.built)} built, {len(self.same)} unchanged, {len(self.failed)} failed"
        self._log(f"{numbers}; exit {exit_code(self.code)}")
        return exit_code(self.code)

    def _error(self, message: str, code: int) -> None:
        self.code = max(self.code, code)
        self.told.add(message)
        self._log(f"error: {message}")
        say(f"error: {message}", err=True)

    def _line(self, line: str, *, err: bool = False) -> None:
        self._log(line.strip())
        if not self.is_plain:
            say(line, err=err)

    def _json(self, value: Any) -> None:
        if self.as_json:
            print_json(value)

    def _log(self, line: str) -> None:
        try:
            self._append(f"{now():%Y-%m-%dT%H:%M:%SZ} {line}\n")
        except OSError as error:
            self.error(_unwritable(self.log_file, error, DiskError))

    def _append(self, text: str) -> None:
        """The file is opened each time, so that it can be rotated at any time."""
        if self.log_file is not None:
            with self.log_file.open("a", encoding="utf-8", errors="replace") as file:
                file.write(text)


def _unwritable(log_file: Path | None, error: OSError, kind: type[PipelineError]) -> PipelineError:
    return kind(f"--log-file can't be written: {error.strerror}", Where(str(log_file)))


def planned_as_json(planned: Planned) -> dict[str, Any]:
    return {
        "digest": planned.digest,
        "edition": planned.slug,
        "begin": planned.window.begin.isoformat(),
        "end": planned.window.end.isoformat(),
        "articles": [one.front_matter.slug for one in planned.choice.taken],
        "left_out": [{"article": one.slug, "reason": one.reason} for one in planned.choice.left_out],
    }


def outcome_as_json(outcome: Outcome) -> dict[str, Any]:
    from pipeline.outbox import finding_as_json

    if outcome.errors:
        return {"edition": outcome.slug, "errors": [message for message, _ in outcome.errors]}
    return {
        "edition": outcome.slug,
        "subject": outcome.subject,
        "bytes": outcome.html_bytes,
        "blocks": [{"name": name, "bytes": size} for name, size in outcome.blocks],
        "findings": [finding_as_json(found) for found in outcome.findings],
        "seconds": round(outcome.seconds, 4),
    }
