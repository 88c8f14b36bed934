"""The account's sign-in page for public endpoints, and the token exchange for programs.

See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/service-network-communications
and tutorial 8 there, "Access a public endpoint programmatically".
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from local_account.base.errors import SnowflakeError
from local_account.catalog.catalog import Object
from local_account.identity import access
from local_account.identity.account import Account
from local_account.identity.session import ACCESS_TOKEN
from local_account.ingress import pages
from local_account.ingress.hosts import callback, label_of, origin
from local_account.ingress.visitors import REFUSED_ROLES, Visitors, default_role
from local_account.spcs.network.entries import Entry, find_entry

AUTHORIZE = "/oauth/authorize"
TOKEN = "/oauth/token"  # noqa: S105 a path
CLIENT = "SNOWSERVICES_INGRESS_OAUTH"
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_MAX_FIELD = 4096
_MUST_CHANGE, _NOT_ACCEPTED = "390106", "003002"
# Values of Sec-Fetch-Site for a form that another site sends. Another site must not sign a visitor in.
_FOREIGN = ("cross-site", "same-site")


@dataclass(frozen=True)
class _Form:
    """Fields of the form; `new` is None when the form did not ask for a new password."""

    name: str
    password: str
    new: str | None
    repeated: str | None


def _read_form(fields: Mapping[str, object]) -> _Form | None:
    values = [fields.get(key) for key in ("username", "password", "new_password", "repeated")]
    texts = [value for value in values if isinstance(value, str)]
    name, password, new, repeated = (value if isinstance(value, str) else None for value in values)
    if name is None or password is None or sum(len(value) for value in texts) > _MAX_FIELD:
        return None
    return _Form(name, password, new, repeated)


class SignIn:
    """Routes on the account's port that let people and programs into public endpoints."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._visitors = Visitors(account)

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get(AUTHORIZE, self.form)
        app.router.add_post(AUTHORIZE, self.submit)
        app.router.add_post(TOKEN, self.exchange)

    # People

    async def form(self, request: web.Request) -> web.Response:
        """The empty form; only for an endpoint that exists."""
        found = await asyncio.to_thread(self._target, request)
        if found is None:
            return _bad_request()
        return self._page(*found)

    async def submit(self, request: web.Request) -> web.Response:
        """Check name and password; send the browser back to the endpoint with a one-time code."""
        found = await asyncio.to_thread(self._target, request)
        filled_in = _read_form(await request.post())
        if found is None or filled_in is None or request.headers.get("Sec-Fetch-Site") in _FOREIGN:
            return _bad_request()
        try:
            user = await asyncio.to_thread(self._check, filled_in, request.remote or "")
        except SnowflakeError as error:
            return self._again(*found, filled_in, error)
        role = default_role(user)
        if role in REFUSED_ROLES:
            text = (
                f"invalid consent request: the default role of {user.name} is {role}, with which nobody "
                f"enters a service. Give the user another one: ALTER USER {user.name} SET DEFAULT_ROLE = …"
            )
            return pages.message("Sign-in is not possible", text, 403)
        label, _ = found
        code = await asyncio.to_thread(self._visitors.issue_code, user, label)
        query = urlencode({"code": code, "state": request.query.get("state", "")})
        location = f"{callback(label, self._account.settings)}?{query}"
        return web.Response(status=302, headers={"Location": location, "Cache-Control": "no-store"})

    def _check(self, form: _Form, address: str) -> Object:
        authenticator, password = self._account.authenticator, form.password
        if form.new is not None:
            if form.new != form.repeated:
                raise SnowflakeError("003002", "28P01", "The new passwords are not the same.")
            authenticator.change_password(form.name, password, form.new, address)
            password = form.new
        who = authenticator.password(form.name, password, address)
        if who.method == ACCESS_TOKEN:
            raise SnowflakeError("390100", "08004", "Sign in with the password, not with an access token.")
        return who.user

    def _target(self, request: web.Request) -> tuple[str, Entry] | None:
        """The endpoint that sent the browser; None unless the request names an existing endpoint exactly."""
        settings = self._account.settings
        uri = request.query.get("redirect_uri", "")
        if request.query.get("client_id") != CLIENT or request.query.get("response_type") != "code":
            return None
        try:
            label = label_of(urlsplit(uri).netloc, settings)
        except ValueError:
            return None
        entry = find_entry(self._account, label) if label else None
        if label is None or entry is None or uri != callback(label, settings):
            return None
        return label, entry

    def _again(self, label: str, entry: Entry, form: _Form, error: SnowflakeError) -> web.Response:
        """The form once more, or the form for a new password when a new password is needed."""
        if error.code not in (_MUST_CHANGE, _NOT_ACCEPTED):
            return self._page(label, entry, form.name, error.message)
        settings = self._account.settings
        text = error.message.removeprefix("SQL execution error: ") if error.code == _NOT_ACCEPTED else ""
        return pages.new_password(settings.locator, form.name, text, origin(label, settings))

    def _page(self, label: str, entry: Entry, user: str = "", error: str = "") -> web.Response:
        settings = self._account.settings
        return pages.sign_in(settings.locator, entry.text, user, error, origin(label, settings))

    # Programs

    async def exchange(self, request: web.Request) -> web.Response:
        """Exchange a key pair's JWT for a token for one endpoint; the body of the answer is the token."""
        fields = {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
        if fields.get("grant_type") != _JWT_GRANT:
            return _oauth_error("unsupported_grant_type", f"grant_type must be {_JWT_GRANT}")
        return await asyncio.to_thread(
            self._exchange, fields.get("scope", ""), fields.get("assertion", ""), request.remote or ""
        )

    def _exchange(self, scope: str, assertion: str, address: str) -> web.Response:
        role, hosts = "", []
        for word in scope.split():
            if word.lower().startswith("session:role:"):
                role = word[len("session:role:") :].upper()
            else:
                hosts.append(word)
        label = label_of(hosts[0], self._account.settings) if len(hosts) == 1 else None
        if label is None or find_entry(self._account, label) is None:
            return _oauth_error("invalid_scope", "scope must be '[session:role:<ROLE>] <endpoint host>'")
        try:
            user = self._account.authenticator.key_pair("", assertion, address).user
        except SnowflakeError as error:
            return _oauth_error("invalid_grant", error.message)
        role = role or default_role(user)
        if role not in access.roles_of_user(self._account.catalog, user.name):
            return _oauth_error("invalid_scope", f"Role '{role}' is not granted to user '{user.name}'.")
        token = self._visitors.issue_token(user, role, label)
        return web.Response(text=token, headers={"Cache-Control": "no-store"})


def _bad_request() -> web.Response:
    text = (
        "The address is not that of a sign-in to a service of this account. Open the service's own address."
    )
    return pages.message("Invalid request", text, 400)


def _oauth_error(code: str, description: str) -> web.Response:
    return web.json_response({"error": code, "error_description": description}, status=400)
