"""Data types of columns, as Snowflake writes them.

See https://docs.snowflake.com/en/sql-reference/intro-summary-data-types
"""

from __future__ import annotations

import json
import re
from typing import Any

from sqlglot import exp

_Type = exp.DataType.Type
_LONGEST_TEXT, _LONGEST_BINARY = 16777216, 8388608
_NUMBER = "NUMBER(38,0)"
_PLAIN = {
    **dict.fromkeys((_Type.TINYINT, _Type.SMALLINT, _Type.INT, _Type.BIGINT, _Type.INT128), _NUMBER),
    **dict.fromkeys((_Type.FLOAT, _Type.DOUBLE), "FLOAT"),
}
_TEXT = {_Type.TEXT, _Type.VARCHAR, _Type.NVARCHAR}
_CHARACTER = {_Type.CHAR, _Type.NCHAR}
_BINARY = {_Type.BINARY, _Type.VARBINARY}
# Types with a number of digits of the second; 9 by default. A plain TIMESTAMP is one without a time zone.
_MOMENTS = {
    _Type.TIME: "TIME",
    _Type.TIMESTAMP: "TIMESTAMP_NTZ",
    _Type.DATETIME: "TIMESTAMP_NTZ",
    _Type.TIMESTAMPNTZ: "TIMESTAMP_NTZ",
    _Type.TIMESTAMPLTZ: "TIMESTAMP_LTZ",
    _Type.TIMESTAMPTZ: "TIMESTAMP_TZ",
}
# The data engine's own names.
_ENGINE = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT", "UINTEGER"), _NUMBER),
    "BLOB": f"BINARY({_LONGEST_BINARY})",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "DOUBLE": "FLOAT",
    "FLOAT": "FLOAT",
    "JSON": "VARIANT",
    "TIME": "TIME(9)",
    "TIMESTAMP": "TIMESTAMP_NTZ(9)",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP_LTZ(9)",
    "TIMESTAMP_NS": "TIMESTAMP_NTZ(9)",
}
_ENGINE_DECIMAL = re.compile(r"DECIMAL\((\d+),\s?(\d+)\)")
_WRITTEN = re.compile(r"([A-Z_]+)(?:\(([^)]*)\))?")


def canonical(kind: exp.DataType) -> str:
    """Snowflake's full name of a type: `NUMBER(38,0)` for INT, `VARCHAR(16777216)` for STRING."""
    numbers = [str(parameter.this) for parameter in kind.find_all(exp.DataTypeParam)]
    if kind.this in _PLAIN:
        return _PLAIN[kind.this]
    if kind.this == _Type.DECIMAL:
        precision, scale = (*numbers, *("38", "0")[len(numbers) :])[:2]
        return f"NUMBER({precision},{scale})"
    if kind.this in _MOMENTS:
        return f"{_MOMENTS[kind.this]}({numbers[0] if numbers else 9})"
    if kind.this in _TEXT or kind.this in _CHARACTER:
        shortest = 1 if kind.this in _CHARACTER else _LONGEST_TEXT
        return f"VARCHAR({numbers[0] if numbers else shortest})"
    if kind.this in _BINARY:
        return f"BINARY({numbers[0] if numbers else _LONGEST_BINARY})"
    if kind.this == _Type.VECTOR:
        element = "FLOAT" if kind.expressions[0].this in (_Type.FLOAT, _Type.DOUBLE) else "INT"
        return f"VECTOR({element}, {numbers[0]})"
    return kind.sql(dialect="snowflake").upper()


def full(text: str) -> str:
    """Snowflake's full name of a type that is written in any form."""
    return canonical(exp.DataType.build(text, dialect="snowflake"))


def of_engine(name: str, length: int | None = None) -> str:
    """Snowflake's name of one of the data engine's types.

    Args:
        length: most characters of a text, if the engine knows it.
    """
    if decimal := _ENGINE_DECIMAL.fullmatch(name):
        return f"NUMBER({decimal[1]},{decimal[2]})"
    if name.endswith("[]"):
        return "ARRAY"
    if name.startswith(("STRUCT", "MAP")):
        return "OBJECT"
    return _ENGINE.get(name, f"VARCHAR({length or _LONGEST_TEXT})")


def _parts(name: str) -> tuple[str, list[str]]:
    """The name of a type and the numbers in its parentheses."""
    found = _WRITTEN.fullmatch(name)
    if not found:
        return name.partition("(")[0], []
    return found[1], [part.strip() for part in (found[2] or "").split(",") if part]


def as_json(name: str, nullable: bool) -> str:
    """The type in the form of SHOW COLUMNS."""
    word, numbers = _parts(name)
    found: dict[str, Any] = {"type": word, "nullable": nullable}
    if word == "NUMBER":
        found = {
            "type": "FIXED",
            "precision": int(numbers[0]),
            "scale": int(numbers[1]),
            "nullable": nullable,
        }
    elif word == "VARCHAR":
        length = int(numbers[0])
        octets = min(4 * length, _LONGEST_TEXT)
        found = {"type": "TEXT", "length": length, "byteLength": octets, "nullable": nullable, "fixed": False}
    elif word == "BINARY":
        length = int(numbers[0])
        found = {
            "type": "BINARY",
            "length": length,
            "byteLength": length,
            "nullable": nullable,
            "fixed": True,
        }
    elif word == "FLOAT":
        found["type"] = "REAL"
    elif word in _MOMENTS.values():
        found = {"type": word, "precision": 0, "scale": int(numbers[0]), "nullable": nullable}
    elif word == "VECTOR":
        element = {"type": "REAL" if numbers[0] == "FLOAT" else "FIXED", "nullable": False}
        found |= {"dimension": int(numbers[1]), "vectorElementType": element}
    return json.dumps(found, separators=(",", ":"))


def in_information_schema(name: str) -> dict[str, Any]:
    """The cells of a column's type in the view COLUMNS."""
    word, numbers = _parts(name)
    if word == "NUMBER":
        return {
            "DATA_TYPE": word,
            "NUMERIC_PRECISION": int(numbers[0]),
            "NUMERIC_PRECISION_RADIX": 10,
            "NUMERIC_SCALE": int(numbers[1]),
        }
    if word in ("VARCHAR", "BINARY"):
        length = int(numbers[0])
        octets = min(4 * length, _LONGEST_TEXT) if word == "VARCHAR" else length
        return {
            "DATA_TYPE": "TEXT" if word == "VARCHAR" else word,
            "CHARACTER_MAXIMUM_LENGTH": length,
            "CHARACTER_OCTET_LENGTH": octets,
        }
    if word in _MOMENTS.values():
        return {"DATA_TYPE": word, "DATETIME_PRECISION": int(numbers[0])}
    return {"DATA_TYPE": word}
