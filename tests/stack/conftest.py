"""Real deployments, each on an account of its own; several files share one, and run one after the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import docker
import pytest

from local_account.base.settings import LocalSettings, load_own
from local_account.host import clients, control, leftovers
from machine.paths import PROJECT
from tests.conftest import shared_by
from tests.stack import builder
from workstation.account import LABEL, NAME

TIMEOUT = 1500
# What `make up` and `make down` run, with the engine's events on standard output.
EVENTS = """
import sys
from workstation.prepare import prepare
stack = prepare("local")
stack.resume()
sys.exit(stack.run(sys.argv[1], "--yes", "--skip-preview", "--json"))
"""


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

    def make(self, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """What `make <command>` runs; standard output and error together."""
        # Ends the builder, which all deployments share.
        alone = command == "down"
        return self._finished(self._python("-m", "cli", command, alone=alone, **variables))

    def operate(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command for the deployed stack, e.g. `suspend`; standard output and error together."""
        return self._finished(self._python("-m", "cli", *arguments))

    def start_with_events(self, command: str) -> subprocess.Popen[str]:
        """`up` or `destroy` in the background, as make runs it; prints the engine's events."""
        return self._python("-c", EVENTS, command)

    def _python(self, *arguments: str, alone: bool = False, **variables: str) -> subprocess.Popen[str]:
        return builder.popen(
            [sys.executable, *arguments], PROJECT, {**self.environment, **variables}, alone=alone
        )

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        """A Pulumi command in the background."""
        return builder.popen(["pulumi", *arguments, *_as_flags(settings)], PROJECT, self.pulumi_environment)

    def pulumi(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """A Pulumi command, with other values for some settings; standard output and error together."""
        return self._finished(self.start(*arguments, **settings))

    @staticmethod
    def _finished(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
        output, _ = process.communicate(timeout=TIMEOUT)
        return subprocess.CompletedProcess(process.args, process.returncode, output)

    @cached_property
    def first_up(self) -> subprocess.CompletedProcess[str]:
        """The `make up` that deploys the stack for all tests."""
        return self.make("up")

    @cached_property
    def pulumi_environment(self) -> dict[str, str]:
        # The paths follow from the environment, so a process with that environment tells them.
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

    @contextmanager
    def without(self, what: str, role: str = "ACCOUNTADMIN") -> Iterator[None]:
        """The account with one thing revoked for a while.

        Args:
            what: the statement after REVOKE, e.g. `USAGE ON DATABASE D FROM ROLE R`.
            role: who revokes and grants it.
        """
        self.sql(f"REVOKE {what}", role)
        try:
            yield
        finally:
            self.sql(f"GRANT {what.replace(' FROM ', ' TO ')}", role)

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
def deployments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Deployment]]:
    """An account by its name, without a stack at first, kept until all tests have ended."""
    with ExitStack() as accounts:

        @cache
        def named(name: str) -> Deployment:
            return accounts.enter_context(own_account(tmp_path_factory.mktemp(name) / "account"))

        yield named


@pytest.fixture(scope="module")
def deployment(deployments: Callable[[str], Deployment], request: pytest.FixtureRequest) -> Deployment:
    """The account that the module shares with others; their tests deploy to it one after the other."""
    return deployments(shared_by(request.path))


@pytest.fixture(scope="module")
def deployed(deployment: Deployment) -> Deployment:
    """The deployment after `make up`."""
    assert deployment.first_up.returncode == 0, deployment.first_up.stdout
    return deployment
