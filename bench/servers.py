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

from local.settings import ACCOUNT, ORGANIZATION, PORT_VARIABLE, PROJECT

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
            account=f"{ORGANIZATION}-{ACCOUNT}",
            host="localhost",
            port=self.port,
            protocol="http",
            client_telemetry_enabled=False,
            **self.credentials,
        )


@contextmanager
def local_account() -> Iterator[Server]:
    """A local account with an empty state folder, without stacks."""
    import json

    with tempfile.TemporaryDirectory() as folder:
        state, port = Path(folder) / "account", _free_port()
        environment = {**os.environ, "LOCAL_ACCOUNT_STATE": str(state), PORT_VARIABLE: str(port)}
        command = [sys.executable, "-m", "local.server"]

        def credentials() -> dict[str, str]:
            return json.loads((state / "credentials.json").read_text())

        with _running(command, environment, port, credentials) as server:
            yield server


@contextmanager
def fakesnow() -> Iterator[Server]:
    """fakesnow's own server, with its data in memory."""
    port = _free_port()
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
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended with {process.returncode} at its start")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.005)
    raise RuntimeError(f"{process.args} did not listen within {_START_SECONDS} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return min(probe.getsockname()[1], 65000)
