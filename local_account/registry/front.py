"""Sign-in of docker, skopeo, BuildKit and other registry clients: the token endpoint.

See https://distribution.github.io/distribution/spec/auth/token/ and
https://docs.snowflake.com/en/developer-guide/snowpark-container-services/working-with-registry-repository
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from local_account.base.errors import SnowflakeError
from local_account.base.sql import Name
from local_account.identity.account import Account
from local_account.identity.authenticator import new_session
from local_account.identity.session import Session
from local_account.registry.images import KIND, may_pull, may_push
from local_account.registry.registry import Registry
from local_account.registry.tokens import INTERNAL_USER, TOKEN_SECONDS
from local_account.statement.context import Context

TOKEN_USER = "0sessiontoken"  # noqa: S105 a name, not a secret
ROUTE = "/registry/token"


class _RefusedError(Exception):
    """The request gets no token; the client shows the text in its terminal."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass(frozen=True)
class _Client:
    """Name and password that a registry client sent, and the address that it comes from."""

    login: str
    secret: str
    address: str


class TokenFront:
    """Gives registry clients tokens for what their user may do.

    The password is the user's password or a programmatic access token. For the user `0sessiontoken` it is a
    session token, plain or in the JSON form that the `snow` command prints.
    """

    def __init__(self, account: Account) -> None:
        self._account = account

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get(ROUTE, self.get)
        app.router.add_post(ROUTE, self.post)

    async def get(self, request: web.Request) -> web.Response:
        """The token request of the distribution specification: Basic credentials, scopes in the query."""
        scopes = [scope for value in request.query.getall("scope", []) for scope in value.split()]
        try:
            login, secret = _basic(request.headers.get("Authorization", ""))
            return await asyncio.to_thread(
                self._answer,
                _Client(login, secret, request.remote or ""),
                request.query.get("service", ""),
                scopes,
            )
        except _RefusedError as error:
            return _refusal(error)

    async def post(self, request: web.Request) -> web.Response:
        """The OAuth 2 form of the same request, which BuildKit and containerd send."""
        form = await request.post()
        values = {key: value for key, value in form.items() if isinstance(value, str)}
        try:
            if values.get("grant_type") != "password":
                raise _RefusedError(400, "UNSUPPORTED", "Only grant_type=password is supported.")
            client = _Client(values.get("username", ""), values.get("password", ""), request.remote or "")
            scopes = values.get("scope", "").split()
            return await asyncio.to_thread(self._answer, client, values.get("service", ""), scopes)
        except _RefusedError as error:
            return _refusal(error)

    def _answer(self, client: _Client, service: str, scopes: list[str]) -> web.Response:
        tokens = self._account.part(Registry).tokens
        if service and service != tokens.service:
            raise _RefusedError(400, "UNSUPPORTED", f"The registry here is {tokens.service}, not {service}.")
        if client.login == INTERNAL_USER:
            access = self._internal(client.secret, scopes)
        else:
            context = Context(self._account, self._sign_in(client))
            access = [entry for scope in scopes if (entry := self._grant(context, scope, len(scopes) == 1))]
        token = tokens.issue(client.login, access)
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        return web.json_response(
            {"token": token, "access_token": token, "expires_in": TOKEN_SECONDS, "issued_at": moment}
        )

    def _internal(self, secret: str, scopes: list[str]) -> list[dict[str, Any]]:
        if not hmac.compare_digest(secret, self._account.part(Registry).tokens.internal_password):
            raise _RefusedError(401, "UNAUTHORIZED", "Incorrect username or password was specified.")
        names = [_parse(scope)[0] for scope in scopes]
        return [_entry(name, ["pull"]) for name in names]

    def _sign_in(self, client: _Client) -> Session:
        authenticator = self._account.authenticator
        try:
            if client.login == TOKEN_USER:
                return authenticator.find_from(_session_token(client.secret), client.address)
            who = authenticator.password(client.login, client.secret, client.address)
            return new_session(self._account.catalog, who)
        except SnowflakeError as error:
            raise _RefusedError(401, "UNAUTHORIZED", error.message) from None

    def _grant(self, context: Context, scope: str, alone: bool) -> dict[str, Any] | None:
        """The part of a scope that the user may have; None when the user may have no part.

        A push and a scope that is asked for alone are refused here, because the registry's own answer would
        not say why. Other scopes are optional: builders ask to reuse layers of any repository they know.
        """
        name, wanted = _parse(scope)
        try:
            actions = self._actions(context, name, wanted)
        except SnowflakeError as error:
            if not alone and "push" not in wanted:
                return None
            raise _RefusedError(403, "DENIED", error.message.rpartition("\n")[2]) from None
        return _entry(name, actions) if actions else None

    def _actions(self, context: Context, name: str, wanted: set[str]) -> list[str]:
        parts = name.split("/")
        if len(parts) < 4:
            raise SnowflakeError(
                "001003",
                "42000",
                f"'{name}' is not an image of this account: names have the form "
                f"{context.account.part(Registry).tokens.service}/database/schema/repository/image.",
            )
        place = Name(*(part.upper() for part in parts[:3]))
        context.require_usage(place)
        repository = context.get(KIND, place)
        allowed = {"pull": may_pull(context, repository), "push": may_push(context, repository)}
        if not allowed["pull"] or ("push" in wanted and not allowed["push"]):
            needed = "WRITE" if "push" in wanted else "READ"
            raise SnowflakeError(
                "003001",
                "42501",
                f"Insufficient privileges to operate on image repository '{repository.name}': "
                f"role {context.session.role} lacks {needed}.",
            )
        if not context.account.part(Registry).wait_until_ready(repository):
            raise SnowflakeError("000603", "XX000", context.account.part(Registry).explain())
        return [action for action in ("pull", "push") if action in wanted and allowed[action]]


def _entry(name: str, actions: list[str]) -> dict[str, Any]:
    return {"type": "repository", "name": name, "actions": actions}


def _parse(scope: str) -> tuple[str, set[str]]:
    kind, _, rest = scope.partition(":")
    name, _, actions = rest.rpartition(":")
    if kind != "repository" or not name:
        raise _RefusedError(403, "DENIED", f"Access to '{scope}' is not given to anyone.")
    return name, set(actions.split(","))


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise _RefusedError(401, "UNAUTHORIZED", "authentication required: run docker login first")
    try:
        login, found, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        login, found, secret = "", "", ""
    if not found:
        raise _RefusedError(401, "UNAUTHORIZED", "The Authorization header is not valid Basic credentials.")
    return login, secret


def _session_token(secret: str) -> str:
    try:
        content = json.loads(secret)
    except ValueError:
        return secret
    return str(content.get("token", "")) if isinstance(content, dict) else secret


def _refusal(error: _RefusedError) -> web.Response:
    # The form of the registry specification; docker and skopeo print code and message.
    content = {"errors": [{"code": error.code, "message": str(error), "detail": None}]}
    headers = {"WWW-Authenticate": 'Basic realm="registry"'} if error.status == 401 else {}
    return web.json_response(content, status=error.status, headers=headers)
