"""Running statements for clients: threads, identical retries, long statements, results by query id."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
import uuid
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from local.account import engine
from local.account.account import Account
from local.account.context import Context
from local.account.errors import SnowflakeError
from local.account.parameters import values_in_session, values_of
from local.account.result import Result, now
from local.account.session import Session
from local.account.sql import Name

MAX_PARALLEL = 256
REMEMBERED = 2000
REMEMBERED_CELLS = 2_000_000
_RESULT_SCAN = re.compile(
    r"\s*select\s+\*\s+from\s+table\s*\(\s*result_scan\s*\(\s*'([0-9a-f-]{36})'\s*\)\s*\)\s*;?\s*",
    re.IGNORECASE,
)
# What a limit of 0 means: seven days.
_MOST_SECONDS = 7 * 24 * 3600
_log = logging.getLogger(__name__)


@dataclass
class Query:
    """One statement under way or done.

    Attributes:
        id: query id, as clients see it.
        task: gives the result, or raises SnowflakeError.
    """

    id: str
    text: str
    session: Session
    request: str = ""
    started: float = field(default_factory=now)
    task: asyncio.Task[Result] = field(init=False)
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def cells(self) -> int:
        """Size of the result, once there is one."""
        if not self.task.done() or self.task.cancelled() or self.task.exception():
            return 0
        result = self.task.result()
        rows = int(result.extra.get("returned", len(result.rows)))
        return rows * len(result.columns)


class Statements:
    """Runs each statement once: a request that is sent again gets the first one's answer.

    Attributes:
        count: statements that were run since the server's start.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._pool = ThreadPoolExecutor(MAX_PARALLEL, thread_name_prefix="statement")
        self._by_request: dict[str, Query] = {}
        self._by_id: OrderedDict[str, Query] = OrderedDict()
        self._cells = 0
        self.count = 0

    def submit(
        self,
        session: Session,
        request: str,
        text: str,
        bindings: list[Any] | None = None,
        origin: str = "",
        describe_only: bool = False,
    ) -> Query:
        """Start a statement, or find the one that this request id started before."""
        known = self._by_request.get(request)
        if known and known.text == text and known.session is session:
            return known
        self.count += 1
        query = Query(str(uuid.uuid4()), text, session, request)
        context = Context(self._account, session, origin, describe_only, query.cancelled)
        query.task = asyncio.get_running_loop().create_task(self._run(context, query, bindings))
        self._by_request[request] = self._by_id[query.id] = query
        query.task.add_done_callback(lambda _: self._forget_oldest(query))
        return query

    def _forget_oldest(self, newest: Query) -> None:
        """Keep the newest results, bounded by their number and by their cells."""
        self._cells += newest.cells
        for _ in range(len(self._by_id)):
            if len(self._by_id) <= REMEMBERED and self._cells <= REMEMBERED_CELLS:
                return
            oldest = next(iter(self._by_id.values()))
            if oldest is newest or not oldest.task.done():
                self._by_id.move_to_end(oldest.id)
                continue
            self._cells -= oldest.cells
            del self._by_id[oldest.id]
            if self._by_request.get(oldest.request) is oldest:
                del self._by_request[oldest.request]

    def find(self, query_id: str) -> Query:
        """A query by its id.

        Raises:
            SnowflakeError: 000707 when it is unknown.
        """
        try:
            return self._by_id[query_id]
        except KeyError:
            raise SnowflakeError("000707", "02000", f"Query {query_id} not found.") from None

    async def _earlier(self, query_id: str, session: Session) -> Result:
        """Result of an earlier query of the same user."""
        query = self._by_id.get(query_id)
        if query is None or query.session.user != session.user:
            raise SnowflakeError("000709", "02000", f"Statement {query_id} not found")
        return replace(await asyncio.shield(query.task), statement_type=4096)

    def cancel(self, request: str) -> None:
        """Stop waiting for a statement; the client gets 000604."""
        query = self._by_request.get(request)
        if query and not query.task.done():
            query.cancelled.set()
            self._account.data.interrupt(query.cancelled)
            query.task.cancel()

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, context: Context, query: Query, bindings: list[Any] | None) -> Result:
        if earlier := _RESULT_SCAN.fullmatch(query.text):
            return await self._earlier(earlier[1], query.session)
        loop = asyncio.get_running_loop()
        limit = _time_limit(context)
        try:
            work = loop.run_in_executor(self._pool, engine.execute, context, query.text, bindings)
            return await asyncio.wait_for(work, limit)
        except TimeoutError:
            query.cancelled.set()
            self._account.data.interrupt(query.cancelled)
            message = (
                f"Statement reached its statement or warehouse timeout of {limit} second(s) and was canceled."
            )
            raise SnowflakeError("000630", "57014", message) from None
        except asyncio.CancelledError:
            raise SnowflakeError("000604", "57014", "SQL execution canceled") from None
        except SnowflakeError:
            raise
        except Exception:
            _log.exception("statement failed inside the account: query %s", query.id)
            message = f"SQL execution internal error: query {query.id}; see the account's log."
            raise SnowflakeError("000603", "XX000", message) from None


def _time_limit(context: Context) -> int:
    """Seconds that a statement may run: the session's limit or its warehouse's, whichever is less."""
    name = "STATEMENT_TIMEOUT_IN_SECONDS"
    limits = [int(values_in_session(context.catalog, context.session).get(name)[0])]
    warehouse = context.catalog.find("WAREHOUSE", Name("", "", context.session.warehouse))
    if warehouse:
        limits.append(int(values_of(context.catalog, warehouse).get(name)[0]))
    return min(limit or _MOST_SECONDS for limit in limits)
