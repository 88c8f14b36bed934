"""The account's statements for queries and changes of tables."""

from __future__ import annotations

from local_account.base.result import Result
from local_account.base.sql import Statement
from local_account.metadata import alter, definition, show
from local_account.statement import functions
from local_account.statement.context import Context
from local_account.tables import redefine, table
from local_account.tables.engine.data_engine import DataEngine
from local_account.tables.plan import scans
from local_account.tables.translation import results


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
    if results.wants_arrow(context.session, context.parameters):
        answer.extra = results.arrow_answer(results.engine_table(answer), answer.columns)
    return answer


def create(context: Context, statement: Statement) -> Result:
    """CREATE [OR REPLACE | OR ALTER] {TABLE | VIEW}.

    Raises:
        SnowflakeError: as in `run`.
    """
    if statement.words(3) == ("CREATE", "OR", "ALTER"):
        return redefine.create_or_alter(context, statement, run, alter_table)
    return run(context, statement)


def alter_table(context: Context, statement: Statement) -> Result:
    """ALTER {TABLE | VIEW}. The data engine does not know constraints, comments and tags of tables.

    Raises:
        SnowflakeError: as in `run`.
    """
    engine = context.account.part(DataEngine)
    statement.expect("ALTER")
    kind = statement.word()
    start = statement.position
    statement.accept("IF", "EXISTS")
    name = context.resolve(statement.parts(), "schema")
    change, statement.position = statement.words(2), start
    if engine.is_temporary(context, name):
        return _run_whole(context, statement)
    if change[:1] in (("SET",), ("UNSET",)) and change[1:] in (("COMMENT",), ("TAG",)):
        answer = _KINDS[kind].alter(context, statement)
    else:
        answer = alter.run(context, statement) if kind == "TABLE" else None
    if answer is None:
        return _run_whole(context, statement)
    engine.end_transaction(context)
    return answer


def _run_whole(context: Context, statement: Statement) -> Result:
    statement.position = 0
    return run(context, statement)


def describe(context: Context, statement: Statement) -> Result:
    """{DESCRIBE | DESC} {TABLE | VIEW}. Only the data engine knows temporary tables.

    Raises:
        SnowflakeError: 002003 when the table does not exist or is not visible.
    """
    statement.word()
    kind = statement.word()
    start = statement.position
    name = context.resolve(statement.parts(), "schema")
    if context.account.part(DataEngine).is_temporary(context, name):
        return _run_whole(context, statement)
    statement.position = start
    return show.describe(context, statement, kind)


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
_KINDS = {kind.kind: kind for kind in table.TYPES}
DEFINITIONS = {
    **{("CREATE", kind): create for kind in definition.TABLE_KINDS},
    **{("ALTER", kind): alter_table for kind in definition.TABLE_KINDS},
    **{(verb, kind): describe for verb in ("DESCRIBE", "DESC") for kind in definition.TABLE_KINDS},
}
ON_PARAMETER = {"AUTOCOMMIT": set_autocommit}
