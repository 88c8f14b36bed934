"""What snowflake-connector-python 5 must be able to do with an account.

Reads the connection's settings as JSON from stdin, prints what was found as JSON.
"""

from __future__ import annotations

import datetime
import json
import sys
import tempfile
from pathlib import Path

import snowflake.connector
from snowflake.connector.errors import Error


def main() -> None:
    settings = json.load(sys.stdin)
    snowflake.connector.paramstyle = "qmark"
    found: dict[str, object] = {"version": snowflake.connector.__version__}
    with snowflake.connector.connect(**settings) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT CURRENT_ROLE()")
        found["role"] = cursor.fetchone()[0]
        cursor.execute("CREATE OR REPLACE TABLE c5 (a INT, b VARCHAR, c TIMESTAMP_NTZ, d BOOLEAN, e FLOAT)")
        cursor.execute(
            "INSERT INTO c5 VALUES (1, 'é', '2020-01-02 03:04:05.678', TRUE, 1.5), "
            "(2, NULL, NULL, NULL, NULL)"
        )
        found["inserted"] = cursor.rowcount
        cursor.execute("SELECT * FROM c5 ORDER BY a")
        rows = cursor.fetchall()
        found["typed"] = rows[0] == (1, "é", datetime.datetime(2020, 1, 2, 3, 4, 5, 678000), True, 1.5)
        found["nulls"] = rows[1] == (2, None, None, None, None)
        # So many that the connector sends them as files.
        many = [(number, None if number % 2 else f'"{number}",\n\\') for number in range(35000)]
        cursor.executemany("INSERT INTO c5 (a, b) VALUES (?, ?)", many)
        cursor.execute("SELECT COUNT(*), COUNT(b), MAX(b) FROM c5 WHERE b IS NULL OR LENGTH(b) > 1")
        found["batch"] = cursor.fetchone()
        cursor.execute("SELECT SEQ4() AS n FROM TABLE(GENERATOR(ROWCOUNT => 100000))")
        found["large"] = len(cursor.fetchall())
        try:
            cursor.execute("SELECT * FROM absent")
        except Error as error:
            found["error"] = error.errno
        found["files"] = transfer(cursor)
    json.dump(found, sys.stdout)


def transfer(cursor: snowflake.connector.cursor.SnowflakeCursor) -> list[str]:
    """Upload two files, one compressed; list and download them."""
    cursor.execute("CREATE OR REPLACE STAGE c5_files")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.txt"), Path(folder, "out")
        source.write_text("content")
        target.mkdir()
        cursor.execute(f"PUT file://{source} @c5_files/plain AUTO_COMPRESS=FALSE")
        cursor.execute(f"PUT file://{source} @c5_files")
        source.write_text("changed")
        cursor.execute(f"PUT file://{source} @c5_files/plain AUTO_COMPRESS=FALSE OVERWRITE=FALSE")
        assert "SKIPPED" in cursor.fetchone(), "OVERWRITE=FALSE replaced a file"
        cursor.execute("LIST @c5_files")
        names = [row[0] for row in cursor.fetchall()]
        cursor.execute(f"GET @c5_files/plain file://{target}")
        assert (target / "in.txt").read_text() == "content"
    return names


if __name__ == "__main__":
    main()
