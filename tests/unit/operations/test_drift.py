"""What counts as drift, from rows and states as the account and the engine give them."""

from __future__ import annotations

from typing import Any

import pytest

from operations.drift import grants, refresh, services
from operations.drift.finding import Finding
from operations.objects import Managed

DIGEST, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
TEXT = f"spec:\n  containers:\n  - name: main\n    image: /d/s/repo/main:1  # {DIGEST}\n"
PLACE = {"database": "D", "schema": "S"}
SERVICE = Managed("svc", "Service", "OWNER", {**PLACE, "name": "SVC", "fromSpecification": {"text": TEXT}})
REPOSITORY = Managed("repo", "ImageRepository", "OWNER", {**PLACE, "name": "REPO"})
POOL = Managed("pool", "ComputePool", "DEPLOYER", {"name": "POOL"})
ROLE = Managed("role", "AccountRole", "DEPLOYER", {"name": "PEOPLE"})
DATABASE = Managed("database", "Database", "DEPLOYER", {"name": "D"})


class Answers:
    """Rows by the beginning of the statement; no rows for others."""

    def __init__(self, **rows: list[dict[str, Any]]) -> None:
        self.rows = {key.replace("_", " "): value for key, value in rows.items()}

    def __call__(self, statement: str) -> list[dict[str, Any]]:
        return next((rows for key, rows in self.rows.items() if statement.startswith(key)), [])


def described(status: str = "RUNNING", spec: str = TEXT) -> Answers:
    container = {"container_name": "main", "image_digest": DIGEST}
    return Answers(DESCRIBE_SERVICE=[{"status": status, "spec": spec}], SHOW_SERVICE_CONTAINERS=[container])


def test_a_service_that_runs_as_declared_is_no_drift() -> None:
    assert list(services.services(described(), [SERVICE])) == []


def test_status_specification_and_image_of_a_service() -> None:
    assert list(services.services(described(status="SUSPENDED"), [SERVICE])) == [
        Finding("D.S.SVC", "status", "RUNNING", "SUSPENDED")
    ]
    changed = described(spec=TEXT.replace("main:1", "main:2"))
    assert list(services.services(changed, [SERVICE])) == [
        Finding("D.S.SVC", "spec.containers.[main].image", "/d/s/repo/main:1", "/d/s/repo/main:2")
    ]
    pushed = described()
    pushed.rows["SHOW SERVICE CONTAINERS"] = [{"container_name": "main", "image_digest": OTHER}]
    assert list(services.services(pushed, [SERVICE])) == [
        Finding("D.S.SVC", "image of container main", DIGEST, OTHER)
    ]


@pytest.mark.parametrize(("rows", "found"), [([("1", OTHER)], OTHER), ([("2", DIGEST)], "-")])
def test_a_tag_that_was_pushed_anew_or_is_gone(rows: list[tuple[str, str]], found: str) -> None:
    shown = [{"image_path": f"d/s/repo/main:{tag}", "digest": digest} for tag, digest in rows]
    query = Answers(SHOW_IMAGES=shown)
    assert list(services.images(query, REPOSITORY, [SERVICE])) == [
        Finding("D.S.REPO/main:1", "digest", DIGEST, found)
    ]


@pytest.mark.parametrize(("state", "drifted"), [("ACTIVE", False), ("IDLE", False), ("SUSPENDED", True)])
def test_pools_that_are_down(state: str, drifted: bool) -> None:
    query = Answers(SHOW_COMPUTE_POOLS=[{"name": "POOL", "state": state}])
    assert bool(list(services.pools(query, [POOL]))) is drifted


def test_ownership_declared_grants_and_what_a_role_made_itself_are_no_drift() -> None:
    grant = Managed("g", "GrantPrivilegesToAccountRole", "DEPLOYER", {
        "accountRoleName": "PEOPLE", "privileges": ["USAGE"],
        "onAccountObject": {"objectType": "DATABASE", "objectName": "D"},
    })  # fmt: skip
    member = Managed("m", "GrantAccountRole", "DEPLOYER", {"roleName": "PEOPLE", "userName": "ANN"})
    query = Answers(
        SHOW_GRANTS_ON_DATABASE=[
            row("OWNERSHIP", "DATABASE", "D", "DEPLOYER"),
            row("USAGE", "DATABASE", "D", "PEOPLE"),
        ],
        SHOW_GRANTS_OF_ROLE=[row("USAGE", "ROLE", "PEOPLE", "ANN", "USER")],
        SHOW_GRANTS_TO_ROLE=[
            row("USAGE", "DATABASE", "D", "PEOPLE"),
            row("OWNERSHIP", "TABLE", "D.S.T", "PEOPLE"),
            row("USAGE", "SERVICE_ROLE", "D.S.SVC!ALL_ENDPOINTS_USAGE", "PEOPLE"),
        ],
    )
    assert grants.findings(query, [ROLE, DATABASE, grant, member], "OWNER") == []


def test_another_owner_and_a_role_in_a_role_are_drift() -> None:
    query = Answers(
        SHOW_GRANTS_ON_COMPUTE_POOL=[row("OWNERSHIP", "COMPUTE_POOL", "POOL", "SOMEBODY")],
        SHOW_GRANTS_TO_ROLE=[row("USAGE", "ROLE", "SYSADMIN", "PEOPLE")],
    )
    assert grants.findings(query, [ROLE, POOL], "OWNER") == [
        Finding("compute pool POOL", "OWNERSHIP of role SOMEBODY", "-", "granted"),
        Finding("role SYSADMIN", "USAGE of role PEOPLE", "-", "granted"),
    ]


def test_a_backup_is_no_drift_and_another_roles_use_of_it_is() -> None:
    owner = Managed("owner", "AccountRole", "DEPLOYER", {"name": "OWNER"})
    ours = Answers(SHOW_GRANTS_TO_ROLE=[row("USAGE", "SNAPSHOT", "D.S.BACKUP", "OWNER")])
    assert grants.findings(ours, [owner, DATABASE], "OWNER") == []
    theirs = Answers(
        SHOW_GRANTS_TO_ROLE=[
            row("USAGE", "SNAPSHOT", "D.S.BACKUP", "PEOPLE"),
            row("USAGE", "SNAPSHOT", "ELSEWHERE.S.BACKUP", "PEOPLE"),
        ]
    )
    assert grants.findings(theirs, [ROLE, DATABASE], "OWNER") == [
        Finding("snapshot D.S.BACKUP", "USAGE of role PEOPLE", "-", "granted"),
        Finding("snapshot ELSEWHERE.S.BACKUP", "USAGE of role PEOPLE", "-", "granted"),
    ]


def row(privilege: str, kind: str, name: str, grantee: str, to: str = "ROLE") -> dict[str, Any]:
    """A row of SHOW GRANTS."""
    return {
        "privilege": privilege,
        "granted_on": kind,
        "name": name,
        "granted_to": to,
        "grantee_name": grantee,
    }


def step(old: dict[str, Any], new: dict[str, Any] | None) -> dict[str, Any]:
    """A step of `pulumi refresh --json`."""
    state = {"type": "snowflake:index/warehouse:Warehouse"}
    return {
        "urn": "urn:pulumi:s::p::t::warehouse",
        "oldState": {**state, "inputs": old},
        "newState": None if new is None else {**state, "inputs": new},
    }


def test_refresh_counts_declared_properties_only() -> None:
    moved = step({"size": "S", "comment": ["a"]}, {"size": "M", "comment": ["a"]})
    assert list(refresh.step_findings(moved)) == [Finding("warehouse", "size", "S", "M")]
    gone = step({"size": "S"}, None)
    assert list(refresh.step_findings(gone)) == [Finding("warehouse", "Warehouse", "there", "deleted")]
    defaults = step({"size": "S", "type": "default", "__defaults": ["type"]}, {"size": "S"})
    assert list(refresh.step_findings(defaults)) == []
    other = step({"resume": "default", "__defaults": ["resume"]}, {"resume": "false"})
    assert list(refresh.step_findings(other)) == [Finding("warehouse", "resume", "default", "false")]
