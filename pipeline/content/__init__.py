"""``content/`` -> the Newsletter, Articles, Editions, Digests, Tracks and Personas. The only reader of ``content/``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipeline.content.articles import FOLDER as ARTICLES
from pipeline.content.articles import Articles, is_article, markdown_files
from pipeline.content.digests import Digests
from pipeline.content.editions import Editions, is_edition
from pipeline.content.newsletter import read_newsletter, read_source
from pipeline.content.personas import PATH as PERSONAS_PATH
from pipeline.content.personas import read_personas
from pipeline.content.source import Source
from pipeline.content.tracks import PATH as TRACKS_PATH
from pipeline.content.tracks import read_tracks
from pipeline.errors import PipelineError
from pipeline.model import Edition, Newsletter, Persona, Track

__all__ = [
    "PERSONAS_PATH",
    "TRACKS_PATH",
    "Library",
    "is_article",
    "is_edition",
    "read_library",
    "reread_library",
    "stamps",
]


@dataclass(frozen=True)
class Library:
    """All that a newsletter's folder says.

    Articles, editions and digests are read on first use: one that is broken raises its PipelineError for those who
    ask for it, and leaves the others alone. ``article_errors`` has the front matter that can't be read.
    """

    folder: Path
    newsletter: Newsletter
    articles: Articles
    editions: Mapping[str, Edition]
    digests: Digests

    @cached_property
    def tracks(self) -> tuple[Track, ...]:
        return read_tracks(self.folder, self.newsletter)

    @cached_property
    def personas(self) -> tuple[Persona, ...]:
        return read_personas(self.folder, self.newsletter)

    @property
    def article_errors(self) -> tuple[PipelineError, ...]:
        return self.articles.errors


def read_library(folder: Path, esp: str = "") -> Library:
    """The newsletter in this folder, for its own service or another one.

    Raises a ConfigurationError where ``newsletter.toml`` is wrong or missing.
    """
    source = read_source(folder, esp)
    newsletter = read_newsletter(folder, source)
    return _library(folder, source, newsletter, Articles(folder, newsletter))


def reread_library(library: Library, changed: Collection[str]) -> Library:
    """The newsletter once these files, by their paths in its folder, have changed. Raises as ``read_library`` does.

    What they have no say in isn't read again: above all the front matter of hundreds of articles.
    """
    folder, newsletter = library.folder, library.newsletter
    alone = {"tracks": TRACKS_PATH, "personas": PERSONAS_PATH}
    if not all(is_article(path) or is_edition(path) or path in alone.values() for path in changed):
        return read_library(folder)
    articles = library.articles
    if any(is_article(path) for path in changed):
        unchanged = {path: post for path, post in articles.by_path.items() if path not in changed}
        articles = Articles(folder, newsletter, unchanged)
    again = _library(folder, library.digests.source, newsletter, articles)
    read = vars(library)
    vars(again).update({name: read[name] for name, path in alone.items() if name in read and path not in changed})
    return again


def stamps(folder: Path) -> Mapping[str, tuple[int, ...]]:
    """The files of articles and of tracks, by their paths in the newsletter's folder, each with what is another once
    somebody has written it. Nothing is read for that."""
    found: dict[str, tuple[int, ...]] = {}
    for file in (*markdown_files(folder / ARTICLES), folder / TRACKS_PATH):
        with suppress(FileNotFoundError):
            is_now = file.stat()
            found[file.relative_to(folder).as_posix()] = is_now.st_mtime_ns, is_now.st_size, is_now.st_ino
    return found


def _library(folder: Path, source: Source, newsletter: Newsletter, articles: Articles) -> Library:
    editions, digests = Editions(folder, newsletter, articles), Digests(source, newsletter, articles)
    return Library(folder, newsletter, articles, editions, digests)
