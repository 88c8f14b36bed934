"""Waiting for something by asking again and again."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def poll(ask: Callable[[], T], seconds: float, pause: float = 0.1) -> T:
    """Call `ask` until its answer is true or the time is over.

    Args:
        ask: called at least once. If it raises an error, the waiting ends with that error.
        seconds: how long to wait.
        pause: seconds between two calls.

    Returns:
        The last answer: the first true one, or a false one when the time is over.
    """
    deadline = time.monotonic() + seconds
    while not (answer := ask()) and time.monotonic() < deadline:
        time.sleep(pause)
    return answer


def answers_http(url: str) -> bool:
    """Whether an HTTP server answers at the URL within two seconds; an error status is an answer too."""
    try:
        urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 every caller asks on loopback
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
