"""Readiness and liveness probes: plain HTTP GET that must answer 200."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass, field
from typing import Any

_TIMEOUT = 2.0


def answers(address: str, port: int, path: str) -> bool:
    """Whether an HTTP GET is answered with 200."""
    connection = http.client.HTTPConnection(address, port, timeout=_TIMEOUT)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@dataclass
class Probe:
    """One probe of one running container.

    Attributes:
        settings: port, path, periodSeconds, failureThreshold.
        passed: whether the probe succeeds now: True after one success, False after `failureThreshold`
            failures in a row.
        due: when to ask next, by the monotonic clock.
    """

    settings: dict[str, Any]
    passed: bool = False
    failures: int = 0
    due: float = field(default_factory=time.monotonic)

    def ask(self, address: str, eager: bool = False) -> None:
        """Send the probe's request if it is due.

        Args:
            eager: ask each second until the first success, so that a service is ready soon.
        """
        if time.monotonic() < self.due:
            return
        if answers(address, self.settings["port"], self.settings["path"]):
            self.passed, self.failures = True, 0
        else:
            self.failures += 1
            if self.failures >= self.settings["failureThreshold"]:
                self.passed = False
        period = self.settings["periodSeconds"]
        self.due = time.monotonic() + (min(1.0, period) if eager and not self.passed else period)

    @property
    def failed(self) -> bool:
        """Whether the probe failed `failureThreshold` times in a row."""
        return self.failures >= self.settings["failureThreshold"]
