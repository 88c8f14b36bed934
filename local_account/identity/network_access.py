"""Checks by network policies: from which addresses a user may connect.

See https://docs.snowflake.com/en/user-guide/network-policies
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import AddressValueError, IPv4Address, IPv4Network

from local_account.base.errors import SnowflakeError
from local_account.base.sql import Name
from local_account.catalog.catalog import Catalog, Object
from local_account.identity import parameters

POLICY = "NETWORK POLICY"
PARAMETER = "NETWORK_POLICY"
ALLOWED_RULES, BLOCKED_RULES = "ALLOWED_NETWORK_RULE_LIST", "BLOCKED_NETWORK_RULE_LIST"
COMPUTE_POOL, ALL_POOLS = "COMPUTE_POOL", "ALL"
# See https://docs.snowflake.com/en/user-guide/network-rules#snowflake-managed-network-rules
MANAGED = ("SNOWFLAKE", "NETWORK_SECURITY")
ALLOWED_ADDRESSES, BLOCKED_ADDRESSES = "ALLOWED_IP_LIST", "BLOCKED_IP_LIST"


class NetworkAccess:
    """Checks addresses against network policies; cached until the catalog changes, as every request asks.

    Attributes:
        pool_at: gives the compute pool of the container with an address, '' when it is no container's.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._known: tuple[int, dict[tuple[str, str, str], bool]] = (-1, {})
        self.pool_at: Callable[[str], str] = lambda _: ""

    def policy_of(self, user: str) -> Object | None:
        """The policy in force for a user: the user's own, otherwise the account's; None without a policy."""
        item = self._catalog.find("USER", Name("", "", user))
        values = parameters.values_of(self._catalog, item) if item else None
        name, _ = (values or parameters.values_of_account(self._catalog)).get(PARAMETER)
        return self._catalog.find(POLICY, Name("", "", name)) if name else None

    def admits(self, user: str, address: str) -> bool:
        """Whether a user may connect from an address."""
        version = self._catalog.version
        if self._known[0] != version:
            self._known = (version, {})
        key, known = (user, address, self.pool_at(address)), self._known[1]
        if key not in known:
            policy = self.policy_of(user)
            known[key] = policy is None or lets_in(self._catalog, policy, address, key[2])
        return known[key]

    def require(self, user: str, address: str) -> None:
        """Refuse a request from an address that the user's policy does not allow.

        Raises:
            SnowflakeError: 390422.
        """
        if not self.admits(user, address):
            raise refused(address)


def refused(address: str) -> SnowflakeError:
    return SnowflakeError(
        "390422", "08004", f"Incoming request with IP/Token {address} is not allowed to access Snowflake."
    )


def lets_in(catalog: Catalog, policy: Object, address: str, pool: str = "") -> bool:
    """Whether a policy allows an address. Blocked lists have precedence; an empty allowed list allows all.

    Args:
        pool: the compute pool of the container that has the address. Then only rules about compute pools
            count, and one of them must allow it.
    """
    properties = policy.properties
    if pool:
        blocked, allowed = (_pools(catalog, properties[key]) for key in (BLOCKED_RULES, ALLOWED_RULES))
        return not {pool, ALL_POOLS} & blocked and bool({pool, ALL_POOLS} & allowed)
    try:
        client = IPv4Address(address)
    except AddressValueError:
        return False
    blocked = _networks(catalog, properties[BLOCKED_ADDRESSES], properties[BLOCKED_RULES])
    allowed = _networks(catalog, properties[ALLOWED_ADDRESSES], properties[ALLOWED_RULES])
    if any(client in network for network in blocked or ()):
        return False
    return allowed is None or any(client in network for network in allowed)


def is_managed(name: Sequence[str]) -> bool:
    """Whether a network rule is one of Snowflake's own, which hold the addresses of other companies."""
    return tuple(name[:2]) == MANAGED and len(name) == 3


def _pools(catalog: Catalog, rules: list[list[str]]) -> set[str]:
    """The compute pools in network rules."""
    found = (catalog.find("NETWORK RULE", Name(*name)) for name in rules)
    return {
        value.upper()
        for rule in found
        if rule and rule.properties["TYPE"] == COMPUTE_POOL
        for value in rule.properties["VALUE_LIST"]
    }


def _networks(catalog: Catalog, addresses: list[str], rules: list[list[str]]) -> list[IPv4Network] | None:
    """The networks in addresses and in network rules; None when neither of them concerns IPv4 addresses."""
    values, concerned = list(addresses), bool(addresses)
    for name in rules:
        if is_managed(name):
            # None of the addresses in it can reach this account.
            concerned = True
            continue
        rule = catalog.find("NETWORK RULE", Name(*name))
        if rule and (rule.properties["TYPE"], rule.properties["MODE"]) == ("IPV4", "INGRESS"):
            values += rule.properties["VALUE_LIST"]
            concerned = True
    return [IPv4Network(value, strict=False) for value in values] if concerned else None
