"""Start a suspended stack again and wait until its services are ready."""

from __future__ import annotations

from components.account.account import Query
from components.account.diagnosis import describe
from components.services.suspension import SERVICE_DOWN
from machine.terminal import say
from operations import power
from operations.objects import Managed, by_owner, managed
from operations.target import Target


def run(target: Target) -> None:
    """Resume pools, then services, and wait until the services run.

    What runs already is left alone. The warehouse starts by itself at its next query.

    Raises:
        PowerError: a service does not run in time; the message has its containers' states and log lines.
    """
    seconds = target.settings.ready_timeout
    with target.account.queries() as query:
        for pool in managed(target, "ComputePool"):
            _resume_pool(query, pool, seconds)
    for owner, services in by_owner(managed(target, "Service")).items():
        with target.account.queries(owner) as query:
            _resume_services(query, services, seconds)


def _resume_services(query: Query, services: list[Managed], seconds: int) -> None:
    for service in services:
        if power.service_status(query, service) in SERVICE_DOWN:
            query(f"ALTER SERVICE {service.quoted} RESUME")
    for service in services:
        _await_ready(query, service, seconds)


def _resume_pool(query: Query, pool: Managed, seconds: int) -> None:
    if power.pool_state(query, pool) == "STOPPING":
        say("compute pool", f"{pool.name} is still stopping; waiting")
        power.await_pool(query, pool, ("SUSPENDED",), seconds)
    if power.pool_state(query, pool) == "SUSPENDED":
        query(f"ALTER COMPUTE POOL {pool.quoted} RESUME")
    say("compute pool", f"{pool.name} is resumed")


def _await_ready(query: Query, service: Managed, seconds: int) -> None:
    try:
        power.await_service(query, service, "RUNNING", seconds)
    except power.PowerError as error:
        raise power.PowerError(f"{error}\n{describe(query, service.name)}") from error
    say("service", f"{service.name} runs")
