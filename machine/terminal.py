"""One line of output for each thing that was found or added, and progress for long steps."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from machine.paths import STATE

_NAME_WIDTH = 14
_QUIET_SECONDS = 20.0
_SAID = STATE / "said.json"

console = Console(highlight=False, soft_wrap=True)
"""Where lines and tables go: standard output, or standard error while `console.stderr` is true."""


def say(name: str, text: str) -> None:
    """Print one line about the part `name`."""
    console.print(f"{name:<{_NAME_WIDTH}} {text}", markup=False)


def say_change(name: str, text: str) -> None:
    """Print one line about the part `name`, unless the last line about this part was the same.

    The last line about each part is kept in `.state/said.json`, so that later commands stay silent until
    something changes.
    """
    said = json.loads(_SAID.read_text()) if _SAID.exists() else {}
    if said.get(name) == text:
        return
    say(name, text)
    _SAID.parent.mkdir(parents=True, exist_ok=True)
    _SAID.write_text(json.dumps({**said, name: text}))


@contextmanager
def step(name: str, text: str) -> Iterator[Callable[[str], None]]:
    """Show that a long step runs, and how long it took once it has ended.

    A terminal shows one line that is kept up to date. Elsewhere a line is printed at the start and then at
    most every 20 seconds.

    Args:
        name: the part that the step belongs to.
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
