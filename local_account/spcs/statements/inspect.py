"""SHOW SERVICE CONTAINERS / INSTANCES / VOLUMES, SHOW ENDPOINTS and SHOW ROLES, all IN SERVICE."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from local_account.base.result import Result, columns, table
from local_account.base.sql import Statement
from local_account.catalog.catalog import Object
from local_account.spcs.network.endpoints import ingress_host, opens, service_roles
from local_account.spcs.state import scheduler
from local_account.spcs.state.observed import POOL, SERVICE, ContainerState, InstanceState, Observed
from local_account.spcs.state.status import instance_numbers, placement, planned_container, service_status
from local_account.statement.context import Context

_CONTAINER_COLUMNS = columns(
    "database_name schema_name service_name service_status instance_id instance_status container_name status "
    "message image_name image_digest restart_count:fixed start_time last_exit_code last_restart_time"
)
_INSTANCE_COLUMNS = columns(
    "database_name schema_name service_name service_status instance_id status spec_digest creation_time "
    "start_time ip_address"
)
_VOLUME_COLUMNS = columns(
    "volume_name instance_id container_name volume_type size iops:fixed throughput:fixed encryption "
    "snapshot_used stage_source volume_mounts"
)
_ENDPOINT_COLUMNS = columns("name port:fixed port_range protocol is_public ingress_url")
_ROLE_COLUMNS = columns("created_on:timestamp_ltz name comment")


def service_of(context: Context, statement: Statement) -> Object:
    """The service of an `IN SERVICE <name>` clause, which ends the statement."""
    statement.expect("IN", "SERVICE")
    item = context.get(SERVICE, context.resolve(statement.parts(), "schema"))
    statement.end()
    return item


def show_containers(context: Context, statement: Statement) -> Result:
    item = service_of(context, statement)
    context.require("MONITOR", item)
    return table(_CONTAINER_COLUMNS, [_common(context, item) | row for row in container_rows(context, item)])


def container_rows(context: Context, item: Object) -> list[dict[str, Any]]:
    """One row for each container of each instance; a stopped service has one row for each container."""
    host = context.account.settings.registry_host
    waiting = _waiting(context, item)
    rows = []
    found = context.account.part(Observed).instances(item.id)
    for number in instance_numbers(context.account.part(Observed), item):
        state = found.get(number)
        for container in item.properties["SPEC"]["spec"]["containers"]:
            name = container["name"]
            seen = state.containers.get(name) if state else None
            if seen is None:
                seen = planned_container(context.account, item)
                seen.message = waiting.get((item.id, number), seen.message)
            image = item.properties["IMAGES"][name]
            rows.append(
                {
                    "instance_id": str(number),
                    "instance_status": state.status if state else "PENDING",
                    "container_name": name,
                    "image_name": f"{host}/{image['path'].lstrip('/')}",
                    "image_digest": image["digest"],
                    **_state_cells(seen),
                }
            )
    return rows or _at_rest(item, host)


def _at_rest(item: Object, host: str) -> list[dict[str, Any]]:
    return [
        {
            "container_name": container["name"],
            "image_name": f"{host}/{item.properties['IMAGES'][container['name']]['path'].lstrip('/')}",
            "image_digest": item.properties["IMAGES"][container["name"]]["digest"],
        }
        for container in item.properties["SPEC"]["spec"]["containers"]
    ]


def _state_cells(state: ContainerState) -> dict[str, Any]:
    return {
        "status": state.status,
        "message": state.message,
        "restart_count": state.restart_count,
        "start_time": iso(state.started),
        "last_exit_code": state.last_exit_code,
        "last_restart_time": iso(state.restarted),
    }


def _waiting(context: Context, item: Object) -> dict[tuple[int, int], str]:
    pool = context.catalog.find(POOL, scheduler.pool_name(item))
    return placement(context.account, pool).waiting if pool else {}


def _common(context: Context, item: Object) -> dict[str, Any]:
    return {
        "database_name": item.database,
        "schema_name": item.schema,
        "service_name": item.name,
        "service_status": service_status(context.account.part(Observed), item),
    }


def iso(moment: float | None) -> str | None:
    """A time as text, in UTC to the second."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def show_instances(context: Context, statement: Statement) -> Result:
    item = service_of(context, statement)
    context.require("MONITOR", item)
    observed = context.account.part(Observed)
    found = observed.instances(item.id)
    planned = InstanceState(created=item.created)
    states = {number: found.get(number, planned) for number in instance_numbers(observed, item)}
    rows = [
        _common(context, item)
        | {
            "instance_id": str(number),
            "status": state.status,
            "spec_digest": state.digest or item.properties["SPEC_DIGEST"],
            "creation_time": iso(state.created),
            "start_time": iso(state.started),
            "ip_address": state.address or None,
        }
        for number, state in states.items()
    ]
    return table(_INSTANCE_COLUMNS, rows)


def show_volumes(context: Context, statement: Statement) -> Result:
    item = service_of(context, statement)
    context.require("MONITOR", item)
    document = item.properties["SPEC"]["spec"]
    rows = []
    for number in range(scheduler.target_instances(item)):
        for volume in document.get("volumes", ()):
            for container in document["containers"]:
                paths = [
                    mount["mountPath"]
                    for mount in container.get("volumeMounts", ())
                    if mount["name"] == volume["name"]
                ]
                if paths:
                    row = _volume_row(volume, number, container["name"], paths)
                    used = context.catalog.block_volume(item.id, number, volume["name"])
                    rows.append({**row, "snapshot_used": used.snapshot if used else None})
    return table(_VOLUME_COLUMNS, rows)


def _volume_row(volume: dict[str, Any], number: int, container: str, paths: list[str]) -> dict[str, Any]:
    block = volume.get("blockConfig", {})
    return {
        "volume_name": volume["name"],
        "instance_id": str(number),
        "container_name": container,
        "volume_type": volume["source"],
        "size": volume.get("size"),
        "iops": block.get("iops"),
        "throughput": block.get("throughput"),
        "encryption": block.get("encryption"),
        "stage_source": volume.get("stageConfig", {}).get("name"),
        "volume_mounts": ",".join(paths),
    }


def show_endpoints(context: Context, statement: Statement) -> Result:
    """Only the endpoints that the session's roles may use."""
    item = service_of(context, statement)
    rows = [
        {
            "name": endpoint["name"],
            "port": endpoint.get("port"),
            "port_range": endpoint.get("portRange"),
            "protocol": endpoint["protocol"],
            "is_public": endpoint["public"],
            "ingress_url": ingress_host(context.account, item, endpoint["name"]),
        }
        for endpoint in item.properties["SPEC"]["spec"].get("endpoints", ())
        if opens(context.catalog, item, endpoint["name"], context.access.roles)
    ]
    return table(_ENDPOINT_COLUMNS, rows)


def show_roles(context: Context, statement: Statement) -> Result:
    item = context.get(SERVICE, context.resolve(statement.parts(), "schema"))
    statement.end()
    rows = [{"created_on": item.created, "name": name, "comment": ""} for name in service_roles(item)]
    return table(_ROLE_COLUMNS, rows)


STATEMENTS = {
    ("SHOW", "SERVICE", "CONTAINERS"): show_containers,
    ("SHOW", "SERVICE", "INSTANCES"): show_instances,
    ("SHOW", "SERVICE", "VOLUMES"): show_volumes,
    ("SHOW", "ENDPOINTS"): show_endpoints,
    ("SHOW", "ROLES", "IN", "SERVICE"): show_roles,
}
