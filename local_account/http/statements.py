"""Running statements for clients: threads, repeated requests, long statements, results by query id."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import uuid
from collections import OrderedDict
from collections.abc import Callable, Container, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from sqlglot.tokens import TokenType

from local_account.base import errors
from local_account.base.errors import SnowflakeError
from local_account.base.result import Result, now, single
from local_account.base.sql import Name, Statement
from local_account.identity.account import Account
from local_account.identity.authenticator import MAX_SESSIONS
from local_account.identity.parameters import Values, values_in_session, values_of
from local_account.identity.session import Session
from local_account.statement import several
from local_account.statement.cancellation import Cancellation
from local_account.statement.context import Context
from local_account.statement.dispatch import Dispatch
from local_account.statement.history import QueryHistory

MAX_PARALLEL = 256
MAX_WAITING = 2000
_LOOKUPS = 8
MAX_TEXT = 1024 * 1024
REMEMBERED = 2000
REMEMBERED_CELLS = 2_000_000
# A longer text is cut into tokens in a thread, so that other requests are answered meanwhile.
_SHORT_TEXT = 4096
# A limit of 0 means seven days.
_MOST_SECONDS = 7 * 24 * 3600
# https://docs.snowflake.com/en/sql-reference/functions/result_scan
_REMEMBERED_FOR = 24 * 3600
_log = logging.getLogger(__name__)
T = TypeVar("T")


class BusyError(Exception):
    """Too many statements wait, so this one was not accepted. The client may send it again later."""


@dataclass(frozen=True)
class Request:
    """A client's request to run one or more statements.

    Attributes:
        id: id that the client gave, the same when it repeats the request; '' when there is no id.
        text: the SQL text.
        origin: the account's base URL that this client uses.
        address: IP address of the client.
        describe_only: the client wants only the result's columns; nothing may be run.
        count: how many statements the text must have; 0 for any number, None for the session's parameter.
        bind_stage: where the bindings are, if the client has put them on a stage; '' otherwise.
        after: called in the worker's thread when the statement has ended, with a result or an error.
    """

    id: str
    text: str
    bindings: list[dict[str, Any]] | None = None
    origin: str = ""
    address: str = ""
    describe_only: bool = False
    count: int | None = None
    bind_stage: str = ""
    after: Callable[[], None] = lambda: None


@dataclass
class Query:
    """One statement that runs or has ended.

    Attributes:
        id: the query id that clients see.
        number: its place among the statements of its session; 0 for a request of several statements.
        ended: when it ended, in seconds since the epoch; 0 while it runs.
        task: returns the result, or raises SnowflakeError.
    """

    id: str
    text: str
    session: Session
    request: str = ""
    started: float = field(default_factory=now)
    ended: float = 0.0
    number: int = 0
    task: asyncio.Task[Result] = field(init=False)
    cancelled: Cancellation = field(default_factory=Cancellation)

    @property
    def cells(self) -> int:
        """Number of the result's cells; 0 while there is no result."""
        if not self.task.done() or self.task.cancelled() or self.task.exception():
            return 0
        result = self.task.result()
        return result.count * len(result.columns)


class Statements(QueryHistory):
    """Runs each statement once: a repeated request gets the answer of the first one.

    Attributes:
        count: number of statements that were run since the server started.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._dispatch = account.part(Dispatch)
        self._pool = ThreadPoolExecutor(MAX_PARALLEL, thread_name_prefix="statement")
        self._lookups = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="lookup")
        self._by_request: dict[tuple[int, str], Query] = {}
        self._by_id: OrderedDict[str, Query] = OrderedDict()
        self._numbers: OrderedDict[int, int] = OrderedDict()
        self._cells = 0
        self._open = 0
        self.count = 0
        account.add(self)

    def submit(self, session: Session, request: Request) -> Query:
        """Start a statement, or find the one that this request has started before.

        Raises:
            SnowflakeError: 000602 when the text is too long.
            BusyError: too many statements wait.
        """
        key = (session.id, request.id)
        known = self._by_request.get(key) if request.id else None
        if known and known.text == request.text:
            return known
        _require_size(request.text)
        if self._open >= MAX_PARALLEL + MAX_WAITING:
            raise BusyError
        return self._start(session, request, self._run)

    def _start(
        self, session: Session, request: Request, run: Callable[[Query, Request], Coroutine[Any, Any, Result]]
    ) -> Query:
        self.count += 1
        self._open += 1
        query = Query(str(uuid.uuid4()), request.text, session, request.id)
        query.task = asyncio.get_running_loop().create_task(run(query, request))
        self._by_request[(session.id, request.id)] = self._by_id[query.id] = query
        query.task.add_done_callback(lambda _: self._ended(query))
        return query

    def _ended(self, query: Query) -> None:
        self._open -= 1
        query.ended = now()
        self._forget_oldest(query)

    def _forget_oldest(self, newest: Query) -> None:
        """Drop the oldest results, so that neither their number nor their cells exceed a limit."""
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
            key = (oldest.session.id, oldest.request)
            if self._by_request.get(key) is oldest:
                del self._by_request[key]

    def find(self, query_id: str, session: Session) -> Query:
        """A query of the session's user by its id.

        Raises:
            SnowflakeError: 000707 when the id is unknown or the query is another user's.
        """
        query = self._by_id.get(query_id)
        if query is None or query.session.identity != session.identity:
            raise SnowflakeError("000707", "02000", f"Query {query_id} not found.")
        return query

    def of_session(self, session: Session) -> list[Query]:
        """The queries of a session whose results are still known, the newest first."""
        return [query for query in reversed(self._by_id.values()) if query.session.id == session.id]

    def result(self, query_id: str, session: Session) -> Result:
        query = self._by_id.get(query_id)
        known = query and query.session.identity == session.identity and query.ended > now() - _REMEMBERED_FOR
        if not query or not known or query.task.cancelled() or query.task.exception():
            raise SnowflakeError("000709", "02000", f"Statement {query_id} not found")
        return query.task.result()

    def last_id(self, query_id: str, number: int) -> str | None:
        current = self._by_id[query_id]
        wanted = number if number > 0 else current.number + number
        if not 0 < wanted < current.number:
            return None
        earlier = list(self._by_id.values())
        mine = (query for query in earlier if query.session.id == current.session.id)
        return next((query.id for query in mine if query.number == wanted), None)

    def _next_number(self, session: Session) -> int:
        number = self._numbers[session.id] = self._numbers.pop(session.id, 0) + 1
        if len(self._numbers) > MAX_SESSIONS:
            self._numbers.popitem(last=False)
        return number

    def cancel_request(self, session: Session, request: str) -> None:
        """Cancel the statement that a request of this session started, if it still runs."""
        query = self._by_request.get((session.id, request))
        if query:
            self.cancel(query)

    def cancel(self, query: Query) -> None:
        """Stop waiting for a statement; the client gets 000604."""
        if not query.task.done():
            query.cancelled.cancel()
            query.task.cancel()

    def cancel_session(self, session: Session, other: int) -> None:
        """Cancel all statements in a session of the same user, except the statement that asks for it."""
        for query in list(self._by_id.values()):
            mine = query.session.id == other and query.session.identity == session.identity
            if mine and query.task is not asyncio.current_task():
                self.cancel(query)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._lookups.shutdown(wait=False, cancel_futures=True)

    async def look_up(self, function: Callable[..., T], *arguments: Any) -> T:
        """The result of a function that reads the catalog or cuts a text, from a thread for such short work.

        asyncio's own threads are for work that may wait: a sign-in waits for a container, for example.
        """
        return await asyncio.get_running_loop().run_in_executor(self._lookups, function, *arguments)

    async def _run(self, query: Query, request: Request) -> Result:
        """Run a request, which may hold several statements."""
        statement = await self._read(request)
        if not several.possible(request.text):
            return await self._run_one(query, request, statement)
        parts = await self.look_up(self._divided, query, request, statement)
        if len(parts) == 1:
            return await self._run_one(query, request, statement)
        return several.answer([await self._run_part(query, request, part) for part in enumerate(parts)])

    async def _read(self, request: Request) -> Statement:
        """The statement of a request, cut into tokens unless it has file paths in it.

        Raises:
            SnowflakeError: 001003 for an unterminated string or comment.
        """
        statement = Statement(request.text, request.bindings)
        if len(request.text) > _SHORT_TEXT:
            await self.look_up(_cut, statement, self._dispatch.raw_verbs)
        else:
            _cut(statement, self._dispatch.raw_verbs)
        return statement

    def _divided(self, query: Query, request: Request, statement: Statement) -> list[Statement]:
        count = request.count
        if count is None:
            count = _count(values_in_session(self._account.catalog, query.session))
        return several.statements(statement, count, self._dispatch.raw_verbs)

    async def _run_part(
        self, whole: Query, request: Request, part: tuple[int, Statement]
    ) -> tuple[str, Result]:
        """Run one of several statements; its query id, which differs from the request's, and its result."""
        index, statement = part
        identity = f"{request.id}/{index}" if request.id else ""

        async def run(query: Query, request: Request) -> Result:
            return await self._run_one(query, request, statement)

        single = replace(request, id=identity, text=statement.text, bindings=statement.bindings, count=1)
        query = self._start(whole.session, single, run)
        try:
            return query.id, await query.task
        except asyncio.CancelledError:
            self.cancel(query)
            raise

    async def _run_one(self, query: Query, request: Request, statement: Statement) -> Result:
        """Run one statement: here if it is about other statements, otherwise in a worker's thread."""
        query.number = self._next_number(query.session)
        if statement.verb in ("SELECT", "CALL"):
            for stage in (self._cancel_query, self._cancel_all_queries):
                if result := await stage(query.session, statement):
                    return result
                statement.position = 0
        return await self._work(query, request, statement)

    async def _cancel_query(self, session: Session, statement: Statement) -> Result | None:
        """SELECT SYSTEM$CANCEL_QUERY('<query id>'). Another user's query counts as absent.

        See https://docs.snowflake.com/en/sql-reference/functions/system_cancel_query
        """
        given = argument(statement, "SYSTEM$CANCEL_QUERY")
        if given is None:
            return None
        told = "Identified SQL statement is not currently executing."
        with contextlib.suppress(SnowflakeError):
            query = self.find(given, session)
            if not query.task.done():
                told = f"query [{query.id}] terminated."
            self.cancel(query)
        return single(f"SYSTEM$CANCEL_QUERY('{given.upper()}')", told)

    async def _cancel_all_queries(self, session: Session, statement: Statement) -> Result | None:
        """SELECT SYSTEM$CANCEL_ALL_QUERIES(<session id>). Another user's session counts as absent.

        See https://docs.snowflake.com/en/sql-reference/functions/system_cancel_all_queries
        """
        given = argument(statement, "SYSTEM$CANCEL_ALL_QUERIES")
        if given is None or not given.isdecimal():
            return None
        self.cancel_session(session, int(given))
        return single(f"SYSTEM$CANCEL_ALL_QUERIES({given})", "queries cancelled.")

    async def _work(self, query: Query, request: Request, statement: Statement) -> Result:
        loop = asyncio.get_running_loop()
        context = Context(
            self._account,
            query.session,
            request.origin,
            request.address,
            request.describe_only,
            query.cancelled,
            query.id,
            request.text,
        )
        limit, count = await self.look_up(_limits, context)
        several.require_count(1, count if request.count is None else request.count)
        try:
            work = loop.run_in_executor(self._pool, self._execute, context, request, statement)
            return await asyncio.wait_for(work, limit)
        except TimeoutError:
            query.cancelled.cancel()
            message = (
                f"Statement reached its statement or warehouse timeout of {limit} second(s) and was canceled."
            )
            raise SnowflakeError("000630", "57014", message) from None
        except asyncio.CancelledError:
            raise SnowflakeError("000604", "57014", "SQL execution canceled") from None
        except SnowflakeError:
            raise
        except RecursionError:
            raise errors.compilation_error("001003", "42000", "the statement is nested too deeply.") from None
        except Exception:
            _log.exception("statement failed inside the account: query %s", query.id)
            message = f"SQL execution internal error: query {query.id}; see the account's log."
            raise SnowflakeError("000603", "XX000", message) from None

    def _execute(self, context: Context, request: Request, statement: Statement) -> Result:
        """Run the statement, in a worker's thread."""
        try:
            context.session.require_transaction()
            if request.bind_stage:
                statement.bindings = self._dispatch.bindings["STAGE"](context, request.bind_stage)
            if not request.id or not self._dispatch.changes_something(statement):
                return self._dispatch.run(context, statement)

            def work(note: Callable[[], None]) -> Result:
                context.changing = note
                return self._dispatch.run(context, statement)

            return self._account.catalog.once(_digest(context.session, request), work)
        finally:
            request.after()


def _cut(statement: Statement, raw_verbs: Container[str]) -> None:
    if statement.verb not in raw_verbs:
        _ = statement.tokens


def argument(statement: Statement, function: str) -> str | None:
    """The argument of `SELECT <function>(<literal>)` or `CALL …`; None for other statements."""
    if not statement.accept("SELECT", function, "(") and not statement.accept("CALL", function, "("):
        return None
    rest = statement.tokens[statement.position :]
    if (
        len(rest) != 2
        or rest[1].text != ")"
        or rest[0].token_type not in (TokenType.STRING, TokenType.NUMBER)
    ):
        return None
    return rest[0].text


def _digest(session: Session, request: Request) -> str:
    text = f"{session.id}\n{request.id}\n{request.text}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _require_size(text: str) -> None:
    """Refuse a text that is too long. See https://docs.snowflake.com/en/user-guide/query-size-limits

    Raises:
        SnowflakeError: 000602.
    """
    if len(text) * 4 > MAX_TEXT and len(text.encode("utf-8", "surrogatepass")) > MAX_TEXT:
        raise errors.compilation_error(
            "000602",
            "54000",
            f"SQL statement text is larger than {MAX_TEXT} bytes. Use bind variables or files.",
        )


def _limits(context: Context) -> tuple[int, int]:
    """What the session's parameters say about a request.

    Returns:
        Seconds that a statement may run, the smaller of the session's and the warehouse's limit; and how many
        statements a request has, 0 for any number.
    """
    name = "STATEMENT_TIMEOUT_IN_SECONDS"
    limits = [int(context.parameters.get(name)[0])]
    warehouse = context.catalog.find("WAREHOUSE", Name("", "", context.session.warehouse))
    if warehouse:
        limits.append(int(values_of(context.catalog, warehouse).get(name)[0]))
    return min(limit or _MOST_SECONDS for limit in limits), _count(context.parameters)


def _count(in_force: Values) -> int:
    return int(in_force.get("MULTI_STATEMENT_COUNT")[0])
