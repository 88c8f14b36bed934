"""A stack whose state is lost takes over what it had made; nothing is replaced, and Milvus keeps its data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.stack.conftest import Deployment, own_account
from tests.stack.test_data import COUNT, FILL, require_all

pytestmark = pytest.mark.docker
# Made by every `up` that has not made them yet.
NOT_IMPORTED = {"Execute", "Image", "Stash"}


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment of its own with vectors in Milvus, and without a state."""
    with own_account(tmp_path_factory.mktemp("lost") / "account") as found:
        done = found.make("up")
        assert done.returncode == 0, done.stdout
        assert f"FILLED {COUNT}" in found.in_notebook(FILL)
        done = found.pulumi("stack", "rm", "--yes", "--force", "--preserve-config")
        assert done.returncode == 0, done.stdout
        yield found


def created(deployment: Deployment) -> dict[str, Any]:
    """When each object was made."""
    found = {}
    for statement in (
        "SHOW ROLES", "SHOW USERS", "SHOW WAREHOUSES", "SHOW DATABASES", "SHOW COMPUTE POOLS",
        "SHOW SCHEMAS IN DATABASE MILVUS_DEMO", "SHOW STAGES IN SCHEMA MILVUS_DEMO.PUBLIC",
        "SHOW SECRETS IN SCHEMA MILVUS_DEMO.PUBLIC", "SHOW IMAGE REPOSITORIES IN SCHEMA MILVUS_DEMO.PUBLIC",
        "SHOW SERVICES EXCLUDE JOBS IN SCHEMA MILVUS_DEMO.PUBLIC",
    ):  # fmt: skip
        found |= {(statement, row["name"]): row["created_on"] for row in deployment.sql(statement)}
    return found


def planned(deployment: Deployment) -> dict[tuple[str, str], str]:
    """What a preview would do to Snowflake's and other resources, by type and name."""
    answer = deployment.pulumi("preview", "--json", "--show-sames").stdout
    steps = json.loads(answer[answer.index("{\n") :])["steps"]
    kinds = {step["urn"]: step["urn"].split("::")[2].rpartition(":")[2] for step in steps}
    return {
        (kinds[step["urn"]], step["urn"].rpartition("::")[2]): step["op"]
        for step in steps
        if (step.get("newState") or {}).get("custom")
    }


def test_another_owner_stops_it_with_the_way_out(lost: Deployment) -> None:
    lost.sql("GRANT OWNERSHIP ON WAREHOUSE MILVUS_WAREHOUSE TO ROLE SYSADMIN COPY CURRENT GRANTS")
    done = lost.operate("import")
    assert done.returncode == 1, done.stdout
    shown = " ".join(done.stdout.split())
    assert "Nothing was taken over" in shown
    (statement,) = re.findall(r"GRANT OWNERSHIP ON WAREHOUSE .* COPY CURRENT GRANTS", shown)
    lost.sql(statement)


def test_a_milvus_that_is_not_as_the_settings_ask_stops_it(lost: Deployment) -> None:
    assert lost.pulumi("config", "set", "milvus-spcs:milvusVolumeSize", "7").returncode == 0
    done = lost.operate("import")
    assert lost.pulumi("config", "set", "milvus-spcs:milvusVolumeSize", "5").returncode == 0
    assert done.returncode == 1, done.stdout
    assert "milvusVolumeSize: 5 is deployed, 7 is set" in done.stdout


def test_all_is_taken_over_and_milvus_keeps_its_data(lost: Deployment) -> None:
    lost.sql("ALTER WAREHOUSE MILVUS_WAREHOUSE SET COMMENT = 'made by hand' MAX_CLUSTER_COUNT = 2")
    before = created(lost)

    done = lost.operate("import", "--dry-run")
    assert done.returncode == 0, done.stdout
    assert set(planned(lost).values()) == {"create"}

    done = lost.operate("import")
    assert done.returncode == 0, done.stdout
    assert re.search(r"MILVUS_SETUP has ended and is dropped", done.stdout)
    steps = planned(lost)
    made = {kind for (kind, _), operation in steps.items() if operation == "create"}
    assert made <= NOT_IMPORTED | {"docker-build"}
    altered = {name for (_, name), operation in steps.items() if operation == "update"}
    assert altered == {"warehouse", "identity-user", "milvus-service", "notebook-service"}
    assert set(steps.values()) == {"create", "same", "update"}

    done = lost.make("up")
    assert done.returncode == 0, done.stdout
    assert created(lost) == before
    require_all(lost)
    (warehouse,) = lost.sql("SHOW WAREHOUSES LIKE 'MILVUS_WAREHOUSE'")
    assert warehouse["comment"] == "Queries of the Milvus notebook"
    # The program leaves it open.
    assert warehouse["max_cluster_count"] == 2
    preview = lost.pulumi("preview", "--expect-no-changes", "--diff")
    assert preview.returncode == 0, preview.stdout


def test_a_part_that_the_state_has_lost(lost: Deployment) -> None:
    before = created(lost)
    state = json.loads(lost.pulumi("stack", "export").stdout)
    urns = [item["urn"] for item in state["deployment"]["resources"]]
    (stage,) = [urn for urn in urns if urn.endswith("::storage-data")]
    # With what is made later: the notebook's provider, service and statements.
    done = lost.pulumi("state", "delete", stage, "--target-dependents", "--yes")
    assert done.returncode == 0, done.stdout
    done = lost.operate("import")
    assert done.returncode == 0, done.stdout
    assert "took over 2 of 6 resources" in done.stdout
    done = lost.make("up")
    assert done.returncode == 0, done.stdout
    assert created(lost) == before
    done = lost.operate("import")
    assert done.returncode == 0, done.stdout
    assert "nothing to do" in done.stdout
