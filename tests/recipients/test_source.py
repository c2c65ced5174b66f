"""A source is read once, and then shard by shard in any process."""

import io
import os
import pickle
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context

import pytest

from pipeline.errors import ConfigurationError, ContentError, DiskError
from pipeline.recipients import Batch, open_batches, open_source, spool
from tests.recipients.reading import FIELDS, read, read_shards, write

# Newlines in quotation marks, at every place where a shard may begin.
PEOPLE = "email,city,topics\n" + "".join(
    f'reader{number}@example.com,"Bonn\n{number}",a;b\n' if number % 3 else f"reader{number}@example.com,Köln,\n"
    for number in range(3000)
)


def test_any_size(tmp_path):
    """Shards of any size have the same readers in the same order as one, each its own part."""
    with open_source(write(tmp_path, PEOPLE), FIELDS) as source:
        whole = read_shards(source.shards(10_000))
        assert [reader["email"] for reader in whole[0]] == [f"reader{number}@example.com" for number in range(3000)]
        assert whole[0][1]["city"] == "Bonn 1" and whole[1] == []
        for size, batch_size in ((97, 10), (1000, 512), (1024, 1), (2999, 3000)):
            shards = source.shards(size)
            assert [shard.number for shard in shards] == list(range(len(shards)))
            assert sum(shard.rows for shard in shards) == source.rows == 3000
            assert read_shards(shards, batch_size) == whole


def _emails(shard):
    return [reader["email"] for reader in read_shards([shard])[0]]


@pytest.mark.slow
def test_other_processes(tmp_path):
    """A shard is read by a process that has never seen the source, whatever its hashes are."""
    with open_source(write(tmp_path, PEOPLE + "READER7@example.com,,\n"), FIELDS) as source:
        with ProcessPoolExecutor(2, get_context("spawn")) as executor:
            found = [email for part in executor.map(_emails, source.shards(500)) for email in part]
        assert found == [f"reader{number}@example.com" for number in range(3000)]


def test_another_folder(tmp_path, monkeypatch):
    """A shard is read wherever the process stands; a stop tells the file's name as it was given."""
    write(tmp_path, "email\na@example.com\n")
    monkeypatch.chdir(tmp_path)
    with open_source("people.csv", FIELDS) as source:
        monkeypatch.chdir("/")
        assert read_shards(source.shards(10)) == ([{"email": "a@example.com"}], [])
        write(tmp_path, "email\n")
        with pytest.raises(ContentError, match=r"^people\.csv: has changed"):
            read_shards(source.shards(10))


def test_small_shards(tmp_path):
    """What is sent to another process doesn't grow with the input."""
    with open_source(write(tmp_path, PEOPLE), FIELDS) as source:
        assert max(len(pickle.dumps(shard)) for shard in source.shards(100)) < 2000


def test_fingerprint(tmp_path):
    """The fingerprint changes with the content and with what is read of it, and with nothing else."""
    one = write(tmp_path, "email,city\na@example.com,Bonn\n", "one.csv")
    same = write(tmp_path, "email,city\na@example.com,Bonn\n", "same.csv")
    other = write(tmp_path, "email,city\na@example.com,Köln\n", "other.csv")
    fingerprints = [
        open_source(file, {**FIELDS, **more}, ignore=ignore).fingerprint
        for file, more, ignore in (
            (one, {}, ()),
            (same, {"shoe_size": "text"}, ()),
            (other, {}, ()),
            (one, {"city": "list"}, ()),
            (one, {}, ("city",)),
        )
    ]
    assert fingerprints[0] == fingerprints[1] and len(set(fingerprints)) == 4


def test_changed_file(tmp_path):
    """A file that somebody writes in the middle of a send stops it."""
    file = write(tmp_path, "email\na@example.com\n")
    with open_source(file, FIELDS) as source:
        write(tmp_path, "email\nb@example.com\nc@example.com\n")
        with pytest.raises(ContentError, match="has changed while it was read"):
            read_shards(source.shards(10))


def test_standard_input(tmp_path, monkeypatch):
    """Standard input is kept in a temporary file, in whatever format it is, until the source is closed."""
    monkeypatch.setattr(spool.tempfile, "tempdir", str(tmp_path))
    for content in ("email\na@example.com\n", '{"email": "a@example.com"}\n'):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
        with open_source("-", FIELDS) as source:
            assert read_shards(source.shards(10)) == ([{"email": "a@example.com"}], [])
            assert len([*tmp_path.iterdir()]) == 1
        assert not any(tmp_path.iterdir())


def test_nothing_is_left(tmp_path, monkeypatch):
    """An input that can't be used leaves no temporary file."""
    monkeypatch.setattr(spool.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"city\nBonn\n")))
    with pytest.raises(ContentError, match=r"^-:1: no column brings the address"):
        open_source("-", FIELDS)
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(ContentError, match="standard input is closed"):
        open_source("-", FIELDS)
    assert not any(tmp_path.iterdir())


def test_pipe(tmp_path):
    """A named pipe can be read once, and is read once."""
    pipe = tmp_path / "people"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("email\na@example.com\n",))
    writer.start()
    assert read(str(pipe)) == ([{"email": "a@example.com"}], [])
    writer.join()


def test_full_disk(tmp_path, monkeypatch):
    """A temporary folder that can't be written is the disk's fault, and says so."""
    monkeypatch.setattr(spool.tempfile, "tempdir", str(tmp_path / "none"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"email\n")))
    with pytest.raises(DiskError, match="can't be written"):
        open_source("-", FIELDS)
    with pytest.raises(DiskError, match="temporary files can't be written"):
        open_source(write(tmp_path, "email\n"), FIELDS)


def test_no_file(tmp_path):
    """A file that isn't there, or is a folder, can't be read."""
    for name in (str(tmp_path / "none.csv"), str(tmp_path)):
        with pytest.raises(ContentError, match="can't be read: "):
            open_source(name, FIELDS)


def test_queries(tmp_path):
    """A database needs a query, and nothing else has one."""
    with pytest.raises(ConfigurationError, match="a database needs a query"):
        open_source("sqlite:///people.db", FIELDS)
    with pytest.raises(ConfigurationError, match="is none of a database"):
        open_source("people.csv", FIELDS, query="SELECT 1")


def test_batches(tmp_path, monkeypatch):
    """Readers that a program has are written down for this user alone, read in shards as any others, and removed."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    fields = {"topics": "list", "joined": "date", "city": "text"}
    emails = [f"reader{number}@example.com" for number in range(10)]
    columns = {"topics": [("a", "b")] * 10, "joined": [date(2026, 11, 23)] * 10, "city": ["Köln\n"] * 9 + [""]}
    batches = [
        Batch(emails[part], {name: column[part] for name, column in columns.items()})
        for part in (slice(7), slice(7, 10))
    ]
    with open_batches("the list", batches, fields) as source:
        (file,) = tmp_path.iterdir()
        assert file.stat().st_mode & 0o077 == 0
        assert source.columns == ("email", "topics", "joined", "city")
        readers, rejected = read_shards(source.shards(3))
        assert [reader["email"] for reader in readers] == emails and not rejected
        assert readers[0] == {"email": emails[0], "topics": ("a", "b"), "joined": date(2026, 11, 23), "city": "Köln"}
        first = source.fingerprint
    assert not list(tmp_path.iterdir())
    with open_batches("the list", batches, fields) as same, open_batches("the list", batches[:1], fields) as other:
        assert (same.fingerprint, other.fingerprint == first) == (first, False)


def test_no_batches():
    """Nobody is a list too."""
    with open_batches("the list", [], {"city": "text"}) as source:
        assert (source.rows, source.columns, source.shards(10)) == (0, ("email", "city"), ())
