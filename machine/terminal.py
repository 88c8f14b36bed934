"""One line of output for each thing found or added, and progress for long steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

_NAME_WIDTH = 14
_QUIET_SECONDS = 20.0

console = Console(highlight=False, soft_wrap=True)


class ToolchainError(Exception):
    """Something needed cannot be had; the message says what, why, and what to install or do."""


def say(name: str, text: str) -> None:
    """Print one line about the part `name`."""
    console.print(f"{name:<{_NAME_WIDTH}} {text}", markup=False)


@contextmanager
def step(name: str, text: str) -> Iterator[Callable[[str], None]]:
    """Show that a long step runs, and how long it took once it has ended.

    On a terminal one line is kept up to date; elsewhere a line is printed at the start and then at most every
    20 seconds.

    Args:
        name: the part the step belongs to.
        text: what is done.

    Yields:
        A function that takes news about the step ("412 packages").
    """
    started = time.monotonic()
    if console.is_terminal:
        with console.status(f"{name}: {text}") as status:
            yield lambda news: status.update(f"{name}: {text} ({time.monotonic() - started:.0f} s) {news}")
    else:
        say(name, f"{text} …")
        yield _sparse(name, started)
    say(name, f"{text}: done in {time.monotonic() - started:.0f} s")


def _sparse(name: str, started: float) -> Callable[[str], None]:
    last = started

    def tell(news: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _QUIET_SECONDS:
            last = now
            say(name, f"  {news} ({now - started:.0f} s)")

    return tell
