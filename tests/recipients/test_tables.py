"""Parquet files and databases: their columns and types come as people would write them."""

import builtins
import io
import sqlite3
import sys
from datetime import date, datetime
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError, ContentError, PipelineError
from pipeline.recipients import open_source, spool
from tests.recipients.reading import FIELDS, read, read_shards, told, write


@pytest.fixture
def database(tmp_path):
    file = tmp_path / "people.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE readers (address TEXT, name TEXT, since TEXT, shoe REAL, picture BLOB)")
        connection.executemany(
            "INSERT INTO readers VALUES (?, ?, ?, ?, ?)",
            [(f"reader{number}@example.com", f"Zoë {number}", "2026-11-23", 44, b"x") for number in range(2500)],
        )
        connection.execute("INSERT INTO readers VALUES ('READER1@example.com', NULL, NULL, NULL, NULL)")
        connection.execute("INSERT INTO readers VALUES (NULL, 'Ann', NULL, NULL, NULL)")
    connection.close()
    return f"sqlite:///{file}"


def test_query(database):
    """A query's labels are the columns, its rows the recipients; a rejected row is told by its number."""
    pytest.importorskip("sqlalchemy")
    query = (
        'SELECT address AS email, name AS "First Name", since AS joined, shoe AS city FROM readers -- :no %parameter'
    )
    readers, rejected = read(database, query=query)
    assert len(readers) == 2500
    expected = {"email": "reader1@example.com", "first_name": "Zoë 1", "joined": date(2026, 11, 23), "city": "44"}
    assert readers[1] == expected
    assert told(rejected) == [(2501, "duplicate: an earlier row has this address"), (2502, "no address")]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT address FROM readers", "'address' is no declared merge field"),
        ("SELECT name AS city FROM readers", "no column brings the address"),
        ("SELECT address AS email, name AS mail FROM readers", "both bring email"),
        ("SELECT address AS email, picture AS city FROM readers", "a column holds bytes"),
        ("SELECT missing FROM readers", "the query fails: no such column: missing"),
        ("DELETE FROM readers", "it must be a SELECT"),
    ],
)
def test_broken_query(database, query, message, tmp_path, monkeypatch):
    """A query that can't be used says so, changes nothing, and leaves nothing."""
    pytest.importorskip("sqlalchemy")
    monkeypatch.setattr(spool.tempfile, "tempdir", str(tmp_path))
    with pytest.raises(PipelineError) as stopped:
        open_source(database, FIELDS, query=query)
    assert message in str(stopped.value)
    assert [file.name for file in tmp_path.iterdir()] == ["people.db"]
    assert len(read(database, query="SELECT address AS email FROM readers")[0]) == 2500


def test_no_rows(database):
    """A query that finds nobody still says its columns."""
    pytest.importorskip("sqlalchemy")
    with open_source(database, FIELDS, query="SELECT address AS email FROM readers WHERE 0") as source:
        assert (source.rows, source.columns, source.shards(10)) == (0, ("email",), ())


def test_no_database(tmp_path):
    """A database that can't be opened is told without its password."""
    pytest.importorskip("sqlalchemy")
    for url, message in (
        (f"sqlite:///{tmp_path}/no/people.db", "can't be opened: unable to open database file"),
        ("nosuchthing://ann:secret@localhost/people", "can't be opened: "),
        ("://", "is none of a database"),
    ):
        with pytest.raises(ConfigurationError) as stopped:
            open_source(url, FIELDS, query="SELECT 1")
        assert message in str(stopped.value) and "secret" not in str(stopped.value)


def parquet(folder, columns, **options):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    file = folder / "people.parquet"
    parquet.write_table(pyarrow.table(columns), file, **options)
    return str(file)


def test_parquet(tmp_path):
    """Parquet's types come as text, dates and lists, over several groups of rows."""
    file = parquet(
        tmp_path,
        {
            "Email Address": ["a@example.com", "b@example.com", None, "A@example.com", "c@example.com"],
            "first_name": ["Zoë", None, "", "x", " Ann  Lee "],
            "city": [1.0, None, 2.5, 3.0, float("nan")],
            "token": [1, 2, 3, 4, 5],
            "joined": [datetime(2026, 11, 23, 8), None, None, None, datetime(1999, 1, 2)],
            "topics": [["a", "b"], [], None, None, ["c", None]],
        },
        row_group_size=2,
    )
    readers, rejected = read(file, size=2)
    assert readers == [
        {
            "email": "a@example.com",
            "first_name": "Zoë",
            "city": "1",
            "token": "1",
            "joined": date(2026, 11, 23),
            "topics": ("a", "b"),
        },
        {"email": "b@example.com", "first_name": "", "city": "", "token": "2", "joined": "", "topics": ()},
        {
            "email": "c@example.com",
            "first_name": "Ann Lee",
            "city": "",
            "token": "5",
            "joined": date(1999, 1, 2),
            "topics": ("c",),
        },
    ]
    assert told(rejected) == [(3, "no address"), (4, "duplicate: an earlier row has this address")]


def test_parquet_nanoseconds(tmp_path):
    """A moment to the nanosecond, as pandas has them, has a date too."""
    pyarrow = pytest.importorskip("pyarrow")
    moments = pyarrow.array([1_795_392_000_000_000_001], pyarrow.timestamp("ns", "UTC"))
    readers, _ = read(parquet(tmp_path, {"email": ["a@example.com"], "joined": moments}))
    assert readers[0]["joined"] == date(2026, 11, 23)


def test_parquet_standard_input(tmp_path, monkeypatch):
    """Parquet comes through standard input too, and what it leaves is taken away."""
    file = parquet(tmp_path, {"email": ["a@example.com"], "hat": [60]})
    content = Path(file).read_bytes()
    Path(file).unlink()
    monkeypatch.setattr(spool.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    with open_source("-", FIELDS, ignore=["hat"]) as source:
        assert read_shards(source.shards(10)) == ([{"email": "a@example.com"}], [])
    assert not any(tmp_path.iterdir())


def test_broken_parquet(tmp_path):
    """A file that only begins like Parquet can't be read."""
    pytest.importorskip("pyarrow")
    with pytest.raises(ContentError, match="can't be read as Parquet: "):
        open_source(write(tmp_path, b"PAR1 and no more"), FIELDS)
    with pytest.raises(ContentError, match="'hat' is no declared merge field"):
        open_source(parquet(tmp_path, {"email": ["a@example.com"], "hat": [60]}), FIELDS)


def test_missing_extra(tmp_path, monkeypatch):
    """What isn't installed is told with the command that installs it."""
    imported = builtins.__import__

    def without(module, *arguments, **keywords):
        if module.partition(".")[0] == "pyarrow":
            raise ImportError(module)
        return imported(module, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigurationError, match=r"pip install 'stay-updated\[parquet\]'"):
        open_source(write(tmp_path, b"PAR1"), FIELDS)
