"""What the host names of the ingress lead to: public endpoints of services, and gateways.

A gateway has a host name of its own, and divides requests among endpoints by weight. Who may use the gateway
needs no right on the endpoints; the owner of the gateway does.
See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/gateway
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from local_account.base.sql import Name
from local_account.catalog.catalog import Object
from local_account.identity import access
from local_account.identity.access import Access
from local_account.identity.account import Account
from local_account.spcs.network.endpoints import (
    PublicEndpoint,
    bound,
    endpoint_of,
    find_public_endpoint,
    may_use,
    opens,
)
from local_account.spcs.state.observed import SERVICE

GATEWAY = "GATEWAY"


@dataclass(frozen=True)
class Entry:
    """What one host name leads to.

    Attributes:
        item: the service or the gateway; its owner must have BIND SERVICE ENDPOINT.
        targets: the endpoints with their weights; of a gateway those that its owner may use now.
        text: what it is called on pages.
    """

    item: Object
    targets: list[tuple[int, PublicEndpoint]]
    text: str

    @property
    def is_gateway(self) -> bool:
        return self.item.type == GATEWAY

    def admits(self, account: Account, roles: frozenset[str]) -> bool:
        """Whether one of these roles may come in; it also needs USAGE on the database and the schema."""
        held = Access(account.catalog, roles)
        database, schema, _ = self.item.fqn
        above = [
            account.catalog.find("DATABASE", Name("", "", database)),
            account.catalog.find("SCHEMA", Name(database, "", schema)),
        ]
        if not all(item is not None and held.has("USAGE", item) for item in above):
            return False
        if self.is_gateway:
            return held.has("USAGE", self.item)
        return may_use(account.catalog, self.targets[0][1], roles)


def find_entry(account: Account, label: str) -> Entry | None:
    """The entry that the first label of an ingress host name stands for.

    None when it does not exist, or when its owner role no longer has BIND SERVICE ENDPOINT.

    Args:
        label: `<id>-<organization>-<account>` in lower case.
    """
    endpoint = find_public_endpoint(account, label)
    found = _of_endpoint(endpoint) if endpoint else _of_gateway(account, label)
    return found if found and bound(account.catalog, found.item) else None


def gateway_host(account: Account, item: Object) -> str:
    """Host and port of a gateway, without scheme."""
    settings = account.settings
    return f"{item.properties['INGRESS']}-{settings.locator.lower()}.localhost:{settings.ingress_port}"


def _of_endpoint(endpoint: PublicEndpoint) -> Entry:
    return Entry(endpoint.service, [(1, endpoint)], f"{endpoint.service.name} ({endpoint.name})")


def _of_gateway(account: Account, label: str) -> Entry | None:
    identity, _, locator = label.lower().partition("-")
    if locator != account.settings.locator.lower():
        return None
    for item in account.catalog.objects(GATEWAY):
        if item.properties["INGRESS"] == identity:
            return Entry(item, _targets(account, item), f"{item.name} (gateway)")
    return None


def _targets(account: Account, gateway: Object) -> list[tuple[int, PublicEndpoint]]:
    roles = access.closure(account.catalog, [gateway.owner])
    found = []
    for target in gateway.properties["TARGETS"]:
        service = account.catalog.find(SERVICE, Name(*target["service"]))
        if service is None or not opens(account.catalog, service, target["endpoint"], roles):
            continue
        endpoint = endpoint_of(account, service, target["endpoint"])
        if endpoint is not None:
            # Gateways have neither CORS settings nor a Content-Security-Policy that integrations widen.
            found.append((target["weight"], replace(endpoint, cors={}, outside=frozenset())))
    return found


class Divider:
    """Divides requests by weight, exactly and evenly: with 90 and 10, each tenth request is for the second.

    It is used in one thread.
    """

    def __init__(self) -> None:
        # For each gateway, how many hundredths of a request each endpoint is short of.
        self._short: dict[int, dict[tuple[int, str], int]] = {}

    def choose(self, entry: Entry) -> PublicEndpoint | None:
        """The endpoint for the next request; None when there is none.

        Endpoints without a ready instance get nothing, as long as others have one.
        """
        weighted = [(weight, endpoint) for weight, endpoint in entry.targets if weight]
        usable = [(weight, endpoint) for weight, endpoint in weighted if endpoint.addresses] or weighted
        if len(usable) < 2:
            return usable[0][1] if usable else None
        before = self._short.get(entry.item.id, {})
        keys = [(endpoint.service.id, endpoint.name) for _, endpoint in usable]
        short = {key: before.get(key, 0) + weight for key, (weight, _) in zip(keys, usable, strict=True)}
        chosen = max(short, key=lambda key: short[key])
        short[chosen] -= sum(weight for weight, _ in usable)
        self._short[entry.item.id] = short
        return usable[keys.index(chosen)][1]
