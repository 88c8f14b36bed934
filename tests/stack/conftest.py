"""One real deployment for all tests of this folder, on an account of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest

from local_account.base.settings import LocalSettings, load_own
from local_account.host import clients, control, leftovers
from machine.paths import PROJECT
from workstation.account import LABEL, NAME

LAST = "test_down.py"
TIMEOUT = 1500


@dataclass
class Deployment:
    """The `local` stack on an account with its own state folder and ports."""

    settings: LocalSettings

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            **self.settings.environment,
        }

    def make(self, command: str) -> subprocess.CompletedProcess[str]:
        """What `make <command>` runs; standard output and error together."""
        return self._python("workstation.cli", command)

    def operate(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command for the deployed stack, e.g. `suspend`; standard output and error together."""
        return self._python("operations", *arguments)

    def _python(self, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=PROJECT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        """A Pulumi command in the background."""
        return subprocess.Popen(
            ["pulumi", *arguments, *_as_flags(settings)],
            cwd=PROJECT,
            env=self.pulumi_environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def pulumi(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """A Pulumi command, with other values for some settings; standard output and error together."""
        process = self.start(*arguments, **settings)
        output, _ = process.communicate(timeout=TIMEOUT)
        return subprocess.CompletedProcess(arguments, process.returncode, output)

    @property
    def pulumi_environment(self) -> dict[str, str]:
        # The paths follow from the environment when the modules are loaded, so a fresh process tells them.
        script = (
            "import json\n"
            "from local_account.host import clients\n"
            "from workstation.account import account_settings\n"
            "from workstation.stack import LocalStack\n"
            "print(json.dumps(LocalStack({}, clients.variables(account_settings())).variables))"
        )
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return {**self.environment, **json.loads(done.stdout.splitlines()[-1])}

    def outputs(self) -> dict[str, Any]:
        """Stack outputs, secret ones in plain."""
        return json.loads(self.pulumi("stack", "output", "--json", "--show-secrets").stdout)

    def sql(self, statement: str, role: str = clients.ROLE) -> list[dict[str, Any]]:
        """Rows of a statement of the account's administrator, in a role of theirs."""
        connection = clients.connect(self.settings)
        try:
            clients.rows(connection, f"USE ROLE {role}")
            return clients.rows(connection, statement)
        finally:
            connection.close()

    def in_notebook(self, code: str, database: str = "MILVUS_DEMO") -> str:
        """What a Python program prints that runs as the user of a stack's notebook in its container.

        Errors too. A stack is given by its database.
        """
        labels = self.settings.labels
        filters = {
            "label": [labels.of_account, f"{labels.key('container')}=jupyter"],
            "status": "running",
        }
        (notebook,) = (
            container
            for container in docker.from_env().containers.list(filters=filters)
            if f"SNOWFLAKE_DATABASE={database}" in container.attrs["Config"]["Env"]
        )
        _, output = notebook.exec_run(["python", "-c", code], user="1000")
        return output.decode()

    def docker_objects(self) -> dict[str, list[str]]:
        """Names of what this account has in Docker."""
        client = docker.from_env()
        mine: dict[str, Any] = {"label": self.settings.labels.of_account}
        return {
            "containers": [item.name or "" for item in client.containers.list(all=True, filters=mine)],
            "networks": [item.name or "" for item in client.networks.list(filters=mine)],
            "volumes": [item.name for item in client.volumes.list(filters=mine)],
        }


def _as_flags(settings: dict[str, str]) -> list[str]:
    return [flag for name, value in settings.items() for flag in ("--config", f"milvus-spcs:{name}={value}")]


@contextmanager
def own_account(state: Path) -> Iterator[Deployment]:
    """An account without a stack at first, which is removed in the end with all that it has in Docker."""
    found = Deployment(load_own(state, name=NAME, label=LABEL))
    try:
        yield found
    finally:
        control.stop(found.settings)
        leftovers.remove_docker_objects(found.settings, keep_data=False)


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """An account without a stack at first; the tests deploy to it one after the other."""
    with own_account(tmp_path_factory.mktemp("stack") / "account") as found:
        yield found


@pytest.fixture(scope="session")
def deployed(deployment: Deployment) -> Deployment:
    """The deployment after `make up`."""
    done = deployment.make("up")
    assert done.returncode == 0, done.stdout
    return deployment


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The deployment is taken down after all tests that use it."""
    items.sort(key=lambda item: item.path.name == LAST and item.path.parent.name == "stack")
