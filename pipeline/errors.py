"""Stops: errors that know their place, and the exit code that each kind of them means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Where:
    """A place in a file that people edit; prints as ``content/articles/x.md:12``.

    ``path`` is relative to the newsletter's folder, with forward slashes; ``line`` counts from 1.
    """

    path: str
    line: int | None = None

    def __str__(self) -> str:
        return self.path if self.line is None else f"{self.path}:{self.line}"


class PipelineError(Exception):
    """A stop that a person can mend. Its text is one line: the place, what is wrong, what to do."""

    exit_code = 1

    def __init__(self, message: str, where: Where | None = None) -> None:
        super().__init__(message, where)
        self.message = message
        self.where = where

    def __str__(self) -> str:
        return self.message if self.where is None else f"{self.where}: {self.message}"


class ContentError(PipelineError):
    """Something under ``content/`` is wrong (sysexits: EX_DATAERR)."""

    exit_code = 65


class TemplateError(PipelineError):
    """Something under ``templates/`` is wrong, or what it makes of the content is."""

    exit_code = 65


class NotReadyError(PipelineError):
    """A check has found what stands against sending the mail."""

    exit_code = 65


class OutboxError(PipelineError):
    """The outbox can't be written (sysexits: EX_CANTCREAT)."""

    exit_code = 73


class DiskError(OutboxError):
    """The disk failed while the outbox was written (sysexits: EX_IOERR)."""

    exit_code = 74


class TransportError(PipelineError):
    """The mail server can't be reached, or takes nothing now (sysexits: EX_TEMPFAIL)."""

    exit_code = 75


class DeferredError(PipelineError):
    """The mail server takes other messages, but not this one now (sysexits: EX_TEMPFAIL)."""

    exit_code = 75


class RefusedError(PipelineError):
    """The mail server won't take this message, however often it is asked (sysexits: EX_UNAVAILABLE)."""

    exit_code = 69


class BusyError(PipelineError):
    """Another run has the outbox (sysexits: EX_TEMPFAIL)."""

    exit_code = 75


class DeniedError(OutboxError):
    """The outbox may not be written (sysexits: EX_NOPERM)."""

    exit_code = 77


class ConfigurationError(PipelineError):
    """``content/newsletter.toml`` is wrong or missing (sysexits: EX_CONFIG)."""

    exit_code = 78


class CombinedError(PipelineError):
    """Several stops found in one look, told together so that they can be mended together; each of them once."""

    def __init__(self, errors: Iterable[PipelineError]) -> None:
        self.errors = tuple({str(one): one for error in errors for one in flatten(error)}.values())
        super().__init__("\n".join(str(error) for error in self.errors))
        self.exit_code = max(error.exit_code for error in self.errors)


def flatten(error: PipelineError) -> tuple[PipelineError, ...]:
    return error.errors if isinstance(error, CombinedError) else (error,)


def raise_all(errors: Iterable[PipelineError]) -> None:
    """Raise nothing for none, the one for one, all together for several."""
    found = list(errors)
    if not found:
        return
    combined = CombinedError(found)
    raise combined if len(combined.errors) > 1 else combined.errors[0]


def nearest(word: str, known: Iterable[str]) -> str:
    """``; did you mean <the nearest known word>?``, or nothing where none is near."""
    from difflib import get_close_matches  # only mistakes pay for it

    found = get_close_matches(word, list(known), n=1)
    return f"; did you mean {found[0]}?" if found else ""
