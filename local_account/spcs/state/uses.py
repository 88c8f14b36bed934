"""When service functions last called each service, which decides whether a service is idle."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator

from local_account.base.result import now


class Uses:
    """The calls of services, by the services' ids. They live in memory only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._present: Counter[int] = Counter()
        self._last: dict[int, float] = {}

    @contextlib.contextmanager
    def of(self, service: int) -> Iterator[None]:
        """A service is being used while the body runs."""
        with self._lock:
            self._present[service] += 1
        try:
            yield
        finally:
            with self._lock:
                self._present[service] -= 1
                self._last[service] = now()

    def last(self, service: int) -> float:
        """When the last use ended, in seconds since the epoch; now while there is one, 0 without any."""
        with self._lock:
            return now() if self._present[service] else self._last.get(service, 0.0)
