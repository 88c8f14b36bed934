"""Asking an account: the rows of a statement, and asking until the answer is there."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import snowflake.connector
from snowflake.connector import SnowflakeConnection


def run(connection: SnowflakeConnection, statement: str) -> list[dict[str, Any]]:
    """Rows of one statement, by column name."""
    cursor = connection.cursor(snowflake.connector.DictCursor)
    return [dict(row) for row in cursor.execute(statement).fetchall()]


def wait_until(condition: Callable[[], Any], timeout: float = 30.0, what: str = "") -> Any:
    """Poll until the condition gives something true, and return that."""
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {timeout} s: {what or condition}"
        time.sleep(0.05)
    return found
