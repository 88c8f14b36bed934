"""What data statements read from outside of tables; see `queries`, which is loaded at the first use."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from local_account.base.sql import Name, Statement
from local_account.statement.context import Context

if TYPE_CHECKING:
    from local_account.tables.engine.data_session import DataSession

_OUTSIDE = re.compile(r"@|infer_schema", re.IGNORECASE)


@contextlib.contextmanager
def staged(
    context: Context, session: DataSession, statement: Statement
) -> Iterator[tuple[Statement, frozenset[Name]]]:
    """Make views of the staged files that a statement reads.

    Gives:
        The statement with these views, and their names; the same statement when it reads no staged files.

    Raises:
        SnowflakeError: the stage or a file is absent or cannot be read, or the session may not read it.
    """
    if not _OUTSIDE.search(statement.text):
        yield statement, frozenset()
        return
    # Arrow alone takes a second and much of the memory; many accounts never need it.
    from local_account.loading import queries

    with queries.staged(context, session, statement) as found:
        yield found
