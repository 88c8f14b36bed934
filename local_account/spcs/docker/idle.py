"""Automatic suspension of idle pools and services."""

from __future__ import annotations

from local_account.base.result import now
from local_account.catalog.catalog import Object
from local_account.identity.account import Account
from local_account.spcs.state.lifecycle import suspend
from local_account.spcs.state.observed import SERVICE, Observed
from local_account.spcs.state.status import services_on


def suspend_idle(account: Account, pools: list[Object]) -> float:
    """Suspend pools and services whose AUTO_SUSPEND_SECS are over.

    A service is idle when no service function calls it; this account has none, so its time counts from its
    start. A pool is idle while nothing runs in it.

    Returns:
        Seconds until the next one may be due.
    """
    waits = [_service(account, item) for item in account.catalog.objects(SERVICE)]
    waits += [_pool(account, pool) for pool in pools]
    return min(waits, default=float("inf"))


def _service(account: Account, item: Object) -> float:
    properties = item.properties
    seconds = properties["AUTO_SUSPEND_SECS"]
    if not seconds or properties["SUSPENDED"] or properties.get("RESULT"):
        return float("inf")
    left = (properties.get("RESUMED_ON") or item.created) + seconds - now()
    if left <= 0:
        suspend(account.catalog, item)
        return float("inf")
    return left


def _pool(account: Account, pool: Object) -> float:
    seconds = pool.properties["AUTO_SUSPEND_SECS"]
    if not seconds or pool.properties["SUSPENDED"]:
        return float("inf")
    services = services_on(account.catalog, pool.name)
    active = [item for item in services if not item.properties["SUSPENDED"]]
    idle_since = account.part(Observed).idle_since
    if active:
        idle_since.pop(pool.id, None)
        return float("inf")
    left = idle_since.setdefault(pool.id, now()) + seconds - now()
    if left > 0:
        return left
    with account.catalog.transaction():
        fresh = account.catalog.by_id(pool.id)
        if fresh is not None:
            fresh.properties["SUSPENDED"] = True
            account.catalog.save(fresh)
    idle_since.pop(pool.id, None)
    return float("inf")
