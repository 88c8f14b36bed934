"""Gateways: one host name that divides requests among endpoints.

https://docs.snowflake.com/en/developer-guide/snowpark-container-services/gateway
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
import snowflake.connector
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from local_account.base.sql import Name
from local_account.host.clients import connection_parameters
from local_account.spcs.state.observed import Observed
from tests.account.ingress_world import World, open_world, ready

SECOND = unused_port()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("gateways")) as world:
        properties = world.service.properties
        spec = {"spec": {"containers": [], "endpoints": [{"name": "ui", "port": SECOND, "public": False}]}}
        catalog = world.account.catalog
        other = catalog.create(
            "SERVICE", Name("D", "S", "OTHER"), "OWNER_ROLE", {**properties, "SPEC": spec, "INGRESS": {}}
        )
        world.account.part(Observed).put(other.id, 0, ready())
        yield world


def run(world: World, *statements: str) -> list[Any]:
    """Rows of the last statement, run as the owner of the services."""
    settings = connection_parameters(world.account.settings)
    sign_in = {"user": "OWNER", "password": "pw-OWNER_ROLE", "database": "D", "schema": "S"}
    with snowflake.connector.connect(**{**settings, **sign_in}) as connection:
        rows: list[Any] = []
        for statement in statements:
            cursor = connection.cursor(snowflake.connector.DictCursor)
            cursor.execute(statement)
            rows = cursor.fetchall()
        return rows


def specification(first: int, second: int) -> str:
    targets = [
        f"{{type: endpoint, value: d.s.{name}!ui, weight: {weight}}}"
        for name, weight in (("notebook", first), ("other", second))
    ]
    return (
        f"FROM SPECIFICATION $${{spec: {{type: traffic_split, split_type: custom, targets: "
        f"[{', '.join(targets)}]}}}}$$"
    )


def test_requests_are_divided_by_weight(world: World) -> None:
    run(
        world,
        f"CREATE GATEWAY G {specification(70, 30)}",
        "GRANT USAGE ON GATEWAY G TO ROLE VISITOR_ROLE",
    )
    host = run(world, "DESCRIBE GATEWAY G")[0]["ingress_url"]
    url, headers = f"http://{host}/", world.session_token("VISITOR_ROLE")
    observed, other = world.account.part(Observed), world.account.catalog.objects("SERVICE")[-1]

    async def second(request: web.Request) -> web.Response:
        return web.Response(text="second", headers={"Access-Control-Allow-Origin": "*"})

    async def counts(client: aiohttp.ClientSession, requests: int) -> dict[str, int]:
        found: Counter[str] = Counter()
        for _ in range(requests):
            answer = await client.get(url, headers=headers)
            assert answer.status == 200
            found[(await answer.text()).partition(":")[0]] += 1
        return dict(found)

    async def work(client: aiohttp.ClientSession) -> None:
        app = web.Application()
        app.router.add_get("/", second)
        async with TestServer(app, port=SECOND):
            assert await counts(client, 20) == {"echo": 14, "second": 6}
            # A target without a ready instance gets nothing.
            observed.put(other.id, 0, replace(ready(), containers={}))
            assert await counts(client, 5) == {"echo": 5}
            observed.put(other.id, 0, ready())
            run(world, f"ALTER GATEWAY G {specification(0, 100)}")
            assert run(world, "DESCRIBE GATEWAY G")[0]["ingress_url"] == host
            assert await counts(client, 5) == {"second": 5}
            friend = {**headers, "Origin": "http://friend.example"}
            answer = await client.get(url, headers=friend)
            assert "Access-Control-Allow-Origin" not in answer.headers

    world.run(work)


def test_who_may_come_in(world: World) -> None:
    catalog = world.account.catalog
    run(world, f"CREATE OR REPLACE GATEWAY G {specification(100, 0)}")
    gateway = catalog.objects("GATEWAY")[0]
    url = f"http://{run(world, 'SHOW GATEWAYS')[0]['ingress_url']}/"

    async def status(client: aiohttp.ClientSession, role: str) -> int:
        answer = await client.get(url, headers=world.session_token(role), allow_redirects=False)
        return answer.status

    async def work(client: aiohttp.ClientSession) -> None:
        # A service role of the target is no right on the gateway; the gateway's owner needs none.
        assert await status(client, "VISITOR_ROLE") == 403
        assert await status(client, "OWNER_ROLE") == 200
        catalog.grant("USAGE", gateway.id, "VISITOR_ROLE", False, "OWNER_ROLE")
        assert await status(client, "VISITOR_ROLE") == 200
        assert await status(client, "OTHER_ROLE") == 403
        unknown = await client.get(url, allow_redirects=False)
        assert (unknown.status, "oauth/authorize" in unknown.headers["Location"]) == (302, True)
        page = await client.get(unknown.headers["Location"])
        assert "G (gateway)" in await page.text()
        # The gateway acts with its owner's rights on the endpoints.
        other = catalog.create("ROLE", Name("", "", "NEW_OWNER"), "ACCOUNTADMIN")
        catalog.grant("BIND SERVICE ENDPOINT", 0, other.name, False, "ACCOUNTADMIN")
        with catalog.transaction():
            moved = catalog.by_id(gateway.id)
            assert moved
            moved.owner = other.name
            catalog.save(moved)
        answer = await client.get(url, headers=world.session_token("VISITOR_ROLE"))
        assert (answer.status, await answer.json()) == (
            503,
            {"responseType": "ERROR", "detail": "Gateway G not reachable: no target can be used."},
        )
        catalog.revoke("BIND SERVICE ENDPOINT", 0, other.name)
        assert await status(client, "VISITOR_ROLE") == 404

    world.run(work)
