"""The common part of databases and schemas: they contain objects, which keep up with RENAME and DROP."""

from __future__ import annotations

from typing import Any

from local_account.base import signature
from local_account.base.result import Result, columns, table
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Object
from local_account.identity import access
from local_account.objects import event_table
from local_account.statement import references
from local_account.statement.context import Context
from local_account.statement.object_type import ObjectType, read_restriction

_CONTENT_COLUMNS = columns("created_on:timestamp_ltz name kind")


class Container(ObjectType):
    """A database or schema. Setting its log or trace level also needs a privilege on the account.

    See https://docs.snowflake.com/en/developer-guide/logging-tracing/logging-log-level
    """

    other_actions = (
        *("SWAP WITH", "REFRESH", "PRIMARY", "DISCOVER"),
        *("ENABLE REPLICATION", "DISABLE REPLICATION", "ENABLE FAILOVER", "DISABLE FAILOVER"),
    )

    def terse_row(self, context: Context, item: Object) -> dict[str, Any]:
        """NULL in the columns that say nothing about a database or schema."""
        return {"created_on": item.created, "name": item.name, "database_name": item.database or None}

    def require_alter(self, context: Context, item: Object) -> None:
        context.require("MODIFY", item)

    def altered(self, context: Context, item: Object, changed: dict[str, Any]) -> None:
        for name in ("LOG_LEVEL", "TRACE_LEVEL"):
            if name in changed:
                context.require(f"MODIFY {name.replace('_', ' ')}")
        if changed.get(event_table.PARAMETER):
            changed[event_table.PARAMETER] = event_table.usable(context, changed[event_table.PARAMETER])

    def require_rename(self, context: Context, item: Object) -> None:
        context.require_ownership(item)
        references.refuse_services(context, item, "renamed")

    def check_rename(self, context: Context, item: Object, name: Name) -> None:
        self.require_create(context, name)

    def renamed(self, context: Context, item: Object, old: Name) -> None:
        """Write the new name into the contents, into objects that name them, and into the session."""
        before = item.named(old)
        was, place = _inside(before), _inside(item)
        for child in context.catalog.inside(before):
            key = access.role_key(child)
            child.database, child.schema = place.database, place.schema or child.schema
            context.catalog.save(child)
            if child.type == access.DATABASE_ROLE:
                context.catalog.rename_grantee("DATABASE_ROLE", key, access.role_key(child))
        references.renamed(context, was, place)
        session = context.session
        if session.database == was.database and was.schema in ("", session.schema):
            session.database, session.schema = place.database, place.schema or session.schema

    def read_drop(self, statement: Statement) -> bool:
        read_restriction(statement)
        return False

    def dropping(self, context: Context, item: Object, forced: bool) -> None:
        """Refuse while objects elsewhere name the contents; remove grants of database roles that go too."""
        references.refuse_referenced(context, item)
        for role in context.catalog.inside(item, access.DATABASE_ROLE):
            context.catalog.forget_grantee("DATABASE_ROLE", access.role_key(role))
        gone, session = _inside(item), context.session
        if session.database == gone.database and gone.schema in ("", session.schema):
            session.database, session.schema = (gone.database if gone.schema else ""), ""


def contents(found: list[Object]) -> Result:
    """The answer of DESCRIBE for a database or schema: its contents."""
    rows = [
        {"created_on": one.created, "name": signature.plain(one.type, one.name), "kind": one.type}
        for one in found
    ]
    return table(_CONTENT_COLUMNS, rows)


def _inside(item: Object) -> Name:
    """Database and schema of the objects in a database (then the schema is '', for all) or in a schema."""
    return Name(item.database, item.name, "") if item.type == "SCHEMA" else Name(item.name, "", "")
