"""EVENT TABLE objects: where the telemetry of services can be read.

The rows are not stored: `spcs.statements.telemetry` makes them when a query asks for them.
See https://docs.snowflake.com/en/sql-reference/sql/create-event-table
"""

from __future__ import annotations

from typing import ClassVar

from local_account.base import errors
from local_account.base.result import Result, columns, table
from local_account.base.sql import Name, Statement, shown
from local_account.catalog.catalog import Object
from local_account.statement.context import Context
from local_account.statement.object_type import ObjectType, Reader, boolean, integer

EVENT_TABLE = "EVENT TABLE"
PARAMETER = "EVENT_TABLE"
"""The parameter of the account and of databases that names the event table in use."""
DEFAULT = Name("SNOWFLAKE", "TELEMETRY", "EVENTS")
COLUMNS = (
    # name, type in SQL
    ("TIMESTAMP", "TIMESTAMP_NTZ"),
    ("START_TIMESTAMP", "TIMESTAMP_NTZ"),
    ("OBSERVED_TIMESTAMP", "TIMESTAMP_NTZ"),
    ("TRACE", "OBJECT"),
    ("RESOURCE", "OBJECT"),
    ("RESOURCE_ATTRIBUTES", "OBJECT"),
    ("SCOPE", "OBJECT"),
    ("SCOPE_ATTRIBUTES", "OBJECT"),
    ("RECORD_TYPE", "STRING"),
    ("RECORD", "OBJECT"),
    ("RECORD_ATTRIBUTES", "OBJECT"),
    ("VALUE", "VARIANT"),
    ("EXEMPLARS", "ARRAY"),
)
"""See https://docs.snowflake.com/en/developer-guide/logging-tracing/event-table-columns"""
_SHOWN_TYPES = {"TIMESTAMP_NTZ": "TIMESTAMP_NTZ(9)", "STRING": "VARCHAR(16777216)"}


class EventTable(ObjectType):
    """Event tables; they all have the same columns."""

    kind, plural = EVENT_TABLE, "EVENT TABLES"
    privileges = frozenset({"DELETE", "INSERT", "REFERENCES", "SELECT", "TRUNCATE"})
    options: ClassVar[dict[str, Reader]] = {
        "DATA_RETENTION_TIME_IN_DAYS": integer,
        "MAX_DATA_EXTENSION_TIME_IN_DAYS": integer,
        "CHANGE_TRACKING": boolean,
    }
    show_columns = columns(
        "created_on:timestamp_ltz name database_name schema_name owner comment owner_role_type"
    )
    describe_columns = columns("name type kind")

    def describe(self, context: Context, item: Object) -> Result:
        rows = [
            {"name": name, "type": _SHOWN_TYPES.get(kind, kind), "kind": "COLUMN"} for name, kind in COLUMNS
        ]
        return table(self.describe_columns, rows)

    def renamed(self, context: Context, item: Object, old: Name) -> None:
        """Write the new name into the account and the databases that use the table."""
        for kind in ("ACCOUNT", "DATABASE"):
            for holder in context.catalog.objects(kind):
                if holder.properties.get(PARAMETER) == shown(old):
                    holder.properties[PARAMETER] = shown(item.fqn)
                    context.catalog.save(holder)

    def dropping(self, context: Context, item: Object, forced: bool) -> None:
        """Refuse while the account or a database uses the table."""
        users = [
            f"{kind} {holder.name}" if kind == "DATABASE" else kind
            for kind in ("ACCOUNT", "DATABASE")
            for holder in context.catalog.objects(kind)
            if holder.properties.get(PARAMETER) == shown(item.fqn)
        ]
        if users and not forced:
            raise errors.unsupported(
                f"DROP EVENT TABLE {item.fqn} while it is the event table of {', '.join(users)}. "
                f"Unset {PARAMETER} there first"
            )


def usable(context: Context, name: str) -> str:
    """The full name of an event table that may be set as EVENT_TABLE.

    Raises:
        SnowflakeError: 002003 when there is no such table, 003001 for a role that may not write into it.
    """
    statement = Statement(name)
    found = context.resolve(statement.parts(), "schema")
    statement.end()
    if found == DEFAULT:
        return shown(found)
    item = context.get(EVENT_TABLE, found)
    context.require("INSERT", item)
    return shown(item.fqn)


TYPES = [EventTable()]
