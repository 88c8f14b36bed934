"""Log lines of containers; at most the last 100 KB."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from local_account.catalog.catalog import Object
from local_account.identity.account import Account

LIMIT = 100 * 1024


@dataclass(frozen=True)
class LogRequest:
    """Which lines of a service's container a client asks for.

    Attributes:
        lines: number of last lines; 0 for as many as fit.
        previous: lines of the run before the last restart.
        since: only lines after this time, in seconds since the epoch; None for all lines.
        times: each line begins with its time in UTC.
        stream: `stdout` or `stderr`; empty for both.
        all_runs: `lines` lines of every run that Docker still has, instead of lines of one run.
    """

    instance: int
    container: str
    lines: int = 0
    previous: bool = False
    since: float | None = None
    times: bool = False
    stream: str = ""
    all_runs: bool = False


class LogReader(ABC):
    """Reads what containers wrote."""

    @abstractmethod
    def read_logs(self, item: Object, request: LogRequest) -> str:
        """Log lines of a service's container; empty when it never ran."""


def tail(account: Account, item: Object, request: LogRequest) -> str:
    """The last lines that a container wrote; empty when it never ran."""
    raw = account.part(LogReader).read_logs(item, request).encode()
    if len(raw) <= LIMIT:
        return raw.decode()
    # The first line is left out because it may be cut off.
    return raw[-LIMIT:].partition(b"\n")[2].decode(errors="replace")
