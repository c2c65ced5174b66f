"""The library and the outbox -> what there is, with dates and states, as rows of text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pipeline import inputs, outbox
from pipeline.content import Library
from pipeline.errors import PipelineError
from pipeline.model import FrontMatter


def article_rows(library: Library, now: datetime) -> list[dict[str, str]]:
    """One row an article, the newest first; those without a date come last."""
    articles = sorted(library.articles.front_matter.values(), key=_newest_first)
    return [
        {"slug": one.slug, "date": _day(one.date), "state": article_state(one, now), "title": one.title}
        for one in articles
    ]


def article_state(article: FrontMatter, now: datetime) -> str:
    if article.draft:
        return "draft"
    return "scheduled" if article.date and article.date > now else "published"


def newest_article(library: Library, now: datetime) -> str | None:
    """The slug of the newest published article."""
    published = [one for one in library.articles.front_matter.values() if article_state(one, now) == "published"]
    return min(published, key=_newest_first).slug if published else None


def edition_rows(library: Library) -> list[dict[str, str]]:
    """One row an edition, by date; one that can't be read has the state ``broken``, and the reason as its subject."""
    rows = []
    hashes: dict[str, str] = {}
    for slug in library.editions:
        try:
            edition = library.editions[slug]
        except PipelineError as error:
            rows.append({"slug": slug, "date": "", "state": "broken", "subject": str(error).partition("\n")[0]})
            continue
        state = edition_state(library, outbox.read_manifest(library.folder / outbox.FOLDER, slug), hashes)
        rows.append({"slug": slug, "date": _day(edition.date), "state": state, "subject": edition.subject})
    return sorted(rows, key=lambda row: (row["date"], row["slug"]))


def edition_state(library: Library, manifest: Mapping[str, Any] | None, hashes: dict[str, str]) -> str:
    """Whether the build that this manifest tells of still stands; ``hashes`` keeps those of files once read."""
    if manifest is None:
        return "not built"
    recorded = manifest.get("inputs")
    if not isinstance(recorded, dict) or manifest.get("tools") != inputs.tools():
        return "changed"
    return "built" if inputs.hash_inputs(library.folder, recorded, hashes) == recorded else "changed"


def _newest_first(article: FrontMatter) -> tuple[float, str]:
    return (-article.date.timestamp() if article.date else float("inf"), article.slug)


def _day(date: datetime | None) -> str:
    return f"{date:%Y-%m-%d}" if date else ""
