"""Who may reach whom: declared endpoints, owner roles, service roles, and the account itself."""

from __future__ import annotations

import pytest

from tests.account.conftest import RunningAccount
from tests.account.spcs_world import OWNER, POOL, READY, SERVER, World, world_of

pytestmark = pytest.mark.docker
WEB = [{"name": "web", "port": 8000}]


@pytest.fixture(scope="module")
def world(account: RunningAccount) -> World:
    return world_of(account)


def test_network_is_closed_but_for_declared_endpoints(world: World, account: RunningAccount) -> None:
    two = (
        "import threading; from http.server import BaseHTTPRequestHandler as Handler, ThreadingHTTPServer; "
        "hidden = ThreadingHTTPServer(('', 8009), Handler); "
        "threading.Thread(target=hidden.serve_forever, daemon=True).start(); "
    ) + SERVER
    with world.service("TARGET_WEB", world.spec(two, container=READY, endpoints=WEB)) as target:
        dns_name = world.run(f"SHOW SERVICES LIKE '{target}'")[0]["dns_name"]
        urls = [
            "http://target-web:8000",
            f"http://{dns_name}:8000",
            "http://target-web:8009",
            "http://1.1.1.1",
            f"http://{{h}}:{account.settings.port}/healthz",
            f"http://{{h}}:{account.settings.registry_port}/v2/",
        ]
        code = f"""
import os, urllib.request
for url in {urls!r}:
    try:
        print(urllib.request.urlopen(url.replace('{{h}}', os.environ['SNOWFLAKE_HOST']), timeout=2).status)
    except OSError as error:
        print('closed')
"""
        world.run(f"EXECUTE JOB SERVICE IN COMPUTE POOL {POOL} NAME = PROBING {world.spec(code)}")
        assert world.logs("PROBING").split() == ["200", "200", "closed", "closed", "200", "closed"]
        world.run("DROP SERVICE PROBING")


def test_other_owners_need_a_service_role(world: World, account: RunningAccount) -> None:
    other = "SPCS_OTHER"
    account.run(
        f"CREATE ROLE IF NOT EXISTS {other}",
        f"GRANT ROLE {other} TO ROLE SYSADMIN",
        "GRANT USAGE ON DATABASE SPCS_DB TO ROLE SPCS_OTHER",
        "GRANT USAGE, CREATE SERVICE ON SCHEMA SPCS_DB.PUBLIC TO ROLE SPCS_OTHER",
        f"GRANT USAGE ON COMPUTE POOL {POOL} TO ROLE {other}",
        "GRANT READ ON IMAGE REPOSITORY SPCS_DB.PUBLIC.IMAGES TO ROLE SPCS_OTHER",
    )
    code = "import urllib.request; print(urllib.request.urlopen('http://guarded:8000', timeout=2).status)"
    job = f"EXECUTE JOB SERVICE IN COMPUTE POOL {POOL} NAME = VISIT {world.spec(code)}"
    with world.service("GUARDED", world.spec(SERVER, container=READY, endpoints=WEB)) as name:
        assert "ended with status: FAILED" in str(world.refused(job, role=other))
        world.run("DROP SERVICE VISIT", role=other)
        world.run(f"GRANT SERVICE ROLE {name}!ALL_ENDPOINTS_USAGE TO ROLE {other}")
        world.run(job, "DROP SERVICE VISIT", role=other)


def test_session_token_signs_in_as_the_owner_role(world: World, account: RunningAccount) -> None:
    code = "print(open('/snowflake/session/token').read(), flush=True); " + SERVER
    config = {"sessionTokenConfig": {"path": "/snowflake/session", "mountConnectionConfig": True}}
    with world.service("INSIDE", world.spec(code, container={**READY, **config})) as name:
        token = world.logs(name).splitlines()[0]
        row = account.run(
            "SELECT CURRENT_ROLE() AS R, CURRENT_USER() AS U, CURRENT_DATABASE() AS D",
            authenticator="oauth",
            token=token,
            user=None,
            password=None,
        )[0]
        assert row == {"R": OWNER, "U": "INSIDE", "D": "SPCS_DB"}
