"""Volumes of instances: Docker volumes for local, memory and block volumes, folders for stage volumes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from docker import DockerClient
from docker.errors import APIError, NotFound
from docker.types import Mount

from local_account.base.labels import Labels
from local_account.base.sql import Name
from local_account.catalog.catalog import Object
from local_account.catalog.volumes import FILLING
from local_account.identity import access
from local_account.identity.account import Account
from local_account.spcs.docker import volume_work
from local_account.spcs.spec import units
from local_account.spcs.state import snapshots
from local_account.stages.location import parse_location, stage_folder


class VolumeError(Exception):
    """A volume cannot be mounted; the message says why."""


def mounts(account: Account, client: DockerClient, item: Object, instance: int, name: str) -> list[Mount]:
    """Mounts of one container's volumes; makes the Docker volumes that are missing.

    Raises:
        VolumeError: a stage is gone, or the owner role may no longer read it.
    """
    document = item.properties["SPEC"]["spec"]
    by_name = {volume["name"]: volume for volume in document.get("volumes", ())}
    container = next(part for part in document["containers"] if part["name"] == name)
    return [
        _mount(account, client, item, instance, by_name[mount["name"]], mount["mountPath"])
        for mount in container.get("volumeMounts", ())
    ]


def _mount(
    account: Account, client: DockerClient, item: Object, instance: int, volume: dict[str, Any], path: str
) -> Mount:
    if volume["source"] == "stage":
        return _stage_mount(account, item, volume, path)
    labels = account.settings.labels
    if volume["source"] == "block":
        name = _block_volume(account, client, item, instance, volume)
        _make_owner(client, labels, name, volume)
        return Mount(path, name, type="volume", no_copy=True)
    name = snapshots.first_volume(labels, item.id, instance, volume["name"])
    _ensure(account, client, name, item, instance, volume)
    # A new volume is empty and belongs to root, whatever the image has at that path.
    return Mount(path, name, type="volume", no_copy=True)


def _block_volume(
    account: Account, client: DockerClient, item: Object, instance: int, volume: dict[str, Any]
) -> str:
    """Name of a block volume's Docker volume; filled from a snapshot when the specification names one."""
    labels = account.settings.labels
    row = account.catalog.block_volume(item.id, instance, volume["name"])
    if row is None:
        name = snapshots.first_volume(labels, item.id, instance, volume["name"])
        _ensure(account, client, name, item, instance, volume)
        return name
    if row.state == FILLING:
        marks = labels.for_volume(item.id, instance, "block")
        try:
            volume_work.copy(client, labels, row.source, row.docker, marks)
        except volume_work.VolumeWorkError as error:
            raise VolumeError(f"Volume {volume['name']} from snapshot {row.snapshot}: {error}") from None
        account.catalog.set_block_volume_filled(row.docker)
    return row.docker


def _make_owner(client: DockerClient, labels: Labels, name: str, volume: dict[str, Any]) -> None:
    if not {"uid", "gid"} & set(volume):
        return
    try:
        volume_work.make_owner(client, labels, name, volume.get("uid", 0), volume.get("gid", 0))
    except volume_work.VolumeWorkError as error:
        raise VolumeError(f"Volume {volume['name']}: {error}") from None


def _ensure(
    account: Account, client: DockerClient, name: str, item: Object, instance: int, volume: dict[str, Any]
) -> None:
    try:
        client.api.inspect_volume(name)
    except NotFound:
        marks = account.settings.labels.for_volume(item.id, instance, volume["source"])
        client.api.create_volume(name, driver_opts=_options(volume), labels=marks)


def _options(volume: dict[str, Any]) -> dict[str, str]:
    if volume["source"] != "memory":
        return {}
    return {"type": "tmpfs", "device": "tmpfs", "o": f"size={units.memory(volume['size'])}"}


def _stage_mount(account: Account, item: Object, volume: dict[str, Any], path: str) -> Mount:
    name = Name(*item.properties["STAGES"][volume["name"]])
    stage = account.catalog.find("STAGE", name)
    allowed = access.Access(account.catalog, access.closure(account.catalog, [item.owner]))
    if stage is None or not (allowed.has("READ", stage) or allowed.has("WRITE", stage)):
        raise VolumeError(f"Stage {name} does not exist or not authorized")
    folder = stage_folder(account, stage) / parse_location(volume["stageConfig"]["name"]).path
    folder.mkdir(parents=True, exist_ok=True)
    # Any user of the container must be able to add files, as on a real stage volume.
    folder.chmod(0o777)
    return Mount(path, str(folder.resolve()), type="bind", read_only=not allowed.has("WRITE", stage))


def listed(client: DockerClient, labels: Labels) -> list[dict[str, Any]]:
    """All Docker volumes of the account."""
    return client.api.volumes(filters={"label": labels.of_account})["Volumes"] or []


def remove(
    client: DockerClient,
    labels: Labels,
    service: int,
    instance: int | None,
    block: bool,
    keep: Collection[str] = (),
) -> bool:
    """Remove the Docker volumes of one instance, or of all instances of a service.

    Args:
        instance: number of the instance; None for all instances.
        block: remove block volumes too.
        keep: names of volumes that stay in any case.

    Returns:
        Whether all volumes are gone; Docker cannot remove a volume that is still in use.
    """
    gone = True
    for volume in listed(client, labels):
        marks = volume.get("Labels") or {}
        if labels.service_of(marks) != service or labels.source_of(marks) == "" or volume["Name"] in keep:
            continue
        if instance is not None and labels.instance_of(marks) != instance:
            continue
        if labels.source_of(marks) == "block" and not block:
            continue
        try:
            client.api.remove_volume(volume["Name"])
        except NotFound:
            continue
        except APIError:
            gone = False
    return gone


def by_service(
    found: list[dict[str, Any]], labels: Labels, keep: Collection[str] = ()
) -> dict[int, tuple[str, ...]]:
    """Names of the account's volumes by service, without those in `keep`."""
    names: dict[int, tuple[str, ...]] = {}
    for volume in found:
        service = labels.service_of(volume.get("Labels") or {})
        if service is not None and volume["Name"] not in keep:
            names[service] = (*names.get(service, ()), volume["Name"])
    return names
