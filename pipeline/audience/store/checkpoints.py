"""Moves what SQLite has in its log over to its file, beside the writer, so that nobody's answer waits for that; and
sees that what was erased is in neither.

SQLite begins its log anew where nothing is left to be moved. While somebody always writes, a move beside the writer
leaves what was written meanwhile, and the log grows until one transaction has to wait for all of it, a tenth of a
second and more. So what was moved is put on the disk here too, and moved again, until so little is left that the writer
moves that itself, in a millisecond or two between two transactions.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from time import monotonic, sleep

from sqlalchemy import Connection, Engine, bindparam, func, select
from sqlalchemy.exc import DBAPIError

from pipeline.audience.store.tables import consent

_LAST_ERASED = select(func.max(consent.c.number)).where(
    consent.c.number > bindparam("done"), consent.c.what.in_(("erased", "lapsed"))
)
# Rows written since the last time: some megabytes of the log. More at once keep the disk from those who wait for it.
_ROWS = 1_000
# In milliseconds.
_MOMENT = 500
# Pages of the log, 64 MB of them, from which on it is to begin anew.
_LONG = 16_000
# Seconds: a move that is through as soon as this leaves little. How often that is tried for.
_SOON, _TRIES = 0.015, 8
# Seconds, between looks whether another process is through with its move.
_LOOK = 0.005
# As SQLite does where it can: the moment at which the file was written needn't be on the disk.
_sync = getattr(os, "fdatasync", os.fsync)
_MOVE = "PRAGMA wal_checkpoint(PASSIVE)"


class Checkpoints:
    """For one database. A thread runs for as long as there is something to move, one at a time."""

    def __init__(self, readers: Engine, writer: Engine) -> None:
        self._readers, self._writer = readers, writer
        self._file: int | None = None
        self._running = threading.Lock()
        self._moved = 0
        # Something is to leave the log, and somebody was reading it.
        self._owed = False
        # Little is left in a long log, for the writer to move.
        self._is_nearly_done = False

    def close(self) -> None:
        """Once nobody uses the database any more."""
        with self._running:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def before_writing(self) -> None:
        """The writer is about to begin a transaction."""
        if self._is_nearly_done and self._running.acquire(blocking=False):
            self._is_nearly_done = False
            try:
                with suppress(DBAPIError), self._writer.connect() as connection:
                    connection.exec_driver_sql(_MOVE)
            finally:
                self._running.release()

    def written(self, connection: Connection) -> None:
        """The writer has committed."""
        total: int = connection.connection.dbapi_connection.total_changes  # type: ignore[union-attr]
        if (self._owed or total - self._moved >= _ROWS) and self._running.acquire(blocking=False):
            self._moved = total
            try:
                threading.Thread(target=self._run, name="checkpoint", daemon=True).start()
            except RuntimeError:  # the system has no room for a thread, or not yet
                self._running.release()

    def _run(self) -> None:
        # What fails now is done the next time.
        try:
            with suppress(DBAPIError, OSError), self._readers.connect() as connection:
                if self._owed:
                    self._truncate(connection, 0)
                else:
                    self._move(connection)
        finally:
            self._running.release()

    def _move(self, connection: Connection) -> None:
        for _ in range(_TRIES):
            begun = monotonic()
            _, pages, _ = connection.exec_driver_sql(_MOVE).one()
            if pages < _LONG:
                return
            self._put_on_disk()
            if monotonic() - begun < _SOON:
                break
        self._is_nearly_done = True

    def _put_on_disk(self) -> None:
        """SQLite does so once it has moved all there is. The file stays open: with any descriptor of it that is closed,
        the system takes away the locks that SQLite has on it in this process (fcntl(2), advisory record locking)."""
        if self._file is None:
            self._file = os.open(str(self._readers.url.database), os.O_RDONLY)
        _sync(self._file)

    def all(self) -> None:
        """Now, and leave nothing in the log. Where somebody reads it just then, and for longer than a moment, it is
        tried again after each write: writers wait meanwhile."""
        self._owed = True
        end = monotonic() + _MOMENT / 1000
        with suppress(DBAPIError), self._running, self._readers.connect() as connection:
            self._truncate(connection, _MOMENT)
            while self._owed and monotonic() < end:  # another process is moving pages just then
                sleep(_LOOK)
                self._truncate(connection, _MOMENT)

    def overwrite(self) -> None:
        """Make the file anew where anybody was erased since the last time, and leave nothing in the log: a page that
        was split keeps copies of rows, where nobody looks for them and nothing overwrites them."""
        with self._readers.connect() as connection:
            done = connection.exec_driver_sql("PRAGMA user_version").scalar()
            if last := connection.scalar(_LAST_ERASED, {"done": done}):
                with self._running:
                    connection.exec_driver_sql("VACUUM")
                    connection.exec_driver_sql(f"PRAGMA user_version = {last:d}")
        self.all()

    def _truncate(self, connection: Connection, patience: int) -> None:
        before = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {patience}")
        try:
            was_busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
            self._owed = bool(was_busy)
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {before}")
