"""TABLE(INFER_SCHEMA(…)): columns of staged files, as they would be in a table.

See https://docs.snowflake.com/en/sql-reference/functions/infer_schema
"""

from __future__ import annotations

import re
from typing import Any

import duckdb
from sqlglot import exp

from local_account.base import errors
from local_account.base.errors import SnowflakeError
from local_account.base.sql import Statement
from local_account.loading.staged_files import Rows, Staging, find, require_format
from local_account.stages import format_options
from local_account.statement.context import Context
from local_account.tables.translation.names import encoded

USED: dict[str, Any] = {}
"""Stands for a binding that the function has used."""
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
_TYPES = {
    **dict.fromkeys(("FLOAT", "DOUBLE"), "REAL"),
    **dict.fromkeys(("VARCHAR", "UUID", "ENUM"), "TEXT"),
    "BOOLEAN": "BOOLEAN",
    "BLOB": "BINARY",
    "DATE": "DATE",
    "JSON": "VARIANT",
    "TIME": "TIME",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP_LTZ",
}
# What a column of a CSV file may be, the narrowest first: the type, and what all its texts must be.
_GUESSES = (
    ("BOOLEAN", r"lower({0}) IN ('true', 'false')"),
    (
        "NUMBER",
        r"regexp_full_match({0}, '[+-]?[0-9]{{1,38}}') AND TRY_CAST({0} AS DECIMAL(38, 0)) IS NOT NULL",
    ),
    ("DECIMAL", r"regexp_full_match({0}, '[+-]?[0-9]{{1,28}}\.[0-9]{{1,9}}')"),
    ("REAL", r"TRY_CAST({0} AS DOUBLE) IS NOT NULL"),
    (
        "DATE",
        r"regexp_full_match({0}, '[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}') "
        r"AND TRY_CAST({0} AS DATE) IS NOT NULL",
    ),
    (
        "TIME",
        r"regexp_full_match({0}, '[0-9]{{1,2}}:[0-9]{{2}}(:[0-9.]+)?') AND TRY_CAST({0} AS TIME) IS NOT NULL",
    ),
    ("TIMESTAMP_NTZ", r"TRY_CAST({0} AS TIMESTAMP) IS NOT NULL"),
)
_ARGUMENTS = {
    *("LOCATION", "FILE_FORMAT", "FILES", "IGNORE_CASE", "MAX_FILE_COUNT", "MAX_RECORDS_PER_FILE", "KIND"),
}
_COLUMNS = ("COLUMN_NAME", "TYPE", "NULLABLE", "EXPRESSION", "FILENAMES", "ORDER_ID")


def is_call(node: exp.TableFromRows) -> bool:
    """Whether this is `TABLE(INFER_SCHEMA(…))`."""
    return isinstance(node.this, exp.Anonymous) and node.this.name.upper() == "INFER_SCHEMA"


def query(
    context: Context,
    staging: Staging,
    node: exp.TableFromRows,
    placeholders: list[exp.Placeholder],
    bindings: list[dict[str, Any]],
) -> exp.Expr:
    """A query that gives the rows of the function.

    Args:
        placeholders: every `?` of the statement.
        bindings: their values; those that the function uses become `USED`.
    """
    given = _arguments(node, placeholders, bindings)
    if "LOCATION" not in given or "FILE_FORMAT" not in given:
        raise errors.missing_option("LOCATION, FILE_FORMAT")
    files_given = given.get("FILES")
    names = [files_given] if isinstance(files_given, str) else files_given
    _, files = find(context, str(given["LOCATION"]), names)
    item = format_options.named(context, Statement(str(given["FILE_FORMAT"])).parts())
    options = format_options.complete(item.properties)
    require_format(options)
    if not files:
        raise SnowflakeError("091016", "22000", f"Remote file '{given['LOCATION']}' was not found.")
    columns: dict[str, tuple[str, list[str]]] = {}
    for file in files[: int(str(given.get("MAX_FILE_COUNT", len(files))))]:
        for name, kind in _columns(staging, staging.read(file, options), options):
            shown = name.upper() if str(given.get("IGNORE_CASE", "")).upper() == "TRUE" else name
            before, holders = columns.setdefault(shown, (kind, []))
            both = {before, kind} - {""}
            columns[shown] = ("TEXT" if len(both) > 1 else "".join(both), [*holders, file.name])
    rows = [
        exp.Tuple(
            expressions=[
                exp.Literal.string(name),
                exp.Literal.string(kind or "TEXT"),
                exp.true(),
                exp.Literal.string(_expression(name, index, kind or "TEXT", options)),
                exp.Literal.string(",".join(holders)),
                exp.Literal.number(index),
            ]
        )
        for index, (name, (kind, holders)) in enumerate(columns.items())
    ]
    if not rows:
        none = [exp.alias_(exp.null(), name) for name in _COLUMNS]
        return exp.select(*none).where(exp.false())
    values = exp.Values(expressions=rows)
    labels = [exp.to_identifier(name) for name in _COLUMNS]
    values.set("alias", exp.TableAlias(this=exp.to_identifier("_SCHEMA"), columns=labels))
    return exp.select(*_COLUMNS).from_(values)


def _expression(name: str, index: int, kind: str, options: dict[str, Any]) -> str:
    field = f"${index + 1}" if options["TYPE"] == "CSV" else f"$1:{name}"
    return f"{field}::{kind}"


def _arguments(
    node: exp.TableFromRows, placeholders: list[exp.Placeholder], bindings: list[dict[str, Any]]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for argument in node.this.expressions:
        name = argument.this.name.upper() if isinstance(argument, exp.Kwarg) else ""
        if name not in _ARGUMENTS:
            raise errors.unsupported(f"INFER_SCHEMA {argument.sql('snowflake')[:100]}")
        value = argument.expression
        if isinstance(value, exp.Placeholder):
            index = next(number for number, one in enumerate(placeholders) if one is value)
            found[name] = bindings[index].get("value") if index < len(bindings) else ""
            if index < len(bindings):
                bindings[index] = USED
        elif isinstance(value, (exp.Tuple, exp.Paren)):
            found[name] = [entry.name for entry in value.find_all(exp.Literal)]
        else:
            found[name] = value.name if isinstance(value, exp.Literal) else value.sql("snowflake")
    return found


def _columns(staging: Staging, rows: Rows, options: dict[str, Any]) -> list[tuple[str, str]]:
    """Name and type of each column of a file; the type is '' when all its values are NULL."""
    if options["TYPE"] == "PARQUET":
        filled = staging.filled(rows)
        return [(name, parquet_type(kind) if name in filled else "") for name, kind in staging.types(rows)]
    if options["TYPE"] == "JSON":
        return staging.members(rows)
    names = rows.header or [f"c{index + 1}" for index in range(len(rows.columns))]
    return [(name, _guess(staging, rows, column)) for name, column in zip(names, rows.columns, strict=False)]


def parquet_type(kind: str) -> str:
    """Snowflake's type for a column type of the data engine."""
    if decimal := _DECIMAL.fullmatch(kind):
        return f"NUMBER({decimal[1]}, {decimal[2]})"
    if kind.endswith("[]"):
        return "ARRAY"
    if kind.startswith(("STRUCT", "MAP")):
        return "OBJECT"
    if kind.startswith("TIMESTAMP") and kind not in _TYPES:
        return "TIMESTAMP_NTZ"
    return _TYPES.get(kind, "NUMBER(38, 0)" if kind.endswith(("INT", "INTEGER")) else "TEXT")


def _guess(staging: Staging, rows: Rows, column: str) -> str:
    field = encoded(column)
    tests = ", ".join(f"bool_and({test.format(field)})" for _, test in _GUESSES)
    text = f"max(length(regexp_replace({field}, '[^0-9]', '', 'g')))"
    places = f"max(length(split_part({field}, '.', 2)))"
    try:
        found = staging.ask(f"SELECT {tests}, {text}, {places} FROM temp.main.{rows.view}")  # noqa: S608
    except duckdb.Error:
        return "TEXT"
    kind = next((name for (name, _), fits in zip(_GUESSES, found, strict=False) if fits), "TEXT")
    if kind == "NUMBER":
        return f"NUMBER({found[-2]}, 0)"
    if kind == "DECIMAL":
        return f"NUMBER({min(found[-2] + found[-1], 38)}, {found[-1]})"
    return kind
