"""The endpoint that a service function calls.

See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/working-with-services
"""

from __future__ import annotations

import time
from typing import Any

from local_account.base import errors
from local_account.base.sql import Name
from local_account.catalog.catalog import Object
from local_account.identity import access
from local_account.identity.account import Account
from local_account.spcs.network.endpoints import opens, resume_on_request
from local_account.spcs.state.observed import SERVICE, Observed
from local_account.spcs.state.status import service_status
from local_account.statement.cancellation import Cancellation

_LOOK_SECONDS = 0.5


def find_endpoint(item: Object, name: str) -> dict[str, Any] | None:
    """An endpoint of a service by its name in upper or lower case; None when it does not exist."""
    for endpoint in item.properties["SPEC"]["spec"].get("endpoints", ()):
        if endpoint["name"].lower() == name.lower():
            return endpoint
    return None


def check_endpoint(item: Object, name: str) -> None:
    """Refuse endpoints that service functions cannot call.

    Raises:
        SnowflakeError: 002003 when there is no such endpoint, 000002 when the service is a job or the
            endpoint does not have the HTTP protocol.
    """
    if item.properties["IS_JOB"]:
        raise errors.unsupported(f"a function of the job service {item.fqn}")
    endpoint = find_endpoint(item, name)
    if endpoint is None:
        raise no_endpoint(item, name)
    if endpoint["protocol"] != "HTTP" or "port" not in endpoint:
        raise errors.unsupported(f"a function of endpoint {name} of {item.fqn}: its protocol must be HTTP")


def no_endpoint(item: Object, name: str) -> errors.SnowflakeError:
    """The endpoint is absent, or a role may not use it. Both give the same error."""
    text = (
        f"Endpoint '{name}' of service '{item.fqn}' does not exist or not authorized. A role that is not the "
        "service's owner needs a service role that opens the endpoint: GRANT SERVICE ROLE."
    )
    return errors.compilation_error("002003", "02000", text)


def require_owner(account: Account, function: Object, service: Object) -> None:
    """Refuse when the owner of a function may no longer use its endpoint.

    Raises:
        SnowflakeError: 002003.
    """
    name = function.properties["ENDPOINT"]
    check_endpoint(service, name)
    endpoint = find_endpoint(service, name)
    roles = access.closure(account.catalog, [function.owner])
    if endpoint is None or not opens(account.catalog, service, endpoint["name"], roles):
        raise no_endpoint(service, name)


def find_service(account: Account, function: Object) -> Object:
    """The service that a function names.

    Raises:
        SnowflakeError: 002003 when it was dropped.
    """
    name = Name(*function.properties["SERVICE"])
    item = account.catalog.find(SERVICE, name)
    if item is None:
        raise errors.does_not_exist(SERVICE, str(name))
    return item


def ready_hosts(
    account: Account, service: Object, name: str, cancelled: Cancellation, until: float
) -> list[str]:
    """`address:port` of the endpoint in each ready instance; waits until there is one.

    A suspended service with AUTO_RESUME is resumed.

    Args:
        until: when the wait ends, as `time.monotonic` counts.

    Raises:
        UnreachableError: there will be none, or the time is over, or the statement was cancelled.
    """
    observed = account.part(Observed)
    while True:
        version = observed.version
        fresh = account.catalog.by_id(service.id)
        if fresh is None:
            raise UnreachableError("the service was dropped")
        endpoint = find_endpoint(fresh, name)
        if endpoint is None:
            raise UnreachableError(f"the service has no endpoint {name} any more")
        if fresh.properties["SUSPENDED"]:
            if not resume_on_request(account, fresh):
                raise UnreachableError("the service is suspended, and it has AUTO_RESUME = FALSE")
            continue
        instances = observed.instances(fresh.id).values()
        hosts = [f"{one.address}:{endpoint['port']}" for one in instances if one.status == "READY"]
        if hosts:
            return hosts
        if service_status(observed, fresh) == "FAILED":
            raise UnreachableError("the service's status is FAILED")
        left = until - time.monotonic()
        if left <= 0 or cancelled.is_set() or observed.closing:
            raise UnreachableError("no instance of the service is ready")
        observed.wait(version, min(_LOOK_SECONDS, left))


class UnreachableError(Exception):
    """No instance of the service can be called; the text says why."""
