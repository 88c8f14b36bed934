"""Earlier statements of a session, and their results: LAST_QUERY_ID, and what RESULT_SCAN reads.

See https://docs.snowflake.com/en/sql-reference/functions/last_query_id
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from local_account.base import errors
from local_account.base.result import Result
from local_account.identity.session import Session
from local_account.statement.context import Context


class QueryHistory(ABC):
    """The statements that clients have run, as long as the account remembers them."""

    @abstractmethod
    def result(self, query_id: str, session: Session) -> Result:
        """Result of a statement that the session's user has run in the last 24 hours.

        Raises:
            SnowflakeError: 000709 when there is none: it failed, it still runs, or it is another user's.
        """

    @abstractmethod
    def last_id(self, query_id: str, number: int) -> str | None:
        """Id of another statement in the same session; None when there is none, or it is forgotten.

        Args:
            query_id: the statement that asks.
            number: 1 for the first statement of the session, -1 for the one before the statement that asks.
        """


def _last_query_id(context: Context, arguments: list[Any]) -> str | None:
    """LAST_QUERY_ID([<number>]); -1, the statement before this one, is the default."""
    if len(arguments) > 1 or not all(isinstance(given, int) for given in arguments):
        raise errors.compilation_error("000938", "22023", "LAST_QUERY_ID expects one number, or nothing.")
    return context.account.part(QueryHistory).last_id(context.query_id, *(arguments or [-1]))


FUNCTIONS = {"LAST_QUERY_ID": _last_query_id}
