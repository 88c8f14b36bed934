"""Limits of containers, what becomes of those that break them, upgrades in turn, log lines by time."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.account.conftest import RunningAccount
from tests.account.spcs_world import DATABASE, POOL, READY, SERVER, World

pytestmark = pytest.mark.docker
LIMITS = {"requests": {"cpu": "0.1", "memory": "32Mi"}, "limits": {"cpu": "500m", "memory": "96Mi"}}


def host_config(account: RunningAccount, name: str) -> dict[str, Any]:
    """Docker's settings of container `main` of a service's instance 0."""
    labels = account.settings.labels
    marks = [labels.of_account, f"{labels.key('part')}=container"]
    filters = [word for mark in marks for word in ("--filter", f"label={mark}")]
    command = ["docker", "ps", "--quiet", "--filter", f"name={name}", *filters]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    shown = subprocess.run(["docker", "inspect", *found], capture_output=True, text=True, check=True).stdout
    return next(
        part["HostConfig"] for part in json.loads(shown) if part["HostConfig"]["NanoCpus"] == 500_000_000
    )


def test_limits_hold_inside_the_container(world: World, account: RunningAccount) -> None:
    code = (
        "import glob, itertools; "
        "files = ['memory.max', 'memory/memory.limit_in_bytes', 'cpu.max', 'cpu/cpu.cfs_quota_us']; "
        "paths = itertools.chain(*(glob.glob('/sys/fs/cgroup/' + name) for name in files)); "
        "print(*(open(path).read().split()[0] for path in paths)); "
    )
    with world.service(
        "LIMITED", world.spec(code + SERVER, container={"resources": LIMITS, **READY})
    ) as name:
        assert world.logs(name).splitlines()[0] == f"{96 * 2**20} 50000"
        config = host_config(account, "")
        assert (config["Memory"], config["MemorySwap"]) == (96 * 2**20, 96 * 2**20)
        described = world.run(f"DESCRIBE SERVICE {name}")[0]["spec"]
        assert 'memory: "96Mi"' in described


def test_container_over_its_memory_is_killed(world: World) -> None:
    code = "kept = []\nwhile True: kept.append(bytearray(2**20))"
    with world.service("GREEDY", world.spec(code, container={"resources": LIMITS}), wait=False) as name:
        refused = str(world.refused(f"CALL {name}!SPCS_WAIT_FOR('RUNNING', 60)"))
        assert "its status is FAILED" in refused
        assert "Container was OOMKilled due to resource usage (exit code 137)" in refused
        row = world.containers(name)[0]
        assert (row["status"], row["instance_status"], row["last_exit_code"]) == ("FAILED", "FAILED", "137")
        assert row["restart_count"] >= 3
    job = f"EXECUTE JOB SERVICE IN COMPUTE POOL {POOL} NAME = GREEDY_JOB"
    refused = str(world.refused(f"{job} {world.spec(code, container={'resources': LIMITS})}"))
    assert "GREEDY_JOB ended with status: FAILED" in refused
    assert "OOMKilled" in refused
    world.run("DROP SERVICE GREEDY_JOB")


def test_process_that_a_signal_ends(world: World) -> None:
    code = "import os; os.abort()"
    with world.service("SIGNALLED", world.spec(code), wait=False) as name:

        def seen() -> bool:
            # While it waits for its next start the container has another message.
            row = world.containers(name)[0]
            fatal = row["message"] == "Encountered fatal error while running, check container logs"
            return fatal and row["last_exit_code"] in ("134", "139")

        assert world.eventually(seen)


def test_upgrade_takes_one_instance_after_the_other(world: World) -> None:
    options = "MIN_INSTANCES = 2 MIN_READY_INSTANCES = 1"
    with world.service("ROLLING", world.spec(container=READY), options=options) as name:
        world.eventually(lambda: {row["status"] for row in world.containers(name)} == {"READY"})

        def digests() -> tuple[str, ...]:
            rows = world.run(f"SHOW SERVICE INSTANCES IN SERVICE {name}")
            return tuple(row["spec_digest"] for row in rows)

        (old, _), seen = digests(), []
        world.run(f"ALTER SERVICE {name} {world.spec(container={**READY, 'env': {'VERSION': '2'}})}")
        with world.connect() as session:
            while True:
                cursor = session.cursor()
                shown = cursor.execute(f"SHOW SERVICES LIKE '{name}'").fetchone()
                names = [column.name for column in cursor.description]
                row = dict(zip(names, shown, strict=True))
                cursor.execute(f"SHOW SERVICE INSTANCES IN SERVICE {name}")
                seen.append((row["status"], row["is_upgrading"], *(part[6] == old for part in cursor)))
                if not row["is_upgrading"]:
                    break
        assert seen[0][1:] == (True, True, True) or seen[0][1:] == (True, True, False)
        assert {status for status, *_ in seen} == {"RUNNING"}
        assert (False, True) not in [tuple(last) for _, _, *last in seen]
        assert (True, False) in [tuple(last) for _, _, *last in seen]
        assert old not in digests()


def test_log_lines_by_time(world: World) -> None:
    code = "import time; [(print('line', n), time.sleep(0.3)) for n in range(3)]; "
    with world.service("TALKER", world.spec(code + SERVER, container=READY)) as name:

        def logs(*arguments: object) -> list[str]:
            given = ", ".join(repr(argument) for argument in (name, "0", "main", *arguments))
            return str(
                next(iter(world.run(f"CALL SYSTEM$GET_SERVICE_LOGS({given})")[0].values()))
            ).splitlines()

        assert logs()[:3] == ["line 0", "line 1", "line 2"]
        assert logs(1, False, "", False) == logs()[-1:]
        timed = logs(500, False, "", True)
        moments = [line.split(" ", 1)[0] for line in timed]
        assert [line.split(" ", 1)[1] for line in timed[:3]] == ["line 0", "line 1", "line 2"]
        assert moments == sorted(moments)
        assert moments[0].endswith("Z")
        assert logs(500, False, moments[1], False)[:2] == ["line 1", "line 2"]
        assert "for parameter 'since'" in str(
            world.refused(f"CALL SYSTEM$GET_SERVICE_LOGS('{name}', 0, 'main', 10, FALSE, 'yesterday', TRUE)")
        )


def test_long_logs_are_cut_at_their_beginning(world: World) -> None:
    code = "[print(f'{n:06d}', 'x' * 93) for n in range(3000)]; "
    with world.service("CHATTY", world.spec(code + SERVER, container=READY)) as name:
        text = world.run(f"SELECT SYSTEM$GET_SERVICE_LOGS('{name}', 0, 'main', 0) AS L")[0]["L"]
        assert 99 * 1024 < len(text) <= 100 * 1024
        lines = [line for line in text.splitlines() if line.endswith("x")]
        assert lines[-1].startswith("002999 ")
        assert all(len(line) == 100 for line in lines)


def test_logs_and_events_as_tables(world: World, account: RunningAccount) -> None:
    code = "import sys; print('it\\'s \"out\"'); print('err', file=sys.stderr)"
    world.run(f"EXECUTE JOB SERVICE IN COMPUTE POOL {POOL} NAME = TOLD {world.spec(code)}")
    full = f"{DATABASE}.PUBLIC.TOLD"
    range_ = "START_TIME => DATEADD('hour', -1, CURRENT_TIMESTAMP()), END_TIME => CURRENT_TIMESTAMP()"
    for arguments in ("", range_):
        query = (
            "SELECT LOG, INSTANCE_ID, RECORD_ATTRIBUTES['log.iostream']::STRING AS STREAM "
            f"FROM TABLE({full}!SPCS_GET_LOGS({arguments})) WHERE CONTAINER_NAME = 'main' ORDER BY STREAM"
        )
        found = [tuple(row.values()) for row in world.run(query)]
        assert found == [("err", 0, "stderr"), ('it\'s "out"', 0, "stdout")]
    early = "END_TIME => DATEADD('hour', -1, CURRENT_TIMESTAMP())"
    assert world.run(f"SELECT * FROM TABLE(TOLD!SPCS_GET_LOGS({early}))") == []
    events = (
        "SELECT EVENT_DETAILS['status']::STRING AS S FROM TABLE(TOLD!SPCS_GET_EVENTS()) ORDER BY TIMESTAMP"
    )
    before = [row["S"] for row in world.run(events)]
    assert (before[0], before[-1]) == ("PENDING", "DONE")
    account.restart()
    assert [row["S"] for row in world.run(events)] == before
    world.run("DROP SERVICE TOLD")
