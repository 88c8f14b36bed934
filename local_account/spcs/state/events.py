"""Events of services' containers, kept in one file for each service until the service is dropped."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import NamedTuple

from local_account.base import files

_MOST_BYTES = 2**20


class Event(NamedTuple):
    """A container's change of status or message; `time` is in seconds since the epoch."""

    time: float
    instance: int
    container: str
    status: str
    message: str


class Events:
    """Events of all services; safe to use from many threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._last: dict[int, dict[tuple[int, str], tuple[str, str]]] = {}

    def add(self, service: int, event: Event) -> None:
        """Record an event, unless the container's last event says the same."""
        with self._lock:
            last = self._last.get(service)
            if last is None:
                last = self._last[service] = {
                    (known.instance, known.container): (known.status, known.message)
                    for known in self._read(service)
                }
            key, news = (event.instance, event.container), (event.status, event.message)
            if last.get(key) == news:
                return
            last[key] = news
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self._path(service)
            if path.exists() and path.stat().st_size > _MOST_BYTES:
                kept = path.read_text().splitlines()
                files.write_whole(path, "\n".join(kept[len(kept) // 2 :]) + "\n")
            with path.open("a") as file:
                file.write(json.dumps(event) + "\n")

    def of(self, service: int) -> list[Event]:
        """Events of a service, oldest first."""
        with self._lock:
            return self._read(service)

    def forget(self, service: int) -> None:
        """Remove the events of a dropped service."""
        with self._lock:
            self._last.pop(service, None)
            self._path(service).unlink(missing_ok=True)

    def _path(self, service: int) -> Path:
        return self._folder / f"{service}.jsonl"

    def _read(self, service: int) -> list[Event]:
        path = self._path(service)
        found = []
        for line in path.read_text().splitlines() if path.exists() else ():
            try:
                found.append(Event(*json.loads(line)))
            except (ValueError, TypeError):
                # A crash may have cut off the last line.
                continue
        return found
