"""Requests made to confuse the ingress, and services that try to reach beyond their own endpoint.

What else an attacker may try at sign-in and between origins is in test_sign_in.py.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import aiohttp
import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from local_account.catalog.catalog import Object
from local_account.ingress import headers
from local_account.spcs.network.endpoints import PublicEndpoint
from tests.account.ingress_world import World, open_world

# Each of these is two things to two parsers.
GET = "GET / HTTP/1.1\r\nHost: {host}\r\n{token}"
POST = "POST / HTTP/1.1\r\nHost: {host}\r\n{token}"
AMBIGUOUS = {
    "two lengths": POST + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunks": POST + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "unknown encoding": POST + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "negative length": POST + "Content-Length: -1\r\n\r\n",
    "large chunk": POST + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    "blank before the colon": GET + "X-A : b\r\n\r\n",
    "folded header": GET + "X-A: b\r\n Sf-Context-Current-User: OWNER\r\n\r\n",
    "null in a header": GET + "X-A: b\0c\r\n\r\n",
    "bare line end": GET + "X-A: b\nSf-Context-Current-User: OWNER\r\n\r\n",
    "oversized header": GET + "X-A: " + "b" * 100_000 + "\r\n\r\n",
    "no version": "GET /\r\nHost: {host}\r\n{token}\r\n",
    "oversized path": "GET /" + "a" * 100_000 + " HTTP/1.1\r\nHost: {host}\r\n{token}\r\n",
    "user in the host": "GET / HTTP/1.1\r\nHost: x@{host}\r\n{token}\r\n",
    "path in the host": "GET / HTTP/1.1\r\nHost: {host}/x\r\n{token}\r\n",
    "dot after the host": "GET / HTTP/1.1\r\nHost: {host}.\r\n{token}\r\n",
    "asterisk": "GET * HTTP/1.1\r\nHost: {host}\r\n{token}\r\n",
    "upgrade to HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


ENDPOINT = PublicEndpoint(Object(0, "SERVICE", "D", "S", "N", "R", "", 0, 0), "ui", 80, [], {})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("ingress")) as world:
        yield world


async def raw(world: World, request: str) -> bytes:
    """Head of the ingress's answer; empty when it closed the connection without one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.account.settings.ingress_port)
    writer.write(request.encode())
    try:
        return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("request_text", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_ambiguous_requests_reach_no_service(world: World, request_text: str) -> None:
    token = world.session_token("VISITOR_ROLE")["Authorization"]
    filled = request_text.format(host=world.base.removeprefix("http://"), token=f"Authorization: {token}\r\n")
    before = len(world.upstream.requests)

    async def work(_: aiohttp.ClientSession) -> None:
        answer = await raw(world, filled)
        assert not answer or re.match(rb"HTTP/\d.\d (4\d\d|505) ", answer), answer

    world.run(work)
    assert len(world.upstream.requests) == before


def test_the_user_cannot_be_taken_away_or_named_by_the_client(world: World) -> None:
    async def work(client: aiohttp.ClientSession) -> None:
        for connection in ("Sf-Context-Current-User", "close, sf-context-current-user", "Host, Cookie"):
            sent = {
                **world.session_token("VISITOR_ROLE"),
                "Connection": connection,
                "sf-context-current-user": "OWNER",
                "SF-CONTEXT-CURRENT_USER": "OWNER",
            }
            assert (await client.get(world.base, headers=sent)).status == 200
            seen = world.upstream.requests[-1].headers
            assert seen.getall("Sf-Context-Current-User") == ["VISITOR"]
            assert "OWNER" not in repr(seen)

    world.run(work)


@pytest.mark.parametrize(
    "origin",
    ["null", "http://evil.example", "https://{host}", "http://{host}.evil.example", "http://localhost:1", ""],
)
def test_pages_of_other_origins_change_nothing_with_a_stolen_ride(world: World, origin: str) -> None:
    sender = origin.format(host=world.base.removeprefix("http://"))

    async def work(client: aiohttp.ClientSession) -> None:
        await world.sign_in(client, "VISITOR_ROLE")
        before = len(world.upstream.requests)
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = await client.request(method, world.base + "/api/contents/a", headers={"Origin": sender})
            assert answer.status == 403, (method, sender)
        with pytest.raises(aiohttp.WSServerHandshakeError) as failure:
            await client.ws_connect(f"{world.base}/websocket", origin=sender)
        assert failure.value.status == 403
        assert len(world.upstream.requests) == before

    world.run(work)


@pytest.mark.parametrize(
    "path",
    [
        "/%2e%2e/%2e%2e/etc/passwd",
        "/sfc-endpoint/../x",
        "/@evil.example",
        "/%0d%0aX-A:b",
        "/a;b?c#d",
        "/\\evil",
    ],
)
def test_paths_reach_the_service_as_they_are_or_not_at_all(world: World, path: str) -> None:
    token = world.session_token("VISITOR_ROLE")["Authorization"]
    host = world.base.removeprefix("http://")

    async def work(_: aiohttp.ClientSession) -> None:
        before = len(world.upstream.requests)
        answer = await raw(world, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\n\r\n")
        if answer.startswith(b"HTTP/1.1 200"):
            seen = world.upstream.requests[before]
            assert seen.raw_path == path.partition("#")[0]
            assert seen.headers["Host"] == host
        else:
            assert re.match(rb"HTTP/1.[01] 4\d\d ", answer), answer

    world.run(work)


@pytest.mark.parametrize(
    ("cookie", "passes"),
    [
        ("mine=1; Path=/", True),
        ("mine=1; Domain=; Path=/", True),
        ("sfc-endpoint-session=stolen; Path=/", False),
        (" sfc-endpoint-state =stolen", False),
        ("mine=1; Domain=localhost", False),
        ("mine=1; domain=.localhost; Path=/", False),
    ],
)
def test_services_set_cookies_for_themselves_only(cookie: str, passes: bool) -> None:
    given = CIMultiDictProxy(CIMultiDict([("Set-Cookie", cookie), ("X-Frame-Options", "ALLOWALL")]))
    answer = headers.for_client(given, ENDPOINT, None)
    assert ("Set-Cookie" in answer) is passes
    assert answer.getall("X-Frame-Options") == ["DENY"]
