"""Bindings of a statement that a client has put on a stage, because they are too many for a request.

Snowflake's drivers do this from CLIENT_STAGE_ARRAY_BINDING_THRESHOLD values on. See
https://docs.snowflake.com/en/sql-reference/parameters#client-stage-array-binding-threshold
"""

from __future__ import annotations

from typing import Any

from local_account.base.errors import SnowflakeError
from local_account.loading import compression, csv_rows
from local_account.loading.csv_rows import BadRecord, CsvReader, Enclosed
from local_account.loading.staged_files import StagedFile, find
from local_account.stages import format_options
from local_account.statement.context import Context


def read(context: Context, location: str) -> list[dict[str, Any]]:
    """The values of each `?`, as texts, in the order in which the client has written them.

    Args:
        location: where the client's files are: `1`, `2`, …, each with one line for each row of bindings.

    Raises:
        SnowflakeError: 002003 when the stage does not exist, 100080 when the lines have different numbers of
            values.
    """
    stage, files = find(context, location)
    options = format_options.resolve(context, {}, stage)
    rows = [row for file in sorted(files, key=_number) for row in _rows(file, options)]
    if len({len(row) for row in rows}) > 1:
        raise _damaged(location)
    return [{"type": "TEXT", "value": list(values)} for values in zip(*rows, strict=True)]


def _number(file: StagedFile) -> tuple[int, str]:
    digits = file.name.rpartition("/")[2].partition(".")[0]
    return (int(digits) if digits.isdecimal() else 0, file.name)


def _rows(file: StagedFile, options: dict[str, Any]) -> list[list[str | None]]:
    found = []
    with file.opened() as source:
        pieces = compression.plain(source, options["COMPRESSION"], file.name)
        for _, record in CsvReader(options).records(csv_rows.decoded(pieces, options, file.name)):
            if isinstance(record, BadRecord):
                raise _damaged(file.name)
            found.append([_value(field) for field in record])
    return found


def _value(field: str) -> str | None:
    """NULL is written as an empty field, the empty text as an enclosed one."""
    return None if not field and not isinstance(field, Enclosed) else str(field)


def _damaged(place: str) -> SnowflakeError:
    return SnowflakeError("100080", "22000", f"The bindings in {place} cannot be read as rows of values.")
