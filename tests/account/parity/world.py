"""What the cases of all areas share: database, roles, pools, an image, and the clients."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import snowflake.connector
from snowflake.connector import SnowflakeConnection
from snowflake.connector.constants import FIELD_ID_TO_NAME

from tests.account import spcs_world
from tests.account.parity.judge import Answer
from tests.account.services.batch_server import CODE
from tests.tools import client_environment

DATABASE, WAREHOUSE = "PARITY", "PARITY_WH"
ROLES = {"ADMIN": "ACCOUNTADMIN", "OWNER": "PARITY_OWNER", "GUEST": "PARITY_GUEST"}
POOL, ASLEEP = "PARITY_POOL", "PARITY_ASLEEP"
_DRIVER = Path(__file__).parent / "snow_driver.py"
_SNOW_SECONDS = 45.0
_CODE = "import http.server; http.server.test(http.server.SimpleHTTPRequestHandler, port=8000)"
_SETUP = (
    f"CREATE OR REPLACE DATABASE {DATABASE}",
    f"CREATE WAREHOUSE IF NOT EXISTS {WAREHOUSE} INITIALLY_SUSPENDED = TRUE",
    *(f"CREATE ROLE IF NOT EXISTS {role}" for role in list(ROLES.values())[1:]),
    *(f"GRANT ROLE {role} TO ROLE SYSADMIN" for role in list(ROLES.values())[1:]),
    *(f"GRANT USAGE ON DATABASE {DATABASE} TO ROLE {role}" for role in list(ROLES.values())[1:]),
    "GRANT USAGE ON DATABASE SPCS_DB TO ROLE PARITY_OWNER",
    "GRANT USAGE ON SCHEMA SPCS_DB.PUBLIC TO ROLE PARITY_OWNER",
    "GRANT READ ON IMAGE REPOSITORY SPCS_DB.PUBLIC.IMAGES TO ROLE PARITY_OWNER",
    "GRANT BIND SERVICE ENDPOINT ON ACCOUNT TO ROLE PARITY_OWNER",
    f"GRANT USAGE ON WAREHOUSE {WAREHOUSE} TO ROLE PARITY_OWNER",
    f"CREATE COMPUTE POOL IF NOT EXISTS {POOL} MIN_NODES = 1 MAX_NODES = 4 INSTANCE_FAMILY = CPU_X64_S",
    f"CREATE COMPUTE POOL IF NOT EXISTS {ASLEEP} MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_S"
    " INITIALLY_SUSPENDED = TRUE AUTO_RESUME = FALSE",
    *(f"GRANT USAGE, MONITOR ON COMPUTE POOL {pool} TO ROLE PARITY_OWNER" for pool in (POOL, ASLEEP)),
)


class World:
    """What all areas share; made once, in an account with a place for services."""

    def __init__(self, services: spcs_world.World) -> None:
        self.account = services.account
        self.image = services.image
        self.account.run(*_SETUP, role="ACCOUNTADMIN")
        self._snow: Snow | None = None
        self._lock = threading.Lock()

    def values(self, area: str) -> dict[str, str]:
        """What `<<name>>` stands for in the cases."""
        settings = self.account.settings
        return {
            "schema": area.upper(),
            "db": DATABASE,
            "pool": POOL,
            "asleep": ASLEEP,
            "warehouse": WAREHOUSE,
            "image": self.image,
            "registry": settings.registry_host,
            "account": settings.account_id.upper(),
            "locator": settings.locator,
            "ingress_port": str(settings.ingress_port),
            "user": self.account.credentials()["user"],
            "python": json.dumps(["python3", "-c", _CODE]),
            "echo": json.dumps(["python3", "-c", CODE]),
            "folder": tempfile.gettempdir(),
            "spec": f"$$\nspec:\n  containers:\n  - {{name: main, image: {self.image}}}\n$$",
        }

    def clients(self, area: str) -> Clients:
        """Clients whose current schema is the area's own, which is made."""
        schema = f"{DATABASE}.{area.upper()}"
        self.account.run(
            f"CREATE SCHEMA IF NOT EXISTS {schema}",
            f"GRANT ALL ON SCHEMA {schema} TO ROLE PARITY_OWNER",
            f"GRANT USAGE ON SCHEMA {schema} TO ROLE PARITY_GUEST",
            role="ACCOUNTADMIN",
        )
        return Clients(self, area)

    def snow(self) -> Snow:
        """The command line client, started when first needed."""
        with self._lock:
            if self._snow is None:
                self._snow = Snow()
        return self._snow

    def close(self) -> None:
        """End what was started."""
        if self._snow:
            self._snow.close()


class Clients:
    """The sessions and command lines of one area."""

    def __init__(self, world: World, area: str) -> None:
        self._world, self._area = world, area
        self._values = world.values(area)
        self._sessions: dict[str, SnowflakeConnection] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="parity-"))
        self._values["folder"] = str(self._folder)

    def send(self, text: str, role: str = "ADMIN", client: str = "connector") -> Answer:
        """Run one statement or command; a refusal is an answer too."""
        text = self.filled(text)
        if client == "snow":
            return self._command(text, ROLES[role])
        try:
            return _answer(self._session(ROLES[role]).cursor().execute(text))
        except snowflake.connector.errors.Error as error:
            return Answer(
                text=error.raw_msg or str(error), failed=True, errno=error.errno, sqlstate=error.sqlstate
            )

    def write(self, files: dict[str, str]) -> None:
        """Put files into the working directory of commands, `<<name>>` replaced."""
        for name, content in files.items():
            target = self._folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self.filled(content))

    def filled(self, value: Any) -> Any:
        """`<<name>>` replaced in text, also within lists and dictionaries."""
        if isinstance(value, str):
            return re.sub(r"<<(\w+)>>", lambda found: self._values[found[1]], value)
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        if isinstance(value, dict):
            return {key: self.filled(item) for key, item in value.items()}
        return value

    def close(self) -> None:
        for session in self._sessions.values():
            with suppress(snowflake.connector.errors.Error):
                session.close()

    def _session(self, role: str) -> SnowflakeConnection:
        if role not in self._sessions:
            made = self._world.account.connect(
                role=role, database=DATABASE, schema=self._area.upper(), warehouse=WAREHOUSE
            )
            made.cursor().execute("USE SECONDARY ROLES NONE")
            self._sessions[role] = made
        return self._sessions[role]

    def _command(self, text: str, role: str) -> Answer:
        config = self._folder / "config.toml"
        if not config.exists():
            config.touch(mode=0o600)
            lines = []
            for name in ROLES.values():
                settings = self._world.account.connection_settings(
                    database=DATABASE, schema=self._area.upper(), warehouse=WAREHOUSE, role=name
                )
                lines += [f"[connections.{name}]", *(f"{k} = {json.dumps(v)}" for k, v in settings.items())]
            config.write_text("\n".join([*lines, "[cli.logs]", "save_logs = false", ""]))
        return self._world.snow().run(text, role, self._folder)


def _answer(cursor: Any) -> Answer:
    described = cursor.description or []
    names = [column.name for column in described]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return Answer([_column(column) for column in described], rows)


def _column(column: Any) -> str:
    kind = FIELD_ID_TO_NAME[column.type_code].lower()
    return column.name if kind == "text" else f"{column.name}:{kind}"


class Snow:
    """The `snow` command line in an environment of its own, loaded once; each command is a process."""

    def __init__(self) -> None:
        python = client_environment("snow") / "bin" / "python"
        self._process = subprocess.Popen(
            [python, _DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._lock = threading.Lock()

    def commands(self, beginning: str) -> list[str]:
        """All commands that begin so, as the client itself lists them: `spcs service list` …"""
        return self._ask({"commands": beginning})["commands"]

    def run(self, text: str, connection: str, folder: Path) -> Answer:
        """One command line, words divided as a shell does.

        Args:
            folder: home and working directory, with the client's config.toml.
        """
        done = self._ask(
            {"line": text, "connection": connection, "folder": str(folder), "seconds": _SNOW_SECONDS}
        )
        rows: list[dict[str, Any]] = []
        with suppress(ValueError):
            found = json.loads(done["out"])
            rows = found if isinstance(found, list) else [found]
        return Answer(rows=rows, text=done["out"] + done["err"], failed=done["code"] != 0)

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(30)

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            assert self._process.stdin
            assert self._process.stdout
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())
