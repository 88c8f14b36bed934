"""Refuses, before anything is changed, what would cost Milvus its data.

What is deployed is read from the stack's own state through the engine, so it is what the last `pulumi up`
really did, also when that failed half way. No SQL is sent.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import pulumi
import yaml

from components import sql
from components.errors import DataLossError
from components.image import PROJECT, base_version
from components.milvus import SERVICE, VOLUME, Volume

if TYPE_CHECKING:
    from settings import Settings

SERVICE_TYPE, POOL_TYPE = "snowflake:index/service:Service", "snowflake:index/computePool:ComputePool"
_READ_STATE = "pulumi:pulumi:readStackResourceOutputs"
_BEING_WRITTEN = "failed to load checkpoint"
_ATTEMPTS, _PAUSE_SECONDS = 20, 0.1
# What decides it, by the field of MilvusDeployment that it decides.
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
# What a volume has when its specification leaves it open, by cloud; an imported service shows it.
_LEFT_OPEN = {"iops": (0, 3000), "throughput": (0, 125, 140)}
MOVABLE = ("instance_family", "size", "iops", "throughput")
"""Fields of MilvusDeployment whose change `make migrate` can carry the data through."""


@dataclass(frozen=True, kw_only=True)
class MilvusDeployment:
    """Where Milvus keeps its data.

    Another value of any field but `snapshot` and `version` makes a new volume.

    Attributes:
        database, schema, service, compute_pool: names.
        instance_family: of the compute pool; Snowflake cannot change it, so the pool is replaced.
        size: GiB of the volume.
        iops, throughput: of the volume; 0 when the specification leaves them to Snowflake.
        snapshot: the snapshot that the volume began with, or a new one begins with; empty for none.
        version: of Milvus; empty when it is not known. It changes in place, upwards only.
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
    """Stop the program when its settings would lose what the deployed Milvus holds.

    Returns:
        Milvus's volume. A deployed one keeps the snapshot that it began with, which cannot change either.

    Raises:
        DataLossError: they would, and `allowDataLoss` is not set.
    """
    stack = "/".join((pulumi.get_organization(), pulumi.get_project(), pulumi.get_stack()))
    deployed, wanted = deployed_milvus(_read_state(stack)), chosen_milvus(chosen)
    losses = find_losses(deployed, wanted)
    if losses and chosen.allow_data_loss:
        pulumi.log.warn("allowDataLoss is set, so this goes on:\n" + "\n".join(losses))
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
    """Type and outputs of each resource in a stack's state."""
    attempts = 0
    while True:
        try:
            return pulumi.runtime.invoke(_READ_STATE, {"stackName": stack}).value["outputs"].values()
        except Exception as error:
            attempts += 1
            # With a backend of files the engine may just be writing the state, that of this very `up`.
            if _BEING_WRITTEN not in str(error) or attempts == _ATTEMPTS:
                raise
        time.sleep(_PAUSE_SECONDS)


def chosen_milvus(chosen: Settings) -> MilvusDeployment:
    """What the settings ask for."""
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
    """What a stack's state says; None when no Milvus is deployed.

    Args:
        resources: `type` and `outputs` of each resource.

    Raises:
        DataLossError: the service was imported and keeps its data in another way.
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
            "cannot go on with it. Export its collections, then drop it"
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
    """YAML text of a service's specification; an import knows only what DESCRIBE SERVICE shows."""
    declared = service.get("fromSpecification")
    return declared["text"] if declared else service["describeOutputs"][0]["spec"]


def find_losses(deployed: MilvusDeployment | None, chosen: MilvusDeployment) -> list[str]:
    """What a change would lose, and the ways on, in lines of text; none when it loses nothing."""
    if deployed is None:
        return []
    return [*_new_volume(deployed, chosen), *_downgrade(deployed.version, chosen.version)]


def changed(deployed: MilvusDeployment, chosen: MilvusDeployment) -> list[str]:
    """Fields that differ and so make a new volume."""
    names = [field.name for field in fields(MilvusDeployment) if field.name not in ("snapshot", "version")]
    if not deployed.instance_family:
        # The stack did not make the pool, so it does not replace it.
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
        way = "or run `make migrate`, which takes the data along in a snapshot"
    else:
        way = "or move the collections by export and import, see docs/lifecycle.md"
    return [
        "This would replace Milvus's block volume and lose all that it holds:",
        *lines,
        f"Put it back, {way}, or give the data up: pulumi config set allowDataLoss true",
    ]


def _downgrade(deployed: str, chosen: str) -> list[str]:
    if not older(chosen, deployed):
        return []
    return [
        f"  images/milvus/Dockerfile: Milvus {deployed} is deployed, {chosen} is set",
        f"Milvus {chosen} cannot be relied on to open what {deployed} wrote. Put the version back, "
        "or give the data up: pulumi config set allowDataLoss true",
    ]


def older(version: str, than: str) -> bool:
    """Whether one version is known to be before another."""
    numbers = [re.findall(r"[0-9]+", text.partition("-")[0]) for text in (version, than)]
    first, second = ([int(number) for number in found] for found in numbers)
    return bool(first and second) and first < second


def _tag_version(image: str) -> str:
    """Version of Milvus in an image's tag, `v2.6.16` in `…/milvus:v2.6.16-0123456789abcdef`."""
    return image.rpartition(":")[2].rpartition("-")[0]
