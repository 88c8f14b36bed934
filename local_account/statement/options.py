"""Readers of the options in CREATE and ALTER statements."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import re2

from local_account.base import errors
from local_account.base.sql import Statement

Reader = Callable[[Statement], Any]
"""Reads one option's value."""
_WILDCARDS = {"%": ".*", "_": "."}
_PIECE = re.compile(r"\\.|.", re.DOTALL)
# RE2 takes linear time for every pattern that a client sends.
_LIKE = re2.Options()
_LIKE.case_sensitive, _LIKE.dot_nl, _LIKE.log_errors = False, True, False


def text(statement: Statement) -> str:
    """A string literal; NULL counts as ''."""
    return "" if statement.accept("NULL") else statement.text_or_word()


def integer(statement: Statement) -> int:
    return statement.integer()


def boolean(statement: Statement) -> bool:
    return statement.boolean()


def words(statement: Statement) -> list[str]:
    """A parenthesised list of strings or words."""
    return statement.listed("text_or_word")


def one_of(*allowed: str) -> Reader:
    """A reader of a word or string from a fixed list; the value is in upper case."""

    def read(statement: Statement) -> str:
        value = statement.text_or_word().upper()
        if value not in allowed:
            raise errors.invalid_value(value, "value", ", ".join(allowed))
        return value

    return read


def unsupported(feature: str) -> Reader:
    """A reader for an option that Snowflake has and this account does not: it refuses it by its name."""

    def read(statement: Statement) -> None:
        raise errors.unsupported(feature)

    return read


def read_options(
    statement: Statement, readers: dict[str, Reader], stop: Sequence[str] = ()
) -> dict[str, Any]:
    """Read options `NAME = value` in any order, up to the end or to a word in `stop`.

    Raises:
        SnowflakeError: 001003 at an option that the object type does not have.
    """
    values: dict[str, Any] = {}
    while not statement.done and not any(statement.words(1) == (word,) for word in stop):
        if statement.accept(","):
            continue
        statement.accept("WITH")
        name = option_name(statement, readers)
        statement.accept("=")
        values[name] = readers[name](statement)
    return values


def option_name(statement: Statement, readers: dict[str, Reader]) -> str:
    """Read the next option's name.

    Raises:
        SnowflakeError: 001003 when the object type does not have this option.
    """
    for name in sorted(readers, key=len, reverse=True):
        if statement.accept(*name.split(" ")):
            return name
    raise statement.unexpected()


def like(value: str, pattern: str | None) -> bool:
    """SQL LIKE that ignores case; a backslash makes the next character literal; None matches everything."""
    if pattern is None:
        return True
    regex = "".join(_WILDCARDS.get(piece) or re2.escape(piece[-1]) for piece in _PIECE.findall(pattern))
    try:
        return re2.compile(regex, _LIKE).fullmatch(value) is not None
    except re2.error:
        raise errors.invalid_value(pattern[:100], "LIKE", "a shorter pattern") from None


def read_limit(statement: Statement) -> tuple[int | None, str]:
    """Read `LIMIT n [FROM 'name']`; the number of rows (None: all) and the name after which to start."""
    if not statement.accept("LIMIT"):
        return None, ""
    count = statement.integer()
    return count, statement.string() if statement.accept("FROM") else ""
