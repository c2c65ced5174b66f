"""What MJML and the project's templates use although some client doesn't support it, and why it does no harm there.

Made by looking at what the sample editions and the reference's own output (``tests/mjml/reference``) use;
``test_support.py`` holds that none of these is idle and that those mails are without a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.clients import Use


@dataclass(frozen=True, slots=True)
class Harmless:
    """Why it does no harm where a feature isn't supported; ``only`` in CSS or start tags that this pattern finds."""

    reason: str
    only: str = ""


HARMLESS: Mapping[str, Harmless] = {
    # The sheet and its conditions
    "html-style": Harmless("The style attributes stay: the same design in the layout for desktops."),
    "css-at-media": Harmless("The layout for desktops is shown, which gives way to the window as far as it can."),
    "css-at-media-prefers-color-scheme": Harmless("The light design is shown."),
    "css-color-scheme": Harmless("A client that doesn't ask for a design of our own for the dark makes one."),
    "html-meta-color-scheme": Harmless("A client that doesn't ask for a design of our own for the dark makes one."),
    "css-at-font-face": Harmless("The next font of the stack is shown."),
    "css-sytem-ui": Harmless("The next font of the stack is shown."),
    "css-selector-attribute": Harmless(
        "It is addressed to one client, the only one that has this attribute.", r"\[(?:data-og|owa|x-apple)"
    ),
    **dict.fromkeys(
        ("css-important", *(f"css-selector-{one}" for one in ("child", "class", "grouping", "id", "type"))),
        Harmless("What stands in a <style> is for phones and the dark: without it the design for desktops is whole."),
    ),
    # Looks
    "css-border-radius": Harmless("Corners are square."),
    "css-overflow": Harmless("It rounds the corners of what is inside; they are square.", r"hidden"),
    "css-text-decoration-color": Harmless("The underline has the colour of the text."),
    "css-text-decoration": Harmless("Links are underlined, and nothing else is."),
    "css-height": Harmless("It is taken for the least height, which what is inside fills."),
    "html-width": Harmless("The style attribute says the same.", r"[\s\";]width:"),
    "html-height": Harmless("The style attribute says the same.", r"[\s\";]height:"),
    "css-list-style": Harmless("The points have their usual bullets."),
    "css-table-layout": Harmless("Columns take their width from what is in them."),
    "css-cursor": Harmless("The mouse pointer has its usual shape."),
    "css-pseudo-class-hover": Harmless("Nothing changes under the mouse pointer."),
    "css-user-select": Harmless("The text can be selected."),
    # Words
    "css-word-break": Harmless("A word that is wider than its column widens it.", r"break-word"),
    "css-white-space": Harmless("A line may break where it shouldn't; <pre> keeps its lines.", r"nowrap|pre-wrap"),
    "html-code": Harmless("Code has the font of the text."),
    # For screen readers
    "html-lang": Harmless("The text is read out in the reader's own language."),
    "html-dir": Harmless("It is the usual direction, or the style attribute says it too.", r"dir=\"ltr|direction:"),
    "html-role": Harmless("Windows Mail, which has been discontinued, reads a layout table out as a table."),
    "html-aria-label": Harmless("Windows Mail, which has been discontinued, reads out what is written."),
    "html-aria-hidden": Harmless("Windows Mail, which has been discontinued, reads out what repeats other words."),
    # What clients do by themselves
    "html-body": Harmless("The style of <body> stands on the <div> in it too."),
    "html-target": Harmless("Links open in a new window without it."),
    # What says that there is nothing
    "css-outline": Harmless("It takes nothing away that a client without it shows.", r"\bnone"),
    "css-float": Harmless("It floats nothing.", r"\bnone"),
    "css-max-height": Harmless("It limits nothing.", r"\bnone"),
    "css-visibility": Harmless("It shows what is shown.", r"\bvisible"),
    "css-word-spacing": Harmless("It is the usual spacing.", r"\bnormal"),
    "css-border-spacing": Harmless("cellspacing says the same.", r":\s*0"),
    # The hover and click effects of <mj-accordion>, <mj-carousel> and <mj-navbar>
    "css-pseudo-class-checked": Harmless("All texts are open, the first picture or the whole menu is shown.", r"\.mj-"),
    "css-selector-adjacent-sibling": Harmless("All texts are open, the first picture is shown.", r"\.(?:mj|moz)-"),
    "css-selector-universal": Harmless("All texts are open, the first picture is shown.", r"\.(?:mj|moz)-"),
    "css-caption-side": Harmless("The small pictures stand below the large one.", r"\btop"),
    "html-anchor-links": Harmless("A tap on a small picture does nothing.", r"mj-carousel"),
}

# MJML draws a background picture for Outlook a second time, as VML.
_BACKGROUNDS = re.compile(r"css-background-(?:image|position|repeat|size)|html-background")
_VML = re.compile(r"<v:(?:fill|image)\s[^<>]*?\bsrc=[\"']([^\"'<>]+)")
# What another rule reports: elements and addresses that no client lets through (H04).
_ELSEWHERE = frozenset(
    ("html-base", "html-form", "html-link", "html-object", "css-at-import", "image-base64", "html-comments")
)


def pictures(html: str) -> frozenset[str]:
    """The addresses of the pictures that Outlook is given as VML."""
    return frozenset(_VML.findall(html))


def is_harmless(use: Use, vml: Iterable[str]) -> bool:
    """Whether a client that doesn't support the feature still shows what was meant, as far as this use of it goes;
    or whether it is another rule's matter. ``vml`` are the mail's VML ``pictures``."""
    if use.slug in _ELSEWHERE:
        return True
    if _BACKGROUNDS.fullmatch(use.slug):
        shown = f"{use.element.get('style') or ''} {use.element.get('background') or ''} {use.css}"
        return "//" not in shown or any(address in shown for address in vml)
    harmless = HARMLESS.get(use.slug)
    return harmless is not None and bool(re.search(harmless.only, use.css or _start_tag(use.element)))


def _start_tag(element: Any) -> str:
    return f"<{element.tag}" + "".join(f' {name}="{value}"' for name, value in element.items())
