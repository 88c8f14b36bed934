"""Rewrites notation that the data engine reads differently from Snowflake."""

from __future__ import annotations

from itertools import pairwise

from sqlglot import exp
from sqlglot.tokens import Token, TokenType

from local_account.base.sql import Statement


def divided_casts(statement: Statement) -> Statement:
    """Put a blank after the `?` of `?::type`; the parser takes `?::` for another dialect's operator."""
    casts = (token for token in statement.tokens if token.token_type is TokenType.QDCOLON)
    return statement.edited((token.start, token.end + 1, "? ::") for token in casts)


def unmarked(statement: Statement) -> Statement:
    """Leave out LOCAL and SCOPED before TEMPORARY, which the parser does not know; they mean nothing."""
    if statement.verb != "CREATE":
        return statement
    first = statement.tokens[1:5]
    marks = (word for word, following in pairwise(first) if _is_mark(word, following))
    return statement.edited((word.start, word.end + 1, "") for word in marks)


def _is_mark(word: Token, following: Token) -> bool:
    return word.text.upper() in ("LOCAL", "SCOPED") and following.text.upper() in ("TEMP", "TEMPORARY")


def name_values(expression: exp.Expr) -> None:
    """Replace `$1` of VALUES by COLUMN1, Snowflake's name of that column."""
    selects = [select for select in expression.find_all(exp.Select) if _values(select)]
    for select in selects:
        values = _values(select)
        assert values
        for parameter in list(select.find_all(exp.Parameter)):
            if parameter.find_ancestor(exp.Select) is select and parameter.name.isdecimal():
                parameter.replace(exp.column(f"COLUMN{parameter.name}"))
        if not values.alias and values.expressions:
            width = len(values.expressions[0].expressions) or 1
            columns = [exp.to_identifier(f"COLUMN{index + 1}") for index in range(width)]
            values.set("alias", exp.TableAlias(this=exp.to_identifier("_VALUES"), columns=columns))


def _values(select: exp.Select) -> exp.Values | None:
    source = select.args.get("from_") or select.args.get("from")
    return source.this if source and isinstance(source.this, exp.Values) else None
