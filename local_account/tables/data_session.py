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
from dataclasses import replace
from typing import Any

import duckdb
import pyarrow
from fakesnow import statement_type
from fakesnow.conn import FakeSnowflakeConnection
from fakesnow.rowtype import describe_as_rowtype
from snowflake.connector.errors import Error as ConnectorError
from sqlglot import exp

from local_account.base.result import Column, Result
from local_account.base.sql import Name
from local_account.catalog.catalog import Catalog, Object
from local_account.metadata.definition import Definition
from local_account.tables import definitions, names, results
from local_account.tables.access import Plan
from local_account.tables.dialect import Cursor
from local_account.tables.engine_statement import EngineStatement, Temporary
from local_account.tables.errors import engine_errors
from local_account.tables.open_transaction import (
    Change,
    Commits,
    NotRepeatable,
    OpenTransaction,
    fingerprint,
    has_moving_default,
)

_temporary_numbers = itertools.count(1)


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
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, commits: Commits, autocommit: bool, arrow: bool
    ) -> None:
        self._connection, self._commits, self._arrow = connection, commits, arrow
        self._wrapped: Any = _EngineConnection(connection)
        self._fake = FakeSnowflakeConnection(self._wrapped, {}, create_database=False, create_schema=False)
        # What fakesnow makes without a full name is temporary.
        self._fake.database, self._fake._schema = "temp", "main"  # noqa: SLF001 no other way in
        self._autocommit = autocommit
        self._open: OpenTransaction | None = None
        self.lock = threading.RLock()
        self.temporary: dict[Name, Temporary] = {}
        self._followed = -1
        self._used = time.monotonic()

    def _cursor(self) -> Cursor:
        return Cursor(conn=self._fake, duck_conn=self._wrapped)

    def new_temporary(self, kind: str, name: Name, schema: Object) -> None:
        """Choose the engine's name for a temporary table or view, which no other session has."""
        self.temporary[name] = Temporary(f"_T{next(_temporary_numbers)}", schema.id, kind)

    def follow_catalog(self, catalog: Catalog) -> None:
        """Forget temporary tables in schemas that were dropped; those in renamed ones get new names."""
        if not self.temporary or catalog.version == self._followed:
            return
        known, self.temporary = self.temporary, {}
        for name, table in known.items():
            if schema := catalog.by_id(table.schema):
                self.temporary[Name(schema.database, schema.name, name.name)] = table
        self._followed = catalog.version

    def set_autocommit(self, on: bool) -> None:
        """Set whether each statement is a separate transaction; a change commits an open transaction."""
        if on != self._autocommit:
            self.commit()
        self._autocommit = on

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
            self._open.lost = str(error)
        except Exception:
            self._open.lost = "its changes could not be repeated"
        if self._open.lost:
            with contextlib.suppress(duckdb.Error):
                self._connection.execute("ROLLBACK")

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
            with self._scanning(change.plan):
                self._cursor().run(change.frozen(), change.values)
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

    @contextlib.contextmanager
    def _scanning(self, plan: Plan) -> Iterator[None]:
        """Let the body read the results that the plan's statement reads."""
        try:
            if plan.scans:
                # The engine registers nothing while rows of its last statement wait to be fetched.
                self._connection.execute("SELECT 1").fetchall()
            for name, result in plan.scans.items():
                self._connection.register(names.encoded(name), results.engine_table(result))
            yield
        finally:
            for name in plan.scans:
                # Nothing is there any more after the end of a transaction in which it was registered.
                with contextlib.suppress(duckdb.Error):
                    self._connection.unregister(names.encoded(name))

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
        cursor = self._cursor()
        with engine_errors(statement.plan.expression):
            try:
                cursor.run(statement.expression, values)
            finally:
                self._fake.results_cache.clear()
        kinds = [str(entry[1]) for entry in self._connection.description or []]
        return cursor._arrow_table, kinds  # noqa: SLF001 the public methods build Python rows first

    def _answer(self, plan: Plan, rows: pyarrow.Table | None, kinds: list[str]) -> Result:
        if rows is None:
            return Result([])
        table = results.described(rows, plan.target) if plan.target and plan.is_description else rows
        names = results.column_names(plan.expression, list(table.column_names))
        shape = [results.column(name, kind) for name, kind in zip(names, kinds, strict=True)]
        kind = _type_id(plan.expression)
        extra = results.arrow_answer(table, shape) if self._arrow and kind == statement_type.SELECT else None
        return results.TableResult(shape, table, kind, extra)

    def run_batch(self, statement: EngineStatement, rows: list[tuple[Any, ...]], at_once: int) -> Result:
        """Run a statement for each row of bindings, as one change; the row counts are added up."""
        count, shape = 0, [Column("number of rows", "fixed")]
        with self._changing(statement, several=True), self._scanning(statement.plan):
            for part, values in _batches(statement.expression, rows, at_once):
                result = self._change(replace(statement, expression=part), values)
                shape = list(result.columns)[:1]
                count += int(result.rows[0][0] or 0)
        return Result(shape, [[str(count)]], statement_type=_type_id(statement.plan.expression))

    def describe(self, statement: EngineStatement) -> Result:
        """The columns that a statement would give; the statement is not run."""
        self._used, plan = time.monotonic(), statement.plan
        with self._undone_alone(several=False), self._scanning(plan), engine_errors(plan.expression):
            found = self._cursor().columns_of(statement.expression)
        if found is None:
            return Result([Column("status")], statement_type=_type_id(plan.expression))
        described = describe_as_rowtype(found)
        names = results.column_names(plan.expression, [entry["name"] for entry in described])
        shape = [
            Column(name, entry["type"], entry["scale"] or 0, entry["precision"] or 38)
            for name, entry in zip(names, described, strict=True)
        ]
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
            with self._undone_alone(several=False):
                self._cursor().run(statement.expression)
        except (duckdb.Error, ConnectorError) as error:
            if found := pattern.search(str(error)):
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
