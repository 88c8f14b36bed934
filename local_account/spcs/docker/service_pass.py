"""One pass over one service: moves its instances on Docker towards the state that the catalog asks for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from local_account.base.labels import CONTAINER, HOLDER, Found
from local_account.base.result import now
from local_account.catalog.catalog import Object
from local_account.identity.account import Account
from local_account.spcs.docker import session_token, snapshot_taker, volumes
from local_account.spcs.docker.container_state import ended_state
from local_account.spcs.docker.instance import InstanceNotes, Keeper
from local_account.spcs.docker.runtime import DockerRuntime
from local_account.spcs.network.firewall import Firewall
from local_account.spcs.state import lifecycle, snapshots
from local_account.spcs.state.observed import ContainerState, InstanceState, Observed
from local_account.spcs.state.status import crash_looping

# How often to look for a volume that a snapshot waits for.
_SNAPSHOT_SECONDS = 1.0
# How long to wait before the next try to remove volumes that are still in use.
_VOLUME_SECONDS = 5.0


@dataclass
class PassInput:
    """What one pass starts from.

    Attributes:
        service: id of the service in the catalog.
        item: the service; None when it was dropped.
        placed: numbers of the instances that the pool has room for.
        found: the service's containers on Docker.
        snapshots: snapshots of the service's volumes that must be made.
        volumes: volumes of a dropped service that must be removed.
        notes: notes about each instance, by its number; they stay from pass to pass.
    """

    service: int
    item: Object | None
    placed: frozenset[int]
    found: list[Found]
    snapshots: list[Object] = field(default_factory=list)
    volumes: tuple[str, ...] = ()
    notes: dict[int, InstanceNotes] = field(default_factory=dict)


class ServicePass:
    """Runs in a worker thread. A service has at most one pass at a time."""

    def __init__(
        self, account: Account, runtime: DockerRuntime, firewall: Firewall, given: PassInput
    ) -> None:
        self._account, self._observed = account, account.part(Observed)
        self._runtime, self._firewall, self._input = runtime, firewall, given

    def run(self) -> float | None:
        """Make progress.

        Returns:
            Seconds until the next look; None when no change is expected.
        """
        item = self._input.item
        if item is None:
            return None if self._remove_all() else _VOLUME_SECONDS
        waiting = self._take_snapshots()
        if item.properties.get("RESULT"):
            self._settle_ended(item)
            return None
        if item.properties.get("CANCELLING"):
            self._finish(item, "CANCELLED")
            return None
        if item.properties["SUSPENDED"]:
            if self._remove_all():
                lifecycle.stopped(self._account.catalog, item)
            return None
        due = self._keep_instances(item)
        if waiting:
            due = min(due or _SNAPSHOT_SECONDS, _SNAPSHOT_SECONDS)
        return self._after_job(item, due) if item.properties["IS_JOB"] else due

    def show_problem(self, text: str) -> None:
        """Show in the containers' messages why the pass failed; it will be tried again."""
        if self._input.item is None:
            return
        for number in self._input.placed:
            state = self._observed.instances(self._input.service).get(number) or InstanceState(created=now())
            waiting = {
                part["name"]: ContainerState(message=f"Encountered fatal error, retrying: {text}")
                for part in self._input.item.properties["SPEC"]["spec"]["containers"]
                if state.containers.get(part["name"], ContainerState()).status == "PENDING"
            }
            shown = replace(state, containers={**state.containers, **waiting})
            self._observed.put(self._input.service, number, shown)

    # Instances that should run

    def _keep_instances(self, item: Object) -> float | None:
        numbers = {part.instance for part in self._input.found}
        for number in sorted(numbers - self._input.placed):
            self._remove_instance(item.id, number)
        dues: list[float] = []
        digest = item.properties["SPEC_DIGEST"]
        for number in sorted(self._input.placed, reverse=True):
            found = [part for part in self._input.found if part.instance == number]
            outdated = any(part.part == CONTAINER and part.digest != digest for part in found)
            if outdated and self._upgrade_must_wait(item, number):
                continue
            due = self._keep(item, number, found)
            if due is not None:
                dues.append(due)
        return min(dues, default=None)

    def _upgrade_must_wait(self, item: Object, number: int) -> bool:
        """Whether instances with higher numbers are not ready yet with the new specification."""
        digest = item.properties["SPEC_DIGEST"]
        states = self._observed.instances(item.id)
        above = [states.get(other) for other in self._input.placed if other > number]
        return any(state is None or state.digest != digest or state.status != "READY" for state in above)

    def _keep(self, item: Object, number: int, found: list[Found]) -> float | None:
        notes = self._input.notes.setdefault(number, InstanceNotes())
        before = self._observed.instances(item.id).get(number)
        keeper = Keeper(self._account, self._runtime, self._firewall, item, number, found, notes, before)
        keeper.run()
        self._observed.put(item.id, number, keeper.state)
        return keeper.due

    # Jobs

    def _after_job(self, item: Object, due: float | None) -> float | None:
        states = self._observed.instances(item.id)
        if any(
            (container.status == "FAILED" and container.last_exit_code is not None) or crash_looping(state)
            for state in states.values()
            for container in state.containers.values()
        ):
            self._finish(item, "FAILED")
            return None
        wanted = item.properties["MIN_INSTANCES"]
        if len(states) == wanted and all(state.status == "SUCCEEDED" for state in states.values()):
            self._finish(item, "DONE")
            return None
        return due

    def _finish(self, item: Object, result: str) -> None:
        """Write a job's result. Its containers are stopped and stay for their logs."""
        found = [part for part in self._runtime.list() if part.service == item.id]
        for part in found:
            if part.part == CONTAINER and part.running:
                self._runtime.stop(part.id)
        self._put_ended(item, found)
        ended = {"RESULT": result, "CANCELLING": False, "ENDED_ON": now()}
        self._account.catalog.set_properties(item.id, ended)
        self._release(found)

    def _settle_ended(self, item: Object) -> None:
        found = self._input.found
        self._release(found)
        if not self._observed.instances(item.id):
            self._put_ended(item, found)

    def _put_ended(self, item: Object, found: list[Found]) -> None:
        """Show how a job's containers ended; for a container that never ran, show why."""
        before = self._observed.instances(item.id)
        for number in {part.instance for part in found} | set(before):
            mine = [part for part in found if part.instance == number]
            state, last = ended_state(self._runtime, mine), before.get(number)
            if last:
                state = replace(last, address="", containers={**last.containers, **state.containers})
            self._observed.put(item.id, number, state)

    def _release(self, found: list[Found]) -> None:
        """Remove what an ended job no longer needs: its network and its files."""
        holders = [part for part in found if part.part == HOLDER]
        for holder in holders:
            self._firewall.forget(holder.id)
        self._runtime.remove([holder.id for holder in holders], grace=0)
        session_token.forget(self._account, self._input.service)

    # Instances that should not run

    def _take_snapshots(self) -> bool:
        account, given = self._account, self._input
        return snapshot_taker.take(
            self._runtime.client, account.catalog, account.settings.labels, given.snapshots, given.item
        )

    def _remove_all(self) -> bool:
        """Remove all instances; for a dropped service also its block volumes, unless a snapshot needs them.

        Returns:
            Whether all volumes that must be removed are gone.
        """
        numbers = {part.instance for part in self._input.found}
        for number in numbers | set(self._observed.instances(self._input.service)):
            self._remove_instance(self._input.service, number)
        account, dropped = self._account, self._input.item is None
        labels, client = account.settings.labels, self._runtime.client
        if dropped:
            self._take_snapshots()
        keep = snapshots.kept(account.catalog, labels)
        gone = volumes.remove(client, labels, self._input.service, None, dropped, keep)
        session_token.forget(account, self._input.service)
        if self._input.item is None:
            self._observed.events.forget(self._input.service)
        self._input.notes.clear()
        return gone

    def _remove_instance(self, service: int, number: int) -> None:
        before = self._observed.instances(service).get(number) or InstanceState()
        stopping = {name: _terminating(state) for name, state in before.containers.items()}
        self._observed.put(service, number, replace(before, terminating=True, containers=stopping))
        found = [part for part in self._input.found if part.instance == number]
        holders = [part for part in found if part.part == HOLDER]
        self._runtime.leave_network([holder.id for holder in holders])
        for holder in holders:
            self._firewall.forget(holder.id)
        self._runtime.remove([part.id for part in found if part.part == CONTAINER])
        self._runtime.remove([holder.id for holder in holders], grace=0)
        account = self._account
        volumes.remove(self._runtime.client, account.settings.labels, service, number, block=False)
        session_token.forget(account, service, number)
        self._input.notes.pop(number, None)
        self._observed.put(service, number, None)


def _terminating(state: ContainerState) -> ContainerState:
    return replace(state, status="TERMINATING", message="Terminating")
