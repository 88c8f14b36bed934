"""Least privilege: every privilege that the program grants, and no other."""

from __future__ import annotations

from typing import Any

from tests.unit import program

OWNER, PEOPLE = "MILVUS_OWNER_ROLE", "MILVUS_ROLE"

PRIVILEGES = {
    (OWNER, "ACCOUNT", ""): {"BIND SERVICE ENDPOINT"},
    (OWNER, "DATABASE", "MILVUS_DEMO"): {"USAGE"},
    (OWNER, "SCHEMA", '"MILVUS_DEMO"."PUBLIC"'): {
        "USAGE", "CREATE IMAGE REPOSITORY", "CREATE SECRET", "CREATE SERVICE", "CREATE STAGE", "CREATE TABLE",
    },
    (OWNER, "WAREHOUSE", "MILVUS_WAREHOUSE"): {"USAGE"},
    (OWNER, "COMPUTE POOL", "MILVUS_COMPUTE_POOL"): {"USAGE"},
    (OWNER, "COMPUTE POOL", "JUPYTER_COMPUTE_POOL"): {"USAGE"},
    (OWNER, "INTEGRATION", "MILVUS_EGRESS_EAI"): {"USAGE"},
    (PEOPLE, "DATABASE", "MILVUS_DEMO"): {"USAGE"},
    (PEOPLE, "SCHEMA", '"MILVUS_DEMO"."PUBLIC"'): {"USAGE"},
    (PEOPLE, "WAREHOUSE", "MILVUS_WAREHOUSE"): {"USAGE"},
    (PEOPLE, "STAGE", '"MILVUS_DEMO"."PUBLIC"."FILES"'): {"READ", "WRITE"},
}  # fmt: skip
ROLE_GRANTS = {(OWNER, "SYSADMIN"), (PEOPLE, "MILVUS_USER")}


def target(inputs: dict[str, Any]) -> tuple[str, str]:
    """Kind and name of what a grant is about."""
    if inputs.get("onAccount"):
        return "ACCOUNT", ""
    if "onSchema" in inputs:
        return "SCHEMA", inputs["onSchema"]["schemaName"]
    on_object = inputs.get("onAccountObject") or inputs["onSchemaObject"]
    return on_object["objectType"], on_object["objectName"]


def test_privileges() -> None:
    made = program.run({"egressHosts": ["example.com"]})
    granted = {
        (item.inputs["accountRoleName"], *target(item.inputs)): set(item.inputs["privileges"])
        for item in made.of_type("GrantPrivilegesToAccountRole")
    }
    assert granted == PRIVILEGES
    assert not any(
        item.inputs.get(key)
        for item in made.of_type("GrantPrivilegesToAccountRole")
        for key in ("allPrivileges", "withGrantOption")
    )


def test_role_grants() -> None:
    made = program.run()
    granted = {
        (item.inputs["roleName"], item.inputs.get("parentRoleName") or item.inputs["userName"])
        for item in made.of_type("GrantAccountRole")
    }
    assert granted == ROLE_GRANTS


def test_grants_end_with_their_role() -> None:
    made = program.run({"egressHosts": ["example.com"]})
    roles = {item.inputs["name"]: item.urn for item in made.of_type("AccountRole")}
    for item in made.of_type("GrantPrivilegesToAccountRole"):
        assert item.deleted_with == roles[item.inputs["accountRoleName"]]
    for item in made.of_type("GrantAccountRole"):
        assert item.deleted_with == roles[item.inputs["roleName"]]


def test_no_statement_grants_more_than_the_notebook() -> None:
    statements = [item.inputs["execute"] for item in program.run().of_type("Execute")]
    assert sum(statement.startswith("GRANT") for statement in statements) == 1
