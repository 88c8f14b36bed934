"""A suspended stack costs no credits, keeps its data, and outlasts the next `up`."""

from __future__ import annotations

import pytest

from tests.stack.conftest import Deployment

pytestmark = pytest.mark.docker
INSERT = """
from milvus_demo.connection import connect
client = connect()
client.drop_collection("kept")
client.create_collection("kept", dimension=4, consistency_level="Strong")
client.insert("kept", [{"id": i, "vector": [i, 1, 0, 0]} for i in range(100)])
print("inserted")
"""
SEARCH = """
from milvus_demo.connection import connect
client = connect()
client.load_collection("kept")
hits = client.search("kept", data=[[1, 0.001, 0, 0]], limit=100, search_params={"metric_type": "COSINE"})
print(len(hits[0]), hits[0][0]["id"])
"""
DROP = """
from milvus_demo.connection import connect
connect().drop_collection("kept")
print("dropped")
"""


def test_suspended_stack_keeps_its_vectors_and_outlasts_up(deployed: Deployment) -> None:
    assert _in_notebook(deployed, INSERT) == "inserted"
    _suspend(deployed)

    unchanged = deployed.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
    assert unchanged.returncode == 0, unchanged.stdout
    assert _states(deployed) == {"SUSPENDED"}

    # Another time-out makes the wait for both services run again, as a changed specification does.
    changed = deployed.pulumi("up", "--yes", "--skip-preview", readyTimeout="599")
    assert changed.returncode == 0, changed.stdout
    assert "MILVUS was suspended and has been resumed" in changed.stdout
    assert _in_notebook(deployed, SEARCH) == "100 99"

    for _ in ("running", "suspended already"):
        _suspend(deployed)
    for _ in ("suspended", "running already"):
        resumed = deployed.operate("resume")
        assert resumed.returncode == 0, resumed.stdout
        assert _in_notebook(deployed, SEARCH) == "100 99"
    assert _in_notebook(deployed, DROP) == "dropped"
    back = deployed.pulumi("up", "--yes", "--skip-preview", readyTimeout="600")
    assert back.returncode == 0, back.stdout
    drift = deployed.operate("drift")
    assert drift.returncode == 0, drift.stdout


def _suspend(deployed: Deployment) -> None:
    done = deployed.operate("suspend")
    assert done.returncode == 0, done.stdout
    assert _states(deployed) == {"SUSPENDED"}


def _in_notebook(deployed: Deployment, code: str) -> str:
    """Last line of a program's output."""
    return deployed.in_notebook(code).strip().rpartition("\n")[2]


def _states(deployed: Deployment) -> set[str]:
    """States of all that could cost credits."""
    services = deployed.sql("SHOW SERVICES EXCLUDE JOBS IN DATABASE MILVUS_DEMO")
    machines = deployed.sql("SHOW COMPUTE POOLS") + deployed.sql("SHOW WAREHOUSES LIKE 'MILVUS_WAREHOUSE'")
    return {row["status"] for row in services} | {row["state"] for row in machines}
