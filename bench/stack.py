"""What a user who deploys waits for: `make up`, previews, the start of a service."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker

from bench.measure import MIB, Figure, median_seconds
from local_account.base.settings import LocalSettings
from local_account.base.waiting import poll
from local_account.host import clients, control, leftovers
from machine.paths import PROJECT
from workstation.account import account_settings
from workstation.stack import LocalStack

_SAME_IMPORTS = "import pulumi, pulumi_docker_build, pulumi_snowflake, jinja2, pathspec, yaml\n"
_READY_SECONDS = 120.0
_MILVUS_SPEC = """
spec:
  containers:
  - name: milvus
    image: {image}
    readinessProbe: {{port: 9091, path: /healthz, periodSeconds: 1}}
  endpoints:
  - {{name: milvus, port: 19530, protocol: TCP}}
"""


def figures() -> list[Figure]:
    """Deploy to the account that this process's environment names, measure, and remove everything."""
    account = account_settings()
    try:
        return _measure(account)
    finally:
        control.stop(account)
        leftovers.remove_docker_objects(account, keep_data=False)


def _measure(account: LocalSettings) -> list[Figure]:
    first, _ = _timed(lambda: _make("up"))
    statements = [_statements(account)]
    second, pushed = _timed(lambda: _pushed_mib(account, lambda: _make("up")))
    stack = LocalStack({}, clients.variables(account))
    commands = {
        "a no-op preview": ("preview", "--expect-no-changes"),
        "a refresh": ("refresh", "--yes", "--skip-preview"),
    }
    found = [
        Figure("make up: first, images and tools cached", first, "s"),
        Figure("make up: second, everything cached", second, "s", None, 60),
        Figure("make up: bytes pushed by the second", pushed, "MiB", None, 0.01),
        Figure("SQL statements: the first up", statements[0], ""),
    ]
    for name, command in commands.items():
        before = _statements(account)
        stack.ask(*command)
        found.append(Figure(f"SQL statements: {name}", _statements(account) - before, ""))
    found += _previews(stack)
    found.append(_service_start(account, stack))
    return found


def _make(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli", command],
        cwd=PROJECT,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"make {command} failed:\n{done.stdout[-4000:]}")


def _timed(action: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = action()
    return time.perf_counter() - start, result


def _statements(account: LocalSettings) -> int:
    found = control.running(account)
    return found["statements"] if found else 0


def _pushed_mib(account: LocalSettings, action: Callable[[], None]) -> float:
    """MiB that the registry's container receives during an action, with tokens and look-ups."""
    container = docker.from_env().containers.get(account.labels.registry)

    def received() -> int:
        found: Any = container.stats(stream=False)
        return found["networks"]["eth0"]["rx_bytes"]

    before = received()
    action()
    return (received() - before) / MIB


def _previews(stack: LocalStack) -> list[Figure]:
    ours = median_seconds(lambda: stack.ask("preview", "--expect-no-changes"), 3)
    importing, bare = (_empty_preview(stack, program) for program in (_SAME_IMPORTS, ""))
    return [
        Figure("no-op preview, against an empty program with the same imports", ours, "s", importing, 1.5),
        Figure("no-op preview, against an empty program", ours, "s", bare),
    ]


def _empty_preview(stack: LocalStack, program: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "Pulumi.yaml").write_text(
            f"name: empty\nruntime: {{name: python, options: {{virtualenv: {PROJECT / '.venv'}}}}}\n"
        )
        (path / "__main__.py").write_text(program)
        environment = {**os.environ, **stack.variables, "PULUMI_BACKEND_URL": path.as_uri()}
        for name in ("PULUMI_STACK", "PULUMI_OPTION_CONFIG_FILE"):
            environment.pop(name)

        def pulumi(*arguments: str) -> None:
            subprocess.run(["pulumi", *arguments], cwd=path, env=environment, check=True, capture_output=True)

        pulumi("stack", "init", "bench")
        pulumi("preview", "--stack", "bench")
        return median_seconds(lambda: pulumi("preview", "--stack", "bench"), 3)


def _service_start(account: LocalSettings, stack: LocalStack) -> Figure:
    """From CREATE SERVICE to RUNNING, against the same image started by Docker alone."""
    image, _, digest = stack.outputs()["images"]["milvus"].partition("@")
    connection = clients.connect(account)
    try:
        for statement in ("USE ROLE MILVUS_OWNER_ROLE", "USE SCHEMA MILVUS_DEMO.PUBLIC"):
            clients.rows(connection, statement)
        spec = _MILVUS_SPEC.format(image=image)
        create = f"CREATE SERVICE BENCH IN COMPUTE POOL JUPYTER_COMPUTE_POOL FROM SPECIFICATION $$ {spec} $$"
        start = time.perf_counter()
        clients.rows(connection, create)
        clients.rows(connection, f"CALL BENCH!SPCS_WAIT_FOR('RUNNING', {_READY_SECONDS:.0f})")
        ours = time.perf_counter() - start
        clients.rows(connection, "DROP SERVICE BENCH FORCE")
    finally:
        connection.close()
    return Figure(
        "Milvus: from CREATE SERVICE to RUNNING",
        ours,
        "s",
        _docker_start(f"{image.rpartition(':')[0]}@{digest}"),
    )


def _docker_start(image: str) -> float:
    client = docker.from_env()
    start = time.perf_counter()
    # Port 0: Docker chooses a free one on loopback.
    container = client.containers.run(image, detach=True, ports={"9091/tcp": ("127.0.0.1", 0)})
    try:
        container.reload()
        bound = container.ports["9091/tcp"] or []
        port = bound[0]["HostPort"]
        if not poll(lambda: _healthy(f"http://127.0.0.1:{port}/healthz"), _READY_SECONDS):
            raise RuntimeError(f"{image} was not healthy within {_READY_SECONDS} s")
        return time.perf_counter() - start
    finally:
        container.remove(force=True, v=True)


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 (loopback)
            return answer.status == 200
    except OSError:
        return False
