"""Log lines of a service's containers, as Snowflake gives them: at most the newest 100 KB at a time.

See https://docs.snowflake.com/en/sql-reference/functions/system_get_service_logs.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import yaml

from components.account import sql
from components.account.account import Query
from machine.errors import UserError
from operations.objects import Managed, managed
from operations.target import Target

PAUSE_SECONDS = 1.0
_FOLLOWED_LINES = 10_000
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z ")
# Of 2026-01-31T12:00:00.123456789, what Python's times can hold.
_MICROSECONDS = len("2026-01-31T12:00:00.123456")


class LogsError(UserError):
    """There is no such service or container; the message names those that there are."""


@dataclass(frozen=True, kw_only=True)
class LogRequest:
    """Which lines are wanted.

    Attributes:
        service: the service.
        container: name of the container.
        instance: number of the instance. Default 0.
        lines: how many of the newest lines. Default 500.
        previous: lines of the container's run before its last restart. Default false.
        since: time from which on lines are wanted; default from the beginning.
        times: begin each line with its time in UTC. Default false.
    """

    service: Managed
    container: str
    instance: int = 0
    lines: int = 500
    previous: bool = False
    since: datetime | None = None
    times: bool = False

    @property
    def statement(self) -> str:
        """The statement that reads these lines as the one column LOGS."""
        since = self.since.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if self.since else ""
        return (
            f"SELECT SYSTEM$GET_SERVICE_LOGS({sql.literal(self.service.name)}, {self.instance}, "
            f"{sql.literal(self.container)}, {self.lines}, {str(self.previous).upper()}, "
            f"{sql.literal(since)}, {str(self.times).upper()}) AS LOGS"
        )


def find_service(target: Target, name: str) -> Managed:
    """The stack's service of that name, in whatever case.

    Args:
        target: the stack.
        name: `JUPYTER`, or the whole name with database and schema.

    Raises:
        LogsError: the stack has no such service.
    """
    services = managed(target, "Service")
    for service in services:
        if name.upper() in (service.path[-1].upper(), service.name.upper()):
            return service
    if not services:
        raise LogsError("The stack has no services. `make up` deploys it.")
    names = ", ".join(service.path[-1] for service in services)
    raise LogsError(f"The stack has no service {name}. Its services: {names}")


def containers(service: Managed, wanted: str | None) -> list[str]:
    """Names of the service's containers: all, or the one that is wanted.

    Raises:
        LogsError: the service has no such container.
    """
    specification = yaml.safe_load(service.inputs["fromSpecification"]["text"])
    names = [container["name"] for container in specification["spec"]["containers"]]
    if wanted is None:
        return names
    if wanted not in names:
        raise LogsError(
            f"Service {service.name} has no container {wanted}. Its containers: {', '.join(names)}"
        )
    return [wanted]


def read(query: Query, request: LogRequest) -> list[str]:
    """The wanted lines, the oldest first; empty when there are none."""
    text: str = query(request.statement)[0]["LOGS"] or ""
    return text.removesuffix("\n").split("\n") if text else []


class Follower:
    """Reads a container's lines again and again, and gives each line once.

    Snowflake gives lines from a time on, so every answer repeats the newest lines of the one before. They are
    told apart by their times, which are asked for and removed again.

    Args:
        query: runs statements as a role that may read the service's logs.
        request: the lines to begin with.
    """

    def __init__(self, query: Query, request: LogRequest) -> None:
        self._query = query
        self._request = replace(request, times=True)
        self._show_times = request.times
        self._newest: list[str] = []

    def news(self) -> list[str]:
        """The lines that were not given before, the oldest first."""
        found = [line for line in read(self._query, self._request) if _STAMP.match(line)]
        fresh = self._without_known(found)
        if found:
            latest = max(map(_time, found))
            self._newest = [line for line in found if _time(line) == latest]
            since = datetime.fromisoformat(latest[:_MICROSECONDS])
            self._request = replace(self._request, since=since, lines=_FOLLOWED_LINES)
        return fresh if self._show_times else [line.partition(" ")[2] for line in fresh]

    def _without_known(self, found: list[str]) -> list[str]:
        if not self._newest:
            return found
        known, last = list(self._newest), _time(self._newest[0])
        fresh = []
        for line in found:
            if line in known:
                known.remove(line)
            elif _time(line) >= last:
                fresh.append(line)
        return fresh


def follow(
    followers: dict[str, Follower], pause: Callable[[float], None] = time.sleep
) -> Iterator[tuple[str, str]]:
    """Container and line, for each line as it comes, without end.

    Args:
        followers: by container.
        pause: waits between two rounds; default `time.sleep`.
    """
    while True:
        for container, follower in followers.items():
            for line in follower.news():
                yield container, line
        pause(PAUSE_SECONDS)


def _time(line: str) -> str:
    """A line's time in a form that sorts: nanoseconds are written without their last zeros."""
    seconds, _, fraction = line.partition(" ")[0].rstrip("Z").partition(".")
    return f"{seconds}.{fraction:<09}"
