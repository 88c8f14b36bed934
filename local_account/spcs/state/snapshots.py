"""Snapshots of block volumes in the catalog: which snapshots there are, and which volumes they hold.

CREATE SNAPSHOT makes a copy of the volume. A snapshot that is made because a volume is deleted takes over the
deleted volume itself. Both are INITIALIZED until the reconciler has done its part on Docker.

See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/block-storage-volume
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from local_account.base.labels import Labels
from local_account.base.result import now
from local_account.base.sql import Name
from local_account.catalog.catalog import Catalog, Object
from local_account.catalog.volumes import FILLED, FILLING, OBSOLETE, BlockVolume
from local_account.statement.context import Context

KIND = "SNAPSHOT"
INITIALIZED, CREATED, ERROR = "INITIALIZED", "CREATED", "ERROR"
_HOUR = 3600.0
_UNITS = {"h": _HOUR, "d": 24 * _HOUR}
DELETE_AFTER = "7d"


def block_volumes(item: Object) -> list[dict[str, Any]]:
    """The block volumes in a service's specification."""
    return [
        volume for volume in item.properties["SPEC"]["spec"].get("volumes", ()) if "blockConfig" in volume
    ]


def gibibytes(volume: dict[str, Any]) -> int:
    """Size of a block volume in GiB."""
    return int(volume["size"].removesuffix("Gi"))


def first_volume(labels: Labels, service: int, instance: int, volume: str) -> str:
    """Name of the Docker volume that a volume of an instance begins with."""
    return f"{labels.instance(service, instance)}-{volume}"


def volume_in_use(catalog: Catalog, labels: Labels, service: int, instance: int, volume: str) -> str:
    """Name of the Docker volume that holds a block volume now."""
    row = catalog.block_volume(service, instance, volume)
    return row.docker if row else first_volume(labels, service, instance, volume)


def content(labels: Labels, snapshot: Object) -> str:
    """Name of the Docker volume that holds a snapshot."""
    if snapshot.properties["TAKEN_OVER"]:
        return snapshot.properties["SOURCE"]
    return labels.snapshot(snapshot.id)


def kept(catalog: Catalog, labels: Labels) -> frozenset[str]:
    """Docker volumes that must stay although no service uses them: snapshots, and volumes not yet copied."""
    found = {row.source for row in catalog.block_volumes() if row.state == FILLING}
    for snapshot in catalog.objects(KIND):
        found.add(content(labels, snapshot))
        if snapshot.properties["STATE"] == INITIALIZED:
            found.add(snapshot.properties["SOURCE"])
    return frozenset(found)


def pending(catalog: Catalog) -> dict[int, list[Object]]:
    """Snapshots that must be made, by service."""
    found: dict[int, list[Object]] = {}
    for snapshot in catalog.objects(KIND):
        if snapshot.properties["STATE"] == INITIALIZED:
            found.setdefault(snapshot.properties["SERVICE_ID"], []).append(snapshot)
    return found


def settle(catalog: Catalog, snapshot: Object, state: str) -> None:
    """Record the state in which the work on a snapshot ended."""
    catalog.set_properties(snapshot.id, {"STATE": state})


def drop_expired(catalog: Catalog) -> None:
    """Drop the snapshots whose time has expired."""
    for snapshot in catalog.objects(KIND):
        expires = snapshot.properties["EXPIRES"]
        if expires is not None and expires < now():
            with catalog.transaction():
                catalog.delete(snapshot)


def properties_of(
    labels: Labels, catalog: Catalog, item: Object, volume: dict[str, Any], instance: int
) -> dict[str, Any]:
    """A new snapshot's properties in the catalog."""
    return {
        "STATE": INITIALIZED,
        "SERVICE": str(item.fqn),
        "SERVICE_ID": item.id,
        "VOLUME": volume["name"],
        "INSTANCE": instance,
        "SIZE": gibibytes(volume),
        "ENCRYPTION": volume["blockConfig"]["encryption"],
        "SOURCE": volume_in_use(catalog, labels, item.id, instance, volume["name"]),
        "TAKEN_OVER": False,
        "EXPIRES": None,
    }


def seed(context: Context, item: Object) -> None:
    """Let the volumes of a new service begin with the snapshots that its specification names."""
    labels = context.account.settings.labels
    for volume, (source, snapshot) in item.properties.get("SEEDS", {}).items():
        for instance in range(item.properties["MIN_INSTANCES"]):
            docker = first_volume(labels, item.id, instance, volume)
            context.catalog.put_block_volume(
                BlockVolume(docker, item.id, instance, volume, source, snapshot, FILLING)
            )


def replace(context: Context, item: Object, volume: dict[str, Any], instance: int, snapshot: Object) -> None:
    """Replace a volume by a snapshot's content; the old content is backed up if the service asks for it."""
    catalog, labels = context.catalog, context.account.settings.labels
    old = catalog.block_volume(item.id, instance, volume["name"]) or BlockVolume(
        first_volume(labels, item.id, instance, volume["name"]),
        item.id,
        instance,
        volume["name"],
        "",
        "",
        FILLED,
    )
    _back_up_volume(context, item, volume, instance)
    catalog.put_block_volume(old._replace(state=OBSOLETE))
    docker = first_volume(labels, item.id, instance, f"{volume['name']}-{secrets.token_hex(4)}")
    fresh = old._replace(
        docker=docker, source=content(labels, snapshot), snapshot=str(snapshot.fqn), state=FILLING
    )
    catalog.put_block_volume(fresh)


def back_up(context: Context, item: Object) -> None:
    """Back up the block volumes of a service that is being dropped, if its specification asks for it."""
    for volume in block_volumes(item):
        for instance in range(item.properties["MIN_INSTANCES"]):
            _back_up_volume(context, item, volume, instance)


def _back_up_volume(context: Context, item: Object, volume: dict[str, Any], instance: int) -> None:
    config = volume["blockConfig"]
    row = context.catalog.block_volume(item.id, instance, volume["name"])
    # A volume that is not filled yet holds no data besides its snapshot's.
    if not config.get("snapshotOnDelete") or (row and row.state == FILLING):
        return
    properties = properties_of(context.account.settings.labels, context.catalog, item, volume, instance)
    after = config.get("snapshotDeleteAfter", DELETE_AFTER)
    properties |= {"TAKEN_OVER": True, "EXPIRES": now() + int(after[:-1]) * _UNITS[after[-1]]}
    mark = hashlib.sha256(properties["SOURCE"].encode()).hexdigest()[:8].upper()
    name = Name(item.database, item.schema, f"SYS_BACKUP_ON_DELETE{mark}_{int(now() * 1000)}")
    context.creating(context.catalog.create(KIND, name, item.owner, properties))
