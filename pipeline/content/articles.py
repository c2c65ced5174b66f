"""``content/articles/`` -> FrontMatter at once, and each Article when somebody asks for it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time
from functools import cached_property
from math import ceil
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pipeline import merge_fields
from pipeline.content.data import absolute
from pipeline.content.fields import Fields
from pipeline.content.front_matter import read_front_matter
from pipeline.content.images import Images
from pipeline.content.source import Source
from pipeline.errors import ContentError, PipelineError, Where, nearest, raise_all
from pipeline.model import Article, Author, FrontMatter, Image, Newsletter

FOLDER = "content/articles"
SUFFIXES = (".md", ".markdown")
WORDS_A_MINUTE = 220
# A body of so many words is one article's; "Listen now." may be that of many.
TELLING_WORDS = 12
SLUG = re.compile(r"[\w][\w.~-]{0,119}")

_DATED_NAME = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})-(.+)")


@dataclass(frozen=True)
class Post:
    """A file under ``content/articles/``, its text not rendered yet."""

    front_matter: FrontMatter
    source: Source

    @cached_property
    def sha256(self) -> str:
        """Of the body, however its white space is, with the title where it has few words; empty for an empty body."""
        words = self.source.body.split()
        title = [self.front_matter.title] if len(words) < TELLING_WORDS else []
        return hashlib.sha256(" ".join(title + words).encode()).hexdigest() if words else ""


NONE: Mapping[str, Post] = MappingProxyType({})


class Articles(Mapping[str, Article]):
    """The articles by slug: their front matter is read once somebody asks for any, each text rendered on first use.

    A file that can't be read stops only those who ask for its slug; ``errors`` has them all. The posts in
    ``unchanged``, by path, are taken as they are.
    """

    def __init__(self, folder: Path, newsletter: Newsletter, unchanged: Mapping[str, Post] = NONE) -> None:
        self.folder = folder
        self.newsletter = newsletter
        self.unchanged = unchanged
        self.images = Images(folder, newsletter.asset_url, newsletter.url)
        self.rendered: dict[str, Article] = {}
        # The files of the articles that a file's links lead to, once its text is rendered: they know their own URLs.
        self.linked: dict[str, set[str]] = {}

    @property
    def posts(self) -> Mapping[str, Post]:
        return self._shelves[0]

    @property
    def broken(self) -> Mapping[str, PipelineError]:
        return self._shelves[1]

    @cached_property
    def _shelves(self) -> tuple[dict[str, Post], dict[str, PipelineError]]:
        posts: dict[str, Post] = {}
        broken: dict[str, PipelineError] = {}
        for file in markdown_files(self.folder / FOLDER):
            path = file.relative_to(self.folder).as_posix()
            try:
                post = self.unchanged.get(path) or self._read(file, path)
                first = posts.setdefault(post.front_matter.slug, post)
            except PipelineError as error:
                broken[_slug_of(path)] = error
            else:
                if first is not post:
                    broken[post.front_matter.slug] = _same_slug(post, first)
        return posts, broken

    def _read(self, file: Path, path: str) -> Post:
        source = read_front_matter(file, path)
        return Post(_front_matter(source, self.newsletter, self.images), source)

    @cached_property
    def by_path(self) -> Mapping[str, Post]:
        return {post.source.path: post for post in self.posts.values()}

    @cached_property
    def bodies(self) -> Mapping[str, str]:
        """The SHA-256 of each article's body by slug."""
        return MappingProxyType({slug: post.sha256 for slug, post in self.posts.items()})

    @property
    def errors(self) -> tuple[PipelineError, ...]:
        return tuple(self.broken.values())

    @property
    def front_matter(self) -> Mapping[str, FrontMatter]:
        return MappingProxyType({slug: post.front_matter for slug, post in self.posts.items()})

    def __getitem__(self, slug: str) -> Article:
        if slug in self.broken:
            raise self.broken[slug]
        if slug not in self.rendered:
            self.rendered[slug] = self._render(self.posts[slug])
        return self.rendered[slug]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self.posts, *self.broken]))

    def __len__(self) -> int:
        return len(dict.fromkeys([*self.posts, *self.broken]))

    def _render(self, post: Post) -> Article:
        from pipeline import markdown  # a list of articles needs no renderer

        facts, newsletter = post.front_matter, self.newsletter
        where = Where(post.source.path, post.source.body_line)
        document = markdown.render(
            merge_fields.tokenise(post.source.body, newsletter.merge_fields, where, markdown=True),
            where,
            url=facts.url,
            anchors=newsletter.anchors,
            title=facts.title,
            link=lambda href, at: self.link(href, facts, at),
            image=self.images.find,
            code=merge_fields.written,
        )
        return Article(
            **{field.name: getattr(facts, field.name) for field in fields(FrontMatter)},
            intro=document.intro,
            sections=document.sections,
            notes=document.notes,
            minutes=max(1, ceil(document.words / WORDS_A_MINUTE)),
            findings=document.findings,
        )

    def link(self, href: str, article: FrontMatter, where: Where) -> str:
        """The absolute URL that a link in an article means; ``other.md#part`` is the other article's."""
        if merge_fields.ANY_TOKEN.match(href):
            merge_fields.check_link(href, where)
        path, mark, fragment = href.partition("#")
        if re.match(r"[a-zA-Z][\w+.-]*:|//", href) or not path.endswith(SUFFIXES):
            return absolute(href, article.url, self.newsletter.url)
        target = (PurePosixPath(article.where.path).parent / path.lstrip("/")).as_posix()
        found = self.by_path.get(_folded(target)) or self.by_path.get(_folded(f"{FOLDER}/{path.lstrip('/')}"))
        if found is None and (broken := self.broken.get(_slug_of(target))):
            raise broken
        if found is None:
            raise ContentError(f"the link leads to {path}, which is not there{nearest(path, self._names)}", where)
        self.linked.setdefault(where.path, set()).add(found.source.path)
        return found.front_matter.url + mark + fragment

    @property
    def _names(self) -> list[str]:
        return [PurePosixPath(path).name for path in self.by_path]


def _same_slug(post: Post, first: Post) -> ContentError:
    slug, path = post.front_matter.slug, first.source.path
    message = f"has the slug {slug!r}, and so has {path}; give one of them another `slug`"
    return ContentError(message, post.source.where("slug"))


def is_article(path: str) -> bool:
    """Whether a file at this path in the newsletter's folder would be an article's."""
    return path.startswith(f"{FOLDER}/") and path.endswith(SUFFIXES)


def markdown_files(folder: Path) -> list[Path]:
    """The Markdown files of a folder and its sub-folders in order of their paths; hidden ones and README left out."""
    found = (file for file in folder.rglob("*") if file.suffix in SUFFIXES and file.stem.lower() != "readme")
    return sorted(
        file
        for file in found
        if not any(part.startswith((".", "_")) for part in file.relative_to(folder).parts) and file.is_file()
    )


def _folded(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _slug_of(path: str) -> str:
    """The slug that a file's name gives: ``2026-11-24-box-breathing.md``, ``box-breathing/index.md``."""
    pure = PurePosixPath(path)
    stem = pure.parent.name if pure.stem == "index" else pure.stem
    dated = _DATED_NAME.fullmatch(stem)
    return "-".join((dated[4] if dated else stem).lower().split())


def _front_matter(source: Source, newsletter: Newsletter, images: Images) -> FrontMatter:
    fields = Fields(source)
    slug = str(fields.value("slug") or _slug_of(source.path))
    if not SLUG.fullmatch(slug):
        fields.wrong(f"the slug {slug[:80]!r} must be letters, digits, '-', '_' and '.' only", "slug")
        slug = "x"
    published = read_date(fields, newsletter.timezone, "date") or _date_of_name(fields, newsletter.timezone)
    declared = newsletter.merge_fields
    dek = fields.first("dek", "description", "summary", "excerpt")[0]
    front_matter = FrontMatter(
        slug=slug,
        title=fields.prose("title", declared),
        url=_url(fields, slug, published, newsletter),
        where=source.where("title"),
        dek=fields.prose(dek, declared, ""),
        date=published,
        authors=_authors(fields, newsletter),
        tags=fields.words("tags", "categories"),
        hero=_hero(fields, images),
        next=fields.text("next", ""),
        draft=fields.flag("draft") or fields.value("published") is False,
        medical=fields.flag("medical"),
        language=fields.text(fields.first("lang", "language")[0], newsletter.language),
    )
    raise_all(fields.errors)
    return front_matter


def read_date(fields: Fields, timezone: str, name: str) -> datetime | None:
    """A date or a datetime; without a zone of its own it is in the newsletter's. ``None`` where there is none."""
    value: Any = fields.value(name)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            fields.wrong(f"{value[:60]!r} is not a date; write it as 2026-11-24 or 2026-11-24 08:00", name)
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        fields.wrong(f"{value!r} is not a date; write it as 2026-11-24", name)
        return None
    return value if value.tzinfo else value.replace(tzinfo=ZoneInfo(timezone))


def _date_of_name(fields: Fields, timezone: str) -> datetime | None:
    pure = PurePosixPath(fields.source.path)
    dated = _DATED_NAME.fullmatch(pure.parent.name if pure.stem == "index" else pure.stem)
    if dated is None:
        return None
    try:
        return datetime(int(dated[1]), int(dated[2]), int(dated[3]), tzinfo=ZoneInfo(timezone))
    except ValueError:
        fields.wrong(f"the file's name begins with an impossible date, {dated[1]}-{dated[2]}-{dated[3]}")
        return None


def _url(fields: Fields, slug: str, published: datetime | None, newsletter: Newsletter) -> str:
    value = fields.first("canonical_url", "permalink")[1]
    # A permalink such as /:categories/:title/ is another generator's pattern, not an address.
    if isinstance(value, str) and re.match(r"https?://|/[^:]*$", value):
        return absolute(value, newsletter.url, newsletter.url)
    parts = {"slug": quote(slug)}
    if published:
        parts |= {"year": f"{published:%Y}", "month": f"{published:%m}", "day": f"{published:%d}"}
    url = newsletter.article_url
    for part, text in parts.items():
        url = url.replace(f"{{{part}}}", text)
    if "{" in url:
        fields.wrong("`date` is missing, and article_url in newsletter.toml asks for it", "date")
    return url


def _authors(fields: Fields, newsletter: Newsletter) -> tuple[Author, ...]:
    name, value = fields.first("authors", "author", "byline")
    found = []
    for one in value if isinstance(value, list) else [] if value is None else [value]:
        key = one.get("name") if isinstance(one, dict) else one
        if not isinstance(key, str) or not key.strip():
            fields.wrong("an author is a name, or a mapping with `name`", name)
            continue
        key = " ".join(key.split())
        by_name = {author.name: author for author in newsletter.authors.values()}
        found.append(newsletter.authors.get(key) or by_name.get(key) or Author(key))
    return tuple(found)


def _hero(fields: Fields, images: Images) -> Image | None:
    image = images.read_field(fields, fields.first("hero", "cover", "image")[0])
    alt = fields.first("image_alt", "cover_alt", "hero_alt")[1]
    return replace(image, alt=alt) if image and isinstance(alt, str) else image
