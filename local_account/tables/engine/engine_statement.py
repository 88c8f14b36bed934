"""A statement in the data engine's names.

Every table gets its full name in the engine, so the engine's connection needs no current database or schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import sqlglot
from sqlglot import exp

from local_account.base import errors
from local_account.base.sql import Name
from local_account.tables.plan.access import (
    Plan,
    changed_table,
    folded,
    full_name,
    is_temporary,
)
from local_account.tables.translation import names, results

Place = tuple[str, str]
# The engine's database of temporary tables.
TEMPORARY = "temp"
_ALIASED_TARGETS = (exp.Update, exp.Delete, exp.Merge)
_NAMED_ALREADY = (exp.Alias, exp.Aliases, exp.Column, exp.Star, exp.UDTF)


class Temporary(NamedTuple):
    """A temporary table or view.

    Attributes:
        name: its name in the engine.
        schema: catalog id of its schema.
        kind: TABLE or VIEW.
    """

    name: str
    schema: int
    kind: str


@dataclass
class Places:
    """Where the engine has schemas and the session's temporary tables.

    Attributes:
        schemas: (database, schema) in the account to that in the engine.
        temporary: the session's temporary tables.
    """

    schemas: Mapping[Place, Place]
    temporary: Mapping[Name, Temporary]

    def table(self, name: Name, *, permanent: bool = False) -> Name:
        """The engine's full name of a table or view.

        Args:
            permanent: do not look for a temporary table with this name.
        """
        if not permanent and name in self.temporary:
            return Name(TEMPORARY, "main", self.temporary[name].name)
        return Name(*self.schemas[name.database, name.schema], names.encoded(name.name))


@dataclass
class EngineStatement:
    """A statement that the engine can run.

    Attributes:
        plan: the statement in Snowflake's names.
        text: the statement as text, in Snowflake's names.
        expression: the statement in the engine's names.
        names: the engine's full name of every table and view in it.
        target: the engine's full name of the table that it changes; None when it changes none.
    """

    plan: Plan
    text: str
    expression: exp.Expr
    names: set[Name]
    target: Name | None

    @property
    def targets(self) -> set[Name]:
        """The table that a change changes; empty for a query."""
        return {self.target} if self.target else set()


def prepared(plan: Plan, text: str, places: Places) -> EngineStatement:
    """A plan's statement in the engine's names; the plan itself is not changed."""
    expression = plan.expression.copy()
    nodes = list(expression.walk())
    qualified: dict[tuple[str, ...], Name] = {
        parts: name for name in plan.names for parts in (name, name[1:])
    }
    for node in nodes:
        if isinstance(node, exp.SchemaCommentProperty):
            # The catalog keeps it.
            node.pop()
        elif isinstance(node, exp.Star) and node.args.get("ilike"):
            _match_columns(node)
        elif isinstance(node, exp.Pivot):
            _name_values(node)
        elif isinstance(node, exp.Update):
            _bare_targets(node)
        elif isinstance(node, exp.Select):
            _name_columns(node)
        elif isinstance(node, exp.Column) and node.args.get("db"):
            _qualify(node, qualified, places)
    for node in nodes:
        if isinstance(node, exp.Identifier):
            _encode(node)
    changed = changed_table(expression)
    permanent = isinstance(expression, exp.Create) and not is_temporary(expression)
    for node in nodes:
        if isinstance(node, exp.Table) and (name := full_name(node)):
            _place(node, name, places, expression if node is changed else None)
    touched = {name: places.table(name, permanent=permanent and name == plan.target) for name in plan.names}
    engine_target = touched.get(plan.target) if plan.target else None
    return EngineStatement(plan, text, expression, set(touched.values()), engine_target)


def _name_columns(select: exp.Select) -> None:
    """Name columns without an alias by their text, as Snowflake does; the outer query may use that name."""
    if isinstance(select.parent, exp.Insert) or (
        select.parent is None and not any(item.is_star for item in select.expressions)
    ):
        return
    for item in select.expressions:
        is_named = isinstance(item, _NAMED_ALREADY) or bool(item.args.get("alias"))
        # A query inside is not written out: a tower of them would be written once for each storey.
        if is_named or (item.is_star and not isinstance(item, exp.Count)) or item.find(exp.Query):
            continue
        name = results.expression_name(item)
        if len(name) <= errors.LONGEST_IDENTIFIER:
            # The names are encoded before this node comes into the tree.
            _wrap(item, exp.Alias(alias=exp.to_identifier(names.encoded(name), quoted=True)))


def _match_columns(star: exp.Star) -> None:
    """Let `* ILIKE '…'` look at Snowflake's names of the columns."""
    pattern, name = star.args["ilike"], names.DECODED_SQL.format(column="c")
    matching = sqlglot.parse_one(f"COLUMNS(c -> ({name}) ILIKE '')", read="duckdb")
    [match] = matching.find_all(exp.ILike)
    match.set("expression", pattern)
    star.replace(matching)


def _name_values(pivot: exp.Pivot) -> None:
    """Say how PIVOT's new columns are called, and what UNPIVOT calls the columns in its rows."""
    fields = pivot.args.get("fields") or []
    items = fields[0].expressions if len(fields) == 1 else []
    if pivot.args.get("unpivot"):
        labels = [folded(item.this) for item in items if isinstance(item, exp.Column)]
    else:
        labels = [names.encoded(column.name) for column in pivot.args.get("columns") or []]
    if len(labels) != len(items):
        return
    for item, label in zip(items, labels, strict=True):
        if not isinstance(item, exp.PivotAlias):
            # Its name is the engine's already.
            _wrap(item, exp.PivotAlias(alias=exp.to_identifier(label, quoted=True)))
    pivot.set("columns", None)


def _wrap(node: exp.Expr, wrapper: exp.Expr) -> None:
    """Put a node into another one, which takes its place; the node stays the same object."""
    node.replace(wrapper)
    wrapper.set("this", node)


def _bare_targets(update: exp.Update) -> None:
    """Take the table from before the columns that an UPDATE sets, which the engine does not know."""
    for item in update.expressions:
        if isinstance(item, exp.EQ) and isinstance(item.this, exp.Column):
            item.this.replace(exp.Column(this=item.this.this))


def _qualify(column: exp.Column, qualified: Mapping[tuple[str, ...], Name], places: Places) -> None:
    """Put the engine's database and schema before a column.

    Args:
        qualified: the statement's tables by their names with and without a database.
    """
    parts = tuple(folded(part) for part in column.parts[:-1] if isinstance(part, exp.Identifier))
    found = qualified.get(parts)
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
    is_result = isinstance(parent, exp.Pivot) and node.arg_key == "columns"
    if is_field or is_result or isinstance(parent, exp.Dot):
        return
    if not 1 <= len(node.name) <= errors.LONGEST_IDENTIFIER:
        raise errors.invalid_identifier(node.name)
    node.set("this", names.encoded(folded(node)))
    node.set("quoted", True)


def _place(node: exp.Table, name: Name, places: Places, changing: exp.Expr | None) -> None:
    """Give a table its full name in the engine.

    Args:
        changing: the whole statement, if this is the table that it changes.
    """
    permanent = isinstance(changing, exp.Create) and not is_temporary(changing)
    renamed = isinstance(node.parent, exp.AlterRename)
    database, schema, table = places.table(name, permanent=permanent or renamed)
    node.set("this", exp.to_identifier(table, quoted=True))
    node.set("db", None if renamed else exp.to_identifier(schema, quoted=True))
    node.set("catalog", None if renamed else exp.to_identifier(database, quoted=True))
    needs_alias = changing is None or isinstance(changing, _ALIASED_TARGETS)
    if needs_alias and not renamed and table != names.encoded(name.name) and not node.args.get("alias"):
        node.set("alias", _alias(name.name))


def _alias(identifier: str) -> exp.TableAlias:
    return exp.TableAlias(this=exp.to_identifier(names.encoded(identifier), quoted=True))
