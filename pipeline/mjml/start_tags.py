"""The inside of one MJML start tag -> what it says, what is wrong with it, and how the engine is to read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from pipeline.errors import Where, nearest
from pipeline.mjml.tags import UNSUPPORTED, Tag, expected, known, read_value

WHERE = "data-where"
BROKEN: Mapping[str, tuple[tuple[str, str], ...]] = {
    "mj-carousel": (("thumbnails", "supported"),),
    "mj-hero": (("mode", "fluid-height"),),
}
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "mj-breakpoint": ("width",),
    "mj-class": ("name",),
    "mj-font": ("name", "href"),
}
FULL_WIDTH_OFF = ("full-width", "false")

_ATTRIBUTE = re.compile(r"""([^\s=/>"'<]++)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s"'>]++))?|(\S)""")

# mrml prints attributes with Rust's debug escapes: "\n", "\u{200d}". So it sees printable ASCII only; every other run
# of characters travels as letters and digits, and so does what looks like such a run.
_UNSAFE = re.compile(r"[^ !#-;=?-\[\]-~]+|zqm(?=[ack])")


@dataclass(frozen=True, slots=True)
class StartTag:
    """``attributes`` are as written, but for values that every client understands; ``text`` is for the engine."""

    tag: Tag
    attributes: Mapping[str, str]
    problems: tuple[str, ...]
    where: Where | None
    text: str


@lru_cache(maxsize=1024)
def read_start_tag(name: str, written: str) -> StartTag:
    """A start tag of a known name. ``written`` is what stands between the name and the bracket."""
    tag = known()[name]
    attributes: dict[str, str] = {}
    problems: list[str] = []
    where = None
    for attribute, value in _attributes(written):
        if attribute == WHERE:
            where = _place(value)
        elif attribute in attributes:
            problems.append(f"<{name}> has {attribute} twice")
        else:
            read, problem = _read_attribute(tag, attribute, value)
            attributes[attribute] = read
            problems += problem
    problems += _problems_of_all(name, attributes)
    return StartTag(tag, attributes, tuple(problems), where, write_start_tag(name, attributes))


def _attributes(written: str) -> Iterator[tuple[str, str]]:
    for attribute, value, junk in _ATTRIBUTE.findall(written):
        yield junk or attribute, value[1:-1] if value[:1] in ('"', "'") else value


def place_of(written: str) -> Where | None:
    """Where the tag with these attributes was written, if it says so."""
    return next((_place(value) for attribute, value in _attributes(written) if attribute == WHERE), None)


def _place(value: str) -> Where:
    path, _, line = value.rpartition(":")
    return Where(path, int(line)) if path and re.fullmatch("[0-9]{1,9}", line) else Where(value)


def _read_attribute(tag: Tag, attribute: str, value: str) -> tuple[str, list[str]]:
    if tag.name == "mjml" and attribute.startswith("xmlns"):
        return "", []
    if attribute not in tag.attributes:
        return value, [f"<{tag.name}> has no attribute {attribute}{nearest(attribute, tag.attributes)}"]
    if attribute in UNSUPPORTED.get(tag.name, ()):
        return value, [f"{attribute} does not work on <{tag.name}> with this compiler; take it out"]
    read = read_value(tag.attributes[attribute], value)
    if read is None:
        return value, [f'{attribute}="{value}" is wrong for <{tag.name}>; write {expected(tag.attributes[attribute])}']
    return read, []


def _problems_of_all(name: str, attributes: Mapping[str, str]) -> Iterator[str]:
    for attribute in REQUIRED.get(name, ()):
        if not attributes.get(attribute):
            yield f"<{name}> needs the attribute {attribute}"
    for attribute, value in BROKEN.get(name, ()):
        if attributes.get(attribute) == value:
            yield f'{attribute}="{value}" does not work on <{name}> with this compiler; take it out'
    if name == "mj-hero" and any(_sides(attributes)):
        yield "padding at the sides of <mj-hero> does not work with this compiler; pad what stands in it"


def _sides(attributes: Mapping[str, str]) -> Iterator[bool]:
    words = attributes.get("padding", "").split()
    for word in (*words[3:], *(words[1:2] or words), attributes.get("padding-left"), attributes.get("padding-right")):
        yield word not in (None, "0px", "0%")


def write_start_tag(name: str, attributes: Mapping[str, str]) -> str:
    """The start tag as the engine is to see it: without ``mj-class``, without attributes that say nothing."""
    written = [f' {key}="{_shield(key, value)}"' for key, value in attributes.items() if _says_something(key, value)]
    return f"<{name}{''.join(written)}>"


def _says_something(attribute: str, value: str) -> bool:
    # The engine makes a link of href="" and a full-width section of full-width="false".
    return attribute != "mj-class" and (value != "" or attribute == "alt") and (attribute, value) != FULL_WIDTH_OFF


def _shield(attribute: str, value: str) -> str:
    words = value.split()
    if attribute == "css-class" and len(words) > 1:
        # mrml adds "-outlook" to the last class only; as one word, each gets it when the word is read again.
        return _token("k", " ".join(words))
    return _UNSAFE.sub(lambda found: _token("a", found[0]), value)


def _token(kind: str, value: str) -> str:
    digits = value.encode(errors="replace").hex()  # A lone surrogate is refused with the document.
    return f"zqm{kind}{digits}qz"


def unshield(digits: str) -> str:
    """The attribute's text that such digits hold, safe between double quotes."""
    text = bytes.fromhex(digits).decode()
    return text.replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")


def unshield_classes(digits: str, suffix: str) -> str:
    """The classes that such digits hold, each with the suffix that mrml put behind the last."""
    return " ".join(name + suffix for name in unshield(digits).split())
