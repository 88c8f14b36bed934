"""Results of earlier statements as tables: RESULT_SCAN, and `$1` in a chain with `->>`.

See https://docs.snowflake.com/en/sql-reference/functions/result_scan and
https://docs.snowflake.com/en/sql-reference/operators-flow
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sized

from sqlglot.tokens import Token, TokenType

from local_account.base import errors
from local_account.base.result import Result
from local_account.base.sql import PLACEHOLDERS, STRINGS, Edit, Statement
from local_account.statement.context import Context
from local_account.statement.history import QueryHistory

# The engine has the results in this place while one statement of one session runs.
CATALOG, SCHEMA = "TEMP", "MAIN"
_SOURCES = ("FROM", "JOIN", "USING")
_ENDS = ("SELECT", "WHERE", "GROUP BY", "ORDER BY", "HAVING", "QUALIFY", "ON", "LIMIT", "UNION", "SET")


def whole(context: Context, statement: Statement) -> Result | None:
    """The answer to `SELECT * FROM TABLE(RESULT_SCAN('…'))`: the earlier result. Otherwise None."""
    if not statement.accept("SELECT", "*", "FROM"):
        return None
    found = None
    if statement.accept("TABLE", "(", "RESULT_SCAN", "(") and statement.words(4) == ("", ")", ")"):
        found = _earlier(context, statement.string())
    elif len(statement.tokens) == statement.position + 2:
        number = _piped_number(statement.tokens, statement.position)
        found = context.piped[number - 1] if 0 < number <= len(context.piped) else None
    statement.position = 0
    if found is None:
        return None
    again = copy.copy(found)
    again.statement_type = 4096
    # What a client reads besides the rows belongs to the earlier statement alone.
    again.extra = {}
    return again


def replaced(context: Context, statement: Statement) -> tuple[Statement, dict[str, Result]]:
    """The statement with names in place of the results that it reads, and the result of each name.

    Raises:
        SnowflakeError: 000709 when a result is not there.
    """
    if "$" not in statement.text and "RESULT_SCAN" not in statement.text.upper():
        return statement, {}
    scans: dict[str, Result] = {}
    used: set[int] = set()
    edits = list(_edits(context, statement, scans, used))
    bindings = [value for index, value in enumerate(statement.bindings or []) if index not in used]
    return statement.edited(edits, bindings), scans


def new_name(scans: Sized) -> str:
    """A name for one more result of a statement."""
    return f"%RESULT {len(scans) + 1}"


def _edits(
    context: Context, statement: Statement, scans: dict[str, Result], used: set[int]
) -> Iterator[Edit]:
    tokens, bound = statement.tokens, 0
    # Whether each open parenthesis is in a FROM clause: there, a comma precedes a table.
    clauses = [False]
    for index, token in enumerate(tokens):
        statement.position = index
        bound += token.token_type in PLACEHOLDERS
        _follow(clauses, token)
        found = None
        if statement.accept("TABLE", "(", "RESULT_SCAN", "("):
            if statement.words(3) == ("?", ")", ")") and bound < len(statement.bindings or []):
                used.add(bound)
                query_id = str((statement.bindings or [])[bound].get("value"))
                statement.position += 1
            elif statement.accept("NULL"):
                query_id = "NULL"
            else:
                query_id = statement.string()
            statement.expect(")", ")")
            found = _earlier(context, query_id)
        elif number := _piped_number(tokens, index):
            before = tokens[index - 1].text.upper() if index else ""
            if before in _SOURCES or (before == "," and clauses[-1]):
                if number > len(context.piped):
                    raise errors.syntax_error(token.line, token.col - 1, f"${number}")
                found = context.piped[number - 1]
                statement.position += 2
        if found is not None:
            name = new_name(scans)
            scans[name] = found
            yield token.start, tokens[statement.position - 1].end + 1, f'{CATALOG}.{SCHEMA}."{name}"'
    statement.position = 0


def _follow(clauses: list[bool], token: Token) -> None:
    if token.token_type in STRINGS or token.token_type is TokenType.IDENTIFIER:
        return
    word = token.text.upper()
    if word == "(":
        clauses.append(False)
    elif word == ")" and len(clauses) > 1:
        clauses.pop()
    elif word in _SOURCES:
        clauses[-1] = True
    elif word in _ENDS:
        clauses[-1] = False


def _piped_number(tokens: list[Token], index: int) -> int:
    """The number in `$<number>` at a token; 0 for anything else."""
    pair = tokens[index : index + 2]
    if len(pair) < 2 or pair[0].text != "$" or pair[0].token_type is not TokenType.PARAMETER:
        return 0
    return int(pair[1].text) if pair[1].text.isdecimal() else 0


def _earlier(context: Context, query_id: str) -> Result:
    return context.account.part(QueryHistory).result(query_id, context.session)
