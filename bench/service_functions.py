"""Calls of a service function, compared with the same requests straight to the container."""

from __future__ import annotations

import http.client
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.ingress import OWNER_OF_SERVICES, READY_SECONDS, cell
from bench.measure import Figure
from bench.registry import repository
from bench.servers import Server, account_settings, local_account
from local_account.base.settings import LocalSettings, admin_credentials
from tests.account import service_image
from tests.account.services.batch_server import CODE

_BATCHES = 1500
_STATEMENTS = 150
_ROWS = 100_000
_SPEC = {
    "containers": [
        {
            "name": "main",
            "image": "/bench/public/images/python:1",
            "command": ["python3", "-c", CODE],
            "readinessProbe": {"port": 8000, "path": "/"},
        }
    ],
    "endpoints": [{"name": "api", "port": 8000}],
}


def figures() -> list[Figure]:
    """Round trips per second: of a query with a batch for each row, and of queries with one call each."""
    with account_settings() as settings, local_account(settings) as account:
        _push_image(account, settings)
        with account.connect() as connection, connection.cursor() as cursor:
            for statement in (
                *OWNER_OF_SERVICES,
                f"CREATE SERVICE batches IN COMPUTE POOL bench FROM SPECIFICATION $$ "
                f"{json.dumps({'spec': _SPEC})} $$",
                f"CALL batches!SPCS_WAIT_FOR('RUNNING', {READY_SECONDS})",
                "USE ROLE ACCOUNTADMIN",
                "CREATE WAREHOUSE bench_functions",
                *(_function(name, rows) for name, rows in {"one": 1, "many": 2000}.items()),
                f"CREATE TABLE numbers AS SELECT SEQ4() AS n FROM TABLE(GENERATOR(ROWCOUNT => {_ROWS}))",  # noqa: S608
                "SELECT one(1)",
            ):
                cursor.execute(statement)
            try:
                address = cell(cursor, "SHOW SERVICE INSTANCES IN SERVICE batches", "ip_address")
                return _compare(cursor, address)
            finally:
                cursor.execute("DROP SERVICE batches FORCE")


def _function(name: str, rows: int) -> str:
    return (
        f"CREATE FUNCTION {name}(n NUMBER) RETURNS NUMBER SERVICE = batches ENDPOINT = api "
        f"MAX_BATCH_ROWS = {rows} AS '/twice'"
    )


def _push_image(account: Server, settings: LocalSettings) -> None:
    with tempfile.TemporaryDirectory() as folder:
        target = f"{repository(account, settings, Path(folder))}/python:1"
        service_image.build(Path(folder) / "image")
        login = admin_credentials(settings)
        service_image.push(Path(folder), login["user"], login["password"], target)


def _compare(cursor: Any, address: str) -> list[Figure]:
    straight = http.client.HTTPConnection(address, 8000)

    def send(rows: int) -> None:
        body = json.dumps({"data": [[number, number] for number in range(rows)]})
        straight.request("POST", "/twice", body, {"Content-Type": "application/json"})
        answer = straight.getresponse()
        json.loads(answer.read())

    def batches() -> None:
        cursor.execute(f"SELECT SUM(one(n)) FROM numbers WHERE n < {_BATCHES}").fetchall()  # noqa: S608

    def statements() -> None:
        for _ in range(_STATEMENTS):
            cursor.execute("SELECT one(1)").fetchall()

    def rows() -> None:
        cursor.execute("SELECT SUM(many(n)) FROM numbers").fetchall()

    def direct(count: int, size: int) -> Callable[[], None]:
        def run() -> None:
            for _ in range(count):
                send(size)

        return run

    return [
        Figure(
            "service function calls: round trips of one query",
            _rate(batches, _BATCHES),
            "/s",
            _rate(direct(_BATCHES, 1), _BATCHES),
            least=0.5,
        ),
        Figure(
            "service function calls: rows in batches of 2,000",
            _rate(rows, _ROWS),
            "/s",
            _rate(direct(_ROWS // 2000, 2000), _ROWS),
        ),
        Figure(
            "service function calls: queries with one call",
            _rate(statements, _STATEMENTS),
            "/s",
            _rate(direct(_STATEMENTS, 1), _STATEMENTS),
        ),
    ]


def _rate(action: Callable[[], object], count: int) -> float:
    """How many per second, in the better one of two runs."""
    taken = []
    for _ in range(2):
        started = time.perf_counter()
        action()
        taken.append(time.perf_counter() - started)
    return count / min(taken)
