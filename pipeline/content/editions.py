"""``content/editions/*.md`` -> Editions as they were written; their blocks still name articles and sections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from markupsafe import Markup

from pipeline import conditions, languages, merge_fields
from pipeline.content.articles import SLUG, SUFFIXES, Articles, read_date
from pipeline.content.data import PERSONAL, DataReader
from pipeline.content.fields import Fields
from pipeline.content.front_matter import read_front_matter
from pipeline.content.images import Images
from pipeline.content.source import service_tags
from pipeline.errors import ContentError, PipelineError, Where, raise_all
from pipeline.model import Block, Edition, Finding, FrontMatter, Newsletter, Personal

FOLDER = "content/editions"


class Editions(Mapping[str, Edition]):
    """The editions by slug, each read on first use."""

    def __init__(self, folder: Path, newsletter: Newsletter, articles: Articles) -> None:
        self.folder = folder
        self.newsletter = newsletter
        self.articles = articles
        self.files = {file.stem: file for file in _edition_files(folder / FOLDER)}
        self.read: dict[str, Edition] = {}

    def __getitem__(self, slug: str) -> Edition:
        if slug not in self.read:
            file = self.files[slug]
            self.read[slug] = self._read(file, file.relative_to(self.folder).as_posix())
        return self.read[slug]

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)

    def _read(self, file: Path, path: str) -> Edition:
        if not SLUG.fullmatch(file.stem):
            raise ContentError("an edition's file name must be letters, digits, '-', '_' and '.' only", Where(path))
        source = read_front_matter(file, path, tags=service_tags(self.newsletter.esp))
        fields = Fields(source)
        edition = self._edition(file.stem, fields)
        fields.refuse_unknown()
        raise_all(fields.errors)
        return edition

    def _edition(self, slug: str, fields: Fields) -> Edition:
        newsletter = self.newsletter
        language = fields.text("lang", newsletter.language)
        date = read_date(fields, newsletter.timezone, "date")
        if date is None and not fields.values.get("date"):
            fields.wrong("`date` is missing; write it as date: 2026-11-24", "date")
        blocks = read_blocks(fields, newsletter, self.articles.images, "- lead: some-article")
        url = merge_fields.public_url(newsletter.web_url, slug)
        body = Where(fields.source.path, fields.source.body_line)
        letter, findings = read_letter(fields, fields.source.body, FrontMatter(slug, "", url, body), self.articles)
        return Edition(
            slug=slug,
            subject=fields.prose("subject", newsletter.merge_fields),
            preheader=fields.prose("preheader", newsletter.merge_fields, ""),
            date=date,  # type: ignore[arg-type]  # an edition without one is never returned
            language=language,
            direction=languages.direction(language),
            template=fields.text("template", "digest"),
            letter=letter,
            blocks=blocks,
            where=fields.where("subject"),
            findings=findings,
            fit=fields.flag("fit"),
        )


def read_letter(fields: Fields, text: str, page: FrontMatter, articles: Articles) -> tuple[Markup, tuple[Finding, ...]]:
    """A letter in Markdown, with what its rendering tells. It begins at ``page.where``; its links are the page's."""
    if not text.strip():
        return Markup(), ()
    from pipeline import markdown

    declared = articles.newsletter.merge_fields
    try:
        document = markdown.render(
            merge_fields.tokenise(text, declared, page.where, markdown=True),
            page.where,
            url=page.url,
            anchors=articles.newsletter.anchors,
            link=lambda href, at: articles.link(href, page, at),
            image=articles.images.find,
            code=merge_fields.written,
        )
    except PipelineError as error:
        fields.adopt(error)
        return Markup(), ()
    sections = (Markup("<h2>{}</h2>{}").format(section.title, section.html) for section in document.sections)
    return document.intro + Markup().join(sections) + document.notes, document.findings


def read_blocks(fields: Fields, newsletter: Newsletter, images: Images, example: str) -> tuple[Block, ...]:
    """The list under ``blocks``; ``example`` is a block in the file's own notation."""
    written = fields.value("blocks")
    if written is None:
        return ()
    if not isinstance(written, list):
        fields.wrong(f"`blocks` must be a list: `{example}`", "blocks")
        return ()
    reader = DataReader(fields, newsletter.merge_fields, newsletter.url, images)
    found = []
    for index, one in enumerate(written):
        name, data = next(iter(one.items())) if isinstance(one, dict) and len(one) == 1 else (one, None)
        if not isinstance(name, str):
            fields.wrong(f"a block is its name, or one name with its data: `{example}`", "blocks", index)
            continue
        path = ("blocks", index, name)
        shared = {key: data[key] for key in PERSONAL if key in data} if isinstance(data, dict) else {}
        own = {key: data[key] for key in data if key not in PERSONAL} if isinstance(data, dict) else data
        _refuse_misspelt(own, path, fields)
        personal = _personal(Fields(fields.source, shared, path, fields.errors, fields.error), newsletter)
        found.append(Block(name, fields.where("blocks", index), reader.read(own, *path), personal))
    return tuple(found)


def _refuse_misspelt(data: Any, path: tuple[str | int, ...], fields: Fields) -> None:
    """Note what is nearly the key that says whom a block is for: a block of one's own may have any keys, and would be
    shown to everybody."""
    for key in data if isinstance(data, dict) else ():
        if found := get_close_matches(str(key), PERSONAL, n=1, cutoff=0.8):
            fields.wrong(f"`{key}` is not a key of {path[-1]}; did you mean {found[0]}?", *path, str(key))


def _personal(fields: Fields, newsletter: Newsletter) -> Personal | None:
    """Who is shown a block, and what becomes of it where a service can't express that."""
    source = fields.text("audience", None if "audience" in fields.values else "")
    otherwise = fields.choice("otherwise", ("refuse", "default"))
    types = {name: field.type for name, field in newsletter.merge_fields.items()}
    try:
        audience = conditions.parse(source, types, fields.where("audience")) if source else None
    except PipelineError as error:
        fields.adopt(error)
        return None
    return Personal(audience, None, "default" if otherwise == "default" else "refuse") if fields.values else None


def is_edition(path: str) -> bool:
    """Whether a file at this path in the newsletter's folder would be an edition's."""
    return path.startswith(f"{FOLDER}/") and path.endswith(SUFFIXES)


def _edition_files(folder: Path) -> list[Path]:
    there = folder.iterdir() if folder.is_dir() else ()
    return sorted(file for file in there if file.suffix in SUFFIXES and not file.name.startswith((".", "_")))
