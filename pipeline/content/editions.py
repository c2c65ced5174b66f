"""``content/editions/*.md`` -> Editions as they were written; their blocks still name articles and sections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from markupsafe import Markup

from pipeline import languages, merge_fields
from pipeline.content.articles import SLUG, SUFFIXES, Articles, read_date
from pipeline.content.data import DataReader
from pipeline.content.fields import Fields
from pipeline.content.source import read_front_matter
from pipeline.errors import ContentError, PipelineError, Where, raise_all
from pipeline.model import Block, Edition, Finding, FrontMatter, Newsletter

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
        source = read_front_matter(file, path)
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
        blocks = self._blocks(fields)
        letter, findings = self._letter(fields, slug)
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
        )

    def _letter(self, fields: Fields, slug: str) -> tuple[Markup, tuple[Finding, ...]]:
        source, newsletter = fields.source, self.newsletter
        if not source.body.strip():
            return Markup(), ()
        from pipeline import markdown

        where = Where(source.path, source.body_line)
        page = FrontMatter(slug, "", newsletter.web_url.replace("{edition}", slug), where)
        try:
            document = markdown.render(
                merge_fields.tokenise(source.body, newsletter.merge_fields, where, markdown=True),
                where,
                url=page.url,
                anchors=newsletter.anchors,
                link=lambda href, at: self.articles.link(href, page, at),
                image=self.articles.images.find,
                code=merge_fields.written,
            )
        except PipelineError as error:
            fields.adopt(error)
            return Markup(), ()
        sections = (Markup("<h2>{}</h2>{}").format(section.title, section.html) for section in document.sections)
        return document.intro + Markup().join(sections) + document.notes, document.findings

    def _blocks(self, fields: Fields) -> tuple[Block, ...]:
        written = fields.value("blocks")
        if written is None:
            return ()
        if not isinstance(written, list):
            fields.wrong("`blocks` must be a list: `- lead: some-article`", "blocks")
            return ()
        newsletter = self.newsletter
        reader = DataReader(fields, newsletter.merge_fields, newsletter.url, self.articles.images)
        found = []
        for index, one in enumerate(written):
            name, data = next(iter(one.items())) if isinstance(one, dict) and len(one) == 1 else (one, None)
            if not isinstance(name, str):
                fields.wrong("a block is its name, or one name with its data: `- lead: some-article`", "blocks", index)
                continue
            found.append(Block(name, fields.where("blocks", index), reader.read(data, "blocks", index, name)))
        return tuple(found)


def is_edition(path: str) -> bool:
    """Whether a file at this path in the newsletter's folder would be an edition's."""
    return path.startswith(f"{FOLDER}/") and path.endswith(SUFFIXES)


def _edition_files(folder: Path) -> list[Path]:
    there = folder.iterdir() if folder.is_dir() else ()
    return sorted(file for file in there if file.suffix in SUFFIXES and not file.name.startswith((".", "_")))
