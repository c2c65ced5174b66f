"""A project and the looks of its pages -> what the preview's own page is told about them, as JSON values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline import build, checks, clients, marks, outbox
from pipeline.digests import LeftOut
from pipeline.editions import articles_of
from pipeline.errors import PipelineError, Where
from pipeline.model import Block, Edition, Email, Finding, Persona, Personal
from pipeline.web.coming import Gathered
from pipeline.web.live import KINDS, Entry, LiveProject, Look, Page
from pipeline.web.views import filled, pictures_elsewhere, values

# Gmail shows no more of a message's HTML than this many bytes, and hides the footer with the rest.
GMAIL_CLIPS_AT = 102_400
LINES_AROUND = 3
# So many of the articles that nobody wonders at are named by a digest, the newest; the rest is counted.
OTHERS = 30
LONGEST_LINE = 400


def listing(live: LiveProject, start: Page | None) -> dict[str, Any]:
    """What there is to open, the newest first, and who to look at it as; ``start`` is what opens at first."""
    newsletter = live.project.library.newsletter
    return {
        "newsletter": {"name": newsletter.name, "sender": newsletter.sender.name},
        "limit": GMAIL_CLIPS_AT,
        "start": str(start) if start else None,
        **{kind: [_row(entry) for entry in live.entries(kind)] for kind in KINDS},
        "readers": [{"id": one.key, "name": one.name} for one in live.personas()],
        "clients": [{"id": one.id, "name": one.name, "scheme": one.scheme} for one in clients.CLIENTS.values()],
    }


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "page": str(entry.page),
        "title": entry.title,
        "date": f"{entry.date:%Y-%m-%d}" if entry.date else "",
        "bytes": entry.bytes,
        "state": entry.state,
    }


def look(page: Page, look: Look, folder: Path) -> dict[str, Any]:
    """What a page looks like: the last good mail's facts, and the errors that there are now."""
    facts: dict[str, Any] = {"title": page.slug, "readers": {}, "blocks": [], "findings": []}
    if look.email and look.edition:
        facts = _facts(look, look.edition, look.email)
    return {
        "page": str(page),
        "version": look.version,
        "ready": is_ready(page, look),
        "milliseconds": round(look.seconds * 1000, 1),
        "errors": [_error(error, folder) for error in look.errors],
        "digest": _digest(look.gathered) if look.gathered else None,
        **facts,
    }


def is_ready(page: Page, look: Look) -> bool | None:
    """Whether the mail can be sent; None for an article alone, and where there is no mail."""
    if page.kind == "articles" or look.email is None:
        return None
    return not look.errors and not checks.errors_in(look.email.findings)


def _digest(gathered: Gathered) -> dict[str, Any]:
    """What a digest's edition takes and leaves out; ``page`` is its own, for those who asked for the digest's next."""
    planned, window = gathered.planned, gathered.planned.window
    noteworthy = planned.noteworthy
    wondered_at = set(noteworthy)
    others = [one for one in planned.choice.left_out if one not in wondered_at]
    return {
        "page": str(Page("digests", planned.slug)),
        "name": planned.digest,
        "begin": window.begin.isoformat(),
        "end": window.end.isoformat(),
        "timezone": gathered.digest.timezone,
        "when_empty": gathered.digest.when_empty,
        "taken": len(planned.choice.taken),
        "left_out": [_left_out(one) for one in (*gathered.unread, *noteworthy)],
        "others": {
            "count": len(others),
            "older": all(one.kind == "before" for one in others),
            "newest": [_left_out(one) for one in others[:OTHERS]],
        },
    }


def _left_out(one: LeftOut) -> dict[str, str]:
    return {"page": str(Page("articles", one.slug)), "slug": one.slug, "reason": one.reason}


def _facts(look: Look, edition: Edition, email: Email) -> dict[str, Any]:
    assert look.newsletter
    readers = {"": None, **{persona.key: persona for persona in look.personas}}
    told = {key: _as_read(email, reader) for key, reader in readers.items()}
    return {
        "title": told[""]["subject"],
        "date": email.date.isoformat(),
        "language": email.language,
        "direction": edition.direction,
        "sender": {"name": look.newsletter.sender.name, "email": look.newsletter.sender.email},
        "pictures_elsewhere": pictures_elsewhere(email.html, look.newsletter.asset_url),
        "readers": told,
        "blocks": [
            {"name": one.name, "bytes": one.bytes, "where": str(one.where), "for": _for(email.personal.get(index))}
            for index, one in enumerate(email.blocks)
        ],
        "findings": [{**_finding(found), "block": block_of(found, edition.blocks)} for found in email.findings],
    }


def _finding(found: Finding) -> dict[str, str]:
    """The finding, with what its rule says that it costs the reader, and how to mend it."""
    rule = checks.RULES.get(found.rule)
    why = {"reason": rule.reason, "remedy": rule.remedy, "source": rule.source} if rule else {}
    return {**outbox.finding_as_json(found), **why}


def _as_read(email: Email, reader: Persona | None) -> dict[str, Any]:
    """What a reader's mail weighs, in all and each of its blocks; of those that aren't shown, nothing."""
    read = build.fill_email(email, values(reader))
    sizes = marks.sizes(filled(email, reader))
    return {
        "name": reader.name if reader else "",
        "subject": read.subject,
        "preheader": read.preheader,
        "bytes": len(read.html.encode()),
        "text_bytes": len(read.text.encode()),
        "blocks": [sizes.get(index, 0) for index in range(len(email.blocks))],
    }


def _for(personal: Personal | None) -> str:
    """Whom a block is for, or is chosen for, where that isn't everybody."""
    chosen = ["chosen for each reader"] if personal and personal.choice else []
    return ", ".join([*([personal.audience.source] if personal and personal.audience else []), *chosen])


def block_of(found: Finding, blocks: tuple[Block, ...]) -> int | None:
    """The index of the block that a finding speaks of: the one at its place, or that shows its article."""
    at_its_place = (index for index, block in enumerate(blocks) if block.where == found.where)
    with_its_article = (
        index
        for index, block in enumerate(blocks)
        if any(article.where.path == found.where.path for article in articles_of((block,)))
    )
    return next(at_its_place, next(with_its_article, None))


def _error(error: PipelineError, folder: Path) -> dict[str, Any]:
    return {
        "message": error.message,
        "where": str(error.where) if error.where else "",
        "lines": lines_around(error.where, folder) if error.where else [],
    }


def lines_around(where: Where, folder: Path) -> list[dict[str, Any]]:
    """The lines of a file around a place, each with its number; none of a file that isn't in the folder or is gone."""
    try:
        file = (folder / where.path).resolve()
        if where.line is None or not file.is_relative_to(folder.resolve()) or not file.is_file():
            return []
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except (OSError, ValueError):
        return []
    first = max(1, where.line - LINES_AROUND)
    return [
        {"number": number, "text": line[:LONGEST_LINE], "marked": number == where.line}
        for number, line in enumerate(lines[first - 1 : where.line + LINES_AROUND], first)
    ]
