"""Waiting for something that has to be asked for again and again."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def poll(ask: Callable[[], T], seconds: float, pause: float = 0.1) -> T:
    """Ask until the answer counts as true or the time is over.

    Args:
        ask: called at least once. An error that it raises ends the waiting and reaches the caller.
        seconds: how long to go on.
        pause: seconds between two calls.

    Returns:
        The last answer: the first true one, or a false one when the time was over.
    """
    deadline = time.monotonic() + seconds
    while not (answer := ask()) and time.monotonic() < deadline:
        time.sleep(pause)
    return answer


def answers_http(url: str) -> bool:
    """Whether an HTTP server answers there within two seconds; an answer that refuses counts too."""
    try:
        urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 every caller asks on loopback
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
