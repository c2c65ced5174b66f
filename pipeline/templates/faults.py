"""What a template does wrong -> a PipelineError with the template's own file and line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from traceback import walk_tb
from typing import Any

from jinja2 import StrictUndefined, TemplateNotFound, TemplateSyntaxError, UndefinedError
from jinja2.utils import missing

from pipeline.errors import PipelineError, TemplateError, Where, nearest

_OWN_CODE = Path(__file__).parent.parent


class Missing(StrictUndefined):
    """Undefined is an error, and says which name was probably meant."""

    @property
    def _undefined_message(self) -> str:
        owner, name = self._undefined_obj, self._undefined_name
        if self._undefined_hint or owner is missing or not isinstance(name, str):
            return super()._undefined_message
        if isinstance(owner, Mapping):
            return f"there is no {name!r} in it{nearest(name, [str(key) for key in owner])}"
        return f"{type(owner).__name__} has no {name!r}{nearest(name, _attributes(owner))}"


def _attributes(owner: object) -> list[str]:
    return [name for name in dir(owner) if not name.startswith("_")]


def refuse_none(value: Any) -> Any:
    if value is None:
        raise TemplateError("this is None, and a reader would see that word; ask first whether it is there")
    return value


def told(error: Exception, folder: Path, files: Collection[str]) -> PipelineError | None:
    """The error as a person can mend it, or None where it isn't a template's fault but a bug of ours."""
    if isinstance(error, PipelineError) and error.where:
        return error
    if isinstance(error, TemplateSyntaxError):
        return TemplateError(str(error.message), Where(f"templates/{error.name}", error.lineno))
    frames = list(_frames(error, folder))
    if not frames and isinstance(error, TemplateNotFound):
        return TemplateError(f"there is no templates/{error.name}, which the pipeline comes with")
    if not frames:
        return None
    where, names = frames[-1]
    if isinstance(error, PipelineError):
        return TemplateError(error.message, where)
    if isinstance(error, TemplateNotFound):
        return TemplateError(f"there is no templates/{error.name}{nearest(str(error.name), files)}", where)
    if isinstance(error, UndefinedError):
        unknown = re.fullmatch(r"'(\w+)' is undefined", str(error))
        return TemplateError(f"{error}{nearest(unknown[1], names) if unknown else ''}", where)
    if _is_ours(error, folder):
        return None
    return TemplateError(f"{type(error).__name__}: {error}", where)


def _frames(error: Exception, folder: Path) -> Iterator[tuple[Where, list[str]]]:
    """The places in templates that the error went through, innermost last, and the names known there."""
    for frame, line in walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(folder):
            yield Where(f"templates/{path.relative_to(folder).as_posix()}", line), list(frame.f_locals)


def _is_ours(error: Exception, folder: Path) -> bool:
    """Whether our own Python raised it, or what that called, and not the template: then it must stay as it is."""
    for frame, _ in reversed(list(walk_tb(error.__traceback__))):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(folder):
            return False
        if path.is_relative_to(_OWN_CODE):
            return True
    return True
