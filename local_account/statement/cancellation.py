"""Telling a running statement that its client gave up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Cancellation:
    """Whether one statement was cancelled; what it waits in can be ended by a call."""

    def __init__(self) -> None:
        self._event, self._lock = threading.Event(), threading.Lock()
        self._ends: list[Callable[[], None]] = []

    def is_set(self) -> bool:
        """Whether the statement was cancelled."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait until the statement is cancelled, at most some seconds; whether it was."""
        return self._event.wait(seconds)

    def cancel(self) -> None:
        """End the statement: waits end, and what it runs now is interrupted."""
        with self._lock:
            self._event.set()
            for end in self._ends:
                end()

    @contextmanager
    def ending(self, end: Callable[[], None]) -> Iterator[None]:
        """Call `end` when the statement is cancelled while the body runs, or was cancelled before."""
        with self._lock:
            self._ends.append(end)
            if self._event.is_set():
                end()
        try:
            yield
        finally:
            with self._lock:
                self._ends.remove(end)
