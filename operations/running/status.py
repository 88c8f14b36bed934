"""What a stack has in its account now: compute pools, services, containers, endpoints, Milvus's volume."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.account.account import Query
from components.account.errors import DataLossError
from components.services.milvus import VOLUME
from operations.data.milvus import DataError, Milvus
from operations.objects import Managed, managed, show
from operations.target import Target

GONE = "not there"
Rows = list[dict[str, Any]]


def read(target: Target, query: Query) -> dict[str, Rows]:
    """The stack's objects and their state: `pools`, `services`, `containers`, `endpoints` and `volumes`.

    An object that the stack made and somebody dropped has the state `not there`. Everything is empty before
    the first deployment.

    Args:
        target: the stack.
        query: runs statements as the deploying role.
    """
    pools = [_pool(query, pool) for pool in managed(target, "ComputePool")]
    services = [(item, show(query, "SERVICE", item.path)) for item in managed(target, "Service")]
    there = [item for item, row in services if row]
    return {
        "pools": pools,
        "services": [_service(item, row) for item, row in services],
        "containers": [
            _container(row)
            for item in there
            for row in query(f"SHOW SERVICE CONTAINERS IN SERVICE {item.quoted}")
        ],
        "endpoints": [
            _endpoint(item, row)
            for item in there
            for row in query(f"SHOW ENDPOINTS IN SERVICE {item.quoted}")
        ],
        "volumes": _volumes(target, query),
    }


def _pool(query: Query, pool: Managed) -> dict[str, Any]:
    row = show(query, "COMPUTE POOL", pool.path) or {"state": GONE}
    return {
        "name": pool.name,
        "state": row["state"],
        "instance_family": row.get("instance_family"),
        "nodes": row.get("active_nodes"),
        "max_nodes": row.get("max_nodes"),
        "services": row.get("num_services"),
        "jobs": row.get("num_jobs"),
    }


def _service(service: Managed, row: Mapping[str, Any] | None) -> dict[str, Any]:
    row = row or {"status": GONE}
    return {
        "name": service.path[-1],
        "status": row["status"],
        "schema": ".".join(service.path[:-1]),
        "compute_pool": row.get("compute_pool"),
        "instances": row.get("current_instances"),
        "target_instances": row.get("target_instances"),
        "dns_name": row.get("dns_name"),
    }


def _container(row: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("status", "message", "restart_count", "start_time", "image_name")
    return {
        "service": row["service_name"],
        "instance": row["instance_id"],
        "container": row["container_name"],
        **{key: row.get(key) for key in keys},
    }


def _endpoint(service: Managed, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "service": service.path[-1],
        "name": row["name"],
        "port": row.get("port") or row.get("port_range"),
        "protocol": row.get("protocol"),
        "public": str(row.get("is_public")).lower() == "true",
        "address": row.get("ingress_url"),
    }


def _volumes(target: Target, query: Query) -> Rows:
    try:
        milvus = Milvus(target, query)
    except (DataError, DataLossError):
        return []  # not deployed, or imported with another kind of volume
    if show(query, "SERVICE", milvus.path) is None:
        return []
    snapshots = [row["name"] for row in milvus.snapshots()]
    return [
        {
            "service": milvus.path[-1],
            "volume": VOLUME,
            "size_gib": milvus.holder.size,
            "milvus": milvus.holder.version,
            "snapshots": len(snapshots),
            "newest_snapshot": snapshots[-1] if snapshots else None,
        }
    ]
