"""The mails that template languages are given, the readers, and how a service names a reader's values."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from pipeline import esp
from pipeline.esp import DIALECTS
from pipeline.model import Email
from tests.esp import mails

HERE = Path(__file__).parent
# A letter, an address with a token in it, a title and alt; a whole address; blocks for some only; a reader's own pages.
HTML = (
    "<style>.a{color:red}</style>"
    f"<p>Hello {mails.field('first_name')}, of {{{mails.field('city', 'a town, far away')}}}!</p>"
    f'<a href="https://blog.example.com/?t={mails.field("token")}&amp;x=1" title="For {mails.field("first_name")}">'
    f'<img alt="{mails.field("first_name", "You & your <town>")}" src="https://x.example/a.png"></a>'
    f"<p>This isn't {{{{ a tag }}}}, nor is {{% this %}}, *|this|* or {{# this #}}.</p>"
    f"{mails.block(0, '<p>Premium</p>')}{mails.block(1, '<p>Not premium</p>')}"
    f"{mails.block(2, '<p>Known, to one of two</p>')}{mails.block(3, '<p>All of it</p>')}"
    f'<a href="{mails.field("unsubscribe_url")}">Leave</a> <a href="{mails.field("preferences_url")}">Choose</a>'
    f' <a href="{mails.field("web_url")}">Look</a>'
)
TEXT = (
    f"Hello {mails.field('first_name')},\n\n"
    f"{mails.block(0, f'For those who pay.{chr(10)}{chr(10)}', html=False)}"
    f"{mails.block(1, f'For those who do not.{chr(10)}{chr(10)}', html=False)}"
    f"https://blog.example.com/?t={mails.field('token')}\n{mails.field('unsubscribe_url')}\nThe end."
)
EQUALITY = {
    "block_0": "plan == 'premium'",
    "block_1": "plan != 'premium'",
    "block_2": "city and (plan == 'premium' or not first_name)",
    "block_3": "not (plan == 'free' or not city) and (first_name or plan == 'team')",
}
# For services that can ask only whether something is known.
KNOWLEDGE = {
    "block_0": "plan",
    "block_1": "not plan",
    "block_2": "city and (plan or not first_name)",
    "block_3": "not (plan or not city)",
}
WISHES = {"block_4": "'sleep' in topics and plan != 'free'", "block_5": "not 'sleep' in topics or not plan"}
LISTS = f"{mails.block(4, '<p>Sleep</p>')}{mails.block(5, '<p>No sleep</p>')}<p>{mails.field('topics', 'all')}</p>"
SHARE = f'<a href="{mails.field("share_url")}">Share</a>'
PARTS = f'<a href="https://blog.example.com/{mails.field("city")}/x?c={mails.field("city", "no where")}">Go</a>'
SHARED = "https://blog.example.com/newsletter/?from=ana&to='all'&q=\"x\""
READERS: list[dict[str, Any]] = [
    {},
    mails.KNOWN,
    {"first_name": "Ana", "plan": "free", "city": "Riga"},
    {"plan": "team", "city": "Riga", "topics": ("rest",)},
    {"city": "Riga", "topics": ("sleep",), "share_url": SHARED},
    *(
        {"first_name": one, "city": one, "plan": one, "token": "a.b-c_d~e", "topics": (one, "x")}
        for one in mails.HOSTILE
    ),
]


def mail(extra: str = "", text: str = TEXT, audiences: Mapping[str, str] = EQUALITY) -> Email:
    return mails.email(HTML + extra, text, f"{mails.field('first_name')}, breathe", **audiences)


def exported(name: str, mail: Email) -> esp.Exported:
    return esp.export(mail, mails.newsletter(), DIALECTS[name])


def with_pages(exported: str, name: str, *, html: bool) -> str:
    """The file, the service's own tags for a reader's pages replaced by their addresses, as the service does."""
    for page, tag in DIALECTS[name].urls.items():
        if tag:
            exported = exported.replace(tag, escape(mails.PAGES[page]) if html else mails.PAGES[page])
    return exported


def pages_of(name: str) -> dict[str, str]:
    """The pages that the service has tags for; the newsletter's own stand where it has none."""
    return {page: mails.PAGES[page] for page in DIALECTS[name].urls}
