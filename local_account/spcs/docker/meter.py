"""Measures containers by what Docker reads from their control groups."""

from __future__ import annotations

from typing import Any

from docker.errors import APIError, NotFound

from local_account.base.labels import CONTAINER, Found
from local_account.base.result import now
from local_account.catalog.catalog import Object
from local_account.spcs.docker.runtime import DockerRuntime
from local_account.spcs.state import scaling, threads
from local_account.spcs.state.measures import Measures, Sample


def is_measured(item: Object) -> bool:
    """Whether somebody needs the measurements of a service: its scaling, or its platform metrics."""
    return scaling.scales(item) or "platformMonitor" in item.properties["SPEC"]["spec"]


def measure(runtime: DockerRuntime, measures: Measures, services: set[int]) -> None:
    """Measure every running container of these services once."""
    measures.keep(services)

    def one(part: Found) -> None:
        try:
            stats = runtime.client.api.stats(part.id, stream=False, one_shot=True)
        except (NotFound, APIError):
            return
        if sample := _sample(part.id, stats):
            measures.add(part.service, part.instance, part.name, sample)

    running = [part for part in runtime.list() if part.part == CONTAINER and part.running]
    threads.for_each(one, [part for part in running if part.service in services])


def _sample(run: str, stats: dict[str, Any]) -> Sample | None:
    """The measurement in Docker's answer; None when the container has just ended."""
    cpu = stats.get("cpu_stats", {}).get("cpu_usage", {}).get("total_usage")
    memory = stats.get("memory_stats", {})
    if cpu is None or "usage" not in memory:
        return None
    # As `docker stats` does: file pages that the kernel can take back do not count.
    cached = memory.get("stats", {}).get("inactive_file", 0)
    return Sample(now(), run, cpu / 1e9, max(0, memory["usage"] - cached))
