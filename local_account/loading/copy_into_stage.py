"""COPY INTO <stage>: unloads rows to files. See https://docs.snowflake.com/en/sql-reference/sql/copy-into-location"""

from __future__ import annotations

from local_account.base import errors
from local_account.base.result import Result
from local_account.base.sql import Statement
from local_account.statement.context import Context


def run(context: Context, statement: Statement) -> Result:
    raise errors.unsupported("COPY INTO a stage")
