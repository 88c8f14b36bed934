"""Snowflake's data types in declarations.

See https://docs.snowflake.com/en/sql-reference/intro-summary-data-types
"""

from __future__ import annotations

from dataclasses import dataclass

from local_account.base import errors
from local_account.base.sql import Statement

_SYNONYMS = {
    **dict.fromkeys(("NUMBER", "DECIMAL", "NUMERIC", "DEC"), "NUMBER"),
    **dict.fromkeys(("INT", "INTEGER", "BIGINT", "SMALLINT", "TINYINT", "BYTEINT"), "NUMBER"),
    **dict.fromkeys(("FLOAT", "FLOAT4", "FLOAT8", "DOUBLE", "REAL"), "FLOAT"),
    **dict.fromkeys(("VARCHAR", "STRING", "TEXT", "NVARCHAR", "NVARCHAR2"), "VARCHAR"),
    **dict.fromkeys(("CHAR", "CHARACTER", "NCHAR"), "VARCHAR"),
    **dict.fromkeys(("BINARY", "VARBINARY"), "BINARY"),
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TIME": "TIME",
    **dict.fromkeys(("TIMESTAMP_NTZ", "TIMESTAMPNTZ", "TIMESTAMP", "DATETIME"), "TIMESTAMP_NTZ"),
    **dict.fromkeys(("TIMESTAMP_LTZ", "TIMESTAMPLTZ"), "TIMESTAMP_LTZ"),
    **dict.fromkeys(("TIMESTAMP_TZ", "TIMESTAMPTZ"), "TIMESTAMP_TZ"),
    "VARIANT": "VARIANT",
    "OBJECT": "OBJECT",
    "ARRAY": "ARRAY",
}
_WITH_DIGITS = ("NUMBER", "DECIMAL", "NUMERIC", "DEC")
_OF_ONE_CHARACTER = ("CHAR", "CHARACTER", "NCHAR")
_OTHERS = ("GEOGRAPHY", "GEOMETRY", "VECTOR", "MAP", "FILE", "UUID", "DECFLOAT")
_MOST_DIGITS = 38
_MOST_LENGTH = 134217728


@dataclass(frozen=True)
class DataType:
    """One data type.

    Attributes:
        kind: NUMBER, FLOAT, VARCHAR, BINARY, BOOLEAN, DATE, TIME, TIMESTAMP_NTZ, TIMESTAMP_LTZ, TIMESTAMP_TZ,
            VARIANT, OBJECT or ARRAY; synonyms are replaced.
        precision, scale: of a NUMBER, all digits and those after the decimal point.
        length: most characters of a VARCHAR or bytes of a BINARY; 0 for Snowflake's limit.
    """

    kind: str
    precision: int = _MOST_DIGITS
    scale: int = 0
    length: int = 0

    def __str__(self) -> str:
        if self.kind == "NUMBER":
            return f"NUMBER({self.precision},{self.scale})"
        return f"{self.kind}({self.length})" if self.length else self.kind


def read_type(statement: Statement) -> DataType:
    """Read a data type: `NUMBER(10, 2)`, `STRING` …

    Raises:
        SnowflakeError: 002040 for a word that is no type, 001008 for a precision or length out of range,
            000002 for a type that this account does not have.
    """
    word = statement.word()
    if word in _OTHERS:
        raise errors.unsupported(f"data type {word}")
    kind = _SYNONYMS.get(word)
    if kind is None:
        raise errors.compilation_error("002040", "42601", f"Unsupported data type '{word}'.")
    if word == "DOUBLE":
        statement.accept("PRECISION")
    numbers = _numbers(statement) if statement.words(1) == ("(",) else []
    if word in _WITH_DIGITS:
        return _number(word, numbers)
    if kind in ("VARCHAR", "BINARY"):
        length = numbers[0] if numbers else int(word in _OF_ONE_CHARACTER)
        if len(numbers) > 1 or (numbers and not 0 < length <= _MOST_LENGTH):
            raise errors.invalid_value(length, word, f"1 to {_MOST_LENGTH}")
        return DataType(kind, length=length)
    if numbers and not kind.startswith("TIME"):
        raise statement.unexpected(back=1)
    return DataType(kind)


def _numbers(statement: Statement) -> list[int]:
    if statement.words(2)[1:] and not statement.words(2)[1].isdigit():
        raise errors.unsupported("structured data types")
    return statement.listed("integer")


def _number(word: str, numbers: list[int]) -> DataType:
    precision, scale = [*numbers, *(_MOST_DIGITS, 0)[len(numbers) :]][:2]
    if len(numbers) > 2 or not 0 < precision <= _MOST_DIGITS or not 0 <= scale <= min(37, precision):
        given = ",".join(map(str, numbers))
        raise errors.invalid_value(given, word, "a precision of 1 to 38 and a scale up to it, at most 37")
    return DataType("NUMBER", precision, scale)


def type_of(text: str) -> DataType:
    """The data type that `str` of it gave."""
    return read_type(Statement(text))
