"""DATABASE objects. See https://docs.snowflake.com/en/sql-reference/sql/create-database"""

from __future__ import annotations

from typing import Any, ClassVar

from local_account.base import errors
from local_account.base.result import Result, columns, table
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Object
from local_account.identity import access, parameters
from local_account.objects.container import Container, contents
from local_account.statement.context import Context
from local_account.statement.object_type import Reader

KIND = "DATABASE"
INFORMATION_SCHEMA = "INFORMATION_SCHEMA"
_REPLICATION_COLUMNS = columns(
    "region_group snowflake_region created_on:timestamp_ltz account_name name comment is_primary primary "
    "replication_allowed_to_accounts failover_allowed_to_accounts organization_name account_locator"
)


class Database(Container):
    """Databases; each is made with the schemas PUBLIC and INFORMATION_SCHEMA."""

    kind, plural, scope = KIND, "DATABASES", "account"
    filters_privileges = True
    redefinable = True
    modifiers = frozenset({"TRANSIENT"})
    privileges = frozenset(
        {"APPLYBUDGET", "CREATE DATABASE ROLE", "CREATE SCHEMA", "MODIFY", "MONITOR", "USAGE"}
    )
    options: ClassVar[dict[str, Reader]] = {**parameters.readers(KIND)}
    show_columns = columns(
        "created_on:timestamp_ltz name is_default is_current origin owner comment options retention_time "
        "kind owner_role_type"
    )

    def read_create(self, context: Context, statement: Statement) -> dict[str, Any]:
        for words in (("CLONE",), ("FROM",), ("AS", "REPLICA")):
            if statement.words(len(words)) == words:
                raise errors.unsupported(f"CREATE DATABASE {' '.join(words)}")
        return super().read_create(context, statement)

    def created(self, context: Context, item: Object) -> None:
        """Make the schemas PUBLIC and INFORMATION_SCHEMA, and use the database in the session."""
        role = context.session.role
        context.catalog.create("SCHEMA", Name(item.name, "", "PUBLIC"), role)
        own = Name(item.name, "", INFORMATION_SCHEMA)
        comment = "Views describing the contents of schemas in this database"
        views = context.catalog.create("SCHEMA", own, "", comment=comment)
        # A role that may use the database may also read its INFORMATION_SCHEMA.
        context.catalog.grant("USAGE", views.id, access.PUBLIC, with_option=False, granted_by=role)
        # A new database becomes the session's current one, as in Snowflake.
        context.session.database, context.session.schema = item.name, "PUBLIC"

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        user = context.catalog.find("USER", Name("", "", context.session.account_user))
        namespace = ((user and user.properties.get("DEFAULT_NAMESPACE")) or "").split(".")
        retention, _ = parameters.values_of(context.catalog, item).get("DATA_RETENTION_TIME_IN_DAYS")
        provided = item.properties.get("PROVIDED")
        return {
            "is_default": "Y" if namespace[0] == item.name else "N",
            "is_current": "Y" if item.name == context.session.database else "N",
            "origin": "SNOWFLAKE" if provided else "",
            "options": "TRANSIENT" if item.properties.get("TRANSIENT") else "",
            "retention_time": retention,
            "kind": "APPLICATION" if provided else "STANDARD",
        }

    def describe(self, context: Context, item: Object) -> Result:
        found = [one for one in context.catalog.objects("SCHEMA", item.name) if context.access.sees(one)]
        return contents(found)


def show_replication_databases(context: Context, statement: Statement) -> Result:
    """SHOW REPLICATION DATABASES [LIKE '…'] [WITH PRIMARY <name>]: always empty, as nothing is replicated."""
    del context
    if statement.accept("LIKE"):
        statement.string()
    if statement.accept("WITH", "PRIMARY"):
        statement.parts()
    statement.end()
    return table(_REPLICATION_COLUMNS, [])


TYPES = [Database()]
STATEMENTS = {("SHOW", "REPLICATION", "DATABASES"): show_replication_databases}
