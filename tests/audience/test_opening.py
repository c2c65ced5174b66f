"""Opening a store: its tables, who may open it, and what is told where it can't be."""

from __future__ import annotations

import stat
import threading
import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from pipeline.audience.store import open_store
from pipeline.audience.store.opening import NEWEST, configuration
from pipeline.audience.store.tables import metadata
from pipeline.audience.subscriber import NewReader
from pipeline.errors import BusyError, ConfigurationError, DiskError
from tests.audience.conftest import SECRET, sign
from tests.audience.saying import NOW, pending, said


def engine_of(url):
    return create_engine(url.replace("postgresql:", "postgresql+psycopg:"))


def test_migrations_make_the_tables(store, url):
    """The migrations, one after the other, make what the store takes to be there, and no more."""
    engine = engine_of(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == NEWEST
    engine.dispose()


def test_newest_migration():
    """The store asks for the newest migration that there is."""
    assert ScriptDirectory.from_config(configuration()).get_current_head() == NEWEST


def test_opened_again(url):
    """What was there before is there after."""
    with open_store(url, [SECRET], sign) as store:
        pending(store)
    with open_store(url, [SECRET], sign) as store:
        assert store.by_address("ann@example.com").state == "pending"
        assert pending(store, "bob@example.com").id == 2


def test_opened_by_many_at_once(new_url):
    """Of many that open a new database at once, one makes its tables, and all have the same."""
    url, opened, errors = new_url(), [], []

    def client():
        try:
            opened.append(open_store(url, [SECRET], sign))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len({one.who("ann@example.com") for one in opened}) == 1
    for one in opened:
        one.close()


def test_keys(url):
    """The key that a database began with has to stay among the keys; without it nobody could tell who was erased."""
    with open_store(url, [SECRET], sign) as store:
        who = store.who("ann@example.com")
    with open_store(url, [b"a new key" * 5, SECRET], sign) as store:
        assert store.who("ann@example.com") == who
    with pytest.raises(ConfigurationError, match="no key in SECRET_KEY is the one"):
        open_store(url, [b"a new key" * 5], sign)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nothing", "is none of a database"),
        ("mysql://user@host/name", "is of SQLite or PostgreSQL, not mysql"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite:///file:people?mode=memory&uri=true", "needs a file"),
        ("postgresql://host:port/name", "is none of a database"),
        ("postgresql://user:secret-word@127.0.0.1:1/name", "can't be opened"),
    ],
)
def test_no_database(url, told):
    """What is wrong is told, and never with the password."""
    with pytest.raises(ConfigurationError, match=told) as stopped:
        open_store(url, [SECRET], sign)
    assert "secret-word" not in str(stopped.value)


def test_a_folder_that_is_none(tmp_path):
    """Where the database's folder can't be made, the path that can't be is told."""
    (tmp_path / "letter.txt").touch()
    with pytest.raises(ConfigurationError, match=r"^/\S*/letter\.txt/a: can't be opened: Not a directory$"):
        open_store(f"sqlite:///{tmp_path}/letter.txt/a/b.db", [SECRET], sign)


def test_a_file_that_is_none(tmp_path):
    """A file of something else isn't touched."""
    file = tmp_path / "letter.txt"
    file.write_text("Dear reader, " * 100)
    with pytest.raises(ConfigurationError, match="not a database"):
        open_store(f"sqlite:///{file}", [SECRET], sign)
    assert file.read_text() == "Dear reader, " * 100


def test_a_database_of_the_future(url):
    """A database that a newer version has migrated is left alone."""
    open_store(url, [SECRET], sign).close()
    engine = engine_of(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(ConfigurationError, match="newer version"):
        open_store(url, [SECRET], sign)


def test_for_its_owner_alone(tmp_path):
    """A database of people, and all that SQLite puts beside it, is for nobody else to read."""
    file = tmp_path / ".audience" / "audience.db"
    with open_store(f"sqlite:///{file}", [SECRET], sign) as store:
        pending(store)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    assert modes.pop("audience.db.lock", 0o600) & 0o077 == 0
    assert modes == {"audience.db": 0o600, "audience.db-wal": 0o600, "audience.db-shm": 0o600}
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_settings(tmp_path):
    """SQLite writes to a log, waits for the disk, and overwrites what it deletes; the writer looks often whether it
    may write."""
    with open_store(f"sqlite:///{tmp_path}/a.db", [SECRET], sign) as store:
        for engine, patience in ((store._database.readers, 30_000), (store._database.writer, 3)):
            with engine.connect() as connection:
                found = [
                    connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                    for name in ("journal_mode", "synchronous", "secure_delete", "busy_timeout")
                ]
            assert found == ["wal", 2, 1, patience]


def test_busy(tmp_path, monkeypatch):
    """Where another process writes for too long, that is told, and nothing is half done."""
    monkeypatch.setattr("pipeline.audience.store.opening._PATIENCE", 0.05)
    url = f"sqlite:///{tmp_path}/a.db"
    with open_store(url, [SECRET], sign) as store:
        other = create_engine(url, connect_args={"isolation_level": None})
        with other.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            with pytest.raises(BusyError, match="busy"):
                pending(store)
            connection.exec_driver_sql("ROLLBACK")
        other.dispose()
        assert pending(store).id == 1


def test_a_full_disk(tmp_path):
    """Where there is no room, that is told, nothing is half done, and it goes on when there is room again."""
    with open_store(f"sqlite:///{tmp_path}/a.db", [SECRET], sign) as store:
        with store._database.writer.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 20}")
        added = 0
        with pytest.raises(DiskError, match="full"):
            for added in range(10_000):
                pending(store, f"r{added}@example.com")
        assert store.counts()["pending"] == added
        assert store.verify() is None
        with store._database.writer.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        pending(store, "later@example.com")
        assert store.counts()["pending"] == added + 1


@pytest.mark.slow
@pytest.mark.parametrize("new_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("people", [1, 200])
def test_a_full_server(url, people):
    """What a server refuses is told, be it of one row or of many, and nothing is half done."""
    with open_store(url, [SECRET], sign) as store:
        engine = engine_of(url)
        with engine.begin() as connection:
            full = "BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END"
            connection.exec_driver_sql(f"CREATE FUNCTION full_() RETURNS trigger LANGUAGE plpgsql AS $$ {full} $$")
            connection.exec_driver_sql("CREATE TRIGGER full_ BEFORE INSERT ON consent EXECUTE FUNCTION full_()")
        engine.dispose()
        with pytest.raises(DiskError, match="fails: could not extend file"):
            list(store.import_rows([[NewReader(f"r{n}@example.com") for n in range(people)]], said("imported"), NOW))
        assert sum(store.counts().values()) == 0


def test_a_long_look(tmp_path):
    """Who looks for long holds up neither those who write nor an erasure."""
    with open_store(f"sqlite:///{tmp_path}/a.db", [SECRET], sign) as store:
        number = pending(store).id
        with store._database.readers.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql("SELECT * FROM subscriber").all()
            begin = time.monotonic()
            assert store.erase(number, said("erased"), NOW)
            pending(store, "bob@example.com")
            assert time.monotonic() - begin < 5
            connection.exec_driver_sql("ROLLBACK")
        assert store.counts()["pending"] == 1


def test_gone(tmp_path):
    """Where the database goes away, that is told."""
    with open_store(f"sqlite:///{tmp_path}/a.db", [SECRET], sign) as store:
        store._database.close()
        for path in Path(tmp_path).iterdir():
            path.unlink()
        with pytest.raises(DiskError, match="no such table"):
            pending(store)
