"""What `protect` and `retainOnDelete` keep when a stack is destroyed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.conftest import Deployment
from tests.stack.program_copy import PREFIX, Copy, copied

pytestmark = pytest.mark.docker
DATABASE = f"{PREFIX}_MILVUS_DEMO"


@pytest.fixture
def copy(deployed: Deployment, tmp_path: Path) -> Iterator[Copy]:
    """A second stack; what it leaves in the account is dropped in the end."""
    with copied(deployed, tmp_path) as found:
        yield found
    deployed.sql(f"DROP DATABASE IF EXISTS {DATABASE}")
    deployed.sql(f"DROP COMPUTE POOL IF EXISTS {PREFIX}_MILVUS_COMPUTE_POOL")
    for role in ("OWNER_ROLE", "NOTEBOOK_ROLE", "ROLE"):
        deployed.sql(f"DROP ROLE IF EXISTS {PREFIX}_MILVUS_{role}")


def test_destroy_leaves_what_is_kept(deployed: Deployment, copy: Copy) -> None:
    copy.configure("protect", True)
    copy.configure("retainOnDelete", True)
    code, output = copy.up()
    assert code == 0, output
    code, output = copy.pulumi("destroy", "--yes", "--skip-preview")
    assert code != 0
    assert "protect" in output
    # Only `make down` looks before it begins; Pulumi takes what is not protected first.
    assert _services(deployed)["MILVUS"] == "RUNNING"

    copy.configure("protect", False)
    code, output = copy.up()
    assert code == 0, output
    (before,) = deployed.sql(f"SHOW SERVICES LIKE 'MILVUS' IN SCHEMA {DATABASE}.PUBLIC")
    code, output = copy.pulumi("destroy", "--yes", "--skip-preview")
    assert code == 0, output
    assert _services(deployed) == {"MILVUS": "RUNNING"}
    (after,) = deployed.sql(f"SHOW SERVICES LIKE 'MILVUS' IN SCHEMA {DATABASE}.PUBLIC")
    assert after["created_on"] == before["created_on"]
    assert after["owner"] == f"{PREFIX}_MILVUS_OWNER_ROLE"
    stages = {row["name"] for row in deployed.sql(f"SHOW STAGES IN SCHEMA {DATABASE}.PUBLIC")}
    assert stages == {"DATA", "FILES", "YAML_STAGE"}
    # A user that nobody looks after any more could still sign in.
    assert deployed.sql(f"SHOW USERS LIKE '{PREFIX}_MILVUS_USER'") == []
    assert deployed.sql(f"SHOW WAREHOUSES LIKE '{PREFIX}_MILVUS_WAREHOUSE'") == []


def _services(deployed: Deployment) -> dict[str, str]:
    rows = deployed.sql(f"SHOW SERVICES EXCLUDE JOBS IN DATABASE {DATABASE}")
    return {row["name"]: row["status"] for row in rows}
