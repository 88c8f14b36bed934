"""A place to run services in: owner role, database, image repository with one image, compute pool."""

from __future__ import annotations

import json
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import snowflake.connector
from snowflake.connector import SnowflakeConnection

from tests.account import service_image
from tests.account.asking import run, wait_until

if TYPE_CHECKING:
    from tests.account.conftest import RunningAccount

DATABASE, OWNER, POOL = "SPCS_DB", "SPCS_OWNER", "SPCS_POOL"
_SETUP = (
    f"CREATE ROLE IF NOT EXISTS {OWNER}",
    f"GRANT ROLE {OWNER} TO ROLE SYSADMIN",
    f"CREATE DATABASE IF NOT EXISTS {DATABASE}",
    f"GRANT USAGE ON DATABASE {DATABASE} TO ROLE {OWNER}",
    f"GRANT USAGE, CREATE SERVICE, CREATE IMAGE REPOSITORY, CREATE SECRET, CREATE STAGE"
    f" ON SCHEMA {DATABASE}.PUBLIC TO ROLE {OWNER}",
    f"GRANT BIND SERVICE ENDPOINT ON ACCOUNT TO ROLE {OWNER}",
    f"CREATE COMPUTE POOL IF NOT EXISTS {POOL} MIN_NODES = 1 MAX_NODES = 4 INSTANCE_FAMILY = CPU_X64_S",
    f"GRANT USAGE, MONITOR ON COMPUTE POOL {POOL} TO ROLE {OWNER}",
    f"CREATE IMAGE REPOSITORY IF NOT EXISTS {DATABASE}.PUBLIC.IMAGES",
    f"GRANT READ ON IMAGE REPOSITORY {DATABASE}.PUBLIC.IMAGES TO ROLE {OWNER}",
)
SERVER = (
    "import http.server, signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); "
    "http.server.test(http.server.SimpleHTTPRequestHandler, port=8000)"
)
READY = {"readinessProbe": {"port": 8000, "path": "/"}}
BLOCK = {
    "volumes": [
        {"name": "data", "source": "block", "size": "1Gi", "blockConfig": {"snapshotOnDelete": False}}
    ]
}
MOUNT = {**READY, "volumeMounts": [{"name": "data", "mountPath": "/data"}]}
# Counts the starts on a block volume and tells them.
COUNT = "open('/data/starts', 'a').write('x'); print(open('/data/starts').read(), flush=True); "


class World:
    """Services of the tests; every service is named by its test."""

    def __init__(self, account: RunningAccount) -> None:
        self.account = account
        self.image = f"/{DATABASE}/public/images/python:1".lower()

    def connect(self, role: str = OWNER, **settings: Any) -> SnowflakeConnection:
        """A session that has the privileges of one role only."""
        connection = self.account.connect(role=role, database=DATABASE, schema="PUBLIC", **settings)
        run(connection, "USE SECONDARY ROLES NONE")
        return connection

    def run(self, *statements: str, role: str = OWNER, **settings: Any) -> list[dict[str, Any]]:
        """Rows of the last statement, run as the owner role unless told otherwise."""
        with self.connect(role, **settings) as connection:
            rows: list[dict[str, Any]] = []
            for statement in statements:
                rows = run(connection, statement)
            return rows

    def spec(self, code: str = SERVER, *, container: dict[str, Any] | None = None, **parts: Any) -> str:
        """`FROM SPECIFICATION …` of one container `main` that runs Python code."""
        roles = {"serviceRoles": parts.pop("serviceRoles")} if "serviceRoles" in parts else {}
        main = {"name": "main", "image": self.image, "command": ["python3", "-c", code], **(container or {})}
        document = {"spec": {"containers": [main], **parts}, **roles}
        return f"FROM SPECIFICATION $$\n{json.dumps(document)}\n$$"

    @contextmanager
    def service(self, name: str, specification: str, wait: bool = True, options: str = "") -> Iterator[str]:
        """A service, running when `wait`, dropped afterwards."""
        self.run(f"CREATE SERVICE {name} IN COMPUTE POOL {POOL} {specification} {options}")
        try:
            if wait:
                self.wait_for(name)
            yield name
        finally:
            self.run(f"DROP SERVICE IF EXISTS {name} FORCE")

    def wait_for(self, name: str, status: str = "RUNNING", seconds: int = 60) -> None:
        self.run(f"CALL {name}!SPCS_WAIT_FOR('{status}', {seconds})")

    def status(self, name: str) -> str:
        return self.run(f"SHOW SERVICES LIKE '{name}'")[0]["status"]

    def logs(self, name: str, previous: bool = False) -> str:
        rows = self.run(f"SELECT SYSTEM$GET_SERVICE_LOGS('{name}', 0, 'main', 100, {previous}) AS LOGS")
        return rows[0]["LOGS"]

    def containers(self, name: str) -> list[dict[str, Any]]:
        return self.run(f"SHOW SERVICE CONTAINERS IN SERVICE {name}")

    def eventually(self, condition: Callable[[], Any], seconds: float = 40.0) -> Any:
        return wait_until(condition, seconds)

    def refused(self, *statements: str, role: str = OWNER) -> snowflake.connector.errors.Error:
        """The error of a statement that must fail."""
        try:
            self.run(*statements, role=role)
        except snowflake.connector.errors.Error as error:
            return error
        raise AssertionError(f"not refused: {statements[-1]}")


def _registry_answers(account: RunningAccount) -> bool:
    try:
        urllib.request.urlopen(f"http://{account.settings.registry_host}/v2/", timeout=2)
    except urllib.error.HTTPError as error:
        return error.code == 401
    except OSError:
        return False
    return True


def make_world(account: RunningAccount) -> World:
    """The world in an account that has none yet."""
    account.run(*_SETUP, role="ACCOUNTADMIN")
    made = World(account)
    with tempfile.TemporaryDirectory() as folder:
        service_image.build(Path(folder))
        wait_until(lambda: _registry_answers(account), 60, "the registry's answer")
        login = account.credentials()
        target = account.settings.registry_host + made.image
        service_image.push(Path(folder), login["user"], login["password"], target)
    return made
