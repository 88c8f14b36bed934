"""Snowflake's Go driver, the one inside the official Pulumi and Terraform providers."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from machine.paths import PROJECT
from standins.go.gobuild import find_go
from tests.account.conftest import Place

SOURCE = PROJECT / "tests" / "clients" / "gosnowflake"
BUILD_SECONDS, RUN_SECONDS = 1200, 120


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
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    body = "".join(public.decode().splitlines()[1:-1])
    place.run(
        "DROP USER IF EXISTS GO_ROBOT",
        f"CREATE USER GO_ROBOT TYPE = SERVICE RSA_PUBLIC_KEY = '{body}'",
        # The driver's sign-in fails unless the user may use what it names.
        f"GRANT USAGE ON DATABASE {place.database} TO ROLE PUBLIC",
        f"GRANT USAGE ON SCHEMA {place.database}.PUBLIC TO ROLE PUBLIC",
        f"GRANT USAGE ON WAREHOUSE {place.warehouse} TO ROLE PUBLIC",
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    settings = place.account.connection_settings(
        database=place.database, schema="PUBLIC", warehouse=place.warehouse, role="ACCOUNTADMIN"
    )
    settings |= {"privatekey": private.decode(), "folder": str(tmp_path)}
    done = subprocess.run(
        [program], input=json.dumps(settings), capture_output=True, text=True, timeout=RUN_SECONDS
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "version": "2.1.0",
        "session": [settings["user"].upper(), "ACCOUNTADMIN", place.database, "PUBLIC", place.warehouse],
        "rows": {
            "inserted": 1,
            "id": 7,
            "name": "süß; $$ 'quoted'",
            "at": "2026-05-04T03:02:01Z",
            "ok": True,
            "null": True,
        },
        "shown": ["created_on", "name", "database_name", "schema_name"],
        "error": [2003, "02000", True],
        "cancelled": True,
        "files": "short",
        "key_pair": "GO_ROBOT",
    }
    place.run("DROP USER GO_ROBOT")
