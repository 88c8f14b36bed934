"""snowflake-snowpark-python in an environment of its own, as a notebook uses it."""

from __future__ import annotations

from pathlib import Path

from machine.paths import PROJECT
from tests.account.clients.program import found_by
from tests.account.conftest import Place
from tests.tools import client_environment


def test_snowpark(place: Place, tmp_path: Path) -> None:
    python = client_environment("snowpark") / "bin" / "python"
    found = found_by(place, [python, PROJECT / "tests/clients/snowpark/check.py"], tmp_path)
    kinds = ["FLOAT", "VARCHAR(16777216)", "TIMESTAMP_NTZ(9)", "BOOLEAN", "BINARY(8388608)"]
    assert found == {
        "version": "1.56.0",
        "session": ['"ACCOUNTADMIN"', f'"{place.database}"', '"PUBLIC"'],
        "sql": [[1, "x"]],
        "bound": [[5]],
        "created": ["ID", "NAME", "SCORE"],
        "table": [["b"], [None]],
        "count": 3,
        "grouped": 4.5,
        "sorted": [3, 2],
        "appended": 4,
        "pandas": [[1, "a"], [2, "b"], [3, None], [4, "d"]],
        "from pandas": [[1, "x"], [2, "y"]],
        "write_pandas": {
            "auto": [True, 1, 3, kinds],
            "again": [True, 1, 3, kinds],
            "replaced": [True, 2, 3, kinds],
            "temporary": [True, 1, 3, kinds],
            "logical": [True, 1, 3, kinds],
            "unquoted": [True, 1, 3],
            "snowpark's": 6,
        },
        "random frames": True,
        "cached": 3,
        "shown": True,
        "schema": [["ID", "LongType()"], ["NAME", "StringType()"], ["SCORE", "DoubleType()"]],
        "joined": 4,
        "column": [2, 4, 6, 8],
        "view": 2,
        "asynchronous": 4,
        "deleted": 1,
        "updated": 1,
        "files": ["sps/check.py"],
    }
