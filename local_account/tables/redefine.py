"""CREATE OR ALTER TABLE: the changes that make a table into the one that the statement describes.

See https://docs.snowflake.com/en/sql-reference/sql/create-table#create-or-alter-table
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from sqlglot import exp

from local_account.base import errors
from local_account.base.errors import SnowflakeError
from local_account.base.result import Result, status
from local_account.base.sql import Statement, quote, shown
from local_account.catalog.catalog import Object
from local_account.metadata import definition, show
from local_account.metadata.definition import Definition, TableColumn
from local_account.statement.context import Context
from local_account.tables import access, definitions, options

_SIZED = re.compile(r"(NUMBER|VARCHAR|BINARY)\((\d+)(?:,(\d+))?\)")
Run = Callable[[Context, Statement], Result]


def create_or_alter(context: Context, statement: Statement, create: Run, alter: Run) -> Result:
    """CREATE OR ALTER TABLE. Rows of columns that stay are kept, and so are grants.

    Args:
        create, alter: run CREATE TABLE and ALTER TABLE.

    Raises:
        SnowflakeError: a change that ALTER TABLE cannot make; then nothing was changed.
    """
    either, replaced = statement.tokens[1], statement.tokens[2]
    plain = statement.edited([(either.start, replaced.end + 1, "")])
    expression = access.parse(plain)
    if not isinstance(expression, exp.Create) or expression.args.get("kind") != "TABLE":
        raise errors.unsupported(f"CREATE OR ALTER {expression.args.get('kind') or ''}".strip())
    if not isinstance(expression.this, exp.Schema) or expression.expression is not None:
        raise errors.unsupported("CREATE OR ALTER TABLE without columns")
    if access.is_temporary(expression):
        raise errors.unsupported("CREATE OR ALTER TEMPORARY TABLE")
    name = access.table_name(context, expression.this.this)
    if definitions.find_table(context, name) is None:
        return create(context, plain)
    item = show.named(context, list(name))
    if item.type != "TABLE":
        raise errors.already_exists(name.name)
    context.require_ownership(item)
    transient = expression.find(exp.TransientProperty) is not None
    if transient != bool(item.properties.get("TRANSIENT")):
        raise errors.unsupported("CREATE OR ALTER TABLE with another TRANSIENT")
    new = definition.read_create(expression, lambda node: _parent(context, item, node))
    path = ".".join(quote(part) for part in name)
    for change in list(_changes(definition.known(item), new)):
        alter(context, Statement(f"ALTER TABLE {path} {change}"))
    _record(context, item, new, expression)
    return status("Statement executed successfully.")


def _parent(context: Context, item: Object, node: exp.Table) -> Object | None:
    parent = show.named(context, list(access.table_name(context, node)))
    if parent.id == item.id:
        return None
    context.require("REFERENCES", parent)
    return parent


def _changes(old: Definition, new: Definition) -> Iterator[str]:
    """The actions of ALTER TABLE that change the columns."""
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    kept = [column.name for column in old.columns if column.name in after]
    if [column.name for column in new.columns][: len(kept)] != kept:
        raise errors.unsupported("CREATE OR ALTER TABLE with another order of columns")
    for name in kept:
        _require_possible(before[name], after[name])
    for name in before.keys() - after.keys():
        yield f"DROP COLUMN {quote(name)}"
    for name, column in after.items():
        yield from _changed(before[name], column) if name in before else _added(column)


def _added(column: TableColumn) -> Iterator[str]:
    yield f"ADD COLUMN {definitions.column_text(column)}"
    if column.comment:
        yield f"ALTER COLUMN {quote(column.name)} COMMENT {_literal(column.comment)}"


def _changed(old: TableColumn, new: TableColumn) -> Iterator[str]:
    column = f"ALTER COLUMN {quote(new.name)}"
    if new.type != old.type:
        yield f"{column} SET DATA TYPE {new.type}"
    if old.default and not new.default:
        yield f"{column} DROP DEFAULT"
    if new.nullable != old.nullable:
        yield f"{column} {'DROP' if new.nullable else 'SET'} NOT NULL"
    if new.comment != old.comment:
        yield f"{column} COMMENT {_literal(new.comment)}"


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _require_possible(old: TableColumn, new: TableColumn) -> None:
    """Refuse a change of a column that ALTER TABLE cannot make.

    Raises:
        SnowflakeError: 002108 for a type that could lose values, 000002 for another default or identity.
    """
    if new.default and new.default != old.default:
        raise errors.unsupported("CREATE OR ALTER TABLE with another DEFAULT")
    if new.identity != old.identity:
        raise errors.unsupported("CREATE OR ALTER TABLE with another AUTOINCREMENT")
    if new.type == old.type:
        return
    before, after = _SIZED.fullmatch(old.type), _SIZED.fullmatch(new.type)
    same = before and after and (before[1], before[3]) == (after[1], after[3])
    if not (same and before and after and int(after[2]) >= int(before[2])):
        raise SnowflakeError(
            "002108",
            "22000",
            f"SQL compilation error: cannot change column {new.name} from type {old.type} to {new.type}",
        )


def _record(context: Context, item: Object, new: Definition, expression: exp.Create) -> None:
    """Write the keys and the comment of the new definition into the catalog."""
    comment = expression.find(exp.SchemaCommentProperty)
    with context.catalog.transaction():
        current = context.catalog.by_id(item.id)
        if current is None:
            raise errors.does_not_exist("TABLE", shown(item.fqn))
        found = definition.known(current)
        found.constraints = definition.merged(found.constraints, new.constraints)
        kept = {name: value for name, value in current.properties.items() if name not in options.NAMES}
        current.properties = kept | found.properties() | options.read(expression)
        current.comment = comment.this.name if comment else ""
        context.catalog.save(current)
