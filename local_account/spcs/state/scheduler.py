"""Which instance runs on which node of a pool: the first node with room for what its containers request.

All nodes are this machine. The account counts resources as a real pool does, so that a pool that is too
small shows that it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local_account.base.sql import Name
from local_account.catalog.catalog import Object
from local_account.spcs.spec import units
from local_account.spcs.spec.families import FAMILIES, Family
from local_account.spcs.spec.spec_containers import GPU

TARGET = "TARGET_INSTANCES"
"""Property: the number of instances that the service was scaled to; absent or None for MIN_INSTANCES."""
CPU_SCALING = "CPU_SCALING"
"""Property: whether the specification says what the containers need, without which CPUs scale nothing."""


@dataclass
class Placement:
    """Nodes of a pool in use.

    Attributes:
        nodes: (service id, instance number) to node number.
        waiting: instances for which no node has room, with the reason.
    """

    nodes: dict[tuple[int, int], int] = field(default_factory=dict)
    waiting: dict[tuple[int, int], str] = field(default_factory=dict)

    @property
    def nodes_used(self) -> int:
        return len(set(self.nodes.values()))


def target_instances(item: Object) -> int:
    """The number of instances that a service should have: MIN_INSTANCES, or what it was scaled to."""
    properties = item.properties
    low = properties["MIN_INSTANCES"]
    return min(max(properties.get(TARGET) or low, low), properties.get("MAX_INSTANCES") or low)


def pool_name(item: Object) -> Name:
    """Catalog name of the pool that a service runs in."""
    return Name("", "", item.properties["POOL"])


def needs(document: dict[str, Any]) -> dict[str, float]:
    """CPUs, bytes of memory and GPUs that one instance requests."""
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
    """CPUs, bytes of memory and GPUs of one node."""
    return {"cpu": family.vcpu, "memory": family.memory * units.GIB, GPU: family.gpus}


def lacking(document: dict[str, Any], family: Family) -> list[tuple[str, str, str]]:
    """Resources of which even an empty node has too little: name, what is requested, what the node has."""
    room = capacity(family)
    return [
        (name, _quantity(name, amount), _quantity(name, room[name]))
        for name, amount in needs(document).items()
        if amount > room[name]
    ]


def _quantity(resource: str, amount: float) -> str:
    """An amount as in a specification: `1.5`, `2Gi`."""
    return units.gibibytes(amount / units.GIB) if resource == "memory" else f"{amount:g}"


def place(
    pool: Object, services: list[Object], current: Mapping[tuple[int, int], int] | None = None
) -> Placement:
    """Place all wanted instances. Running ones keep their node; then the oldest service comes first.

    Args:
        services: services of the pool that have not ended.
        current: nodes of running instances; an instance on a node beyond MAX_NODES gets another place.
    """
    family, limit = FAMILIES[pool.properties["INSTANCE_FAMILY"]], pool.properties["MAX_NODES"]
    found, free = Placement(), dict[int, dict[str, float]]()
    wanted = _wanted(pool, services)
    for key, amounts in wanted.items():
        node = (current or {}).get(key)
        if node is None or node >= limit:
            continue
        room = free.setdefault(node, capacity(family))
        if _fits(room, amounts):
            _take(found, room, key, node, amounts)
    for key, amounts in wanted.items():
        if key in found.nodes:
            continue
        node = next((node for node in sorted(free) if _fits(free[node], amounts)), None)
        if node is None:
            node = next((node for node in range(limit) if node not in free), None)
        if node is None:
            names = ", ".join(_short(list(free.values()), amounts))
            found.waiting[key] = f"Unschedulable due to insufficient {names} resources"
            continue
        _take(found, free.setdefault(node, capacity(family)), key, node, amounts)
    return found


def _wanted(pool: Object, services: list[Object]) -> dict[tuple[int, int], dict[str, float]]:
    """What each wanted instance requests, by service and number; the oldest service comes first."""
    found = {}
    for item in sorted(services, key=lambda item: item.id):
        # The jobs of a suspended pool run to their end.
        if item.properties["SUSPENDED"] or (pool.properties["SUSPENDED"] and not item.properties["IS_JOB"]):
            continue
        amounts = needs(item.properties["SPEC"])
        found |= {(item.id, number): amounts for number in range(target_instances(item))}
    return found


def _take(
    found: Placement, room: dict[str, float], key: tuple[int, int], node: int, amounts: dict[str, float]
) -> None:
    found.nodes[key] = node
    for name, amount in amounts.items():
        room[name] -= amount


def _fits(room: dict[str, float], amounts: dict[str, float]) -> bool:
    return all(amount <= room[name] + 1e-9 for name, amount in amounts.items())


def _short(free: list[dict[str, float]], amounts: dict[str, float]) -> list[str]:
    return [name for name, amount in amounts.items() if all(amount > room[name] for room in free)] or ["node"]
