"""Log lines of containers. At most 100 KB are given, the last ones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from local_account.catalog.catalog import Object
from local_account.identity.account import Account

LIMIT = 100 * 1024


@dataclass(frozen=True)
class LogRequest:
    """Which lines of a service's container are meant.

    Attributes:
        lines: how many of the last ones; 0 for as many as fit.
        previous: of the run before its last restart.
        since: only later ones, in seconds since the epoch; None for all.
        times: each line begins with its time in UTC.
        stream: `stdout` or `stderr` alone; empty for both.
        all_runs: of every run that is still there, each with `lines` lines; not of one.
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
    # A line that does not fit whole is left out.
    return raw[-LIMIT:].partition(b"\n")[2].decode(errors="replace")
