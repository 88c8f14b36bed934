"""ROLE objects. See https://docs.snowflake.com/en/sql-reference/sql/create-role"""

from __future__ import annotations

from typing import Any

from local.account import access, errors
from local.account.catalog import Object
from local.account.context import Context
from local.account.objects.base import ObjectType
from local.account.result import Result, columns
from local.account.sql import Statement


class Role(ObjectType):
    """Account roles; system roles cannot be changed or dropped."""

    kind, plural, scope = "ROLE", "ROLES", "account"
    privileges = frozenset({"USAGE"})
    show_columns = columns(
        "created_on:timestamp_ltz name is_default is_current is_inherited assigned_to_users:fixed "
        "granted_to_roles:fixed granted_roles:fixed owner comment owner_role_type"
    )

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        grants = context.catalog.role_grants(role=item.name)
        return {
            "is_default": "N",
            "is_current": "Y" if item.name == context.session.role else "N",
            "is_inherited": "Y"
            if item.name in context.primary.roles and item.name != context.session.role
            else "N",
            "assigned_to_users": sum(row["grantee_type"] == "USER" for row in grants),
            "granted_to_roles": sum(row["grantee_type"] == "ROLE" for row in grants),
            "granted_roles": len(context.catalog.role_grants(grantee_type="ROLE", grantee=item.name)),
        }

    def dropping(self, context: Context, item: Object, statement: Statement) -> None:
        if item.name in access.SYSTEM_ROLES:
            raise errors.insufficient_privileges("role", item.name)
        context.catalog.forget_grantee("ROLE", item.name)

    def rename(self, context: Context, item: Object, statement: Statement) -> Result:
        raise errors.unsupported("ALTER ROLE RENAME")


TYPES = [Role()]
