"""States of containers in Snowflake's words, from what Docker says of their processes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from local_account.base.labels import CONTAINER, Found
from local_account.spcs.docker.runtime import DockerRuntime, Run
from local_account.spcs.state.observed import ContainerState, InstanceState

APPLICATION_ERROR = "User application error, check container logs"
FATAL_ERROR = "Encountered fatal error while running, check container logs"
# An exit code above this is 128 plus a signal's number: the shells' convention, which Docker follows.
_SIGNALS = 128


def ended(run: Run, state: ContainerState) -> ContainerState:
    """State of a container whose process ended."""
    code = run.exit_code
    if run.oom_killed:
        message = "Container was OOMKilled due to resource usage"
    elif run.error:
        message = f"Encountered fatal error while starting container: {run.error}"
    elif code == 0:
        return replace(
            state, status="DONE", message="Completed successfully", started=run.started, last_exit_code=0
        )
    else:
        message = FATAL_ERROR if code > _SIGNALS else APPLICATION_ERROR
    return replace(state, status="FAILED", message=message, started=run.started, last_exit_code=code)


def probing(container: dict[str, Any]) -> str:
    probe = container["readinessProbe"]
    return f"Readiness probe is failing at path: {probe['path']}, port: {probe['port']}"


def ended_state(runtime: DockerRuntime, found: list[Found]) -> InstanceState:
    """State of a finished job's instance, from the containers that were kept for their logs."""
    state = InstanceState()
    for part in found:
        run = runtime.inspect(part.id) if part.part == CONTAINER else None
        if run:
            state.containers[part.name] = ended(run, ContainerState())
            state.digest, state.created, state.started = part.digest, run.started or 0.0, run.started
    return state
