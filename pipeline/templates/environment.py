"""A folder of templates -> Jinja's environment for it, with what templates may use."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket

from pipeline.errors import TemplateError, Where, raise_all
from pipeline.templates import facts, plain_text, words
from pipeline.templates.faults import Missing, refuse_none

MJML, TEXT, HTML = ".mjml.j2", ".txt.j2", ".html.j2"
PAGES, LETTERS = "pages/", "letters/"

_MJ_TAG = re.compile(r"<mj-[\w-]*")


class Environment(jinja2.Environment):
    """Jinja's environment for one folder of templates, each of which it reads once."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            loader=_Loader(folder),
            autoescape=lambda name: name is not None and name.endswith((MJML, HTML)),
            undefined=Missing,
            finalize=refuse_none,
            optimized=False,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
            bytecode_cache=_bytecode_cache(),
        )
        self.folder = folder
        self.globals |= {
            "field": facts.field,
            "mark": facts.mark,
            "t": words.translator(folder),
            "disclaimer": facts.disclaimer,
        }
        self.filters |= {
            "contents": facts.contents,
            "date": words.show_date,
            "local": facts.local,
            "local_language": facts.local_language,
            "language_name": words.language_name,
            "number": words.show_number,
            "opening": plain_text.opening,
            "outline": facts.outline,
            "plain": plain_text.plain,
            "tidy": plain_text.tidy,
            "underline": plain_text.underline,
            "wrap": plain_text.wrap,
        }

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The names of all files in the folder, sorted; hidden ones left out."""
        return tuple(name for name in self.list_templates() if not name.startswith(".") and "/." not in name)


def files(environment: Environment) -> tuple[str, ...]:
    """The paths of all that editions are made by: templates, their style sheets and words, relative to the newsletter's
    folder. Pages and letters aren't among them: no edition is another because one of those is."""
    return tuple(f"templates/{name}" for name in environment.files if not name.startswith((PAGES, LETTERS)))


def blocks(environment: Environment) -> tuple[str, ...]:
    """The names of the blocks that there are. Raises TemplateErrors for those that have only one of their partials."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in environment.files:
        for suffix in (MJML, TEXT):
            if file.startswith("blocks/") and file.endswith(suffix):
                found[file.removeprefix("blocks/").removesuffix(suffix)].add(suffix)
    raise_all(
        TemplateError(f"has no {name}{other} beside it; a block is two files", Where(f"templates/blocks/{name}{one}"))
        for name, suffixes in sorted(found.items())
        for one, other in ((MJML, TEXT), (TEXT, MJML))
        if suffixes == {one}
    )
    return tuple(sorted(found))


class _BytecodeCache(jinja2.FileSystemBytecodeCache):
    """Jinja's own cache of compiled templates, outside the project. A disk that refuses it only costs time."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


def _bytecode_cache() -> _BytecodeCache | None:
    """Compiling the templates is a quarter of the time that one edition takes from the command's start to its end."""
    try:
        return _BytecodeCache()
    except (OSError, RuntimeError):  # no temporary folder that is this user's own
        return None


class _Loader(jinja2.FileSystemLoader):
    """Reads templates, and writes its place into each ``<mj-…>`` start tag; lines stay where they are."""

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        try:
            source, path, is_fresh = super().get_source(environment, template)
        except UnicodeDecodeError as error:
            raise TemplateError("is not UTF-8; save it as that", Where(f"templates/{template}")) from error
        return (_with_places(source, template) if template.endswith(MJML) else source), path, is_fresh


def _with_places(source: str, template: str) -> str:
    def placed(number: int, line: str) -> str:
        return _MJ_TAG.sub(lambda tag: f'{tag[0]} data-where="templates/{template}:{number}"', line)

    lines = enumerate(source.split("\n"), start=1)
    return "\n".join(placed(number, line) if "<mj-" in line else line for number, line in lines)
