"""Makes the snapshots on Docker that the catalog asks for, and removes volumes that belong to no snapshot."""

from __future__ import annotations

import contextlib
import logging
from typing import Any

from docker import DockerClient
from docker.errors import APIError, NotFound

from local_account.base.labels import Labels
from local_account.catalog.catalog import Catalog, Object
from local_account.catalog.volumes import FILLING, OBSOLETE
from local_account.spcs.docker import volume_work
from local_account.spcs.state import snapshots
from local_account.spcs.state.observed import SERVICE

_log = logging.getLogger(__name__)


def take(
    client: DockerClient, catalog: Catalog, labels: Labels, pending: list[Object], service: Object | None
) -> bool:
    """Make the snapshots of one service. Meanwhile nothing else may change the service's containers.

    Args:
        service: None when it was dropped and its containers are gone.

    Returns:
        Whether a snapshot must wait because its volume is not made yet.
    """
    waiting = False
    for snapshot in pending:
        fresh = catalog.by_id(snapshot.id)
        if fresh is not None and fresh.properties["STATE"] == snapshots.INITIALIZED:
            waiting |= not _take(client, catalog, labels, fresh, service)
    return waiting


def _take(
    client: DockerClient, catalog: Catalog, labels: Labels, snapshot: Object, service: Object | None
) -> bool:
    source = snapshot.properties["SOURCE"]
    filling = any(row.docker == source and row.state == FILLING for row in catalog.block_volumes())
    if filling or not volume_work.exists(client, source):
        if service is not None and _will_be_made(catalog, snapshot, service):
            return False
        _nothing_there(catalog, snapshot)
    elif snapshot.properties["TAKEN_OVER"]:
        snapshots.settle(catalog, snapshot, snapshots.CREATED)
    else:
        _copy(client, catalog, labels, snapshot)
    return True


def _will_be_made(catalog: Catalog, snapshot: Object, service: Object) -> bool:
    """Whether starting the service's instances will make the volume of a snapshot."""
    over = service.properties["SUSPENDED"] or service.properties.get("RESULT")
    source = snapshot.properties["SOURCE"]
    replaced = any(row.docker == source and row.state == OBSOLETE for row in catalog.block_volumes())
    return not over and not replaced and not snapshot.properties["TAKEN_OVER"]


def _nothing_there(catalog: Catalog, snapshot: Object) -> None:
    """Drop or fail a snapshot whose volume was never made or is gone."""
    if snapshot.properties["TAKEN_OVER"]:
        with catalog.transaction():
            catalog.delete(snapshot)
    else:
        snapshots.settle(catalog, snapshot, snapshots.ERROR)


def _copy(client: DockerClient, catalog: Catalog, labels: Labels, snapshot: Object) -> None:
    source, target = snapshot.properties["SOURCE"], snapshots.content(labels, snapshot)
    try:
        with volume_work.frozen(client, source):
            volume_work.copy(client, labels, source, target, labels.for_snapshot())
    except volume_work.VolumeWorkError as error:
        _log.error("snapshot %s: %s", snapshot.fqn, error)
        snapshots.settle(catalog, snapshot, snapshots.ERROR)
    else:
        snapshots.settle(catalog, snapshot, snapshots.CREATED)
    if catalog.by_id(snapshot.id) is None:
        # It was dropped meanwhile, and Docker may have made its volume once more, without labels.
        _remove(client, target)


def sweep(
    client: DockerClient,
    catalog: Catalog,
    labels: Labels,
    kept: frozenset[str],
    volumes: list[dict[str, Any]],
) -> None:
    """Remove volumes of dropped snapshots, and block volumes that a restored snapshot replaced.

    Args:
        kept: names of volumes that snapshots need.
        volumes: all volumes of the account on Docker.
    """
    for volume in volumes:
        if labels.is_snapshot(volume.get("Labels") or {}) and volume["Name"] not in kept:
            _remove(client, volume["Name"])
    services = {item.id for item in catalog.objects(SERVICE)}
    for row in catalog.block_volumes():
        gone = row.service not in services
        replaced = row.state == OBSOLETE and row.docker not in kept
        if gone or (replaced and _remove(client, row.docker)):
            catalog.forget_block_volume(row.docker)


def _remove(client: DockerClient, name: str) -> bool:
    """Remove a volume; return whether it is gone. The next pass tries again for a volume in use."""
    with contextlib.suppress(NotFound):
        try:
            client.api.remove_volume(name)
        except APIError as error:
            if error.status_code != 409:
                raise
            return False
    return True
