"""record.py: what has gone out, also where the disk or a person has damaged what says so."""

import json
from datetime import UTC, datetime

import pytest

from pipeline import build, outbox, record
from pipeline.errors import DeniedError, DiskError
from tests import folders


@pytest.fixture
def folder(tmp_path):
    build.build_edition("breathe", build.open_project(folders.make(tmp_path)))
    return tmp_path / "outbox"


def changed(folder, change):
    """Write the manifest anew, with this change."""
    file = folder / "breathe" / record.MANIFEST
    manifest = json.loads(file.read_bytes())
    change(manifest)
    file.write_text(json.dumps(manifest))


def test_read(folder):
    """The record has every edition's manifest, also once its folder was cleaned away."""
    manifest = record.read(folder).manifests["breathe"]
    assert (manifest["subject"], manifest["articles"][0]["slug"]) == ("Breathe a little", "box-breathing")
    outbox.remove(folder, "breathe")
    assert record.read(folder) == record.Record({"breathe": manifest})
    assert record.read(folder / "nowhere") == record.Record()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"edition": "breathe"}',
        '{"edition": 3}',
        "[" * 100_000,
        "\ud800".encode("utf-8", "surrogatepass"),
    ],
    ids=lambda text: str(text)[:20],
)
def test_damaged(folder, text):
    """A manifest that can't be understood is damaged, and not as if it weren't there."""
    (folder / "breathe" / record.MANIFEST).write_bytes(text if isinstance(text, bytes) else text.encode())
    (error,) = record.read(folder).damaged
    assert isinstance(error, DiskError)
    assert str(error).startswith("outbox/breathe/manifest.json: is damaged")


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told.update(digest=3),
        lambda told: told.update(digest={"name": "weekly"}),
        lambda told: told.update(digest={"name": "weekly", "begin": told["date"], "end": 5}),
        lambda told: told.update(digest={"name": "weekly", "begin": told["date"], "end": "2026-11-23"}),
        lambda told: told.update(articles=None),
        lambda told: told.update(articles=["a"]),
        lambda told: told.update(articles=[{"slug": "a"}]),
        lambda told: told.update(findings=None),
        lambda told: told.update(inputs=None),
        lambda told: told.update(inputs={"a\0b": ""}),
        lambda told: told.update(files={}),
        lambda told: told.update(edition="another"),
        lambda told: told.update(date="soon"),
        lambda told: told.pop("tools"),
    ],
)
@pytest.mark.slow
def test_wrong_types(folder, change):
    """Each value of a manifest must be of its kind."""
    changed(folder, change)
    assert [str(error).partition(": ")[0] for error in record.read(folder).damaged] == ["outbox/breathe/manifest.json"]


def test_foreign(folder):
    """A manifest of another program's is none of ours."""
    (folder / "app").mkdir()
    (folder / "app/manifest.json").write_text('{"name": "An app"}')
    assert (list(record.read(folder).manifests), record.read(folder).damaged) == (["breathe"], ())


def test_refused(folder, monkeypatch):
    """An outbox that may not be read is told as such."""

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.listdir", refuse)
    with pytest.raises(DeniedError, match=r"^outbox: can't be read: Permission denied$"):
        record.read(folder)


def test_ticks(folder):
    """Of each digest the latest tick is kept, and only that; a damaged file of them is told."""
    early, late = datetime(2026, 11, 16, 7, tzinfo=UTC), datetime(2026, 11, 23, 7, tzinfo=UTC)
    outbox.note_ticks(folder, {"weekly": late})
    outbox.note_ticks(folder, {"weekly": early, "daily": early})
    assert record.read(folder).ticks == {"weekly": late, "daily": early}
    (folder / record.RECORD / record.TICKS).write_text('{"weekly": 3}')
    assert str(record.read(folder).damaged[0]).startswith("outbox/.record/ticks: is damaged")


def test_whole(folder):
    """An edition is whole if all that it is sent as is there."""
    manifest = record.read_manifest(folder, "breathe")
    assert record.is_whole(folder, "breathe", manifest)
    (folder / "breathe/message.eml").unlink()
    assert not record.is_whole(folder, "breathe", manifest)
