"""TABLE and VIEW objects: name, owner and grants. The data engine keeps their contents.

See https://docs.snowflake.com/en/sql-reference/sql/show-tables
"""

from __future__ import annotations

from typing import Any

from local_account.base.result import Result, columns, status
from local_account.base.sql import Statement
from local_account.catalog.catalog import Object
from local_account.objects.event_table import EVENT_TABLE, EventTable
from local_account.statement.context import Context
from local_account.statement.object_type import ObjectType, read_restriction
from local_account.tables import options
from local_account.tables.engine import DataEngine

_CHANGES = frozenset({"DELETE", "INSERT", "REFERENCES", "SELECT", "TRUNCATE", "UPDATE"})


class _DataObject(ObjectType):
    """Tables and views. CREATE and ALTER go to the data engine, which records them in the catalog."""

    # The data engine's locks must be taken before the catalog's.
    atomic = False

    def drop(self, context: Context, statement: Statement) -> Result:
        engine = context.account.part(DataEngine)
        start = statement.position
        statement.accept("IF", "EXISTS")
        name = context.resolve(statement.parts(), self.scope)
        if engine.drop_temporary(context, self.kind, name):
            statement.end()
            return status(f"{name.name} successfully dropped.")
        statement.position = start
        item = context.catalog.find(self.kind, name)
        if item:
            engine.end_transaction(context)
        result = super().drop(context, statement)
        if item:
            engine.drop(context, item)
        return result

    def read_drop(self, statement: Statement) -> bool:
        read_restriction(statement)
        return False


class Table(_DataObject):
    """Permanent tables."""

    kind, plural, scope = "TABLE", "TABLES", "schema"
    privileges = _CHANGES | {"EVOLVE SCHEMA"}
    show_columns = columns(
        "created_on:timestamp_ltz name database_name schema_name kind comment cluster_by rows:fixed "
        "bytes:fixed owner retention_time automatic_clustering change_tracking is_external "
        "enable_schema_evolution owner_role_type is_event is_hybrid is_iceberg is_dynamic is_immutable"
    )

    def drop(self, context: Context, statement: Statement) -> Result:
        """DROP TABLE, which drops event tables too."""
        start = statement.position
        statement.accept("IF", "EXISTS")
        name = context.resolve(statement.parts(), self.scope)
        statement.position = start
        if context.catalog.find(EVENT_TABLE, name):
            return EventTable().drop(context, statement)
        return super().drop(context, statement)

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        no = dict.fromkeys(
            (
                "is_external",
                "enable_schema_evolution",
                "is_event",
                "is_hybrid",
                "is_iceberg",
                "is_dynamic",
                "is_immutable",
            ),
            "N",
        )
        return {
            "kind": "TRANSIENT" if item.properties.get("TRANSIENT") else "TABLE",
            "cluster_by": item.properties.get(options.CLUSTER_BY, ""),
            "rows": context.account.part(DataEngine).rows(context, item),
            "retention_time": str(item.properties.get(options.RETENTION, 1)),
            "automatic_clustering": "ON" if item.properties.get(options.CLUSTER_BY) else "OFF",
            "change_tracking": _tracking(item),
            **no,
        }


class View(_DataObject):
    """Views."""

    kind, plural, scope = "VIEW", "VIEWS", "schema"
    privileges = frozenset({"SELECT", "REFERENCES"})
    show_columns = columns(
        "created_on:timestamp_ltz name reserved database_name schema_name owner comment text is_secure "
        "is_materialized owner_role_type change_tracking"
    )

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        secure = bool(item.properties.get(options.SECURE))
        return {
            "kind": "VIEW",
            "reserved": "",
            # Only its owner sees how a secure view is made.
            "text": "" if secure and not context.access.owns(item) else item.properties.get("text", ""),
            "is_secure": str(secure).lower(),
            "is_materialized": "false",
            "change_tracking": _tracking(item),
        }


def _tracking(item: Object) -> str:
    return "ON" if item.properties.get(options.CHANGE_TRACKING) else "OFF"


TYPES = [Table(), View()]
