"""Rows that the account itself has, as a query that the data engine runs."""

from __future__ import annotations

import json
from typing import Any

Columns = tuple[tuple[str, str, int], ...]
"""Name, type in SQL, and place of the value in a row."""
_VARIANTS = ("ARRAY", "OBJECT", "VARIANT")


def times(line: str) -> tuple[str, str]:
    """Time at the beginning of a line, to the microsecond, without and with its time zone."""
    moment = line.partition(" ")[0].removesuffix("Z").removesuffix("+00:00")[:26]
    return moment, f"{moment}+00:00"


def as_query(rows: list[list[Any]], shape: Columns, where: str = "") -> str:
    """The rows as a query in Snowflake's SQL, in parentheses.

    Args:
        where: a clause WHERE, in which VALUE stands for a row.
    """
    filled = {place for row in rows for place, value in enumerate(row) if value is not None}
    cells = ", ".join(f'{_cell(kind, place, place in filled)} AS "{name}"' for name, kind, place in shape)
    literal = json.dumps(rows).replace("\\", "\\\\").replace("'", "''")
    return f"(SELECT {cells} FROM TABLE(FLATTEN(PARSE_JSON('{literal}'))){where})"  # noqa: S608


def _cell(kind: str, place: int, filled: bool) -> str:
    """One column; JSON's null, which a VARIANT could hold, becomes NULL."""
    value = f"VALUE[{place}]"
    if not filled:
        return f"NULL::{kind}"
    if kind in _VARIANTS:
        return f"IFF({value}::STRING IS NULL, NULL, {value}::{kind})"
    return f"{value}::STRING::{kind}" if kind == "TIMESTAMP_NTZ" else f"{value}::{kind}"
