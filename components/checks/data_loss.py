"""Refuses a change that would lose Milvus's data, before anything is changed.

The engine reads what is deployed from the stack's own state. So it is what the last `pulumi up` really did,
even if that `up` failed half way. No SQL is sent.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import pulumi
import yaml

from components.account import sql
from components.account.errors import DataLossError
from components.objects.image import PROJECT, base_version
from components.services.milvus import SERVICE, VOLUME, Volume

if TYPE_CHECKING:
    from settings import Settings

SERVICE_TYPE, POOL_TYPE = "snowflake:index/service:Service", "snowflake:index/computePool:ComputePool"
_READ_STATE = "pulumi:pulumi:readStackResourceOutputs"
_BEING_WRITTEN = "failed to load checkpoint"
_ATTEMPTS, _PAUSE_SECONDS = 20, 0.1
# The setting behind each field of MilvusDeployment, for messages.
_SETTINGS = {
    "database": "prefix or existingDatabase (database)",
    "schema": "prefix or existingDatabase (schema)",
    "service": "service name",
    "compute_pool": "prefix (compute pool)",
    "instance_family": "milvusInstanceFamily",
    "size": "milvusVolumeSize",
    "iops": "milvusVolumeIops",
    "throughput": "milvusVolumeThroughput",
}
# The values that the clouds give a volume whose specification has none; an imported service shows them.
_LEFT_OPEN = {"iops": (0, 3000), "throughput": (0, 125, 140)}
MOVABLE = ("instance_family", "size", "iops", "throughput")
"""The fields of MilvusDeployment that `make migrate` can change without losing data."""


@dataclass(frozen=True, kw_only=True)
class MilvusDeployment:
    """What decides whether Milvus keeps its volume: where it is deployed, and with which volume.

    A change of any field except `snapshot` and `version` makes a new, empty volume.

    Attributes:
        database, schema, service, compute_pool: names.
        instance_family: instance family of the compute pool. Snowflake cannot change it, so the pool is
            replaced. Empty: the stack did not make the pool.
        size: size of the volume in GiB.
        snapshot: the snapshot from which the volume started, or a new volume starts; empty: no snapshot.
        version: version of Milvus, e.g. `v2.6.16`; empty: not known. It can change in place to a newer one.
        iops, throughput: of the volume, in operations and MiB per second; 0: Snowflake's default.
    """

    database: str
    schema: str
    service: str
    compute_pool: str
    instance_family: str
    size: int
    snapshot: str
    version: str
    iops: int = 0
    throughput: int = 0


def refuse_data_loss(chosen: Settings) -> Volume:
    """Stop the program if its settings would lose the data of the deployed Milvus.

    Args:
        chosen: the settings of the stack.

    Returns:
        Milvus's volume. A deployed volume keeps the snapshot from which it started, because Snowflake cannot
        change that.

    Raises:
        DataLossError: data would be lost, and `allowDataLoss` is not set.
    """
    stack = "/".join((pulumi.get_organization(), pulumi.get_project(), pulumi.get_stack()))
    deployed, wanted = deployed_milvus(_read_state(stack)), chosen_milvus(chosen)
    losses = find_losses(deployed, wanted)
    if losses and chosen.allow_data_loss:
        pulumi.log.warn("allowDataLoss is set, so this change is permitted:\n" + "\n".join(losses))
    elif losses:
        raise DataLossError("Nothing was changed.\n" + "\n".join(losses))
    elif chosen.allow_data_loss:
        pulumi.log.warn("allowDataLoss is set; `pulumi config rm allowDataLoss` protects Milvus's data again")
    new = deployed is not None and bool(changed(deployed, wanted))
    snapshot = deployed.snapshot if deployed is not None and not new else wanted.snapshot
    return Volume(
        size=wanted.size, iops=wanted.iops, throughput=wanted.throughput, snapshot=snapshot, new=new
    )


def _read_state(stack: str) -> Iterable[Mapping[str, Any]]:
    """The type and the outputs of each resource in the state of a stack."""
    attempts = 0
    while True:
        try:
            return pulumi.runtime.invoke(_READ_STATE, {"stackName": stack}).value["outputs"].values()
        except Exception as error:
            attempts += 1
            # With a backend of files, the engine may be writing the state at this moment, for this same `up`.
            if _BEING_WRITTEN not in str(error) or attempts == _ATTEMPTS:
                raise
        time.sleep(_PAUSE_SECONDS)


def chosen_milvus(chosen: Settings) -> MilvusDeployment:
    """The deployment that the settings ask for."""
    return MilvusDeployment(
        database=chosen.database,
        schema=chosen.schema_name,
        service=SERVICE,
        compute_pool=chosen.named("MILVUS_COMPUTE_POOL"),
        instance_family=chosen.milvus_instance_family,
        size=chosen.milvus_volume_size,
        iops=chosen.milvus_volume_iops,
        throughput=chosen.milvus_volume_throughput,
        snapshot=chosen.milvus_snapshot,
        version=base_version((PROJECT / "images/milvus/Dockerfile").read_text()),
    )


def deployed_milvus(resources: Iterable[Mapping[str, Any]]) -> MilvusDeployment | None:
    """The deployment in the state of a stack; None if no Milvus is deployed.

    Args:
        resources: `type` and `outputs` of each resource.

    Raises:
        DataLossError: the service was imported and does not keep its data on the block volume.
    """
    outputs = [(item["type"], item.get("outputs") or {}) for item in resources]
    services = [out for kind, out in outputs if kind == SERVICE_TYPE and out.get("name") == SERVICE]
    if not services:
        return None
    service = services[0]
    pool = sql.bare(service["computePool"])
    pools = {out.get("name"): out for kind, out in outputs if kind == POOL_TYPE}
    specification = yaml.safe_load(_specification(service))["spec"]
    volumes = [item for item in specification.get("volumes") or () if item["name"] == VOLUME]
    if not volumes:
        raise DataLossError(
            f"Nothing was changed. Service {service['name']} has no block volume {VOLUME!r}, so this program "
            "cannot continue with it. Export its collections, then drop it"
        )
    volume = volumes[0]
    config = volume.get("blockConfig") or {}
    contents = config.get("initialContents") or {}
    return MilvusDeployment(
        database=service["database"],
        schema=service["schema"],
        service=service["name"],
        compute_pool=pool,
        instance_family=pools.get(pool, {}).get("instanceFamily", ""),
        size=int(volume["size"].removesuffix("Gi")),
        iops=int(config.get("iops", 0)),
        throughput=int(config.get("throughput", 0)),
        snapshot=contents.get("fromSnapshot", ""),
        version=_tag_version(specification["containers"][0]["image"]),
    )


def _specification(service: Mapping[str, Any]) -> str:
    """The YAML text of a service's specification; for an imported service, what DESCRIBE SERVICE shows."""
    declared = service.get("fromSpecification")
    return declared["text"] if declared else service["describeOutputs"][0]["spec"]


def find_losses(deployed: MilvusDeployment | None, chosen: MilvusDeployment) -> list[str]:
    """The lines of a message about what a change loses and the ways out; empty if it loses nothing."""
    if deployed is None:
        return []
    return [*_new_volume(deployed, chosen), *_downgrade(deployed.version, chosen.version)]


def changed(deployed: MilvusDeployment, chosen: MilvusDeployment) -> list[str]:
    """The names of the fields whose change makes a new volume."""
    names = [field.name for field in fields(MilvusDeployment) if field.name not in ("snapshot", "version")]
    if not deployed.instance_family:
        # The stack did not make the pool, so the stack does not replace it.
        names.remove("instance_family")
    return [name for name in names if not _same(name, getattr(deployed, name), getattr(chosen, name))]


def _same(name: str, deployed: Any, chosen: Any) -> bool:
    if deployed and chosen:
        return deployed == chosen
    left_open = _LEFT_OPEN.get(name, ())
    return deployed == chosen or (deployed in left_open and chosen in left_open)


def _new_volume(deployed: MilvusDeployment, chosen: MilvusDeployment) -> list[str]:
    names = changed(deployed, chosen)
    if not names:
        return []
    lines = [
        f"  {_SETTINGS[name]}: {getattr(deployed, name) or 'none'} is deployed, "
        f"{getattr(chosen, name) or 'none'} is set"
        for name in names
    ]
    if set(names) <= set(MOVABLE) and chosen.size >= deployed.size:
        way = "run `make migrate`, which keeps the data in a snapshot"
    else:
        way = "move the collections by export and import (docs/lifecycle.md)"
    return [
        "This would replace Milvus's block volume and lose all data on it:",
        *lines,
        f"Undo the change, {way}, or give the data up: pulumi config set allowDataLoss true",
    ]


def _downgrade(deployed: str, chosen: str) -> list[str]:
    if not older(chosen, deployed):
        return []
    return [
        f"  images/milvus/Dockerfile: Milvus {deployed} is deployed, {chosen} is set",
        f"Milvus {chosen} may not be able to open what {deployed} wrote. Undo the change of the version, "
        "or give the data up: pulumi config set allowDataLoss true",
    ]


def older(version: str, than: str) -> bool:
    """Whether a version is certainly older than another; false if one of them has no number.

    Args:
        version: e.g. `v2.6.16`.
        than: the version to compare with.
    """
    numbers = [re.findall(r"[0-9]+", text.partition("-")[0]) for text in (version, than)]
    first, second = ([int(number) for number in found] for found in numbers)
    return bool(first and second) and first < second


def _tag_version(image: str) -> str:
    """The version of Milvus in the tag of an image: `v2.6.16` in `…/milvus:v2.6.16-0123456789abcdef`."""
    return image.rpartition(":")[2].rpartition("-")[0]
