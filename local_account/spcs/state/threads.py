"""Runs work in threads that do not keep the server from ending."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def start(work: Callable[[], object], name: str) -> threading.Thread:
    """Run `work` in a new thread named `name`."""
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread


def for_each(work: Callable[[T], object], items: Sequence[T]) -> None:
    """Run `work` on all items at the same time and wait for all; raise the first failure."""
    failures: list[Exception] = []

    def guarded(item: T) -> None:
        try:
            work(item)
        except Exception as error:
            failures.append(error)

    threads = [start(lambda item=item: guarded(item), "services-part") for item in items]
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
