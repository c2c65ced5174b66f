"""``content/personas.yaml`` -> Personas."""

from __future__ import annotations

import re
from pathlib import Path
from types import MappingProxyType

from pipeline.content.fields import Fields
from pipeline.content.source import Source, read_text
from pipeline.content.yaml import parse_yaml
from pipeline.errors import ContentError, PipelineError, Where, nearest, raise_all
from pipeline.model import Newsletter, Persona

PATH = "content/personas.yaml"
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def read_personas(folder: Path, newsletter: Newsletter) -> tuple[Persona, ...]:
    """The sample readers in their own order. Without the file there is one: the merge fields' own samples.

    Raises ContentErrors, all of them together.
    """
    if not (folder / PATH).is_file():
        samples = {name: field.sample for name, field in newsletter.merge_fields.items() if field.sample}
        return (Persona("sample", "Sample reader", samples, newsletter.where),) if samples else ()
    values, lines = parse_yaml(read_text(folder / PATH, PATH), PATH)
    if not isinstance(values, dict):
        raise ContentError("must be a mapping of readers; begin each with a short key: `ana:`", Where(PATH, 1))
    errors: list[PipelineError] = []
    source = Source(PATH, {str(key): value for key, value in values.items()}, lines)
    personas = [_persona(str(key), Fields(source, source.values, (), errors), newsletter) for key in source.values]
    raise_all(errors)
    return tuple(personas)


def _persona(key: str, readers: Fields, newsletter: Newsletter) -> Persona:
    if not _KEY.fullmatch(key):
        readers.wrong(f"{key!r} can't be a reader's key; use small letters, digits, '-' and '_'", key)
    fields = readers.table(key)
    name, values = fields.text("name", key), fields.table("fields")
    declared, known = newsletter.merge_fields, {}
    for field in map(str, values.values):
        if field in declared:
            known[field] = values.reader_value(field, declared[field].type)
        else:
            values.wrong(f"`{field}` is not a declared merge field{nearest(field, declared)}", field)
    fields.refuse_unknown()
    return Persona(key, name, MappingProxyType(known), fields.where())
