"""COPY INTO a table against the data engine alone, which reads the same file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb
import pyarrow
import pyarrow.parquet

from bench.measure import Figure, medians_in_turns
from bench.servers import local_account

_ROWS = 1_000_000
_TIMES = 3


def figures() -> list[Figure]:
    """Seconds to load a million rows of Parquet."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        file = Path(folder, "rows.parquet")
        columns = {
            "A": range(_ROWS),
            "B": [f"name {index}" for index in range(_ROWS)],
            "C": [index / 2 for index in range(_ROWS)],
        }
        pyarrow.parquet.write_table(pyarrow.table(columns), file)
        with local_account() as ours, ours.connect() as session, session.cursor() as cursor:
            for statement in (
                "CREATE DATABASE bench",
                "CREATE WAREHOUSE bench",
                "CREATE STAGE files FILE_FORMAT = (TYPE = PARQUET)",
                "CREATE TABLE target (a INT, b VARCHAR, c FLOAT)",
                f"PUT file://{file} @files AUTO_COMPRESS = FALSE",
            ):
                cursor.execute(statement)
            copy = "COPY INTO target FROM (SELECT $1:A, $1:B, $1:C FROM @files) FORCE = TRUE"
            with duckdb.connect(Path(folder, "alone.db")) as engine:
                engine.execute("CREATE TABLE target (a BIGINT, b VARCHAR, c DOUBLE)")
                insert = f"INSERT INTO target SELECT * FROM read_parquet('{file}')"  # noqa: S608
                values = medians_in_turns(
                    [lambda: cursor.execute(copy).fetchall(), lambda: engine.execute(insert)], _TIMES
                )
    return [Figure("local account: COPY INTO of 1,000,000 rows of Parquet", values[0], "s", values[1], 1.5)]
