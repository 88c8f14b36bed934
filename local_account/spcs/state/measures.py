"""What running containers use: CPU and memory, measured every few seconds, kept for an hour at most.

It lives in memory only, so it begins anew with the server.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import NamedTuple

INTERVAL = 5.0
"""Seconds between two measurements."""
_KEPT = 720


class Sample(NamedTuple):
    """One measurement of one container.

    Attributes:
        time: seconds since the epoch.
        run: the container's id in Docker; a restarted container has another one.
        cpu: seconds of CPU that the container has used since its start.
        memory: bytes that it uses.
    """

    time: float
    run: str
    cpu: float
    memory: int


class Usage(NamedTuple):
    """What a container used at a time: CPUs since the measurement before (None at the first), bytes."""

    time: float
    cpus: float | None
    memory: int


class Measures:
    """Measurements of all containers; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._samples: dict[int, dict[tuple[int, str], deque[Sample]]] = {}

    def add(self, service: int, instance: int, container: str, sample: Sample) -> None:
        with self._lock:
            found = self._samples.setdefault(service, {})
            found.setdefault((instance, container), deque(maxlen=_KEPT)).append(sample)

    def keep(self, services: set[int]) -> None:
        """Forget all other services."""
        with self._lock:
            self._samples = {key: value for key, value in self._samples.items() if key in services}

    def of(self, service: int) -> dict[tuple[int, str], list[Usage]]:
        """What each container of a service used, by instance and container name, the oldest first."""
        with self._lock:
            found = {key: list(samples) for key, samples in self._samples.get(service, {}).items()}
        return {key: _usages(samples) for key, samples in found.items()}


def _usages(samples: list[Sample]) -> list[Usage]:
    usages, before = [], None
    for sample in samples:
        cpus = None
        if before and before.run == sample.run and sample.time > before.time:
            cpus = max(0.0, sample.cpu - before.cpu) / (sample.time - before.time)
        usages.append(Usage(sample.time, cpus, sample.memory))
        before = sample
    return usages
