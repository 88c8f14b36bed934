"""Telling a running statement that its client has cancelled it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Cancellation:
    """Whether one statement was cancelled, and the functions that end what it is waiting for."""

    def __init__(self) -> None:
        self._event, self._lock = threading.Event(), threading.Lock()
        self._ends: list[Callable[[], None]] = []

    def is_set(self) -> bool:
        """Whether the statement was cancelled."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait until the statement is cancelled, at most `seconds`; whether it was cancelled."""
        return self._event.wait(seconds)

    def cancel(self) -> None:
        """Cancel the statement: end its waits, and interrupt what it runs now."""
        with self._lock:
            self._event.set()
            for end in self._ends:
                end()

    @contextmanager
    def ending(self, end: Callable[[], None]) -> Iterator[None]:
        """Call `end` if the statement is cancelled while the body runs, or was cancelled before."""
        with self._lock:
            self._ends.append(end)
            if self._event.is_set():
                end()
        try:
            yield
        finally:
            with self._lock:
                self._ends.remove(end)
