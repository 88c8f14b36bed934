"""The real state of instances and containers, as last seen on Docker.

It lives in memory only. The catalog says what should run, and Docker knows what runs. `Observed` is the
reconciler's latest reading of Docker; SHOW statements and waits use it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import NamedTuple

from local_account.base.result import now
from local_account.spcs.state.events import Event, Events

SERVICE = "SERVICE"
POOL = "COMPUTE POOL"
# Property of a suspended service whose instances may still be ending.
STOPPING = "STOPPING"
_SEEN_SECONDS = 10.0


@dataclass
class ContainerState:
    """One container of an instance, in Snowflake's words.

    Attributes:
        status: PENDING, READY, DONE, FAILED, TERMINATING or UNKNOWN.
        started, restarted: seconds since the epoch; None when it never started or restarted.
        crashes: failures in a row since the container was last ready.
    """

    status: str = "PENDING"
    message: str = "Waiting to start"
    restart_count: int = 0
    started: float | None = None
    restarted: float | None = None
    last_exit_code: int | None = None
    crashes: int = 0


@dataclass
class InstanceState:
    """One instance of a service.

    Attributes:
        address: its address on the account's container network; empty before it has one and after a job's
            end.
        digest: digest of the specification that its containers were made from.
        created, started: seconds since the epoch.
    """

    digest: str = ""
    address: str = ""
    created: float = 0.0
    started: float | None = None
    terminating: bool = False
    containers: dict[str, ContainerState] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """PENDING, READY, FAILED, TERMINATING or SUCCEEDED."""
        if self.terminating:
            return "TERMINATING"
        words = {container.status for container in self.containers.values()}
        if "FAILED" in words:
            return "FAILED"
        if words == {"DONE"}:
            return "SUCCEEDED"
        return "READY" if words and words <= {"READY", "DONE"} else "PENDING"


class Machine(NamedTuple):
    """Size of the machine that Docker runs on: CPUs and bytes of memory."""

    cpus: int
    memory: int


class Observed:
    """The latest reading of Docker, shared between the reconciler and statements.

    Attributes:
        events: what happened to containers, kept on disk.
        problem: why Docker cannot be used now; empty when it can be used, None before the first look.
        gateway: address of this machine on the container network; empty before the network exists.
        machine: size of the machine; None before Docker was reached.
        dropped: services that are gone from the catalog but still have containers or volumes on Docker.
        closing: whether the server is ending, so that all waits must end.
        idle_since: when a pool's last service ended, by pool id.
        nodes: pool and node of each instance that the reconciler placed or that is still ending.
        pools: RESUMED_ON and MIN_NODES of each pool that has its nodes, by pool id.
        on_gateway: functions called with the gateway's address when it becomes known or changes.
    """

    def __init__(self, events: Events) -> None:
        self.events = events
        self._changed = threading.Condition()
        self._version = 0
        self._instances: dict[int, dict[int, InstanceState]] = {}
        self.problem: str | None = None
        self.gateway = ""
        self.machine: Machine | None = None
        self.dropped: set[int] = set()
        self.closing = False
        self.idle_since: dict[int, float] = {}
        self.nodes: dict[tuple[int, int], tuple[str, int]] = {}
        self.pools: dict[int, tuple[float, int]] = {}
        self.on_gateway: list[Callable[[str], None]] = []

    def instances(self, service: int) -> dict[int, InstanceState]:
        """A copy of a service's instances, by their number."""
        with self._changed:
            return dict(sorted(self._instances.get(service, {}).items()))

    def is_instance(self, service: int, address: str) -> bool:
        """Whether an address belongs to an instance of a service.

        A new instance may send requests before the reconciler has seen it. So this waits a few seconds for
        it, unless the address is this machine's own.
        """
        if ip_address(address).is_loopback:
            return False
        with self._changed:
            return self._changed.wait_for(lambda: address in self._addresses(service), _SEEN_SECONDS)

    def service_at(self, address: str) -> int | None:
        """The service that has an instance with this address; None when there is none."""
        if ip_address(address).is_loopback:
            return None
        with self._changed:
            return next((service for service in self._instances if address in self._addresses(service)), None)

    def _addresses(self, service: int) -> list[str]:
        # An instance that is ending has left the network; another instance may have its address now.
        return [state.address for state in self._instances.get(service, {}).values() if not state.terminating]

    def services(self) -> list[int]:
        """Services that have instances on Docker, including dropped services."""
        with self._changed:
            return list(self._instances)

    def put(self, service: int, number: int, state: InstanceState | None) -> None:
        """Record an instance's state; None removes the instance."""
        with self._changed:
            found = self._instances.setdefault(service, {})
            before = found.get(number)
            if state is None:
                found.pop(number, None)
            else:
                found[number] = state
            if not found:
                self._instances.pop(service, None)
            if before != state:
                self._notify()
        for name, seen in state.containers.items() if state else ():
            self.events.add(service, Event(now(), number, name, seen.status, seen.message))

    def set_nodes(
        self, placed: dict[tuple[int, int], tuple[str, int]], pools: dict[int, tuple[float, int]]
    ) -> None:
        """Record where instances run. Instances that are ending keep their node until they are gone."""
        with self._changed:
            ending = {
                key: node for key, node in self.nodes.items() if key not in placed and self._has_address(*key)
            }
            if (self.nodes, self.pools) != ({**placed, **ending}, pools):
                self.nodes, self.pools = {**placed, **ending}, pools
                self._notify()

    def _has_address(self, service: int, number: int) -> bool:
        state = self._instances.get(service, {}).get(number)
        return state is not None and bool(state.address)

    def nodes_of(self, pool: str) -> dict[tuple[int, int], int]:
        """Nodes of a pool's instances, by service and number."""
        with self._changed:
            return {key: node for key, (name, node) in self.nodes.items() if name == pool}

    def forget_all(self) -> None:
        """Forget all instances and nodes, because Docker does not answer."""
        with self._changed:
            self._instances.clear()
            self.nodes, self.pools = {}, {}
            self._notify()

    def set_problem(self, problem: str) -> None:
        with self._changed:
            if problem != self.problem:
                self.problem = problem
                self._notify()

    def close(self) -> None:
        """End all waits."""
        with self._changed:
            self.closing = True
            self._notify()

    def set_gateway(self, address: str) -> None:
        """Record this machine's address on the container network and pass it to the listeners."""
        with self._changed:
            if address == self.gateway:
                return
            self.gateway = address
            self._notify()
        for listener in self.on_gateway:
            listener(address)

    @property
    def version(self) -> int:
        return self._version

    def wait(self, version: int, timeout: float) -> int:
        """Block until a change after `version`, at most `timeout` seconds; return the present version."""
        with self._changed:
            self._changed.wait_for(lambda: self._version != version, timeout)
            return self._version

    def _notify(self) -> None:
        self._version += 1
        self._changed.notify_all()
