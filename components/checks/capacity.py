"""How much of its machine each service gets, and the refusal of a stack that does not fit on its machines.

A request is what a container is sure to have, and Snowflake places instances by it. A limit is the most that
it can have. Milvus's memory is requested in full: a machine that runs short of memory then ends others first.
See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/specification-reference
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor

from components.account.errors import CapacityError
from components.services.share import Share, plain
from settings import Settings
from settings.values import INSTANCE_FAMILIES

# The jobs that set Milvus up, verify it, or move its data each request less; no more than two run together.
_JOBS_CPU, _JOBS_MEMORY = 0.2, 1
_NOTEBOOK_CPU, _NOTEBOOK_MEMORY, _NOTEBOOK_MEMORY_BESIDE_MILVUS = 0.25, 1, 2
_LEAST_CPU, _LEAST_MEMORY = 0.5, 2
_GIB, _FLOAT = 1 << 30, 4
# 1,000,000 vectors of 1,024 dimensions take 7.7 GB when they are loaded, with their index:
# https://github.com/milvus-io/milvus/issues/37239. Milvus loads nothing more above 90 percent of its memory
# (queryNode.overloadedMemoryThresholdPercentage), and an empty Milvus takes about 1 GiB.
_OVERHEAD, _LOADABLE, _EMPTY_MILVUS = 1.9, 0.9, 1


@dataclass(frozen=True)
class Capacity:
    """The shares of a stack's services.

    Attributes:
        milvus: Milvus's share.
        notebook: the share of each notebook.
    """

    milvus: Share
    notebook: Share


def vectors_that_fit(memory: int, dimension: int) -> int:
    """About how many vectors Milvus can hold ready for search, with an index in memory, to two digits.

    Args:
        memory: Milvus's memory in GiB.
        dimension: number of 4-byte floats of a vector.
    """
    room = max(memory * _LOADABLE - _EMPTY_MILVUS, 0) * _GIB
    found = floor(room / (_FLOAT * dimension * _OVERHEAD))
    digits = max(len(str(found)) - 2, 0)
    return found // 10**digits * 10**digits


def capacity_of(chosen: Settings) -> Capacity:
    """Share the machines of a stack out.

    Milvus gets what its machine has left when the jobs and the notebooks on it have what they request.

    Raises:
        CapacityError: what would run on a machine requests more than it has; the message has the sum.
    """
    shared = chosen.shared_compute_pool
    notebook = _notebook(chosen)
    guests = dict.fromkeys(chosen.notebook_services.values(), notebook)
    beside = guests if shared else {}
    machine = INSTANCE_FAMILIES[chosen.milvus_instance_family]
    cpu_left = round(machine["vcpu"] - _JOBS_CPU - sum(share.cpu for share in beside.values()), 2)
    memory_left = machine["memory"] - _JOBS_MEMORY - sum(share.memory for share in beside.values())
    cpu = chosen.milvus_cpu or max(cpu_left, _LEAST_CPU)
    memory = chosen.milvus_memory or max(memory_left, _LEAST_MEMORY)
    milvus = Share(cpu, memory, chosen.milvus_cpu or machine["vcpu"], memory)
    _require(chosen, "milvus", {"MILVUS": milvus, **beside})
    if not shared:
        _require(chosen, "jupyter", guests)
    return Capacity(milvus, notebook)


def _notebook(chosen: Settings) -> Share:
    """The share of one notebook. It does not depend on their number, so that another one restarts none."""
    family = chosen.milvus_instance_family if chosen.shared_compute_pool else chosen.jupyter_instance_family
    machine = INSTANCE_FAMILIES[family]
    if chosen.shared_compute_pool:
        memory = most = chosen.notebook_memory or _NOTEBOOK_MEMORY_BESIDE_MILVUS
    else:
        memory = chosen.notebook_memory or _NOTEBOOK_MEMORY
        most = chosen.notebook_memory or machine["memory"] - _JOBS_MEMORY
    return Share(chosen.notebook_cpu or _NOTEBOOK_CPU, memory, chosen.notebook_cpu or machine["vcpu"], most)


def _require(chosen: Settings, machine: str, shares: Mapping[str, Share]) -> None:
    """Require that a machine has what its services and the jobs request."""
    family = getattr(chosen, f"{machine}_instance_family")
    has = INSTANCE_FAMILIES[family]
    cpu = round(sum(share.cpu for share in shares.values()) + _JOBS_CPU, 2)
    memory = sum(share.memory for share in shares.values()) + _JOBS_MEMORY
    if cpu <= has["vcpu"] and memory <= has["memory"]:
        return
    parts = [(name, share.cpu, share.memory) for name, share in shares.items()]
    parts.append(("jobs", _JOBS_CPU, _JOBS_MEMORY))
    lines = "\n".join(f"  {name}: {plain(cpus)} CPU, {gib} GiB" for name, cpus, gib in parts)
    pool = chosen.named(f"{machine.upper()}_COMPUTE_POOL")
    raise CapacityError(
        f"Nothing was changed. A machine of {pool}, {family}, has {has['vcpu']} CPU and {has['memory']} GiB; "
        f"what would run on it requests {plain(cpu)} CPU and {memory} GiB:\n{lines}\n"
        f"Choose a larger {machine}InstanceFamily, fewer notebooks, no sharedComputePool, or less in "
        "milvusCpu, milvusMemory, notebookCpu, notebookMemory."
    )
