"""Style sheets and the elements that their rules are about.

What clients' own hacks ask for (``[data-ogsc]``, ``u + #body``, ``@media yahoo``) is not there and so matches nothing,
as in any other client.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from cssselect import HTMLTranslator, SelectorError, parse
from lxml import etree

from pipeline.checks.reading import values
from pipeline.clients import css

# The shapes that nearly all selectors of mails have; XPath is for the others, and fifty times slower.
_COMPOUND = re.compile(r"(\*|[a-z][a-z0-9]*)?((?:[.#][a-z_][\w-]*|\[[a-z-]+\])*)", re.I)
_MARK = re.compile(r"([.#\[])([\w-]+)")
_QUERY = re.compile(r"(?:(only|not)\s+)?(?:([a-z-]+)\b)?\s*(.*)", re.S)
_FEATURE = re.compile(r"\(\s*([\w-]+)\s*(?::\s*([^()]*?)\s*)?\)")
_PIXELS = re.compile(r"(\d*\.?\d+)(px|em|rem)?")
_TYPES = ("", "all", "screen")


@dataclass(frozen=True, slots=True)
class View:
    """The colour scheme that the reader's system asks for, and the width of the window in CSS pixels."""

    scheme: str
    width: int


@dataclass(frozen=True, slots=True)
class Compound:
    """What one element has to be: ``.mail``, ``td.card``. ``names`` are its tag, and its classes, ids and attributes,
    each with its sign. ``child`` is whether the element that stands left of it in the selector is its parent."""

    names: frozenset[str]
    child: bool


@dataclass(frozen=True, slots=True, eq=False)
class Selector:
    """``compounds`` go from the right to the left; where there are none, ``xpath`` says what is selected."""

    specificity: tuple[int, int, int]
    compounds: tuple[Compound, ...] = ()
    needs: frozenset[str] = frozenset()
    xpath: etree.XPath | None = None


@dataclass(frozen=True, slots=True, eq=False)
class StyleRule:
    """``media`` are the queries around it, outermost first; each is a list of which one has to hold."""

    selector: Selector
    declared: values.Declared
    media: tuple[tuple[str, ...], ...]

    def holds(self, view: View) -> bool:
        return all(any(asks_for(query, view) for query in queries) for queries in self.media)


@lru_cache(maxsize=128)
def rules(sheet: str) -> tuple[StyleRule, ...]:
    """The rules of a style sheet that say anything that counts, in its order."""
    return tuple(_rules(css.rules(sheet), ()))


def _rules(pieces: Iterable[css.Piece], media: tuple[tuple[str, ...], ...]) -> Iterator[StyleRule]:
    for piece in pieces:
        texts = tuple(head.text.strip() for head in piece.heads)
        match piece.keyword.strip().lower():
            case "@media":
                yield from _rules(piece.body or (), (*media, texts))
            case "@supports" | "@layer":
                yield from _rules(piece.body or (), media)
            case "" if piece.body and (declared := values.of_pieces(piece.body)):
                yield from (StyleRule(one, declared, media) for text in texts if (one := selector(text)))


@lru_cache(maxsize=1024)
def selector(text: str) -> Selector | None:
    """A selector; ``None`` for one that can't be read, or that is about no element, as ``::before``."""
    try:
        (parsed,) = parse(text)
        if parsed.pseudo_element is not None:
            return None
        compounds = tuple(_compounds(text))
        if compounds:
            return Selector(parsed.specificity(), compounds, frozenset().union(*(one.names for one in compounds)))
        xpath = etree.XPath(HTMLTranslator().selector_to_xpath(parsed))
        return Selector(parsed.specificity(), xpath=xpath)
    except (SelectorError, etree.XPathError, ValueError, RecursionError):
        return None


def _compounds(text: str) -> Iterator[Compound]:
    """The parts of a simple selector from the right to the left; nothing for any other."""
    parts = text.replace(">", " > ").split()
    found = [_COMPOUND.fullmatch(part) for part in parts if part != ">"]
    if not all(found) or parts[-1] == ">" or parts[0] == ">":
        return
    for at in range(len(parts) - 1, -1, -1):
        match = _COMPOUND.fullmatch(parts[at])
        if match:
            names = {sign + name for sign, name in _MARK.findall(match[2])}
            tag = {match[1].lower()} if match[1] and match[1] != "*" else set()
            yield Compound(frozenset(names | tag), at > 0 and parts[at - 1] == ">")


@lru_cache(maxsize=512)
def asks_for(query: str, view: View) -> bool:
    """Whether a media query holds in this view; one that asks for what isn't known here doesn't."""
    match = _QUERY.fullmatch(query.strip().lower())
    if match is None:
        return False
    holds = (match[2] or "") in _TYPES and all(_has(name, value, view) for name, value in _FEATURE.findall(match[3]))
    holds = holds and not re.sub(r"\band\b|\s", "", _FEATURE.sub("", match[3]))
    return holds != (match[1] == "not")


def _has(name: str, value: str, view: View) -> bool:
    if name == "prefers-color-scheme":
        return value == view.scheme
    pixels = _PIXELS.fullmatch(value)
    if pixels is None:
        return False
    width = float(pixels[1]) * (16 if pixels[2] in ("em", "rem") else 1)
    match name:
        case "min-width" | "min-device-width":
            return view.width >= width
        case "max-width" | "max-device-width":
            return view.width <= width
    return False


class Tree:
    """A mail's elements, found by what selectors ask for, with the rules that are about each."""

    def __init__(self, root: Any) -> None:
        self.elements = [one for one in root.iter() if isinstance(one.tag, str)]
        self.parents = {one: one.getparent() for one in self.elements}
        self.by_name: dict[str, list[Any]] = {"": self.elements}
        self._names = {one: _names(one) for one in self.elements}
        # By element the names of all that it stands in, which spares most walks upwards.
        self._above: dict[Any, frozenset[str]] = {}
        inside: dict[Any, frozenset[str]] = {}
        for one in self.elements:
            for name in self._names[one]:
                self.by_name.setdefault(name, []).append(one)
            self._above[one] = inside.get(self.parents[one], frozenset())
            if len(one):
                inside[one] = self._above[one] | self._names[one]

    @cached_property
    def rules(self) -> Mapping[Any, tuple[StyleRule, ...]]:
        """By element the rules about it, those that win last."""
        found: dict[Any, list[StyleRule]] = {}
        sheets = self.by_name.get("style", ())
        every = [rule for one in sheets for rule in _with_media(rules(one.text or ""), one.get("media"))]
        for rule in sorted(every, key=lambda rule: rule.selector.specificity):
            for element in self._selected(rule.selector):
                found.setdefault(element, []).append(rule)
        return {one: tuple(its) for one, its in found.items()}

    def _selected(self, selector: Selector) -> Iterable[Any]:
        if selector.xpath is not None:
            found: Any = selector.xpath(self.elements[0])
            return [one for one in found if one in self._names]
        if not selector.needs <= self.by_name.keys():
            return ()
        first, *others = selector.compounds
        candidates = self.by_name[min(first.names, default="")]
        fit = candidates if len(first.names) < 2 else [one for one in candidates if first.names <= self._names[one]]
        return [one for one in fit if self._stands(one, first, others)] if others else fit

    def _stands(self, element: Any, compound: Compound, others: Sequence[Compound]) -> bool:
        """Whether the element, which is as the compound says, stands where the others want it."""
        if not others:
            return True
        wanted = others[0]
        if not wanted.names <= self._above[element]:
            return False
        if len(others) == len(wanted.names) == 1 and not compound.child:
            return True
        above = self.parents[element]
        while above is not None:
            if wanted.names <= self._names[above] and self._stands(above, wanted, others[1:]):
                return True
            above = None if compound.child else self.parents[above]
        return False


def _names(element: Any) -> frozenset[str]:
    return _names_of(element.tag, tuple(element.keys()), element.get("class"), element.get("id"))


@lru_cache(maxsize=2048)
def _names_of(tag: str, attributes: tuple[str, ...], classes: str | None, id: str | None) -> frozenset[str]:
    names = {tag, *(f"[{name}" for name in attributes), *(f".{name}" for name in (classes or "").split())}
    return frozenset(names if id is None else {*names, f"#{id}"})


@lru_cache(maxsize=128)
def _with_media(rules: tuple[StyleRule, ...], media: str | None) -> tuple[StyleRule, ...]:
    """The rules of a ``<style media="…">``."""
    if not media or not media.strip():
        return rules
    queries = tuple(media.split(","))
    return tuple(StyleRule(one.selector, one.declared, (queries, *one.media)) for one in rules)
