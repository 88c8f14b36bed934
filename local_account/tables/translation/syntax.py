"""Snowflake's words for what the parser of data SQL refuses."""

from __future__ import annotations

import re

from sqlglot.errors import ParseError, SqlglotError
from sqlglot.tokens import Token

from local_account.base import errors
from local_account.base.errors import SnowflakeError
from local_account.base.sql import Statement

_TOO_MANY = re.compile(r"The number of provided arguments \((\d+)\) is greater than .* \((\d+)\)")
# The parser's words for a token behind a complete statement.
_TOO_MUCH = "Unexpected token"


def refusal(error: SqlglotError, statement: Statement) -> SnowflakeError:
    """The error for a statement that cannot be parsed: 000938, 000939, 001003 or 002040."""
    found = error.errors[0] if isinstance(error, ParseError) and error.errors else {}
    told, place = str(found.get("description") or ""), (found.get("line"), found.get("col"))
    index = next((i for i, token in enumerate(statement.tokens) if (token.line, token.col) == place), None)
    if index is None:
        return end_of_text(statement)
    token = statement.tokens[index]
    if token.text == ")" and (call := _call(statement, index)):
        if many := _TOO_MANY.match(told):
            text = f"too many arguments for function [{call}] expected {many[2]}, got {many[1]}"
            return errors.compilation_error("000939", "22023", text)
        if told.startswith("Required keyword"):
            return errors.compilation_error("000938", "22023", f"not enough arguments for function [{call}]")
    if told.startswith("Expected TYPE"):
        return errors.compilation_error("002040", "42601", f"Unsupported data type '{token.text.upper()}'.")
    if token is statement.tokens[-1] and _TOO_MUCH not in told:
        # The parser points at the last token when the text ends too early.
        return end_of_text(statement)
    statement.position = index
    return statement.unexpected()


def end_of_text(statement: Statement) -> SnowflakeError:
    """The error for a statement that ends too early."""
    statement.position = len(statement.tokens)
    return statement.unexpected()


def unreadable() -> SnowflakeError:
    """The error for a statement in which the parser does not say what is wrong."""
    return errors.compilation_error("001003", "42000", "syntax error: the statement cannot be read.")


def _call(statement: Statement, end: int) -> str:
    """The text of the function call that ends with this parenthesis; '' if there is none."""
    depth, index = 0, end
    while index >= 0:
        depth += _depth(statement.tokens[index])
        if depth == 0:
            break
        index -= 1
    if index < 1 or not statement.tokens[index - 1].text[:1].isalpha():
        return ""
    start, stop = statement.tokens[index - 1].start, statement.tokens[end].end + 1
    return statement.text[start:stop].upper()


def _depth(token: Token) -> int:
    return {")": 1, "(": -1}.get(token.text, 0)
