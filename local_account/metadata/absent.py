"""SHOW of types that the account does not have, which drivers and tools ask for: the lists are empty.

See https://docs.snowflake.com/en/sql-reference/sql/show-procedures,
https://docs.snowflake.com/en/sql-reference/sql/show-sequences and
https://docs.snowflake.com/en/sql-reference/sql/show-streams
"""

from __future__ import annotations

from collections.abc import Callable

from local_account.base.result import Result, columns
from local_account.base.sql import Statement
from local_account.catalog.catalog import Object
from local_account.statement.context import Context
from local_account.statement.showing import Shown


class _Absent(Shown):
    """A type without objects."""

    def objects(
        self, context: Context, database: str | None = None, schema: str | None = None
    ) -> list[Object]:
        return []


class _Procedures(_Absent):
    kind, plural = "PROCEDURE", "PROCEDURES"
    show_columns = columns(
        "created_on:timestamp_ltz name schema_name is_builtin is_aggregate is_ansi min_num_arguments:fixed "
        "max_num_arguments:fixed arguments description catalog_name is_table_function valid_for_clustering "
        "is_secure secrets external_access_integrations"
    )


class _Sequences(_Absent):
    kind, plural = "SEQUENCE", "SEQUENCES"
    show_columns = columns(
        "name database_name schema_name next_value:fixed interval:fixed created_on:timestamp_ltz owner "
        "comment owner_role_type ordered"
    )


class _Streams(_Absent):
    kind, plural = "STREAM", "STREAMS"
    show_columns = columns(
        "created_on:timestamp_ltz name database_name schema_name owner comment table_name source_type "
        "base_tables type stale mode stale_after:timestamp_ltz invalid_reason owner_role_type"
    )


def _show(kind: Shown, terse: bool) -> Callable[[Context, Statement], Result]:
    return lambda context, statement: kind.show(context, statement, terse)


_KINDS = (_Procedures(), _Sequences(), _Streams())
STATEMENTS = {
    **{("SHOW", kind.plural): _show(kind, terse=False) for kind in _KINDS},
    **{("SHOW", "TERSE", kind.plural): _show(kind, terse=True) for kind in _KINDS},
}
