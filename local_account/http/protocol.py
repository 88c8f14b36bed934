"""The HTTP protocol of official Snowflake clients: login, queries, token renewal."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from local_account.base import errors
from local_account.base.errors import SnowflakeError
from local_account.base.result import Result
from local_account.base.sql import Name
from local_account.http import answers, wire
from local_account.http.statements import BusyError, Query, Request, Statements
from local_account.identity import access, parameters
from local_account.identity.account import Account
from local_account.identity.authenticator import MASTER_SECONDS, SESSION_SECONDS, new_session
from local_account.identity.credentials import SignedIn
from local_account.identity.session import Session
from local_account.session.variables import set_text
from local_account.statement.context import Context
from local_account.statement.dispatch import Dispatch
from local_account.statement.functions import VERSION

ANSWER_WITHIN = 40.0
PARAMETERS: dict[str, Any] = {
    "AUTOCOMMIT": True,
    "BINARY_OUTPUT_FORMAT": "HEX",
    "CLIENT_PREFETCH_THREADS": 4,
    "CLIENT_RESULT_CHUNK_SIZE": 160,
    "CLIENT_STAGE_ARRAY_BINDING_THRESHOLD": 65280,
    "CLIENT_SESSION_KEEP_ALIVE": False,
    "CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY": 3600,
    "CLIENT_TELEMETRY_ENABLED": False,
    "DATE_OUTPUT_FORMAT": "YYYY-MM-DD",
    "PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": "ARROW",
    "TIMESTAMP_LTZ_OUTPUT_FORMAT": "",
    "TIMESTAMP_NTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3",
    "TIMESTAMP_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM",
    "TIMESTAMP_TZ_OUTPUT_FORMAT": "",
    "TIMEZONE": "America/Los_Angeles",
    "TIME_OUTPUT_FORMAT": "HH24:MI:SS",
}


class Protocol:
    """Routes of the SQL API, for one account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._sign_in = account.part(Dispatch).sign_in
        self._sign_in_checks = account.part(Dispatch).sign_in_checks
        self._statements = Statements(account)

    @property
    def statement_count(self) -> int:
        """Number of statements that were run since the server started."""
        return self._statements.count

    def add_routes(self, app: web.Application) -> None:
        app.router.add_post("/session/v1/login-request", self.login)
        app.router.add_post("/queries/v1/query-request", self.query)
        app.router.add_post("/queries/v1/abort-request", self.abort)
        app.router.add_post("/queries/{query_id}/abort-request", self.abort_query)
        app.router.add_get("/queries/{query_id}/result", self.result)
        app.router.add_get("/monitoring/queries", self.monitor_session)
        app.router.add_get("/monitoring/queries/{query_id}", self.monitor)
        app.router.add_post("/session/token-request", self.token)
        app.router.add_post("/session/heartbeat", self.heartbeat)
        app.router.add_get("/session/heartbeat", self.heartbeat)
        app.router.add_post("/session", self.close_session)
        app.router.add_post("/telemetry/send", self.telemetry)
        app.router.add_route("*", "/api/v2/{rest:.*}", self.rest)
        app.on_cleanup.append(self._close)

    async def _close(self, app: web.Application) -> None:
        self._statements.close()

    # Sessions

    async def login(self, request: web.Request) -> web.Response:
        """Open a session; its tokens and parameters."""
        body = wire.mapping(await wire.body(request), "data")
        session, token, master = await asyncio.to_thread(self._open, body, request.query, _address(request))
        data = {
            "token": token,
            "masterToken": master,
            "validityInSeconds": SESSION_SECONDS,
            "masterValidityInSeconds": MASTER_SECONDS,
            "sessionId": session.id,
            "displayUserName": session.user,
            "serverVersion": VERSION,
            "firstLogin": False,
            "parameters": self._parameters(session),
            "sessionInfo": answers.session_info(session),
        }
        return answers.success(data)

    def _open(self, body: dict[str, Any], query: Any, address: str) -> tuple[Session, str, str]:
        session = self._login(body, query, address)
        return session, *self._account.authenticator.open(session)

    def _login(self, body: dict[str, Any], query: Any, address: str) -> Session:
        """Check the credentials in the way that AUTHENTICATOR says, and make the session.

        Raises:
            SnowflakeError: 390116 for an authenticator that this account does not have; as `Credentials`.
        """
        catalog, authenticator = self._account.catalog, self._account.authenticator
        login, secret = wire.text(body, "LOGIN_NAME"), wire.text(body, "TOKEN") or wire.text(body, "PASSWORD")
        method = (wire.text(body, "AUTHENTICATOR") or "SNOWFLAKE").upper()
        role = _folded(query.get("roleName", ""))
        if method in self._sign_in:
            session = self._sign_in[method](self._account, secret, role, address)
            self._apply_defaults(session, query, body)
            return session
        for name, check in self._sign_in_checks.items():
            check(self._account, wire.text(body, name), address)
        if method == "SNOWFLAKE_JWT":
            session = new_session(catalog, authenticator.key_pair(login, secret, address), role)
        elif method == "PROGRAMMATIC_ACCESS_TOKEN":
            session = new_session(catalog, authenticator.access_token(login, secret, address), role)
        elif method in ("SNOWFLAKE", "USERNAME_PASSWORD_MFA"):
            session = self._password_session(authenticator.password(login, secret, address), role, body)
        else:
            raise SnowflakeError(
                "390116", "08004", f"Authenticator {method} is not supported by this account."
            )
        self._apply_defaults(session, query, body)
        return session

    def _password_session(self, who: SignedIn, role: str, body: dict[str, Any]) -> Session:
        validate = str(
            wire.mapping(body, "SESSION_PARAMETERS").get("CLIENT_VALIDATE_DEFAULT_PARAMETERS", True)
        )
        usable = role in access.roles_of_user(self._account.catalog, who.user.name)
        if role and not usable and validate.lower() == "false":
            return new_session(self._account.catalog, who, access.PUBLIC)
        return new_session(self._account.catalog, who, role)

    def _apply_defaults(self, session: Session, query: Any, body: dict[str, Any]) -> None:
        """Set the parameters, database, schema and warehouse that the login asks for and may see.

        Raises:
            SnowflakeError: 390201 for one that it may not see, if CLIENT_VALIDATE_DEFAULT_PARAMETERS is set.
        """
        asked = wire.mapping(body, "SESSION_PARAMETERS")
        # https://docs.snowflake.com/en/sql-reference/session-variables#setting-variables-on-connection
        for name in [name for name in asked if name.startswith("$")]:
            set_text(session, name[1:].upper(), str(asked.pop(name)))
        session.parameters = {
            **parameters.from_client(asked),
            "CLIENT_APP_ID": body.get("CLIENT_APP_ID"),
        }
        context = Context(self._account, session)
        sent = wire.mapping(body, "SESSION_PARAMETERS").get("CLIENT_VALIDATE_DEFAULT_PARAMETERS")
        for key, kind in (("databaseName", "DATABASE"), ("schemaName", "SCHEMA"), ("warehouse", "WAREHOUSE")):
            value = _folded(query.get(key, ""))
            if not value:
                continue
            database = session.database if kind == "SCHEMA" else ""
            item = self._account.catalog.find(kind, Name(database, "", value))
            if item and context.access.sees(item):
                setattr(session, kind.lower(), value)
                if kind == "DATABASE" and not query.get("schemaName"):
                    session.schema = "PUBLIC"
            elif str(sent).lower() == "true":
                raise SnowflakeError(
                    "390201", "08004", f"The requested {kind.lower()} does not exist or not authorized."
                )

    async def token(self, request: web.Request) -> web.Response:
        """New tokens for a session whose token expires."""
        body = await wire.body(request)
        kind, old = wire.text(body, "requestType"), wire.text(body, "oldSessionToken")
        if kind not in ("RENEW", "ISSUE"):
            raise SnowflakeError("390116", "08001", f"Token request {kind} is not supported.")
        renew = self._account.authenticator.renew
        token, master, session = await asyncio.to_thread(renew, wire.bearer(request), _address(request), old)
        data = {
            "sessionToken": token,
            "masterToken": master,
            "validityInSecondsST": SESSION_SECONDS,
            "validityInSecondsMT": MASTER_SECONDS,
            "masterValidityInSeconds": MASTER_SECONDS,
            "sessionId": session.id,
        }
        return answers.success(data)

    async def _session(self, request: web.Request) -> Session:
        find = self._account.authenticator.find_from
        return await self._statements.look_up(find, wire.bearer(request), _address(request))

    async def _session_and_body(
        self, request: web.Request, limit: int = wire.MAX_BODY
    ) -> tuple[Session, dict[str, Any]]:
        """The session and the body of a request. Only a client with a session may send a large body.

        A small body is read before the session, because aiohttp drops it if the client disconnects meanwhile.
        """
        if (request.content_length or limit) <= wire.MAX_BODY:
            body = await wire.body(request, limit)
            return await self._session(request), body
        session = await self._session(request)
        return session, await wire.body(request, limit)

    async def heartbeat(self, request: web.Request) -> web.Response:
        await self._session(request)
        return answers.success(None)

    async def close_session(self, request: web.Request) -> web.Response:
        if request.query.get("delete") == "true":
            await asyncio.to_thread(self._account.authenticator.close, wire.bearer(request))
        return answers.success(None)

    async def telemetry(self, request: web.Request) -> web.Response:
        return answers.success("Log Received")

    async def rest(self, request: web.Request) -> web.Response:
        """Refuse the REST API, which this account does not have. Clients show the status line or the body.

        The status is 422: drivers repeat a request after most other numbers, and 404 means an absent object.
        """
        refusal = errors.unsupported(f"REST API {request.method} {request.path}")
        data = {"code": refusal.code, "error_code": refusal.code, "message": refusal.message}
        reason = f"{refusal.code} ({refusal.sqlstate}): {refusal.message}"
        return web.json_response(data, status=422, reason=reason)

    # Queries

    async def query(self, request: web.Request) -> web.Response:
        """Run a statement; its result, or the address of the result if the statement still runs."""
        token = wire.bearer(request)
        session, body = await self._session_and_body(request, wire.MAX_QUERY_BODY)
        asked = Request(
            request.query.get("requestId", ""),
            wire.text(body, "sqlText"),
            wire.bindings(body) or None,
            origin=f"http://{request.host}",
            address=_address(request),
            describe_only=bool(body.get("describeOnly")),
            bind_stage=wire.text(body, "bindStage"),
            count=wire.statement_count(body),
            after=lambda: self._account.authenticator.remember(token, session),
        )
        try:
            query = self._statements.submit(session, asked)
        except BusyError:
            raise web.HTTPTooManyRequests(headers={"Retry-After": "1"}) from None
        return answers.pending(query) if body.get("asyncExec") else await self._answer(query)

    async def result(self, request: web.Request) -> web.Response:
        return await self._answer(await self._found(request))

    async def _found(self, request: web.Request) -> Query:
        return self._statements.find(request.match_info["query_id"], await self._session(request))

    async def _answer(self, query: Query) -> web.Response:
        done, _ = await asyncio.wait({query.task}, timeout=ANSWER_WITHIN)
        if not done:
            return answers.pending(query)
        if query.task.cancelled():
            return answers.failure(SnowflakeError("000604", "57014", "SQL execution canceled"), query.id)
        try:
            return await self._statements.look_up(self._result, query, query.task.result())
        except SnowflakeError as error:
            return answers.failure(error, query.id)

    def _result(self, query: Query, result: Result) -> web.Response:
        return answers.success(answers.result_data(query, result, self._parameters(query.session)))

    def _parameters(self, session: Session) -> list[dict[str, Any]]:
        """Name and value of the parameters that clients are told, with the session's values."""
        in_force = parameters.values_in_session(self._account.catalog, session)
        shown = dict(PARAMETERS)
        for name, default in PARAMETERS.items():
            value, level = in_force.get(name) if name in parameters.PARAMETERS else ("", "")
            if level:
                shown[name] = value == "true" if isinstance(default, bool) else type(default)(value)
        return [{"name": name, "value": value} for name, value in shown.items()]

    async def monitor(self, request: web.Request) -> web.Response:
        """The state of a query: running, failed or done; no query for an unknown id."""
        session = await self._session(request)
        try:
            found = [self._statements.find(request.match_info["query_id"], session)]
        except SnowflakeError:
            found = []
        return answers.success({"queries": [answers.query_state(query) for query in found]})

    async def monitor_session(self, request: web.Request) -> web.Response:
        """The states of the session's queries, the newest first."""
        found = self._statements.of_session(await self._session(request))
        return answers.success({"queries": [answers.query_state(query) for query in found]})

    async def abort(self, request: web.Request) -> web.Response:
        session, body = await self._session_and_body(request)
        self._statements.cancel_request(session, wire.text(body, "requestId"))
        return answers.success(None)

    async def abort_query(self, request: web.Request) -> web.Response:
        self._statements.cancel(await self._found(request))
        return answers.success(None)


def _address(request: web.Request) -> str:
    return request.remote or ""


def _folded(identifier: str) -> str:
    quoted = len(identifier) > 1 and identifier[0] == identifier[-1] == '"'
    return identifier[1:-1] if quoted else identifier.upper()
