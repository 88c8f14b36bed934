"""Nodes and state of compute pools.

All nodes are this machine. The account counts nodes as a real pool does: MIN_NODES nodes are there as soon as
Docker is ready for the pool; more come and go with the instances that need them.
See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/working-with-compute-pool
"""

from __future__ import annotations

from dataclasses import dataclass

from local_account.base.result import now
from local_account.catalog.catalog import Object
from local_account.identity.account import Account
from local_account.spcs.state.observed import Observed
from local_account.spcs.state.status import machine_note, placement

MAX_NODES_REACHED = "392508"


@dataclass(frozen=True)
class PoolState:
    """What SHOW and DESCRIBE COMPUTE POOL say about a pool's nodes.

    Attributes:
        active: numbers of nodes on which instances run.
        idle: numbers of nodes without instances.
        target: number of nodes that the pool should have.
    """

    state: str
    message: str
    code: str = ""
    active: tuple[int, ...] = ()
    idle: tuple[int, ...] = ()
    target: int = 0


def pool_state(account: Account, pool: Object) -> PoolState:
    """A pool's state, from the catalog and the latest reading of Docker."""
    observed, placed = account.part(Observed), placement(account, pool)
    active = tuple(sorted(_busy(account, pool)))
    if pool.properties["SUSPENDED"]:
        state = "STOPPING" if active or placed.nodes else "SUSPENDED"
        return PoolState(state, "Compute pool is suspended", active=active)
    low = pool.properties["MIN_NODES"]
    target = max(low, placed.nodes_used)
    resumed, provisioned = observed.pools.get(pool.id, (0.0, 0))
    if observed.problem or observed.problem is None or resumed != pool.properties["RESUMED_ON"]:
        minutes = int((now() - pool.properties["RESUMED_ON"]) / 60)
        why = f": {observed.problem}" if observed.problem else ""
        message = f"Compute pool is starting for last {minutes} minutes{why}"
        return PoolState("STARTING", message, target=target)
    spare = (number for number in range(pool.properties["MAX_NODES"]) if number not in active)
    idle = tuple(number for number, _ in zip(spare, range(provisioned - len(active)), strict=False))
    code, message = "", machine_note(account, pool)
    if placed.waiting and target >= pool.properties["MAX_NODES"]:
        code = MAX_NODES_REACHED
        message = (
            "Compute pool has reached the maximum node limit. "
            "Consider increasing max_nodes for the compute pool."
        )
    state = "ACTIVE" if active else "IDLE"
    if len(active) + len(idle) != target:
        state = "RESIZING"
        message = message if code else f"Compute pool is resizing to {target} nodes"
    return PoolState(state, message, code, active, idle, target)


def provisioned_on(account: Account, pool: Object, node: int) -> float:
    """When a node was added to its pool, in seconds since the epoch."""
    resumed = pool.properties["RESUMED_ON"]
    if node < pool.properties["MIN_NODES"]:
        return resumed
    return min(_busy(account, pool).get(node, ()), default=resumed)


def _busy(account: Account, pool: Object) -> dict[int, list[float]]:
    """Nodes on which instances run, with the start times of these instances."""
    found: dict[int, list[float]] = {}
    for (service, number), node in account.part(Observed).nodes_of(pool.name).items():
        state = account.part(Observed).instances(service).get(number)
        # An instance without an address has ended or has not started yet.
        if state and state.address:
            found.setdefault(node, []).append(state.started or state.created)
    return found
