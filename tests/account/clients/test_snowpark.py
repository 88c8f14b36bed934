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
    # Copying from files is what both would need; the account says so by name.
    assert found.pop("from pandas") == "refused: Unsupported feature 'CREATE TEMP STAGE'."
    assert "000002 (0A000): Unsupported feature 'CREATE SCOPED TEMPORARY'." in found.pop("cached")
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
