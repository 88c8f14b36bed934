"""Services on Docker: ready, logs, crash, upgrade, suspend, volumes, secrets, network, server restart."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.account.conftest import RunningAccount
from tests.account.spcs_world import BLOCK, COUNT, MOUNT, OWNER, POOL, READY, SERVER, World

pytestmark = pytest.mark.docker
WEB = [{"name": "web", "port": 8000}]


def containers_of(account: RunningAccount, *words: str) -> list[str]:
    """Ids of all containers that the account's services have on Docker."""
    labels = account.settings.labels
    command = [
        "docker",
        "ps",
        "--all",
        "--quiet",
        "--filter",
        f"label={labels.of_account}",
        "--filter",
        f"label={labels.key('service')}",
        *words,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def volumes_of(account: RunningAccount) -> list[str]:
    labels = account.settings.labels
    command = [
        "docker",
        "volume",
        "ls",
        "--quiet",
        "--filter",
        f"label={labels.of_account}",
        "--filter",
        f"label={labels.key('service')}",
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_crash_at_start_is_told(world: World) -> None:
    code = "import sys; print('no such file: x'); sys.exit(7)"
    with world.service("CRASH", world.spec(code), wait=False) as name:
        refused = str(world.refused(f"CALL {name}!SPCS_WAIT_FOR('RUNNING', 60)"))
        assert "its status is FAILED" in refused
        assert "User application error, check container logs (exit code 7)" in refused
        assert "no such file: x" in refused
        row = world.containers(name)[0]
        assert (row["status"], row["last_exit_code"]) == ("FAILED", "7")
        assert row["restart_count"] >= 3
        assert "no such file: x" in world.logs(name, previous=True)


def test_service_of_an_administrator_from_creation_to_suspension(world: World) -> None:
    """See https://docs.snowflake.com/en/sql-reference/sql/show-services"""
    statement = f"CREATE SERVICE ADMINS IN COMPUTE POOL IDENTIFIER('{POOL}') {world.spec()}"
    shown = 'SHOW SERVICES LIKE \'ADMINS\' ->> SELECT "owner", "status", "current_instances" AS n FROM $1'
    try:
        assert world.run(statement, shown, role="ACCOUNTADMIN") == [
            {"owner": "ACCOUNTADMIN", "status": "PENDING", "N": 1}
        ]
        instances = world.run("SHOW SERVICE INSTANCES IN SERVICE ADMINS", role="ACCOUNTADMIN")
        assert [row["instance_id"] for row in instances] == ["0"]
        told = world.run("ALTER SERVICE ADMINS SUSPEND", shown, role="ACCOUNTADMIN")[0]
        assert told["status"] == "SUSPENDING"
        world.run("CALL ADMINS!SPCS_WAIT_FOR('SUSPENDED', 60)", role="ACCOUNTADMIN")
        assert world.run(shown, role="ACCOUNTADMIN")[0]["N"] == 0
    finally:
        world.run("DROP SERVICE IF EXISTS ADMINS FORCE", role="ACCOUNTADMIN")


def test_a_repaired_service_can_be_waited_for_at_once(world: World) -> None:
    with world.service("REPAIRED", world.spec("import sys; sys.exit(7)"), wait=False) as name:
        assert "its status is FAILED" in str(world.refused(f"CALL {name}!SPCS_WAIT_FOR('RUNNING', 60)"))
        world.run(f"ALTER SERVICE {name} {world.spec(SERVER, container=READY)}")
        world.wait_for(name)


def test_never_ready_is_told(world: World) -> None:
    with world.service(
        "SLOW", world.spec("import time; time.sleep(99)", container=READY), wait=False
    ) as name:
        refused = str(world.refused(f"CALL {name}!SPCS_WAIT_FOR('RUNNING', 10)"))
        assert "within 10 seconds: its status is PENDING" in refused
        assert "Readiness probe is failing at path: /, port: 8000" in refused


def test_restart_after_a_crash(world: World) -> None:
    code = (
        "import os, threading; first = not os.path.exists('/data/once'); open('/data/once', 'w'); "
        "first and threading.Timer(1.5, lambda: os._exit(1)).start(); "
    )
    with world.service("PHOENIX", world.spec(code + SERVER, container=MOUNT, **BLOCK)) as name:
        world.eventually(lambda: world.containers(name)[0]["restart_count"] == 1)
        world.wait_for(name)
        row = world.containers(name)[0]
        assert (row["status"], row["last_exit_code"]) == ("READY", "1")
        assert row["last_restart_time"]


def test_block_volume_survives_upgrade_and_suspension(account: RunningAccount, world: World) -> None:
    owned = {"volumes": [{**BLOCK["volumes"][0], "uid": 1234, "gid": 5678}]}
    code = f"{COUNT}import os; print(os.stat('/data').st_uid, os.stat('/data').st_gid); {SERVER}"
    with world.service("DURABLE", world.spec(code, container=MOUNT, **owned)) as name:
        assert world.logs(name).startswith("x\n1234 5678\n")
        digest = world.run(f"SHOW SERVICES LIKE '{name}'")[0]["spec_digest"]
        changed = {**MOUNT, "env": {"VERSION": "2"}}
        world.run(f"ALTER SERVICE {name} {world.spec(code, container=changed, **owned)}")
        world.wait_for(name)
        row = world.run(f"SHOW SERVICES LIKE '{name}'")[0]
        assert row["spec_digest"] != digest
        assert row["is_upgrading"] is False
        assert world.logs(name).startswith("xx\n")
        world.run(f"ALTER SERVICE {name} SUSPEND")
        world.wait_for(name, "SUSPENDED")
        assert world.run(f"SHOW SERVICES LIKE '{name}'")[0]["suspended_on"]
        assert world.containers(name)[0]["status"] is None
        world.run(f"ALTER SERVICE {name} RESUME")
        world.wait_for(name)
        assert world.logs(name).startswith("xxx\n")
        refused = world.refused(f"DROP SERVICE {name}")
        assert f"DROP SERVICE {name} FORCE" in str(refused)
        grown = {"volumes": [{**owned["volumes"][0], "size": "2Gi"}]}
        statement = f"ALTER SERVICE {name} {world.spec(code, container=MOUNT, **grown)}"
        assert "block volumes of a service cannot be" in str(world.refused(statement))
        assert volumes_of(account)
    world.eventually(lambda: not volumes_of(account) and not containers_of(account))


def test_containers_outlive_the_server(account: RunningAccount, world: World) -> None:
    with world.service("LASTING", world.spec(SERVER, container=READY)) as name:
        before = sorted(containers_of(account))
        account.restart()
        world.wait_for(name)
        assert sorted(containers_of(account)) == before
        assert "Serving HTTP" in world.logs(name)


def test_dropped_while_the_server_was_down(account: RunningAccount, world: World) -> None:
    with world.service("ORPHAN", world.spec(SERVER, container=READY)) as name:
        assert containers_of(account)
        world.run(f"DROP SERVICE {name}")
        account.restart()
        world.eventually(lambda: not containers_of(account))


def test_lost_instance_is_made_anew(account: RunningAccount, world: World) -> None:
    holders = ("--filter", f"label={account.settings.labels.key('part')}=holder")
    with world.service("NODE", world.spec(COUNT + SERVER, container=MOUNT, **BLOCK)) as name:
        holder = containers_of(account, *holders)
        subprocess.run(["docker", "kill", *holder], check=True, capture_output=True)
        world.eventually(lambda: containers_of(account, *holders) != holder)
        world.wait_for(name)
        assert world.logs(name).startswith("xx\n")


def test_liveness_probe_restarts(world: World) -> None:
    probe = {"port": 8000, "path": "/none", "periodSeconds": 1, "failureThreshold": 2}
    with world.service("STUCK", world.spec(SERVER, container={"livenessProbe": probe}), wait=False) as name:
        world.eventually(lambda: world.containers(name)[0]["restart_count"] >= 1)


def test_secrets_and_variables(account: RunningAccount, world: World) -> None:
    world.run(
        "CREATE OR REPLACE SECRET LOGIN TYPE = PASSWORD USERNAME = 'me' PASSWORD = 'p-4711'",
        # As the official provider writes a text of several lines.
        r"CREATE OR REPLACE SECRET WORD TYPE = GENERIC_STRING SECRET_STRING = 'w-4712\n\t\\ \'end\'\n'",
    )
    code = (
        "import os, json; "
        "keys = ['WORD', 'SNOWFLAKE_DATABASE', 'SNOWFLAKE_SCHEMA', 'SNOWFLAKE_SERVICE_NAME'];"
        "print(json.dumps([open('/run/login/username').read(), open('/run/login/password').read(),"
        " *[os.environ[key] for key in keys]]), flush=True); "
    )
    secrets = [
        {"snowflakeSecret": {"objectName": "LOGIN"}, "directoryPath": "/run/login"},
        {"snowflakeSecret": "WORD", "secretKeyRef": "secret_string", "envVarName": "WORD"},
    ]
    with world.service("KEEPER", world.spec(code + SERVER, container={"secrets": secrets, **READY})) as name:
        expected = ["me", "p-4711", "w-4712\n\t\\ 'end'\n", "SPCS_DB", "PUBLIC", "KEEPER"]
        assert json.loads(world.logs(name).splitlines()[0]) == expected
        inspected = subprocess.run(
            ["docker", "inspect", *containers_of(account)], capture_output=True, text=True
        )
        assert "p-4711" not in inspected.stdout
        assert "p-4711" not in world.run(f"DESCRIBE SERVICE {name}")[0]["spec"]


def test_volumes_of_an_instance_are_shared(world: World) -> None:
    volumes = {
        "volumes": [{"name": "disk", "source": "local"}, {"name": "fast", "source": "memory", "size": "16Mi"}]
    }
    mounts = [{"name": "disk", "mountPath": "/disk"}, {"name": "fast", "mountPath": "/fast"}]
    write = "[open(f'/{name}/a', 'w').write(name) for name in ('disk', 'fast')]; "
    read = (
        "import os, time\nwhile not os.path.exists('/fast/a'): time.sleep(0.1)\n"
        "print(open('/disk/a').read(), open('/fast/a').read(), os.statvfs('/fast').f_blocks, flush=True)\n"
        + SERVER.replace("8000", "8001")
    )
    other = {
        "name": "other",
        "image": world.image,
        "command": ["python3", "-c", read],
        "volumeMounts": mounts,
    }
    main = {
        "name": "main",
        "image": world.image,
        "command": ["python3", "-c", write + SERVER],
        "volumeMounts": mounts,
        **READY,
    }
    with world.service("SHARED", world.spec(containers=[main, other], **volumes)) as name:
        read_logs = f"SELECT SYSTEM$GET_SERVICE_LOGS('{name}', 0, 'other') AS L"
        assert world.eventually(lambda: world.run(read_logs)[0]["L"]).startswith("disk fast ")


def test_stage_volume(world: World) -> None:
    world.run("CREATE STAGE IF NOT EXISTS FILES ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE')")
    volumes = {"volumes": [{"name": "files", "source": "stage", "stageConfig": {"name": "@FILES/sub"}}]}
    mounts = {"volumeMounts": [{"name": "files", "mountPath": "/files"}], **READY}
    code = "open('/files/made.txt', 'w').write('by a service'); "
    with world.service("STAGED", world.spec(code + SERVER, container=mounts, **volumes)):
        assert [row["name"] for row in world.run("LIST @FILES")] == ["files/sub/made.txt"]


def test_two_instances_share_a_name(world: World) -> None:
    with world.service("PAIR", world.spec(SERVER, container=READY), options="MIN_INSTANCES = 2") as name:
        assert [row["instance_id"] for row in world.containers(name)] == ["0", "1"]
        world.run(f"ALTER SERVICE {name} SET MIN_INSTANCES = 1 MAX_INSTANCES = 1")
        world.eventually(lambda: len(world.containers(name)) == 1)


def test_pool_without_room_says_so(world: World, account: RunningAccount) -> None:
    account.run(
        "CREATE COMPUTE POOL NARROW MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_XS",
        f"GRANT USAGE ON COMPUTE POOL NARROW TO ROLE {OWNER}",
    )
    container = {"resources": {"requests": {"cpu": "0.8"}}, **READY}
    try:
        specification = world.spec(SERVER, container=container)
        for name in ("FIRST", "SECOND"):
            world.run(f"CREATE SERVICE {name} IN COMPUTE POOL NARROW {specification}")
        world.wait_for("FIRST")
        assert world.containers("SECOND")[0]["message"] == "Unschedulable due to insufficient cpu resources"
        pool = account.run("DESCRIBE COMPUTE POOL NARROW")[0]
        assert (pool["state"], pool["error_code"]) == ("ACTIVE", "392508")
        refused = world.refused("DROP COMPUTE POOL NARROW", role="ACCOUNTADMIN")
        assert "STOP ALL" in str(refused)
        world.run("DROP SERVICE FIRST")
        world.wait_for("SECOND")
    finally:
        account.run("ALTER COMPUTE POOL NARROW STOP ALL", "DROP COMPUTE POOL NARROW")
    assert world.run("SHOW SERVICES LIKE 'SECOND'") == []
