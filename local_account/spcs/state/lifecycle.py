"""Suspend, resume, cancel and drop services; their DNS names."""

from __future__ import annotations

import hashlib

from local_account.base.result import now
from local_account.base.sql import Name
from local_account.catalog.catalog import Catalog, Object
from local_account.spcs.spec.names import dns_label
from local_account.spcs.state import snapshots
from local_account.spcs.state.observed import POOL, STOPPING
from local_account.spcs.state.scheduler import TARGET
from local_account.statement.context import Context


def suspend(catalog: Catalog, item: Object) -> None:
    """Stop a service's instances; block volumes stay."""
    if not item.properties["SUSPENDED"]:
        item.properties |= {"SUSPENDED": True, STOPPING: True, "SUSPENDED_ON": now(), TARGET: None}
        catalog.save(item)


def stopped(catalog: Catalog, item: Object) -> None:
    """Note that a suspended service has no instances any more."""
    if not item.properties.get(STOPPING):
        return
    with catalog.transaction():
        fresh = catalog.by_id(item.id)
        if fresh and fresh.properties["SUSPENDED"]:
            fresh.properties[STOPPING] = False
            catalog.save(fresh)


def resume(catalog: Catalog, item: Object) -> None:
    """Start a suspended service again, and its pool when the pool has AUTO_RESUME."""
    if item.properties["SUSPENDED"]:
        item.properties |= {"SUSPENDED": False, STOPPING: False, "RESUMED_ON": now()}
        catalog.save(item)
    resume_pool(catalog, item)


def resume_pool(catalog: Catalog, item: Object) -> None:
    """Start the suspended pool of a service when the pool has AUTO_RESUME."""
    pool = catalog.find(POOL, Name("", "", item.properties["POOL"]))
    if pool and pool.properties["SUSPENDED"] and pool.properties["AUTO_RESUME"]:
        pool.properties |= {"SUSPENDED": False, "RESUMED_ON": now()}
        catalog.save(pool)


def cancel(catalog: Catalog, item: Object) -> None:
    """Stop a job's containers; its status becomes CANCELLED. A job that has ended does not change."""
    with catalog.transaction():
        fresh = catalog.by_id(item.id)
        if fresh and not fresh.properties.get("RESULT"):
            fresh.properties["CANCELLING"] = True
            catalog.save(fresh)


def drop_service(context: Context, item: Object) -> None:
    """Remove a service from the catalog. Its containers and volumes follow, except for backups."""
    snapshots.back_up(context, item)
    context.catalog.delete(item)


def dns_domain(schema_hash: str) -> str:
    return f"{schema_hash}.svc.spcs.internal"


def dns_name(item: Object) -> str:
    """Name under which other services reach this one."""
    return f"{dns_label(item.name)}.{dns_domain(item.properties['DNS_HASH'])}"


def schema_hash(context: Context, name: Name) -> str:
    """Six letters and digits that stand for a schema in DNS names; a schema made again gets others."""
    schema = context.catalog.find("SCHEMA", Name(name.database, "", name.schema))
    identity = f"{context.account.settings.account_id}/{schema.id if schema else name}"
    return "s" + hashlib.sha256(identity.encode()).hexdigest()[:5]
