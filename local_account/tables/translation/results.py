"""Translates between the wire's text cells and the data engine's Arrow tables and Python values."""

from __future__ import annotations

import base64
import datetime
import importlib
import json
import re
from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local_account.base.errors import SnowflakeError
from local_account.base.result import Column, Result
from local_account.base.sql import Name, is_unicode
from local_account.identity.parameters import Values
from local_account.identity.session import Session
from local_account.tables.translation.macros import ZONED_TYPE
from local_account.tables.translation.names import decoded, encoded

if TYPE_CHECKING:
    import pyarrow

_ARROW_CLIENTS = ("PythonConnector", "SnowflakeCLI")
_TIME_SCALE = 9
_IS_JSON = {"ARROW:extension:name": "arrow.json"}
_STATISTICS = {"inserted": "numRowsInserted", "deleted": "numRowsDeleted", "updated": "numRowsUpdated"}
_FULL_TYPES = {"TIMESTAMP_LTZ": "TIMESTAMP_LTZ(9)"}
# Minutes that stand for an offset of zero.
_NO_OFFSET = 1440
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


class TableResult(Result):
    """A result of the data engine.

    Attributes:
        table: the rows as the engine gave them. `rows` are made of it when they are first asked for.
    """

    def __init__(self, columns: list[Column], table: pyarrow.Table, statement_type: int) -> None:
        self.columns, self.table, self.statement_type = columns, table, statement_type
        self.extra: dict[str, Any] = {}

    @cached_property
    def rows(self) -> list[list[str | None]]:  # pyright: ignore[reportIncompatibleVariableOverride]
        return cells(self.table, list(self.columns))

    @property
    def count(self) -> int:
        return self.table.num_rows


def column(name: str, engine_type: str) -> Column:
    """A result column from the data engine's name and type; a type without an equivalent becomes text."""
    decimal = _DECIMAL.fullmatch(engine_type)
    if decimal:
        return Column(name, "fixed", int(decimal[2]), int(decimal[1]))
    kind = _WIRE_TYPES.get(engine_type, "text")
    if engine_type.startswith(ZONED_TYPE):
        kind = "timestamp_tz"
    elif engine_type.endswith("[]"):
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


def described(rows: Any, name: Name) -> Any:
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
        elif column == "type":
            # fakesnow leaves out the precision of this type.
            values = [_FULL_TYPES.get(value, value) for value in rows.column(index).to_pylist()]
        else:
            continue
        rows = rows.set_column(index, column, pyarrow.array(values, pyarrow.string()))
    return rows


def cells(table: pyarrow.Table, shape: list[Column]) -> list[list[str | None]]:
    """All rows as wire text."""
    encoded = [_encode(table.column(index), column) for index, column in enumerate(shape)]
    return [list(row) for row in zip(*encoded, strict=True)]


def wants_arrow(session: Session, values: Values) -> bool:
    """Whether the session's client reads results in Arrow's format, and its parameter does not say JSON."""
    reads = session.parameters.get("CLIENT_APP_ID") in _ARROW_CLIENTS
    return reads and values.get("PYTHON_CONNECTOR_QUERY_RESULT_FORMAT")[0].upper() != "JSON"


def statistics(result: Result) -> dict[str, Any]:
    """Field of the answer with the numbers of changed rows, which the counts in the result give too."""
    names = (column.name for column in result.columns)
    found = dict(zip(names, result.rows[0], strict=True)) if result.rows else {}
    counts = {verb: found.get(f"number of rows {verb}") or 0 for verb in _STATISTICS}
    numbers = {field: int(counts[verb]) for verb, field in _STATISTICS.items()}
    return {"stats": {**numbers, "numDmlDuplicates": 0}}


def arrow_answer(table: pyarrow.Table, shape: Sequence[Column]) -> dict[str, Any]:
    """The rows in Arrow's stream format. Python clients need it for pandas, and read it faster.

    Returns:
        Fields of the answer that replace the JSON rows.
    """
    import pyarrow

    found = [_arrow_column(table.column(index), column) for index, column in enumerate(shape)]
    fields = [_arrow_field(values.type, column) for values, column in zip(found, shape, strict=True)]
    schema = pyarrow.schema(fields)
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, schema) as writer:
        writer.write_table(pyarrow.Table.from_arrays(found, schema=schema))
    return {
        "queryResultFormat": "arrow",
        "rowsetBase64": base64.b64encode(sink.getvalue()).decode(),
        "rowset": None,
        "total": table.num_rows,
        "returned": table.num_rows,
    }


def _arrow_field(kind: Any, column: Column) -> Any:
    import pyarrow

    metadata = {"logicalType": column.type.upper(), "precision": str(column.precision)}
    return pyarrow.field(
        column.name, kind, metadata={**metadata, "scale": str(column.scale), "charLength": "0"}
    )


def _arrow_column(values: pyarrow.ChunkedArray, column: Column) -> Any:
    """One column in the form that Snowflake's clients read."""
    import pyarrow

    compute: Any = importlib.import_module("pyarrow.compute")
    if column.type.startswith("timestamp"):
        return _moments_arrow(values, column)
    if column.type == "time":
        return compute.multiply(values.cast(pyarrow.time64("us")).cast(pyarrow.int64()), 1000)
    if column.type == "fixed":
        return _fixed_arrow(values, column)
    if pyarrow.types.is_nested(values.type):
        return pyarrow.chunked_array([_json(values)], pyarrow.string())
    if column.type in ("text", "variant", "array", "object"):
        return values.cast(pyarrow.string())
    return values.cast(pyarrow.float64()) if column.type == "real" else values


def _fixed_arrow(values: pyarrow.ChunkedArray, column: Column) -> Any:
    """Whole numbers as 64-bit integers, which clients read faster, unless there is one that needs more."""
    import pyarrow

    if column.scale or (pyarrow.types.is_int64(values.type)):
        return values
    if pyarrow.types.is_floating(values.type):
        # The engine gives its 128-bit integers as floating point.
        values = values.cast(pyarrow.decimal128(38, 0))
    try:
        return values.cast(pyarrow.int64())
    except pyarrow.ArrowInvalid:
        return values


def _moments_arrow(values: pyarrow.ChunkedArray, column: Column) -> Any:
    """Seconds, nanoseconds and, with an offset, its minutes: the form whose digits all clients keep."""
    import pyarrow

    compute: Any = importlib.import_module("pyarrow.compute")
    whole = values.combine_chunks()
    zoned = column.type == "timestamp_tz"
    moments = (compute.struct_field(whole, 0) if zoned else whole).cast(pyarrow.timestamp("us"))
    seconds = (
        compute.floor_temporal(moments, unit="second").cast(pyarrow.timestamp("s")).cast(pyarrow.int64())
    )
    rest = compute.subtract(moments.cast(pyarrow.int64()), compute.multiply(seconds, 1_000_000))
    parts = {"epoch": seconds, "fraction": compute.multiply(rest, 1000).cast(pyarrow.int32())}
    if zoned:
        zones = compute.struct_field(whole, 1).cast(pyarrow.int32())
        parts["timezone"] = compute.add(zones, _NO_OFFSET).cast(pyarrow.int32())
    fields = [pyarrow.field(name, part.type) for name, part in parts.items()]
    found = pyarrow.StructArray.from_arrays(list(parts.values()), fields=fields, mask=whole.is_null())
    return pyarrow.chunked_array([found])


def _json(values: pyarrow.ChunkedArray) -> list[str | None]:
    return [
        None if value is None else json.dumps(value, default=str, ensure_ascii=False)
        for value in values.to_pylist()
    ]


def _encode(values: pyarrow.ChunkedArray, column: Column) -> list[str | None]:
    import pyarrow

    if column.type == "timestamp_tz":
        return _zoned(values, column)
    if column.type.startswith("time"):
        return _moments(values, column)
    if column.type in ("array", "object") and not pyarrow.types.is_string(values.type):
        return _json(values)
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


def _zoned(values: pyarrow.ChunkedArray, column: Column) -> list[str | None]:
    """Moments with their offset: `seconds.fraction minutes`, where 1440 minutes mean none."""
    whole = values.combine_chunks()
    moments, zones = _moments(whole.field(0), column), whole.field(1).to_pylist()
    missing = whole.is_null().to_pylist()
    return [
        None if absent else f"{moment} {zone + _NO_OFFSET}"
        for moment, zone, absent in zip(moments, zones, missing, strict=True)
    ]


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


def engine_table(result: Result) -> pyarrow.Table:
    """The rows of any result in the form that the data engine reads, with the types of its columns."""
    import pyarrow

    given = result.table.columns if isinstance(result, TableResult) else None
    if given is None:
        cells_by_column = zip(*result.rows, strict=True) if result.rows else ([] for _ in result.columns)
        given = [
            _array(list(values), column)
            for values, column in zip(cells_by_column, result.columns, strict=True)
        ]
    fields = [
        pyarrow.field(
            encoded(column.name), values.type, metadata=_IS_JSON if _is_json(values.type, column) else None
        )
        for values, column in zip(given, result.columns, strict=True)
    ]
    return pyarrow.Table.from_arrays(given, schema=pyarrow.schema(fields))


def _is_json(kind: Any, column: Column) -> bool:
    import pyarrow

    return column.type in ("variant", "object", "array") and pyarrow.types.is_string(kind)


def _array(values: list[str | None], column: Column) -> Any:
    """Wire cells of one column as an Arrow array."""
    import pyarrow

    decimals = pyarrow.decimal128(38, column.scale)
    kinds: dict[str, tuple[Any, Any]] = {
        "boolean": (pyarrow.bool_(), lambda cell: cell == "1"),
        "binary": (pyarrow.binary(), bytes.fromhex),
        "date": (pyarrow.date32(), int),
        "fixed": (decimals, Decimal),
        "real": (pyarrow.float64(), float),
        "time": (pyarrow.time64("us"), _microseconds),
        "timestamp_ltz": (pyarrow.timestamp("us", tz="UTC"), _microseconds),
        "timestamp_ntz": (pyarrow.timestamp("us"), _microseconds),
    }
    kind, read = kinds.get(column.type, (pyarrow.string(), str))
    return pyarrow.array([None if value is None else read(value) for value in values], kind)


def _microseconds(cell: str) -> int:
    return int(Decimal(cell) * 10**6)


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
        if kind == "TIMESTAMP_LTZ":
            return moment.replace(tzinfo=datetime.UTC)
        minutes = int(offset or _NO_OFFSET) - _NO_OFFSET
        wall = (moment + datetime.timedelta(minutes=minutes)).isoformat(" ")
        return f"{wall}{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    if not is_unicode(text):
        raise ValueError("Invalid UTF8 detected in string")
    return text


_EPOCH = datetime.datetime(1970, 1, 1)
