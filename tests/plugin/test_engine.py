"""Every type through the real engine, against a real local account.

The plugin is the one that the toolchain chose: the stand-in, or the official one where it is installed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from machine.paths import PROJECT
from tests.account.conftest import RunningAccount, running_account
from workstation.toolchain.install import ensure_pulumi
from workstation.toolchain.pulumi_env import environment

pytestmark = pytest.mark.docker
PROGRAM = PROJECT / "tests" / "plugin" / "program"


@dataclass
class Stack:
    """The program's stack in a backend of its own."""

    folder: Path
    variables: dict[str, str]

    def pulumi(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a Pulumi command; its output has standard error too."""
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.folder,
            env={**self.variables, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def succeed(self, *arguments: str, **variables: str) -> str:
        """Run a Pulumi command that must succeed."""
        finished = self.pulumi(*arguments, **variables)
        assert finished.returncode == 0, finished.stdout
        return finished.stdout

    def planned(self, **variables: str) -> Counter[str]:
        """How often a preview plans each operation."""
        steps = json.loads(self.succeed("preview", "--json", **variables).partition("{")[2].join(["{", ""]))
        return Counter(step["op"] for step in steps["steps"])

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the stack's state."""
        return json.loads(self.succeed("stack", "export"))["deployment"].get("resources", [])


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAccount]:
    with running_account(tmp_path_factory.mktemp("plugin-account")) as running:
        # Service users get access tokens only under a network policy.
        running.run(
            "CREATE NETWORK POLICY HERE ALLOWED_IP_LIST = ('127.0.0.1')",
            "ALTER ACCOUNT SET NETWORK_POLICY = HERE",
        )
        yield running


@pytest.fixture(scope="module")
def stack(account: RunningAccount, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    ensure_pulumi()
    folder = tmp_path_factory.mktemp("program")
    shutil.copytree(PROGRAM, folder, dirs_exist_ok=True)
    credentials = account.credentials()
    variables = {
        **os.environ,
        **environment(),
        "PULUMI_BACKEND_URL": tmp_path_factory.mktemp("backend").as_uri(),
        "PULUMI_PYTHON_CMD": sys.executable,
        "SNOWFLAKE_ORGANIZATION_NAME": "LOCAL",
        "SNOWFLAKE_ACCOUNT_NAME": "MILVUS",
        "SNOWFLAKE_HOST": "localhost",
        "SNOWFLAKE_PORT": str(account.settings.port),
        "SNOWFLAKE_PROTOCOL": "http",
        "SNOWFLAKE_LOGIN_TIMEOUT": "5",
        "SNOWFLAKE_USER": credentials["user"],
        "SNOWFLAKE_PASSWORD": credentials["password"],
    }
    made = Stack(folder, variables)
    made.succeed("stack", "init", "test")
    return made


def test_life_of_every_type(stack: Stack, account: RunningAccount) -> None:
    assert set(stack.planned()) == {"create"}

    stack.succeed("up", "--yes", "--skip-preview")
    assert stack.planned().keys() == {"same"}
    outputs = json.loads(stack.succeed("stack", "output", "--json"))
    assert outputs["tables"] == ["T"]
    assert outputs["repositoryUrl"].endswith("/every_db/s/images")
    assert outputs["token"] == "[secret]"

    planned = stack.planned(EDITION="second")
    assert planned.keys() == {"same", "update"}
    stack.succeed("up", "--yes", "--skip-preview", EDITION="second")
    assert stack.planned(EDITION="second").keys() == {"same"}

    stack.succeed("refresh", "--yes", "--skip-preview", EDITION="second")
    assert stack.planned(EDITION="second").keys() == {"same"}

    account.run("DROP STAGE EVERY_DB.S.FILES", "ALTER COMPUTE POOL EVERY_POOL SET AUTO_RESUME = FALSE")
    stack.succeed("refresh", "--yes", "--skip-preview", EDITION="second")
    planned = stack.planned(EDITION="second")
    assert planned["update"] == 1
    assert planned["create"] == 2, "the stage and its grant"
    stack.succeed("up", "--yes", "--skip-preview", EDITION="second")

    state = json.dumps(stack.resources())
    for secret in ("Correct-horse", credentials_of(account)):
        assert secret not in state
    stack.succeed("destroy", "--yes", "--skip-preview", EDITION="second")
    left = [
        row["name"]
        for kind in ("ROLES", "USERS", "DATABASES", "WAREHOUSES", "COMPUTE POOLS", "INTEGRATIONS")
        for row in account.run(f"SHOW {kind} LIKE 'EVERY%'")
    ]
    assert left == []


def credentials_of(account: RunningAccount) -> str:
    return account.credentials()["password"]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"SNOWFLAKE_PASSWORD": "wrong"}, "open snowflake connection: "),
        ({"SNOWFLAKE_PORT": "1"}, "open snowflake connection: "),
    ],
)
def test_what_the_user_sees_when_there_is_no_connection(
    stack: Stack, account: RunningAccount, variables: dict[str, str], message: str
) -> None:
    finished = stack.pulumi("up", "--yes", "--skip-preview", **variables)

    assert finished.returncode != 0
    assert message in finished.stdout
    assert variables.get("SNOWFLAKE_PASSWORD", "\0") not in finished.stdout
    account.connect().close()
