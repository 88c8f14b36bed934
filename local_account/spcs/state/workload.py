"""Workload types of services: the filter OF TYPE, and which types an account permits.

See https://docs.snowflake.com/en/sql-reference/parameters#allowed-spcs-workload-types
"""

from __future__ import annotations

from local_account.base import errors
from local_account.base.sql import Statement
from local_account.catalog.catalog import Catalog
from local_account.identity import parameters

USER = "USER"
# Only USER, services and jobs of users, exists in this account.
TYPES = (USER, "NOTEBOOK", "STREAMLIT", "MODEL_SERVING", "ML_JOB")


def allowed(catalog: Catalog) -> bool:
    """Whether services and jobs of users may be created and resumed; DISALLOWED_… wins over ALLOWED_…."""
    values = parameters.values_of_account(catalog)
    permitted, forbidden = (
        values.get(f"{name}_SPCS_WORKLOAD_TYPES")[0].split(",") for name in ("ALLOWED", "DISALLOWED")
    )
    return not {USER, "ALL"} & {*forbidden} and bool({USER, "ALL"} & {*permitted})


def require_allowed(catalog: Catalog) -> None:
    """Refuse a new or resumed service when the account does not permit services of users.

    Raises:
        SnowflakeError: 395035.
    """
    if not allowed(catalog):
        raise errors.SnowflakeError(
            "395035",
            "22023",
            f"Workload type {USER} is not allowed in this account. "
            "See the account parameters ALLOWED_SPCS_WORKLOAD_TYPES and DISALLOWED_SPCS_WORKLOAD_TYPES.",
        )


def workload_filter(statement: Statement) -> bool:
    """Whether `[OF TYPE <type> [, …]]` includes services of users.

    Raises:
        SnowflakeError: 001008 for an unknown type.
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
