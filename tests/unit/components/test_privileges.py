"""Least privilege: every privilege that the program grants, and no other."""

from __future__ import annotations

from typing import Any

import yaml

from tests.unit import program

OWNER, NOTEBOOK, PEOPLE = "MILVUS_OWNER_ROLE", "MILVUS_NOTEBOOK_ROLE", "MILVUS_ROLE"

PRIVILEGES = {
    (OWNER, "SCHEMA", '"MILVUS_DEMO"."PUBLIC"'): {"CREATE IMAGE REPOSITORY", "CREATE SECRET", "CREATE STAGE"},
    (OWNER, "COMPUTE POOL", "MILVUS_COMPUTE_POOL"): {"USAGE"},
    (NOTEBOOK, "ACCOUNT", ""): {"BIND SERVICE ENDPOINT"},
    (NOTEBOOK, "DATABASE", "MILVUS_DEMO"): {"USAGE"},
    (NOTEBOOK, "SCHEMA", '"MILVUS_DEMO"."PUBLIC"'): {"USAGE", "CREATE SERVICE", "CREATE TABLE"},
    (NOTEBOOK, "WAREHOUSE", "MILVUS_WAREHOUSE"): {"USAGE"},
    (NOTEBOOK, "COMPUTE POOL", "JUPYTER_COMPUTE_POOL"): {"USAGE"},
    (NOTEBOOK, "INTEGRATION", "MILVUS_EGRESS_EAI"): {"USAGE"},
    (NOTEBOOK, "IMAGE REPOSITORY", '"MILVUS_DEMO"."PUBLIC"."MILVUS_REPO"'): {"READ"},
    (NOTEBOOK, "SECRET", '"MILVUS_DEMO"."PUBLIC"."MILVUS_NOTEBOOK"'): {"READ"},
    (NOTEBOOK, "STAGE", '"MILVUS_DEMO"."PUBLIC"."FILES"'): {"READ", "WRITE"},
    (PEOPLE, "DATABASE", "MILVUS_DEMO"): {"USAGE"},
    (PEOPLE, "SCHEMA", '"MILVUS_DEMO"."PUBLIC"'): {"USAGE"},
    (PEOPLE, "WAREHOUSE", "MILVUS_WAREHOUSE"): {"USAGE"},
    (PEOPLE, "STAGE", '"MILVUS_DEMO"."PUBLIC"."FILES"'): {"READ", "WRITE"},
}  # fmt: skip
ROLE_GRANTS = {(NOTEBOOK, OWNER), (OWNER, "SYSADMIN"), (PEOPLE, "MILVUS_USER")}


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


def test_statements_grant_the_notebook_to_people_and_milvus_to_the_notebook() -> None:
    statements = [item.inputs["execute"] for item in program.run().of_type("Execute")]
    place = '"MILVUS_DEMO"."PUBLIC"'
    assert {statement for statement in statements if statement.startswith("GRANT")} == {
        f'GRANT SERVICE ROLE {place}."JUPYTER"!ALL_ENDPOINTS_USAGE TO ROLE "{PEOPLE}"',
        f'GRANT SERVICE ROLE {place}."MILVUS"!ALL_ENDPOINTS_USAGE TO ROLE "{NOTEBOOK}"',
    }


def test_no_container_has_a_session_of_the_owner() -> None:
    made = program.run()
    owners = [item.inputs for item in made.resources.values() if made.provider_name(item) == "owner"]
    texts = [inputs["fromSpecification"]["text"] for inputs in owners if "fromSpecification" in inputs]
    texts += [inputs["execute"].split("$$")[1] for inputs in owners if "$$" in inputs.get("execute", "")]
    assert len(texts) > 1
    for text in texts:
        for container in yaml.safe_load(text)["spec"]["containers"]:
            assert container["mountSessionToken"] is False
