"""The library and the outbox -> what there is, with dates and states, as rows of text."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline import freshness, merge_fields, record
from pipeline.content import Library
from pipeline.errors import OutboxError, PipelineError
from pipeline.model import FrontMatter


def article_rows(library: Library, now: datetime) -> list[dict[str, str]]:
    """One row an article, the newest first; those without a date come last."""
    articles = sorted(library.articles.front_matter.values(), key=_newest_first)
    return [
        {
            "slug": one.slug,
            "date": _day(one.date),
            "state": article_state(one, now),
            "title": merge_fields.fill_text(one.title, {}),
        }
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
        state = freshness.state_of(library.folder, slug, hashes)
        rows.append(
            {
                "slug": slug,
                "date": _day(edition.date),
                "state": state,
                "subject": merge_fields.fill_text(edition.subject, {}),
            }
        )
    return sorted(rows, key=lambda row: (row["date"], row["slug"]))


def outbox_rows(folder: Path) -> list[dict[str, Any]]:
    """One row an edition in the outbox, by date: when it was built, of what, how large, and whether it still stands.

    One whose manifest is damaged has the state ``damaged``, and nothing else is known of it.
    """
    there = folder / record.FOLDER
    known = record.read(there)
    hashes: dict[str, str] = {}
    rows = [_outbox_row(folder, slug, manifest, hashes) for slug, manifest in known.manifests.items()]
    rows += [{**NOTHING, "edition": slug} for slug in record.editions(there) if _is_damaged(there, slug)]
    return sorted(rows, key=lambda row: (row["date"], row["edition"]))


NOTHING = {"edition": "", "date": "", "built": "", "bytes": 0, "findings": 0, "state": "damaged", "inputs": []}


def _outbox_row(folder: Path, slug: str, manifest: record.Manifest, hashes: dict[str, str]) -> dict[str, Any]:
    file = folder / record.FOLDER / slug / record.MANIFEST
    built = datetime.fromtimestamp(file.stat().st_mtime, UTC) if file.is_file() else None
    return {
        "edition": slug,
        "date": manifest["date"][:10],
        "built": f"{built:%Y-%m-%d %H:%M:%SZ}" if built else "",
        "bytes": record.html_bytes(manifest),
        "findings": len(manifest["findings"]),
        "state": freshness.state(folder, slug, manifest, hashes),
        "inputs": sorted(manifest["inputs"]),
    }


def _is_damaged(there: Path, slug: str) -> bool:
    try:
        record.read_manifest(there, slug)
    except OutboxError:
        return True
    return False


def _newest_first(article: FrontMatter) -> tuple[float, str]:
    return (-article.date.timestamp() if article.date else float("inf"), article.slug)


def _day(date: datetime | None) -> str:
    return f"{date:%Y-%m-%d}" if date else ""


def _filled(text: str) -> str:
    """As a reader sees it of whom nothing is known."""
    return merge_fields.fill_text(text, {})
