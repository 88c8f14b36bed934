"""Passes requests and WebSockets on to a service's instances; bodies are streamed."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterator
from itertools import count

import aiohttp
from aiohttp import ClientTimeout, WSMsgType, web
from multidict import CIMultiDict
from yarl import URL

from local_account.ingress import headers
from local_account.spcs.network.endpoints import PublicEndpoint

IDLE_SECONDS = 90.0
_CONNECT_SECONDS = 3.0
_MAX_CONNECTIONS = 1000
_MAX_MESSAGE = 256 * 1024 * 1024
# Close idle upstream connections before common servers do, so that a request rarely hits a closed one.
_KEEP_ALIVE_SECONDS = 10.0
_GOING_AWAY = 1001
_log = logging.getLogger(__name__)


class Proxy:
    """The client side of the ingress, which sends requests to services."""

    def __init__(self) -> None:
        self._client: aiohttp.ClientSession | None = None
        self._turns: dict[tuple[int, str], Iterator[int]] = defaultdict(count)

    async def open(self) -> None:
        """Make the client. Must be called in the server's event loop."""
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_MAX_CONNECTIONS, keepalive_timeout=_KEEP_ALIVE_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=IDLE_SECONDS),
            auto_decompress=False,
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
        )

    async def close(self) -> None:
        if self._client:
            await self._client.close()

    async def forward(self, request: web.Request, endpoint: PublicEndpoint, user: str) -> web.StreamResponse:
        """The service's answer to a request; the caller has checked that the user may use the endpoint."""
        assert self._client is not None
        sent = headers.for_service(request.headers, user)
        upgrade = request.headers.get("Upgrade", "").lower() == "websocket"
        service = f"Service {endpoint.service.name}"
        for address in self._in_turn(endpoint):
            url = f"{address}:{endpoint.port}{request.raw_path}"
            try:
                if upgrade:
                    return await self._websocket(request, f"ws://{url}", sent)
                return await self._http(request, f"http://{url}", sent, endpoint)
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
                continue
            except aiohttp.ServerTimeoutError:
                return unreachable(service, 504, f"no answer in {IDLE_SECONDS:.0f} seconds")
            except aiohttp.ClientError as error:
                _log.info("endpoint %s of %s: %s", endpoint.name, endpoint.service.fqn, error)
                return unreachable(service, 503, "the connection broke off")
        return unreachable(service, 503, "no service hosts found")

    def _in_turn(self, endpoint: PublicEndpoint) -> list[str]:
        addresses = endpoint.addresses
        if len(addresses) < 2:
            return addresses
        first = next(self._turns[endpoint.service.id, endpoint.name]) % len(addresses)
        return addresses[first:] + addresses[:first]

    async def _http(
        self, request: web.Request, url: str, sent: CIMultiDict[str], endpoint: PublicEndpoint
    ) -> web.StreamResponse:
        assert self._client is not None
        async with self._client.request(
            request.method,
            URL(url, encoded=True),
            headers=sent,
            data=request.content if request.body_exists else None,
            allow_redirects=False,
        ) as answer:
            if headers.is_executable(answer.headers):
                return web.Response(status=403, text="Responses that are programs are not let through.\n")
            origin = request.headers.get("Origin")
            response = web.StreamResponse(
                status=answer.status,
                reason=answer.reason,
                headers=headers.for_client(answer.headers, endpoint, origin),
            )
            await response.prepare(request)
            await self._copy(request, answer, response)
        return response

    async def _copy(
        self, request: web.Request, answer: aiohttp.ClientResponse, response: web.StreamResponse
    ) -> None:
        try:
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
        except (aiohttp.ClientError, ConnectionResetError) as error:
            # The status is sent already, so only an early end shows the client that data is missing.
            _log.info("answer broken off: %s", error)
            if request.transport:
                request.transport.abort()

    async def _websocket(self, request: web.Request, url: str, sent: CIMultiDict[str]) -> web.StreamResponse:
        assert self._client is not None
        wanted = request.headers.get("Sec-WebSocket-Protocol", "")
        protocols = [name.strip() for name in wanted.split(",") if name.strip()]
        try:
            upstream = await self._client.ws_connect(
                URL(url, encoded=True),
                headers=sent,
                protocols=protocols,
                autoping=False,
                autoclose=False,
                max_msg_size=_MAX_MESSAGE,
            )
        except aiohttp.WSServerHandshakeError as error:
            return web.Response(status=error.status, text=f"{error.message}\n")
        async with upstream:
            chosen = (upstream.protocol,) if upstream.protocol else ()
            client = web.WebSocketResponse(
                protocols=chosen, autoping=False, autoclose=False, max_msg_size=_MAX_MESSAGE, compress=False
            )
            await client.prepare(request)
            await _Bridge(client, upstream).run()
        return client


class _Bridge:
    """Passes messages between two open WebSockets until one of them ends or both are idle."""

    def __init__(self, client: web.WebSocketResponse, upstream: aiohttp.ClientWebSocketResponse) -> None:
        self._client, self._upstream = client, upstream
        self._last = 0.0

    async def run(self) -> None:
        tasks = [
            asyncio.create_task(self._carry(self._client, self._upstream)),
            asyncio.create_task(self._carry(self._upstream, self._client)),
            asyncio.create_task(self._watch_idle()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for side in (self._client, self._upstream):
                if not side.closed:
                    await side.close(code=_GOING_AWAY)

    async def _carry(
        self,
        source: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
        target: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
    ) -> None:
        while True:
            message = await source.receive()
            self._last = asyncio.get_running_loop().time()
            if message.type is WSMsgType.TEXT:
                await target.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await target.send_bytes(message.data)
            elif message.type is WSMsgType.PING:
                await target.ping(message.data)
            elif message.type is WSMsgType.PONG:
                await target.pong(message.data)
            else:
                if message.type is WSMsgType.CLOSE:
                    await target.close(code=message.data or 1000, message=(message.extra or "").encode())
                return

    async def _watch_idle(self) -> None:
        loop = asyncio.get_running_loop()
        self._last = loop.time()
        while (left := self._last + IDLE_SECONDS - loop.time()) > 0:
            await asyncio.sleep(left)


def unreachable(what: str, status: int, reason: str) -> web.Response:
    """The ingress's own answer when no instance answers; `what` names the service or gateway."""
    detail = f"{what} not reachable: {reason}."
    return web.json_response({"responseType": "ERROR", "detail": detail}, status=status)
