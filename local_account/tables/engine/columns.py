"""The columns of tables and views, with their names and types in the data engine."""
# ruff: noqa: S608 the names of tables in the statements below are constants, or quoted

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import duckdb
from fakesnow.info_schema import SQL_CREATE_GLOBAL_INFORMATION_SCHEMA_COLUMNS_VIEW
from sqlglot import exp

from local_account.base.sql import Name, quote
from local_account.tables.engine.engine_statement import TEMPORARY
from local_account.tables.engine.open_transaction import Commits, definition
from local_account.tables.plan.access import folded
from local_account.tables.translation.macros import ZONED_TYPE
from local_account.tables.translation.names import encoded

UNLIMITED = 16777216
_KNOWN = 1000
_COLUMNS = (
    "SELECT column_name, data_type, ext_character_maximum_length FROM duckdb_columns() "
    "LEFT JOIN _fs_global._fs_information_schema._fs_columns_ext ON ext_table_catalog = ? "
    "AND ext_table_schema = ? AND ext_table_name = table_name AND ext_column_name = column_name "
    "WHERE database_name = ? AND schema_name = ? AND table_name = ? ORDER BY column_index"
)
_OF_TABLE = "WHERE ext_table_catalog = ? AND ext_table_schema = ? AND ext_table_name = ?"
_LENGTHS = "_fs_information_schema._account_text_lengths"
_GLOBAL_LENGTHS = "_fs_global._fs_information_schema._fs_columns_ext"


class TableColumn(NamedTuple):
    """One column.

    Attributes:
        type: the engine's type.
        length: most characters of a text; `UNLIMITED` without a limit.
    """

    name: str
    type: str
    length: int = UNLIMITED


class Columns:
    """The columns of the tables that one statement names."""

    def __init__(self, tables: dict[Name, list[TableColumn]]) -> None:
        self._tables = tables
        self._types: dict[str, set[str]] = {}
        for columns in tables.values():
            for column in columns:
                self._types.setdefault(column.name, set()).add(column.type)

    def of(self, name: Name | None) -> list[TableColumn]:
        """The columns of a table in their order; empty when it is not known."""
        return self._tables.get(name, []) if name else []

    def types(self, column: exp.Column) -> set[str]:
        """The types that a column may have, judged by its name; empty when it is not known."""
        return (
            self._types.get(folded(column.this), set()) if isinstance(column.this, exp.Identifier) else set()
        )

    def has_type(self, prefix: str) -> bool:
        """Whether some column has a type that begins so."""
        return any(kind.startswith(prefix) for kinds in self._types.values() for kind in kinds)


class KnownColumns:
    """Asks the engine for the columns of a table once, until the table's definition changes."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, commits: Commits) -> None:
        self._connection, self._commits = connection, commits
        self._known: dict[Name, tuple[int, list[TableColumn]]] = {}

    def of(self, names: Iterable[Name], scans: Iterable[str]) -> Columns:
        """The columns of tables.

        Args:
            names: tables and views by their full names in the engine.
            scans: what stands for results of earlier statements while this one runs.
        """
        results = (Name(TEMPORARY, "main", scan) for scan in scans)
        return Columns(
            {name: self._of(name) for name in names} | {name: self._asked(name) for name in results}
        )

    def _of(self, name: Name) -> list[TableColumn]:
        known = self._known.get(name)
        if known and not self._commits.any_since(known[0], {definition(name)}):
            return known[1]
        count, found = self._commits.count, self._asked(name)
        if len(self._known) >= _KNOWN:
            self._known.clear()
        self._known[name] = (count, found)
        return found

    def _asked(self, name: Name) -> list[TableColumn]:
        place = [name.database, name.schema]
        rows = self._connection.execute(_COLUMNS, [*place, *place, name.name]).fetchall()
        return [
            TableColumn(column, kind, length if length and kind == "VARCHAR" else UNLIMITED)
            for column, kind, length in rows
        ]

    def follow(self, name: Name, expression: exp.Expr, lengths: list[tuple[str, int]]) -> None:
        """Store what a definition says about the greatest lengths of texts, which the engine's types lack.

        Args:
            name: the engine's name of the table that was made or changed.
            expression: the definition in Snowflake's names.
            lengths: names and lengths of the text columns in it, in the engine's names.
        """
        places = [_GLOBAL_LENGTHS]
        if name.database != TEMPORARY:
            places.append(f"{quote(name.database)}.{_LENGTHS}")
        self._known.pop(name, None)
        for place in places:
            if isinstance(expression, exp.Create):
                self._connection.execute(f"DELETE FROM {place} {_OF_TABLE}", list(name))
            for change in expression.args.get("actions") or []:
                self._follow_change(place, name, change)
            for column, size in lengths:
                self._connection.execute(
                    f"DELETE FROM {place} {_OF_TABLE} AND ext_column_name = ?", [*name, column]
                )
                row = [*name, column, size, min(size * 4, UNLIMITED)]
                self._connection.execute(f"INSERT INTO {place} VALUES (?, ?, ?, ?, ?, ?)", row)

    def _follow_change(self, place: str, name: Name, change: exp.Expr) -> None:
        if isinstance(change, exp.AlterRename):
            new = name._replace(name=encoded(folded(change.this.this)))
            self._known.pop(new, None)
            # A table of that name may have been there before.
            self._connection.execute(f"DELETE FROM {place} {_OF_TABLE}", list(new))
            update = f"UPDATE {place} SET ext_table_name = ? {_OF_TABLE}"
            self._connection.execute(update, [new.name, *name])
        elif isinstance(change, exp.RenameColumn):
            new, old = (encoded(folded(node.this)) for node in (change.args["to"], change.this))
            update = f"UPDATE {place} SET ext_column_name = ? {_OF_TABLE} AND ext_column_name = ?"
            self._connection.execute(update, [new, *name, old])


def types_sql() -> str:
    """Statement that shows the engine's types of columns as Snowflake's in the view that fakesnow asks."""
    text = SQL_CREATE_GLOBAL_INFORMATION_SCHEMA_COLUMNS_VIEW
    text = text.replace("create view if not exists", "create or replace view")
    return text.replace(
        "'TIMESTAMP WITH TIME ZONE' then 'TIMESTAMP_TZ'",
        "'TIMESTAMP WITH TIME ZONE' then 'TIMESTAMP_LTZ' "
        f"when starts_with(columns.data_type, '{ZONED_TYPE}') then 'TIMESTAMP_TZ'",
    )


def open_lengths(connection: duckdb.DuckDBPyConnection, database: str) -> None:
    """Read the stored lengths of a database's text columns, after its file was opened."""
    table = f"{quote(database)}.{_LENGTHS}"
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {table} AS SELECT * FROM {_GLOBAL_LENGTHS} LIMIT 0; "
        f"INSERT OR REPLACE INTO {_GLOBAL_LENGTHS} SELECT * FROM {table}"
    )
