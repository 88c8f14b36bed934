"""Translates between the wire's text cells and the data engine's Arrow tables and Python values."""

from __future__ import annotations

import base64
import datetime
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local_account.base.errors import SnowflakeError
from local_account.base.result import Column
from local_account.base.sql import Name
from local_account.tables.names import decoded

if TYPE_CHECKING:
    import pyarrow

_TIME_SCALE = 9
_INTEGER = re.compile(r"[+-]?\d+")
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
_WIRE_TYPES = {
    "BIGINT": "fixed",
    "BLOB": "binary",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "real",
    "FLOAT": "real",
    "HUGEINT": "fixed",
    "INTEGER": "fixed",
    "JSON": "variant",
    "SMALLINT": "fixed",
    "TIME": "time",
    "TIMESTAMP": "timestamp_ntz",
    "TIMESTAMP WITH TIME ZONE": "timestamp_ltz",
    "TIMESTAMP_NS": "timestamp_ntz",
    "TINYINT": "fixed",
    "UBIGINT": "fixed",
    "UINTEGER": "fixed",
}


def column(name: str, engine_type: str) -> Column:
    """A result column from the data engine's name and type; a type without an equivalent becomes text."""
    decimal = _DECIMAL.fullmatch(engine_type)
    if decimal:
        return Column(name, "fixed", int(decimal[2]), int(decimal[1]))
    kind = _WIRE_TYPES.get(engine_type, "text")
    if engine_type.endswith("[]"):
        kind = "array"
    elif engine_type.startswith(("STRUCT", "MAP")):
        kind = "object"
    return Column(name, kind, _TIME_SCALE if kind.startswith("time") else 0)


def expression_name(expression: exp.Expr) -> str:
    """Name of a column that is an expression without an alias."""
    return expression.sql(dialect="snowflake", comments=False).upper()


def column_names(expression: exp.Expr, engine_names: list[str]) -> list[str]:
    """Snowflake's names for the columns of a query; an expression without alias is named by its text.

    Args:
        expression: the statement in Snowflake's names.
        engine_names: the columns' names in the engine.
    """
    names = list(map(decoded, engine_names))
    query = expression
    while isinstance(query, (exp.SetOperation, exp.Subquery)):
        query = query.this
    if not isinstance(query, exp.Select) or len(query.expressions) != len(names):
        return names
    found = []
    for item, name in zip(query.expressions, names, strict=True):
        if isinstance(item, (exp.Alias, exp.Column, exp.Star)) or (
            item.is_star and not isinstance(item, exp.Count)
        ):
            found.append(name)
        else:
            found.append(expression_name(item))
    return found


def described(rows: pyarrow.Table, name: Name) -> pyarrow.Table:
    """The rows of DESCRIBE or SHOW COLUMNS with Snowflake's names.

    Args:
        name: the table or view that they describe.
    """
    import pyarrow

    own = {"database_name": name.database, "schema_name": name.schema, "table_name": name.name}
    for index, column in enumerate(rows.column_names):
        if column in ("name", "column_name"):
            values = [decoded(value) for value in rows.column(index).to_pylist()]
        elif column in own:
            values = [own[column]] * rows.num_rows
        else:
            continue
        rows = rows.set_column(index, column, pyarrow.array(values, pyarrow.string()))
    return rows


def cells(table: pyarrow.Table, shape: list[Column]) -> list[list[str | None]]:
    """All rows as wire text."""
    encoded = [_encode(table.column(index), column) for index, column in enumerate(shape)]
    return [list(row) for row in zip(*encoded, strict=True)]


def arrow_answer(table: pyarrow.Table, shape: list[Column]) -> dict[str, Any] | None:
    """The rows in Arrow's stream format. Python clients need it for pandas, and read it faster.

    Returns:
        Fields of the answer that replace the JSON rows; None when a column has no form in Arrow.
    """
    from fakesnow.arrow import to_ipc, to_sf

    if any(not _has_arrow_form(table.column(index), column) for index, column in enumerate(shape)):
        return None
    for index, column in enumerate(shape):
        target = _arrow_type(table.schema.types[index], column)
        table = table.set_column(index, column.name, table.column(index).cast(target))
    kinds: Any = [
        {"type": column.type, "precision": column.precision, "scale": column.scale, "length": 0}
        for column in shape
    ]
    content = base64.b64encode(to_ipc(to_sf(table, kinds))).decode()
    return {
        "queryResultFormat": "arrow",
        "rowsetBase64": content,
        "rowset": None,
        "total": table.num_rows,
        "returned": table.num_rows,
    }


def _has_arrow_form(values: pyarrow.ChunkedArray, column: Column) -> bool:
    # Snowflake's timestamps are structures; their NULL has no encoding that all clients read.
    missing_moment = column.type.startswith("timestamp") and values.null_count > 0
    return column.type not in ("array", "object") and not missing_moment


def _arrow_type(present: Any, column: Column) -> Any:
    import pyarrow

    if pyarrow.types.is_timestamp(present):
        # Inside the data engine times are always UTC; the column's wire type says what they mean.
        return pyarrow.timestamp(present.unit)
    if column.type == "fixed" and pyarrow.types.is_floating(present):
        return pyarrow.decimal128(38, 0)
    if column.type == "text" and not pyarrow.types.is_null(present):
        return pyarrow.string()
    return present


def _encode(values: pyarrow.ChunkedArray, column: Column) -> list[str | None]:
    if column.type.startswith("time"):
        return _moments(values, column)
    if column.type == "fixed" and column.scale == 0:
        return [None if value is None else str(int(value)) for value in values.to_pylist()]
    if column.type == "boolean":
        return [None if value is None else "1" if value else "0" for value in values.to_pylist()]
    if column.type == "date":
        days = values.cast("int32").to_pylist()
        return [None if value is None else str(value) for value in days]
    if column.type == "binary":
        return [None if value is None else value.hex().upper() for value in values.to_pylist()]
    return [None if value is None else str(value) for value in values.to_pylist()]


def _moments(values: pyarrow.ChunkedArray, column: Column) -> list[str | None]:
    """Times as `seconds.fraction`, with as many digits as the column's scale."""
    unit = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[getattr(values.type, "unit", "us")]
    found: list[str | None] = []
    for value in values.cast("int64").to_pylist():
        if value is None:
            found.append(None)
            continue
        # Before 1970 the sign belongs to the whole number, so split the absolute value.
        nanoseconds = abs(value) * (10**9 // unit)
        sign = "-" if value < 0 else ""
        found.append(f"{sign}{nanoseconds // 10**9}.{nanoseconds % 10**9:0{column.scale}d}")
    return found


# Bindings


def bound(binding: dict[str, Any]) -> Any:
    """Python value of one binding, or a list of them for an array binding.

    Raises:
        SnowflakeError: 100035 when the text does not fit the binding's type.
    """
    value = binding.get("value")
    if isinstance(value, list):
        return [bound({**binding, "value": item}) for item in value]
    if value is None:
        return None
    try:
        return _value(str(binding.get("type", "TEXT")).upper(), str(value))
    except (ValueError, ArithmeticError) as error:
        raise SnowflakeError("100035", "22007", f"Invalid value for a bind variable: {error}") from None


def _value(kind: str, text: str) -> Any:
    if kind == "FIXED":
        return int(text) if _INTEGER.fullmatch(text) else Decimal(text)
    if kind == "REAL":
        return float(text)
    if kind == "BOOLEAN":
        return text.lower() in ("true", "1")
    if kind == "BINARY":
        return bytes.fromhex(text)
    if kind == "DATE":
        return (_EPOCH + datetime.timedelta(milliseconds=int(text))).date()
    if kind == "TIME":
        return (_EPOCH + datetime.timedelta(microseconds=int(text) // 1000)).time()
    if kind in ("TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ"):
        nanoseconds, _, offset = text.partition(" ")
        moment = _EPOCH + datetime.timedelta(microseconds=int(nanoseconds) // 1000)
        if kind == "TIMESTAMP_NTZ":
            return moment
        zone = datetime.timezone(datetime.timedelta(minutes=int(offset or 1440) - 1440))
        return moment.replace(tzinfo=datetime.UTC).astimezone(zone)
    return text


_EPOCH = datetime.datetime(1970, 1, 1)
