"""Conversion of what is written into columns, where the engine would store something else than Snowflake.

Text into BINARY columns is read as hexadecimal digits, moments get their offset in TIMESTAMP_TZ columns, and
text that is too long for its column is refused.
"""

from __future__ import annotations

from sqlglot import exp

from local_account.base.errors import SnowflakeError
from local_account.base.sql import Name
from local_account.tables.engine.columns import UNLIMITED, Columns, TableColumn
from local_account.tables.engine.moments import readable_offset
from local_account.tables.plan.access import folded
from local_account.tables.translation.macros import SCHEMA, TOO_LONG, ZONED_TYPE
from local_account.tables.translation.types import Type

_MOMENTS = {
    "DATE": Type.DATE,
    "TIME": Type.TIME,
    "TIMESTAMP": Type.TIMESTAMPNTZ,
    "TIMESTAMP WITH TIME ZONE": Type.TIMESTAMPLTZ,
}
_SOURCE = "account_source_"


def prepare(tree: exp.Expr, columns: Columns, target: Name | None) -> None:
    """Convert the values of an INSERT or UPDATE in Snowflake's syntax tree.

    Raises:
        SnowflakeError: 100078 for a literal that is too long.
    """
    known = columns.of(target)
    if not any(map(_is_special, known)):
        return
    if isinstance(tree, exp.Insert):
        _insert(tree, known)
    elif isinstance(tree, exp.Update):
        by_name = {column.name: column for column in known}
        for assigned in tree.expressions:
            if isinstance(assigned, exp.EQ) and isinstance(assigned.this, exp.Column):
                column = by_name.get(folded(assigned.this.this))
                if column and _is_special(column):
                    _convert(assigned.expression, column)


def _insert(tree: exp.Insert, known: list[TableColumn]) -> None:
    if isinstance(tree.this, exp.Schema):
        by_name = {column.name: column for column in known}
        names = [
            folded(identifier)
            for identifier in tree.this.expressions
            if isinstance(identifier, exp.Identifier)
        ]
        if not all(name in by_name for name in names):
            return
        known = [by_name[name] for name in names]
    source = tree.expression
    if isinstance(source, exp.Values):
        for row in source.expressions:
            if isinstance(row, exp.Tuple):
                for value, column in zip(row.expressions, known, strict=False):
                    if _is_special(column):
                        _convert(value, column)
    elif isinstance(source, (exp.Select, exp.SetOperation, exp.Subquery)) and any(map(_is_special, known)):
        tree.set("expression", _converted_rows(source, known))


def _converted_rows(source: exp.Expr, known: list[TableColumn]) -> exp.Expr:
    names = [exp.to_identifier(f"C{index}", quoted=True) for index in range(len(known))]
    query = source.unnest() if isinstance(source, exp.Subquery) else source
    found = exp.select(*[exp.Column(this=name.copy()) for name in names]).from_(
        exp.Subquery(
            this=query.copy(),
            alias=exp.TableAlias(this=exp.to_identifier(_SOURCE, quoted=True), columns=names),
        )
    )
    for value, column in zip(list(found.expressions), known, strict=True):
        if _is_special(column):
            _convert(value, column)
    return found


def _is_special(column: TableColumn) -> bool:
    kind = column.type
    return kind == "BLOB" or kind.startswith(ZONED_TYPE) or kind in _MOMENTS or column.length < UNLIMITED


def _convert(value: exp.Expr, column: TableColumn) -> None:
    if isinstance(value, exp.Null) or (isinstance(value, exp.Var) and value.name.upper() == "DEFAULT"):
        return
    if isinstance(value, exp.Column) and value.name.upper() == "DEFAULT" and not value.this.quoted:
        return
    if column.type == "BLOB":
        value.replace(exp.cast(value.copy(), Type.BINARY))
    elif column.type.startswith(ZONED_TYPE):
        value.replace(exp.cast(value.copy(), Type.TIMESTAMPTZ))
    elif column.type in _MOMENTS:
        if isinstance(value, exp.Cast) and value.to.this == Type.TIMESTAMPTZ:
            value.replace(exp.cast(value.copy(), _MOMENTS[column.type]))
        elif value.is_string and column.type.startswith("TIMESTAMP"):
            value.replace(exp.Literal.string(readable_offset(value.name)))
    elif not isinstance(value, exp.Literal):
        size = exp.Literal.number(column.length)
        text = exp.cast(value.copy(), Type.TEXT)
        value.replace(exp.Anonymous(this=f"{SCHEMA}.fitting", expressions=[text, size]))
    elif len(value.name) > column.length:
        raise SnowflakeError("100078", "22000", f"String '{value.name}'{TOO_LONG}")
