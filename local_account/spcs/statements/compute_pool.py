"""COMPUTE POOL objects. See https://docs.snowflake.com/en/sql-reference/sql/create-compute-pool"""

from __future__ import annotations

from typing import Any, ClassVar

from local_account.base import errors
from local_account.base.result import Result, columns, now, status, table
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Object
from local_account.spcs.spec.families import FAMILIES, Family
from local_account.spcs.state.lifecycle import cancel, drop_service, suspend
from local_account.spcs.state.nodes import pool_state, provisioned_on
from local_account.spcs.state.status import services_on
from local_account.spcs.state.workload import workload_filter
from local_account.statement.context import Context
from local_account.statement.object_type import (
    ObjectType,
    Reader,
    boolean,
    integer,
    like,
    read_limit,
    text,
    words,
)

_HEAD = (
    "name state min_nodes:fixed max_nodes:fixed instance_family num_services:fixed num_jobs:fixed "
    "auto_suspend_secs:fixed auto_resume active_nodes:fixed idle_nodes:fixed target_nodes:fixed "
    "created_on:timestamp_ltz resumed_on:timestamp_ltz updated_on:timestamp_ltz owner comment is_exclusive "
    "application "
)
_FAMILY_COLUMNS = columns(
    "name description vcpu:fixed memory_gib:fixed storage_gib:fixed gpu gpu_count:fixed gpu_memory_gib:fixed "
    "current_node_usage:fixed message"
)
_NODE_COLUMNS = columns(
    "node_id instance_family created_on:timestamp_ltz placement_group vcpu:fixed memory_gib:fixed "
    "storage_gib:fixed gpu gpu_count:fixed gpu_memory_gib:fixed"
)


def _family(statement: Statement) -> str:
    name = statement.text_or_word().upper()
    if name not in FAMILIES:
        raise errors.invalid_value(name, "INSTANCE_FAMILY", ", ".join(FAMILIES))
    return name


class ComputePool(ObjectType):
    """Compute pools. All their nodes are this machine, so a pool starts as soon as Docker is ready for it."""

    kind, plural, scope, title = "COMPUTE POOL", "COMPUTE POOLS", "account", "Compute pool"
    replaceable = renamable = False
    privileges = frozenset({"USAGE", "MONITOR", "OPERATE", "MODIFY"})
    options: ClassVar[dict[str, Reader]] = {
        "MIN_NODES": integer,
        "MAX_NODES": integer,
        "INSTANCE_FAMILY": _family,
        "AUTO_RESUME": boolean,
        "INITIALLY_SUSPENDED": boolean,
        "AUTO_SUSPEND_SECS": integer,
        "BACKUP_INSTANCE_FAMILIES": words,
        "PLACEMENT_GROUP": text,
    }
    defaults: ClassVar[dict[str, Any]] = {
        "AUTO_RESUME": True,
        "AUTO_SUSPEND_SECS": 3600,
        "BACKUP_INSTANCE_FAMILIES": [],
        "PLACEMENT_GROUP": "",
    }
    show_columns = columns(_HEAD + "placement_group backup_instance_families")
    describe_columns = columns(
        _HEAD + "budget error_code status_message placement_group backup_instance_families"
    )

    def read_create(self, context: Context, statement: Statement) -> dict[str, Any]:
        if statement.accept("FOR", "APPLICATION"):
            raise errors.unsupported("CREATE COMPUTE POOL FOR APPLICATION")
        return super().read_create(context, statement)

    def check(self, context: Context, name: Name, properties: dict[str, Any]) -> None:
        """Require the node counts and the family; a new pool runs unless INITIALLY_SUSPENDED is set."""
        missing = [key for key in ("MIN_NODES", "MAX_NODES", "INSTANCE_FAMILY") if key not in properties]
        if missing:
            raise errors.missing_option(", ".join(missing))
        properties["SUSPENDED"] = properties.pop("INITIALLY_SUSPENDED", False)
        properties["RESUMED_ON"] = now()
        _check_numbers(properties)

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        properties = item.properties
        services = services_on(context.catalog, item.name)
        found = pool_state(context.account, item)
        return {
            "state": found.state,
            "min_nodes": properties["MIN_NODES"],
            "max_nodes": properties["MAX_NODES"],
            "instance_family": properties["INSTANCE_FAMILY"],
            "num_services": len(services),
            "num_jobs": sum(service.properties["IS_JOB"] for service in services),
            "auto_suspend_secs": properties["AUTO_SUSPEND_SECS"],
            "auto_resume": properties["AUTO_RESUME"],
            "active_nodes": len(found.active),
            "idle_nodes": len(found.idle),
            "target_nodes": found.target,
            "resumed_on": properties["RESUMED_ON"],
            "is_exclusive": False,
            "placement_group": properties.get("PLACEMENT_GROUP") or None,
            "comment": item.comment or None,
            "backup_instance_families": _listed(properties["BACKUP_INSTANCE_FAMILIES"]),
            "error_code": found.code,
            "status_message": found.message,
        }

    def describe(self, context: Context, item: Object) -> Result:
        context.require("MONITOR", item)
        return table(self.describe_columns, [self.show_row(context, item)])

    def require_alter(self, context: Context, item: Object) -> None:
        context.require("MODIFY", item)

    def altered(self, context: Context, item: Object, changed: dict[str, Any]) -> None:
        """INSTANCE_FAMILY and PLACEMENT_GROUP change only while the pool is suspended."""
        if "INITIALLY_SUSPENDED" in changed:
            raise errors.unsupported("ALTER COMPUTE POOL SET INITIALLY_SUSPENDED")
        for option in ("INSTANCE_FAMILY", "PLACEMENT_GROUP"):
            if option in changed and pool_state(context.account, item).state != "SUSPENDED":
                raise errors.SnowflakeError(
                    "392509",
                    "22023",
                    f"{option} of compute pool '{item.name}' can be changed only while it is suspended.",
                )
        for key, value in changed.items():
            if value is None:
                raise errors.unsupported(f"ALTER COMPUTE POOL UNSET {key}")
        _check_numbers({**item.properties, **changed})

    def action(self, context: Context, item: Object, statement: Statement) -> Result | None:
        """STOP ALL [OF TYPE …], SUSPEND and RESUME."""
        if statement.accept("STOP", "ALL"):
            wanted = workload_filter(statement)
            statement.end()
            return self._stop_all(context, item, wanted)
        if statement.accept("SUSPEND"):
            statement.end()
            return self._suspend(context, item)
        if statement.accept("RESUME"):
            statement.end()
            context.require("OPERATE", item)
            _resume(context, item)
            return status("Statement executed successfully.")
        return None

    def _stop_all(self, context: Context, item: Object, wanted: bool) -> Result:
        """Drop every service of any owner, and cancel every job."""
        context.require("OPERATE", item)
        with context.catalog.transaction():
            for service in services_on(context.catalog, item.name) if wanted else ():
                if service.properties["IS_JOB"]:
                    cancel(context.catalog, service)
                else:
                    drop_service(context, service)
        return status("Statement executed successfully.")

    def _suspend(self, context: Context, item: Object) -> Result:
        context.require("OPERATE", item)
        with context.catalog.transaction():
            for service in services_on(context.catalog, item.name):
                if not service.properties["IS_JOB"]:
                    suspend(context.catalog, service)
            item.properties["SUSPENDED"] = True
            context.catalog.save(item)
        return status("Statement executed successfully.")

    def dropping(self, context: Context, item: Object, forced: bool) -> None:
        """Refuse to drop a pool that has services; cancel its jobs."""
        found = services_on(context.catalog, item.name)
        running = [str(service.fqn) for service in found if not service.properties["IS_JOB"]]
        if running:
            raise errors.SnowflakeError(
                "392511",
                "22023",
                f"Compute pool '{item.name}' cannot be dropped: {', '.join(running)} still in it. "
                f"Drop them first, or run ALTER COMPUTE POOL {item.name} STOP ALL.",
            )
        for job in found:
            cancel(context.catalog, job)


def _resume(context: Context, item: Object) -> None:
    if item.properties["SUSPENDED"]:
        item.properties |= {"SUSPENDED": False, "RESUMED_ON": now()}
        context.catalog.save(item)


def _check_numbers(properties: dict[str, Any]) -> None:
    low, high = properties["MIN_NODES"], properties["MAX_NODES"]
    if low < 1:
        raise errors.invalid_value(low, "MIN_NODES", "1 or more")
    if high < low:
        raise errors.invalid_value(high, "MAX_NODES", f"MIN_NODES ({low}) or more")
    if properties["AUTO_SUSPEND_SECS"] < 0:
        raise errors.invalid_value(properties["AUTO_SUSPEND_SECS"], "AUTO_SUSPEND_SECS", "0 or more")
    for family in properties["BACKUP_INSTANCE_FAMILIES"]:
        if family.upper() not in FAMILIES:
            raise errors.invalid_value(family, "BACKUP_INSTANCE_FAMILIES", ", ".join(FAMILIES))


def _listed(values: list[str]) -> str:
    return f"[{', '.join(values)}]"


def show_nodes(context: Context, statement: Statement) -> Result:
    """SHOW NODES IN COMPUTE POOL <name> [LIKE '…'] [LIMIT n]"""
    item = context.get("COMPUTE POOL", Name("", "", statement.identifier()))
    context.require("USAGE", item)
    pattern = statement.string() if statement.accept("LIKE") else None
    limit, _ = read_limit(statement)
    statement.end()
    found, family = pool_state(context.account, item), FAMILIES[item.properties["INSTANCE_FAMILY"]]
    rows = [
        {
            "node_id": f"node-{item.id}-{number}",
            "instance_family": family.name,
            "created_on": provisioned_on(context.account, item, number),
            "placement_group": item.properties.get("PLACEMENT_GROUP") or None,
            **_sizes(family),
        }
        for number in sorted(found.active + found.idle)
    ]
    return table(_NODE_COLUMNS, [row for row in rows if like(row["node_id"], pattern)][:limit])


def _sizes(family: Family) -> dict[str, Any]:
    return {
        "vcpu": family.vcpu,
        "memory_gib": family.memory,
        "storage_gib": family.storage,
        "gpu": "NVIDIA" if family.gpus else "",
        "gpu_count": family.gpus,
        "gpu_memory_gib": family.gpu_memory,
    }


def show_families(context: Context, statement: Statement) -> Result:
    """SHOW COMPUTE POOL INSTANCE FAMILIES"""
    statement.end()
    usage: dict[str, int] = {}
    for pool in context.catalog.objects("COMPUTE POOL"):
        found = pool_state(context.account, pool)
        family = pool.properties["INSTANCE_FAMILY"]
        usage[family] = usage.get(family, 0) + len(found.active) + len(found.idle)
    rows = [
        {
            "name": family.name,
            "description": family.description,
            **_sizes(family),
            "current_node_usage": usage.get(family.name, 0),
            "message": "",
        }
        for family in FAMILIES.values()
    ]
    return table(_FAMILY_COLUMNS, rows)


TYPES = [ComputePool()]
STATEMENTS = {
    ("SHOW", "COMPUTE", "POOL", "INSTANCE", "FAMILIES"): show_families,
    ("SHOW", "NODES", "IN", "COMPUTE", "POOL"): show_nodes,
}
