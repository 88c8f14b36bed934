"""Result sets in the JSON form that all official drivers read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple


class Column(NamedTuple):
    """One result column.

    Attributes:
        name: the name that clients see; lower case for SHOW and DESCRIBE.
        type: wire type: text, fixed, real, boolean, timestamp_ltz, date, variant, array, object …
        scale: digits after the decimal point, of fixed and timestamp columns.
        precision: all digits of a fixed column.
    """

    name: str
    type: str = "text"
    scale: int = 0
    precision: int = 38


@dataclass
class Result:
    """Rows for a client. A cell is text in the form of the wire, or None for NULL."""

    columns: Sequence[Column]
    rows: list[list[str | None]] = field(default_factory=list)
    statement_type: int = 24576
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(self.rows)


def columns(text: str) -> list[Column]:
    """Columns from a compact text: `name created_on:timestamp_ltz min_nodes:fixed`; text is the default."""
    shape = []
    for item in text.split():
        name, _, kind = item.partition(":")
        kind = kind or "text"
        shape.append(Column(name, kind, scale=3 if kind.startswith("timestamp") else 0))
    return shape


def table(shape: Sequence[Column], rows: Iterable[dict[str, Any]]) -> Result:
    """A result from dictionaries keyed by column name; absent keys are NULL."""
    encoded = [[encode(row.get(column.name), column) for column in shape] for row in rows]
    return Result(shape, encoded)


def status(message: str) -> Result:
    """The one-row answer of DDL statements."""
    return Result([Column("status")], [[message]])


def single(name: str, value: Any, kind: str = "text") -> Result:
    """One row with one value, which is the result of a scalar SELECT or CALL."""
    column = Column(name, kind)
    return Result([column], [[encode(value, column)]], statement_type=4096)


def encode(value: Any, column: Column) -> str | None:
    """One cell as wire text, in the encoding that all official drivers read; None for NULL."""
    if value is None:
        return None
    if column.type.startswith("timestamp"):
        moment = value.timestamp() if isinstance(value, datetime) else float(value)
        return f"{moment:.{column.scale}f}"
    if column.type == "boolean":
        return "1" if value else "0"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def now() -> float:
    """Seconds since the epoch, in UTC."""
    return datetime.now(UTC).timestamp()
