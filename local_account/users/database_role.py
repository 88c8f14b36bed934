"""DATABASE ROLE objects: roles for the objects in one database. Sessions use them through account roles.

See https://docs.snowflake.com/en/sql-reference/sql/create-database-role
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from local_account.base import errors
from local_account.base.result import Result, columns
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Object
from local_account.identity import access
from local_account.statement.context import Context
from local_account.statement.object_type import ObjectType
from local_account.users.role import check_name


class DatabaseRole(ObjectType):
    """Database roles. They can only get privileges on objects in their database."""

    kind, plural, scope = access.DATABASE_ROLE, "DATABASE ROLES", "database"
    redefinable = True
    names_absent_parent = True
    show_columns = columns(
        "created_on:timestamp_ltz name is_default is_current is_inherited granted_to_roles:fixed "
        "granted_to_database_roles:fixed granted_database_roles:fixed owner comment owner_role_type"
    )

    def check(self, context: Context, name: Name, properties: dict[str, Any]) -> None:
        check_name(name.name)

    def created(self, context: Context, item: Object) -> None:
        """A database role may use its database from the beginning."""
        database = context.get("DATABASE", Name("", "", item.database))
        context.catalog.grant("USAGE", database.id, access.role_key(item), False, database.owner)

    def in_scope(self, context: Context, statement: Statement) -> Iterable[Object]:
        if statement.words(2) != ("IN", "DATABASE"):
            raise statement.unexpected()
        return super().in_scope(context, statement)

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        key = access.role_key(item)
        above = [row["grantee_type"] for row in context.catalog.role_grants(role=key)]
        return {
            "is_default": "N",
            "is_current": "N",
            "is_inherited": "Y" if key in context.primary.roles else "N",
            "granted_to_roles": above.count("ROLE"),
            "granted_to_database_roles": above.count("DATABASE_ROLE"),
            "granted_database_roles": len(
                context.catalog.role_grants(grantee_type="DATABASE_ROLE", grantee=key)
            ),
        }

    def check_rename(self, context: Context, item: Object, name: Name) -> None:
        check_name(name.name)
        if name.database != item.database:
            raise errors.unsupported("ALTER DATABASE ROLE RENAME TO another database")

    def renamed(self, context: Context, item: Object, old: Name) -> None:
        before = access.role_key(item.named(old))
        context.catalog.rename_grantee("DATABASE_ROLE", before, access.role_key(item))

    def dropping(self, context: Context, item: Object, forced: bool) -> None:
        key = access.role_key(item)
        context.catalog.forget_grantee("DATABASE_ROLE", key)
        # The role that drops it becomes the owner of its objects.
        context.catalog.transfer(key, context.session.role)

    def describe(self, context: Context, item: Object) -> Result:
        raise errors.unsupported("DESCRIBE DATABASE ROLE")


TYPES = [DatabaseRole()]
