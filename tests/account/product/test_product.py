"""The local account as anybody gets it: the command, `running()`, the pytest plugin, the package."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import docker
import pytest
import snowflake.connector

import local_account
from local_account.base.labels import Labels
from local_account.base.settings import load
from machine.paths import PROJECT
from tests.account.asking import wait_until
from tests.account.command import Command
from workstation.account import LABEL

PACKAGE = PROJECT / "local_account"
SERVICES = (
    "CREATE WAREHOUSE WH",
    "CREATE DATABASE SHOP",
    "CREATE IMAGE REPOSITORY SHOP.PUBLIC.IMAGES",
    "CREATE COMPUTE POOL POOL MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_XS",
    "CREATE TABLE SHOP.PUBLIC.SALES AS SELECT 42 AS AMOUNT",
)


def ask(parameters: dict[str, Any], *statements: str) -> list[tuple[Any, ...]]:
    """Rows of the last statement."""
    with snowflake.connector.connect(**parameters) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return [tuple(row) for row in cursor.fetchall()]


def in_docker(account_id: str) -> dict[str, int]:
    """How many containers, networks and volumes an account has."""
    client = docker.from_env()
    mine: dict[str, Any] = {"label": Labels(LABEL, account_id).of_account}
    return {
        "containers": len(client.containers.list(all=True, filters=mine)),
        "networks": len(client.networks.list(filters=mine)),
        "volumes": len(client.volumes.list(filters=mine)),
    }


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_an_account_in_a_block_leaves_nothing() -> None:
    before = set(Path(tempfile.gettempdir()).glob("local-account-*"))
    with local_account.running(name="SHOP", label=LABEL) as parameters:
        assert ask(parameters, "SELECT 1 + 1") == [(2,)]
        account_id = ask(parameters, *SERVICES, "SELECT CURRENT_ACCOUNT()")[0][0].lower()
        everything = {"containers": 1, "networks": 1, "volumes": 1}
        wait_until(lambda: in_docker(account_id) == everything, what=f"not {everything}")
        assert parameters["account"] == "LOCAL-SHOP"
    assert not answers(parameters["port"])
    assert in_docker(account_id) == {"containers": 0, "networks": 0, "volumes": 0}
    assert set(Path(tempfile.gettempdir()).glob("local-account-*")) == before


def test_an_account_in_a_block_can_be_kept(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with local_account.running(state=state, label=LABEL) as first:
        ask(first, *SERVICES)
        account_id = load(state=state).account_id
        wait_until(lambda: in_docker(account_id)["volumes"] == 1)
    assert in_docker(account_id) == {"containers": 0, "networks": 0, "volumes": 1}
    with local_account.running(state=state, label=LABEL) as second:
        assert second == first
        assert ask(second, "USE WAREHOUSE WH", "SELECT AMOUNT FROM SHOP.PUBLIC.SALES") == [(42,)]
        ask(second, "DROP DATABASE SHOP", "DROP COMPUTE POOL POOL")
        wait_until(lambda: in_docker(account_id)["volumes"] == 0)
    assert in_docker(account_id) == {"containers": 0, "networks": 0, "volumes": 0}


def test_two_accounts_are_strangers() -> None:
    with local_account.running(sql_only=True) as one, local_account.running(sql_only=True) as other:
        ask(one, "CREATE DATABASE MINE")
        names = {row[1] for row in ask(other, "SHOW DATABASES")}
        assert "MINE" not in names
        with pytest.raises(snowflake.connector.errors.DatabaseError, match="390100"):
            ask({**other, "password": one["password"]}, "SELECT 1")


def test_the_command_from_start_to_clean(command: Command) -> None:
    port = int(command.environment["LOCAL_ACCOUNT_PORT"])
    started = command("start")
    assert f"LOCAL-ACCOUNT at http://localhost:{port}" in started
    assert command("start") == started, "a second start changes nothing"
    # The state folder remembers the port.
    del command.environment["LOCAL_ACCOUNT_PORT"]
    shown = json.loads(command("status", "--json"))
    assert (shown["running"], shown["registry"]) == (True, f"localhost:{port + 2}")
    code = (
        "import snowflake.connector as connector\n"
        "with connector.connect() as connection:\n"
        "    print(connection.cursor().execute('SELECT CURRENT_ROLE()').fetchone()[0])\n"
    )
    script = f'eval "$({command.words[0]} env)" && exec "$0" -c "$1"'
    done = subprocess.run(
        ["bash", "-c", script, sys.executable, code],
        env=command.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "ACCOUNTADMIN\n"
    assert command("stop").startswith("stopped;")
    assert not answers(port)
    assert command("stop") == "the account does not run\n"
    assert "running   no; local-account start starts it" in command("status", code=1)
    account_id = load(state=command.state).account_id
    assert command("clean", "--yes") == "removed the account and all its data\n"
    assert not command.state.exists()
    assert in_docker(account_id) == {"containers": 0, "networks": 0, "volumes": 0}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_until_it_is_told_to_stop(command: Command, number: signal.Signals) -> None:
    port = int(command.environment["LOCAL_ACCOUNT_PORT"])
    process = subprocess.Popen(
        [*command.words, "serve", "--sql-only"],
        env=command.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    lines = [process.stdout.readline() for _ in range(6)]
    assert lines[-1].split() == ["stop", "Ctrl-C"]
    assert answers(port)
    process.send_signal(number)
    assert process.wait(30) == 0
    assert not answers(port)


def test_the_foreground_ends_when_another_terminal_stops_it(command: Command) -> None:
    process = subprocess.Popen(
        [*command.words, "serve", "--sql-only"],
        env=command.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    assert "LOCAL-ACCOUNT" in process.stdout.readline()
    assert command("stop").startswith("stopped;")
    assert process.wait(30) == 0


def test_the_pytest_plugin(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        "import pytest\n"
        "@pytest.fixture(scope='session')\n"
        "def snowflake_account_options():\n"
        "    return {'organization': 'ACME', 'sql_only': True}\n"
    )
    (tmp_path / "test_sales.py").write_text(
        "import snowflake.connector\n"
        "def test_organization(snowflake_account):\n"
        "    with snowflake.connector.connect(**snowflake_account) as connection:\n"
        "        found = connection.cursor().execute('SELECT 6 * 7').fetchone()\n"
        "    assert found == (42,)\n"
        "    assert snowflake_account['account'] == 'ACME-ACCOUNT'\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_the_wheel_has_every_file(tmp_path: Path) -> None:
    uv = shutil.which("uv") or str(PROJECT / ".state" / "uv" / "bin" / "uv")
    subprocess.run([uv, "build", "--quiet", "--wheel", "--out-dir", str(tmp_path), str(PACKAGE)], check=True)
    (wheel,) = tmp_path.glob("local_account-*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if not name.split("/")[0].endswith("info")}
    wanted = [path for path in PACKAGE.rglob("*") if path.suffix == ".py" or path.name == "Dockerfile"]
    assert packed == {str(path.relative_to(PROJECT)) for path in wanted}
