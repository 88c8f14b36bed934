"""Rewrites notation that the data engine reads differently from Snowflake."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.tokens import TokenType

from local_account.base.sql import Statement


def divided_casts(statement: Statement) -> Statement:
    """Put a blank after the `?` of `?::type`; the parser takes `?::` for another dialect's operator."""
    casts = (token for token in statement.tokens if token.token_type is TokenType.QDCOLON)
    return statement.edited((token.start, token.end + 1, "? ::") for token in casts)


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


def unscoped(statement: Statement) -> Statement:
    """Leave out the word SCOPED of CREATE SCOPED TEMPORARY, with which clients mark their own tables."""
    if statement.verb != "CREATE":
        return statement
    marks = (token for token in statement.tokens[1:4] if token.text.upper() == "SCOPED")
    return statement.edited((token.start, token.end + 1, "") for token in marks)
