"""One client session's connection to the data engine, and its transactions.

The import of this module loads fakesnow, which takes seconds. Only the data engine imports it, at its first
use.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pyarrow
from fakesnow import statement_type
from fakesnow.conn import FakeSnowflakeConnection
from fakesnow.rowtype import describe_as_rowtype
from sqlglot import exp

from local_account.base import errors
from local_account.base.result import Column, Result
from local_account.base.sql import Name, quote
from local_account.catalog.catalog import Catalog
from local_account.identity.session import Session
from local_account.metadata.definition import Definition
from local_account.tables import definitions, relations, results
from local_account.tables.access import Plan
from local_account.tables.dialect import Cursor
from local_account.tables.errors import engine_errors
from local_account.tables.open_transaction import (
    Change,
    Commits,
    NotRepeatable,
    OpenTransaction,
    fingerprint,
    has_moving_default,
)

# Names that DuckDB can have for databases and schemas as the account writes them.
PLAIN = re.compile(r"[A-Z_][A-Z0-9_]*")


class _EngineConnection:
    """The engine's connection, without fakesnow's note of a comment on the table that MERGE makes for itself.

    The note would be a change of a second database, which the engine forbids within a transaction.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def execute(self, query: str, *values: Any) -> duckdb.DuckDBPyConnection:
        if query.lstrip().startswith("INSERT INTO _fs_global.") and "'MERGE_CANDIDATES'" in query:
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
        self._autocommit = autocommit
        self._open: OpenTransaction | None = None
        self.lock = threading.RLock()
        self.temporary: set[Name] = set()
        self._entered: tuple[str, str, int] = ("", "", 0)
        self._used = time.monotonic()

    def enter(self, session: Session, catalog: Catalog) -> None:
        """Follow the client's USE. A schema that the statement needs must exist in the engine already."""
        self._used = time.monotonic()
        item = catalog.find("SCHEMA", Name(session.database, "", session.schema))
        wanted = (session.database, session.schema, item.id if item else 0)
        if wanted == self._entered or not item:
            return
        # Other names have no data in the engine, and could break out of the statement's text below.
        if not all(PLAIN.fullmatch(name) for name in wanted[:2]):
            return
        try:
            self._use(session.database, session.schema)
            self._entered = wanted
        except duckdb.Error:
            # A schema that is absent in the engine is one that the present statement does not use.
            self._undo()

    def _cursor(self) -> Cursor:
        return Cursor(conn=self._fake, duck_conn=self._wrapped)

    def _use(self, database: str, schema: str) -> None:
        self._connection.execute(f"SET schema = '{database}.{schema}'")
        self._fake.database, self._fake.database_set = database, True
        self._fake._schema, self._fake.schema_set = schema, True  # noqa: SLF001 no other way in

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
            self._entered = ("", "", 0)

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
        begun, moment, present = self._commits.count, self._begin(), self._entered
        for change in transaction.repeatable():
            inserts = change.plan.expression.key in ("insert", "merge")
            if inserts and has_moving_default(self._connection, change.plan.target):
                raise NotRepeatable("the default of a column can differ the second time")
            if change.place[0]:
                self._use(*change.place)
            with relations.present(self._connection, change.plan.contents):
                self._cursor().execute(change.frozen(), binding_params=tuple(change.values), server=True)
            if change.mark != fingerprint(self._connection, change.plan, self.temporary):
                raise NotRepeatable("its changes came out differently when they were repeated")
        # Asked at the end: the engine looks at a database when a statement first uses it.
        if transaction.changes and self._commits.any_since(transaction.begun, transaction.basis()):
            raise NotRepeatable("another session changed the same tables meanwhile")
        if present[0]:
            self._use(*present[:2])
        transaction.begun, transaction.moment = begun, moment

    def run(self, plan: Plan, text: str, values: Sequence[Any] = ()) -> Result:
        """Run one statement; return its rows as wire cells. If it fails, it changes nothing."""
        if plan.is_query or plan.is_description:
            with self._undone_alone(several=False):
                return self._answer(plan, *self._execute(plan, text, values))
        with self._changing(plan, several=plan.is_several):
            return self._change(plan, text, values)

    @contextlib.contextmanager
    def _changing(self, plan: Plan, several: bool) -> Iterator[None]:
        """Let the body change the plan's table, in the open transaction or in one of its own."""
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
        names = plan.names if plan.is_definition else plan.target_names
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

    def _change(self, plan: Plan, text: str, values: Sequence[Any]) -> Result:
        place = self._entered[:2]
        found = self._execute(plan, text, values)
        if self._open:
            with engine_errors():
                mark = fingerprint(self._connection, plan, self.temporary)
            self._open.add(Change(plan, text, values, place, self._open.moment, mark))
        return self._answer(plan, *found)

    def _execute(
        self, plan: Plan, text: str, values: Sequence[Any]
    ) -> tuple[pyarrow.Table | None, list[str]]:
        """Run a statement in the engine; return its rows and the engine's types of their columns."""
        cursor = self._cursor()
        with engine_errors(), relations.present(self._connection, plan.contents):
            try:
                cursor.execute(text, binding_params=tuple(values), server=True)
                kinds = [str(entry[1]) for entry in self._connection.description or []]
            finally:
                self._fake.results_cache.clear()
        return cursor._arrow_table, kinds  # noqa: SLF001 the public methods build Python rows first

    def _answer(self, plan: Plan, table: pyarrow.Table | None, kinds: list[str]) -> Result:
        if table is None:
            return Result([])
        names = results.column_names(plan.expression, list(table.column_names))
        shape = [results.column(name, kind) for name, kind in zip(names, kinds, strict=True)]
        kind = _type_id(plan.expression)
        extra = results.arrow_answer(table, shape) if self._arrow and kind == statement_type.SELECT else None
        if extra:
            return Result(shape, statement_type=kind, extra=extra)
        return Result(shape, results.cells(table, shape), statement_type=kind)

    def run_batch(self, plan: Plan, text: str, rows: list[tuple[Any, ...]], at_once: int) -> Result:
        """Run a statement for each row of bindings, as one change; the row counts are added up."""
        count, shape = 0, [Column("number of rows", "fixed")]
        with self._changing(plan, several=True):
            for part, values in _batches(plan.expression, text, rows, at_once):
                result = self._change(plan, part, values)
                shape = list(result.columns)[:1]
                count += int(result.rows[0][0] or 0)
        return Result(shape, [[str(count)]], statement_type=_type_id(plan.expression))

    def describe(self, plan: Plan, text: str) -> Result:
        """The columns that a statement would give; the statement is not run."""
        known = relations.present(self._connection, plan.contents)
        with self._undone_alone(several=False), engine_errors(), known:
            found = self._cursor()._describe_only(text)  # noqa: SLF001 describing runs it otherwise
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

    def columns(self, name: Name) -> Definition:
        """The columns of a table or view as the data engine has them; none for an absent one."""
        return definitions.present(self._connection, name)

    def drop(self, kind: str, name: Name) -> None:
        """Remove a table or view if it exists."""
        for part in name:
            if not part.isascii():
                raise errors.unsupported(f"data SQL in {quote(part)}")
        path = f"{name.database}.{name.schema}.{quote(name.name)}"
        with contextlib.suppress(duckdb.CatalogException), self._commits.commit({name}, defines=True):
            self._connection.execute(f"DROP {kind} IF EXISTS {path}")

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
    expression: exp.Expr, text: str, rows: list[tuple[Any, ...]], at_once: int
) -> list[tuple[str, tuple[Any, ...]]]:
    """One statement for many rows of a plain INSERT … VALUES (…); other statements once for each row."""
    values = expression.expression if isinstance(expression, exp.Insert) else None
    if not isinstance(values, exp.Values) or len(values.expressions) != 1:
        return [(text, row) for row in rows]
    found = []
    for start in range(0, len(rows), at_once):
        part = rows[start : start + at_once]
        wide = expression.copy()
        wide.expression.set("expressions", [values.expressions[0].copy() for _ in part])
        found.append((wide.sql(dialect="snowflake"), tuple(value for row in part for value in row)))
    return found


def _type_id(expression: exp.Expr) -> int:
    found = statement_type.statement_type_id(expression)
    return found or statement_type.SELECT
