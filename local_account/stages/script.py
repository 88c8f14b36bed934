"""Scripts on stages: https://docs.snowflake.com/en/sql-reference/sql/execute-immediate-from"""

from __future__ import annotations

from collections.abc import Callable

from local_account.base import errors, sql
from local_account.base.result import Result
from local_account.base.sql import Statement
from local_account.stages.location import read_stage_file
from local_account.stages.reader import Reader
from local_account.statement.context import Context


def execute_from(context: Context, statement: Statement) -> Result:
    """EXECUTE IMMEDIATE FROM @<stage>/<file>: runs the file's statements; returns the last one's result.

    Raises:
        SnowflakeError: 000002 for templates and their variables, or the error of a statement in the file.
    """
    reader = Reader(statement.rest())
    location = reader.path()
    if reader.rest.upper().startswith(("USING", "DRY_RUN")):
        raise errors.unsupported(f"EXECUTE IMMEDIATE FROM … {reader.rest.split()[0].upper()}")
    reader.options()
    folder, _, file = location.rpartition("/")
    text = read_stage_file(context, folder, file)
    if text.lstrip().startswith("--!jinja"):
        raise errors.unsupported("EXECUTE IMMEDIATE FROM a template")
    found = [part for part in sql.divided(Statement(text)) if not part.done]
    if not found:
        raise errors.compilation_error("000900", "42601", "Empty SQL statement.")
    results = [context.language.run(context, part) for part in found]
    return results[-1]


STATEMENTS: dict[tuple[str, ...], Callable[[Context, Statement], Result]] = {
    ("EXECUTE", "IMMEDIATE", "FROM"): execute_from
}
