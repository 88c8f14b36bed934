"""BEGIN, COMMIT and ROLLBACK. See https://docs.snowflake.com/en/sql-reference/transactions"""

from __future__ import annotations

from collections.abc import Callable

from local_account.base import errors
from local_account.base.result import Result
from local_account.base.sql import Statement
from local_account.statement.context import Context
from local_account.tables.engine.data_engine import DataEngine

_BEGINNINGS = ((), ("TRANSACTION",), ("WORK",), ("NAME",))


def _handler(verb: str) -> Callable[[Context, Statement], Result]:
    def run(context: Context, statement: Statement) -> Result:
        if verb == "BEGIN" and statement.words(1) not in _BEGINNINGS:
            raise errors.unsupported("BEGIN … END in Snowflake Scripting")
        for word in ("TRANSACTION", "WORK"):
            statement.accept(word)
        if verb == "BEGIN" and statement.accept("NAME"):
            # No statement that the account has shows the name of a transaction.
            statement.identifier()
        statement.end()
        return context.account.part(DataEngine).transaction(context, verb)

    return run


def _end(context: Context) -> None:
    """Definitions store what an open transaction has changed."""
    context.account.part(DataEngine).end_transaction(context)


BEFORE_DEFINITION = [_end]
STATEMENTS = {
    ("BEGIN",): _handler("BEGIN"),
    ("START", "TRANSACTION"): _handler("BEGIN"),
    ("COMMIT",): _handler("COMMIT"),
    ("ROLLBACK",): _handler("ROLLBACK"),
}
