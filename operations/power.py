"""Whether the stack's services, compute pools and warehouse run, and waiting until they do or do not."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from components.account.account import Query
from machine.errors import UserError
from operations.objects import Managed, show

POOL_DOWN = ("SUSPENDED", "STOPPING")
T = TypeVar("T")
_PAUSE_SECONDS = 1


class PowerError(UserError):
    """An object is not there, or does not get into the state that it was told to; the message names it."""


def service_status(query: Query, service: Managed) -> str:
    """Status as SHOW SERVICES has it: RUNNING, PENDING, SUSPENDED ….

    Raises:
        PowerError: the service is not there.
    """
    return _shown(query, "SERVICE", service)["status"]


def pool_state(query: Query, pool: Managed) -> str:
    """State as SHOW COMPUTE POOLS has it: ACTIVE, IDLE, STOPPING, SUSPENDED ….

    Raises:
        PowerError: the pool is not there.
    """
    return _shown(query, "COMPUTE POOL", pool)["state"]


def warehouse_state(query: Query, warehouse: Managed) -> str:
    """State as SHOW WAREHOUSES has it: STARTED, SUSPENDED ….

    Raises:
        PowerError: the warehouse is not there.
    """
    return _shown(query, "WAREHOUSE", warehouse)["state"]


def poll(read: Callable[[], T], done: Callable[[T], bool], seconds: int) -> T:
    """Read until a value is what is waited for, and return it; the last value when the time is over.

    Args:
        read: reads a value.
        done: whether a value is what is waited for.
        seconds: how long to wait.
    """
    deadline = time.monotonic() + seconds
    while not done(value := read()) and time.monotonic() < deadline:
        time.sleep(_PAUSE_SECONDS)
    return value


def await_service(query: Query, service: Managed, status: str, seconds: int) -> None:
    """Wait until a service has a status.

    Raises:
        PowerError: it does not get there in time, or no longer can.
    """
    ends = (status, "FAILED", "INTERNAL_ERROR")
    found = poll(lambda: service_status(query, service), lambda now: now in ends, seconds)
    if found != status:
        raise PowerError(f"Service {service.name} is {found}, not {status}, after {seconds} seconds.")


def await_pool(query: Query, pool: Managed, states: tuple[str, ...], seconds: int) -> None:
    """Wait until a pool has one of some states.

    Raises:
        PowerError: it does not get there in time.
    """
    found = poll(lambda: pool_state(query, pool), lambda now: now in states, seconds)
    if found not in states:
        raise PowerError(
            f"Compute pool {pool.name} is {found}, not {' or '.join(states)}, after {seconds} seconds."
        )


def _shown(query: Query, kind: str, item: Managed) -> dict[str, Any]:
    found = show(query, kind, item.path)
    if found is None:
        raise PowerError(f"{item.kind} {item.name} is not in the account; `make up` makes it again")
    return found
