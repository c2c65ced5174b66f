"""What mj-attributes says -> a tag's own attributes, where mrml would get it wrong.

mrml applies the classes of ``mj-class="a b"`` in the wrong order, lets what an mj-social or an mj-accordion hands down
win over the defaults of what stands in it, and knows no defaults for mj-body. The rest is left to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.errors import nearest
from pipeline.mjml.start_tags import StartTag, write_start_tag
from pipeline.mjml.tags import Tag, read_value

_OVERLOOKED = frozenset({"mj-body", "mj-accordion-element", "mj-social-element"})


@dataclass(slots=True)
class Defaults:
    """The attributes that each tag, and each mj-class, has by default."""

    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    classes: dict[str, dict[str, str]] = field(default_factory=dict)

    def note(self, start: StartTag) -> None:
        """Take in a start tag that stands in mj-attributes; what comes later wins."""
        values = dict(start.attributes)
        if start.tag.name == "mj-class":
            self.classes.setdefault(values.pop("name", ""), {}).update(values)
        else:
            self.tags.setdefault(start.tag.name, {}).update(values)

    def apply(self, start: StartTag) -> tuple[str, list[str]]:
        """The start tag for the engine, and what is wrong with its classes."""
        tag, names = start.tag, start.attributes.get("mj-class", "").split()
        attributes = self._overlooked(tag)
        if not names and not attributes:
            return start.text, []
        problems: list[str] = []
        for name in names:
            if name in self.classes:
                attributes |= _fitting(tag, self.classes[name], problems)
            else:
                problems.append(f'mj-class="{name}" is not defined in <mj-attributes>{nearest(name, self.classes)}')
        css = " ".join(filter(None, (self.classes.get(name, {}).get("css-class") for name in names)))
        joined = {"css-class": css} if css else {}
        return write_start_tag(tag.name, {**attributes, **joined, **start.attributes}), problems

    def _overlooked(self, tag: Tag) -> dict[str, str]:
        if not self.tags or tag.name not in _OVERLOOKED:
            return {}
        for_all = self.tags.get("mj-all", {}) if tag.name == "mj-body" else {}
        return _fitting(tag, for_all, []) | _fitting(tag, self.tags.get(tag.name, {}), [])


def _fitting(tag: Tag, values: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    """Those values that the tag knows, as they are for this tag."""
    fitting: dict[str, str] = {}
    for attribute, value in values.items():
        kind = tag.attributes.get(attribute)
        if kind is not None:
            read = read_value(kind, value)
            if read is None:
                problems.append(f'its mj-class gives <{tag.name}> the wrong {attribute}="{value}"')
            else:
                fitting[attribute] = read
    return fitting
