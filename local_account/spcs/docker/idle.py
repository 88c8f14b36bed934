"""Automatic suspension of idle pools and services."""

from __future__ import annotations

from collections.abc import Callable

from local_account.base.result import now
from local_account.catalog.catalog import Object
from local_account.identity.account import Account
from local_account.spcs.state.lifecycle import suspend
from local_account.spcs.state.observed import SERVICE, Observed
from local_account.spcs.state.status import services_on
from local_account.spcs.state.uses import Uses

_NEVER = float("inf")


def suspend_idle(account: Account, pools: list[Object]) -> float:
    """Suspend pools and services whose AUTO_SUSPEND_SECS are over.

    A service is idle when no service function calls it. A pool is idle while nothing runs in it.

    Returns:
        Seconds until the next suspension may be due.
    """
    waits = [_suspend(account, item, _service_left) for item in account.catalog.objects(SERVICE)]
    waits += [_suspend(account, pool, _pool_left) for pool in pools]
    return min(waits, default=_NEVER)


def _suspend(account: Account, item: Object, left: Callable[[Account, Object], float]) -> float:
    """Suspend a pool or service whose time is over; return its seconds left.

    The time is read again inside the transaction, because a statement may have changed it meanwhile.
    """
    seconds = left(account, item)
    if seconds > 0:
        return seconds
    with account.catalog.transaction():
        fresh = account.catalog.by_id(item.id)
        if fresh is not None and left(account, fresh) <= 0:
            suspend(account.catalog, fresh)
    return _NEVER


def _service_left(account: Account, item: Object) -> float:
    properties = item.properties
    seconds = properties["AUTO_SUSPEND_SECS"]
    if not seconds or properties["SUSPENDED"] or properties.get("RESULT"):
        return _NEVER
    started = properties.get("RESUMED_ON") or item.created
    return max(started, account.part(Uses).last(item.id)) + seconds - now()


def _pool_left(account: Account, pool: Object) -> float:
    seconds, idle_since = pool.properties["AUTO_SUSPEND_SECS"], account.part(Observed).idle_since
    if not seconds or pool.properties["SUSPENDED"] or _in_use(account, pool):
        # The pool's idle time starts again when it is idle again.
        idle_since.pop(pool.id, None)
        return _NEVER
    return idle_since.setdefault(pool.id, now()) + seconds - now()


def _in_use(account: Account, pool: Object) -> bool:
    return any(not item.properties["SUSPENDED"] for item in services_on(account.catalog, pool.name))
