"""Runs a client's program of `tests/clients`: settings go in as JSON, what it found comes out as JSON."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.account.conftest import Place

SECONDS = 180


def found_by(place: Place, command: Sequence[str | Path], folder: Path, robot: str = "") -> dict[str, Any]:
    """What the program found.

    Args:
        place: where it works.
        command: the program.
        folder: where it may keep files.
        robot: name of a user with a key pair that the program needs, beside the administrator; '' for none.
    """
    settings = place.account.connection_settings(
        database=place.database, schema="PUBLIC", warehouse=place.warehouse, role="ACCOUNTADMIN"
    )
    if robot:
        settings |= {"privatekey": _user_with_key(place, robot), "folder": str(folder)}
    done = subprocess.run(
        command,
        input=json.dumps(settings),
        # The drivers otherwise ask the clouds' metadata addresses where they run.
        env={**os.environ, "SNOWFLAKE_DISABLE_PLATFORM_DETECTION": "true", "NODE_NO_WARNINGS": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _user_with_key(place: Place, name: str) -> str:
    """Make a user; the text of the private key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    body = "".join(public.decode().splitlines()[1:-1])
    place.run(
        f"CREATE OR REPLACE USER {name} TYPE = SERVICE RSA_PUBLIC_KEY = '{body}'",
        # The sign-in of some drivers fails unless the user may use what the settings name.
        f"GRANT USAGE ON DATABASE {place.database} TO ROLE PUBLIC",
        f"GRANT USAGE ON SCHEMA {place.database}.PUBLIC TO ROLE PUBLIC",
        f"GRANT USAGE ON WAREHOUSE {place.warehouse} TO ROLE PUBLIC",
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private.decode()
