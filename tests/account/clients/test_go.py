"""Snowflake's Go driver, the one inside the official Pulumi and Terraform providers."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from machine.paths import PROJECT
from standins.go.gobuild import find_go
from tests.account.clients.program import found_by
from tests.account.conftest import Place

SOURCE = PROJECT / "tests" / "clients" / "gosnowflake"
BUILD_SECONDS = 1200


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("go") / "check"
    built = subprocess.run(
        [find_go(), "build", "-buildvcs=false", "-o", path, "."],
        cwd=SOURCE,
        env={**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
    )
    assert built.returncode == 0, built.stderr
    return path


def test_go_driver(place: Place, program: Path, tmp_path: Path) -> None:
    assert found_by(place, [program], tmp_path, robot="GO_ROBOT") == {
        "version": "2.1.0",
        "session": ["ADMIN", "ACCOUNTADMIN", place.database, "PUBLIC", place.warehouse],
        "rows": {
            "inserted": 1,
            "id": 7,
            "name": "süß; $$ 'quoted'",
            "at": "2026-05-04T03:02:01Z",
            "ok": True,
            "null": True,
        },
        "batch": [1000, 499500, "name 999"],
        "large": 100000,
        "empty": [False, "ID", "FIXED", "NAME", "TEXT"],
        "several": [5, 2],
        "async": 1000,
        "shown": ["created_on", "name", "database_name", "schema_name"],
        "error": [2003, "02000", True],
        "cancelled": True,
        "files": "short",
        "key_pair": "GO_ROBOT",
    }
