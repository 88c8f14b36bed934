"""Which instance runs on which node of a pool: first fit by what containers request.

All nodes are this machine; the account keeps the books as a real pool does, so that a pool that is too small
shows it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from local.account.catalog import Object
from local.account.sql import Name
from local.spcs import units
from local.spcs.families import FAMILIES, Family
from local.spcs.spec_containers import GPU


@dataclass
class Placement:
    """Nodes of a pool in use.

    Attributes:
        nodes: (service id, instance number) to node number.
        waiting: instances that no node has room for, with the reason.
    """

    nodes: dict[tuple[int, int], int] = field(default_factory=dict)
    waiting: dict[tuple[int, int], str] = field(default_factory=dict)

    @property
    def nodes_used(self) -> int:
        return len(set(self.nodes.values()))


def pool_name(item: Object) -> Name:
    """Name of the pool that a service runs in."""
    return Name("", "", item.properties["POOL"])


def needs(document: dict[str, Any]) -> dict[str, float]:
    """CPU, memory and GPUs that one instance requests."""
    found = {"cpu": 0.0, "memory": 0.0, GPU: 0.0}
    for container in document["spec"]["containers"]:
        requests = container["resources"]["requests"]
        found["cpu"] += units.cpus(requests["cpu"])
        found["memory"] += units.memory(requests["memory"])
        found[GPU] += int(requests.get(GPU, 0))
    for volume in document["spec"].get("volumes", ()):
        if volume["source"] == "memory":
            found["memory"] += units.memory(volume["size"])
    return found


def capacity(family: Family) -> dict[str, float]:
    """What one node offers."""
    return {"cpu": family.vcpu, "memory": family.memory * units.GIB, GPU: family.gpus}


def lacking(document: dict[str, Any], family: Family) -> list[str]:
    """Resources of which even an empty node has too little."""
    room = capacity(family)
    return [name for name, amount in needs(document).items() if amount > room[name]]


def place(pool: Object, services: list[Object]) -> Placement:
    """Place all wanted instances, oldest service first, so that a newcomer never moves another."""
    family = FAMILIES[pool.properties["INSTANCE_FAMILY"]]
    found, free = Placement(), []
    for item in sorted(services, key=lambda item: item.id):
        # A suspended pool lets its jobs run to their end.
        if item.properties["SUSPENDED"] or (pool.properties["SUSPENDED"] and not item.properties["IS_JOB"]):
            continue
        wanted = needs(item.properties["SPEC"])
        for number in range(item.properties["MIN_INSTANCES"]):
            node = _fitting(free, wanted)
            if node is None and len(free) < pool.properties["MAX_NODES"]:
                free.append(capacity(family))
                node = _fitting(free, wanted)
            if node is None:
                names = ", ".join(_short(free, wanted))
                found.waiting[item.id, number] = f"Unschedulable due to insufficient {names} resources"
                continue
            found.nodes[item.id, number] = node
            for name, amount in wanted.items():
                free[node][name] -= amount
    return found


def _fitting(free: list[dict[str, float]], wanted: dict[str, float]) -> int | None:
    for index, room in enumerate(free):
        if all(amount <= room[name] + 1e-9 for name, amount in wanted.items()):
            return index
    return None


def _short(free: list[dict[str, float]], wanted: dict[str, float]) -> list[str]:
    return [name for name, amount in wanted.items() if all(amount > room[name] for room in free)] or ["node"]
