"""Requests with several statements: https://docs.snowflake.com/en/developer-guide/sql-api/submitting-multiple-statements"""

from __future__ import annotations

from collections.abc import Container, Sequence

from local_account.base import sql
from local_account.base.errors import SnowflakeError
from local_account.base.result import Column, Result
from local_account.base.sql import Statement

STATEMENT_TYPE = 0xA000
_WITH_BODY = ("PROCEDURE", "FUNCTION", "TASK")


def possible(text: str) -> bool:
    """Whether a text may hold more than one statement."""
    return ";" in text.rstrip().rstrip(";")


def statements(statement: Statement, count: int, raw_verbs: Container[str]) -> list[Statement]:
    """A request's statements, each with its bindings; the request's own when there is only one.

    Args:
        count: how many statements there must be; 0 for any number.
        raw_verbs: first words of statements with file paths, which may contain semicolons.

    Raises:
        SnowflakeError: 000008 when there are more or fewer statements.
    """
    one = statement.verb in raw_verbs or _has_body(statement)
    parts = [statement] if one else [part for part in sql.divided(statement) if not part.done]
    require_count(len(parts), count)
    return parts if len(parts) > 1 else [statement]


def require_count(found: int, count: int) -> None:
    """Require that a request has as many statements as it says; 0 stands for any number.

    Raises:
        SnowflakeError: 000008.
    """
    if count and found and found != count:
        message = f"Actual statement count {found} did not match the desired statement count {count}."
        raise SnowflakeError("000008", "0A000", message)


def _has_body(statement: Statement) -> bool:
    """Whether the statement is a block or a procedure, whose body contains semicolons."""
    words = statement.words(4)
    if words[:1] == ("BEGIN",):
        return words[1:2] not in ((), (";",), ("TRANSACTION",), ("WORK",), ("NAME",))
    if words[:3] == ("CREATE", "OR", "REPLACE"):
        return words[3:4] != () and words[3] in _WITH_BODY
    return words[:1] == ("DECLARE",) or (
        words[:1] == ("CREATE",) and words[1:2] != () and words[1] in _WITH_BODY
    )


def answer(results: Sequence[tuple[str, Result]]) -> Result:
    """The answer to the whole request: the query ids of the statements' results."""
    extra = {
        "resultIds": ",".join(query for query, _ in results),
        "resultTypes": ",".join(str(result.statement_type) for _, result in results),
    }
    shape = [Column("multiple statement execution")]
    rows: list[list[str | None]] = [["Multiple statements executed successfully."]]
    return Result(shape, rows, STATEMENT_TYPE, extra)
