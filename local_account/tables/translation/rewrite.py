"""Rewrites notation that the data engine reads differently from Snowflake."""

from __future__ import annotations

from itertools import pairwise

from sqlglot import exp
from sqlglot.tokens import Token, TokenType

from local_account.base.sql import Statement
from local_account.tables.translation.types import SYNONYMS

_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Like, exp.ILike)
_TEXT_FUNCTIONS = (exp.Upper, exp.Lower, exp.Trim, exp.Length, exp.Concat, exp.Substring, exp.StartsWith)


def readable(statement: Statement) -> Statement:
    """Write what the parser does not know in words that it knows.

    It takes the `?::` of `?::type` for another dialect's operator, and lacks some synonyms of types. A bound
    TIMESTAMP_TZ gets a cast, because its value is sent to the engine as text.
    """
    edits: list[tuple[int, int, str]] = []
    types = iter([str(binding.get("type")).upper() for binding in statement.bindings or ()])
    for token in statement.tokens:
        if token.token_type in (TokenType.QDCOLON, TokenType.PLACEHOLDER):
            cast = " ::TIMESTAMP_TZ" if next(types, "") == "TIMESTAMP_TZ" else ""
            rest = " ::" if token.token_type is TokenType.QDCOLON else ""
            if cast or rest:
                edits.append((token.start, token.end + 1, f"?{cast}{rest}"))
        elif token.token_type is TokenType.VAR and (known := SYNONYMS.get(token.text.upper())):
            edits.append((token.start, token.end + 1, known))
    return statement.edited(edits)


def unmarked(statement: Statement) -> Statement:
    """Leave out LOCAL and SCOPED before TEMPORARY, which the parser does not know; they mean nothing."""
    if statement.verb != "CREATE":
        return statement
    first = statement.tokens[1:5]
    marks = (word for word, following in pairwise(first) if _is_mark(word, following))
    return statement.edited((word.start, word.end + 1, "") for word in marks)


def _is_mark(word: Token, following: Token) -> bool:
    return word.text.upper() in ("LOCAL", "SCOPED") and following.text.upper() in ("TEMP", "TEMPORARY")


def paths_as_text(expression: exp.Expr, text: str) -> None:
    """Make text of a value inside a VARIANT (`v:a`, `v['a']`) where it is compared with text or read as text.

    The engine would compare it with its quotes.

    Args:
        text: the statement; without the marks of such values in it there is nothing to look for.
    """
    if ":" not in text and "[" not in text:
        return
    found = [path for path in expression.find_all(exp.JSONExtract, exp.Bracket) if _is_read_as_text(path)]
    for path in found:
        path.replace(exp.cast(path.copy(), exp.DataType.Type.VARCHAR))


def _is_read_as_text(path: exp.Expr) -> bool:
    parent = path.parent
    if isinstance(parent, _TEXT_FUNCTIONS):
        return True
    if isinstance(parent, _COMPARISONS):
        other = parent.expression if parent.this is path else parent.this
        return other.is_string or isinstance(other, _TEXT_FUNCTIONS)
    return isinstance(parent, exp.In) and any(item.is_string for item in parent.expressions)
