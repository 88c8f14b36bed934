"""Puts the values of session variables and the names in IDENTIFIER(…) into a statement before it runs.

See https://docs.snowflake.com/en/sql-reference/session-variables and
https://docs.snowflake.com/en/sql-reference/identifier-literal
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sqlglot.tokens import Token, TokenType

from local_account.base import errors
from local_account.base.errors import SnowflakeError
from local_account.base.sql import PLACEHOLDERS, STRINGS, Edit, Statement, is_word, literal, quote, shown
from local_account.identity.session import Session

# TABLE('name') and TABLE($name) name a table; TABLE(<function>(…)) does not.
_NAMING = re.compile(r"identifier|table\s*\(\s*['?$:]", re.IGNORECASE)
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def substituted(session: Session, statement: Statement) -> Statement:
    """The statement with values in place of `$name` and names in place of IDENTIFIER(…).

    Raises:
        SnowflakeError: 002211 for a variable that is not set, 001003 for an IDENTIFIER that is no name.
    """
    if "$" in statement.text:
        statement = statement.edited(_variables(session, statement.tokens))
    if not _NAMING.search(statement.text):
        return statement
    used: set[int] = set()
    edits = list(_names(statement, used))
    bindings = [value for index, value in enumerate(statement.bindings or []) if index not in used]
    return statement.edited(edits, bindings)


def filled(statement: Statement) -> Statement:
    """The statement with literals in place of `?` and `:1`; for those that the data engine does not run."""
    if not statement.bindings:
        return statement
    values, tokens = iter(statement.bindings), statement.tokens
    edits: list[Edit] = []
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.token_type in PLACEHOLDERS:
            edits.append((token.start, token.start + 1, _bound(next(values, None))))
        elif token.token_type is TokenType.COLON and following and following.text.isdecimal():
            number = int(following.text)
            if 0 < number <= len(statement.bindings):
                edits.append((token.start, following.end + 1, _bound(statement.bindings[number - 1])))
    return statement.edited(edits)


def _variables(session: Session, tokens: list[Token]) -> Iterator[Edit]:
    depth, in_list = 0, bool(tokens) and tokens[0].text.upper() == "SELECT"
    for index, dollar in enumerate(tokens[:-1]):
        name = tokens[index + 1]
        if dollar.token_type not in STRINGS:
            depth += {"(": 1, ")": -1}.get(dollar.text, 0)
            in_list = in_list and (depth > 0 or dollar.text.upper() != "FROM")
        if dollar.token_type is not TokenType.PARAMETER or dollar.text != "$":
            continue
        if name.start != dollar.end + 1 or name.token_type in STRINGS or not is_word(name.text):
            continue
        variable = session.variables.get(name.text.upper())
        if variable is None:
            raise SnowflakeError(
                "002211",
                "02000",
                f"SQL compilation error: error line {dollar.line} at position {dollar.col - 1}\n"
                f"Session variable '${name.text.upper()}' does not exist",
            )
        is_column = in_list and depth == 0 and _is_alone(tokens, index)
        label = f' AS "${name.text.upper()}"' if is_column else ""
        yield dollar.start, name.end + 1, variable["literal"] + label


def _is_alone(tokens: list[Token], index: int) -> bool:
    """Whether the variable at `index` is a whole column of SELECT, which then has the variable's name."""
    before, after = tokens[index - 1], tokens[index + 2 : index + 3]
    begins = before.token_type not in STRINGS and before.text.upper() in ("SELECT", ",")
    return begins and (not after or after[0].text.upper() in (",", "FROM"))


def _names(statement: Statement, used: set[int]) -> Iterator[Edit]:
    """Replace IDENTIFIER(<text>) by the name in it; the indices of the bindings in them go to `used`."""
    seen = 0
    for index, token in enumerate(statement.tokens):
        seen += token.token_type in PLACEHOLDERS
        statement.position = index
        word = next(iter(statement.words(1)))
        if word not in ("IDENTIFIER", "TABLE") or not statement.accept(word, "("):
            continue
        text = _argument(statement, seen, used)
        if text is not None:
            called = statement.words(1) == ("(",)
            yield token.start, statement.tokens[statement.position - 1].end + 1, _name(text, called)
        elif word == "IDENTIFIER":
            raise statement.unexpected()
    statement.position = 0


def _argument(statement: Statement, seen: int, used: set[int]) -> str | None:
    """Read a text or a binding and the closing parenthesis; None when something else is there.

    Args:
        seen: number of `?` before it.
    """
    bindings, start = statement.bindings or [], statement.position
    if statement.words(2) == ("", ")") and statement.tokens[start].token_type in STRINGS:
        statement.position += 2
        return statement.tokens[start].text
    if statement.words(2) == ("?", ")") and seen < len(bindings):
        statement.position += 2
        used.add(seen)
        return _text(bindings[seen])
    number = statement.words(3)[1:2]
    if statement.accept(":", *number, ")") and number[0].isdecimal() and 0 < int(number[0]) <= len(bindings):
        return _text(bindings[int(number[0]) - 1])
    return None


def _name(text: str, called: bool) -> str:
    """The object name in a text, with quotes, so that no part of it is read as anything else.

    Args:
        called: it is the name of a function, which stays without quotes where it needs none.
    """
    inner = Statement(text)
    parts = inner.parts()
    inner.end()
    return shown(parts) if called else ".".join(map(quote, parts))


def _text(binding: dict[str, Any]) -> str:
    value = binding.get("value")
    if not isinstance(value, str):
        raise errors.unsupported("IDENTIFIER of a binding that is no text")
    return value


def _bound(binding: dict[str, Any] | None) -> str:
    if binding is None:
        return "?"
    value = binding.get("value")
    if isinstance(value, list):
        raise errors.unsupported("arrays of bindings in this statement")
    if value is None:
        return "NULL"
    kind = str(binding.get("type", "TEXT")).upper()
    if kind == "BOOLEAN":
        return "TRUE" if str(value).lower() in ("true", "1") else "FALSE"
    if kind in ("FIXED", "REAL") and _NUMBER.fullmatch(str(value)):
        return str(value)
    return literal(str(value))
