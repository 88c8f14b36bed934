"""What the data engine runs for CREATE and ALTER of tables and views, and what the catalog keeps of it."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from local_account.base import errors
from local_account.base.sql import Name, quote, shown
from local_account.catalog.catalog import Object
from local_account.metadata import definition, types
from local_account.metadata.definition import FOREIGN, Definition, TableColumn
from local_account.statement.context import Context
from local_account.tables import access, names
from local_account.tables.access import Plan

_KINDS = ("TABLE", "VIEW")


def engine_plan(context: Context, plan: Plan, temporary: Container[Name]) -> Plan:
    """The plan of CREATE or ALTER with the expression that the data engine runs.

    Args:
        temporary: the session's temporary tables.
    """
    expression = plan.expression
    if isinstance(expression, exp.Create) and (source := _like(context, expression, temporary)):
        return replace(plan, expression=_create_like(expression, source))
    found = definition.without_keys(expression)
    for volatile in list(found.find_all(exp.VolatileProperty)):
        volatile.replace(exp.TemporaryProperty())
    return replace(plan, expression=found)


def _like(context: Context, expression: exp.Create, temporary: Container[Name]) -> Definition | None:
    """The definition of the permanent table in CREATE TABLE … LIKE; None for other statements."""
    node = expression.find(exp.LikeProperty)
    if node is None or not isinstance(node.this, exp.Table):
        return None
    name = access.table_name(context, node.this)
    item = None if name in temporary else find_table(context, name)
    return definition.of(item) if item else None


def _create_like(expression: exp.Create, source: Definition) -> exp.Create:
    """CREATE TABLE with the columns of another table written out."""
    columns = ", ".join(column_text(column) for column in source.columns)
    found = sqlglot.parse_one(f"CREATE TABLE T ({columns})", read="snowflake")
    assert isinstance(found, exp.Create)
    found.this.set("this", expression.this.copy())
    found.set("replace", expression.args.get("replace"))
    if access.is_temporary(expression):
        found.set("properties", exp.Properties(expressions=[exp.TemporaryProperty()]))
    return found


def column_text(column: TableColumn) -> str:
    """A column as CREATE TABLE and ADD COLUMN have it, without its comment and keys."""
    text = f"{quote(column.name)} {column.type}"
    if column.identity:
        start, step = column.identity
        text += f" AUTOINCREMENT START {start} INCREMENT {step}"
    elif column.default:
        text += f" DEFAULT {column.default}"
    return text if column.nullable else f"{text} NOT NULL"


def find_table(context: Context, name: Name) -> Object | None:
    """The table or view of a name in the catalog."""
    return next((item for kind in _KINDS if (item := context.catalog.find(kind, name))), None)


def declared(context: Context, plan: Plan, temporary: Container[Name]) -> Definition | None:
    """The definition that CREATE writes out; None when the columns are those of a query.

    Args:
        temporary: the session's temporary tables.

    Raises:
        SnowflakeError: the definition is wrong; nothing may be made then.
    """
    expression = plan.expression
    assert isinstance(expression, exp.Create)
    if source := _like(context, expression, temporary):
        return Definition(source.columns, [one for one in source.constraints if one.kind != FOREIGN])
    if isinstance(expression.this, exp.Schema) and expression.expression is None:
        return definition.read_create(expression, lambda node: _parent(context, plan, node))
    return None


def of_query(context: Context, plan: Plan, present: Definition) -> Definition:
    """The definition of a view or table that was made from a query.

    Args:
        present: its columns as the data engine has them.
    """
    schema = plan.expression.this
    if not isinstance(schema, exp.Schema):
        return present
    _declare(present, schema.expressions)
    for entry in schema.expressions:
        for constraint in definition.read_constraints(entry, lambda node: _parent(context, plan, node)):
            present.add(constraint)
    return present


def _declare(present: Definition, entries: list[exp.Expr]) -> None:
    """Add what CREATE VIEW (…) AS and CREATE TABLE (…) AS say about the columns of their query."""
    nodes = [entry for entry in entries if isinstance(entry, (exp.ColumnDef, exp.Identifier))]
    for column, node in zip(present.columns, nodes, strict=False):
        if isinstance(node, exp.ColumnDef):
            declared = definition.read_column(node)
            column.type = declared.type or column.type
            column.nullable = column.nullable and declared.nullable
            column.comment, column.default = declared.comment, declared.default


def _parent(context: Context, plan: Plan, node: exp.Table) -> Object | None:
    name = access.table_name(context, node)
    if name == plan.target:
        return None
    item = context.catalog.find("TABLE", name)
    if item is None:
        raise errors.does_not_exist("TABLE", shown(name))
    return item


def check_alter(context: Context, plan: Plan) -> None:
    """Refuse an ALTER of columns or keys that the table's definition does not allow, before it is run."""
    if plan.item and (found := definition.of(plan.item)):
        actions = plan.expression.args.get("actions") or []
        definition.altered(found, actions, lambda node: _parent(context, plan, node))


def record_alter(context: Context, plan: Plan, new_name: Name | None) -> None:
    """Write into the catalog what ALTER has changed.

    Args:
        new_name: the name in RENAME TO; None for other changes.
    """
    expression = plan.expression
    assert isinstance(expression, exp.Alter) and plan.item
    actions = expression.args.get("actions") or []
    with context.catalog.transaction():
        item = context.catalog.by_id(plan.item.id)
        if item is None:
            return
        if new_name:
            item.name = new_name.name
        elif found := definition.of(item):
            definition.altered(found, actions, lambda node: _parent(context, plan, node))
            item.properties |= found.properties()
        context.catalog.save(item)
        for action in actions:
            if isinstance(action, exp.RenameColumn):
                old, new = (definition.identifier(node) for node in (action.this, action.args["to"]))
                definition.rename_in_references(context.catalog, item.id, old, new)
            elif isinstance(action, exp.Drop):
                gone = [definition.identifier(column) for column in action.args.get("tables") or []]
                definition.drop_references(context.catalog, item.id, gone)


def present(connection: duckdb.DuckDBPyConnection, path: Name) -> Definition:
    """The columns of a table or view as the data engine has them.

    Args:
        path: its full name in the engine.
    """
    rows = connection.execute(
        "SELECT c.column_name, c.data_type, c.is_nullable, c.column_default, c.comment, "
        "e.ext_character_maximum_length FROM duckdb_columns() c "
        "LEFT JOIN _fs_global._fs_information_schema._fs_columns_ext e "
        "ON e.ext_table_catalog = c.database_name AND e.ext_table_schema = c.schema_name "
        "AND e.ext_table_name = c.table_name AND e.ext_column_name = c.column_name "
        "WHERE c.database_name = ? AND c.schema_name = ? AND c.table_name = ? ORDER BY c.column_index",
        list(path),
    ).fetchall()
    return Definition([_present(*row) for row in rows])


def _present(
    name: str, kind: str, nullable: bool, default: Any, comment: Any, length: int | None
) -> TableColumn:
    found = TableColumn(names.decoded(name), types.of_engine(kind, length), nullable, comment=comment or "")
    if default and str(default).startswith("nextval("):
        found.identity = [1, 1]
    elif default:
        found.default = names.decoded_text(str(default))
    return found
