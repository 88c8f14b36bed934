"""Nothing is lost: what Milvus holds outlives refused changes, new volumes, dropped services and collections.

Ten thousand vectors are put in, and each time all of them must be found again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.stack.conftest import Deployment

pytestmark = pytest.mark.docker
COUNT = 10_000
COMMON = f"""
import numpy as np
from milvus_demo import connect
milvus, count, name = connect(), {COUNT}, "precious"
vectors = np.random.default_rng(7).random((count, 32), dtype=np.float32)
"""
FILL = (
    COMMON
    + """
from pymilvus import DataType
schema = milvus.create_schema()
schema.add_field("id", DataType.INT64, is_primary=True)
schema.add_field("vector", DataType.FLOAT_VECTOR, dim=32)
schema.add_field("text", DataType.VARCHAR, max_length=20)
index = milvus.prepare_index_params()
# An exact index: what is there is found.
index.add_index("vector", index_type="FLAT", metric_type="L2")
milvus.create_collection(name, schema=schema, index_params=index)
for start in range(0, count, 2000):
    rows = [{"id": i, "vector": vectors[i].tolist(), "text": f"row {i}"} for i in range(start, start + 2000)]
    milvus.insert(name, rows)
print("FILLED", count)
"""
)
# Each vector is its own nearest neighbour, and what stands beside it is its own.
FIND = (
    COMMON
    + """
# A server that has just started may still be loading it.
milvus.load_collection(name)
found = 0
for start in range(0, count, 1000):
    hits = milvus.search(name, data=vectors[start : start + 1000].tolist(), limit=1, output_fields=["text"],
                         consistency_level="Strong")
    for i, (best, *_) in enumerate(hits, start):
        found += best["id"] == i and best["distance"] < 1e-6 and best["entity"]["text"] == f"row {i}"
print("FOUND", found)
"""
)
DROP = "from milvus_demo import connect; connect().drop_collection('precious'); print('DROPPED')"
SERVICE = "MILVUS_DEMO.PUBLIC.MILVUS"


@pytest.fixture(scope="module")
def filled(deployed: Deployment) -> Iterator[Deployment]:
    """The deployment with the vectors in Milvus, which are dropped in the end."""
    assert f"FILLED {COUNT}" in deployed.in_notebook(FILL)
    yield deployed
    deployed.in_notebook(DROP)
    for row in deployed.sql("SHOW SNAPSHOTS LIKE 'MILVUS_BACKUP_%' IN ACCOUNT"):
        deployed.sql(f"DROP SNAPSHOT MILVUS_DEMO.PUBLIC.{row['name']}")


def require_all(deployed: Deployment, database: str = "MILVUS_DEMO") -> None:
    assert f"FOUND {COUNT}" in deployed.in_notebook(FIND, database)


def created(deployed: Deployment, database: str = "MILVUS_DEMO") -> object:
    (row,) = deployed.sql(f"SHOW SERVICES LIKE 'MILVUS' IN SCHEMA {database}.PUBLIC")
    return row["created_on"]


def _nothing_has_drifted(deployed: Deployment) -> None:
    preview = deployed.pulumi("preview", "--expect-no-changes", "--diff")
    assert preview.returncode == 0, preview.stdout
    drift = deployed.operate("drift")
    assert drift.returncode == 0, drift.stdout


@pytest.mark.parametrize("command", [("preview",), ("up", "--yes", "--skip-preview")])
def test_a_change_that_would_lose_the_volume_is_refused(filled: Deployment, command: tuple[str, ...]) -> None:
    before = created(filled)
    # With a change beside it that would be made in place.
    done = filled.pulumi(*command, milvusVolumeSize="6", warehouseAutoSuspend="300")
    for setting, value in (("milvusVolumeSize", "5"), ("warehouseAutoSuspend", "180")):
        assert filled.pulumi("config", "set", f"milvus-spcs:{setting}", value).returncode == 0
    assert done.returncode != 0
    assert "milvusVolumeSize: 5 is deployed, 6 is set" in done.stdout
    assert "make migrate" in done.stdout
    assert created(filled) == before
    assert filled.sql("SHOW WAREHOUSES LIKE 'MILVUS_WAREHOUSE'")[0]["auto_suspend"] == 180


def test_a_dropped_service_and_a_dropped_collection_come_back(filled: Deployment) -> None:
    done = filled.operate("backup", "--export")
    assert done.returncode == 0, done.stdout
    assert re.search(rf"exported default\.precious: {COUNT} rows", done.stdout)
    (name,) = re.findall(r"snapshot +(MILVUS_BACKUP_\w+)", done.stdout)

    filled.sql(f"DROP SERVICE {SERVICE} FORCE")
    done = filled.operate("restore", name)
    assert done.returncode == 0, done.stdout
    require_all(filled)

    assert "DROPPED" in filled.in_notebook(DROP)
    done = filled.operate("restore", "--export", name, "--only", "default.precious")
    assert done.returncode == 0, done.stdout
    require_all(filled)
    again = filled.operate("restore", "--export", "--only", "default.precious")
    assert again.returncode == 1
    assert "exist already: default.precious" in again.stdout

    _nothing_has_drifted(filled)


def test_a_migration_takes_all_vectors_to_a_larger_volume(filled: Deployment) -> None:
    assert filled.pulumi("config", "set", "milvus-spcs:milvusVolumeSize", "6").returncode == 0
    done = filled.operate("migrate")
    assert done.returncode == 0, done.stdout
    require_all(filled)
    (volume,) = filled.sql(f"SHOW SERVICE VOLUMES IN SERVICE {SERVICE}")
    assert volume["size"] == "6Gi"
    assert re.search(r"MILVUS_BACKUP_\w+", volume["snapshot_used"])
    _nothing_has_drifted(filled)
    assert not re.search(r"allowDataLoss +true", filled.pulumi("config").stdout)

    done = filled.operate("migrate")
    assert done.returncode == 0
    assert "nothing to do" in done.stdout
