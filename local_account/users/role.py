"""ROLE objects. See https://docs.snowflake.com/en/sql-reference/sql/create-role"""

from __future__ import annotations

from typing import Any

from local_account.base import errors
from local_account.base.result import Result, columns
from local_account.base.sql import Name
from local_account.catalog.catalog import Object
from local_account.identity import access
from local_account.statement.context import Context
from local_account.statement.object_type import ObjectType
from local_account.users import pat


class Role(ObjectType):
    """Account roles; system roles cannot be changed or dropped."""

    kind, plural, scope = "ROLE", "ROLES", "account"
    redefinable = True
    show_columns = columns(
        "created_on:timestamp_ltz name is_default is_current is_inherited assigned_to_users:fixed "
        "granted_to_roles:fixed granted_roles:fixed owner comment owner_role_type"
    )

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        grants = context.catalog.role_grants(role=item.name)
        user = context.catalog.find("USER", Name("", "", context.session.account_user))
        default = user and user.properties.get("DEFAULT_ROLE") == item.name
        inherited = item.name in context.primary.roles and item.name != context.session.role
        return {
            "is_default": "Y" if default else "N",
            "is_current": "Y" if item.name == context.session.role else "N",
            "is_inherited": "Y" if inherited else "N",
            "assigned_to_users": sum(row["grantee_type"] == "USER" for row in grants),
            "granted_to_roles": sum(row["grantee_type"] == "ROLE" for row in grants),
            "granted_roles": len(context.catalog.role_grants(grantee_type="ROLE", grantee=item.name)),
        }

    def require_alter(self, context: Context, item: Object) -> None:
        _refuse_system(item)
        context.require_ownership(item)

    def check(self, context: Context, name: Name, properties: dict[str, Any]) -> None:
        check_name(name.name)

    def require_rename(self, context: Context, item: Object) -> None:
        self.require_alter(context, item)

    def check_rename(self, context: Context, item: Object, name: Name) -> None:
        check_name(name.name)

    def renamed(self, context: Context, item: Object, old: Name) -> None:
        context.catalog.rename_grantee("ROLE", old.name, item.name)
        pat.rename_role(context.catalog, old.name, item.name)
        context.account.authenticator.rename_role(old.name, item.name)

    def require_drop(self, context: Context, item: Object) -> None:
        _refuse_system(item)
        context.require_ownership(item)

    def dropping(self, context: Context, item: Object, forced: bool) -> None:
        context.catalog.forget_grantee("ROLE", item.name)
        # The role that drops it becomes the owner of its objects.
        context.catalog.transfer(item.name, context.session.role)

    def describe(self, context: Context, item: Object) -> Result:
        raise errors.unsupported("DESCRIBE ROLE")


def check_name(name: str) -> None:
    """Refuse a role name that is not printable: the catalog's keys of database roles contain a line break.

    Raises:
        SnowflakeError: 001003 when the name has a character that is not printable.
    """
    if not name.isprintable():
        raise errors.syntax_error(1, 0, name)


def _refuse_system(item: Object) -> None:
    if item.name in access.SYSTEM_ROLES:
        raise errors.insufficient_privileges("role", item.name)


TYPES = [Role()]
