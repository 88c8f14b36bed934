"""Requests through the ingress, compared with requests straight to the container."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bench.measure import Figure
from bench.registry import docker_command, repository
from bench.servers import Server, account_settings, local_account
from local_account.base.settings import LocalSettings

READY_SECONDS = 120
_REQUESTS = 1500
_BLOCK = 50
_AT_ONCE = 16
_SECONDS = 3.0
# The account's own registry image is on every machine, and answers `GET /` from memory.
_SPEC = """
spec:
  containers:
  - name: main
    image: /bench/public/images/web:1
    readinessProbe: {port: 5000, path: /}
  endpoints:
  - {name: web, port: 5000, public: true}
"""


OWNER_OF_SERVICES = (
    "CREATE ROLE bench_owner",
    "GRANT ROLE bench_owner TO ROLE ACCOUNTADMIN",
    "GRANT ALL ON DATABASE bench TO ROLE bench_owner",
    "GRANT ALL ON SCHEMA bench.public TO ROLE bench_owner",
    "GRANT READ ON IMAGE REPOSITORY bench.public.images TO ROLE bench_owner",
    "GRANT BIND SERVICE ENDPOINT ON ACCOUNT TO ROLE bench_owner",
    "CREATE COMPUTE POOL bench MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_S",
    "GRANT USAGE, MONITOR ON COMPUTE POOL bench TO ROLE bench_owner",
    "GRANT ROLE bench_owner TO USER ADMIN",
    "USE ROLE bench_owner",
    "USE SCHEMA bench.public",
)
"""A role that may make services, in the session that runs this; the image repository is there already."""


def figures() -> list[Figure]:
    """Median latency of one client, and requests per second of many."""
    with (
        account_settings() as settings,
        local_account(settings) as account,
        _service(account, settings) as urls,
    ):
        return asyncio.run(_compare(*urls))


@contextmanager
def _service(account: Server, settings: LocalSettings) -> Iterator[tuple[dict[str, str], str, str]]:
    """A service with a public endpoint: headers that sign in, its address at the ingress, its own address."""
    with tempfile.TemporaryDirectory() as folder:
        target = f"{repository(account, settings, Path(folder))}/web:1"
        docker_command(Path(folder), "tag", settings.labels.registry_image, target)
        try:
            docker_command(Path(folder), "push", "--quiet", target)
        finally:
            subprocess.run(["docker", "image", "rm", target], check=False, capture_output=True)
    with account.connect() as connection, connection.cursor() as cursor:
        for statement in (
            *OWNER_OF_SERVICES,
            f"CREATE SERVICE web IN COMPUTE POOL bench FROM SPECIFICATION $$ {_SPEC} $$",
            f"CALL web!SPCS_WAIT_FOR('RUNNING', {READY_SECONDS})",
        ):
            cursor.execute(statement)
        try:
            host = cell(cursor, "SHOW ENDPOINTS IN SERVICE web", "ingress_url")
            address = cell(cursor, "SHOW SERVICE INSTANCES IN SERVICE web", "ip_address")
            assert connection.rest
            headers = {"Host": host, "Authorization": f'Snowflake Token="{connection.rest.token}"'}
            yield headers, f"http://127.0.0.1:{settings.ingress_port}/", f"http://{address}:5000/"
        finally:
            cursor.execute("DROP SERVICE web FORCE")


def cell(cursor: Any, statement: str, column: str) -> str:
    """A column's cell in the first row of a statement's answer."""
    rows = cursor.execute(statement).fetchall()
    names = [description[0] for description in cursor.description]
    return str(rows[0][names.index(column)])


async def _compare(headers: dict[str, str], ingress: str, straight: str) -> list[Figure]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
        taken: dict[str, list[float]] = {ingress: [], straight: []}
        sent = {ingress: headers, straight: {}}
        # In turns, so that other work of the machine slows both.
        for _ in range(_REQUESTS // _BLOCK):
            for url, times in taken.items():
                for _ in range(_BLOCK):
                    times.append(await _get(client, url, sent[url]))
        medians = {url: statistics.median(times) * 1000 for url, times in taken.items()}
        rates = {url: await _rate(client, url, sent[url]) for url in taken}
    return [
        Figure("ingress: median of a request", medians[ingress], "ms", medians[straight]),
        Figure("ingress: added at the median", medians[ingress] - medians[straight], "ms", None, 2),
        Figure(f"ingress: requests of {_AT_ONCE} clients", rates[ingress], "/s", rates[straight]),
    ]


async def _rate(client: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> float:
    """Requests per second of some clients at once."""
    started = time.perf_counter()

    async def run() -> int:
        done = 0
        while time.perf_counter() - started < _SECONDS:
            await _get(client, url, headers)
            done += 1
        return done

    counts = await asyncio.gather(*(run() for _ in range(_AT_ONCE)))
    return sum(counts) / (time.perf_counter() - started)


async def _get(client: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> float:
    start = time.perf_counter()
    async with client.get(url, headers=headers) as answer:
        await answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{url} answered {answer.status}")
    return time.perf_counter() - start
