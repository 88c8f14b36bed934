"""The account's statements for queries and changes of tables."""

from __future__ import annotations

from local_account.base.result import Result
from local_account.base.sql import Statement
from local_account.statement import functions
from local_account.statement.context import Context
from local_account.tables import scans
from local_account.tables.engine import DataEngine


def run(context: Context, statement: Statement) -> Result:
    """Run a query or a change of tables.

    Raises:
        SnowflakeError: the statement is not permitted, or the data engine refuses it.
    """
    written, statement = statement.text, functions.substitute(context, statement)
    answer = None if context.describe_only else scans.whole(context, statement)
    return answer or context.account.part(DataEngine).execute(context, statement, written)


def select(context: Context, statement: Statement) -> Result:
    """Run a SELECT. A SELECT without tables that only asks the account does not need the data engine.

    Raises:
        SnowflakeError: as in `run`.
    """
    answer = None if statement.bindings else functions.scalar_select(context, statement)
    return answer or run(context, statement)


def set_autocommit(context: Context, value: str) -> None:
    """Follow ALTER SESSION SET AUTOCOMMIT.

    Args:
        value: `true` or `false`.
    """
    context.account.part(DataEngine).set_autocommit(context.session, value == "true")


VERBS = {
    "SELECT": select,
    **dict.fromkeys(
        ("WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "VALUES", "("),
        run,
    ),
}
DEFINITIONS = {
    ("SHOW", "COLUMNS"): run,
    **{(verb, kind): run for verb in ("CREATE", "ALTER", "DESCRIBE", "DESC") for kind in ("TABLE", "VIEW")},
}
ON_PARAMETER = {"AUTOCOMMIT": set_autocommit}
