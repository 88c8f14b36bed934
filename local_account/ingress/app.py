"""The ingress: one server for all public endpoints; the host name says which endpoint a request is for.

See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/service-network-communications
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import HttpVersion10, web

from local_account.base.result import now
from local_account.identity.account import Account
from local_account.identity.network_access import refused
from local_account.ingress import headers, pages
from local_account.ingress.headers import SESSION_COOKIE, STATE_COOKIE
from local_account.ingress.hosts import CALLBACK, callback, label_of, origin
from local_account.ingress.proxy import IDLE_SECONDS, Proxy, unreachable
from local_account.ingress.sign_in import AUTHORIZE, CLIENT
from local_account.ingress.visitors import COOKIE_SECONDS, Visitor, Visitors
from local_account.spcs.network.endpoints import resume_on_request
from local_account.spcs.network.entries import Divider, Entry, find_entry
from local_account.spcs.state.observed import Observed

LOGOUT = "/sfc-endpoint/logout"
_STATE_SECONDS = 900
_MAX_REMEMBERED = 1000
_MAX_PATH = 2048
_REFUSED_METHODS = {"TRACE", "CONNECT"}


@dataclass(frozen=True)
class _Decision:
    """What a request is for, its visitor, and whether the visitor may enter.

    Attributes:
        entry: the endpoint or gateway; None when it does not exist.
        visitor: the signed-in visitor; None when nobody is signed in.
        allowed: whether the visitor may use it.
        by_cookie: whether the visitor signed in by a cookie, not by a token.
        refusal: why the visitor may not sign in from this address; '' when the address is permitted.
    """

    entry: Entry | None
    visitor: Visitor | None = None
    allowed: bool = False
    by_cookie: bool = False
    refusal: str = ""


@dataclass(frozen=True)
class _Credentials:
    """The endpoint's label, and what a request shows about its sender: token, cookie and IP address."""

    label: str
    token: str | None
    cookie: str | None
    address: str


class Ingress:
    """Handles every request on the ingress port."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._settings = account.settings
        self._visitors = Visitors(account)
        self._proxy = Proxy()
        self._divider = Divider()
        self._known: dict[_Credentials, _Decision] = {}
        self._known_at: tuple[int, int] = (-1, -1)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.handle)
        app.on_startup.append(self._open)
        app.on_cleanup.append(self._close)
        app.on_response_prepare.append(_without_server_name)
        return app

    async def _open(self, app: web.Application) -> None:
        await self._proxy.open()

    async def _close(self, app: web.Application) -> None:
        await self._proxy.close()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Find the endpoint, then the visitor, then pass the request on."""
        hosts = request.headers.getall("Host", [])
        label = label_of(hosts[0], self._settings) if len(hosts) == 1 else None
        if request.version < HttpVersion10:
            return web.Response(status=505, text="HTTP/1.0 or later is needed.\n")
        if request.method in _REFUSED_METHODS:
            return web.Response(status=405, text=f"{request.method} is not supported.\n")
        if label is None or not request.raw_path.startswith("/"):
            return _no_endpoint()
        token, cookie = headers.snowflake_token(request.headers), request.cookies.get(SESSION_COOKIE)
        decision = await self._decide(_Credentials(label, token, cookie, request.remote or ""))
        if decision.entry is None:
            return _no_endpoint()
        own = request.path if request.path.startswith("/sfc-endpoint/") else ""
        if own == CALLBACK:
            return await self._sign_in(request, label)
        if own == LOGOUT:
            return await self._sign_out(cookie)
        return await self._enter(request, label, decision.entry, decision)

    async def _enter(
        self, request: web.Request, label: str, entry: Entry, decision: _Decision
    ) -> web.StreamResponse:
        sender = request.headers.get("Origin")
        foreign = sender is not None and sender.lower() != origin(label, self._settings)
        if foreign and request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            allowed = {} if entry.is_gateway else headers.cors(entry.targets[0][1], sender)
            if allowed:
                return web.Response(status=204, headers=allowed)
        if foreign and decision.by_cookie and _changes_or_listens(request):
            return _cross_origin()
        if decision.visitor is None:
            return self._to_sign_in(request, label)
        if decision.refusal:
            return _refused(decision)
        if not decision.allowed:
            return _denied(entry, decision.visitor.user, decision.by_cookie)
        endpoint = self._divider.choose(entry)
        if endpoint is None:
            return unreachable(f"Gateway {entry.item.name}", 503, "no target can be used")
        if not endpoint.addresses:
            await asyncio.to_thread(resume_on_request, self._account, endpoint.service)
            return unreachable(f"Service {endpoint.service.name}", 503, "no service hosts found")
        return await self._proxy.forward(request, endpoint, decision.visitor.user)

    # Who may come in

    async def _decide(self, shown: _Credentials) -> _Decision:
        """Like `_look_up`, but remembers answers until the catalog or the services change."""
        version = (self._account.catalog.version, self._account.part(Observed).version)
        if version != self._known_at or len(self._known) > _MAX_REMEMBERED:
            self._known, self._known_at = {}, version
        known = self._known
        found = known.get(shown)
        if found is None or (found.visitor and found.visitor.expires < now()):
            found = await asyncio.to_thread(self._look_up, shown)
            known[shown] = found
        return found

    def _look_up(self, shown: _Credentials) -> _Decision:
        label, cookie = shown.label, shown.cookie
        entry = find_entry(self._account, label)
        if entry is None:
            return _Decision(None)
        visitor = self._visitors.by_token(shown.token, label, shown.address) if shown.token else None
        by_cookie = visitor is None and cookie is not None
        if by_cookie and cookie:
            visitor = self._visitors.by_cookie(cookie, label)
        if visitor is None:
            return _Decision(entry)
        if not self._account.network.admits(visitor.user, shown.address):
            return _Decision(entry, visitor, False, by_cookie, refused(shown.address).message)
        return _Decision(entry, visitor, entry.admits(self._account, visitor.roles), by_cookie)

    # Sign-in of browsers

    def _to_sign_in(self, request: web.Request, label: str) -> web.Response:
        nonce = request.cookies.get(STATE_COOKIE) or secrets.token_urlsafe(24)
        path = request.raw_path if len(request.raw_path) <= _MAX_PATH else "/"
        query = {
            "client_id": CLIENT,
            "response_type": "code",
            "redirect_uri": callback(label, self._settings),
            "state": f"{nonce}:{path}",
        }
        response = _redirect(f"{self._settings.account_url}{AUTHORIZE}?{urlencode(query)}")
        _set_cookie(response, STATE_COOKIE, nonce, _STATE_SECONDS)
        return response

    async def _sign_in(self, request: web.Request, label: str) -> web.Response:
        nonce, _, path = request.query.get("state", "").partition(":")
        expected = request.cookies.get(STATE_COOKIE, "")
        if not nonce or not hmac.compare_digest(nonce.encode(), expected.encode()):
            return _sign_in_again("This sign-in was not started in this browser, or it took too long.")
        code = request.query.get("code", "")
        cookie = await asyncio.to_thread(self._visitors.redeem_code, code, label)
        if cookie is None:
            return _sign_in_again("The sign-in has expired.")
        response = _redirect(_local_path(path))
        _set_cookie(response, SESSION_COOKIE, cookie, COOKIE_SECONDS)
        response.del_cookie(STATE_COOKIE, path="/")
        return response

    async def _sign_out(self, cookie: str | None) -> web.Response:
        if cookie:
            await asyncio.to_thread(self._visitors.forget_cookie, cookie)
        response = pages.message("Signed out", "You are signed out of this service.", 200, "/", "Sign in")
        response.del_cookie(SESSION_COOKIE, path="/")
        return response


def ingress_runner(account: Account) -> web.AppRunner:
    """The ingress for one account, ready to be set up and bound to a port."""
    return web.AppRunner(
        Ingress(account).app(),
        access_log=None,
        auto_decompress=False,
        keepalive_timeout=IDLE_SECONDS,
        shutdown_timeout=2.0,
    )


async def _without_server_name(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.popall("Server", None)


def _changes_or_listens(request: web.Request) -> bool:
    return request.method not in ("GET", "HEAD") or "Upgrade" in request.headers


def _local_path(path: str) -> str:
    """The path to redirect to; `/` for a path that a browser could take for another site's address."""
    safe = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if safe else "/"


def _set_cookie(response: web.Response, name: str, value: str, seconds: int) -> None:
    response.set_cookie(name, value, max_age=seconds, path="/", httponly=True, samesite="Lax")


def _redirect(location: str) -> web.Response:
    return web.Response(status=302, headers={"Location": location, "Cache-Control": "no-store"})


def _no_endpoint() -> web.Response:
    return web.Response(status=404, text="Endpoint does not exist\n")


def _cross_origin() -> web.Response:
    text = "Rejecting a CORS request since cookie was present, and request does not have an auth header\n"
    return web.Response(status=403, text=text)


def _denied(entry: Entry, user: str, by_cookie: bool) -> web.Response:
    what, needed = f"gateway {entry.item.fqn}", "USAGE on it"
    if not entry.is_gateway:
        what = f"endpoint {entry.targets[0][1].name} of service {entry.item.fqn}"
        needed = "a service role of it"
    text = (
        f"Access denied. Insufficient privileges to use {what}. The role with which {user} comes in needs "
        f"{needed}, and USAGE on its database and schema."
    )
    if not by_cookie:
        return web.Response(status=403, text=text + "\n")
    return pages.message("Access denied", text, 403, LOGOUT, "Sign in as another user")


def _refused(decision: _Decision) -> web.Response:
    if not decision.by_cookie:
        return web.Response(status=403, text=decision.refusal + "\n")
    return pages.message("Access denied", decision.refusal, 403, LOGOUT, "Sign in as another user")


def _sign_in_again(text: str) -> web.Response:
    return pages.message("Sign-in failed", text, 400, "/", "Sign in again")
