"""A block's data as YAML or TOML has it -> values fit for a template."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urljoin

from pipeline import merge_fields
from pipeline.content.fields import Fields
from pipeline.content.images import Images
from pipeline.content.source import KeyPath
from pipeline.errors import PipelineError
from pipeline.model import MergeField

# The keys that hold a picture, so that a designer's own block gets one without any Python.
PICTURES = ("image", "portrait", "icon", "logo")
# The keys that any block can have: who is shown it, and what becomes of it where a service can't say so.
PERSONAL = ("audience", "otherwise")


@dataclass(frozen=True, slots=True)
class DataReader:
    """Makes merge fields tokens, URLs absolute, pictures Images and lists tuples; notes what is wrong."""

    fields: Fields
    declared: Mapping[str, MergeField]
    blog_url: str
    images: Images

    def read(self, data: Any, *path: str | int) -> Mapping[str, Any]:
        """The data as a mapping; where only a text, a number or a list is given, it stands under ``value``."""
        values = data if isinstance(data, dict) else {} if data is None else {"value": data}
        return MappingProxyType({str(key): self._value(value, (*path, str(key))) for key, value in values.items()})

    def _value(self, value: Any, path: KeyPath) -> Any:
        try:
            if path[-1] in PICTURES and isinstance(value, str | dict):
                return self.images.read(value, self.fields.source.where(*path))
            if isinstance(value, str):
                text = merge_fields.tokenise(value.strip(), self.declared, self.fields.source.where(*path))
                return self._url(text, path) if path[-1] == "url" else text
        except PipelineError as error:
            self.fields.adopt(error)
            return ""
        if isinstance(value, dict):
            return MappingProxyType({str(key): self._value(one, (*path, str(key))) for key, one in value.items()})
        if isinstance(value, list):
            return tuple(self._value(one, (*path, index)) for index, one in enumerate(value))
        return value

    def _url(self, text: str, path: KeyPath) -> str:
        merge_fields.check_link(text, self.fields.source.where(*path))
        return absolute(text, self.blog_url, self.blog_url)


def absolute(href: str, page: str, blog: str) -> str:
    """The href as an absolute URL, read on its own page; a path from the root is the blog's."""
    if href.startswith("#"):
        return page + href
    if re.match(r"[a-zA-Z][\w+.-]*:", href) or merge_fields.ANY_TOKEN.match(href):
        return href
    try:
        return urljoin((blog if href.startswith("/") else page.rstrip("/")) + "/", href)
    except ValueError:
        return href
