"""Workload types of services: the filter OF TYPE."""

from __future__ import annotations

from local.account import errors
from local.account.sql import Statement

USER = "USER"
# Of these, only services and jobs of users run here.
TYPES = (USER, "NOTEBOOK", "STREAMLIT", "MODEL_SERVING", "ML_JOB")


def workload_filter(statement: Statement) -> bool:
    """`[OF TYPE <type> [, …]]`: whether it lets services of users through.

    Raises:
        SnowflakeError: 001008 an unknown type.
    """
    if not statement.accept("OF", "TYPE"):
        return True
    found = [_type(statement)]
    while statement.accept(","):
        found.append(_type(statement))
    return USER in found


def _type(statement: Statement) -> str:
    name = statement.text_or_word().upper()
    if name not in TYPES:
        raise errors.invalid_value(name, "OF TYPE", ", ".join(TYPES))
    return name
