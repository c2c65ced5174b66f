"""Parquet -> its rows once, as JSON lines. The only importer of pyarrow."""

from __future__ import annotations

from collections.abc import Collection
from typing import IO, Any

from pipeline.errors import ConfigurationError, ContentError, Where
from pipeline.recipients.header import layout
from pipeline.recipients.spool import write_table

# Rows that are in memory at a time.
_ROWS = 1024


def write_rows(
    path: str, where: Where, file: IO[bytes], declared: Collection[str], ignore: Collection[str]
) -> tuple[str, ...]:
    """Write the rows of the Parquet file to ``file``, one JSON object a line, and return the fields that they bring.

    Most such files are one group of a million rows, which can be read from its begin only: shards that each did so
    would take longer than this. Raises a ContentError where the file or its columns can't be used, and a
    ConfigurationError where pyarrow isn't there.
    """
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise ConfigurationError(
            "Parquet needs pyarrow; install it with pip install 'stay-updated[parquet]'", where
        ) from error
    try:
        with ParquetFile(path) as table:
            fields = layout(table.schema_arrow.names, declared, ignore, where)
            batches = table.iter_batches(_ROWS, use_threads=False)
            rows = (row for batch in batches for row in zip(*map(_cells, batch.columns), strict=True))
            return write_table(file, fields, rows, where)
    except pyarrow.ArrowException as error:
        raise ContentError(f"can't be read as Parquet: {str(error).splitlines()[0]}", where) from error


def _cells(column: Any) -> list[Any]:
    import pyarrow

    # Python's datetimes have no nanoseconds.
    if pyarrow.types.is_timestamp(column.type):
        column = column.cast(pyarrow.timestamp("us", column.type.tz), safe=False)
    cells: list[Any] = column.to_pylist()
    return cells
