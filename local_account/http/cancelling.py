"""Statements that cancel other statements, which only the one that runs them all can do.

See https://docs.snowflake.com/en/sql-reference/functions/system_cancel_query and …/system_cancel_all_queries
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from local_account.base.errors import SnowflakeError
from local_account.base.result import Result, single
from local_account.identity.session import Session

if TYPE_CHECKING:
    from local_account.http.statements import Statements

_CANCEL = re.compile(
    r"\s*(?:select|call)\s+system\$(?:cancel_query\s*\(\s*'([^']*)'|cancel_all_queries\s*\(\s*'?(\d+)'?)\s*\)\s*;?\s*",
    re.IGNORECASE,
)


def cancelled(statements: Statements, session: Session, text: str) -> Result | None:
    """Cancel what a statement says, one query or all of a session; None when it says no such thing.

    Sessions and queries of other users look as if they were absent.
    """
    found = _CANCEL.fullmatch(text)
    if not found:
        return None
    if found[1] is None:
        statements.cancel_session(session, int(found[2]))
        return single("SYSTEM$CANCEL_ALL_QUERIES", "queries cancelled.")
    try:
        query = statements.find(found[1], session)
    except SnowflakeError:
        return single("SYSTEM$CANCEL_QUERY", "Identified SQL statement is not currently executing.")
    running = not query.task.done()
    statements.cancel(query)
    told = (
        f"query [{query.id}] terminated."
        if running
        else "Identified SQL statement is not currently executing."
    )
    return single("SYSTEM$CANCEL_QUERY", told)
