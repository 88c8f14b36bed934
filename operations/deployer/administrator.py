"""The connection of an administrator, for the few commands that need one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from components.account.account import AccountError, Query
from operations.target import Target

ROLE = "ACCOUNTADMIN"


@contextmanager
def queries(target: Target, connection: str | None, role: str | None = ROLE) -> Iterator[Query]:
    """A short connection as a function from statement to rows.

    Args:
        target: the stack; its own sign-in is used when no connection is named.
        connection: name of a connection in the connector's configuration files.
        role: the acting role; None keeps the connection's own. Default ACCOUNTADMIN.

    Raises:
        AccountError: the account refuses the connection or a statement; the message is its own.
    """
    import snowflake.connector  # late, because its import takes most of a second

    settings: dict[str, Any] = {"connection_name": connection, **({"role": role} if role else {})}
    try:
        with (
            snowflake.connector.connect(**settings)
            if connection
            else target.account.connect(role) as session,
            session.cursor(snowflake.connector.DictCursor) as cursor,
        ):

            def query(statement: str) -> list[dict[str, Any]]:
                cursor.execute(statement)
                return cast(list[dict[str, Any]], cursor.fetchall())

            yield query
    except snowflake.connector.Error as error:
        raise AccountError(f"The account refuses: {error.msg}") from error
