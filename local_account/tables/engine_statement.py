"""A statement in the data engine's names.

Every table gets its full name in the engine, so the engine's connection needs no current database or schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from local_account.base.sql import Name
from local_account.tables import names, results
from local_account.tables.access import (
    INFORMATION_SCHEMA,
    Plan,
    changed_table,
    folded,
    full_name,
    is_temporary,
)

Place = tuple[str, str]
_TEMPORARY = ("temp", "main")
_LONGEST_NAME = 255
_ALIASED_TARGETS = (exp.Update, exp.Delete, exp.Merge)
_NAMED_ALREADY = (exp.Alias, exp.Aliases, exp.Column, exp.Star, exp.UDTF)
# The engine's views for INFORMATION_SCHEMA. Their columns with names of databases, schemas, and the rest.
_VIEWS = {
    "COLUMNS": ("_FS_COLUMNS", "TABLE_CATALOG", "TABLE_SCHEMA", ("TABLE_NAME", "COLUMN_NAME")),
    "DATABASES": ("DATABASES", "DATABASE_NAME", "", ()),
    "SCHEMATA": ("_FS_SCHEMATA", "CATALOG_NAME", "SCHEMA_NAME", ()),
    "TABLES": ("_FS_TABLES", "TABLE_CATALOG", "TABLE_SCHEMA", ("TABLE_NAME",)),
    "VIEWS": ("_FS_VIEWS", "TABLE_CATALOG", "TABLE_SCHEMA", ("TABLE_NAME",)),
}


@dataclass
class Places:
    """Where the engine has databases, schemas and the session's temporary tables.

    Attributes:
        schemas: (database, schema) in the account to that in the engine; a database alone has the schema ''.
        temporary: the session's temporary tables, and their names in the engine.
        known: every database and schema that the engine has, as in `schemas`, but the other way round.
    """

    schemas: Mapping[Place, Place]
    temporary: Mapping[Name, str]
    known: Callable[[], Mapping[Place, Place]]

    def table(self, name: Name, *, permanent: bool = False) -> Name:
        """The engine's full name of a table or view.

        Args:
            permanent: do not look for a temporary table with this name.
        """
        if not permanent and name in self.temporary:
            return Name(*_TEMPORARY, self.temporary[name])
        return Name(*self.schemas[name.database, name.schema], names.encoded(name.name))


@dataclass
class EngineStatement:
    """A statement that the engine can run.

    Attributes:
        plan: the statement in Snowflake's names.
        text: the statement as text, in Snowflake's names.
        expression: the statement in the engine's names.
        target: the engine's full name of the table that it changes; None when it changes none.
    """

    plan: Plan
    text: str
    expression: exp.Expr
    target: Name | None


def prepared(plan: Plan, text: str, places: Places) -> EngineStatement:
    """A plan's statement in the engine's names; the plan itself is not changed."""
    expression = plan.expression.copy()
    nodes = list(expression.walk())
    for node in nodes:
        if isinstance(node, exp.SchemaCommentProperty):
            # The catalog keeps it.
            node.pop()
        elif isinstance(node, exp.Select):
            _name_columns(node)
        elif isinstance(node, exp.Column) and node.args.get("db"):
            _qualify(node, plan, places)
    for node in nodes:
        if isinstance(node, exp.Identifier):
            _encode(node)
    changed = changed_table(expression)
    permanent = isinstance(expression, exp.Create) and not is_temporary(expression)
    for node in nodes:
        if isinstance(node, exp.Table) and (name := full_name(node)):
            _place(node, name, places, expression if node is changed else None)
    engine_target = places.table(plan.target, permanent=permanent) if plan.target else None
    return EngineStatement(plan, text, expression, engine_target)


def _name_columns(select: exp.Select) -> None:
    """Name columns without an alias by their text, as Snowflake does; the outer query may use that name."""
    if isinstance(select.parent, exp.Insert) or (
        select.parent is None and not any(item.is_star for item in select.expressions)
    ):
        return
    for item in select.expressions:
        is_named = isinstance(item, _NAMED_ALREADY) or bool(item.args.get("alias"))
        if is_named or (item.is_star and not isinstance(item, exp.Count)):
            continue
        name = results.expression_name(item)
        if len(name) <= _LONGEST_NAME:
            # The names are encoded before this node comes into the tree.
            named = exp.Alias(alias=exp.to_identifier(names.encoded(name), quoted=True))
            item.replace(named)
            named.set("this", item)


def _qualify(column: exp.Column, plan: Plan, places: Places) -> None:
    """Put the engine's database and schema before a column."""
    parts = tuple(folded(part) for part in column.parts[:-1] if isinstance(part, exp.Identifier))
    found = next((name for name in sorted(plan.names) if name[-len(parts) :] == parts), None)
    column.set("db", None)
    column.set("catalog", None)
    if found and found not in places.temporary:
        database, schema, _ = places.table(found)
        column.set("db", exp.to_identifier(schema, quoted=True))
        column.set("catalog", exp.to_identifier(database, quoted=True))


def _encode(node: exp.Identifier) -> None:
    parent = node.parent
    if isinstance(parent, exp.PropertyEQ):
        node.set("quoted", True)
        return
    is_field = isinstance(parent, exp.ColumnDef) and isinstance(parent.parent, exp.DataType)
    if is_field or isinstance(parent, (exp.Dot, exp.Pivot)):
        return
    node.set("this", names.encoded(folded(node)))
    node.set("quoted", True)


def _place(node: exp.Table, name: Name, places: Places, changing: exp.Expr | None) -> None:
    """Give a table its full name in the engine.

    Args:
        changing: the whole statement, if this is the table that it changes.
    """
    if name.schema == INFORMATION_SCHEMA:
        _place_view(node, name, places)
        return
    permanent = isinstance(changing, exp.Create) and not is_temporary(changing)
    renamed = isinstance(node.parent, exp.AlterRename)
    database, schema, table = places.table(name, permanent=permanent or renamed)
    node.set("this", exp.to_identifier(table, quoted=True))
    node.set("db", None if renamed else exp.to_identifier(schema, quoted=True))
    node.set("catalog", None if renamed else exp.to_identifier(database, quoted=True))
    needs_alias = changing is None or isinstance(changing, _ALIASED_TARGETS)
    if needs_alias and not renamed and table != names.encoded(name.name) and not node.args.get("alias"):
        node.set("alias", _alias(name.name))


def _place_view(node: exp.Table, name: Name, places: Places) -> None:
    """Put a query in the place of an INFORMATION_SCHEMA view, which translates the engine's names."""
    database, _ = places.schemas[name.database, ""]
    node.set("catalog", exp.to_identifier(database, quoted=True))
    if name.name not in _VIEWS:
        return
    view, of_database, of_schema, others = _VIEWS[name.name]
    known = places.known()
    replaced = {of_database: _case(of_database, {place[0]: mine[0] for place, mine in known.items()})}
    if of_schema:
        inside = {place[1]: mine[1] for place, mine in known.items() if place[0] == database and place[1]}
        replaced[of_schema] = _case(of_schema, inside)
    for column in others:
        replaced[column] = sqlglot.parse_one(
            f"CASE WHEN STARTS_WITH({column}, '{names.PREFIX}') "
            f"THEN DECODE(UNHEX(SUBSTRING({column}, {len(names.PREFIX) + 1}))) ELSE {column} END",
            read="duckdb",
        )
    columns = [exp.alias_(value, column) for column, value in replaced.items()]
    query = exp.select(exp.Star(replace=columns)).from_(
        exp.table_(view, db="_FS_INFORMATION_SCHEMA", catalog=database, quoted=True)
    )
    node.replace(exp.Subquery(this=query, alias=node.args.get("alias") or _alias(name.name)))


def _case(column: str, values: Mapping[str, str]) -> exp.Expr:
    found = exp.case(exp.column(column))
    for value, replacement in values.items():
        found = found.when(exp.Literal.string(value), exp.Literal.string(replacement), copy=False)
    return found.else_(exp.column(column)) if values else exp.column(column)


def _alias(identifier: str) -> exp.TableAlias:
    return exp.TableAlias(this=exp.to_identifier(names.encoded(identifier), quoted=True))
