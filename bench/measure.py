"""Timing, memory, and the table that the results are shown in."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

MIB = 1024 * 1024


@dataclass(frozen=True)
class Figure:
    """One measured value.

    Attributes:
        what: what was measured.
        value: the measured value, in `unit`.
        reference: what it is compared with, in the same unit; None when there is nothing to compare with.
        limit: highest acceptable value (as a ratio when there is a reference); None for information only.
        least: lowest acceptable value in the same way, for figures where more is better.
    """

    what: str
    value: float
    unit: str
    reference: float | None = None
    limit: float | None = None
    least: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.reference if self.reference else None

    @property
    def kept(self) -> bool | None:
        """Whether the limit is kept; None without a limit."""
        if self.limit is None and self.least is None:
            return None
        compared = self.value if self.reference is None else self.ratio
        if compared is None:
            return False
        return (self.limit is None or compared <= self.limit) and (
            self.least is None or compared >= self.least
        )

    @property
    def bound(self) -> str:
        """The limit as text; '' without one."""
        if self.least is not None:
            return f"≥ {self.least:g}"
        return "" if self.limit is None else f"≤ {self.limit:g}"


def median_seconds(action: Callable[[], object], times: int) -> float:
    """Median wall time of an action."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def medians_in_turns(actions: Sequence[Callable[[], object]], times: int) -> list[float]:
    """Median wall time of each action. They take turns, so that other work of the machine slows all."""
    taken: list[list[float]] = [[] for _ in actions]
    for _ in range(times):
        for action, seconds in zip(actions, taken, strict=True):
            start = time.perf_counter()
            action()
            seconds.append(time.perf_counter() - start)
    return [statistics.median(seconds) for seconds in taken]


def resident_mib(pid: int) -> float:
    """Resident memory of a process, in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has no resident memory")


def show(figures: list[Figure]) -> None:
    """Print the figures as a table."""
    table = Table(title="Benchmark", title_justify="left", title_style="bold")
    for heading in ("what", "measured", "reference", "ratio", "limit", ""):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for figure in figures:
        table.add_row(
            figure.what,
            f"{figure.value:.4g} {figure.unit}",
            "" if figure.reference is None else f"{figure.reference:.4g} {figure.unit}",
            "" if figure.ratio is None else f"{figure.ratio:.2f}",
            figure.bound,
            {None: "", True: "kept", False: "MISSED"}[figure.kept],
        )
    Console(highlight=False).print(table)
