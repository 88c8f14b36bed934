"""The options of COPY INTO <table>, in the statement and as COPY_OPTIONS of a stage.

See https://docs.snowflake.com/en/sql-reference/sql/copy-into-table
"""

from __future__ import annotations

import re
from typing import Any

from local_account.base import errors
from local_account.base.sql import Statement
from local_account.stages.format_options import Option, bound
from local_account.statement.options import boolean, one_of, option_name

_SKIP_FILE = re.compile(r"SKIP_FILE(?:_(\d{1,9})(%?))?")


def _on_error(statement: Statement) -> str:
    value = bound(statement).upper()
    # `SKIP_FILE_5%` without quotes is two tokens.
    value += "%" if _SKIP_FILE.fullmatch(value) and statement.accept("%") else ""
    if value not in ("CONTINUE", "ABORT_STATEMENT") and not _SKIP_FILE.fullmatch(value):
        allowed = "CONTINUE, SKIP_FILE, SKIP_FILE_<num>, 'SKIP_FILE_<num>%', ABORT_STATEMENT"
        raise errors.invalid_value(value, "ON_ERROR", allowed)
    return value


def _size(statement: Statement) -> int:
    value = statement.integer()
    if value <= 0:
        raise errors.invalid_value(value, "SIZE_LIMIT", "more than 0")
    return value


STAGE_COPY_OPTIONS: dict[str, Option] = {
    "ON_ERROR": Option(_on_error, "String", "ABORT_STATEMENT"),
    "SIZE_LIMIT": Option(_size, "Long", None),
    "PURGE": Option(boolean, "Boolean", False),
    "RETURN_FAILED_ONLY": Option(boolean, "Boolean", False),
    "ENFORCE_LENGTH": Option(boolean, "Boolean", True),
    "TRUNCATECOLUMNS": Option(boolean, "Boolean", False),
    "FORCE": Option(boolean, "Boolean", False),
    "LOAD_UNCERTAIN_FILES": Option(boolean, "Boolean", False),
    "MATCH_BY_COLUMN_NAME": Option(one_of("CASE_SENSITIVE", "CASE_INSENSITIVE", "NONE"), "String", "NONE"),
}


def skip_limit(on_error: str, rows: int) -> float:
    """From how many errors on a file is skipped under `ON_ERROR = SKIP_FILE…`."""
    found = _SKIP_FILE.fullmatch(on_error)
    assert found
    if not found[1]:
        return 1
    return int(found[1]) * rows / 100 if found[2] else int(found[1])


def read_copy_options(statement: Statement) -> dict[str, Any]:
    """Read `( ON_ERROR = … PURGE = … )` of a stage."""
    found: dict[str, Any] = {}
    readers = {name: option.reader for name, option in STAGE_COPY_OPTIONS.items()}
    statement.expect("(")
    while not statement.accept(")"):
        if statement.accept(","):
            continue
        name = option_name(statement, readers)
        statement.expect("=")
        found[name] = readers[name](statement)
    return found
