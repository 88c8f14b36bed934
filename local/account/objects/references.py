"""Which objects name others, and what that forbids.

External access integrations name network rules and secrets; services cannot follow a renamed schema.
"""

from __future__ import annotations

from local.account import errors
from local.account.catalog import Catalog, Object
from local.account.context import Context
from local.account.sql import Name

RULES, SECRETS = "ALLOWED_NETWORK_RULES", "ALLOWED_AUTHENTICATION_SECRETS"
INTEGRATION = "EXTERNAL ACCESS INTEGRATION"
_KINDS = {RULES: "NETWORK RULE", SECRETS: "SECRET"}


def referencing(catalog: Catalog, item: Object) -> list[str]:
    """Integrations that name a network rule."""
    return [
        integration.name
        for integration in catalog.objects(INTEGRATION)
        if item.type == "NETWORK RULE" and list(item.fqn) in integration.properties[RULES]
    ]


def refuse_referenced(context: Context, item: Object) -> None:
    """Refuse to drop a network rule that an integration names, and the schema or database that holds it.

    Raises:
        SnowflakeError: 098507 for a schema or rule, 098508 for a database.
    """
    rules = [item] if item.type == "NETWORK RULE" else context.catalog.inside(item, "NETWORK RULE")
    for rule in rules:
        names = referencing(context.catalog, rule)
        if not names:
            continue
        held = "it" if rule is item else f"network rule {rule.fqn} in it"
        raise errors.SnowflakeError(
            "098508" if item.type == "DATABASE" else "098507",
            "22023",
            f"Cannot drop {item.type.lower()} {item.fqn} as {held} is associated with integration "
            f"{', '.join(names)}. Drop the integration first, or take the rule out of it.",
        )


def refuse_services(context: Context, item: Object, what: str) -> None:
    """Refuse for a database or schema with services in it, whose names would become wrong."""
    services = context.catalog.inside(item, "SERVICE")
    if services:
        raise errors.unsupported(
            f"{item.type} {item.fqn} cannot be {what} while it contains services: "
            + ", ".join(str(service.fqn) for service in services)
        )


def renamed(context: Context, old: Name, new: Name) -> None:
    """Let integrations follow what was renamed: a database, a schema or one object."""
    before = [part for part in old if part]
    after = [part for part in new if part]
    for integration in context.catalog.objects(INTEGRATION):
        for key in _KINDS:
            names = integration.properties[key]
            if isinstance(names, list):
                changed = [
                    [*after, *name[len(before) :]] if name[: len(before)] == before else name
                    for name in names
                ]
                integration.properties[key] = changed
        context.catalog.save(integration)
