"""An Email with a field in every kind of place, the newsletter that it is of, and what a reader is to read in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from babel.dates import format_date
from jinja2 import Environment, StrictUndefined

from pipeline import merge_fields
from pipeline.conditions import parse
from pipeline.content.newsletter import read_newsletter
from pipeline.errors import Where
from pipeline.marks import mark
from pipeline.model import Choice, Email, FieldType, MergeField, Newsletter, Personal, Track, Value, Values
from pipeline.recipients.batch import Batch
from tests import folders

TYPES: dict[str, FieldType] = {
    "first_name": "text",
    "plan": "text",
    "share_url": "url",
    "joined": "date",
    "topics": "list",
    "sent": "list",
}
COLUMNS = ("email", "token", *TYPES)
WHERE = Where("content/editions/breathe.md", 3)
TRACKS = tuple(
    Track(title, "Music", 4, (), "", f"https://aura.example.com/{title}", WHERE) for title in ("Rain", "Sea", "Wind")
)


def newsletter(folder: Path) -> Newsletter:
    found = read_newsletter(folders.make(folder))
    pages = {
        name: f"https://blog.example.com/{name}/{{edition}}?a=1&t={{token}}" for name in merge_fields.BUILT_IN_URLS
    }
    declared = {
        "email": MergeField("email", ""),
        "token": MergeField("token", "", "token"),
        **{name: MergeField(name, url.replace("{edition}", "breathe"), "url") for name, url in pages.items()},
        **{name: MergeField(name, f"no {name}", kind) for name, kind in TYPES.items()},
    }
    name = merge_fields.token("first_name", "")
    return replace(found, **pages, merge_fields=declared, recipient_name=f"{name} ({merge_fields.token('plan', '')})")


def field(name: str, fallback: str = "") -> str:
    built_in = f"https://blog.example.com/{name}/breathe?a=1&t={{token}}"
    return merge_fields.token(name, built_in if name in merge_fields.BUILT_IN_URLS else fallback)


def block(index: int, body: str, *, html: bool) -> str:
    return mark("block", index, html=html) + body + mark("block", index, closes=True, html=html)


def cards(html: bool) -> str:
    written = [
        mark("card", 1, index, html=html) + body + mark("card", 1, index, closes=True, html=html)
        for index, body in enumerate(["Rain\n", f"Sea, {field('first_name', 'you')}", ".Wind "])
    ]
    return "".join(written) + mark("place", 1, 0, html=html) + " and\n" + mark("place", 1, 1, html=html)


def email() -> Email:
    name, url = field("first_name", "<there>"), field("unsubscribe_url")
    for_some = f"Only for {name} since {field('joined', 'ever')}: {field('topics', '.')}"
    html = (
        f'<!DOCTYPE html>\n<p title="{name}">Hi {name}{name},</p>\n<style>\n.a {{}}\n</style>\n{"é — 你好 " * 40}'
        f'<a href="{field("share_url", "https://x.example/?a&b")}">{field("share_url", "x")}</a>\n'
        f'<a href="https://x.example/?n={name}&amp;j={field("joined", "0")}&amp;t={field("topics")}">n</a>\n'
        + block(0, for_some, html=True)
        + block(1, cards(html=True), html=True)
        + f'{name}<a href="{url}">{url}</a><img alt="" src="https://x.example/{url}">\n.\nFrom {name}\n'
        f"{field('email')} {field('web_url')}</body></html>\n"
    )
    text = (
        f"{name}\nHi {name}, {field('topics', 'nothing')}.\n{block(0, for_some, html=False)}\n"
        f"{block(1, cards(html=False), html=False)}\nFrom here\n.\n"
        f"<{url}> <https://x.example/?n={name}> {field('token')}\n"
        f"{field('preferences_url')} {field('plan')}"
    )
    return Email(
        slug="breathe",
        subject=f"Breathe, {name}: {field('plan', '')} sounds",
        preheader="",
        date=datetime(2026, 11, 24, 8, tzinfo=UTC),
        language="en",
        html=html,
        text=text,
        blocks=(),
        articles=(),
        personal={
            0: Personal(audience=parse("plan == 'premium' or 'sleep' in topics", TYPES, WHERE)),
            1: Personal(choice=Choice("tracks", TRACKS, (0, 1))),
        },
    )


def batch(readers: Sequence[Values]) -> Batch:
    """Readers in columns; what a reader doesn't have is empty."""
    empty: Mapping[FieldType, Value] = {"list": ()}
    names = dict.fromkeys(name for reader in readers for name in reader)
    columns = {name: [reader.get(name, empty.get(TYPES.get(name, "text"), "")) for reader in readers] for name in names}
    return Batch([str(one) for one in columns["email"]], columns)


ENVIRONMENT = Environment(autoescape=False, undefined=StrictUndefined, keep_trailing_newline=True)
ENVIRONMENT.filters |= {
    "e": escape,  # Jinja2's own writes an apostrophe in another way
    "part": lambda text: quote(text, safe=""),
    "url": lambda text, other: text if re.match("(https?|mailto|tel|sms):", text, re.IGNORECASE) else other,
}
PLAIN = {
    name: ENVIRONMENT.from_string(source)
    for name, source in {
        "subject": "Breathe, {{ first_name or '<there>' }}: {{ plan }} sounds",
        "name": "{{ first_name }} ({{ plan }})",
        "html": """\
<!DOCTYPE html>
<p title="{{ (first_name or '<there>')|e }}">Hi {{ (first_name or '<there>')|e }}{{ (first_name or '<there>')|e }},</p>
<style>
.a {}
</style>
{{ "é — 你好 " * 40 }}<a href="{{ share_url|url("https://x.example/?a&b")|e }}">{{ (share_url or "x")|e }}</a>
<a href="https://x.example/?n={{ (first_name or '<there>')|part }}&amp;j={{ (iso or "0")|part }}&amp;\
t={{ topics|join(", ")|part }}">n</a>
{% if plan == "premium" or "sleep" in topics -%}
Only for {{ (first_name or '<there>')|e }} since {{ (joined or "ever")|e }}: {{ (topics|join(", ") or ".")|e }}
{%- endif %}
{%- for card in cards %}{{ card|replace("NAME", first_name or "you")|e }}{{ " and\n" if loop.first }}{% endfor -%}
{{ (first_name or '<there>')|e }}<a href="{{ leave|e }}">{{ leave|e }}</a>\
<img alt="" src="https://x.example/{{ pattern|part }}{{ token|part }}">
.
From {{ (first_name or '<there>')|e }}
{{ email|e }} {{ ("https://blog.example.com/web_url/breathe?a=1&t=" + token)|e }}</body></html>
""",
        "text": """\
{{ first_name or '<there>' }}
Hi {{ first_name or '<there>' }}, {{ topics|join(", ") or "nothing" }}.
{% if plan == "premium" or "sleep" in topics -%}
Only for {{ first_name or '<there>' }} since {{ joined or "ever" }}: {{ topics|join(", ") or "." }}
{%- endif %}
{%- for card in cards %}{{ card|replace("NAME", first_name or "you") }}{{ " and\n" if loop.first }}{% endfor -%}
From here
.
<{{ leave }}> <https://x.example/?n={{ (first_name or '<there>')|part }}> {{ token }}
https://blog.example.com/preferences_url/breathe?a=1&t={{ token }} {{ plan }}""",
    }.items()
}
CARDS = {"Rain": "Rain\n", "Sea": "Sea, NAME", "Wind": ".Wind "}


def plain(values: Values) -> dict[str, str]:
    """What a plain rendering by Jinja2 says: nothing of ours but the words is in it."""
    known: dict[str, Any] = dict.fromkeys(COLUMNS, "") | {"topics": (), "sent": (), "unsubscribe_url": ""} | {**values}
    for name, value in known.items():
        if isinstance(value, str):
            known[name] = " ".join(value.split())
        elif isinstance(value, tuple):
            known[name] = tuple(" ".join(one.split()) for one in value)
    pattern = "https://blog.example.com/unsubscribe_url/breathe?a=1&t="
    joined = known["joined"]
    known |= {
        "iso": joined and joined.isoformat(),
        "joined": joined and format_date(joined, "long", "en"),
        "leave": ENVIRONMENT.filters["url"](known["unsubscribe_url"], pattern + known["token"]),
        "pattern": pattern,
        "cards": [body for _, body in sorted(CARDS.items(), key=lambda card: card[0] in known["sent"])][:2],
    }
    return {name: template.render(known) for name, template in PLAIN.items()}


def meant(newsletter: Newsletter, values: Values) -> dict[str, Any]:
    """What this reader's message says."""
    said = plain(values)
    return {
        "subject": " ".join(said["subject"].split()),
        "from": [[newsletter.sender.name, newsletter.sender.email]],
        "to": [[" ".join(said["name"].split()), values["email"]]],
        "date": 1795507200,
        "list-id": "newsletter.blog.example.com",
        "list-unsubscribe": f"<https://blog.example.com/unsubscribe_url/breathe?a=1&t={values['token']}>",
        "list-unsubscribe-post": "List-Unsubscribe=One-Click",
        "text": said["text"],
        "html": said["html"],
    }


def normalised(reading: Mapping[str, Any]) -> dict[str, Any]:
    """One kind of line end, and none at the end: postal-mime counts the one in front of a boundary to the part."""
    return {**reading, **{part: reading[part].replace("\r\n", "\n").rstrip("\n") for part in ("text", "html")}}


HOSTILE = (
    "",
    " ",
    ".",
    "..",
    ".profile",
    "From ",
    "From me",
    "Fromage",
    "=",
    "=?",
    "=?utf-8?q?x=0ABcc:_y@evil.example?=",
    "=?utf-8?b?QmNjOiB5QGV2aWw=?= and more",
    "é=?utf-8?q?x?=",
    "a\r\nBcc: y@evil.example",
    "Bcc: y@evil.example",
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)> & 'co'",
    'Maya "Zen" \\ (she) <boss@evil.example>, x@evil.example;',
    "é" * 200,
    "e\u0301" * 200,
    "z" + "\u0300" * 200,
    "שלום עולם",
    "\u202eevil\u202c",
    "استرخ الآن",
    "👩‍👩‍👧‍👦" * 20,
    "眠りの質",
    "x" * 998,
    "a b " * 250,
    "." * 998,
    "From " * 200,
    "[[first_name]] {{ first_name }} {token} %40",
    "https://evil.example/" + "a/" * 300,
    "_under_score_ =3D ?q? tab\there",
    "--=_stay-updated_alternative--",
    "\ufeffbom \u00ad soft \u200b zero \ufffd",
    "O'Brien, Jr.",
    "a@b.example",
)
DATES = (date(2026, 11, 24), date(1, 1, 1), date(9999, 12, 31), "")
