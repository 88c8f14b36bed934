"""Rows that the account makes for one statement, as tables that the data engine can query."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import duckdb
import pyarrow

from local_account.base.result import Column

_KINDS = {
    "boolean": pyarrow.bool_(),
    "fixed": pyarrow.int64(),
    "text": pyarrow.string(),
    "timestamp_ltz": pyarrow.timestamp("us", tz="UTC"),
}


def table(shape: Sequence[Column], rows: list[list[Any]]) -> pyarrow.Table:
    """An Arrow table of rows whose cells are in the order of the columns; times are seconds since 1970."""
    cells = [[_cell(row[index], column.type) for row in rows] for index, column in enumerate(shape)]
    kinds = [_KINDS[column.type] for column in shape]
    arrays = [pyarrow.array(values, kind) for values, kind in zip(cells, kinds, strict=True)]
    return pyarrow.table(arrays, names=[column.name for column in shape])


def _cell(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "timestamp_ltz":
        return datetime.datetime.fromtimestamp(value, datetime.UTC)
    return str(value) if kind == "text" else value


@contextmanager
def present(connection: duckdb.DuckDBPyConnection, tables: dict[str, pyarrow.Table]) -> Iterator[None]:
    """Let the connection know tables, by name in its temporary schema, while the body runs."""
    if not tables:
        yield
        return
    _end_result(connection)
    try:
        for name, content in tables.items():
            connection.register(name, content)
        yield
    finally:
        # In a transaction that has failed the tables are gone with it.
        with suppress(duckdb.Error):
            _end_result(connection)
            for name in tables:
                connection.unregister(name)


def _end_result(connection: duckdb.DuckDBPyConnection) -> None:
    """Leave the result of the statement before, of which perhaps not all rows were read."""
    connection.execute("SELECT 1").fetchall()
