"""Suspended services: resumed by a permitted visitor; suspended by themselves when nobody calls them."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_account.base.result import now
from local_account.base.settings import LocalSettings
from local_account.base.sql import Name
from local_account.server import open_account
from local_account.spcs.docker import idle
from local_account.spcs.state.observed import SERVICE
from tests.account.conftest import RunningAccount
from tests.account.spcs_world import DATABASE, OWNER, READY, World

WEB = [{"name": "web", "port": 8000, "public": True}]


@pytest.fixture
def visited(world: World, account: RunningAccount) -> Iterator[str]:
    """A service with a public endpoint, in a pool of its own."""
    account.run(
        "CREATE COMPUTE POOL DOORMAN MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_XS",
        f"GRANT USAGE ON COMPUTE POOL DOORMAN TO ROLE {OWNER}",
    )
    world.run(f"CREATE SERVICE DOOR IN COMPUTE POOL DOORMAN {world.spec(container=READY, endpoints=WEB)}")
    world.wait_for("DOOR")
    yield "DOOR"
    account.run("ALTER COMPUTE POOL DOORMAN STOP ALL", "DROP COMPUTE POOL DOORMAN")


def visit(world: World, service: str, role: str = OWNER) -> tuple[int, str]:
    """Status and text that a program gets which comes in with a role."""
    host = world.run(f"SHOW ENDPOINTS IN SERVICE {service}")[0]["ingress_url"]
    with world.connect(role) as session:
        assert session.rest
        headers = {"Host": host, "Authorization": f'Snowflake Token="{session.rest.token}"'}
        address = f"http://127.0.0.1:{world.account.settings.ingress_port}/"
        try:
            with urllib.request.urlopen(
                urllib.request.Request(address, headers=headers), timeout=10
            ) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@pytest.mark.docker
def test_visitor_resumes_service_and_pool(world: World, account: RunningAccount, visited: str) -> None:
    assert visit(world, visited)[0] == 200
    digest = world.containers(visited)[0]["image_digest"]
    account.run("ALTER COMPUTE POOL DOORMAN SUSPEND")
    world.wait_for(visited, "SUSPENDED")
    account.run(
        "CREATE ROLE IF NOT EXISTS PASSER_BY",
        "GRANT ROLE PASSER_BY TO ROLE SYSADMIN",
        f"GRANT USAGE ON DATABASE {DATABASE} TO ROLE PASSER_BY",
        f"GRANT USAGE ON SCHEMA {DATABASE}.PUBLIC TO ROLE PASSER_BY",
    )
    assert visit(world, visited, "PASSER_BY")[0] == 403
    assert world.status(visited) == "SUSPENDED"
    status, text = visit(world, visited)
    assert (status, f"Service {visited} not reachable: no service hosts found." in text) == (503, True)
    world.eventually(lambda: visit(world, visited)[0] == 200)
    assert world.status(visited) == "RUNNING"
    assert account.run("SHOW COMPUTE POOLS LIKE 'DOORMAN'")[0]["state"] == "ACTIVE"
    assert world.containers(visited)[0]["image_digest"] == digest
    world.run(f"ALTER SERVICE {visited} SET AUTO_RESUME = FALSE", f"ALTER SERVICE {visited} SUSPEND")
    world.wait_for(visited, "SUSPENDED")
    assert visit(world, visited)[0] == 503
    assert world.status(visited) == "SUSPENDED"


def test_service_without_calls_suspends_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = open_account(LocalSettings(state=tmp_path, port=1, account_id="idle"))
    properties = {"AUTO_SUSPEND_SECS": 300, "SUSPENDED": False, "IS_JOB": False}
    item = account.catalog.create(SERVICE, Name("D", "S", "QUIET"), "R", properties)
    assert 299 < idle.suspend_idle(account, []) <= 300
    begin = now()
    monkeypatch.setattr(idle, "now", lambda: begin + 301)
    idle.suspend_idle(account, [])
    found = account.catalog.by_id(item.id)
    assert found
    assert found.properties["SUSPENDED"] is True
    account.close()
