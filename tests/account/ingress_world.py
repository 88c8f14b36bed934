"""For tests of the ingress: an account with one service, stood in for by a small server on loopback."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import unused_port

from local_account.base.settings import LocalSettings, free_ports
from local_account.base.sql import Name
from local_account.catalog.catalog import Object
from local_account.identity.account import Account
from local_account.identity.authenticator import new_session
from local_account.identity.credentials import hash_password
from local_account.ingress.app import ingress_runner
from local_account.ingress.visitors import Visitors
from local_account.server import account_app, open_account
from local_account.spcs.network.endpoints import ingress_host
from local_account.spcs.state.observed import ContainerState, InstanceState, Observed

LABEL = "abcdefgh-local-account"
ROLES = {"OWNER_ROLE": "OWNER", "VISITOR_ROLE": "VISITOR", "OTHER_ROLE": "STRANGER", "ACCOUNTADMIN": "CHIEF"}


class Loopback(AbstractResolver):
    """Resolves every name to this machine, as browsers do for `*.localhost`."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=2, proto=0, flags=0)]

    async def close(self) -> None:
        pass


@dataclass
class Upstream:
    """The service's program; remembers the requests it got."""

    port: int
    requests: list[web.Request] = field(default_factory=list)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/websocket", self.websocket)
        app.router.add_get("/stream", self.stream)
        app.router.add_get("/script", self.script)
        app.router.add_route("*", "/{path:.*}", self.echo)
        return app

    async def echo(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        body = await request.read()
        response = web.Response(
            body=b"echo:" + body,
            content_type="text/html",
            headers={"X-Powered-By": "test", "Server": "secret/1"},
        )
        response.headers["Content-Security-Policy"] = "img-src *"
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.set_cookie("one", "1")
        response.set_cookie("two", "2")
        return response

    async def stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for number in range(3):
            await response.write(f"{number}\n".encode())
            await asyncio.sleep(0.2)
        return response

    async def script(self, request: web.Request) -> web.Response:
        return web.Response(body=b"#!/bin/sh\n", content_type="application/x-sh")

    async def websocket(self, request: web.Request) -> web.WebSocketResponse:
        self.requests.append(request)
        socket = web.WebSocketResponse(protocols=("v1.kernel",), max_msg_size=0)
        await socket.prepare(request)
        async for message in socket:
            if message.data == "bye":
                await socket.close(code=4001, message=b"as asked")
            elif message.type is aiohttp.WSMsgType.TEXT:
                await socket.send_str(f"echo:{message.data}")
            else:
                await socket.send_bytes(b"echo:" + message.data)
        return socket


@dataclass
class World:
    """An account with one service behind the ingress."""

    account: Account
    service: Object
    upstream: Upstream
    base: str = ""

    def run(self, work: Callable[[aiohttp.ClientSession], Awaitable[Any]]) -> Any:
        async def main() -> Any:
            connector = aiohttp.TCPConnector(resolver=Loopback())
            async with aiohttp.ClientSession(connector=connector) as client:
                return await asyncio.wait_for(work(client), 30)

        return asyncio.run(main())

    def user(self, role: str) -> Object:
        found = self.account.catalog.find("USER", Name("", "", ROLES[role]))
        assert found
        return found

    def code(self) -> str:
        """A one-time code for the visitor."""
        return Visitors(self.account).issue_code(self.user("VISITOR_ROLE"), LABEL)

    def session_token(self, role: str) -> dict[str, str]:
        session = new_session(self.account.catalog, self.user(role))
        token, _ = self.account.authenticator.open(session)
        return {"Authorization": f'Snowflake Token="{token}"'}

    async def sign_in(self, client: aiohttp.ClientSession, role: str, path: str = "/") -> Any:
        """Go through the sign-in form as a browser does; the last answer."""
        page = await client.get(self.base + path)
        text = await page.text()
        assert page.url.path == "/oauth/authorize" and 'name="username"' in text and 'type="submit"' in text
        form = {"username": ROLES[role].lower(), "password": f"pw-{role}"}
        return await client.post(page.url, data=form)


@contextmanager
def open_world(state: Path) -> Iterator[World]:
    """An account in a folder, its ingress and its service, all in this process."""
    account = open_account(LocalSettings(state=state, port=free_ports(), account_id="ingress"))
    upstream = Upstream(unused_port())
    world = World(account, _seed(account, upstream.port), upstream)
    host = ingress_host(account, world.service, "ui")
    world.base = f"http://{host}"
    loop = asyncio.new_event_loop()
    runners = [
        (web.AppRunner(account_app(account), auto_decompress=False), account.settings.port),
        (ingress_runner(account), account.settings.ingress_port),
        (web.AppRunner(upstream.app()), upstream.port),
    ]

    async def start() -> None:
        for runner, port in runners:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", port).start()

    async def stop() -> None:
        for runner, _ in runners:
            await runner.cleanup()

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    yield world
    asyncio.run_coroutine_threadsafe(stop(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    account.close()


def _seed(account: Account, port: int) -> Object:
    catalog = account.catalog
    for role, user in ROLES.items():
        if not catalog.find("ROLE", Name("", "", role)):
            catalog.create("ROLE", Name("", "", role), "ACCOUNTADMIN")
        properties = {"LOGIN_NAME": user, "PASSWORD": hash_password(f"pw-{role}"), "DEFAULT_ROLE": role}
        catalog.create("USER", Name("", "", user), "ACCOUNTADMIN", properties)
        catalog.grant_role(role, "USER", user, "")
    for kind, name in (("DATABASE", Name("", "", "D")), ("SCHEMA", Name("D", "", "S"))):
        item = catalog.create(kind, name, "OWNER_ROLE")
        catalog.grant("USAGE", item.id, "VISITOR_ROLE", False, "OWNER_ROLE")
    catalog.grant("BIND SERVICE ENDPOINT", 0, "OWNER_ROLE", False, "ACCOUNTADMIN")
    endpoint = {
        "name": "ui",
        "port": port,
        "public": True,
        "corsSettings": {
            "Access-Control-Allow-Origin": ["http://friend.example"],
            "Access-Control-Allow-Methods": ["GET", "POST"],
        },
    }
    spec = {
        "spec": {"containers": [], "endpoints": [endpoint]},
        "serviceRoles": [{"name": "people", "endpoints": ["ui"]}],
    }
    properties = {"SPEC": spec, "INGRESS": {"ui": "abcdefgh"}, "SUSPENDED": False, "AUTO_RESUME": True}
    service = catalog.create("SERVICE", Name("D", "S", "NOTEBOOK"), "OWNER_ROLE", properties)
    catalog.grant_service_role(service.id, "PEOPLE", "VISITOR_ROLE", "OWNER_ROLE")
    account.part(Observed).put(service.id, 0, ready())
    return service


def ready() -> InstanceState:
    """A ready instance of the service."""
    return InstanceState(address="127.0.0.1", containers={"main": ContainerState("READY", "Running")})
