"""Taking the stack down leaves nothing."""

from __future__ import annotations

import docker
import pytest

from local_account.host import control
from tests.stack.conftest import Deployment

pytestmark = pytest.mark.docker
EMPTY = (
    "SHOW DATABASES",
    "SHOW WAREHOUSES",
    "SHOW COMPUTE POOLS",
    "SHOW SERVICES IN ACCOUNT",
    "SHOW JOB SERVICES IN ACCOUNT",
    "SHOW IMAGE REPOSITORIES IN ACCOUNT",
    "SHOW STAGES IN ACCOUNT",
    "SHOW SNAPSHOTS IN ACCOUNT",
    "SHOW SECRETS IN ACCOUNT",
    "SHOW NETWORK RULES IN ACCOUNT",
    "SHOW EXTERNAL ACCESS INTEGRATIONS",
    "SHOW USERS LIKE 'MILVUS%'",
    "SHOW ROLES LIKE 'MILVUS%'",
)


# Every account has these.
PROVIDED = ("SNOWFLAKE", "COMPUTE_WH", "SNOWFLAKE_IMAGES")
FOREIGN = {
    "DATABASES": "FOREIGN",
    "WAREHOUSES": "FOREIGN_WH",
    "COMPUTE POOLS": "FOREIGN_POOL",
    "ROLES": "FOREIGN",
}


def test_destroy_takes_all_that_the_stack_made_and_nothing_else(deployed: Deployment) -> None:
    deployed.sql("CREATE DATABASE FOREIGN")
    deployed.sql("CREATE WAREHOUSE FOREIGN_WH INITIALLY_SUSPENDED = TRUE")
    deployed.sql("CREATE ROLE FOREIGN")
    deployed.sql(
        "CREATE COMPUTE POOL FOREIGN_POOL MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_XS "
        "INITIALLY_SUSPENDED = TRUE"
    )
    done = deployed.pulumi("destroy", "--yes", "--skip-preview")
    assert done.returncode == 0, done.stdout
    stayed = {kind: deployed.sql(f"SHOW {kind} LIKE '{name}'") for kind, name in FOREIGN.items()}
    assert all(stayed.values()), stayed
    for kind, name in FOREIGN.items():
        deployed.sql(f"DROP {kind.removesuffix('S')} {name}")
    left = {query: [row["name"] for row in deployed.sql(query)] for query in EMPTY}
    left = {query: [name for name in names if name not in PROVIDED] for query, names in left.items()}
    assert left == {query: [] for query in EMPTY}


def test_down_leaves_nothing_in_docker(deployed: Deployment) -> None:
    done = deployed.make("down")
    assert done.returncode == 0, done.stdout
    assert deployed.docker_objects() == {"containers": [], "networks": [], "volumes": []}
    mine = deployed.settings.registry_host
    tags = [tag for image in docker.from_env().images.list() for tag in image.tags]
    assert not [tag for tag in tags if tag.startswith(mine)]


def test_a_second_down_has_nothing_to_do(deployed: Deployment) -> None:
    started = control.log_file(deployed.settings).stat().st_mtime_ns
    done = deployed.make("down")
    assert done.returncode == 0, done.stdout
    assert "nothing is deployed" in done.stdout
    assert control.log_file(deployed.settings).stat().st_mtime_ns == started, "the account was started again"
