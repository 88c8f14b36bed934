"""Programs at public endpoints, and what the ingress does to requests and answers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local_account.identity.credentials import digest, fingerprint
from local_account.spcs.state.observed import Observed
from tests.account.ingress_world import World, open_world, ready


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("ingress")) as world:
        yield world


def test_programs_come_in_with_tokens(world: World) -> None:
    async def work(client: aiohttp.ClientSession) -> None:
        token = world.session_token("VISITOR_ROLE")["Authorization"]
        for value in (token, token.replace('"', "")):
            assert (await client.get(world.base, headers={"Authorization": value})).status == 200
        both = {"X-SF-SPCS-Authorization": token, "Authorization": "token of-the-app"}
        assert (await client.get(world.base, headers=both)).status == 200
        assert world.upstream.requests[-1].headers["Authorization"] == "token of-the-app"
        bad = {"Authorization": 'Snowflake Token="nonsense"'}
        assert (await client.get(world.base, headers=bad, allow_redirects=False)).status == 302

    world.run(work)


def test_access_token_counts_with_its_role_only(world: World) -> None:
    catalog = world.account.catalog
    catalog.grant_role("OTHER_ROLE", "USER", "VISITOR", "")
    later = time.time() + 60
    content = {"user": "VISITOR", "bypass_until": later}
    catalog.put_token(digest("pat-good"), "pat", later, {**content, "role": "VISITOR_ROLE"})
    catalog.put_token(digest("pat-other"), "pat", later, {**content, "role": "OTHER_ROLE"})

    async def work(client: aiohttp.ClientSession) -> None:
        for token, status in (("pat-good", 200), ("pat-other", 403)):
            headers = {"Authorization": f"Snowflake Token={token}"}
            assert (await client.get(world.base, headers=headers)).status == status

    world.run(work)


def test_key_pair_is_exchanged_for_an_endpoint_token(world: World) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    public = "".join(line for line in pem.splitlines() if "-----" not in line)
    world.account.catalog.set_properties(world.user("VISITOR_ROLE").id, {"RSA_PUBLIC_KEY": public})
    subject = f"{world.account.settings.locator}.VISITOR"
    moment = time.time()
    claims = {"iss": f"{subject}.{fingerprint(public)}", "sub": subject, "iat": moment, "exp": moment + 60}
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "scope": f"session:role:VISITOR_ROLE {world.base.removeprefix('http://')}",
        "assertion": jwt.encode(claims, key, algorithm="RS256"),
    }

    async def work(client: aiohttp.ClientSession) -> None:
        url = f"{world.account.settings.account_url}/oauth/token"
        answer = await client.post(url, data=form)
        assert answer.status == 200
        headers = {"Authorization": f'Snowflake Token="{await answer.text()}"'}
        assert (await client.get(world.base, headers=headers)).status == 200
        role = {**form, "scope": form["scope"].replace("VISITOR_ROLE", "OWNER_ROLE")}
        assert (await client.post(url, data=role)).status == 400
        forged = {**form, "assertion": jwt.encode(claims, "x" * 32, algorithm="HS256")}
        assert (await client.post(url, data=forged)).status == 400

    world.run(work)


# Traffic


def test_headers_of_answers(world: World) -> None:
    async def work(client: aiohttp.ClientSession) -> None:
        answer = await client.get(world.base, headers=world.session_token("VISITOR_ROLE"))
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        policies = answer.headers.getall("Content-Security-Policy")
        assert policies[0] == "img-src *" and policies[1].startswith("default-src 'self'")
        assert not {"Server", "X-Powered-By", "Access-Control-Allow-Origin"} & set(answer.headers)
        assert [value.split("=")[0] for value in answer.headers.getall("Set-Cookie")] == ["one", "two"]

    world.run(work)


def test_cors_settings_replace_the_service_headers(world: World) -> None:
    async def work(client: aiohttp.ClientSession) -> None:
        headers = {**world.session_token("VISITOR_ROLE"), "Origin": "http://friend.example"}
        answer = await client.get(world.base, headers=headers)
        assert answer.headers.getall("Access-Control-Allow-Origin") == ["http://friend.example"]
        preflight = {"Origin": "http://friend.example", "Access-Control-Request-Method": "POST"}
        answer = await client.options(world.base, headers=preflight)
        assert answer.status == 204 and answer.headers["Access-Control-Allow-Methods"] == "GET, POST"
        preflight["Origin"] = "http://evil.example"
        assert (await client.options(world.base, headers=preflight, allow_redirects=False)).status == 302

    world.run(work)


def test_bodies_are_passed_on_unchanged(world: World) -> None:
    async def work(client: aiohttp.ClientSession) -> None:
        headers = world.session_token("VISITOR_ROLE")
        body = bytes(range(256)) * 4096
        answer = await client.post(world.base, data=body, headers=headers)
        assert await answer.read() == b"echo:" + body
        assert world.upstream.requests[-1].content_length == len(body)

        async def chunks() -> Any:
            for _ in range(3):
                yield b"part"

        answer = await client.put(world.base, data=chunks(), headers=headers)
        assert await answer.read() == b"echo:partpartpart"
        head = await client.head(world.base, headers=headers)
        assert head.status == 200 and head.headers["Content-Length"] == "5"

    world.run(work)


def test_answers_are_streamed(world: World) -> None:
    async def work(client: aiohttp.ClientSession) -> None:
        started = time.monotonic()
        answer = await client.get(world.base + "/stream", headers=world.session_token("VISITOR_ROLE"))
        assert await answer.content.readline() == b"0\n"
        assert time.monotonic() - started < 0.2
        assert await answer.read() == b"1\n2\n"

    world.run(work)


def test_programs_in_answers_are_held_back(world: World) -> None:
    async def work(client: aiohttp.ClientSession) -> None:
        answer = await client.get(world.base + "/script", headers=world.session_token("VISITOR_ROLE"))
        assert answer.status == 403

    world.run(work)


def test_websocket_echo_with_subprotocol(world: World) -> None:
    async def work(client: aiohttp.ClientSession) -> None:
        await world.sign_in(client, "VISITOR_ROLE")
        url = f"{world.base}/websocket"
        async with client.ws_connect(url, protocols=("v1.kernel",), origin=world.base) as socket:
            assert socket.protocol == "v1.kernel"
            await socket.send_str("hello")
            assert await socket.receive_str() == "echo:hello"
            await socket.send_bytes(b"x" * 3_000_000)
            assert len(await socket.receive_bytes()) == 3_000_005
            await socket.send_str("bye")
            closing = await socket.receive()
            assert (closing.type, closing.data, closing.extra) == (aiohttp.WSMsgType.CLOSE, 4001, "as asked")
        assert world.upstream.requests[-1].headers["Sf-Context-Current-User"] == "VISITOR"

    world.run(work)


def test_service_without_ready_instance_answers_json(world: World) -> None:
    spcs, service = world.account.part(Observed), world.service

    async def work(client: aiohttp.ClientSession) -> None:
        headers = world.session_token("VISITOR_ROLE")
        spcs.put(service.id, 0, None)
        answer = await client.get(world.base, headers=headers)
        assert (answer.status, await answer.json()) == (
            503,
            {
                "responseType": "ERROR",
                "detail": "Service NOTEBOOK not reachable: no service hosts found.",
            },
        )
        dead = ready()
        dead.address = "127.0.0.2"
        spcs.put(service.id, 0, dead)
        spcs.put(service.id, 1, ready())
        for _ in range(4):
            assert (await client.get(world.base, headers=headers)).status == 200

    try:
        world.run(work)
    finally:
        spcs.put(service.id, 1, None)
        spcs.put(service.id, 0, ready())


def test_endpoint_closes_with_its_owners_privilege(world: World) -> None:
    async def work(client: aiohttp.ClientSession) -> None:
        world.account.catalog.revoke("BIND SERVICE ENDPOINT", 0, "OWNER_ROLE")
        answer = await client.get(world.base, headers=world.session_token("VISITOR_ROLE"))
        assert answer.status == 404

    try:
        world.run(work)
    finally:
        world.account.catalog.grant("BIND SERVICE ENDPOINT", 0, "OWNER_ROLE", False, "ACCOUNTADMIN")
