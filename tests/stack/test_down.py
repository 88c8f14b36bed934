"""Taking the stack down leaves nothing."""

from __future__ import annotations

import docker
import pytest

from local import control
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


def test_destroy_leaves_no_object_in_the_account(deployed: Deployment) -> None:
    done = deployed.pulumi("destroy", "--yes", "--skip-preview")
    assert done.returncode == 0, done.stdout
    left = {query: [row["name"] for row in deployed.sql(query)] for query in EMPTY}
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
