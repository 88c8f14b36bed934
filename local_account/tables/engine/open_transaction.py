"""A client's open transaction, in which a statement that fails is undone alone.

The data engine has no savepoints: an error ends its transaction. So an open transaction keeps the changes
that it has made, and repeats them after such an error. A repetition counts only if it must have given the
same data as the first time; otherwise the transaction is lost, and every statement says so until its end.
See https://docs.snowflake.com/en/sql-reference/transactions
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow
from sqlglot import exp
from sqlglot.dialects.snowflake import Snowflake
from sqlglot.tokens import TokenType

from local_account.base.errors import SnowflakeError
from local_account.base.sql import Name
from local_account.tables.engine.engine_statement import EngineStatement
from local_account.tables.plan.access import Plan

_MOST_MEMORY = 64 << 20
_VALUE_SIZE = 64
_CONSTANT = re.compile(r"(?i:NULL|TRUE|FALSE|[-+.\d]+|'(?:[^']|'')*'|CAST\('[^']*' AS \w+\))")
_MOMENTS = (exp.CurrentTimestamp, exp.CurrentDate)
_OTHER_RESULT_EACH_TIME = frozenset(
    {
        "CURRENT_TIME",
        "CURRENT_TRANSACTION",
        "CURRVAL",
        "GEN_RANDOM_UUID",
        "GET_CURRENT_TIME",
        "GET_CURRENT_TIMESTAMP",
        "LOCALTIME",
        "NEXTVAL",
        "NORMAL",
        "NOW",
        "RANDOM",
        "RANDSTR",
        "SAMPLE",
        "SYSDATE",
        "TABLESAMPLE",
        "TODAY",
        "TRANSACTION_TIMESTAMP",
        "TXID_CURRENT",
        "UNIFORM",
        "UUID",
        "UUIDV4",
        "UUIDV7",
        "UUID_STRING",
        "ZIPF",
    }
)


class Commits:
    """When each table last changed, as all sessions' commits are counted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._last: dict[tuple[str, ...], int] = {}
        self._under_way: Counter[tuple[str, ...]] = Counter()

    @property
    def count(self) -> int:
        """Number of commits up to now."""
        return self._count

    @contextlib.contextmanager
    def commit(self, names: set[Name], *, defines: bool = False) -> Iterator[None]:
        """Count a commit of changes to tables, which takes place in the body.

        Args:
            names: the engine's names of the tables, which stay the same when a schema is renamed.
            defines: their definitions change, too.
        """
        keys = {*names, *map(definition, names if defines else ())}
        with self._lock:
            self._under_way.update(keys)
        try:
            yield
        finally:
            with self._lock:
                self._count += 1
                self._last.update(dict.fromkeys(keys, self._count))
                self._under_way.subtract(keys)
                self._under_way += Counter()

    def any_since(self, count: int, keys: set[tuple[str, ...]] | None) -> bool:
        """Whether something may have changed since `count` commits.

        Args:
            count: number of commits up to that time.
            keys: what `Change.basis` gives; None for everything.
        """
        with self._lock:
            if keys is None:
                return self._count > count or bool(self._under_way)
            return any(self._last.get(key, 0) > count or self._under_way[key] for key in keys)


def definition(name: Name) -> tuple[str, ...]:
    """What stands for a table's definition in `Commits`."""
    return ("definition of", *name)


@dataclass
class Change:
    """One change that the transaction has made.

    Attributes:
        statement: what was run.
        values: values of its `?`.
        moment: the time that CURRENT_TIMESTAMP gave.
        mark: fingerprint of the changed table afterwards; None when the change depends on no other data.
    """

    statement: EngineStatement
    values: Sequence[Any]
    moment: str
    mark: object = None

    @property
    def plan(self) -> Plan:
        return self.statement.plan

    @property
    def size(self) -> int:
        """Roughly the bytes of memory that this takes."""
        texts = (len(value) for value in self.values if isinstance(value, (str, bytes)))
        return len(self.statement.text) + _VALUE_SIZE * len(self.values) + sum(texts)

    @property
    def basis(self) -> set[tuple[str, ...]]:
        """On which tables' rows or definitions the outcome depends."""
        plan = self.plan
        if plan.expression.key == "insert" and not _reads_other_tables(plan) and not plan.is_several:
            return set(map(definition, self.statement.targets))
        return set(self.statement.names)

    def frozen(self) -> exp.Expr:
        """The statement in the engine's names with the moment of its first run in place of the present.

        Raises:
            NotRepeatable: the statement calls a function that gives another result each time.
        """
        if self.plan.functions:
            raise NotRepeatable("a change in it called a service function")
        tokens = Snowflake().tokenize(self.statement.text)
        called = {token.text.upper() for token in tokens if token.token_type is not TokenType.STRING}
        if wrong := called & _OTHER_RESULT_EACH_TIME:
            raise NotRepeatable(f"a change in it called {min(wrong)}")
        moments = list(self.statement.expression.find_all(*_MOMENTS))
        if any(node.this for node in moments):
            raise NotRepeatable("a change in it asked for the time in another precision or zone")
        return self.statement.expression.transform(self._freeze)

    def _freeze(self, node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.CurrentTimestamp):
            return exp.cast(exp.Literal.string(self.moment), exp.DataType.Type.TIMESTAMPLTZ)
        if isinstance(node, exp.CurrentDate):
            return exp.cast(exp.Literal.string(self.moment[: len("2000-01-01")]), exp.DataType.Type.DATE)
        return node


@dataclass
class Load(Change):
    """A change whose rows came from files. They are kept, because the files may be gone later.

    Attributes:
        sql: the change in the engine's own language; it may read the rows as `temp.main._LOADED`.
        rows: the rows; None when it reads none.
    """

    sql: str = ""
    rows: pyarrow.Table | None = None

    @property
    def size(self) -> int:
        return super().size + len(self.sql) + (self.rows.nbytes if self.rows is not None else 0)


class NotRepeatable(Exception):
    """The transaction's changes cannot be made a second time with certainly the same outcome."""


@dataclass
class OpenTransaction:
    """The changes of an open transaction.

    Attributes:
        begun: number of commits of all sessions when the engine's present transaction began.
        moment: when that was.
        changes: what must be repeated after an error.
        written: the tables that it has changed.
        lost: why its changes are gone; '' while they are there.
        unrepeatable: why they cannot be repeated.
    """

    begun: int
    moment: str
    changes: list[Change] = field(default_factory=list)
    written: set[Name] = field(default_factory=set)
    lost: str = ""
    unrepeatable: str = ""
    _size: int = 0

    def add(self, change: Change) -> None:
        """Remember a change that the engine has made."""
        self.written.update(change.statement.targets)
        self._size += change.size
        if self._size <= _MOST_MEMORY:
            self.changes.append(change)
        else:
            self.changes.clear()

    def repeatable(self) -> list[Change]:
        """What must be repeated after an error.

        Raises:
            NotRepeatable: there was too much to remember.
        """
        if self.unrepeatable:
            raise NotRepeatable(self.unrepeatable)
        if self._size > _MOST_MEMORY:
            raise NotRepeatable("it changed too much")
        return self.changes

    def basis(self) -> set[tuple[str, ...]] | None:
        """On which tables' rows or definitions the outcome depends; None when that is not known."""
        if any(change.plan.opaque for change in self.changes):
            return None
        return {key for change in self.changes for key in change.basis}

    def require(self) -> None:
        """Require that the transaction's changes are there.

        Raises:
            SnowflakeError: 000615 when they are lost.
        """
        if self.lost:
            raise SnowflakeError(
                "000615",
                "57014",
                f"Transaction was aborted: a statement in it failed, and {self.lost}. None of its changes is "
                "stored. ROLLBACK ends it.",
            )


def fingerprint(connection: duckdb.DuckDBPyConnection, statement: EngineStatement) -> object:
    """What stands for a changed table's rows in any order; None when the change read no other table."""
    if statement.target is None or not _reads_other_tables(statement.plan):
        return None
    query = "SELECT count(*), sum(hash(changed_row_)::HUGEINT) FROM "
    return connection.execute(f"{query}{statement.target} AS changed_row_").fetchone()


def has_moving_default(connection: duckdb.DuckDBPyConnection, table: Name | None) -> bool:
    """Whether a column's default is more than a constant, so that it can differ the next time."""
    found = connection.execute(
        "SELECT column_default FROM duckdb_columns() WHERE database_name = ? "
        "AND schema_name = ? AND table_name = ? AND column_default IS NOT NULL",
        list(table or ("", "", "")),
    )
    return any(not _CONSTANT.fullmatch(default) for (default,) in found.fetchall())


def _reads_other_tables(plan: Plan) -> bool:
    """Whether there is a table in the statement besides the one that it changes, or that one once more."""
    return len(list(plan.expression.find_all(exp.Table))) > 1
