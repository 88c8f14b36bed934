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


def statements(statement: Statement, count: int, raw_verbs: Container[str]) -> list[str]:
    """The texts of a request's statements; the unchanged text when there is only one.

    Args:
        count: how many statements there must be; 0 for any number.
        raw_verbs: first words of statements with file paths, which may contain semicolons.

    Raises:
        SnowflakeError: 000008 when there are more or fewer statements.
    """
    one = statement.verb in raw_verbs or _has_body(statement)
    texts = [statement.text] if one else sql.split(statement)
    if count and texts and len(texts) != count:
        message = f"Actual statement count {len(texts)} did not match the desired statement count {count}."
        raise SnowflakeError("000008", "0A000", message)
    return texts if len(texts) > 1 else [statement.text]


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
