"""A database's query -> its rows once, as JSON lines. The only importer of SQLAlchemy."""

from __future__ import annotations

from collections.abc import Collection
from typing import IO, TYPE_CHECKING

from pipeline.errors import ConfigurationError, ContentError, Where
from pipeline.recipients.header import layout
from pipeline.recipients.spool import write_table

if TYPE_CHECKING:
    from sqlalchemy import URL

# Rows that are in memory at a time.
_ROWS = 1024


def shown(url: str) -> str:
    """The URL as anybody may see it: without the password."""
    return _parsed(url).render_as_string(hide_password=True)


def write_rows(
    url: str, query: str, file: IO[bytes], declared: Collection[str], ignore: Collection[str]
) -> tuple[str, ...]:
    """Write the query's rows to ``file``, one JSON object a line, and return the fields that its labels mean.

    The rows are read once, by one reader: a second query needn't find them in the same order, or find the same.
    Raises a ContentError where the query fails or its columns can't be used, a ConfigurationError where there is no
    such database.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError

    where = Where(shown(url))
    try:
        engine = create_engine(_parsed(url))
        connection = engine.connect()
    except (SQLAlchemyError, ImportError) as error:
        raise ConfigurationError(f"can't be opened: {_told(error)}", where) from error
    try:
        with connection:
            # The query is in the database's own language: what looks like a parameter in it is none.
            options = {"no_parameters": True, "stream_results": True, "yield_per": _ROWS}
            result = connection.exec_driver_sql(query, execution_options=options)
            if not result.returns_rows:
                raise ContentError("the query finds no rows; it must be a SELECT", where)
            fields = layout(list(result.keys()), declared, ignore, where)
            return write_table(file, fields, result, where)
    except SQLAlchemyError as error:
        raise ContentError(f"the query fails: {_told(error)}", where) from error
    finally:
        engine.dispose()


def _parsed(url: str) -> URL:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url)
    except ArgumentError as error:
        raise ConfigurationError("the recipients' URL is none of a database, as postgresql://user@host/name") from error


def _told(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
