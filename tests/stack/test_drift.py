"""Drift: what was changed in the account beside the program is shown, and nothing else is."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from local_account.base.settings import admin_credentials
from tests.stack.conftest import Deployment

pytestmark = pytest.mark.docker
PLACE = "MILVUS_DEMO.PUBLIC"
OWNER, NOTEBOOK = "MILVUS_OWNER_ROLE", "MILVUS_NOTEBOOK_ROLE"
# Statement, role, and what the report says of it: object, property, declared, found.
CHANGES = [
    ("ALTER WAREHOUSE MILVUS_WAREHOUSE SET AUTO_SUSPEND = 999", "",
     ("warehouse", "autoSuspend", "180", "999")),
    ("REVOKE USAGE ON DATABASE MILVUS_DEMO FROM ROLE MILVUS_ROLE", "",
     ("database-people", "privileges", "USAGE", "-")),
    ("REVOKE ROLE MILVUS_ROLE FROM USER MILVUS_USER", "",
     ("identity-people-user", "GrantAccountRole", "there", "deleted")),
    (f"DROP STAGE {PLACE}.DATA", OWNER, ("storage-data", "StageInternal", "there", "deleted")),
    ("GRANT ROLE MILVUS_ROLE TO ROLE SPY", "", ("role MILVUS_ROLE", "USAGE of role SPY", "-", "granted")),
    (f"GRANT READ ON SECRET {PLACE}.MILVUS_ROOT TO ROLE SPY", OWNER,
     (f"secret {PLACE}.MILVUS_ROOT", "READ of role SPY", "-", "granted")),
    ("GRANT USAGE ON WAREHOUSE ELSEWHERE TO ROLE MILVUS_OWNER_ROLE", "",
     ("warehouse ELSEWHERE", "USAGE of role MILVUS_OWNER_ROLE", "-", "granted")),
    (f"GRANT SELECT ON FUTURE TABLES IN SCHEMA {PLACE} TO ROLE SPY", "",
     (f"future table {PLACE}", "SELECT of role SPY", "-", "granted")),
    (f"GRANT SERVICE ROLE {PLACE}.MILVUS!ALL_ENDPOINTS_USAGE TO ROLE SPY", OWNER,
     (f"service role {PLACE}.MILVUS!ALL_ENDPOINTS_USAGE", "USAGE of role SPY", "-", "granted")),
    (f"REVOKE SERVICE ROLE {PLACE}.JUPYTER!ALL_ENDPOINTS_USAGE FROM ROLE MILVUS_ROLE", NOTEBOOK,
     (f"service role {PLACE}.JUPYTER!ALL_ENDPOINTS_USAGE", "USAGE of role MILVUS_ROLE", "granted", "-")),
    ("ALTER COMPUTE POOL JUPYTER_COMPUTE_POOL SUSPEND", "",
     ("JUPYTER_COMPUTE_POOL", "state", "running", "SUSPENDED")),
]  # fmt: skip
UNDO = [
    ("DROP ROLE SPY", ""),
    ("DROP WAREHOUSE ELSEWHERE", ""),
    (f"GRANT SERVICE ROLE {PLACE}.JUPYTER!ALL_ENDPOINTS_USAGE TO ROLE MILVUS_ROLE", NOTEBOOK),
    ("ALTER COMPUTE POOL JUPYTER_COMPUTE_POOL RESUME", ""),
]


@pytest.mark.parametrize(
    ("there", "back"),
    [
        pytest.param("set warehouseAutoSuspend 240", "set warehouseAutoSuspend 180", id="in place"),
        pytest.param("set egressHosts[0] example.com", "rm egressHosts", id="service altered"),
        pytest.param("set sharedComputePool true", "set sharedComputePool false", id="replaces"),
    ],
)
def test_nothing_is_reported_after_a_change_by_the_program(
    deployed: Deployment, there: str, back: str
) -> None:
    assert _drift(deployed) == (0, [])
    for change in (there, back):
        command, setting, *value = change.split()
        configured = deployed.pulumi("config", command, "--path", f"milvus-spcs:{setting}", *value)
        assert configured.returncode == 0, configured.stdout
        changed = deployed.pulumi("up", "--yes", "--skip-preview")
        assert changed.returncode == 0, changed.stdout
        assert _drift(deployed) == (0, [])


def test_changes_beside_the_program_are_reported_until_they_are_undone(deployed: Deployment) -> None:
    declared = _specification(deployed)
    deployed.sql("CREATE ROLE SPY")
    deployed.sql("CREATE WAREHOUSE ELSEWHERE INITIALLY_SUSPENDED = TRUE")
    changed = declared.replace("MILVUS_HOST: milvus", "MILVUS_HOST: elsewhere")
    deployed.sql(f"ALTER SERVICE {PLACE}.JUPYTER FROM SPECIFICATION $${changed}$$", NOTEBOOK)
    for statement, role, _ in CHANGES:
        deployed.sql(statement, role or "ACCOUNTADMIN")
    deployed.sql(f"CALL {PLACE}.JUPYTER!SPCS_WAIT_FOR('SUSPENDED', 120)", NOTEBOOK)
    service = f"{PLACE}.JUPYTER"
    with _image_pushed_anew(deployed) as pushed:
        code, found = _drift(deployed)
    assert code == 2
    assert {tuple(line) for line in found} == {
        *(line for _, _, line in CHANGES),
        (service, "spec.containers.[jupyter].env.MILVUS_HOST", "milvus", "elsewhere"),
        (service, "status", "RUNNING", "SUSPENDED"),
        pushed,
    }

    for statement, role in UNDO:
        deployed.sql(statement, role or "ACCOUNTADMIN")
    deployed.sql(f"ALTER SERVICE {PLACE}.JUPYTER FROM SPECIFICATION $${declared}$$", NOTEBOOK)
    repaired = deployed.pulumi("up", "--refresh", "--yes", "--skip-preview")
    assert repaired.returncode == 0, repaired.stdout
    resumed = deployed.operate("resume")
    assert resumed.returncode == 0, resumed.stdout
    assert _drift(deployed) == (0, [])


def _drift(deployed: Deployment) -> tuple[int, list[list[str]]]:
    """Exit code, and the lines of the report."""
    done: subprocess.CompletedProcess[str] = deployed.operate("drift", "--json")
    start = done.stdout.find("[\n") if done.returncode else done.stdout.rfind("[]")
    assert start >= 0, done.stdout
    return done.returncode, [list(line.values()) for line in json.loads(done.stdout[start:])]


@contextmanager
def _image_pushed_anew(deployed: Deployment) -> Iterator[tuple[str, str, str, str]]:
    """Another image under the tag that the notebook runs, for a while; the line of the report."""
    name, _, digest = deployed.outputs()["images"]["jupyter"].partition("@")
    host, _, path = name.partition("/")
    path, _, tag = path.rpartition(":")
    credentials = admin_credentials(deployed.settings)
    answer = requests.get(
        f"{deployed.settings.account_url}/registry/token",
        params={"scope": f"repository:{path}:pull,push"},
        auth=(credentials["user"], credentials["password"]),
        timeout=60,
    )
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    manifests = f"http://{host}/v2/{path}/manifests"
    was = session.get(
        f"{manifests}/{digest}", headers={"Accept": "application/vnd.oci.image.manifest.v1+json"}
    )
    kind = {"Content-Type": was.headers["Content-Type"]}
    other = json.dumps({**was.json(), "annotations": {"pushed": "anew"}})
    pushed = session.put(f"{manifests}/{tag}", data=other, headers=kind)
    assert pushed.status_code == 201, pushed.text
    found = pushed.headers["Docker-Content-Digest"]
    yield (f"{PLACE}.MILVUS_REPO/jupyter:{tag}", "digest", digest, found)
    back = session.put(f"{manifests}/{tag}", data=was.content, headers=kind)
    assert back.headers["Docker-Content-Digest"] == digest


def _specification(deployed: Deployment) -> str:
    state = json.loads(deployed.pulumi("stack", "export").stdout)["deployment"]["resources"]
    service = next(item for item in state if item["urn"].endswith("::notebook-service") and "id" in item)
    return service["inputs"]["fromSpecification"]["text"]
