"""Browsers at public endpoints: sign-in, its refusals, and what an attacker may try."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import aiohttp
import pytest

from local_account.base.sql import Name
from local_account.identity.account import Account
from local_account.ingress.visitors import Visitors
from tests.account.ingress_world import LABEL, Loopback, World, open_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("ingress")) as world:
        yield world


def test_sign_in_leads_to_the_page_that_was_asked_for(world: World) -> None:
    async def work(client: aiohttp.ClientSession) -> None:
        answer = await world.sign_in(client, "VISITOR_ROLE", "/lab/tree?x=a%26b")
        assert answer.status == 200 and await answer.text() == "echo:"
        assert str(answer.url) == f"{world.base}/lab/tree?x=a%26b"
        request = world.upstream.requests[-1]
        assert request.raw_path == "/lab/tree?x=a%26b"
        assert request.headers["Sf-Context-Current-User"] == "VISITOR"
        assert request.headers["Host"] == world.base.removeprefix("http://")
        assert "sfc-endpoint" not in request.headers.get("Cookie", "")
        again = await client.get(world.base, headers={"Cookie": "mine=1"})
        assert again.status == 200
        assert world.upstream.requests[-1].cookies.get("one") == "1"

    world.run(work)


def test_cookie_is_kept_from_scripts_and_other_hosts(world: World) -> None:
    async def work(client: aiohttp.ClientSession) -> None:
        answer = await world.sign_in(client, "VISITOR_ROLE")
        cookie = answer.history[-1].cookies["sfc-endpoint-session"]
        assert cookie["httponly"] and cookie["samesite"] == "Lax" and not cookie["domain"]
        other = await client.get(world.base.replace("abcdefgh", "zzzzzzzz"), allow_redirects=False)
        assert (other.status, await other.text()) == (404, "Endpoint does not exist\n")

    world.run(work)


def test_wrong_password_is_shown_and_counted(world: World) -> None:
    async def work(client: aiohttp.ClientSession) -> None:
        page = await client.get(world.base)
        form = {"username": "STRANGER", "password": "<b>wrong"}
        for _ in range(5):
            answer = await client.post(page.url, data=form)
            assert answer.status == 401
            assert "Incorrect username or password" in await answer.text()
        answer = await client.post(page.url, data={**form, "password": "pw-OTHER_ROLE"})
        assert "temporarily locked" in await answer.text()

    world.run(work)
    world.account.catalog.set_properties(world.user("OTHER_ROLE").id, {"LOCKED_UNTIL": 0})


def test_user_without_service_role_is_denied(world: World) -> None:
    async def work(client: aiohttp.ClientSession) -> None:
        answer = await world.sign_in(client, "OTHER_ROLE")
        assert answer.status == 403
        text = await answer.text()
        assert "Access denied. Insufficient privileges to use endpoint ui" in text
        assert 'href="/sfc-endpoint/logout"' in text
        program = await client.get(world.base, headers=world.session_token("OTHER_ROLE"))
        assert program.status == 403

    world.run(work)


def test_administrators_default_role_is_refused(world: World) -> None:
    async def work(client: aiohttp.ClientSession) -> None:
        answer = await world.sign_in(client, "ACCOUNTADMIN")
        assert answer.status == 403 and "invalid consent request" in await answer.text()

    world.run(work)


def test_revoked_service_role_closes_the_endpoint_at_once(world: World) -> None:
    catalog = world.account.catalog

    async def work(client: aiohttp.ClientSession) -> None:
        assert (await world.sign_in(client, "VISITOR_ROLE")).status == 200
        catalog.revoke_service_role(world.service.id, "PEOPLE", "VISITOR_ROLE")
        try:
            assert (await client.get(world.base)).status == 403
        finally:
            catalog.grant_service_role(world.service.id, "PEOPLE", "VISITOR_ROLE", "OWNER_ROLE")

    world.run(work)


def test_usage_on_the_schema_is_needed_too(world: World) -> None:
    catalog = world.account.catalog
    schema = catalog.find("SCHEMA", Name("D", "", "S"))
    assert schema

    async def work(client: aiohttp.ClientSession) -> None:
        catalog.revoke("USAGE", schema.id, "VISITOR_ROLE")
        try:
            assert (await world.sign_in(client, "VISITOR_ROLE")).status == 403
        finally:
            catalog.grant("USAGE", schema.id, "VISITOR_ROLE", False, "OWNER_ROLE")

    world.run(work)


def test_sign_out_ends_the_session(world: World) -> None:
    async def work(client: aiohttp.ClientSession) -> None:
        answer = await world.sign_in(client, "VISITOR_ROLE")
        cookie = answer.history[-1].cookies["sfc-endpoint-session"].value
        assert (await client.get(world.base + "/sfc-endpoint/logout")).status == 200
        headers = {"Cookie": f"sfc-endpoint-session={cookie}"}
        answer = await client.get(world.base, headers=headers, allow_redirects=False)
        assert answer.status == 302

    world.run(work)


# What an attacker may try


def test_code_works_once_for_its_endpoint_and_browser(world: World) -> None:
    async def work(client: aiohttp.ClientSession) -> None:
        page = await client.get(world.base)
        form = {"username": "VISITOR", "password": "pw-VISITOR_ROLE"}
        answer = await client.post(page.url, data=form, allow_redirects=False)
        callback = answer.headers["Location"]
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=Loopback())) as stranger:
            assert (await stranger.get(callback)).status == 400
        assert (await client.get(callback, allow_redirects=False)).status == 302
        client.cookie_jar.clear()
        assert (await client.get(callback)).status == 400

    world.run(work)


@pytest.mark.parametrize(
    "uri",
    [
        "http://evil.example/sfc-endpoint/callback",
        "http://zzzzzzzz-local-account.localhost:{port}/sfc-endpoint/callback",
        "http://abcdefgh-local-account.localhost:{port}@evil.example/sfc-endpoint/callback",
        "http://abcdefgh-local-account.localhost:{port}/elsewhere",
        "http://abcdefgh-local-account.localhost:1/sfc-endpoint/callback",
        "http://abcdefgh-local-account.localhost.evil.example/sfc-endpoint/callback",
        "javascript:alert(1)",
        "http://[bad",
    ],
)
def test_sign_in_page_redirects_to_known_endpoints_only(world: World, uri: str) -> None:
    async def work(client: aiohttp.ClientSession) -> None:
        settings = world.account.settings
        query = {
            "client_id": "SNOWSERVICES_INGRESS_OAUTH",
            "response_type": "code",
            "state": "x:/",
            "redirect_uri": uri.format(port=settings.ingress_port),
        }
        url = f"{settings.account_url}/oauth/authorize"
        assert (await client.get(url, params=query)).status == 400
        form = {"username": "VISITOR", "password": "pw-VISITOR_ROLE"}
        assert (await client.post(url, params=query, data=form, allow_redirects=False)).status == 400

    world.run(work)


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example/", "http://evil.example/", ""])
def test_sign_in_goes_on_to_this_endpoint_only(world: World, path: str) -> None:
    async def work(client: aiohttp.ClientSession) -> None:
        first = await client.get(world.base, allow_redirects=False)
        nonce = first.cookies["sfc-endpoint-state"].value
        code = world.code()
        params = {"code": code, "state": f"{nonce}:{path}"}
        url = f"{world.base}/sfc-endpoint/callback"
        answer = await client.get(url, params=params, allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (302, "/")

    world.run(work)


def test_client_cannot_pretend_to_be_another_user(world: World) -> None:
    async def work(client: aiohttp.ClientSession) -> None:
        headers = {
            **world.session_token("VISITOR_ROLE"),
            "sf-context-current-user": "OWNER",
            "SF_CONTEXT_CURRENT_USER": "OWNER",
            "Sf-Context-Current-User-Email": "a@b",
            "X-SF-SPCS-Authorization": "x",
        }
        assert (await client.get(world.base, headers=headers)).status == 200
        seen = world.upstream.requests[-1].headers
        context = {name: value for name, value in seen.items() if "context" in name.lower()}
        assert context == {"Sf-Context-Current-User": "VISITOR"}
        assert "Authorization" not in seen and "X-SF-SPCS-Authorization" not in seen

    world.run(work)


@pytest.mark.parametrize(
    "host",
    ["localhost:{port}", "evil.example", "abcdefgh-local-account.localhost:1", "a.b.localhost:{port}", ""],
)
def test_other_host_names_are_unknown(world: World, host: str) -> None:
    port = world.account.settings.ingress_port

    async def work(_: aiohttp.ClientSession) -> None:
        answer = await _raw(port, f"GET / HTTP/1.1\r\nHost: {host.format(port=port)}\r\n\r\n")
        assert b"404" in answer.splitlines()[0]

    world.run(work)


def test_two_host_names_are_refused(world: World) -> None:
    port, host = world.account.settings.ingress_port, world.base.removeprefix("http://")

    async def work(_: aiohttp.ClientSession) -> None:
        answer = await _raw(port, f"GET / HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n\r\n")
        assert re.match(rb"HTTP/1.[01] 40[04]", answer)
        answer = await _raw(port, f"GET http://evil.example/ HTTP/1.1\r\nHost: {host}\r\n\r\n")
        assert re.match(rb"HTTP/1.[01] 40[04]", answer)
        answer = await _raw(port, f"TRACE / HTTP/1.1\r\nHost: {host}\r\n\r\n")
        assert re.match(rb"HTTP/1.[01] 40[05]", answer)

    world.run(work)


async def _raw(port: int, request: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request.encode())
    answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return answer


def test_cross_origin_changes_with_cookie_are_refused(world: World) -> None:
    async def work(client: aiohttp.ClientSession) -> None:
        await world.sign_in(client, "VISITOR_ROLE")
        foreign = {"Origin": "http://evil.example"}
        answer = await client.post(world.base, headers=foreign)
        assert answer.status == 403 and "Rejecting a CORS request" in await answer.text()
        with pytest.raises(aiohttp.WSServerHandshakeError) as failure:
            await client.ws_connect(f"{world.base}/websocket", origin="http://evil.example")
        assert failure.value.status == 403
        assert (await client.post(world.base, headers={"Origin": world.base})).status == 200
        token = {**foreign, **world.session_token("VISITOR_ROLE")}
        assert (await client.post(world.base, headers=token)).status == 200

    world.run(work)


# Users who are kept out, and new passwords


def test_new_password_is_asked_for(world: World) -> None:
    user = world.user("OTHER_ROLE")
    world.account.catalog.grant_service_role(world.service.id, "PEOPLE", "OTHER_ROLE", "OWNER_ROLE")
    for kind, name in (("DATABASE", Name("", "", "D")), ("SCHEMA", Name("D", "", "S"))):
        item = world.account.catalog.find(kind, name)
        assert item
        world.account.catalog.grant("USAGE", item.id, "OTHER_ROLE", False, "OWNER_ROLE")
    _set(world, user.name, MUST_CHANGE_PASSWORD=True)
    old = "pw-OTHER_ROLE"

    async def work(client: aiohttp.ClientSession) -> None:
        page = await client.get(world.base + "/deep")
        form = {"username": "stranger", "password": old}
        answer = await client.post(page.url, data=form)
        text = await answer.text()
        assert answer.status == 200 and 'name="new_password"' in text and old not in text
        for new, repeated, message in (
            ("Better-horse-2", "Other", "The new passwords are not the same."),
            (old, old, "New password rejected"),
        ):
            answer = await client.post(page.url, data={**form, "new_password": new, "repeated": repeated})
            assert answer.status == 401 and message in await answer.text()
        wrong = {"username": "stranger", "password": "wrong", "new_password": "N", "repeated": "N"}
        answer = await client.post(page.url, data=wrong)
        assert answer.status == 401 and "Incorrect username or password" in await answer.text()
        right = {**form, "new_password": "Better-horse-2", "repeated": "Better-horse-2"}
        answer = await client.post(page.url, data=right)
        assert answer.status == 200 and str(answer.url) == f"{world.base}/deep"

    world.run(work)

    async def again(client: aiohttp.ClientSession) -> None:
        page = await client.get(world.base)
        answer = await client.post(page.url, data={"username": "stranger", "password": old})
        assert answer.status == 401
        answer = await client.post(page.url, data={"username": "stranger", "password": "Better-horse-2"})
        assert answer.status == 200

    world.run(again)


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"DISABLED": True}, "User access disabled"),
        ({"EXPIRES_ON": 1.0}, "Your user account has expired"),
        ({"TYPE": "SERVICE"}, "Incorrect username or password"),
    ],
)
def test_users_who_are_kept_out(world: World, properties: dict[str, object], message: str) -> None:
    async def work(client: aiohttp.ClientSession) -> None:
        assert (await world.sign_in(client, "VISITOR_ROLE")).status == 200
        _set(world, "VISITOR", **properties)
        try:
            if "TYPE" not in properties:
                assert (await client.get(world.base, allow_redirects=False)).status == 302
            client.cookie_jar.clear()
            answer = await world.sign_in(client, "VISITOR_ROLE")
            assert answer.status == 401 and message in await answer.text()
        finally:
            _set(world, "VISITOR", FAILED_LOGINS=0, **dict.fromkeys(properties))

    world.run(work)


def test_network_policy_closes_endpoints_and_sign_in(world: World) -> None:
    content = {
        key: [] for key in ("ALLOWED_NETWORK_RULE_LIST", "BLOCKED_NETWORK_RULE_LIST", "BLOCKED_IP_LIST")
    }
    content["ALLOWED_IP_LIST"] = ["10.0.0.0/8"]
    world.account.catalog.create("NETWORK POLICY", Name("", "", "AWAY"), "ACCOUNTADMIN", content)
    message = "Incoming request with IP/Token 127.0.0.1 is not allowed to access Snowflake."

    async def work(client: aiohttp.ClientSession) -> None:
        assert (await world.sign_in(client, "VISITOR_ROLE")).status == 200
        token = world.session_token("VISITOR_ROLE")
        _set(world, "VISITOR", NETWORK_POLICY="AWAY")
        try:
            for headers in ({}, token):
                answer = await client.get(world.base, headers=headers, allow_redirects=False)
                assert answer.status == 403 and message in await answer.text()
            client.cookie_jar.clear()
            answer = await world.sign_in(client, "VISITOR_ROLE")
            assert answer.status == 401 and message in await answer.text()
        finally:
            _set(world, "VISITOR", NETWORK_POLICY=None)

    world.run(work)


def test_cookie_ends_with_its_user_and_outlasts_the_server(world: World) -> None:
    visitors = Visitors(world.account)
    catalog = world.account.catalog
    properties = {"LOGIN_NAME": "GUEST", "DEFAULT_ROLE": "VISITOR_ROLE"}
    guest = catalog.create("USER", Name("", "", "GUEST"), "ACCOUNTADMIN", properties)
    catalog.grant_role("VISITOR_ROLE", "USER", "GUEST", "")
    cookie = visitors.redeem_code(visitors.issue_code(guest, LABEL), LABEL)
    assert cookie
    reopened = Account(world.account.settings)
    try:
        found = Visitors(reopened).by_cookie(cookie, LABEL)
        assert found and found.user == "GUEST"
    finally:
        reopened.close()
    world.account.authenticator.forget_user("GUEST")
    assert visitors.by_cookie(cookie, LABEL) is None


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_cannot_sign_a_visitor_in(world: World, site: str) -> None:
    async def work(client: aiohttp.ClientSession) -> None:
        page = await client.get(world.base)
        form = {"username": "VISITOR", "password": "pw-VISITOR_ROLE"}
        headers = {"Sec-Fetch-Site": site}
        answer = await client.post(page.url, data=form, headers=headers, allow_redirects=False)
        assert answer.status == 400

    world.run(work)


def _set(world: World, user: str, **properties: object) -> None:
    item = world.account.catalog.find("USER", Name("", "", user))
    assert item
    world.account.catalog.set_properties(item.id, properties)
