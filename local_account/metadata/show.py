"""SHOW COLUMNS, SHOW OBJECTS, SHOW … KEYS, and DESCRIBE of tables and views.

See https://docs.snowflake.com/en/sql-reference/sql/show-columns,
https://docs.snowflake.com/en/sql-reference/sql/show-objects,
https://docs.snowflake.com/en/sql-reference/sql/show-primary-keys and
https://docs.snowflake.com/en/sql-reference/sql/desc-table
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from local_account.base import errors
from local_account.base.result import Result, columns, table
from local_account.base.sql import Name, Statement, shown
from local_account.catalog.catalog import Object
from local_account.metadata import definition, information_schema, types
from local_account.metadata.definition import FOREIGN, PRIMARY, TABLE_KINDS, UNIQUE, Constraint, Learner, sees
from local_account.statement.context import Context
from local_account.statement.options import like
from local_account.statement.showing import Shown

_COLUMNS = columns(
    "table_name schema_name column_name data_type null? default kind expression comment database_name "
    "autoincrement schema_evolution_record"
)
_DESCRIBED = columns("name type kind null? default")
_DESCRIBED += columns("primary_key unique_key check expression comment policy_name privacy_domain")
_DESCRIBED = [column._replace(name=column.name.replace("_", " ")) for column in _DESCRIBED]
_KEYS = columns(
    "created_on:timestamp_ltz database_name schema_name table_name column_name key_sequence:fixed "
    "constraint_name rely comment"
)
_FOREIGN_KEYS = columns(
    "created_on:timestamp_ltz pk_database_name pk_schema_name pk_table_name pk_column_name "
    "fk_database_name fk_schema_name fk_table_name fk_column_name key_sequence:fixed update_rule "
    "delete_rule fk_name pk_name deferrability rely comment"
)
_STAGE_PROPERTIES = columns("parent_property property property_type property_value property_default")
Row = dict[str, Any]


class _Tables(Shown):
    """Tables and views together, for SHOW OBJECTS and for the IN clause of the other statements."""

    kind, plural, scope = "TABLE", "OBJECTS", "schema"
    show_columns = columns(
        "created_on:timestamp_ltz name database_name schema_name kind comment cluster_by rows:fixed "
        "bytes:fixed owner retention_time owner_role_type budget is_hybrid is_dynamic is_iceberg"
    )

    def objects(
        self, context: Context, database: str | None = None, schema: str | None = None
    ) -> list[Object]:
        found = [item for kind in TABLE_KINDS for item in context.catalog.objects(kind, database, schema)]
        return sorted(found, key=lambda item: item.fqn)

    def show_row(self, context: Context, item: Object) -> Row:
        return {"kind": item.type, "cluster_by": "", "retention_time": "1", **_shown(context, item)}


def _shown(context: Context, item: Object) -> Row:
    kind = context.language.kind(item.type)
    return kind.show_row(context, item) if kind else {}


_OBJECTS = _Tables()


def show_objects(context: Context, statement: Statement) -> Result:
    """SHOW OBJECTS [LIKE '…'] [IN …] [STARTS WITH '…'] [LIMIT n [FROM '…']]: tables and views"""
    return _OBJECTS.show(context, statement)


def show_objects_terse(context: Context, statement: Statement) -> Result:
    """SHOW TERSE OBJECTS …"""
    return _OBJECTS.show(context, statement, terse=True)


def tables_in_scope(context: Context, statement: Statement, kinds: tuple[str, ...]) -> list[Object]:
    """The tables and views that the IN clause names and the session sees.

    IN {ACCOUNT | DATABASE [<name>] | SCHEMA [<name>] | TABLE <name> | VIEW <name> | <table name>}; without
    it, those in the session's schema.

    Raises:
        SnowflakeError: 002003 for a table that is absent or not visible.
    """
    start = statement.position
    if statement.accept("IN") and statement.words(1)[:1] not in (("ACCOUNT",), ("DATABASE",), ("SCHEMA",)):
        kind = statement.words(1)[0] if not statement.done else ""
        statement.accept(kind if kind in TABLE_KINDS and kind else "TABLE")
        found = [named(context, statement.parts())]
    else:
        statement.position = start
        reaches = cache(lambda database, schema: context.reaches(Name(database, schema, "")))
        found = [
            item
            for item in _OBJECTS.in_scope(context, statement)
            if context.access.sees(item) and reaches(item.database, item.schema)
        ]
    found = [item for item in found if item.type in kinds]
    context.account.part(Learner).learn(context, found)
    return found


def named(context: Context, parts: list[str]) -> Object:
    """The table or view of a name.

    Raises:
        SnowflakeError: 002003 when there is none, or the session may not see it.
    """
    name = context.resolve(parts, "schema")
    if name.schema == information_schema.SCHEMA and (view := information_schema.find(name.name)):
        context.require_usage(Name(name.database, "", ""))
        return information_schema.described(name, view)
    for kind in TABLE_KINDS:
        item = context.catalog.find(kind, name)
        if item and sees(context, item):
            context.account.part(Learner).learn(context, [item])
            return item
    raise errors.does_not_exist("TABLE", shown(name))


# Columns


def show_columns(context: Context, statement: Statement) -> Result:
    """SHOW COLUMNS [LIKE '…'] [IN …]"""
    pattern = statement.string() if statement.accept("LIKE") else None
    found = tables_in_scope(context, statement, TABLE_KINDS)
    statement.end()
    return table(_COLUMNS, [row for item in found for row in _column_rows(item, pattern)])


def _column_rows(item: Object, pattern: str | None) -> Iterator[Row]:
    for column in definition.known(item).columns:
        if like(column.name, pattern):
            yield {
                "table_name": item.name,
                "schema_name": item.schema,
                "column_name": column.name,
                "data_type": types.as_json(column.type, column.nullable),
                "null?": "true" if column.nullable else "false",
                "default": column.default,
                "kind": "COLUMN",
                "expression": "",
                "comment": column.comment,
                "database_name": item.database,
                "autoincrement": column.autoincrement,
            }


def describe(context: Context, statement: Statement, kind: str) -> Result:
    """DESCRIBE {TABLE | VIEW} <name> [TYPE = {COLUMNS | STAGE}]; the cursor stands before the name."""
    name = context.resolve(statement.parts(), "schema")
    what = "COLUMNS"
    if kind == "TABLE" and statement.accept("TYPE", "="):
        what = statement.word()
    statement.end()
    item = named(context, [part for part in name if part])
    if what == "STAGE":
        return table(_STAGE_PROPERTIES, [])
    if what != "COLUMNS":
        raise errors.invalid_value(what, "TYPE", "COLUMNS, STAGE")
    found = definition.known(item)
    rows = []
    for column in found.columns:
        row = {
            "name": column.name,
            "type": column.type,
            "kind": "COLUMN",
            "null?": "Y" if column.nullable else "N",
            "default": column.autoincrement or column.default or None,
            "primary key": "Y" if found.in_key(column.name, PRIMARY) else "N",
            "unique key": "Y" if found.in_key(column.name, UNIQUE) else "N",
            "comment": column.comment or None,
        }
        rows.append(row)
    return table(_DESCRIBED, rows)


# Keys


def show_primary_keys(context: Context, statement: Statement) -> Result:
    """SHOW [TERSE] PRIMARY KEYS [IN …]"""
    return _show_keys(context, statement, PRIMARY)


def show_unique_keys(context: Context, statement: Statement) -> Result:
    """SHOW [TERSE] UNIQUE KEYS [IN …]"""
    return _show_keys(context, statement, UNIQUE)


def _show_keys(context: Context, statement: Statement, kind: str) -> Result:
    found = tables_in_scope(context, statement, ("TABLE",))
    statement.end()
    rows = [
        {
            "created_on": key.created,
            "database_name": item.database,
            "schema_name": item.schema,
            "table_name": item.name,
            "column_name": column,
            "key_sequence": number,
            "constraint_name": key.name,
            "rely": "true" if key.rely else "false",
            "comment": key.comment or None,
        }
        for item in found
        for key in definition.known(item).keys(kind)
        for number, column in enumerate(key.columns, 1)
    ]
    return table(_KEYS, rows)


def show_imported_keys(context: Context, statement: Statement) -> Result:
    """SHOW [TERSE] IMPORTED KEYS [IN …]: the foreign keys of the tables in scope"""
    found = tables_in_scope(context, statement, ("TABLE",))
    statement.end()
    rows = [
        row
        for item in found
        for key in definition.known(item).keys(FOREIGN)
        for row in _foreign_rows(context, item, key)
    ]
    return table(_FOREIGN_KEYS, rows)


def show_exported_keys(context: Context, statement: Statement) -> Result:
    """SHOW [TERSE] EXPORTED KEYS [IN …]: the foreign keys that refer to the tables in scope"""
    wanted = {item.id for item in tables_in_scope(context, statement, ("TABLE",))}
    statement.end()
    rows = [
        row
        for item in context.catalog.objects("TABLE")
        for key in definition.known(item).keys(FOREIGN)
        if (key.table or item.id) in wanted and sees(context, item)
        for row in _foreign_rows(context, item, key)
    ]
    return table(_FOREIGN_KEYS, rows)


def _foreign_rows(context: Context, item: Object, key: Constraint) -> Iterator[Row]:
    parent = definition.target(context, item, key)
    if parent is None:
        return
    for number, (column, other) in enumerate(zip(key.columns, key.target, strict=False), 1):
        yield {
            "created_on": key.created,
            "pk_database_name": parent.database,
            "pk_schema_name": parent.schema,
            "pk_table_name": parent.name,
            "pk_column_name": other,
            "fk_database_name": item.database,
            "fk_schema_name": item.schema,
            "fk_table_name": item.name,
            "fk_column_name": column,
            "key_sequence": number,
            "update_rule": key.update_rule,
            "delete_rule": key.delete_rule,
            "fk_name": key.name,
            "pk_name": definition.target_key(parent, key),
            "deferrability": "NOT DEFERRABLE",
            "rely": "true" if key.rely else "false",
            "comment": key.comment or None,
        }


_KEY_STATEMENTS: dict[str, Callable[[Context, Statement], Result]] = {
    "PRIMARY": show_primary_keys,
    "UNIQUE": show_unique_keys,
    "IMPORTED": show_imported_keys,
    "EXPORTED": show_exported_keys,
}
STATEMENTS = {
    ("SHOW", "OBJECTS"): show_objects,
    ("SHOW", "TERSE", "OBJECTS"): show_objects_terse,
    ("SHOW", "COLUMNS"): show_columns,
    **{("SHOW", word, "KEYS"): show for word, show in _KEY_STATEMENTS.items()},
    **{("SHOW", "TERSE", word, "KEYS"): show for word, show in _KEY_STATEMENTS.items()},
}
