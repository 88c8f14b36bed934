"""Snowflake's JDBC driver, with results as Arrow and as JSON, and what JDBC tools ask about a database."""

from __future__ import annotations

from pathlib import Path

from machine.paths import PROJECT
from tests.account.clients.program import found_by
from tests.account.conftest import Place
from tests.tools import jdbc_driver

SOURCE = PROJECT / "tests" / "clients" / "jdbc" / "Check.java"


def test_jdbc_driver(place: Place, tmp_path: Path) -> None:
    # Arrow's library for Java reads memory that Java 17 closes otherwise.
    command = ["java", "--add-opens=java.base/java.nio=ALL-UNNAMED", "-cp", jdbc_driver(), SOURCE]
    found = found_by(place, command, tmp_path, robot="JDBC_ROBOT")
    expected = {
        "version": "4.0.2",
        "session": ["ADMIN", "ACCOUNTADMIN", place.database, "PUBLIC", place.warehouse],
        "rows": {
            "changed": 2,
            "id": 7,
            "name": "süß; $$ 'quoted'\n",
            "made": "2026-05-04 03:02:01.5",
            "day": "2026-05-04",
            "ok": True,
            "price": "123456789012345678901234567890.12",
            "score": 0.1,
            "raw": "[-66, -17]",
            "data": '{"a":[1,null]}',
            "null": True,
        },
        "batch": [36000, 18500, 499500, '"10001",\n\\'],
        "large": 100000,
        "empty": [False, "NUMBER", "VARCHAR"],
        "metadata": {
            "catalogs": True,
            "schemas": [["PUBLIC"]],
            "tables": [["jdbc rows", "TABLE"]],
            "views": [["JDBC_VIEW"]],
            "columns": [
                ["id", "NUMBER", 38, "NO"],
                ["NAME", "VARCHAR", 40, "NO"],
                ["MADE", "TIMESTAMPNTZ", 0, "YES"],
                ["DAY", "DATE", 0, "YES"],
                ["OK", "BOOLEAN", None, "YES"],
                ["PRICE", "NUMBER", 38, "YES"],
                ["SCORE", "DOUBLE", 0, "YES"],
                ["RAW", "BINARY", 8388608, "YES"],
                ["DATA", "VARIANT", 0, "YES"],
            ],
            "primary": [["id"]],
            "imported": [["jdbc rows", "ID"]],
            "exported": [["JDBC_CHILD"]],
            "procedures": [],
            "functions": [],
            "types": True,
        },
        "several": [5, 2],
        "async": 36000,
        "cancelled": 604,
        "error": [2003, "02000"],
        "transaction": 35002,
        "files": ["short", "a stream"] * 2,
        "key_pair": "JDBC_ROBOT",
    }
    assert found == {"ARROW": expected, "JSON": expected}
