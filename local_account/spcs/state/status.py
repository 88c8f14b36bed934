"""What pools, services and jobs are doing now, from the catalog and the latest reading of Docker."""

from __future__ import annotations

from local_account.catalog.catalog import Catalog, Object
from local_account.identity.account import Account
from local_account.spcs.spec.families import FAMILIES
from local_account.spcs.state import scheduler
from local_account.spcs.state.observed import (
    POOL,
    SERVICE,
    STOPPING,
    ContainerState,
    InstanceState,
    Observed,
)

# A service is FAILED when one of its containers failed this often in a row without getting ready.
CRASH_LOOP = 4
FINAL = frozenset({"DONE", "FAILED", "CANCELLED"})


def services_on(catalog: Catalog, pool: str) -> list[Object]:
    """Services and jobs of a pool, without jobs that have ended."""
    return [
        item
        for item in catalog.objects(SERVICE)
        if item.properties["POOL"] == pool and not item.properties.get("RESULT")
    ]


def placement(account: Account, pool: Object) -> scheduler.Placement:
    """Where the instances of a pool's services run or will run."""
    services = services_on(account.catalog, pool.name)
    return scheduler.place(pool, services, account.part(Observed).nodes_of(pool.name))


def instance_numbers(observed: Observed, item: Object) -> list[int]:
    """Numbers of the instances that a service has: those that shall run, and those that are still ending."""
    at_rest = item.properties["SUSPENDED"] or item.properties.get("RESULT")
    wanted = 0 if at_rest else scheduler.target_instances(item)
    return sorted({*observed.instances(item.id), *range(wanted)})


def service_status(observed: Observed, item: Object) -> str:
    """Status word of a service or job."""
    properties = item.properties
    if properties.get("RESULT"):
        return properties["RESULT"]
    found = observed.instances(item.id)
    if properties.get("CANCELLING"):
        return "CANCELLING"
    if properties["SUSPENDED"]:
        return "SUSPENDING" if found or properties.get(STOPPING) else "SUSPENDED"
    live = [state for state in found.values() if not state.terminating]
    if properties["IS_JOB"]:
        return _job_status(live)
    # Failures of instances with an earlier specification say nothing about the present specification.
    if any(crash_looping(state) for state in live if state.digest == properties["SPEC_DIGEST"]):
        return "FAILED"
    ready = sum(state.status == "READY" for state in live)
    return "RUNNING" if ready >= properties["MIN_READY_INSTANCES"] else "PENDING"


def _job_status(live: list[InstanceState]) -> str:
    if any(state.status == "FAILED" for state in live):
        return "FAILED"
    containers = [container for state in live for container in state.containers.values()]
    if any(container.status in ("READY", "DONE") for container in containers):
        return "RUNNING"
    return "PENDING"


def crash_looping(state: InstanceState) -> bool:
    return any(container.crashes >= CRASH_LOOP for container in state.containers.values())


def is_upgrading(observed: Observed, item: Object) -> bool:
    digest = item.properties["SPEC_DIGEST"]
    return any(state.digest not in ("", digest) for state in observed.instances(item.id).values())


def planned_container(account: Account, item: Object) -> ContainerState:
    """State of a container whose instance is not on Docker yet; its message says why it waits."""
    observed = account.part(Observed)
    pool = account.catalog.find(POOL, scheduler.pool_name(item))
    if pool is None or pool.properties["SUSPENDED"]:
        return ContainerState(message="Compute pool is suspended")
    if observed.problem:
        return ContainerState(message=f"Compute pool node(s) are being provisioned: {observed.problem}")
    if observed.problem is None:
        return ContainerState(message="Compute pool node(s) are being provisioned")
    return ContainerState()


def machine_note(account: Account, pool: Object) -> str:
    family, machine = FAMILIES[pool.properties["INSTANCE_FAMILY"]], account.part(Observed).machine
    if machine is None or (machine.cpus >= family.vcpu and machine.memory >= family.memory * 2**30):
        return "Compute pool is ready"
    return (
        f"Compute pool is ready; this machine has {machine.cpus} CPUs and {machine.memory / 2**30:.0f} GiB, "
        f"less than a node of {family.name} ({family.vcpu} and {family.memory} GiB): "
        "limits are capped to the machine"
    )
