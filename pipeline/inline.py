"""The newsletter's own CSS goes into style attributes; every other byte of the HTML stays as it is.

premailer can't be given the mail itself: it rewrites the doctype, widths, links and ``!important``, drops what it
doesn't know, and looks at each element of a long digest for each selector. So it is given the page's bones: the
elements with what selectors can tell them apart by, siblings that are alike standing there once. The style that it
writes into a bone is put before the own style of each tag that the bone stands for. One digest's bones are much like
another's, so they are kept, and premailer is asked again only when there are new ones.
"""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from html import escape, unescape
from threading import Lock
from typing import Any

from pipeline.errors import TemplateError, Where

THEME = "templates/theme.css"
MAX_BONES = 5000

_QUOTED = r"""(?:[^"'>]++|"[^"]*+"|'[^']*+')*"""
_THEME = re.compile(r"<style\b(?=[^>]*\sdata-inline\b)[^>]*>(.*?)</style>\n?", re.DOTALL)
_TAG = re.compile(
    rf"<!--.*?-->|<(style|title)\b.*?</\1>|</(?P<end>[a-z][\w:-]*)\s*>|<(?P<start>[a-z][\w:-]*)(?P<attributes>{_QUOTED})>",
    re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"""\s([\w:-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# What only a <style> can say: at-rules, pseudo-classes, selectors of siblings, which the bones don't have, and `*`.
_NOT_INLINE = re.compile(r"@[\w-]*|[^{};]*(?:[:+]|[~*](?!=))[^{};]*(?=\{)")

_RULE = re.compile(r"([^{}]+)\{[^{}]*\}")
_NO_RULE = re.compile(r"\S.*")
_VALUE = re.compile(r"(?<=[\w-])[~|^$*]?=[^\]]*")
_NAME = re.compile(r"[.#\[]?[A-Za-z_][\w-]*")

Attributes = tuple[tuple[str, str], ...]


def inline(html: str) -> str:
    """The HTML with the CSS of each ``<style data-inline>`` in style attributes, and those ``<style>`` gone.

    An element's own style wins over the theme's, as it does in a browser. Start and end tags are taken to be
    balanced, as MJML's are. Raises a TemplateError for CSS that can't be inlined: at-rules (so nothing is ever
    fetched by an ``@import``), pseudo-classes, sibling selectors, values that cssutils can't read.

    premailer writes shorthands first, so a rule's ``padding`` doesn't undo another rule's ``padding-left``, and its
    specificities leave out attribute selectors.
    """
    css = "\n".join(_THEME.findall(html))
    html = _THEME.sub("", html)
    if not css.strip():
        return html
    pieces, end = [], 0
    for tag, style in _theme(css).styles(html):
        if style:
            pieces += [html[end : tag.start("attributes")], _styled(tag["attributes"], style)]
            end = tag.end("attributes")
    return "".join([*pieces, html[end:]])


# premailer keeps as many style sheets; of one that it has kept, cssutils tells no second time what it couldn't read.
@lru_cache(maxsize=128)
def _theme(css: str) -> _Theme:
    return _Theme(css)


class _Bone:
    """An element as the selectors see it; ``style`` is what they say of it."""

    def __init__(self, element: Any) -> None:
        self.element = element
        self.style = ""
        self.below: dict[tuple[str, Attributes], _Bone] = {}


class _Theme:
    """A style sheet, and the bones of the pages that it has dressed."""

    def __init__(self, css: str) -> None:
        self.rules = _rules(css)
        self.names = frozenset(name for _, selectors in self.rules for names in selectors for name in names)
        self.refused: list[str] = []
        self.lock = Lock()
        self.clear()

    def clear(self) -> None:
        from lxml import etree

        self.make = etree.SubElement
        self.root = _Bone(etree.Element("x"))
        self.bones: list[_Bone] = []
        self.present: set[str] = set()

    def styles(self, html: str) -> list[tuple[re.Match[str], str]]:
        """Each start tag of the page with the style that the theme gives it."""
        with self.lock:
            if len(self.bones) > MAX_BONES:
                self.clear()
            known = len(self.bones)
            tags = self.find(html)
            if len(self.bones) > known:
                self.dress()
            if self.refused:
                raise TemplateError(f"the inliner can't read this CSS: {'; '.join(self.refused)}", Where(THEME))
            return [(tag, bone.style) for tag, bone in tags]

    def find(self, html: str) -> list[tuple[re.Match[str], _Bone]]:
        path, tags = [("", self.root)], []
        for tag in _TAG.finditer(html):
            if tag["start"]:
                name = tag["start"].lower()
                bone = self.bone(path[-1][1], name if name in self.names else "x", tag["attributes"])
                tags.append((tag, bone))
                if name not in _VOID:
                    path.append((name, bone))
            elif tag["end"]:
                _close(tag["end"].lower(), path)
        return tags

    def bone(self, parent: _Bone, name: str, attributes: str) -> _Bone:
        seen = _seen(attributes, self.names)
        bone = parent.below.get((name, seen))
        if bone is None:
            bone = parent.below[name, seen] = _Bone(self.make(parent.element, name, dict(seen)))
            self.bones.append(bone)
            self.present.update([name], *(_asked_by(*attribute) for attribute in seen))
        return bone

    def dress(self) -> None:
        """Let premailer style all bones, by the rules that can meet one: reading a rule is what takes the time."""
        css = "\n".join(rule for rule, selectors in self.rules if any(names <= self.present for names in selectors))
        for bone in self.bones:
            bone.element.attrib.pop("style", None)
        try:
            self.refused += _premail(self.root.element, css)
        except Exception as error:
            self.clear()
            raise TemplateError(f"the CSS can't be inlined: {error}", Where(THEME)) from error
        for bone in self.bones:
            bone.style = _single_quoted(bone.element.get("style", ""))


def _rules(css: str) -> list[tuple[str, list[frozenset[str]]]]:
    """Each rule of the style sheet, with the names that each of its selectors speaks of: elements, ``.classes``,
    ``#ids``, ``[attributes``."""
    css = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), css)
    refused = _NOT_INLINE.search(css) or _NO_RULE.search(_RULE.sub(lambda found: "\n" * found[0].count("\n"), css))
    if refused:
        line = refused.string.count("\n", 0, refused.end() - len(refused[0].lstrip())) + 1
        message = f"{refused[0].strip()!r} can't be inlined; write it into a style sheet that stays in <style>"
        raise TemplateError(message, Where(THEME, line))
    return [
        (found[0], [frozenset(_NAME.findall(selector)) for selector in _VALUE.sub("", found[1]).split(",")])
        for found in _RULE.finditer(css)
    ]


@lru_cache(maxsize=4096)
def _seen(attributes: str, names: frozenset[str]) -> Attributes:
    """Of a tag's attributes those that a selector asks for."""
    seen = {}
    for found in _ATTRIBUTE.finditer(attributes):
        name, value = found[1].lower(), _value(found)
        if name == "class":
            seen[name] = " ".join(one for one in value.split() if f".{one}" in names)
        elif f"[{name}" in names or (name == "id" and f"#{value}" in names):
            seen[name] = value
    return tuple((name, value) for name, value in seen.items() if value)


def _asked_by(attribute: str, value: str) -> list[str]:
    """The names by which a selector may ask for an attribute."""
    if attribute == "class":
        return [f".{one}" for one in value.split()]
    return [f"#{value}", "[id"] if attribute == "id" else [f"[{attribute}"]


def _close(name: str, path: list[tuple[str, _Bone]]) -> None:
    for depth in range(len(path) - 1, 0, -1):
        if path[depth][0] == name:
            del path[depth:]
            return


class _Refusals(logging.Handler):
    """cssutils drops what it can't read, and says so in its log alone."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = " ".join(record.getMessage().split())
        if "Syntax Error" in text:
            self.told.append(text.partition("Syntax Error in ")[2])


def _premail(root: Any, css: str) -> list[str]:
    """Let premailer dress these elements in this CSS; what comes back is the CSS that it couldn't read."""
    import cssutils
    from premailer import Premailer

    log, refusals = logging.Logger("cssutils"), _Refusals()
    log.addHandler(refusals)
    cssutils.log.setLog(log)
    cssutils.log.setLevel(logging.ERROR)
    # Lotus Notes and old Outlooks read no three-digit colours.
    cssutils.ser.prefs.minimizeColorHash = False
    Premailer(
        css_text=css,
        allow_network=False,
        disable_leftover_css=True,
        disable_validation=True,
        strip_important=False,
        align_floating_images=False,
        disable_basic_attributes=["width", "height", "align", "valign", "bgcolor"],
        cssutils_logging_handler=refusals,
        cssutils_logging_level=logging.ERROR,
    ).transform(root)
    return refusals.told


def _single_quoted(style: str) -> str:
    """cssutils writes strings in double quotes, which an attribute would have to escape."""
    return style if "'" in style else style.replace('"', "'")


@lru_cache(maxsize=4096)
def _styled(attributes: str, style: str) -> str:
    own = next((found for found in _ATTRIBUTE.finditer(attributes) if found[1].lower() == "style"), None)
    if own is None:
        return f" {_attribute(style)}{attributes}"
    return f"{attributes[: own.start()]} {_attribute(f'{style}; {_value(own)}')}{attributes[own.end() :]}"


def _value(attribute: re.Match[str]) -> str:
    return unescape(attribute[2] or attribute[3] or attribute[4] or "")


def _attribute(style: str) -> str:
    return 'style="{}"'.format(escape(style, quote=False).replace('"', "&quot;"))
