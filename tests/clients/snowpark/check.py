"""What snowflake-snowpark-python must be able to do with an account, as a notebook uses it.

Reads the connection's settings as JSON from stdin, prints what was found as JSON.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Callable
from typing import Any

from snowflake.connector.errors import Error
from snowflake.snowpark import Session, __version__
from snowflake.snowpark.exceptions import SnowparkSQLException
from snowflake.snowpark.functions import col
from snowflake.snowpark.functions import sum as total
from snowflake.snowpark.types import FloatType, IntegerType, StringType, StructField, StructType

SCHEMA = StructType(
    [StructField("ID", IntegerType()), StructField("NAME", StringType()), StructField("SCORE", FloatType())]
)
ROWS = [[1, "a", 0.5], [2, "b", 1.5], [3, None, 2.5]]


def main() -> None:
    settings = json.load(sys.stdin)
    found: dict[str, Any] = {"version": __version__}
    named = {name: settings.pop(name) for name in ("connection_name",) if name in settings}
    session = Session.builder.configs({**settings, **named}).create()
    steps: dict[str, Callable[[Session], Any]] = {
        "session": lambda s: [s.get_current_role(), s.get_current_database(), s.get_current_schema()],
        "sql": lambda s: [list(row) for row in s.sql("SELECT 1 AS a, 'x' AS b").collect()],
        "bound": lambda s: [list(row) for row in s.sql("SELECT ? AS a", params=[5]).collect()],
        "created": lambda s: created(s),
        "table": lambda s: [list(r) for r in s.table("SP").filter(col("ID") > 1).select("NAME").collect()],
        "count": lambda s: s.table("SP").count(),
        "grouped": lambda s: float(s.table("SP").agg(total("SCORE")).collect()[0][0]),
        "sorted": lambda s: [row["ID"] for row in s.table("SP").sort(col("ID").desc()).limit(2).collect()],
        "appended": lambda s: appended(s),
        "pandas": lambda s: s.table("SP").select("ID", "NAME").sort("ID").to_pandas().values.tolist(),
        "from pandas": lambda s: from_pandas(s),
        "write_pandas": lambda s: written(s),
        "random frames": lambda s: random_frames(s),
        "shown": lambda s: shown(s),
        "schema": lambda s: [[field.name, str(field.datatype)] for field in s.table("SP").schema.fields],
        "joined": lambda s: s.table("SP").join(s.table("SP").select("ID"), "ID").count(),
        "column": lambda s: added(s),
        "view": lambda s: viewed(s),
        "asynchronous": lambda s: len(s.table("SP").collect_nowait().result()),
        "deleted": lambda s: s.table("SP").delete(col("ID") == 1).rows_deleted,
        "updated": lambda s: s.table("SP").update({"NAME": "z"}, col("ID") == 2).rows_updated,
        "cached": lambda s: s.table("SP").cache_result().count(),
        "files": lambda s: files(s),
    }
    for name, step in steps.items():
        try:
            found[name] = step(session)
        except (SnowparkSQLException, Error) as error:
            found[name] = f"refused: {' '.join(str(getattr(error, 'raw_msg', None) or error).split())}"
    session.close()
    json.dump(found, sys.stdout, default=str)


def created(session: Session) -> list[str]:
    """A table out of rows."""
    session.create_dataframe(ROWS, schema=SCHEMA).write.mode("overwrite").save_as_table("SP")
    return session.table("SP").columns


def appended(session: Session) -> int:
    """Rows after a second write."""
    session.create_dataframe([[4, "d", 3.5]], schema=SCHEMA).write.mode("append").save_as_table("SP")
    return session.table("SP").count()


def from_pandas(session: Session) -> Any:
    """A data frame of pandas, written and read."""
    import pandas

    frame = pandas.DataFrame({"A": [1, 2], "B": ["x", "y"]})
    return session.create_dataframe(frame).collect()


def written(session: Session) -> dict[str, Any]:
    """What `write_pandas` of the connector does in each of its modes: rows, and the table's types."""
    import pandas
    from snowflake.connector.pandas_tools import write_pandas

    moment = pandas.Timestamp("2024-01-02 03:04:05.123456")
    frame = pandas.DataFrame(
        {
            "a": [1.5, None, 3.0],
            'B "c"': ["x", None, "y'"],
            "T": [moment] * 3,
            "OK": [True, False, None],
            "N": [b"a\0", None, b""],
        }
    )
    plain = frame[["a", "OK"]].rename(columns={"a": "A"})
    modes: dict[str, dict[str, Any]] = {
        "auto": {"auto_create_table": True},
        "again": {"overwrite": True},
        "replaced": {"overwrite": True, "auto_create_table": True, "chunk_size": 2, "parallel": 2},
        "temporary": {"auto_create_table": True, "table_type": "temp", "compression": "snappy"},
        "logical": {"auto_create_table": True, "use_logical_type": True, "infer_schema": True},
    }
    connection = session.connection
    found: dict[str, Any] = {}
    tables = {"again": "auto", "replaced": "auto"}
    for mode, options in modes.items():
        table = tables.get(mode, mode)
        done = write_pandas(connection, frame, table, **options)
        cursor = connection.cursor()
        rows = cursor.execute(f'SELECT * FROM "{table}" ORDER BY "a"').fetchall()
        assert rows[0] == (1.5, "x", moment.to_pydatetime(), True, b"a\0"), rows
        assert rows[2] == (None, None, moment.to_pydatetime(), False, None), rows
        found[mode] = [*done[:3], [row[1] for row in cursor.execute(f'DESC TABLE "{table}"').fetchall()]]
    connection.cursor().execute("CREATE OR REPLACE TABLE WP_PLAIN (A FLOAT, OK BOOLEAN)")
    found["unquoted"] = list(write_pandas(connection, plain, "wp_plain", quote_identifiers=False)[:3])
    found["snowpark's"] = session.write_pandas(plain, "WP_PLAIN").count()
    return found


def random_frames(session: Session) -> bool:
    """Tables of texts, numbers and NULLs come back as they were written."""
    import random

    import pandas
    from snowflake.connector.pandas_tools import write_pandas

    chance = random.Random(7)  # noqa: S311
    pieces = ["", "a", '"', "'", ",", "\n", "\\", "\\N", "é", "𝄞", " ", "NULL", "\0"]
    for number in range(3):
        texts = [
            None if chance.random() < 0.2 else "".join(chance.choices(pieces, k=chance.randrange(8)))
            for _ in range(50)
        ]
        frame = pandas.DataFrame(
            {"N": range(50), "S": texts, "I": [chance.randrange(-(2**62), 2**62) for _ in texts]}
        )
        write_pandas(session.connection, frame, f"RANDOM_{number}", auto_create_table=True)
        query = f"SELECT * FROM RANDOM_{number} ORDER BY N"
        back = session.connection.cursor().execute(query).fetchall()
        assert back == list(frame.itertuples(index=False, name=None)), "the rows differ"
    return True


def added(session: Session) -> list[Any]:
    """A computed column."""
    frame = session.table("SP").with_column("TWICE", col("ID") * 2).sort("ID")
    return [row["TWICE"] for row in frame.collect()]


def viewed(session: Session) -> int:
    """A view of a query."""
    session.table("SP").filter(col("ID") > 2).create_or_replace_view("SPV")
    return session.table("SPV").count()


def shown(session: Session) -> bool:
    """What a notebook's reader sees."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        session.table("SP").show()
    return '|"ID"' in out.getvalue()


def files(session: Session) -> list[str]:
    """Upload and list."""
    session.sql("CREATE OR REPLACE STAGE SPS").collect()
    session.file.put(__file__, "@SPS", auto_compress=False)
    return [row["name"] for row in session.sql("LIST @SPS").collect()]


if __name__ == "__main__":
    main()
