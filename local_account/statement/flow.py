"""Chains of statements with the flow operator `->>`.

See https://docs.snowflake.com/en/sql-reference/operators-flow
"""

from __future__ import annotations

from sqlglot.tokens import TokenType

from local_account.base.sql import Statement

OPERATOR = "->>"


def links(statement: Statement) -> list[Statement]:
    """The statements of a chain; the statement alone when it is none.

    Raises:
        SnowflakeError: 001003 when there is nothing before, between or behind operators.
    """
    if OPERATOR not in statement.text:
        return [statement]
    bindings = list(statement.bindings or [])
    found, start, bound = [], 0, 0
    ends = [index for index, token in enumerate(statement.tokens) if token.token_type is TokenType.DARROW]
    for end in [*ends, len(statement.tokens)]:
        part = statement.tokens[start:end]
        if not part:
            statement.position = end
            raise statement.unexpected()
        count = sum(token.token_type in (TokenType.PLACEHOLDER, TokenType.QDCOLON) for token in part)
        text = statement.text[part[0].start : part[-1].end + 1]
        found.append(Statement(text, bindings[bound : bound + count] or None))
        start, bound = end + 1, bound + count
    return found if ends else [statement]
