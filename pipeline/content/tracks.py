"""``content/tracks.yaml`` -> Tracks."""

from __future__ import annotations

from pathlib import Path

from pipeline.content.fields import Fields
from pipeline.content.images import Images
from pipeline.content.source import Source, read_text
from pipeline.content.yaml import parse_yaml
from pipeline.errors import ContentError, PipelineError, Where, raise_all
from pipeline.model import Newsletter, Track

PATH = "content/tracks.yaml"


def read_tracks(folder: Path, newsletter: Newsletter) -> tuple[Track, ...]:
    """The audio catalogue in its own order; none where the file isn't there."""
    if not (folder / PATH).is_file():
        return ()
    values, lines = parse_yaml(read_text(folder / PATH, PATH), PATH)
    if not isinstance(values, list):
        raise ContentError("must be a list; begin each track with `- title: …`", Where(PATH, 1))
    images = Images(folder, newsletter.asset_url, newsletter.url)
    source = Source(PATH, {}, lines)
    errors: list[PipelineError] = []
    tracks = []
    for index, value in enumerate(values):
        if not isinstance(value, dict):
            errors.append(ContentError("a track is a mapping: `- title: …`, `kind: …`", source.where(index)))
            continue
        fields = Fields(source, value, (index,), errors)
        tracks.append(_track(fields, images, newsletter))
        fields.refuse_unknown()
    raise_all(errors)
    return tuple(tracks)


def _track(fields: Fields, images: Images, newsletter: Newsletter) -> Track:
    return Track(
        title=fields.prose("title", newsletter.merge_fields),
        kind=fields.text("kind"),
        minutes=_minutes(fields),
        moods=fields.words("moods", "mood"),
        teacher=fields.text("teacher", ""),
        url=fields.url("url"),
        where=fields.where(),
        image=images.read_field(fields, "image"),
        description=fields.prose("description", newsletter.merge_fields, ""),
    )


def _minutes(fields: Fields) -> int:
    value = fields.value("minutes")
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= 1440:
        fields.wrong(f"`minutes` must be a whole number from 1 to 1440, and {value!r} isn't", "minutes")
        return 0
    return value
