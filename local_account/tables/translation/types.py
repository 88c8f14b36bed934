"""Snowflake's data types: which are valid, and what stands for them in the data engine.

See https://docs.snowflake.com/en/sql-reference/intro-summary-data-types
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.tokens import Token, TokenType

from local_account.base import errors
from local_account.base.errors import SnowflakeError
from local_account.base.sql import Statement
from local_account.tables.translation.macros import TIMESTAMP_TZ

Type = exp.DataType.Type
_UNSUPPORTED = {Type.DECFLOAT, Type.GEOGRAPHY, Type.GEOMETRY, Type.VECTOR, Type.FILE}
_INTEGERS = {Type.INT, Type.BIGINT, Type.SMALLINT, Type.TINYINT, Type.MEDIUMINT}
_DECIMALS = {Type.DECIMAL, Type.BIGDECIMAL}
_WITHOUT_LENGTH = {
    *(Type.BINARY, Type.VARBINARY, Type.FLOAT, Type.DOUBLE, Type.TIME, Type.DATETIME, Type.TIMESTAMP),
    *(Type.TIMESTAMPNTZ, Type.TIMESTAMPLTZ, Type.TIMESTAMPTZ),
}
_MAPPED = {
    "TIMESTAMP_NTZ": Type.TIMESTAMPNTZ,
    "TIMESTAMP_LTZ": Type.TIMESTAMPLTZ,
    "TIMESTAMP_TZ": Type.TIMESTAMPTZ,
}
# Words for types that never have a length.
_PLAIN_WORDS = {"BIGINT", "BYTEINT", "INT", "INTEGER", "SMALLINT", "TINYINT", "VARIANT"}
_DECIMAL_WORDS = {"DEC", "DECIMAL", "NUMBER", "NUMERIC"}
SYNONYMS = {
    "TIMESTAMP_WITHOUT_TIME_ZONE": "TIMESTAMP_NTZ",
    "TIMESTAMP_WITH_LOCAL_TIME_ZONE": "TIMESTAMP_LTZ",
    "TIMESTAMP_WITH_TIME_ZONE": "TIMESTAMP_TZ",
}
_NO_TYPE = "BOOL"
# Stands for NUMBER(38, 0) until the end of fakesnow's translation, which would make 64 bits of it.
_NUMBER = Type.INT128


def require(statement: Statement, expression: exp.Expr) -> None:
    """Require that the statement's types are Snowflake's, and that the data engine has them.

    Raises:
        SnowflakeError: 001003 for a length where none may be, 002040 for an unknown type, 000002 for a type
            that this account does not have.
    """
    for wrong in _wrong(statement.tokens):
        raise wrong
    for node in expression.find_all(exp.DataType):
        if node.this in _UNSUPPORTED:
            raise errors.unsupported(f"data type {node.this.value}")


def _wrong(tokens: list[Token]) -> Iterator[SnowflakeError]:
    for index in range(1, len(tokens)):
        token = tokens[index]
        if token.token_type in (TokenType.STRING, TokenType.IDENTIFIER) or not token.text[:1].isalpha():
            continue
        word, before = token.text.upper(), tokens[index - 1].text.upper()
        after = [found.text for found in tokens[index + 1 : index + 3]]
        if word in _PLAIN_WORDS and after[:1] == ["("] and before not in (".", ",", "(", "TABLE", "INTO"):
            yield _unexpected(tokens[index + 1])
        elif word in _DECIMAL_WORDS and after == ["(", ")"]:
            yield _unexpected(tokens[index + 2])
        elif word == _NO_TYPE and before in ("::", "AS") and (before == "::" or after[:1] == [")"]):
            yield errors.compilation_error("002040", "42601", f"Unsupported data type '{word}'.")


def _unexpected(token: Token) -> SnowflakeError:
    return errors.syntax_error(token.line, max(token.col - len(token.text), 0), token.text)


def prepare(tree: exp.Expr, timestamp: str) -> None:
    """Replace types in Snowflake's syntax tree by what fakesnow can translate.

    Args:
        timestamp: what TIMESTAMP means: TIMESTAMP_NTZ, TIMESTAMP_LTZ or TIMESTAMP_TZ.
    """
    for node in list(tree.find_all(exp.DataType)):
        if node.this == Type.TIMESTAMP:
            node.set("this", _MAPPED[timestamp])
        if node.this in _INTEGERS or (node.this in _DECIMALS and _is_number(node)):
            node.set("this", _NUMBER)
            node.set("expressions", [])
        elif node.this in _WITHOUT_LENGTH:
            node.set("expressions", [])


def _is_number(node: exp.DataType) -> bool:
    given = [parameter.name for parameter in node.expressions]
    return given in ([], ["38"], ["38", "0"])


def finish(tree: exp.Expr) -> None:
    """Replace types in the engine's syntax tree by the engine's types."""
    for node in list(tree.find_all(exp.DataType)):
        if node.this == _NUMBER:
            node.replace(exp.DataType.build("DECIMAL(38, 0)", dialect="duckdb"))
        elif node.this == Type.TIMESTAMPTZ and isinstance(node.parent, exp.ColumnDef):
            node.replace(exp.DataType.build(TIMESTAMP_TZ, dialect="duckdb"))
