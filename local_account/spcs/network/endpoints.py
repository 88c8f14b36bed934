"""Endpoints of services: who may use them and where they are.

See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/service-network-communications
"""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass

from local_account.catalog.catalog import Catalog, Object
from local_account.identity import access
from local_account.identity.account import Account
from local_account.spcs.network.egress import Rules, allowed
from local_account.spcs.state import workload
from local_account.spcs.state.lifecycle import resume
from local_account.spcs.state.observed import SERVICE, Observed

ALL_ENDPOINTS = "ALL_ENDPOINTS_USAGE"


@dataclass(frozen=True)
class PublicEndpoint:
    """An endpoint as the ingress serves it.

    Attributes:
        service: the service that declares it.
        name: its name in the specification.
        addresses: of all ready instances on the container network; empty when none is ready.
        cors: its `corsSettings`, or empty.
        outside: hosts and ports that external access integrations open to the service.
    """

    service: Object
    name: str
    port: int
    addresses: list[str]
    cors: dict[str, list[str]]
    outside: Rules = frozenset()


def service_roles(item: Object) -> dict[str, list[str]]:
    """Service roles of a service, with the endpoints that each role opens; the implicit role opens all."""
    document = item.properties["SPEC"]
    names = [endpoint["name"] for endpoint in document["spec"].get("endpoints", ())]
    declared = {role["name"].upper(): role["endpoints"] for role in document.get("serviceRoles", ())}
    return {ALL_ENDPOINTS: names, **declared}


def new_label() -> str:
    """A random first part of a public endpoint's host name."""
    first = secrets.choice(string.ascii_lowercase)
    return first + "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(7))


def ingress_host(account: Account, item: Object, endpoint: str) -> str | None:
    """Host and port of a public endpoint, without scheme; None for a private endpoint."""
    identity = item.properties["INGRESS"].get(endpoint)
    if identity is None:
        return None
    settings = account.settings
    return f"{identity}-{settings.locator.lower()}.localhost:{settings.ingress_port}"


def find_public_endpoint(account: Account, label: str) -> PublicEndpoint | None:
    """The endpoint that the first label of an ingress host name stands for; None when it does not exist.

    Args:
        label: `<id>-<organization>-<account>` in lower case.
    """
    identity, _, locator = label.lower().partition("-")
    if locator != account.settings.locator.lower():
        return None
    for item in account.catalog.objects(SERVICE):
        for name, known in item.properties["INGRESS"].items():
            if known == identity:
                return endpoint_of(account, item, name)
    return None


def may_use(catalog: Catalog, endpoint: PublicEndpoint, roles: frozenset[str]) -> bool:
    """Whether one of these roles opens the endpoint; `roles` includes inherited roles."""
    return opens(catalog, endpoint.service, endpoint.name, roles)


def opens(catalog: Catalog, item: Object, endpoint: str, roles: frozenset[str]) -> bool:
    """Like `may_use`, for an endpoint of a service by name, public or private."""
    if item.owner in roles:
        return True
    known = service_roles(item)
    return any(
        row["role"] in roles and endpoint in known.get(row["service_role"], ())
        for row in catalog.service_role_grants(item.id)
    )


def bound(catalog: Catalog, item: Object) -> bool:
    """Whether the owner role still has BIND SERVICE ENDPOINT; without it public endpoints are closed."""
    roles = access.closure(catalog, [item.owner])
    return access.Access(catalog, roles).has("BIND SERVICE ENDPOINT")


def resume_on_request(account: Account, item: Object) -> bool:
    """Resume a suspended service that a request asks for, and its pool, if they have AUTO_RESUME.

    Returns:
        Whether the service is being resumed.
    """
    with account.catalog.transaction():
        fresh = account.catalog.by_id(item.id)
        if fresh is None or not fresh.properties["SUSPENDED"] or not fresh.properties["AUTO_RESUME"]:
            return False
        if not workload.allowed(account.catalog):
            return False
        resume(account.catalog, fresh)
    return True


def endpoint_of(account: Account, item: Object, name: str) -> PublicEndpoint | None:
    """An endpoint of a service as the ingress serves it; None unless it exists and speaks HTTP."""
    for endpoint in item.properties["SPEC"]["spec"].get("endpoints", ()):
        if endpoint["name"] == name and endpoint.get("protocol", "HTTP") == "HTTP" and "port" in endpoint:
            ready = [
                state.address
                for state in account.part(Observed).instances(item.id).values()
                if state.status == "READY" and state.address
            ]
            cors = endpoint.get("corsSettings", {})
            outside = allowed(account.catalog, item)
            return PublicEndpoint(item, name, endpoint["port"], ready, cors, outside)
    return None
