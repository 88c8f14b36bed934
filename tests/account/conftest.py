"""One real account server for all tests of this folder, reached through official clients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector
from snowflake.connector import SnowflakeConnection

from local_account.base.settings import admin_credentials, load_own
from local_account.host.clients import connection_parameters
from local_account.host.embedded import served
from local_account.host.process import ServerProcess
from tests.account.asking import run as run
from tests.account.asking import wait_until as wait_until
from tests.account.command import Command
from tests.account.spcs_world import World, make_world
from workstation.account import LABEL


class RunningAccount(ServerProcess):
    """A local account whose server runs as a process of its own, and sessions on it."""

    def credentials(self) -> dict[str, str]:
        """User name and password of the administrator."""
        return admin_credentials(self.settings)

    def connection_settings(self, **settings: Any) -> dict[str, Any]:
        """Keyword arguments for `snowflake.connector.connect`; the administrator unless told otherwise."""
        return {**connection_parameters(self.settings), **settings}

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


@contextmanager
def running_account(folder: Path) -> Iterator[RunningAccount]:
    """A new account, which leaves nothing in Docker."""
    with served(RunningAccount(load_own(folder, label=LABEL))) as running:
        yield running


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


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    """`local-account` with an account of its own, which is removed in the end."""
    made = Command(tmp_path / "state")
    yield made
    if made.state.exists():
        made("clean", "--yes")


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
