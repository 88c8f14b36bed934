"""SYSTEM$WAIT. See https://docs.snowflake.com/en/sql-reference/functions/system_wait"""

from __future__ import annotations

import time
from typing import Any

from local_account.base import errors
from local_account.spcs.statements.jobs import refuse_when_over
from local_account.statement.context import Context

_UNITS = {"DAYS": 86400.0, "HOURS": 3600.0, "MINUTES": 60.0, "SECONDS": 1.0, "MILLISECONDS": 0.001}


def wait(context: Context, arguments: list[Any]) -> str:
    """SYSTEM$WAIT(<amount>[, '<unit>']): waits, and ends early when the statement is cancelled."""
    if not 1 <= len(arguments) <= 2 or not isinstance(arguments[0], int):
        raise errors.compilation_error(
            "000938", "22023", "not enough arguments or wrong ones for function [SYSTEM$WAIT]"
        )
    unit = str(arguments[1]).upper() if len(arguments) > 1 else "SECONDS"
    if unit not in _UNITS:
        raise errors.invalid_value(unit, "unit", ", ".join(_UNITS))
    end = time.monotonic() + arguments[0] * _UNITS[unit]
    while (left := end - time.monotonic()) > 0:
        refuse_when_over(context)
        context.cancelled.wait(min(0.5, left))
    refuse_when_over(context)
    return f"waited {arguments[0]} {unit.lower()}"


FUNCTIONS = {"SYSTEM$WAIT": wait}
