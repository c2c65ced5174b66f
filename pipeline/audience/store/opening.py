"""A database's URL -> a database that has all its tables: migrations are run under a lock."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from pipeline.errors import BusyError, ConfigurationError, DeniedError, DiskError, PipelineError, Where

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent.parent / "migrations"
# The newest migration: where the database has it, Alembic needn't even be imported.
NEWEST = "0001"
# Seconds that a process waits for another one that writes, or that migrates.
_PATIENCE, _MIGRATING = 30, 300
# Seconds that the writer leaves the waiting to SQLite.
_LOOK = 0.003
# Any number; PostgreSQL's advisory locks go by numbers.
_LOCK = 0x5741_5944
_PRAGMAS = {
    "journal_mode": "WAL",
    # What was answered outlasts a power cut; a turn waits for the disk once.
    "synchronous": "FULL",
    # An erased address is overwritten.
    "secure_delete": "ON",
    # In pages: the writer leaves this to ``Checkpoints``, but for where those can't follow.
    "wal_autocheckpoint": "50000",
}
# KiB: the index of a million hashes, where each new one has another place, stays in memory.
_WRITERS_PRAGMAS = {"cache_size": "-65536"}
_KINDS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
# What SQLite says when another process has the file for too long, and PostgreSQL when it has no more time or room.
_BUSY = ("database is locked", "database table is locked")
_NOT_WRITTEN = ("attempt to write a readonly database", "unable to open database file")
_BUSY_CODES = ("55P03", "40001", "40P01", "57014", "53300", "57P03")


@dataclass(frozen=True, slots=True)
class Database:
    """One database twice: for those who look, as many at once as there are, and for the one who writes."""

    readers: Engine
    writer: Engine

    def close(self) -> None:
        self.readers.dispose()
        self.writer.dispose()


def open_database(url: str) -> Database:
    """The database, brought to the newest tables first.

    Raises a ConfigurationError for a URL or a database that can't be used, a BusyError where it is busy for too long.
    """
    parsed = _parsed(url)
    where = Where(parsed.render_as_string(hide_password=True))
    with ExitStack() as undo:
        try:
            database = _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed)
            undo.callback(database.close)
            _migrate(database.readers)  # which takes two connections at once
        except ImportError as error:
            raise ConfigurationError(
                "a PostgreSQL database needs psycopg; install it with pip install 'stay-updated[postgres]'", where
            ) from error
        except OSError as error:
            where = Where(error.filename) if error.filename else where
            raise ConfigurationError(f"can't be opened: {error.strerror or error}", where) from error
        except DBAPIError as error:
            found = failure(error)
            kind = BusyError if isinstance(found, BusyError) else ConfigurationError
            raise kind(f"can't be opened: {_told(error)}", where) from error
        undo.pop_all()
    return database


def _sqlite(url: URL) -> Database:
    """Readers don't wait for each other or for the writer, and the service has as many threads as it likes."""
    file = Path(url.database or "")
    if not file.parent.is_dir():
        file.parent.mkdir(mode=0o700, parents=True)
    if not file.exists():
        file.touch(mode=0o600)  # and so are the files that SQLite makes beside it
    arguments = {"timeout": _PATIENCE, "isolation_level": None}
    readers = create_engine(url, connect_args=arguments, pool_size=8, max_overflow=-1)
    writer = create_engine(url, connect_args={**arguments, "timeout": _LOOK}, pool_size=1, max_overflow=0)
    for engine, pragmas in ((readers, _PRAGMAS), (writer, {**_PRAGMAS, **_WRITERS_PRAGMAS})):
        event.listen(engine, "connect", partial(_prepare, pragmas=pragmas))
        event.listen(engine, "handle_error", partial(_denied, file=file))
    return Database(readers, writer)


def _denied(context: ExceptionContext, file: Path) -> DeniedError | None:
    """What to raise where the system keeps SQLite from writing: it says as little of the file as of its folder, where
    it needs to write too."""
    if not str(context.original_exception).startswith(_NOT_WRITTEN):
        return None
    beside = (file.with_name(file.name + end) for end in ("-wal", "-shm"))
    for path in (file, file.parent, *beside):
        if path.exists() and not os.access(path, os.R_OK | os.W_OK):
            told = "may not be read and written by this user, as the readers' database and its folder have to be"
            return DeniedError(told, Where(str(path)))
    return None


def _postgresql(url: URL) -> Database:
    """A server may have been started anew since: a connection is tried before it is used."""
    arguments = {"options": f"-c lock_timeout={_PATIENCE}s", "connect_timeout": _PATIENCE}
    readers = create_engine(url, connect_args=arguments, pool_pre_ping=True, pool_size=8, max_overflow=8)
    # Parameters in order, as SQLite's driver has them: rows are handed to both in the same way.
    options = {"paramstyle": "format", "pool_pre_ping": True}
    writer = create_engine(url, connect_args=arguments, **options, pool_size=1, max_overflow=0)
    return Database(readers, writer)


def _prepare(connection: Any, _: object, pragmas: Mapping[str, str]) -> None:
    with closing(connection.cursor()) as cursor:
        for name, value in pragmas.items():
            cursor.execute(f"PRAGMA {name} = {value}")


@contextmanager
def failures() -> Iterator[None]:
    """What the database refuses in the block is raised as a PipelineError, but for what only a bug could ask of it."""
    try:
        yield
    except DBAPIError as error:
        found = failure(error)
        if found is None:
            raise
        raise found from error


def failure(error: DBAPIError) -> PipelineError | None:
    code = getattr(error.orig, "sqlstate", None) or ""
    message = _told(error)
    if code in _BUSY_CODES or message.startswith(_BUSY):
        return BusyError(f"the readers' database is busy: {message}")
    kind = "is gone" if error.connection_invalidated else "fails"
    if type(error).__name__ in ("OperationalError", "InternalError", "InterfaceError", "DatabaseError"):
        return DiskError(f"the readers' database {kind}: {message}")
    return None


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:  # a port that is no number
        raise ConfigurationError("DATABASE_URL is none of a database, as postgresql://user@host/name") from error
    driver = _KINDS.get(parsed.drivername, parsed.drivername)
    if driver not in _KINDS.values():
        raise ConfigurationError(f"DATABASE_URL is of SQLite or PostgreSQL, not {parsed.drivername}")
    if driver == _KINDS["sqlite"] and _is_no_file(parsed.database):
        raise ConfigurationError("DATABASE_URL needs a file, as sqlite:////srv/blog/.audience/audience.db")
    return parsed.set(drivername=driver)


def _is_no_file(name: str | None) -> bool:
    """SQLite has its own URLs too, in which a database may be anywhere."""
    return name in (None, "", ":memory:") or str(name).startswith("file:")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that is done whole or not at all. To SQLite it says at once that it will write: one that has read
    before can't wait for another process that writes."""
    with engine.connect() as connection, connection.begin():
        if connection.dialect.name == "sqlite":
            _begin(connection)
        yield connection


def _begin(connection: Connection) -> None:
    """SQLite sleeps longer and longer between its looks, while another process's turn is over in two milliseconds: the
    writer has it look for no longer than that, again and again."""
    end = monotonic() + _PATIENCE
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except DBAPIError as error:
            if monotonic() > end or not isinstance(failure(error), BusyError):
                raise
        else:
            return


def _migrate(engine: Engine) -> None:
    if _revision(engine) == NEWEST:
        return
    with _alone(engine):
        if _revision(engine) != NEWEST:
            _upgrade(engine)


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def _upgrade(engine: Engine) -> None:
    from alembic import command
    from alembic.util.exc import CommandError

    with writing(engine) as connection:
        try:
            command.upgrade(configuration(connection), "head")
        except CommandError as error:
            raise ConfigurationError(f"the readers' database was made by a newer version: {error}") from error


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration, which is in no file: the migrations come with the package."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """No other process migrates meanwhile. The lock goes with the process, however that ends."""
    if engine.dialect.name == "sqlite":
        from filelock import FileLock, Timeout

        try:
            with FileLock(f"{engine.url.database}.lock", timeout=_MIGRATING, mode=0o600):
                yield
        except Timeout as error:
            raise BusyError("another process is migrating the readers' database") from error
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"SET lock_timeout = '{_MIGRATING}s'")
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
            connection.exec_driver_sql("RESET lock_timeout")


def _told(error: SQLAlchemyError) -> str:
    return (str(getattr(error, "orig", None) or error).splitlines() or [""])[0]
