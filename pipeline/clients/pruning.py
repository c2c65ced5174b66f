"""A tree without what a client refuses: elements, attributes, style attributes, style sheets."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pipeline.clients import css, features, parsing

SCRIPTS = "scripts"

# No client runs or loads these. The last ones are text to some parsers and elements to others.
_ACTIVE = frozenset(
    ("script", "iframe", "frame", "frameset", "embed", "applet", "noembed", "noframes", "xmp", "plaintext")
)
_ADDRESSES = frozenset(("href", "src", "action", "formaction", "xlink:href", "background", "data"))

# These go with all that is in them; of other elements that a client doesn't support the content stays.
_EMPTIED = frozenset(("svg", "style", "link", "meta", "base", "source", "input", "button", "select", "textarea"))
_BECOME = {"mark": "span", "time": "span"}


def prune(root: Any, taste: css.Taste, counts: Counter[str]) -> None:
    """Take out of the tree what the client refuses; ``counts`` gets the rules that were applied."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        children = [child for child in reversed(element) if parsing.is_element(child)]
        slug = SCRIPTS if _is_active(element) else _prune_attributes(element, taste, counts)
        if slug:
            counts[slug] += 1
        gone = slug and element is not root and _take_out(element, slug)
        if not gone:
            waiting += children
        if not slug or element.getparent() is not None:
            _prune_css(element, taste, counts)


def _is_active(element: Any) -> bool:
    refresh = element.tag == "meta" and (element.get("http-equiv") or "").strip().lower() == "refresh"
    return refresh or element.tag in _ACTIVE


def _prune_attributes(element: Any, taste: css.Taste, counts: Counter[str]) -> str | None:
    """Take refused attributes off; what comes back is the feature for which the element itself is refused."""
    for name, value in element.items():
        if name[:2] == "on" or (name in _ADDRESSES and _is_script(value)):
            del element.attrib[name]
            counts[SCRIPTS] += 1
    itself = None
    for slug, attribute in features.of_element(element):
        if not taste.refuses((slug,), element.tag):
            continue
        if not attribute:
            itself = itself or slug
        elif attribute in element.attrib:
            del element.attrib[attribute]
            counts[slug] += 1
    return itself


def _is_script(address: str) -> bool:
    return "".join(address.split()).lower().startswith(("javascript:", "vbscript:"))


def _prune_css(element: Any, taste: css.Taste, counts: Counter[str]) -> None:
    style = element.get("style")
    if style:
        text, applied = css.style(style, element.tag if taste.limits else "", taste)
        if applied:
            counts.update(dict(applied))
            _set_style(element, text)
    if element.tag == "style" and element.text:
        element.text, applied = css.sheet(element.text, taste)
        counts.update(dict(applied))


def _set_style(element: Any, text: str) -> None:
    if text:
        element.set("style", text)
    else:
        del element.attrib["style"]


def _take_out(element: Any, slug: str) -> bool:
    """Whether the element went with all that is in it."""
    if slug == SCRIPTS or element.tag in _EMPTIED:
        parsing.drop(element)
        return True
    if slug == "html-semantics":
        element.tag = _BECOME.get(element.tag, "div")
    else:
        parsing.unwrap(element)
    return False
