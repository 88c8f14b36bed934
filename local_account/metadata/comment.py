"""COMMENT ON, which is another form of ALTER … SET COMMENT.

See https://docs.snowflake.com/en/sql-reference/sql/comment
"""

from __future__ import annotations

from local_account.base import errors
from local_account.base.result import Result
from local_account.base.sql import Statement, quote
from local_account.statement.context import Context


def comment(context: Context, statement: Statement) -> Result:
    """COMMENT [IF EXISTS] ON {<type> | COLUMN} <name> IS '<text>'"""
    statement.expect("COMMENT")
    optional = "IF EXISTS " if statement.accept("IF", "EXISTS") else ""
    statement.expect("ON")
    if statement.accept("COLUMN"):
        *table, column = (quote(part) for part in statement.parts())
        name = f"TABLE {optional}{'.'.join(table)}"
        change = f"ALTER COLUMN {column} COMMENT"
    else:
        kind = next((one for one in context.language.types if statement.accept(*one.kind.split(" "))), None)
        if kind is None:
            raise errors.unsupported(f"COMMENT ON {statement.word()}")
        start = statement.position
        kind.read_name(context, statement)
        first, last = statement.tokens[start], statement.tokens[statement.position - 1]
        name = f"{kind.kind} {optional}{statement.text[first.start : last.end + 1]}"
        change = "SET COMMENT ="
    statement.expect("IS")
    statement.string()
    statement.end()
    literal = statement.tokens[-1]
    text = statement.text[literal.start : literal.end + 1]
    return context.language.run(context, Statement(f"ALTER {name} {change} {text}"))


VERBS = {"COMMENT": comment}
