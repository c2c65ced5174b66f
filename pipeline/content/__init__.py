"""``content/`` -> the Newsletter, its Articles, Editions and Tracks. The only reader of ``content/``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipeline.content.articles import Articles
from pipeline.content.editions import Editions
from pipeline.content.newsletter import read_newsletter
from pipeline.content.tracks import PATH as TRACKS_PATH
from pipeline.content.tracks import read_tracks
from pipeline.errors import PipelineError
from pipeline.model import Edition, Newsletter, Track

__all__ = ["TRACKS_PATH", "Library", "read_library"]


@dataclass(frozen=True)
class Library:
    """All that a newsletter's folder says.

    Articles and editions are read on first use: one that is broken raises its PipelineError for those who ask
    for it, and leaves the others alone. ``article_errors`` has the front matter that can't be read.
    """

    folder: Path
    newsletter: Newsletter
    articles: Articles
    editions: Mapping[str, Edition]

    @cached_property
    def tracks(self) -> tuple[Track, ...]:
        return read_tracks(self.folder, self.newsletter)

    @property
    def article_errors(self) -> tuple[PipelineError, ...]:
        return self.articles.errors


def read_library(folder: Path) -> Library:
    """The newsletter in this folder. Raises a ConfigurationError where ``newsletter.toml`` is wrong or missing."""
    newsletter = read_newsletter(folder)
    articles = Articles(folder, newsletter)
    return Library(folder, newsletter, articles, Editions(folder, newsletter, articles))
