"""One real account server for all tests of this folder, reached through official clients."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector
from snowflake.connector import SnowflakeConnection

from local_account.base.settings import PORT_VARIABLE, LocalSettings, admin_credentials, free_ports
from local_account.host import control
from local_account.host.leftovers import remove_docker_objects
from machine.paths import PROJECT
from tests.account.asking import run as run
from tests.account.asking import wait_until as wait_until
from tests.account.spcs_world import World, make_world

START_SECONDS = 60.0


@dataclass
class RunningAccount:
    """A local account whose server runs as a process of its own.

    Attributes:
        settings: state folder (temporary) and ports (free ones).
    """

    settings: LocalSettings
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self.launch()
        assert self._process
        deadline = time.monotonic() + START_SECONDS
        while not control.running(self.settings):
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def launch(self) -> None:
        """Start the server without waiting for it."""
        environment = {
            **os.environ,
            "LOCAL_ACCOUNT_STATE": str(self.settings.state),
            PORT_VARIABLE: str(self.settings.port),
        }
        with control.log_file(self.settings).open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local_account.server"],
                cwd=PROJECT,
                env=environment,
                stdout=log,
                stderr=log,
            )

    def stop(self) -> None:
        """End the server and wait for its end."""
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def kill(self) -> None:
        """End the server at once, without a chance to tidy up."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Stop and start; the state folder stays."""
        self.stop()
        self.start()

    def log(self) -> str:
        """What the server wrote so far."""
        return control.log_file(self.settings).read_text(errors="replace")

    def credentials(self) -> dict[str, str]:
        """User name and password of the administrator."""
        return admin_credentials(self.settings)

    def connection_settings(self, **settings: Any) -> dict[str, Any]:
        """Keyword arguments for `snowflake.connector.connect`; the administrator unless told otherwise."""
        return {
            "account": self.settings.locator,
            "host": "localhost",
            "port": self.settings.port,
            "protocol": "http",
            **self.credentials(),
            **settings,
        }

    def connect(self, **settings: Any) -> SnowflakeConnection:
        """A new session of snowflake-connector-python 4; the administrator unless told otherwise."""
        return snowflake.connector.connect(**self.connection_settings(**settings))

    def run(self, *statements: str, **settings: Any) -> list[dict[str, Any]]:
        """Run statements in one new session; the rows of the last one, by column name."""
        with self.connect(**settings) as connection:
            rows: list[dict[str, Any]] = []
            for statement in statements:
                rows = run(connection, statement)
            return rows


def new_account(folder: Path) -> RunningAccount:
    """An account with its state in a folder; not started yet."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    identity = os.urandom(4).hex()
    (folder / "account_id").write_text(identity)
    return RunningAccount(LocalSettings(state=folder, port=free_ports(), account_id=identity))


@contextmanager
def running_account(folder: Path) -> Iterator[RunningAccount]:
    """A new account, which leaves nothing in Docker."""
    running = new_account(folder)
    try:
        running.start()
        yield running
    finally:
        running.stop()
        remove_docker_objects(running.settings, keep_data=False)


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAccount]:
    """The account that tests share; each test makes objects under names of its own."""
    with running_account(tmp_path_factory.mktemp("account")) as running:
        yield running


@pytest.fixture
def session(account: RunningAccount) -> Iterator[SnowflakeConnection]:
    """A session of the administrator, closed after the test."""
    with account.connect() as connection:
        yield connection


@pytest.fixture(scope="session")
def world(account: RunningAccount) -> World:
    """Where services run; each test makes some under names of its own."""
    return make_world(account)


@dataclass
class Place:
    """A database with schema PUBLIC and a warehouse, for the tests of one module.

    Attributes:
        database: its name; PUBLIC is the current schema of `connect` and `run`.
        warehouse: the current warehouse.
    """

    account: RunningAccount
    database: str
    warehouse: str

    def connect(self, **settings: Any) -> SnowflakeConnection:
        """A new session in this database."""
        defaults = {"database": self.database, "schema": "PUBLIC", "warehouse": self.warehouse}
        return self.account.connect(**{**defaults, **settings})

    def run(self, *statements: str, **settings: Any) -> list[dict[str, Any]]:
        """Run statements in one new session here; the rows of the last one, by column name."""
        with self.connect(**settings) as connection:
            rows: list[dict[str, Any]] = []
            for statement in statements:
                rows = run(connection, statement)
            return rows


@pytest.fixture(scope="module")
def place(account: RunningAccount, request: pytest.FixtureRequest) -> Iterator[Place]:
    """A database and a warehouse of the module's own, dropped afterwards."""
    name = request.module.__name__.rpartition(".")[2].upper()
    made = Place(account, f"{name}_DB", f"{name}_WH")
    account.run(
        f"CREATE OR REPLACE DATABASE {made.database}",
        f"CREATE WAREHOUSE IF NOT EXISTS {made.warehouse} WAREHOUSE_SIZE = XSMALL INITIALLY_SUSPENDED = TRUE",
    )
    yield made
    account.run(f"DROP DATABASE {made.database}", f"DROP WAREHOUSE {made.warehouse}")
