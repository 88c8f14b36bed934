"""Stop what costs credits: services, compute pools, warehouse. The data stays on the block volume.

Credits stop with the pools' machines. Snowflake still bills the storage of volumes, images and stages.
See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/accounts-orgs-usage-views.
"""

from __future__ import annotations

from components.account.account import Query
from components.services.suspension import SERVICE_DOWN
from machine.terminal import say
from operations import power
from operations.objects import Managed, by_owner, managed
from operations.target import Target


def run(target: Target) -> None:
    """Suspend everything that costs credits, and wait until it is suspended.

    What is suspended already stays so; the command can be run again.

    Raises:
        PowerError: a pool is shared with services of others, or something does not stop in time.
    """
    services, pools = managed(target, "Service"), managed(target, "ComputePool")
    seconds = target.settings.ready_timeout
    for owner, owned in by_owner(services).items():
        with target.account.queries(owner) as query:
            _suspend_services(query, owned, seconds)
    with target.account.queries() as query:
        for pool in pools:
            _refuse_foreign_services(query, pool, services)
        _suspend_pools(query, pools, seconds)
        for warehouse in managed(target, "Warehouse"):
            _suspend_warehouse(query, warehouse)


def _suspend_services(query: Query, services: list[Managed], seconds: int) -> None:
    for service in services:
        if power.service_status(query, service) not in SERVICE_DOWN:
            query(f"ALTER SERVICE {service.quoted} SUSPEND")
    for service in services:
        power.await_service(query, service, "SUSPENDED", seconds)
        say("service", f"{service.name} is suspended")


def _refuse_foreign_services(query: Query, pool: Managed, services: list[Managed]) -> None:
    """Refuse to suspend a pool that other services use, because that would suspend them too.

    Raises:
        PowerError: services that the stack did not make run on the pool.
    """
    mine = {service.path for service in services}
    rows = query(f"SHOW SERVICES EXCLUDE JOBS IN COMPUTE POOL {pool.quoted}")
    others = [
        ".".join(path)
        for row in rows
        if row["status"] not in SERVICE_DOWN
        and (path := (row["database_name"], row["schema_name"], row["name"])) not in mine
    ]
    if others:
        raise power.PowerError(
            f"Compute pool {pool.name} also runs {', '.join(others)}, which the stack did not make. "
            "Suspend them first. The stack's own services are suspended."
        )


def _suspend_pools(query: Query, pools: list[Managed], seconds: int) -> None:
    for pool in pools:
        if power.pool_state(query, pool) not in power.POOL_DOWN:
            query(f"ALTER COMPUTE POOL {pool.quoted} SUSPEND")
    for pool in pools:
        power.await_pool(query, pool, ("SUSPENDED",), seconds)
        say("compute pool", f"{pool.name} is suspended")


def _suspend_warehouse(query: Query, warehouse: Managed) -> None:
    # Suspending a suspended warehouse is an error.
    if power.warehouse_state(query, warehouse) not in ("SUSPENDED", "SUSPENDING"):
        query(f"ALTER WAREHOUSE {warehouse.quoted} SUSPEND")
    say("warehouse", f"{warehouse.name} is suspended")
