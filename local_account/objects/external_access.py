"""EXTERNAL ACCESS INTEGRATION objects: the hosts that services with such an integration may reach.

See https://docs.snowflake.com/en/sql-reference/sql/create-external-access-integration
"""

from __future__ import annotations

from typing import Any, ClassVar

from local_account.base import errors
from local_account.base.result import Result, columns
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Catalog, Object
from local_account.objects.network_rule import host_and_port
from local_account.statement.context import Context
from local_account.statement.object_type import ObjectType, Reader, boolean, property_table
from local_account.statement.references import INTEGRATION, RULES, SECRETS

APIS = "ALLOWED_API_AUTHENTICATION_INTEGRATIONS"
KINDS = (INTEGRATION, "SECURITY INTEGRATION")
SHOW_COLUMNS = columns("name type category enabled comment created_on:timestamp_ltz")


def _names(statement: Statement) -> list[list[str]] | str:
    """Read `(name, …)`, ALL or NONE."""
    if statement.words(1) == ("(",):
        return statement.listed("parts")
    word = statement.word()
    if word not in ("ALL", "NONE"):
        raise statement.unexpected(back=1)
    return "ALL" if word == "ALL" else []


class ExternalAccessIntegration(ObjectType):
    """Network rules, and the secrets that services may use with them."""

    kind, plural, scope = INTEGRATION, "EXTERNAL ACCESS INTEGRATIONS", "account"
    title = "Integration"
    renamable = False
    privileges = frozenset({"USAGE"})
    options: ClassVar[dict[str, Reader]] = {
        RULES: _names,
        APIS: _names,
        SECRETS: _names,
        "ENABLED": boolean,
    }
    defaults: ClassVar[dict[str, Any]] = {APIS: [], SECRETS: []}
    show_columns = SHOW_COLUMNS

    def require_create(self, context: Context, name: Name) -> None:
        if not context.primary.has("CREATE INTEGRATION"):
            context.require_create("CREATE EXTERNAL ACCESS INTEGRATION", None)

    def check(self, context: Context, name: Name, properties: dict[str, Any]) -> None:
        """Refuse a taken name, missing options, and rules or secrets that cannot be used."""
        refuse_taken(context, name)
        missing = [option for option in (RULES, "ENABLED") if option not in properties]
        if missing:
            raise errors.missing_option(", ".join(missing))
        self._resolve(context, properties)

    def altered(self, context: Context, item: Object, changed: dict[str, Any]) -> None:
        if "ENABLED" in changed and changed["ENABLED"] is None:
            raise errors.unsupported("ALTER EXTERNAL ACCESS INTEGRATION UNSET ENABLED")
        if RULES in changed and changed[RULES] is None:
            changed[RULES] = []
        self._resolve(context, changed)

    def _resolve(self, context: Context, properties: dict[str, Any]) -> None:
        """Check the names of rules and secrets, and replace them by full names."""
        if properties.get(APIS):
            raise errors.unsupported(f"{APIS} of anything but NONE")
        if RULES in properties:
            if properties[RULES] == "ALL":
                raise errors.invalid_value("ALL", RULES, "a list of network rules")
            properties[RULES] = [_rule(context, parts) for parts in properties[RULES]]
        if isinstance(properties.get(SECRETS), list):
            properties[SECRETS] = [_secret(context, parts) for parts in properties[SECRETS]]

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        return {
            "type": "EXTERNAL_ACCESS",
            "category": "EXTERNAL_ACCESS",
            "enabled": item.properties["ENABLED"],
            "comment": item.comment or None,
        }

    def describe(self, context: Context, item: Object) -> Result:
        properties = item.properties
        secrets = properties[SECRETS]
        return property_table(
            [
                ("ENABLED", "Boolean", properties["ENABLED"], "false"),
                (RULES, "List", _listed(properties[RULES]), "[]"),
                (APIS, "List", "[]", "[]"),
                (SECRETS, "List", secrets if secrets == "ALL" else _listed(secrets), "[]"),
                ("COMMENT", "String", item.comment, ""),
            ]
        )


def refuse_taken(context: Context, name: Name) -> None:
    """Refuse a name that an integration of any kind has already.

    Raises:
        SnowflakeError: 002002 when the name is taken.
    """
    if any(context.catalog.find(kind, name) for kind in KINDS):
        raise errors.already_exists(name.name)


def allowed_hosts(catalog: Catalog, integration: str) -> set[tuple[str, int]]:
    """The (host, port) pairs that an integration opens; empty when it is disabled or was dropped.

    A host may be `0.0.0.0` (every host) or begin with `*.` (every host one level below).
    """
    item = catalog.find(INTEGRATION, Name("", "", integration))
    if item is None or not item.properties["ENABLED"]:
        return set()
    rules = (catalog.find("NETWORK RULE", Name(*name)) for name in item.properties[RULES])
    return {
        host_and_port(value)
        for rule in rules
        # The rule may have been dropped, and another one made with the same name and another mode.
        if rule and rule.properties["MODE"] == "EGRESS"
        for value in rule.properties["VALUE_LIST"]
    }


def _rule(context: Context, parts: list[str]) -> list[str]:
    name = context.resolve(parts, "schema")
    context.require_usage(name)
    rule = context.get("NETWORK RULE", name)
    context.require_ownership(rule)
    if rule.properties["MODE"] != "EGRESS":
        raise errors.invalid_value(str(name), RULES, "network rules of mode EGRESS")
    return list(name)


def _secret(context: Context, parts: list[str]) -> list[str]:
    name = context.resolve(parts, "schema")
    context.require_usage(name)
    context.require_any(["USAGE", "READ"], context.get("SECRET", name))
    return list(name)


def _listed(names: list[list[str]]) -> str:
    return "[" + ",".join(".".join(name) for name in names) + "]"


TYPES = [ExternalAccessIntegration()]
