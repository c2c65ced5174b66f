"""Colours in light and in dark: contrast, links that are seen as such, and the declarations that dark mode needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from pipeline.checks.reading.cascade import DARK, DARK_PHONE, LIGHT, PHONE, Style, blend, cascade
from pipeline.checks.reading.mail import Mail, text_of
from pipeline.checks.reading.matching import View
from pipeline.checks.reading.values import Color
from pipeline.checks.rule import Fault, rule
from pipeline.checks.telling import Kinds, quoted
from pipeline.clients import css
from pipeline.clients.dark import luminance

# WCAG 1.4.3: large is 18 points, or 14 points in bold.
TEXT, LARGE_TEXT = 4.5, 3.0
_LARGE, _LARGE_BOLD, _BOLD = 24.0, 18.66, 700
# WCAG's technique G183: so far a link's colour must be from that of the text around it, if it has no other sign.
_APART = 3.0
# A phone's window is looked at where a style there is another than in a wide one.
_VIEWS = ((LIGHT, LIGHT), (DARK, DARK), (PHONE, LIGHT), (DARK_PHONE, DARK))
_IN = {LIGHT: "", DARK: " in dark mode", PHONE: " on a phone", DARK_PHONE: " on a phone in dark mode"}
_SCHEMES = ("color-scheme", "supported-color-schemes")


@rule(
    "A08",
    "contrast",
    "error",
    reason="Pale text can't be read in the sun or with weak eyes, and who doesn't see colours doesn't find the links.",
    remedy="Change the colours in content/newsletter.toml; keep links underlined in templates/theme.css.",
    source="https://www.w3.org/TR/WCAG22/#contrast-minimum",
)
def contrast(mail: Mail) -> Iterator[Fault]:
    pale, merged = Kinds(), Kinds()
    looks, told = cascade(mail.root), set[Any]()
    for view, wide in _VIEWS:
        styles, others = looks.styles(view), looks.styles(wide) if wide is not view else {}
        for element, words in looks.texts.items():
            style = styles[element]
            if style is not others.get(element) and (ratio := too_pale(style)) and any(map(str.isalnum, words)):
                _tell_pale(pale, element, words, style, ratio, view)
        for link, around in _merged(mail, styles):
            if link not in told:
                message = f"the link {quoted(text_of(link))} is told from the text around it by its colour alone"
                merged.add((styles[link].color, styles[around].color), link, message + _IN[view])
                told.add(link)
    yield from pale.faults(mail)
    yield from merged.faults(mail)


def too_pale(style: Style) -> float | None:
    """The contrast of what is written so, if it is seen and less than it should be."""
    return _short(style.color, style.ground, style.opacity, needed(style)) if style.ground and style.seen else None


def needed(style: Style) -> float:
    size = _LARGE_BOLD if style.weight >= _BOLD else _LARGE
    return LARGE_TEXT if style.font_size >= size else TEXT


@lru_cache(maxsize=1024)
def _short(color: Color, ground: Color, opacity: float, needed: float) -> float | None:
    found = ratio(blend(color, ground, opacity) or color, ground)
    return found if found < needed else None


def ratio(one: Color, other: Color) -> float:
    """WCAG's contrast of two colours, from 1 to 21."""
    low, high = sorted((luminance(one[:3]), luminance(other[:3])))
    return (high + 0.05) / (low + 0.05)


def _tell_pale(pale: Kinds, element: Any, words: str, style: Style, ratio: float, view: View) -> None:
    ground = style.ground or style.color
    ink, behind = _hex(blend(style.color, ground, style.opacity) or style.color), _hex(ground)
    message = f"{quoted(words)} is {ink} on {behind}{_IN[view]}: a contrast of {int(ratio * 100) / 100}, not of"
    pale.add((ink, behind), element, f"{message} {needed(style)}")


def _merged(mail: Mail, styles: Mapping[Any, Style]) -> Iterator[tuple[Any, Any]]:
    """Links in running text that look like it but for their colour, each with the box that the text stands in."""
    boxes: dict[Any, None] = {}
    for link in mail.links:
        style = styles[link]
        box = _box_around(link, styles) if style.inline and style.seen else None
        if box is not None and not _told_apart(link, box, styles):
            boxes[box] = None
    for box in boxes:
        for words, links in _lines(box, styles):
            linked = sum(len(text_of(link)) for link in links)
            yield from ((link, box) for link in links if words > linked and not _told_apart(link, box, styles))


def _box_around(link: Any, styles: Mapping[Any, Style]) -> Any | None:
    return next((one for one in link.iterancestors() if not styles[one].inline), None)


def _lines(box: Any, styles: Mapping[Any, Style]) -> Iterator[tuple[int, list[Any]]]:
    """The lines of a box as ``<br>`` parts them: how long the text outside of links is, and the links."""
    text, links = "", list[Any]()
    for part in _inside(box, styles):
        if isinstance(part, str):
            text += part
        elif part is None:
            yield len(" ".join(text.split())), links
            text, links = "", []
        else:
            links.append(part)
    yield len(" ".join(text.split())), links


def _inside(box: Any, styles: Mapping[Any, Style]) -> Iterator[Any]:
    """What stands in the lines of a box, in its order: text, links, and ``None`` where a line ends."""
    yield box.text or ""
    for node in box:
        style = styles.get(node)
        if style is None or not style.shown:
            pass
        elif node.tag == "a" and node.get("href") is not None and style.inline:
            yield node
        elif style.inline and node.tag != "br":
            yield from _inside(node, styles)
        else:
            yield None
        yield node.tail or ""


def _told_apart(link: Any, box: Any, styles: Mapping[Any, Style]) -> bool:
    """Whether anything but a hue tells the link from the text, as axe-core asks. A picture does."""
    text = styles[box]
    if styles[link].underlined and not text.underlined:
        return True
    parts = [styles[one] for one in link.iter() if one in styles]
    return any(one.tag == "img" for one in link.iter()) or any(
        (one.underlined and not text.underlined)
        or one.bordered
        or (one.weight, one.italic, one.font_size) != (text.weight, text.italic, text.font_size)
        or ratio(one.color, text.color) >= _APART
        or bool(one.ground and text.ground and ratio(one.ground, text.ground) >= _APART)
        for one in parts
    )


def _hex(color: Color) -> str:
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in color[:3])


@rule(
    "H13",
    "dark-mode",
    "warn",
    reason="At night the mail glares, or the client makes up dark colours of its own, which may hide a part of it.",
    remedy="Keep the two <meta> in templates/digest.mjml.j2, and :root and the dark colours in templates/dark.css.",
    source="https://www.w3.org/TR/css-color-adjust-1/#color-scheme-prop",
)
def dark_mode(mail: Mail) -> Iterator[Fault]:
    metas = [(one.get("name") or "", one.get("content") or "", one) for one in mail.elements if one.tag == "meta"]
    said = {name.lower(): (content.lower().split(), one) for name, content, one in metas}
    queries, root = _of_sheets(mail)
    missing = [f'<meta name="{name}">' for name in _SCHEMES if name not in said]
    missing += [] if root else [":root { color-scheme: light dark }"]
    if missing:
        yield Fault(f"dark mode is not declared by {' nor by '.join(missing)}", mail.where)
    for name in _SCHEMES:
        words, one = said.get(name, (["light", "dark"], None))
        if not {"light", "dark"} <= set(words):
            content = " ".join(words)
            yield Fault(f'<meta name="{name}"> says {content!r}, not "light dark"', mail.place(one))
    if not missing and not queries:
        yield Fault("the mail is declared to have a dark mode, and has no style for it", mail.where)


def _of_sheets(mail: Mail) -> tuple[bool, bool]:
    """Whether there are styles for dark schemes, and whether the root says that there are."""
    pieces = [piece for style, text in mail.sheets for piece in css.rules(text)]
    queries = any("prefers-color-scheme" in head.text and "dark" in head.text for one in pieces for head in one.heads)
    linked = any("dark" in (style.get("media") or "") for style, _ in mail.sheets)
    return queries or linked, any(map(_is_declared, pieces))


def _is_declared(piece: css.Piece) -> bool:
    """Whether this is a rule for the whole page that says its colour schemes."""
    if piece.keyword or not any(head.text.strip().lower() in (":root", "html") for head in piece.heads):
        return False
    said: Iterable[css.Head] = (head for one in piece.body or () for head in one.heads)
    return any(head.name == "color-scheme" and "dark" in head.text and "light" in head.text for head in said)


RULES = (contrast, dark_mode)
