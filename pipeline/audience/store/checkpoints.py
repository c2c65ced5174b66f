"""Moves what SQLite has in its log over to its file, beside the writer, so that nobody's answer waits for that; and
sees that what was erased is in neither."""

from __future__ import annotations

import threading
from contextlib import suppress

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


class Checkpoints:
    """For one database. A thread runs for as long as there is something to move, one at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._running = threading.Lock()
        self._moved = 0
        # Something is to leave the log, and somebody was reading it.
        self._owed = False

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
            with suppress(DBAPIError), self._engine.connect() as connection:
                if self._owed:
                    self._truncate(connection, 0)
                else:
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
        finally:
            self._running.release()

    def all(self) -> None:
        """Now, and leave nothing in the log. Where somebody reads it just then, and for longer than a moment, it is
        tried again after each write: writers wait meanwhile."""
        self._owed = True
        with suppress(DBAPIError), self._running, self._engine.connect() as connection:
            self._truncate(connection, _MOMENT)

    def overwrite(self) -> None:
        """Make the file anew where anybody was erased since the last time, and leave nothing in the log: a page that
        was split keeps copies of rows, where nobody looks for them and nothing overwrites them."""
        with self._engine.connect() as connection:
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
