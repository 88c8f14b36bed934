"""Data SQL: tables and queries, run by fakesnow on DuckDB, loaded at the first use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from local.account import errors
from local.account.context import Context
from local.account.result import Result
from local.account.session import Session


class DataEngine:
    """Runs data SQL; databases are DuckDB files in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def execute(self, context: Context, text: str, bindings: list[Any] | None = None) -> Result:
        """Run a query or a change of tables.

        Raises:
            SnowflakeError: as the data engine refuses it.
        """
        raise errors.unsupported("data SQL")

    def interrupt(self, session: Session) -> None:
        """End the statement that a session has under way in the data engine, if any."""

    def close(self) -> None:
        """Close the databases' files."""
