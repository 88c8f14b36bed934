"""Snowflake's Node.js driver."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from machine.paths import PROJECT
from tests.account.clients.program import found_by
from tests.account.conftest import Place
from tests.tools import node_modules

SOURCE = PROJECT / "tests" / "clients" / "node" / "check.js"


def test_node_driver(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_PATH", os.fspath(node_modules()))
    assert found_by(place, ["node", SOURCE], tmp_path, robot="NODE_ROBOT") == {
        "version": "3.3.0",
        "session": ["ADMIN", "ACCOUNTADMIN", place.database, "PUBLIC", place.warehouse],
        "rows": {
            "changed": 1,
            "names": ["id", "NAME", "MADE", "OK", "DATA", "RAW", "SCORE"],
            "id": 7,
            "name": "süß; $$ 'quoted'\n",
            "made": "2026-05-04T03:02:01.500Z",
            "ok": True,
            "data": {"a": [1, None]},
            "raw": "beef",
            "score": 0.1,
            "nulls": 6,
        },
        "batch": [1000, 499500, "name 999"],
        "large": 100000,
        "empty": [0, [["A", "fixed"], ["NAME", "text"]]],
        "shown": ["node rows", "TABLE"],
        "several": [5, 2],
        "async": 1000,
        "cancelled": 604,
        "error": [2003, "02000", True],
        "files": ["short", "short"],
        "key_pair": "NODE_ROBOT",
    }
