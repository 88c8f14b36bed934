"""Arrow tables that the data engine can read for a while."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

import duckdb
import pyarrow


@contextlib.contextmanager
def registered(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, pyarrow.Table]) -> Iterator[None]:
    """Let the body read tables by their names, in `temp.main`."""
    try:
        if tables:
            # The engine accepts no new table while rows of its last statement wait to be fetched.
            connection.execute("SELECT 1").fetchall()
        for name, table in tables.items():
            connection.register(name, table)
        yield
    finally:
        for name in tables:
            # Nothing is there any more after the end of a transaction in which it was registered.
            with contextlib.suppress(duckdb.Error):
                connection.unregister(name)
