"""What a container gets of its machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """What one container gets of its machine.

    Attributes:
        cpu, memory: CPUs and GiB that it requests.
        most_cpu, most_memory: CPUs and GiB that it may use.
    """

    cpu: float
    memory: int
    most_cpu: float
    most_memory: int

    def values(self) -> dict[str, object]:
        """The values of a specification's template."""
        return {
            "cpu": plain(self.cpu),
            "memory": self.memory,
            "most_cpu": plain(self.most_cpu),
            "most_memory": self.most_memory,
        }


def plain(cpu: float) -> str:
    """A number of CPUs without a zero behind the point."""
    return f"{cpu:g}"
