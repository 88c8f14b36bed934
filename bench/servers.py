"""The two servers that are compared: the local account and fakesnow's own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import snowflake.connector

from local_account.base.settings import (
    LocalSettings,
    admin_credentials,
    free_ports,
    load_own,
)
from local_account.base.waiting import poll
from local_account.host.leftovers import remove_docker_objects
from machine.paths import PROJECT
from workstation.account import LABEL

_START_SECONDS = 60.0
_FAKESNOW = """
import sys
from uvicorn import run
from fakesnow.server import app
run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
"""


@dataclass
class Server:
    """A running server and how to connect to it.

    Attributes:
        start_seconds: from starting the process to the first answer.
    """

    process: subprocess.Popen[bytes]
    port: int
    start_seconds: float
    credentials: dict[str, str]

    def connect(self) -> Any:
        """A session of the official Python connector."""
        return snowflake.connector.connect(
            account=LocalSettings.organization + "-" + LocalSettings.name,
            host="localhost",
            port=self.port,
            protocol="http",
            client_telemetry_enabled=False,
            **self.credentials,
        )


@contextmanager
def local_account(settings: LocalSettings | None = None) -> Iterator[Server]:
    """A running local account without stacks; by default with a new, empty state folder."""
    if settings is None:
        with account_settings() as made, local_account(made) as server:
            yield server
        return
    environment = {**os.environ, **settings.environment}
    command = [sys.executable, "-m", "local_account.server"]
    with _running(command, environment, settings.port, lambda: admin_credentials(settings)) as server:
        yield server


@contextmanager
def account_settings() -> Iterator[LocalSettings]:
    """Settings of an account whose state and containers are removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        settings = load_own(Path(folder) / "account", label=LABEL)
        try:
            yield settings
        finally:
            remove_docker_objects(settings, keep_data=False)


@contextmanager
def fakesnow() -> Iterator[Server]:
    """fakesnow's own server, with its data in memory."""
    port = free_ports(1)
    command = [sys.executable, "-c", _FAKESNOW, str(port)]
    with _running(command, dict(os.environ), port, lambda: {"user": "fake", "password": "snow"}) as server:
        yield server


@contextmanager
def _running(
    command: list[str], environment: dict[str, str], port: int, credentials: Callable[[], dict[str, str]]
) -> Iterator[Server]:
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=PROJECT, env=environment, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield Server(process, port, time.perf_counter() - started, credentials())
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    def listens() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended with {process.returncode} at its start")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    if not poll(listens, _START_SECONDS, 0.005):
        raise RuntimeError(f"{process.args} did not listen within {_START_SECONDS} s")
