"""Objects that name other objects, and the statements that are refused because of it.

External access integrations name network rules and secrets, network policies name network rules; services
cannot follow a renamed schema.
"""

from __future__ import annotations

from local_account.base import errors
from local_account.base.sql import Name
from local_account.catalog.catalog import Catalog, Object
from local_account.identity.network_access import ALLOWED_RULES, BLOCKED_RULES, POLICY
from local_account.statement.context import Context

RULES, SECRETS = "ALLOWED_NETWORK_RULES", "ALLOWED_AUTHENTICATION_SECRETS"
INTEGRATION = "EXTERNAL ACCESS INTEGRATION"
# type of object: the properties in which it keeps names of other objects
_HOLDERS = {INTEGRATION: (RULES, SECRETS), POLICY: (ALLOWED_RULES, BLOCKED_RULES)}
_RULE_LISTS = {INTEGRATION: (RULES,), POLICY: (ALLOWED_RULES, BLOCKED_RULES)}


def referencing(catalog: Catalog, item: Object) -> list[Object]:
    """Integrations and network policies that name a network rule."""
    return [
        holder
        for kind, keys in _RULE_LISTS.items()
        for holder in catalog.objects(kind)
        if item.type == "NETWORK RULE" and any(list(item.fqn) in holder.properties[key] for key in keys)
    ]


def refuse_referenced(context: Context, item: Object) -> None:
    """Refuse to drop a network rule that another object names, or the schema or database that has it.

    Raises:
        SnowflakeError: 098507 for a schema or rule, 098508 for a database.
    """
    rules = [item] if item.type == "NETWORK RULE" else context.catalog.inside(item, "NETWORK RULE")
    for rule in rules:
        holders = referencing(context.catalog, rule)
        if not holders:
            continue
        kind = "integration" if holders[0].type == INTEGRATION else POLICY.lower()
        names = [holder.name for holder in holders if holder.type == holders[0].type]
        held = "it" if rule is item else f"network rule {rule.fqn} in it"
        raise errors.SnowflakeError(
            "098508" if item.type == "DATABASE" else "098507",
            "22023",
            f"Cannot drop {item.type.lower()} {item.fqn} as {held} is associated with {kind} "
            f"{', '.join(names)}. Drop the {kind} first, or take the rule out of it.",
        )


def refuse_services(context: Context, item: Object, what: str) -> None:
    """Refuse a change of a database or schema that contains services: their names would become wrong.

    Args:
        what: the change in the error message, for example `renamed`.
    """
    services = context.catalog.inside(item, "SERVICE")
    if services:
        raise errors.unsupported(
            f"{item.type} {item.fqn} cannot be {what} while it contains services: "
            + ", ".join(str(service.fqn) for service in services)
        )


def renamed(context: Context, old: Name, new: Name) -> None:
    """Write the new name of a database, schema or object into the integrations and policies that name it."""
    before = [part for part in old if part]
    after = [part for part in new if part]
    for kind, keys in _HOLDERS.items():
        for holder in context.catalog.objects(kind):
            for key in keys:
                names = holder.properties[key]
                if isinstance(names, list):
                    holder.properties[key] = [
                        [*after, *name[len(before) :]] if name[: len(before)] == before else name
                        for name in names
                    ]
            context.catalog.save(holder)
