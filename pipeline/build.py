"""One edition through every stage, in order. Read this first.

content/ -> Article, Section -> Edition -> Jinja2 -> MJML -> HTML -> CSS inlined -> checked -> outbox/
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline import (
    checks,
    content,
    editions,
    esp,
    inline,
    inputs,
    links,
    marks,
    merge_fields,
    mime,
    mjml,
    outbox,
    personal,
    pieces,
    record,
    templates,
)
from pipeline.digests import Recurring
from pipeline.errors import ContentError, DiskError, NotReadyError, PipelineError, flatten, raise_all
from pipeline.model import Edition, Email, Finding, Newsletter, Values
from pipeline.pieces import View

TEMPLATES = "templates"


@dataclass(frozen=True, slots=True)
class Project:
    """A newsletter's folder, opened: what it says and how it looks; ``hashes`` are those of its files, taken before
    they were read: one that is changed meanwhile then isn't the one that an edition was made of.

    ``recurring`` are the digests' editions by slug, beside those that have a file.
    """

    folder: Path
    library: content.Library
    environment: templates.Environment
    partials: Collection[str]
    hashes: dict[str, str] = field(default_factory=dict, compare=False)
    recurring: Mapping[str, Recurring] = field(default_factory=dict)

    @property
    def shelf(self) -> editions.Shelf:
        library = self.library
        return editions.Shelf(
            library.newsletter, library.articles, lambda: library.tracks, library.articles.front_matter
        )


def open_project(folder: Path, service: str = "") -> Project:
    """The newsletter as it is written for its own ESP, or for this ``service``.

    Raises a ConfigurationError where the folder is no newsletter's, a TemplateError where a block lacks a half.
    """
    hashes = inputs.hash_sources(folder)
    library = content.read_library(folder, service)
    checks.refuse_unknown(library.newsletter)
    environment = templates.Environment(folder / TEMPLATES)
    return Project(folder, library, environment, templates.blocks(environment), hashes)


def reopen_project(project: Project, changed: Collection[str]) -> Project:
    """The project once these files, by their paths in its folder, have changed. Raises as ``open_project`` does."""
    of_content = [path for path in changed if path.startswith("content")]
    of_templates = any(path.startswith("templates") for path in changed)
    library = content.reread_library(project.library, of_content) if of_content else project.library
    checks.refuse_unknown(library.newsletter)
    environment = templates.Environment(project.folder / TEMPLATES) if of_templates else project.environment
    return Project(project.folder, library, environment, templates.blocks(environment))


def build_edition(slug: str, project: Project) -> Email:
    """One edition, from ``content/`` to ``outbox/``. Raises a PipelineError, and then leaves the last build alone.

    A NotReadyError says that the mail isn't ready to be sent; several of them, several reasons.
    """
    refuse_others(slug, project)
    edition, email = ready_email(slug, project)
    newsletter = project.library.newsletter
    exported = esp.export(email, newsletter, esp.dialect(newsletter.esp)) if newsletter.esp else None
    ready = replace(fill_email(email, {}), findings=(*email.findings, *(exported.notes if exported else ())))
    provenance = {
        **what_went_out(edition, project),
        **inputs.provenance(project.folder, input_paths(edition, ready, project), project.hashes),
    }
    message = mime.message(ready, project.library.newsletter)
    files = outbox.files_of(ready, message, provenance, esp.files_of(exported) if exported else {})
    outbox.write(project.folder / outbox.FOLDER, slug, files)
    return ready


def ready_email(slug: str, project: Project) -> tuple[Edition, Email]:
    """An edition that is ready to be sent, and its Email, whose findings are all that there is to say of it.

    Raises as ``build_edition`` does, and writes nothing.
    """
    edition, email = fit_email(compose_edition(slug, project), project)
    findings = check_email(email, edition, project)
    raise_all(NotReadyError(f"{one.message} ({one.rule} {one.check})", one.where) for one in checks.errors_in(findings))
    return edition, replace(email, findings=findings)


def export_edition(slug: str, project: Project, name: str) -> esp.Exported:
    """One edition that is built, in a service's merge syntax, beside what is in its folder of the outbox.

    Raises a ContentError for what the service can't express, and then leaves the folder alone.
    """
    _, email = fit_email(compose_edition(slug, project), project)
    exported = esp.export(email, project.library.newsletter, esp.dialect(name))
    outbox.add(project.folder / outbox.FOLDER, slug, esp.files_of(exported))
    return exported


def refuse_others(slug: str, project: Project) -> None:
    """Raise a ContentError where the outbox has a digest's edition of the slug that this edition has a file for."""
    folder = project.folder / outbox.FOLDER
    with suppress(DiskError):  # a damaged manifest is written anew
        manifest = record.manifest_of(folder, slug)
        if slug not in project.recurring and manifest and manifest.get("digest"):
            message = f"the digest {manifest['digest']['name']} has made an edition {slug!r}"
            raise ContentError(f"{message}; give this file another name", project.library.editions[slug].where)


def compose_edition(slug: str, project: Project) -> Edition:
    """The edition as it was written, its blocks filled with the articles, sections and tracks that they name."""
    written = project.recurring[slug].edition if slug in project.recurring else project.library.editions[slug]
    return editions.compose(written, project.shelf, project.partials)


def compose_article(slug: str, project: Project, date: datetime) -> Edition:
    """One article, be it a draft, in an edition of its own: to be looked at, not to be sent."""
    article = project.library.articles[slug]
    shelf = replace(project.shelf, drafts=True)
    return editions.compose(editions.edition_of(article, date), shelf, project.partials)


def render_email(edition: Edition, newsletter: Newsletter, environment: templates.Environment) -> Email:
    """An Edition -> the Email for everyone, merge fields and marks still in place. Pure: same input, same bytes."""
    written = templates.render_mjml(edition, newsletter, environment)
    compiled = mjml.compile(written)
    inlined = inline.inline(compiled)
    text = templates.render_text(edition, newsletter, environment)

    host = urlsplit(newsletter.url).hostname or ""
    utm = {name: value.replace("{edition}", edition.slug) for name, value in newsletter.utm.items()}
    html = links.html_with_utm(inlined, utm, host)

    email = Email(
        slug=edition.slug,
        subject=edition.subject,
        preheader=edition.preheader,
        date=edition.date,
        language=edition.language,
        html=merge_fields.with_edition(html, edition.slug),
        text=merge_fields.with_edition(links.text_with_utm(text, utm, host), edition.slug),
        blocks=(),
        articles=tuple(article.slug for article in editions.articles_of(edition.blocks)),
        findings=edition.findings,
        personal={index: block.personal for index, block in enumerate(edition.blocks) if block.personal},
    )
    pieces.refuse_unmarked(email, edition.blocks)
    whole = pieces.fill(pieces.of_html(email, marked=True), {}, personal.everything(email), email.language)
    return replace(email, blocks=marks.weigh(whole, edition.blocks))


def fit_email(edition: Edition, project: Project) -> tuple[Edition, Email]:
    """The edition rendered. One that is to fit is stepped down until Gmail shows all of it, or nothing is left to."""
    newsletter, environment = project.library.newsletter, project.environment
    email = render_email(edition, newsletter, environment)
    for smaller in editions.smaller(edition) if edition.fit else ():
        views = personal.views_to_look_at(email, project.library.personas).values()
        if all(checks.fits(fill_email(email, {}, view).html) for view in views):
            break
        edition, email = smaller, render_email(smaller, newsletter, environment)
    return edition, email


def mail_of(email: Email, edition: Edition, project: Project, view: View | None = None) -> checks.Mail:
    """The Email as the checks look at it: as a reader gets it of whom nothing is known, or who sees what is in view."""
    seen = view or personal.view(email, {})
    message = mime.message(fill_email(email, {}, seen), project.library.newsletter)
    return checks.of_email(email, edition, project.library.newsletter, message, project.library.personas, seen)


def check_email(email: Email, edition: Edition, project: Project) -> tuple[Finding, ...]:
    """What there is to say of the Email: what its stages told, and what the checks find in it, whoever gets it."""
    found: dict[Finding, str] = {}
    for name, view in personal.views_to_look_at(email, project.library.personas).items():
        mail = mail_of(email, edition, project, view)
        for one in checks.check(mail, project.library.newsletter.checks):
            found.setdefault(one, name)
    told = (replace(one, message=f"for {name}: {one.message}") if name else one for one, name in found.items())
    return (*email.findings, *_for_nobody(email, edition), *checks.sort(told))


def check_service(email: Email, newsletter: Newsletter) -> tuple[Finding, ...]:
    """What there is to say of the Email in the merge syntax of the newsletter's ESP, which each build writes it in."""
    if not newsletter.esp:
        return ()
    try:
        return esp.export(email, newsletter, esp.dialect(newsletter.esp)).notes
    except PipelineError as error:
        return tuple(Finding("esp", "error", one.message, one.where or newsletter.where) for one in flatten(error))


def _for_nobody(email: Email, edition: Edition) -> list[Finding]:
    return [
        Finding("audience", "warn", "nobody is shown this block: its condition holds for no reader", block.where)
        for block in (edition.blocks[index] for index in personal.never_shown(email))
    ]


def fill_email(email: Email, values: Values, view: View | None = None) -> Email:
    """The Email for one reader, marks taken out: each merge field has the reader's value, or else its fallback; of
    what isn't for all readers there is what this one sees, or the ``view`` says."""
    seen = view or personal.view(email, values)
    return replace(
        email,
        subject=merge_fields.fill_text(email.subject, values, email.language),
        preheader=merge_fields.fill_text(email.preheader, values, email.language),
        html=pieces.fill(pieces.of_html(email), values, seen, email.language),
        text=pieces.fill(pieces.of_text(email), values, seen, email.language),
        personal={},
    )


def what_went_out(edition: Edition, project: Project) -> dict[str, Any]:
    """What a manifest records so that no article goes out twice: each as it is now, and the digest's window."""
    articles, recurring = project.library.articles, project.recurring.get(edition.slug)
    # What a digest's edition shows besides, such as the next article, hasn't gone out with it; nor has what others have
    # missed who have it from an edition before.
    shown = editions.articles_of([block for block in edition.blocks if block.name != "missed"])
    facts = [articles.front_matter[one] for one in (recurring.taken if recurring else [one.slug for one in shown])]
    recorded = [
        {
            "slug": one.slug,
            "title": merge_fields.fill_text(one.title, {}),
            "date": one.date.isoformat() if one.date else "",
            "sha256": articles.bodies[one.slug],
        }
        for one in facts
    ]
    if recurring is None:
        return {"articles": recorded}
    window = recurring.window
    digest = {"name": window.digest, "begin": window.begin.isoformat(), "end": window.end.isoformat()}
    return {"articles": recorded, "digest": digest}


def input_paths(edition: Edition, email: Email, project: Project) -> list[str]:
    """The files that this edition was made of, relative to the newsletter's folder; one that isn't there counts too,
    where it would have a say."""
    library = project.library
    shown = [library.articles[slug].where.path for slug in email.articles]
    tracks = [content.TRACKS_PATH] if any(block.name == "tracks" for block in edition.blocks) else []
    pictures = library.articles.images.published_in(email.html)
    own = (library.newsletter.where.path, edition.where.path, content.PERSONAS_PATH)
    linked = [path for one in (*own, *shown) for path in library.articles.linked.get(one, ())]
    return [*own, *shown, *linked, *tracks, *pictures, TEMPLATES, *templates.files(project.environment)]
