"""Chains of statements with the flow operator `->>`.

See https://docs.snowflake.com/en/sql-reference/operators-flow
"""

from __future__ import annotations

from sqlglot.tokens import TokenType

from local_account.base import sql
from local_account.base.sql import Statement

OPERATOR = "->>"


def links(statement: Statement) -> list[Statement]:
    """The statements of a chain; the statement alone when it is none.

    Raises:
        SnowflakeError: 001003 when there is nothing before, between or behind operators.
    """
    if OPERATOR not in statement.text:
        return [statement]
    found = sql.divided(statement, TokenType.DARROW)
    if len(found) == 1:
        return [statement]
    for index, link in enumerate(found):
        if link.done:
            kinds = [token.token_type for token in statement.tokens]
            ends = [place for place, kind in enumerate(kinds) if kind is TokenType.DARROW]
            statement.position = [*ends, len(kinds)][index]
            raise statement.unexpected()
    return found
