"""The account's statements for queries and changes of tables."""

from __future__ import annotations

from local_account.base.result import Result
from local_account.base.sql import Statement
from local_account.identity.parameters import values_in_session
from local_account.statement import functions
from local_account.statement.context import Context
from local_account.tables import results, scans
from local_account.tables.engine import DataEngine


def run(context: Context, statement: Statement) -> Result:
    """Run a query or a change of tables.

    Raises:
        SnowflakeError: the statement is not permitted, or the data engine refuses it.
    """
    written, statement = statement.text, functions.substitute(context, statement)
    answer = None if context.describe_only else scans.whole(context, statement)
    if answer is None:
        return context.account.part(DataEngine).execute(context, statement, written)
    return _for_client(context, answer)


def select(context: Context, statement: Statement) -> Result:
    """Run a SELECT. A SELECT without tables that only asks the account does not need the data engine.

    Raises:
        SnowflakeError: as in `run`.
    """
    answer = None if statement.bindings else functions.scalar_select(context, statement)
    return run(context, statement) if answer is None else _for_client(context, answer)


def _for_client(context: Context, answer: Result) -> Result:
    """A result that the data engine has not made, in the form that the session's client reads."""
    if results.wants_arrow(context.session, values_in_session(context.catalog, context.session)):
        answer.extra = results.arrow_answer(results.engine_table(answer), answer.columns)
    return answer


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
