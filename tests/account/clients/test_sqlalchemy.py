"""Snowflake's dialect of SQLAlchemy, alone and under pandas."""

from __future__ import annotations

from pathlib import Path

from machine.paths import PROJECT
from tests.account.clients.program import found_by
from tests.account.conftest import Place
from tests.tools import client_environment


def test_sqlalchemy(place: Place, tmp_path: Path) -> None:
    python = client_environment("sqlalchemy") / "bin" / "python"
    assert found_by(place, [python, PROJECT / "tests/clients/sqlalchemy/check.py"], tmp_path) == {
        "version": "2.1.0",
        "orm": ["Ada", 3, "37.50", "Volume 1", "2026-05-04", "Ada"],
        "inspected": {
            "tables": ["Alchemy Book", "alchemy_author"],
            "columns": [
                ["id", "DECIMAL(38, 0)", False],
                ["Title", "VARCHAR(16777216)", False],
                ["price", "DECIMAL(10, 2)", False],
                ["day", "DATE", False],
                ["author_id", "DECIMAL(38, 0)", False],
            ],
            "comment": "as on the cover",
            "key": ["id"],
            "foreign": [[["author_id"], "alchemy_author", ["id"]]],
            "views": [],
            "schema": True,
        },
        "reflected": [["id", "name"], ["Ada"]],
        "pandas": [
            ["id", "Text", "score"],
            2.0,
            ["id", "text", "score"],
            {"id": 1.0, "text": "a", "score": 0.5},
        ],
        "merged": [[1, 1], [2, 20], [3, 30]],
        "variant": {"a": 5},
        "rolled back": 3,
        "error": 2003,
    }
