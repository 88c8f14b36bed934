"""One client session's connection to the data engine, and its transactions.

The import of this module loads fakesnow, which takes seconds. Only the data engine imports it, at its first
use.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pyarrow
from fakesnow import statement_type
from fakesnow.conn import FakeSnowflakeConnection
from snowflake.connector.errors import Error as ConnectorError
from sqlglot import exp

from local_account.base.result import Column, Result
from local_account.base.sql import Name
from local_account.catalog.catalog import Catalog, Object
from local_account.identity.parameters import Values
from local_account.identity.session import Session
from local_account.metadata.definition import Definition
from local_account.tables.engine import definitions
from local_account.tables.engine.columns import KnownColumns
from local_account.tables.engine.dialect import Cursor
from local_account.tables.engine.engine_statement import EngineStatement, Temporary
from local_account.tables.engine.errors import engine_errors
from local_account.tables.engine.open_transaction import (
    Change,
    Commits,
    Load,
    NotRepeatable,
    OpenTransaction,
    fingerprint,
    has_moving_default,
)
from local_account.tables.engine.registered import registered
from local_account.tables.plan.access import Plan
from local_account.tables.translation import names, results
from local_account.tables.translation.macros import SCHEMA

LOADS = (
    "CREATE TABLE IF NOT EXISTS {path} "
    "(table_key VARCHAR, stage BIGINT, path VARCHAR, digest VARCHAR, loaded TIMESTAMPTZ)"
)
"""The table of loaded files, which every database of the engine has."""
# What INFORMATION_SCHEMA does not show.
LOADS_SCHEMA = "_fs_information_schema"
_temporary_numbers = itertools.count(1)


@dataclass(frozen=True)
class Settings:
    """The session's parameters that data SQL follows.

    Attributes:
        time_zone: name of the time zone (TIMEZONE).
        timestamp: what the type TIMESTAMP means (TIMESTAMP_TYPE_MAPPING).
        aborts: a statement that fails ends its transaction (TRANSACTION_ABORT_ON_ERROR).
        arrow: rows go to the client in Arrow's form.
    """

    time_zone: str = ""
    timestamp: str = "TIMESTAMP_NTZ"
    aborts: bool = False
    arrow: bool = False

    @property
    def of_times(self) -> tuple[str, str]:
        """On what the meaning of a statement with times depends."""
        return self.time_zone, self.timestamp


class _EngineConnection:
    """The engine's connection, without fakesnow's notes about temporary tables.

    A note of a comment on the table that MERGE makes for itself would be a change of a second database, which
    the engine forbids within a transaction. Temporary tables have no history of loads.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def execute(self, query: str, *values: Any) -> duckdb.DuckDBPyConnection:
        if query.lstrip().startswith("INSERT INTO _fs_global.") and "'MERGE_CANDIDATES'" in query:
            return self._connection
        if query.startswith("DELETE FROM temp._fs_information_schema"):
            return self._connection
        return self._connection.execute(query, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class DataSession:
    """One client session's connection to the data engine.

    Attributes:
        lock: makes statements of one session run one after the other.
        temporary: temporary tables of this session.
        followed: what the engine has noted of the parameters that `follow` got last.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, commits: Commits, autocommit: bool) -> None:
        self._connection, self._commits = connection, commits
        self._wrapped: Any = _EngineConnection(connection)
        self._fake = FakeSnowflakeConnection(self._wrapped, {}, create_database=False, create_schema=False)
        # What fakesnow makes without a full name is temporary.
        self._fake.database, self._fake._schema = "temp", "main"  # noqa: SLF001 no other way in
        self._autocommit = autocommit
        self._open: OpenTransaction | None = None
        self.lock = threading.RLock()
        self.temporary: dict[Name, Temporary] = {}
        self._catalog_version = -1
        self._used = time.monotonic()
        self._columns = KnownColumns(connection, commits)
        self._settings = Settings()
        self.followed: object = None

    def follow(self, client: Session, values: Values) -> None:
        """Follow the session's parameters."""
        settings = Settings(
            values.get("TIMEZONE")[0],
            values.get("TIMESTAMP_TYPE_MAPPING")[0].upper(),
            values.get("TRANSACTION_ABORT_ON_ERROR")[0] == "true",
            results.wants_arrow(client, values),
        )
        if settings.time_zone != self._settings.time_zone:
            with engine_errors():
                zone = exp.Literal.string(settings.time_zone).sql(dialect="duckdb")
                self._connection.execute(f"SET TimeZone = {zone}")
        if self._open and self._open.changes and settings.of_times != self._settings.of_times:
            self._open.unrepeatable = "the session's parameters for times changed in it"
        self._settings = settings

    def _cursor(self, statement: EngineStatement) -> Cursor:
        columns = self._columns.of(statement.names, map(names.encoded, statement.plan.scans))
        engine: dict[str, Any] = {"conn": self._fake, "duck_conn": self._wrapped}
        return Cursor(columns, statement.target, self._settings.timestamp, **engine)

    def new_temporary(self, kind: str, name: Name, schema: Object) -> None:
        """Choose the engine's name for a temporary table or view, which no other session has."""
        self.temporary[name] = Temporary(f"_T{next(_temporary_numbers)}", schema.id, kind)

    def follow_catalog(self, catalog: Catalog) -> None:
        """Forget temporary tables in schemas that were dropped; those in renamed ones get new names."""
        if not self.temporary or catalog.version == self._catalog_version:
            return
        known, self.temporary = self.temporary, {}
        for name, table in known.items():
            if schema := catalog.by_id(table.schema):
                self.temporary[Name(schema.database, schema.name, name.name)] = table
        self._catalog_version = catalog.version

    def set_autocommit(self, on: bool) -> None:
        """Set whether each statement is a separate transaction; a change commits an open transaction."""
        if on != self._autocommit:
            self.commit()
        self._autocommit = on

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The engine's connection, for what is not a statement of the client."""
        return self._connection

    @property
    def in_transaction(self) -> bool:
        """Whether changes wait for COMMIT."""
        return self._open is not None

    def begin(self) -> None:
        """Open a transaction. In an open transaction this does nothing, as in Snowflake."""
        if self._open is None:
            count = self._commits.count
            with engine_errors():
                self._open = OpenTransaction(count, self._begin())

    def _begin(self) -> str:
        self._connection.execute("BEGIN")
        row = self._connection.execute("SELECT now()::VARCHAR").fetchone()
        assert row
        return row[0]

    def commit(self) -> None:
        """Store the open transaction's changes; nothing happens without one.

        Raises:
            SnowflakeError: the changes are not stored. The transaction has ended then, too.
        """
        ending, self._open = self._open, None
        if ending:
            ending.require()
            with engine_errors(), self._commits.commit(ending.written):
                self._connection.execute("COMMIT")

    def rollback(self) -> None:
        """Undo the open transaction's changes; nothing happens without one."""
        ending, self._open = self._open, None
        if ending and not ending.lost:
            with engine_errors():
                self._connection.execute("ROLLBACK")

    def undone_alone(self) -> AbstractContextManager[None]:
        """Undo what the body did if it fails, and nothing else of the open transaction."""
        return self._undone_alone(several=True)

    @contextlib.contextmanager
    def failing(self) -> Iterator[None]:
        """End the open transaction if the body fails and TRANSACTION_ABORT_ON_ERROR says so."""
        try:
            yield
        except BaseException:
            if self._settings.aborts and self._open and not self._open.lost:
                self._lose("TRANSACTION_ABORT_ON_ERROR is TRUE")
            raise

    def _lose(self, reason: str) -> None:
        assert self._open
        self._open.lost = reason
        with contextlib.suppress(duckdb.Error):
            self._connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def _undone_alone(self, several: bool) -> Iterator[None]:
        """Undo what the body did if it fails, and nothing else of the open transaction.

        Args:
            several: the body consists of several statements of the engine.
        """
        if self._open:
            self._open.require()
        try:
            yield
        except BaseException:
            self._undo(several)
            raise

    def _undo(self, several: bool = False) -> None:
        """Bring back the open transaction as it was before a statement that failed."""
        if self._open is None or self._open.lost or not (several or self._is_aborted()):
            return
        try:
            self._connection.execute("ROLLBACK")
            self._repeat(self._open)
        except NotRepeatable as error:
            self._lose(str(error))
        except Exception:
            self._lose("its changes could not be repeated")

    def _is_aborted(self) -> bool:
        try:
            self._connection.execute("SELECT 1")
        except duckdb.Error:
            return True
        return False

    def _repeat(self, transaction: OpenTransaction) -> None:
        """Make a transaction's changes once more.

        Raises:
            NotRepeatable: the outcome may differ from the first.
        """
        begun, moment = self._commits.count, self._begin()
        for change in transaction.repeatable():
            inserts = change.plan.expression.key in ("insert", "merge")
            if inserts and has_moving_default(self._connection, change.statement.target):
                raise NotRepeatable("the default of a column can differ the second time")
            if isinstance(change, Load):
                self._load(change)
                continue
            with self._scanning(change.plan):
                self._cursor(change.statement).run(change.frozen(), change.values)
            self._forget_loads(change.statement)
            if change.mark != fingerprint(self._connection, change.statement):
                raise NotRepeatable("its changes came out differently when they were repeated")
        # Asked at the end: the engine looks at a database when a statement first uses it.
        if transaction.changes and self._commits.any_since(transaction.begun, transaction.basis()):
            raise NotRepeatable("another session changed the same tables meanwhile")
        transaction.begun, transaction.moment = begun, moment

    def run(self, statement: EngineStatement, values: Sequence[Any] = ()) -> Result:
        """Run one statement. If it fails, it changes nothing."""
        plan = statement.plan
        if plan.is_query or plan.is_description:
            with self._undone_alone(several=False), self._scanning(plan):
                return self._answer(plan, *self._execute(statement, values))
        with self._changing(statement, several=plan.is_several), self._scanning(plan):
            return self._change(statement, values)

    def _scanning(self, plan: Plan) -> AbstractContextManager[None]:
        """Let the body read the results that the plan's statement reads."""
        found = {names.encoded(name): results.engine_table(result) for name, result in plan.scans.items()}
        return registered(self._connection, found)

    @contextlib.contextmanager
    def _changing(self, statement: EngineStatement, several: bool) -> Iterator[None]:
        """Let the body change the statement's table, in the open transaction or in one of its own."""
        plan = statement.plan
        if self._open is None and not self._autocommit and not plan.is_definition:
            self.begin()
        if self._open:
            known = len(self._open.changes)
            with self._undone_alone(several):
                try:
                    yield
                except BaseException:
                    del self._open.changes[known:]
                    raise
            return
        names = statement.names if plan.is_definition else statement.targets
        with self._commits.commit(names, defines=plan.is_definition):
            if several:
                with engine_errors():
                    self._begin()
                    try:
                        yield
                        self._connection.execute("COMMIT")
                    except BaseException:
                        with contextlib.suppress(duckdb.Error):
                            self._connection.execute("ROLLBACK")
                        raise
            else:
                yield

    def _change(self, statement: EngineStatement, values: Sequence[Any]) -> Result:
        # The engine uses an expression up, and the transaction may have to run it once more.
        kept = replace(statement, expression=statement.expression.copy()) if self._open else None
        found = self._execute(statement, values)
        self._forget_loads(statement)
        if self._open and kept:
            with engine_errors():
                mark = fingerprint(self._connection, kept)
            self._open.add(Change(kept, values, self._open.moment, mark))
        return self._answer(statement.plan, *found)

    def _execute(
        self, statement: EngineStatement, values: Sequence[Any]
    ) -> tuple[pyarrow.Table | None, list[str]]:
        """Run a statement in the engine; return its rows and the engine's types of their columns."""
        self._used = time.monotonic()
        with engine_errors(statement.plan.expression):
            cursor = self._cursor(statement)
            try:
                cursor.run(statement.expression, values)
            finally:
                self._fake.results_cache.clear()
        kinds = [str(entry[1]) for entry in self._connection.description or []]
        if statement.plan.is_definition and statement.target:
            with engine_errors():
                self._columns.follow(statement.target, statement.plan.expression, cursor.text_lengths)
        return cursor._arrow_table, kinds  # noqa: SLF001 the public methods build Python rows first

    def _answer(self, plan: Plan, rows: pyarrow.Table | None, kinds: list[str]) -> Result:
        if rows is None:
            return Result([])
        table = results.described(rows, plan.target) if plan.target and plan.is_description else rows
        names = results.column_names(plan.expression, list(table.column_names))
        shape = [results.column(name, kind) for name, kind in zip(names, kinds, strict=True)]
        kind = _type_id(plan.expression)
        result = results.TableResult(shape, table, kind)
        if self._settings.arrow and kind == statement_type.SELECT:
            result.extra = results.arrow_answer(table, shape)
        elif plan.changes_rows:
            result.extra = results.statistics(result)
        return result

    def rows(self, statement: EngineStatement) -> tuple[pyarrow.Table, list[str]]:
        """The rows of a query, and the engine's types of their columns."""
        with self._undone_alone(several=False):
            table, kinds = self._execute(statement, ())
        assert table is not None
        return table, kinds

    def texts(self, rows: pyarrow.Table) -> pyarrow.Table:
        """The same rows as texts: binary as hexadecimal digits, times in the ISO form, the rest as it is."""
        columns = [f"c{index}" for index in range(rows.num_columns)]
        chosen = ", ".join(
            f"{_as_text(name, kind)} AS {name}" for name, kind in zip(columns, rows.schema.types, strict=True)
        )
        with registered(self._connection, {"_TEXTS": rows.rename_columns(columns)}):
            query = f"SELECT {chosen} FROM temp.main._TEXTS"  # noqa: S608 names and types of our own
            return self._connection.execute(query).to_arrow_table()

    def changing(self, statement: EngineStatement) -> AbstractContextManager[None]:
        """Let the body change the statement's table: all of it, or nothing if it fails."""
        return self._changing(statement, several=True)

    def load(
        self,
        statement: EngineStatement,
        sql: str,
        values: Sequence[Any] = (),
        rows: pyarrow.Table | None = None,
    ) -> None:
        """Run a change in the engine's own language, inside of `changing`.

        Args:
            sql: the change; it may read the rows as `temp.main._LOADED`.
        """
        change = Load(statement, values, self._open.moment if self._open else "", sql=sql, rows=rows)
        self._load(change)
        if self._open:
            self._open.add(change)

    def _load(self, change: Load) -> None:
        tables = {} if change.rows is None else {"_LOADED": change.rows}
        with registered(self._connection, tables):
            self._connection.execute(change.sql, list(change.values)).fetchall()

    def loads(self, statement: EngineStatement) -> tuple[str, str]:
        """The engine's table of files that were loaded, and the key of the statement's table in it."""
        target = statement.target
        assert target
        path = f"{target.database}.{LOADS_SCHEMA}._LOADS"
        if target.database == "temp":
            path = "temp.main._LOADS"
            self._connection.execute(LOADS.format(path=path).replace("TABLE", "TEMP TABLE", 1))
            return path, target.name
        return path, str(statement.plan.item.id if statement.plan.item else 0)

    def _forget_loads(self, statement: EngineStatement) -> None:
        """TRUNCATE TABLE also removes what is known of loaded files."""
        if isinstance(statement.plan.expression, exp.TruncateTable) and statement.target:
            path, key = self.loads(statement)
            self._connection.execute(f"DELETE FROM {path} WHERE table_key = ?", [key])  # noqa: S608

    def translated(self, statement: EngineStatement) -> list[str]:
        """The columns of a SELECT in the engine's own language."""
        with engine_errors(statement.plan.expression):
            found = self._cursor(statement)._transform(statement.expression, None)  # noqa: SLF001 the statement is not run
        return [item.sql(dialect="duckdb") for item in found.expressions]

    def run_batch(self, statement: EngineStatement, rows: list[tuple[Any, ...]], at_once: int) -> Result:
        """Run a statement for each row of bindings, as one change; the row counts are added up."""
        count, shape = 0, [Column("number of rows", "fixed")]
        with self._changing(statement, several=True), self._scanning(statement.plan):
            for part, values in _batches(statement.expression, rows, at_once):
                result = self._change(replace(statement, expression=part), values)
                shape = list(result.columns)[:1]
                count += int(result.rows[0][0] or 0)
        added = Result(shape, [[str(count)]], statement_type=_type_id(statement.plan.expression))
        added.extra = results.statistics(added)
        return added

    def describe(self, statement: EngineStatement) -> Result:
        """The columns that a statement would give; the statement is not run."""
        self._used, plan = time.monotonic(), statement.plan
        with self._undone_alone(several=False), self._scanning(plan), engine_errors(plan.expression):
            found = self._cursor(statement).columns_of(statement.expression)
        if found is None:
            return Result([Column("status")], statement_type=_type_id(plan.expression))
        names = results.column_names(plan.expression, [row[0] for row in found])
        shape = [results.column(name, row[1]) for name, row in zip(names, found, strict=True)]
        extra = {
            "numberOfBinds": len(list(plan.expression.find_all(exp.Placeholder))),
            "arrayBindSupported": isinstance(plan.expression, exp.Insert),
        }
        return Result(shape, statement_type=_type_id(plan.expression), extra=extra)

    def columns(self, path: Name) -> Definition:
        """The columns of a table or view, by its full name in the engine; none for an absent one."""
        return definitions.present(self._connection, path)

    def drop(self, kind: str, path: Name) -> None:
        """Remove a table or view if it exists.

        Args:
            kind: TABLE or VIEW.
            path: its full name in the engine.
        """
        with contextlib.suppress(duckdb.CatalogException), self._commits.commit({path}, defines=True):
            self._connection.execute(f"DROP {kind} IF EXISTS {path}")

    def define_macro(self, name: str, parameters: list[str], body: str) -> None:
        """Make or replace a temporary macro of this session, in the engine's SQL."""
        with engine_errors():
            self._connection.execute(
                f"CREATE OR REPLACE TEMP MACRO {name}({', '.join(parameters)}) AS {body}"
            )

    def refused(self, statement: EngineStatement, pattern: re.Pattern[str]) -> re.Match[str]:
        """What a pattern finds in the engine's own words about a statement that it cannot bind.

        Raises:
            SnowflakeError: the engine refuses the statement for another reason.
            AssertionError: the engine has run it.
        """
        try:
            with self._undone_alone(several=False), self._scanning(statement.plan):
                self._cursor(statement).run(statement.expression)
        except Exception as error:
            if isinstance(error, (duckdb.Error, ConnectorError)) and (found := pattern.search(str(error))):
                return found
            with engine_errors(statement.plan.expression):
                raise
        finally:
            self._fake.results_cache.clear()
        raise AssertionError("the engine has run a statement that it cannot bind")

    def interrupt(self) -> None:
        """Stop the statement that is running."""
        self._connection.interrupt()

    def idle_seconds(self, moment: float) -> float:
        """Seconds since the last statement began; 0 while a statement runs."""
        if not self.lock.acquire(blocking=False):
            return 0.0
        self.lock.release()
        return moment - self._used

    def close(self) -> None:
        with contextlib.suppress(duckdb.Error):
            self._connection.close()


def _as_text(column: str, kind: pyarrow.DataType) -> str:
    """The engine's expression for a column of this Arrow type as a text."""
    if pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind):
        return f"hex({column})"
    if pyarrow.types.is_struct(kind) and [field.name for field in kind] == ["moment", "zone"]:
        return f"{SCHEMA}.zoned_text({column})"
    return f"CAST({column} AS VARCHAR)"


def _batches(
    expression: exp.Expr, rows: list[tuple[Any, ...]], at_once: int
) -> Iterator[tuple[exp.Expr, tuple[Any, ...]]]:
    """One statement for many rows of a plain INSERT … VALUES (…); other statements once for each row."""
    values = expression.expression if isinstance(expression, exp.Insert) else None
    if not isinstance(values, exp.Values) or len(values.expressions) != 1:
        yield from ((expression.copy(), row) for row in rows)
        return
    for start in range(0, len(rows), at_once):
        part = rows[start : start + at_once]
        wide = expression.copy()
        wide.expression.set("expressions", [values.expressions[0].copy() for _ in part])
        yield wide, tuple(value for row in part for value in row)


def _type_id(expression: exp.Expr) -> int:
    found = statement_type.statement_type_id(expression)
    return found or statement_type.SELECT
