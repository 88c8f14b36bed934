"""What a query's call of a service function does: batches of rows go to the service, and results come back.

See https://docs.snowflake.com/en/sql-reference/external-functions-data-format
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future

from local_account.base import signature
from local_account.base.errors import SnowflakeError
from local_account.base.sql import Name
from local_account.catalog.catalog import Catalog, Object
from local_account.identity.account import Account
from local_account.spcs.service_functions import batch, context_headers, target
from local_account.spcs.service_functions.client import Batch, BatchClient, FailedError, Patience
from local_account.spcs.state.uses import Uses
from local_account.statement.context import Context
from local_account.statement.data_type import type_of
from local_account.tables.plan.functions import Argument, QueryFunction, QueryFunctions, Row

SECONDS = 3600
"""How long a batch may take, unless BATCH_TIMEOUT_SECS says otherwise."""
_BATCH_BYTES = 8 << 20


class ServiceFunctions(QueryFunctions):
    """The service functions of the account, for queries."""

    def __init__(self, account: Account) -> None:
        self._account, self._client = account, BatchClient()
        self._names: tuple[int, frozenset[str]] = (-1, frozenset())

    def names(self) -> frozenset[str]:
        catalog = self._account.catalog
        version, known = self._names
        if version != catalog.version:
            version = catalog.version
            found = catalog.objects(signature.FUNCTION)
            known = frozenset(signature.plain(item.type, item.name) for item in found)
            self._names = (version, known)
        return known

    def find(self, context: Context, parts: list[str]) -> list[QueryFunction]:
        for name in _places(context, parts):
            usable = [item for item in overloads(context.catalog, name) if _may_call(context, item)]
            if usable:
                return [self._function(context, item) for item in usable]
        return []

    def close(self) -> None:
        """End all requests."""
        self._client.close()

    def _function(self, context: Context, item: Object) -> QueryFunction:
        service = target.find_service(self._account, item)
        target.require_owner(self._account, item, service)
        caller = _Caller(context, item, service, self._client)
        return QueryFunction(caller.name, caller.arguments, caller.returns, caller.answer)


def overloads(catalog: Catalog, name: Name) -> list[Object]:
    """All functions of a name, sorted by the types of their arguments."""
    found = catalog.objects(signature.FUNCTION, name.database, name.schema)
    return [item for item in found if signature.plain(item.type, item.name) == name.name]


def arguments_of(item: Object) -> tuple[Argument, ...]:
    """The arguments that a function declares."""
    return tuple(
        Argument(one["name"], type_of(one["type"]), one["default"]) for one in item.properties["ARGUMENTS"]
    )


def _places(context: Context, parts: list[str]) -> Iterator[Name]:
    """Where to look for a function; without a schema in the current one and in PUBLIC (SEARCH_PATH)."""
    session = context.session
    if len(parts) > 1:
        yield context.resolve(parts, "schema")
    elif session.database:
        for schema in dict.fromkeys(one for one in (session.schema, "PUBLIC") if one):
            yield Name(session.database, schema, parts[0])


def _may_call(context: Context, item: Object) -> bool:
    return context.access.has("USAGE", item) and context.reaches(item.fqn)


class _Caller:
    """Calls one function for one statement.

    Attributes:
        name: the function's name without database and schema.
    """

    def __init__(self, context: Context, item: Object, service: Object, client: BatchClient) -> None:
        self._context, self._item, self._service, self._client = context, item, service, client
        self.name = signature.plain(item.type, item.name)
        self.arguments = arguments_of(item)
        self.returns = type_of(item.properties["RETURNS"])
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._headers: dict[str, str] = {}

    def answer(self, rows: list[Row]) -> list[str | None]:
        """The function's result for each row, as text.

        Raises:
            SnowflakeError: 100350, 100351 or 100287 when the service does not answer as it must, 000604 when
                the statement was cancelled.
        """
        strict = self._item.properties["STRICT"]
        sent = [number for number, row in enumerate(rows) if not (strict and None in row)]
        results: list[str | None] = [None] * len(rows)
        if not sent:
            return results
        with self._context.account.part(Uses).of(self._service.id):
            found = self._call([rows[number] for number in sent])
        for number, result in zip(sent, found, strict=True):
            results[number] = result
        return results

    def _call(self, rows: list[Row]) -> list[str | None]:
        divided = list(_divided(rows, self._item.properties["MAX_BATCH_ROWS"]))
        types = [argument.type for argument in self.arguments]
        batches = [
            Batch(self._item.properties["PATH"], batch.encode(part, types), self._for_batch())
            for part in divided
        ]
        results: list[str | None] = []
        for part, sent, answer in zip(divided, batches, self._send(batches), strict=True):
            results += self._results(part, sent, answer)
        return results

    def _send(self, batches: list[Batch]) -> list[bytes | FailedError]:
        properties, cancelled = self._item.properties, self._context.cancelled
        until = time.monotonic() + (properties["BATCH_TIMEOUT_SECS"] or SECONDS)
        try:
            hosts = target.ready_hosts(
                self._context.account, self._service, properties["ENDPOINT"], cancelled, until
            )
        except target.UnreachableError as error:
            self._require_running()
            return [FailedError(f"Remote service cannot be reached: {error}")] * len(batches)
        patience = Patience(properties["MAX_BATCH_RETRIES"], max(until - time.monotonic(), 0.001))
        sending = self._client.send(hosts, batches, patience)
        try:
            with cancelled.ending(lambda: _cancel(sending)):
                return sending.result()
        except CancelledError:
            raise SnowflakeError("000604", "57014", "SQL execution canceled") from None

    def _require_running(self) -> None:
        if self._context.cancelled.is_set():
            raise SnowflakeError("000604", "57014", "SQL execution canceled")

    def _results(self, rows: list[Row], sent: Batch, answer: bytes | FailedError) -> list[str | None]:
        if isinstance(answer, FailedError):
            if self._item.properties["ON_BATCH_FAILURE"] == "RETURN_NULL":
                return [None] * len(rows)
            raise self._failed(answer)
        try:
            return batch.decode(answer, len(rows), self.returns)
        except batch.BadAnswerError as error:
            identity = sent.headers[_BATCH_ID]
            text = (
                f"Error parsing JSON response for external function {self.name} with request batch id: "
                f"{identity}. Error: {error}. {self._where()}"
            )
            raise SnowflakeError("100287", "22P02", text) from None

    def _failed(self, answer: FailedError) -> SnowflakeError:
        what = f"Request failed for external function {self.name}"
        if answer.status:
            text = f"{what} with remote service error: {answer}. {self._where()}"
            return SnowflakeError("100351", "P0000", text)
        return SnowflakeError("100350", "P0000", f"{what}. Error: {answer}. {self._where()}")

    def _where(self) -> str:
        properties, name = self._item.properties, self._service.in_sql
        return (
            f"It calls {properties['PATH']} of endpoint {properties['ENDPOINT']} of service {name}. "
            f"SYSTEM$GET_SERVICE_STATUS('{name}') and SYSTEM$GET_SERVICE_LOGS tell more."
        )

    def _for_batch(self) -> dict[str, str]:
        with self._lock:
            if not self._headers:
                self._headers = self._for_all()
        identity = f"{self._context.query_id}:{self._item.id}:{next(self._numbers)}"
        return {**self._headers, _BATCH_ID: identity}

    def _for_all(self) -> dict[str, str]:
        """The headers of all requests of the statement."""
        names = self._item.properties["CONTEXT_HEADERS"] or []
        arguments = ", ".join(f"{one.name} {one.type.kind}" for one in self.arguments)
        text = str(self.returns)
        returned = "VARCHAR(134217728)" if text == "VARCHAR" else text
        return {
            "Content-Type": "application/json",
            "sf-external-function-format": "json",
            "sf-external-function-format-version": "1.0",
            "sf-external-function-current-query-id": self._context.query_id,
            **context_headers.with_base64("sf-external-function-name", self.name),
            **context_headers.with_base64("sf-external-function-signature", f"({arguments})"),
            **context_headers.with_base64("sf-external-function-return-type", returned),
            **context_headers.headers(self._context, names),
        }


_BATCH_ID = "sf-external-function-query-batch-id"


def _cancel(sending: Future[list[bytes | FailedError]]) -> None:
    sending.cancel()


def _divided(rows: list[Row], most: int | None) -> Iterator[list[Row]]:
    """Rows in batches of at most `most` rows and some megabytes."""
    part: list[Row] = []
    size = 0
    for row in rows:
        added = sum(len(value) for value in row if value is not None)
        if part and (len(part) == most or size + added > _BATCH_BYTES):
            yield part
            part, size = [], 0
        part.append(row)
        size += added
    yield part
