"""A deployment that was killed at any resource goes on with the next one, and so does a destruction.

The stack is made and unmade once; on the way everything is killed whenever a resource begins, or has just
ended, that has not been a kill point before. `EVERY_RESOURCE=1` tries them all instead of one of each kind.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.stack.conftest import TIMEOUT, Deployment
from tests.stack.test_down import EMPTY, PROVIDED

pytestmark = pytest.mark.docker

EVERY_RESOURCE = bool(os.environ.get("EVERY_RESOURCE"))
BEGIN, END = "resourcePreEvent", "resOutputsEvent"


def test_killed_deployments_and_destructions_go_on(deployment: Deployment) -> None:
    _run(deployment, "destroy")
    points = _walk(deployment, "up", "create")
    state = json.loads(deployment.pulumi("stack", "export").stdout)
    assert not state["deployment"].get("pending_operations")
    preview = deployment.pulumi("preview", "--expect-no-changes", "--diff")
    assert preview.returncode == 0, preview.stdout

    points += _walk(deployment, "destroy", "delete")
    for statement in EMPTY:
        assert [row for row in deployment.sql(statement) if row["name"] not in PROVIDED] == [], statement
    _run(deployment, "up")
    print(f"{len(points)} kill points, all resumed: {', '.join(points)}")
    assert len(points) > (80 if EVERY_RESOURCE else 20)


def _walk(deployment: Deployment, command: str, operation: str) -> list[str]:
    """Run a command again and again, killing it at new points, until it comes to its end."""
    tried: dict[str, str] = {}
    while True:
        # By turns when a resource begins, and when it has ended but may not stand in the state.
        moment = (BEGIN, END)[len(tried) % 2]
        process = deployment.start_with_events(command)
        output = []
        for event in _events(process, output):
            metadata = event.get(moment, {}).get("metadata", {})
            point = _point(metadata)
            if metadata.get("op") == operation and point and point not in tried:
                os.killpg(process.pid, signal.SIGKILL)
                tried[point] = moment
                break
        else:
            assert process.wait() == 0, "".join(output)
            return [f"{command} {point}" for point in tried]
        process.wait()


def _point(metadata: dict[str, Any]) -> str:
    """What counts as one kill point: a resource, or its kind, where each statement is one; '' for none."""
    name, token = metadata.get("urn", "").rpartition("::")[2], metadata.get("type", "")
    kind = token.rpartition(":")[2]
    if EVERY_RESOURCE or kind == "Execute":
        return f"{kind} {name}"
    return kind if token.startswith(("snowflake:", "docker-build:")) else ""


def _events(process: subprocess.Popen[str], output: list[str]) -> Iterator[dict[str, Any]]:
    """The engine's events; everything that is printed goes to `output`."""
    assert process.stdout
    for line in process.stdout:
        output.append(line)
        if line.startswith("{"):
            yield json.loads(line)


def _run(deployment: Deployment, command: str) -> None:
    process = deployment.start_with_events(command)
    output, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, output
