"""NETWORK POLICY objects. See https://docs.snowflake.com/en/sql-reference/sql/create-network-policy"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from local_account.base import errors
from local_account.base.result import Result, columns, status, table
from local_account.base.sql import Name, Statement, shown
from local_account.catalog.catalog import Object
from local_account.identity import network_access, parameters
from local_account.identity.network_access import (
    ALLOWED_ADDRESSES,
    ALLOWED_RULES,
    BLOCKED_ADDRESSES,
    BLOCKED_RULES,
    PARAMETER,
    POLICY,
)
from local_account.statement.context import Context
from local_account.statement.object_type import ObjectType, Reader

_RULE_LISTS = (ALLOWED_RULES, BLOCKED_RULES)
_ADDRESS_LISTS = (ALLOWED_ADDRESSES, BLOCKED_ADDRESSES)
_LISTS = (*_ADDRESS_LISTS, *_RULE_LISTS)
_NO_RULES: list[list[str]] = []
_NO_ADDRESSES: list[str] = []


def _rules(statement: Statement) -> list[list[str]]:
    """Read names of network rules, quoted as strings or not; a single name needs no parentheses."""
    return statement.listed("name_or_text") if statement.words(1) == ("(",) else [statement.name_or_text()]


def _addresses(statement: Statement) -> list[str]:
    addresses = statement.listed("string")
    for value in addresses:
        try:
            ipaddress.IPv4Network(value, strict=False)
        except ValueError:
            raise errors.invalid_value(value, "IP_LIST", "IPv4 addresses and networks") from None
    return addresses


class NetworkPolicy(ObjectType):
    """Lists of addresses and network rules. They take effect when the account or a user gets the policy."""

    kind, plural, scope = POLICY, "NETWORK POLICIES", "account"
    options: ClassVar[dict[str, Reader]] = {
        **dict.fromkeys(_RULE_LISTS, _rules),
        **dict.fromkeys(_ADDRESS_LISTS, _addresses),
    }
    defaults: ClassVar[dict[str, Any]] = {
        **dict.fromkeys(_RULE_LISTS, _NO_RULES),
        **dict.fromkeys(_ADDRESS_LISTS, _NO_ADDRESSES),
    }
    show_columns = columns(
        "created_on:timestamp_ltz name comment entries_in_allowed_ip_list:fixed "
        "entries_in_blocked_ip_list:fixed entries_in_allowed_network_rules:fixed "
        "entries_in_blocked_network_rules:fixed"
    )
    describe_columns = columns("name value")

    def check(self, context: Context, name: Name, properties: dict[str, Any]) -> None:
        _resolve_rules(context, name.name, properties)

    def altered(self, context: Context, item: Object, changed: dict[str, Any]) -> None:
        _resolve_rules(context, item.name, changed)

    def create(self, context: Context, statement: Statement, modifiers: frozenset[str]) -> Result:
        with no_lock_out(context):
            return super().create(context, statement, modifiers)

    def alter(self, context: Context, statement: Statement) -> Result:
        with no_lock_out(context):
            return super().alter(context, statement)

    def action(self, context: Context, item: Object, statement: Statement) -> Result | None:
        """{ADD | REMOVE} {ALLOWED | BLOCKED}_NETWORK_RULE_LIST = …"""
        if statement.words(1) not in (("ADD",), ("REMOVE",)):
            return None
        context.require_ownership(item)
        adding = statement.word() == "ADD"
        key = statement.word()
        if key not in _RULE_LISTS:
            raise statement.unexpected(back=1)
        statement.expect("=")
        named = {key: _rules(statement)}
        statement.end()
        _resolve_rules(context, item.name, named)
        kept = [rule for rule in item.properties[key] if rule not in named[key]]
        item.properties[key] = [*kept, *named[key]] if adding else kept
        context.catalog.save(item)
        return status("Statement executed successfully.")

    def renamed(self, context: Context, item: Object, old: Name) -> None:
        for holder in _holders(context, old.name):
            holder.properties[PARAMETER] = item.name
            context.catalog.save(holder)

    def dropping(self, context: Context, item: Object, forced: bool) -> None:
        """Refuse while the account or a user has the policy."""
        if forced:
            # After OR REPLACE the account and users have the new policy, because they name it.
            return
        for holder in _holders(context, item.name):
            what = "ACCOUNT" if holder.type == "ACCOUNT" else f"USER with name {holder.name}"
            raise errors.compilation_error(
                "001492",
                "42601",
                f"Cannot perform Drop operation on network policy {item.name}. The policy is attached to "
                f"{what}. Unset the network policy from {holder.type} and try the Drop operation again.",
            )

    # SHOW and DESCRIBE

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        names = [column.name for column in self.show_columns[3:]]
        return {name: len(item.properties[key]) for name, key in zip(names, _LISTS, strict=True)}

    def describe(self, context: Context, item: Object) -> Result:
        rows = [
            {"name": key, "value": _listed(key, item.properties[key])}
            for key in _LISTS
            if item.properties[key]
        ]
        return table(self.describe_columns, rows)


def attachable(context: Context, name: str, user: Object | None = None) -> str:
    """The full name of a policy that may be set on the account, or on a user.

    Args:
        name: the name in the statement.
        user: the user that gets the policy; None for the account, or for a user that is being created.

    Raises:
        SnowflakeError: 002003 when there is no such policy, 003001 when the session may not set it, 098519
            when its lists are empty.
    """
    policies = (context.catalog.find(POLICY, Name("", "", spelling)) for spelling in (name, name.upper()))
    policy = next((item for item in policies if item), None)
    if policy is None or not context.access.sees(policy):
        raise errors.does_not_exist(POLICY, name)
    governs = "SECURITYADMIN" in context.access.roles or context.access.has("ATTACH POLICY")
    owns = context.access.owns(policy) and (user is None or context.access.owns(user))
    if not governs and not owns:
        raise context.refused("OWNERSHIP", policy)
    if not any(policy.properties[key] for key in _LISTS):
        raise errors.SnowflakeError(
            "098519", "22023", f"Empty network policy {policy.name} cannot be active."
        )
    return policy.name


@contextmanager
def no_lock_out(context: Context) -> Iterator[None]:
    """Undo the changes inside if with them the client could no longer connect to the account.

    Raises:
        SnowflakeError: 001497 when the policy in force then does not allow the client's address.
    """
    with context.catalog.transaction():
        yield
        session, address = context.session, context.address
        policy = None if session.is_service else context.account.network.policy_of(session.user)
        if (
            policy
            and address
            and not network_access.lets_in(
                context.catalog, policy, address, context.account.network.pool_at(address)
            )
        ):
            raise errors.compilation_error(
                "001497",
                "22023",
                f"Network policy {policy.name} could not be activated. Requestor IP address, {address}, must "
                "be included in allowed_ip_list. For more information on network policies refer to: "
                "https://docs.snowflake.com/en/user-guide/network-policies",
            )


def _holders(context: Context, name: str) -> list[Object]:
    """The account and the users that have this policy."""
    account = parameters.account_object(context.catalog)
    found = [*([account] if account else []), *context.catalog.objects("USER")]
    return [holder for holder in found if holder.properties.get(PARAMETER) == name]


def _resolve_rules(context: Context, policy: str, properties: dict[str, Any]) -> None:
    """Check the named rules, and replace them by their full names without repetitions."""
    for key in _ADDRESS_LISTS:
        if key in properties:
            properties[key] = properties[key] or []
    for key in _RULE_LISTS:
        if key in properties:
            names = [_rule(context, policy, parts) for parts in properties[key] or []]
            properties[key] = [list(name) for name in dict.fromkeys(names)]


def _rule(context: Context, policy: str, parts: list[str]) -> Name:
    name = context.resolve(parts, "schema")
    if network_access.is_managed(name):
        return name
    if not context.reaches(name):
        raise errors.does_not_exist("Network rule", str(name))
    rule = context.get("NETWORK RULE", name)
    if rule.properties["MODE"] == "EGRESS":
        raise errors.SnowflakeError(
            "098516",
            "22023",
            f"The egress network rule {rule.name} cannot be attached to the network policy {policy}. Egress "
            "network rules do not take effect when attached to network policies.",
        )
    return name


def _listed(key: str, values: list[Any]) -> str:
    if key in _ADDRESS_LISTS:
        return ",".join(values)
    return json.dumps([{"fullyQualifiedRuleName": shown(name)} for name in values], separators=(",", ":"))


TYPES = [NetworkPolicy()]
