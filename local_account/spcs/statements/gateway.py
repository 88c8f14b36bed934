"""GATEWAY objects. See https://docs.snowflake.com/en/sql-reference/sql/create-gateway"""

from __future__ import annotations

from typing import Any, ClassVar

from local_account.base import errors
from local_account.base.result import Result, columns, status, table
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Object
from local_account.spcs.network.endpoints import endpoint_of, new_label, opens
from local_account.spcs.network.entries import GATEWAY, gateway_host
from local_account.spcs.spec import gateway_spec
from local_account.spcs.state.observed import SERVICE
from local_account.statement.context import Context
from local_account.statement.object_type import ObjectType, Reader

_HEAD = "name ingress_url privatelink_ingress_url database_name schema_name owner owner_role_type "
_TAIL = "created_on:timestamp_ltz updated_on:timestamp_ltz comment"
_SEEING = ("USAGE", "MODIFY")


class Gateway(ObjectType):
    """One host name for several endpoints, which get their shares of the requests."""

    kind, plural = GATEWAY, "GATEWAYS"
    taggable = renamable = False
    privileges = frozenset(_SEEING)
    options: ClassVar[dict[str, Reader]] = {}
    show_columns = columns(_HEAD + _TAIL)
    describe_columns = columns(_HEAD + "spec " + _TAIL)

    def read_create(self, context: Context, statement: Statement) -> dict[str, Any]:
        return {"TARGETS": _read_specification(statement)}

    def check(self, context: Context, name: Name, properties: dict[str, Any]) -> None:
        _require_targets(context, properties["TARGETS"])
        properties["INGRESS"] = new_label()

    def action(self, context: Context, item: Object, statement: Statement) -> Result | None:
        """FROM SPECIFICATION, the only change of a gateway; its host name stays."""
        if statement.words(1) != ("FROM",):
            raise statement.unexpected()
        targets = _read_specification(statement)
        statement.end()
        context.require("MODIFY", item)
        _require_targets(context, targets)
        item = self.fresh(context, item)
        item.properties["TARGETS"] = targets
        context.catalog.save(item)
        return status("Statement executed successfully.")

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        return {"ingress_url": gateway_host(context.account, item), "comment": item.comment or None}

    def describe(self, context: Context, item: Object) -> Result:
        """Without the column `spec` for a role that has no privilege on the gateway itself."""
        row = self.show_row(context, item)
        if not any(context.access.has(privilege, item) for privilege in _SEEING):
            return table(self.show_columns, [row])
        row["spec"] = gateway_spec.describe(item.properties["TARGETS"])
        return table(self.describe_columns, [row])


def _read_specification(statement: Statement) -> list[dict[str, Any]]:
    statement.expect("FROM", "SPECIFICATION")
    return gateway_spec.parse(statement.string())


def _require_targets(context: Context, targets: list[dict[str, Any]]) -> None:
    """Refuse targets that do not exist or that the primary role may not use.

    Raises:
        SnowflakeError: 002003 for such a target, 003001 without BIND SERVICE ENDPOINT, 395018 for an
            endpoint that does not speak HTTP.
    """
    context.require_primary("BIND SERVICE ENDPOINT", None)
    for target in targets:
        name = Name(*target["service"])
        service, endpoint = context.get(SERVICE, name), target["endpoint"]
        known = [one["name"] for one in service.properties["SPEC"]["spec"].get("endpoints", ())]
        usable = opens(context.catalog, service, endpoint, context.primary.roles)
        if endpoint not in known or not usable:
            raise errors.does_not_exist("Endpoint", f"{name}!{endpoint}")
        found = endpoint_of(context.account, service, endpoint)
        if found is None:
            raise gateway_spec.invalid(f"endpoint '{name}!{endpoint}' must have a port and protocol HTTP")


TYPES = [Gateway()]
