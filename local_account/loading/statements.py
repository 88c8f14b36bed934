"""COPY INTO, and bindings on a stage. What runs them is loaded at the first use."""

from __future__ import annotations

from typing import Any

from local_account.base.result import Result
from local_account.base.sql import Statement
from local_account.loading import copy_statement
from local_account.statement.context import Context


def copy_into(context: Context, statement: Statement) -> Result:
    """COPY INTO {<table> FROM <stage> | <stage> FROM <table>} …

    Raises:
        SnowflakeError: it is not permitted, or the files do not fit.
    """
    # Arrow alone takes a second and much of the memory; many accounts never need it.
    if copy_statement.at_location(statement):
        from local_account.loading import copy_into_stage

        return copy_into_stage.run(context, statement)
    from local_account.loading import copy_into_table

    return copy_into_table.run(context, statement)


def bindings(context: Context, location: str) -> list[dict[str, Any]]:
    """The bindings of a statement that a client has put on a stage; see `staged_bindings`."""
    from local_account.loading import staged_bindings

    return staged_bindings.read(context, location)


STATEMENTS = {("COPY", "INTO"): copy_into}
BINDINGS = {"STAGE": bindings}
