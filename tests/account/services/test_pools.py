"""Compute pools: nodes that come and go, suspension by hand and by itself, STOP ALL, what is refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.account.conftest import RunningAccount
from tests.account.spcs_world import OWNER, READY, World

pytestmark = pytest.mark.docker
POOL = "ELASTIC"
# One instance of this fills a node of the pool's family.
HALF = {"resources": {"requests": {"cpu": "0.8"}}, **READY}


@pytest.fixture(scope="module")
def elastic(account: RunningAccount, world: World) -> Iterator[str]:
    account.run(
        f"CREATE COMPUTE POOL {POOL} MIN_NODES = 1 MAX_NODES = 2 INSTANCE_FAMILY = CPU_X64_XS",
        f"GRANT USAGE, MONITOR ON COMPUTE POOL {POOL} TO ROLE {OWNER}",
    )
    yield POOL
    account.run(f"ALTER COMPUTE POOL {POOL} STOP ALL", f"DROP COMPUTE POOL {POOL}")


def pool_of(world: World, name: str = POOL) -> dict[str, Any]:
    return world.run(f"SHOW COMPUTE POOLS LIKE '{name}'", role="ACCOUNTADMIN")[0]


def nodes_of(world: World, name: str = POOL) -> tuple[str, int, int, int]:
    row = pool_of(world, name)
    return row["state"], row["active_nodes"], row["idle_nodes"], row["target_nodes"]


def start_job(world: World, pool: str, name: str) -> None:
    """A job that would run for long and ends when it is told to; it runs already."""
    code = "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(1)); print('on'); time.sleep(99)"
    world.run(f"EXECUTE JOB SERVICE IN COMPUTE POOL {pool} NAME = {name} ASYNC = TRUE {world.spec(code)}")
    world.eventually(lambda: world.logs(name) == "on")


def test_nodes_come_and_go_with_instances(world: World, elastic: str) -> None:
    world.eventually(lambda: nodes_of(world) == ("IDLE", 0, 1, 1))
    assert len(world.run(f"SHOW NODES IN COMPUTE POOL {elastic}")) == 1
    options = "MIN_INSTANCES = 2 MIN_READY_INSTANCES = 1"
    world.run(f"CREATE SERVICE GROWING IN COMPUTE POOL {elastic} {world.spec(container=HALF)} {options}")
    assert pool_of(world)["target_nodes"] == 2
    world.eventually(lambda: nodes_of(world) == ("ACTIVE", 2, 0, 2))
    nodes = world.run(f"SHOW NODES IN COMPUTE POOL {elastic}")
    assert [(row["instance_family"], row["vcpu"], row["memory_gib"]) for row in nodes] == [
        ("CPU_X64_XS", 1, 6)
    ] * 2
    assert len({row["node_id"] for row in nodes}) == 2
    assert len(world.run(f"SHOW NODES IN COMPUTE POOL {elastic} LIMIT 1")) == 1
    usage = {row["name"]: row for row in world.run("SHOW COMPUTE POOL INSTANCE FAMILIES")}
    assert usage["CPU_X64_XS"]["current_node_usage"] >= 2
    world.run("ALTER SERVICE GROWING SET MIN_INSTANCES = 1 MAX_INSTANCES = 1")
    world.eventually(lambda: nodes_of(world) == ("ACTIVE", 1, 0, 1))
    world.account.run(f"ALTER COMPUTE POOL {elastic} SET MIN_NODES = 2")
    world.eventually(lambda: nodes_of(world) == ("ACTIVE", 1, 1, 2))
    world.account.run(f"ALTER COMPUTE POOL {elastic} SET MIN_NODES = 1")
    world.eventually(lambda: nodes_of(world) == ("ACTIVE", 1, 0, 1))
    world.run("DROP SERVICE GROWING")
    world.eventually(lambda: nodes_of(world) == ("IDLE", 0, 1, 1))


def test_running_instances_stay_where_they_are(world: World, elastic: str) -> None:
    specification = world.spec(container=HALF)
    for name in ("EARLY", "LATE"):
        world.run(f"CREATE SERVICE {name} IN COMPUTE POOL {elastic} {specification}")
        world.wait_for(name)
    before = {row["node_id"] for row in world.run(f"SHOW NODES IN COMPUTE POOL {elastic}")}
    address = world.run("SHOW SERVICE INSTANCES IN SERVICE LATE")[0]["ip_address"]
    world.run("DROP SERVICE EARLY")
    world.eventually(lambda: nodes_of(world) == ("ACTIVE", 1, 0, 1))
    left = {row["node_id"] for row in world.run(f"SHOW NODES IN COMPUTE POOL {elastic}")}
    assert left < before
    assert world.run("SHOW SERVICE INSTANCES IN SERVICE LATE")[0]["ip_address"] == address
    world.run("DROP SERVICE LATE")


def test_suspended_pool_lets_jobs_end_and_resumes_by_itself(world: World, elastic: str) -> None:
    world.run(f"CREATE SERVICE SLEEPY IN COMPUTE POOL {elastic} {world.spec(container=READY)}")
    world.wait_for("SLEEPY")
    code = "import time; time.sleep(8); print('to the end')"
    world.run(f"EXECUTE JOB SERVICE IN COMPUTE POOL {elastic} NAME = LASTS ASYNC = TRUE {world.spec(code)}")
    world.eventually(lambda: world.status("LASTS") == "RUNNING")
    world.account.run(f"ALTER COMPUTE POOL {elastic} SUSPEND")
    world.wait_for("SLEEPY", "SUSPENDED")
    assert nodes_of(world)[0] == "STOPPING"
    world.wait_for("LASTS", "DONE")
    assert world.logs("LASTS") == "to the end"
    world.eventually(lambda: nodes_of(world) == ("SUSPENDED", 0, 0, 0))
    assert world.run(f"SHOW NODES IN COMPUTE POOL {elastic}") == []
    resumed = pool_of(world)["resumed_on"]
    world.run("ALTER SERVICE SLEEPY RESUME")
    world.wait_for("SLEEPY")
    assert nodes_of(world) == ("ACTIVE", 1, 0, 1)
    assert pool_of(world)["resumed_on"] > resumed
    world.run("DROP SERVICE SLEEPY", "DROP SERVICE LASTS")


def test_stop_all_drops_services_and_cancels_jobs(world: World, elastic: str) -> None:
    world.run(f"CREATE SERVICE STOPPED IN COMPUTE POOL {elastic} {world.spec(container=READY)}")
    start_job(world, elastic, "HALTED")
    row = pool_of(world)
    assert (row["num_services"], row["num_jobs"]) == (2, 1)
    world.account.run(f"ALTER COMPUTE POOL {elastic} STOP ALL OF TYPE notebook, STREAMLIT")
    assert world.status("STOPPED") in ("PENDING", "RUNNING")
    assert "[NONE] for parameter 'OF TYPE'" in str(
        world.refused(f"ALTER COMPUTE POOL {elastic} STOP ALL OF TYPE NONE", role="ACCOUNTADMIN")
    )
    refused = world.refused(f"ALTER COMPUTE POOL {elastic} STOP ALL")
    assert refused.errno == 3001
    world.account.run(f"ALTER COMPUTE POOL {elastic} STOP ALL OF TYPE USER")
    assert world.run("SHOW SERVICES LIKE 'STOPPED'") == []
    world.wait_for("HALTED", "CANCELLED")
    world.eventually(lambda: nodes_of(world) == ("IDLE", 0, 1, 1))
    assert [row["name"] for row in world.run("SHOW SERVICES LIKE 'HALTED' OF TYPE USER, NOTEBOOK")] == [
        "HALTED"
    ]
    assert world.run("SHOW JOB SERVICES LIKE 'HALTED' OF TYPE NOTEBOOK") == []
    world.run("DROP SERVICE HALTED")


def test_idle_pool_suspends_itself(world: World, account: RunningAccount) -> None:
    create = "CREATE COMPUTE POOL DROWSY MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_XS"
    account.run(f"{create} AUTO_SUSPEND_SECS = 1 AUTO_RESUME = FALSE")
    try:
        world.eventually(lambda: nodes_of(world, "DROWSY") == ("SUSPENDED", 0, 0, 0))
        account.run("ALTER COMPUTE POOL DROWSY SET AUTO_SUSPEND_SECS = 0", "ALTER COMPUTE POOL DROWSY RESUME")
        world.eventually(lambda: nodes_of(world, "DROWSY")[0] == "IDLE")
    finally:
        account.run("DROP COMPUTE POOL DROWSY")


def test_dropped_pool_ends_its_jobs(world: World, account: RunningAccount) -> None:
    account.run(
        "CREATE COMPUTE POOL BRIEF MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_XS",
        f"GRANT USAGE ON COMPUTE POOL BRIEF TO ROLE {OWNER}",
    )
    start_job(world, "BRIEF", "ABORTED")
    account.run("DROP COMPUTE POOL BRIEF")
    world.wait_for("ABORTED", "CANCELLED")
    world.run("DROP SERVICE ABORTED")


def test_new_pool_starts(world: World, account: RunningAccount) -> None:
    """A pool is STARTING until Docker is ready for it; a wait for IDLE is never in vain."""
    create = "CREATE COMPUTE POOL FRESH MIN_NODES = 2 MAX_NODES = 2 INSTANCE_FAMILY = CPU_X64_XS"
    account.run(create)
    try:
        states = []
        deadline = time.monotonic() + 30
        while states[-1:] != ["IDLE"] and time.monotonic() < deadline:
            states.append(nodes_of(world, "FRESH")[0])
        assert set(states) <= {"STARTING", "RESIZING", "IDLE"}
        assert nodes_of(world, "FRESH") == ("IDLE", 0, 2, 2)
    finally:
        account.run("DROP COMPUTE POOL FRESH")
