"""How an e-mail client would show a mail: an approximation, made offline from the data of Can I email.

``approximate`` takes out of the HTML what the client doesn't support and tells which rules it applied. It is no
rendering engine: what is left is shown by a browser.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from pipeline.clients import conditional, css, dark, data, features, parsing, pruning, word
from pipeline.clients.parsing import parse

__all__ = ["CLIENTS", "Approximation", "Client", "Rule", "Use", "approximate", "parse", "uses", "uses_of"]


@dataclass(frozen=True, slots=True)
class Client:
    """A view of the mail. ``scheme`` is the colour scheme that it forces, if it does."""

    id: str
    name: str
    scheme: Literal["light", "dark"] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that was done to the mail, ``count`` times, and why; ``source`` is an address to read more at."""

    title: str
    count: int
    note: str
    source: str


@dataclass(frozen=True, slots=True)
class Approximation:
    """The mail as HTML for a browser, and what was done to it."""

    html: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """A feature that a mail uses: in which element, and in which CSS of it, if it isn't a feature of HTML.

    ``within`` are the features of what the CSS stands in: ``<style>``, at-rules, selectors. A client that doesn't
    support one of those doesn't see the CSS at all.
    """

    slug: str
    element: Any = field(compare=False)
    css: str = ""
    within: tuple[str, ...] = ()

    @property
    def line(self) -> int:
        """The line of the HTML, from 1."""
        return self.element.sourceline or 1


CLIENTS: Mapping[str, Client] = MappingProxyType(
    {
        client.id: client
        for client in (
            Client("gmail-app", "Gmail app without <style>"),
            Client("outlook-word", "Outlook for Windows (Word)"),
            Client("apple-mail-dark", "Apple Mail, dark", "dark"),
            Client("forced-dark", "Forced dark inversion", "light"),
        )
    }
)

_OWN_DARK = frozenset(("css-at-media-prefers-color-scheme", "css-color-scheme", "html-meta-color-scheme"))
# The data says no, and yet taking it out would show something that nobody sees there: fonts are listed for those that
# lack one; links open in a new window anyway; of the meta, Apple's iOS was asked in 2019, and its macOS says yes.
_STAYS = frozenset(("css-sytem-ui", "html-target", "css-cursor"))
_GUIDE = "https://www.hteumeuleu.com/2020/outlook-rendering-engine/"
_RULES = {
    conditional.RULE: (
        "Conditional comments for Outlook",
        "What they show to Outlook is shown, what they hide from it is left out.",
        _GUIDE,
    ),
    word.PADDING: ("mso-padding-alt", "Outlook's own padding is used in place of the other clients'.", _GUIDE),
    word.VML: ("VML shapes", "Outlook draws them; here they are plain boxes with the same text.", _GUIDE),
    dark.RULE: (
        "Colours",
        "Light colours are turned dark and dark ones light; pictures stay as they are.",
        "https://www.hteumeuleu.com/2021/fixing-gmail-dark-mode-css-blend-modes/",
    ),
    pruning.SCRIPTS: (
        "Scripts and embedded pages",
        "No e-mail client runs them, so they are left out.",
        "https://tavo.work/en/blog/email-technical-limits/",
    ),
}
_NOTES = {
    "html-style": "Accounts that aren't Google's get no <style>: no classes, no hover, no layout for phones.",
    "html-semantics": "Not supported; <section>, <article> and the like are plain boxes.",
    "html-picture": "Not supported; the plain picture in it is shown.",
    "css-max-width": "Works on tables only; left out everywhere else.",
    "css-padding": "Works in table cells only; left out everywhere else.",
    "css-width": "Doesn't work on this kind of element, so it is left out there.",
    "css-height": "Doesn't work on this kind of element, so it is left out there.",
    "css-margin": "Doesn't work on this kind of element, so it is left out there.",
    "css-display": "Only display:none is supported; every other value is left out.",
    "html-background": "Works on <body> only; left out everywhere else.",
    "css-at-media-prefers-color-scheme": "The mail's own dark design isn't used, so it is left out.",
    "css-color-scheme": "The mail's word on colour schemes isn't heeded, so it is left out.",
    "html-meta-color-scheme": "The mail's word on colour schemes isn't heeded, so it is left out.",
}
_FIRST = (pruning.SCRIPTS, conditional.RULE, "html-style", dark.RULE)


@cache
def _taste(client: str) -> css.Taste:
    match client:
        case "gmail-app":
            return css.Taste(data.unsupported("gmail.android") - _STAYS | {"html-style"})
        case "outlook-word":
            return css.Taste(data.unsupported("outlook.windows") - _STAYS, word.LIMITS, word.change)
        case "apple-mail-dark":
            return css.Taste(data.unsupported("apple-mail.ios") - _STAYS - {"html-meta-color-scheme"})
        case _:
            return css.Taste(_OWN_DARK, change=dark.change)


@cache
def _rule(key: str) -> tuple[str, str, str]:
    """Title, note and source of a rule: one of our own, or one for a feature."""
    if key in _RULES:
        return _RULES[key]
    feature = data.features()[key]
    return feature.title, _NOTES.get(key) or _note(key, feature.category), feature.url


def _note(slug: str, category: str) -> str:
    if category == "image":
        return "Not supported; the alt text is shown in its place."
    if category == "html":
        return "Not supported, so it is left out."
    rules = slug.startswith(("css-at-", "css-pseudo-", "css-selector-", "css-nesting"))
    what = "rules" if rules else "declarations"
    return f"Not supported; the {what} that use it are left out."


def _rules(counts: Counter[str]) -> tuple[Rule, ...]:
    """Our own rules first, then by number."""
    order = sorted(counts.items(), key=lambda one: (one[0] not in _FIRST, -one[1], one[0]))
    return tuple(Rule(title, count, note, source) for key, count in order for title, note, source in [_rule(key)])


def approximate(html: str, client: Client) -> Approximation:
    """The mail as this client would show it, roughly; any text is a mail. Pure: the same mail gives the same answer."""
    taste, counts = _taste(client.id), Counter[str]()
    if client.id == "outlook-word":
        html = conditional.shown(html, counts)
    root = parsing.parse(html)
    pruning.prune(root, taste, counts)
    if client.id == "outlook-word":
        word.draw_vml(root, counts)
    if client.id == "gmail-app":
        _fill_page(root)
    if client.id == "forced-dark":
        dark.darken(root, counts)
    return Approximation(parsing.serialize(root), _rules(counts))


def _fill_page(root: Any) -> None:
    """Gmail shows the mail inside a page of its own, so there is no margin like that of a browser's page."""
    body = root.find("body")
    if body is not None:
        body.set("style", f"margin:0;{body.get('style') or ''}")


def uses(html: str) -> Iterator[Use]:
    """Each use of a feature in the mail, in the order of the HTML."""
    return uses_of(element for element in parsing.parse(html).iter() if parsing.is_element(element))


def uses_of(elements: Iterable[Any]) -> Iterator[Use]:
    """Each use of a feature by these elements of a mail, what is in them not counted."""
    for element in elements:
        yield from (Use(slug, element) for slug, _ in features.of_element(element))
        style = element.get("style")
        found = css.style_uses(style) if style else ()
        if element.tag == "style":
            found += css.sheet_uses(element.text or "")
        yield from (Use(slug, element, text, within) for slug, text, within in found)
