"""Snapshots of block volumes: what they hold, what is made from them, what is kept of deleted volumes."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from tests.account.conftest import RunningAccount
from tests.account.spcs_world import DATABASE, OWNER, POOL, READY, SERVER, World

pytestmark = pytest.mark.docker
MOUNT = {**READY, "volumeMounts": [{"name": "data", "mountPath": "/data"}]}
# Shows what the volume held at the start, and then puts VALUE on it.
KEEPER = (
    "import os; p = '/data/value'; print('FOUND', open(p).read() if os.path.exists(p) else '-', flush=True); "
    "open(p, 'w').write(os.environ['VALUE']); os.chown(p, 1234, 5678); os.chmod(p, 0o640); "
    "os.path.exists('/data/twin') or os.link(p, '/data/twin'); "
    "s = os.stat('/data/twin'); print('OWNER', s.st_uid, s.st_gid, oct(s.st_mode), s.st_nlink, flush=True); "
)
BIG = 700 * 2**20
FILL = f"f = open('/data/big', 'wb'); f.truncate({BIG}); f.seek(-4, 2); f.write(b'last'); f.close(); del f; "
SHOW = "f = open('/data/big', 'rb'); f.seek(-4, 2); print('TAIL', f.tell(), f.read(), flush=True); "


@pytest.fixture(scope="module")
def world(world: World) -> World:
    world.run(f"GRANT CREATE SNAPSHOT ON SCHEMA {DATABASE}.PUBLIC TO ROLE {OWNER}", role="ACCOUNTADMIN")
    return world


def keeper(world: World, value: str, **config: Any) -> str:
    """Specification of a service that shows and changes what its volume holds."""
    volume = {"name": "data", "source": "block", "size": "1Gi", "blockConfig": config or None}
    container = {**MOUNT, "env": {"VALUE": value}}
    return world.spec(KEEPER + SERVER, container=container, volumes=[volume])


def snapshot(world: World, name: str) -> dict[str, Any]:
    return world.run(f"DESCRIBE SNAPSHOT {name}")[0]


def taken(world: World, name: str, service: str) -> None:
    """Make a snapshot of the only volume of a service, and wait for it."""
    world.run(f'CREATE SNAPSHOT {name} FROM SERVICE {service} VOLUME "data" INSTANCE 0')
    world.eventually(lambda: snapshot(world, name)["state"] == "CREATED")


def backups(world: World, service: str) -> list[str]:
    """Finished snapshots of deleted volumes of a service, the newest last."""
    rows = world.run("SHOW SNAPSHOTS LIKE 'SYS_BACKUP_ON_DELETE%'")
    mine = [row for row in rows if row["service_name"] == f"{DATABASE}.PUBLIC.{service}"]
    return [
        row["name"] for row in sorted(mine, key=lambda row: row["created_on"]) if row["state"] == "CREATED"
    ]


def volumes_of(account: RunningAccount) -> list[str]:
    label = f"label={account.settings.labels.of_account}"
    command = ["docker", "volume", "ls", "--quiet", "--filter", label]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return [name for name in names if "registry" not in name]


def containers_of(account: RunningAccount, *filters: str) -> list[str]:
    command = [
        "docker",
        "ps",
        "--quiet",
        "--filter",
        f"label={account.settings.labels.of_account}",
    ]
    command += [word for part in filters for word in ("--filter", part)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_snapshot_new_service_and_restored_volume(account: RunningAccount, world: World) -> None:
    with world.service("KEEPER", keeper(world, "old")) as name:
        assert "FOUND -" in world.logs(name)
        taken(world, "FIRST", name)
        row = snapshot(world, "FIRST")
        assert (row["service_name"], row["volume_name"]) == (f"{DATABASE}.PUBLIC.KEEPER", "data")
        assert (row["instance"], row["size"], row["encryption"]) == (0, 1, "SNOWFLAKE_SSE")
        assert world.status(name) == "RUNNING"
        world.run(f"ALTER SERVICE {name} {keeper(world, 'new')}")
        world.eventually(lambda: "FOUND old" in world.logs(name))
        world.wait_for(name)

        seeded = keeper(world, "other", initialContents={"fromSnapshot": "first"}, snapshotOnDelete=False)
        with world.service("SEEDED", seeded) as copy:
            assert "FOUND old" in world.logs(copy)
            assert "OWNER 1234 5678 0o100640 2" in world.logs(copy)
            used = world.run(f"SHOW SERVICE VOLUMES IN SERVICE {copy}")[0]
            assert used["snapshot_used"] == f"{DATABASE}.PUBLIC.FIRST"

        restore = f'ALTER SERVICE {name} RESTORE VOLUME "data" INSTANCES 0 FROM SNAPSHOT FIRST'
        assert "must be suspended" in str(world.refused(restore))
        world.run(f"ALTER SERVICE {name} SUSPEND")
        world.eventually(lambda: world.status(name) == "SUSPENDED")
        world.run(restore)
        world.wait_for(name)
        assert "FOUND old" in world.logs(name)
        kept = world.eventually(lambda: backups(world, name))
        with world.service("UNDONE", keeper(world, "x", initialContents={"fromSnapshot": kept[0]})) as undone:
            assert "FOUND new" in world.logs(undone)
            world.run("DROP SNAPSHOT FIRST")
    assert world.eventually(lambda: len(backups(world, "KEEPER")) == 2)
    for left in [*backups(world, "KEEPER"), *world.eventually(lambda: backups(world, "UNDONE"))]:
        world.run(f"DROP SNAPSHOT {left}")
    assert backups(world, "SEEDED") == []
    world.eventually(lambda: not volumes_of(account))


def test_killed_in_the_middle_of_a_copy(account: RunningAccount, world: World) -> None:
    volume = {"name": "data", "source": "block", "size": "1Gi", "blockConfig": {"snapshotOnDelete": False}}
    with world.service("BIG", world.spec(FILL + SERVER, container=MOUNT, volumes=[volume])) as name:
        world.run(f'CREATE SNAPSHOT CUT FROM SERVICE {name} VOLUME "data" INSTANCE 0')
        copiers = f"label={account.settings.labels.key('part')}=copy"
        world.eventually(lambda: containers_of(account, copiers))
        account.kill()
        account.start()
        world.eventually(lambda: snapshot(world, "CUT")["state"] == "CREATED")
        assert containers_of(account, "status=paused") == []
        world.wait_for(name)
        seed = {"snapshotOnDelete": False, "initialContents": {"fromSnapshot": "CUT"}}
        copied = world.spec(SHOW + SERVER, container=MOUNT, volumes=[{**volume, "blockConfig": seed}])
        with world.service("BIG_COPY", copied) as copy:
            assert f"TAIL {BIG - 4} b'last'" in world.logs(copy)
    world.run("DROP SNAPSHOT CUT")
    world.eventually(lambda: not volumes_of(account))


def test_a_schema_takes_its_snapshots_with_it(account: RunningAccount, world: World) -> None:
    world.run(f"CREATE SCHEMA {DATABASE}.SHORT", role="ACCOUNTADMIN")
    world.run(
        f"GRANT USAGE, CREATE SERVICE, CREATE SNAPSHOT ON SCHEMA {DATABASE}.SHORT TO ROLE {OWNER}",
        role="ACCOUNTADMIN",
    )
    world.run(f"CREATE SERVICE {DATABASE}.SHORT.LAST IN COMPUTE POOL {POOL} {keeper(world, 'v')}")
    world.wait_for(f"{DATABASE}.SHORT.LAST")
    assert volumes_of(account)
    world.run(f"DROP SERVICE {DATABASE}.SHORT.LAST FORCE")
    rows = world.eventually(lambda: world.run(f"SHOW SNAPSHOTS IN SCHEMA {DATABASE}.SHORT"))
    assert [row["owner"] for row in rows] == [OWNER]
    world.run(f"DROP SCHEMA {DATABASE}.SHORT", role="ACCOUNTADMIN")
    world.eventually(lambda: not volumes_of(account))


def test_who_may_and_what_is_refused(world: World) -> None:
    admin, other = "ACCOUNTADMIN", "SNAPSHOT_OTHER"
    world.run(
        f"CREATE ROLE IF NOT EXISTS {other}",
        f"GRANT ROLE {other} TO ROLE SYSADMIN",
        f"GRANT USAGE ON DATABASE {DATABASE} TO ROLE {other}",
        f"GRANT USAGE ON SCHEMA {DATABASE}.PUBLIC TO ROLE {other}",
        role=admin,
    )
    volume = {"name": "data", "source": "block", "size": "2Gi", "blockConfig": {"snapshotOnDelete": False}}
    local = {"name": "scratch", "source": "local"}
    spec = world.spec(SERVER, container=MOUNT, volumes=[volume, local])
    with world.service("MINE", spec) as name:
        create = f'CREATE SNAPSHOT {{}} FROM SERVICE {name} VOLUME "data" INSTANCE 0'
        assert world.refused(create.format("NO"), role=other).errno == 3001
        world.run(f"GRANT CREATE SNAPSHOT ON SCHEMA {DATABASE}.PUBLIC TO ROLE {other}", role=admin)
        assert world.refused(create.format("NO"), role=other).errno == 2003
        world.run(f"GRANT MONITOR ON SERVICE {name} TO ROLE {other}")
        assert world.refused(create.format("NO"), role=other).errno == 3001
        world.run(f"GRANT OPERATE ON SERVICE {name} TO ROLE {other}")
        assert world.run(create.format("THEIRS"), role=other)[0]["status"] == (
            "Snapshot THEIRS successfully created."
        )
        assert world.refused(create.format("THEIRS"), role=other).errno == 2002
        world.run("DROP SNAPSHOT THEIRS", role=other)
        for bad, text in (
            (
                f'CREATE SNAPSHOT NO FROM SERVICE {name} VOLUME "scratch" INSTANCE 0',
                "no block volume 'scratch'",
            ),
            (f"CREATE SNAPSHOT NO FROM SERVICE {name} VOLUME data INSTANCE 0", "no block volume 'DATA'"),
            (f'CREATE SNAPSHOT NO FROM SERVICE {name} VOLUME "data" INSTANCE 1', "no instance 1"),
            (
                f'CREATE OR REPLACE SNAPSHOT IF NOT EXISTS NO FROM SERVICE {name} VOLUME "data" INSTANCE 0',
                "'IF'",
            ),
            (f"ALTER SERVICE {name} SET MIN_INSTANCES = 2 MAX_INSTANCES = 2", "stays as it is"),
        ):
            assert text in str(world.refused(bad)), bad
        taken(world, "MINE_1", name)
        world.run(create.format("MINE_1").replace("SNAPSHOT", "SNAPSHOT IF NOT EXISTS"))
        world.run("ALTER SNAPSHOT MINE_1 SET COMMENT = 'before the change'")
        assert snapshot(world, "MINE_1")["comment"] == "before the change"
        for verb in ("RENAME TO X", "UNSET COMMENT", "SET TAG a = 'b'"):
            assert world.refused(f"ALTER SNAPSHOT MINE_1 {verb}").errno == 2
        assert world.refused("DESCRIBE SNAPSHOT MINE_1", role=other).errno == 2003
        assert world.run("SHOW SNAPSHOTS LIKE 'MINE%'", role=other) == []
        small = keeper(world, "x", initialContents={"fromSnapshot": "MINE_1"})
        assert "is smaller than snapshot MINE_1" in str(
            world.refused(f"CREATE SERVICE SMALL IN COMPUTE POOL {POOL} {small}")
        )
        none = keeper(world, "x", initialContents={"fromSnapshot": "NONE"})
        assert world.refused(f"CREATE SERVICE SMALL IN COMPUTE POOL {POOL} {none}").errno == 2003
        world.run(f'CREATE OR REPLACE SNAPSHOT MINE_1 FROM SERVICE {name} VOLUME "data" INSTANCE 0')
        world.eventually(lambda: snapshot(world, "MINE_1")["state"] == "CREATED")
        world.run(f"GRANT USAGE ON SNAPSHOT MINE_1 TO ROLE {other}")
        assert world.run("SHOW SNAPSHOTS LIKE 'MINE%'", role=other)[0]["owner"] == OWNER
        assert world.refused("DROP SNAPSHOT MINE_1", role=other).errno == 3001
        world.run("DROP SNAPSHOT MINE_1")
