"""Objects that are there already: the program reads them, uses them, and neither makes nor drops them."""

from __future__ import annotations

import pytest

from settings import Settings, SettingsError
from tests.unit import program

EXISTING = {
    "existingWarehouse": "COMPUTE_WH",
    "existingDatabase": "ANALYTICS",
    "existingRole": "SCIENTISTS",
    "existingIntegration": "PYPI_EAI",
}


@pytest.fixture(scope="module")
def made() -> program.Program:
    return program.run(EXISTING)


def grants(made: program.Program, kind: str) -> dict[str, str]:
    """Object of each grant on objects of a type, by the grantee."""
    found = {}
    for item in made.of_type("GrantPrivilegesToAccountRole"):
        on = item.inputs.get("onAccountObject") or {}
        if on.get("objectType") == kind:
            found[item.inputs["accountRoleName"]] = on["objectName"]
    return found


def test_none_of_them_is_made(made: program.Program) -> None:
    for kind in ("Warehouse", "Database", "ExternalAccessIntegration", "NetworkRule", "User"):
        assert made.of_type(kind) == [], kind
    roles = {item.inputs["name"] for item in made.of_type("AccountRole")}
    assert roles == {"MILVUS_OWNER_ROLE", "MILVUS_NOTEBOOK_ROLE"}


def test_the_stack_has_a_schema_of_its_own_in_the_database(made: program.Program) -> None:
    schema = made.named("database-schema").inputs
    assert (schema["database"], schema["name"]) == ("ANALYTICS", "MILVUS")
    assert made.named("milvus-service").inputs["schema"] == "MILVUS"
    (prefixed,) = program.run({**EXISTING, "prefix": "DEV"}).of_type("Schema")
    assert prefixed.inputs["name"] == "DEV_MILVUS"


def test_its_own_roles_may_use_them(made: program.Program) -> None:
    assert grants(made, "WAREHOUSE") == {"MILVUS_NOTEBOOK_ROLE": "COMPUTE_WH"}
    assert grants(made, "DATABASE") == {"MILVUS_NOTEBOOK_ROLE": "ANALYTICS"}
    assert grants(made, "INTEGRATION") == {"MILVUS_NOTEBOOK_ROLE": "PYPI_EAI"}
    notebook = made.named("notebook-service").inputs
    assert notebook["queryWarehouse"] == "COMPUTE_WH"
    assert notebook["externalAccessIntegrations"] == ["PYPI_EAI"]


def test_grants_to_the_existing_role_do_not_wait_for_its_end(made: program.Program) -> None:
    mine = [item for item in made.resources.values() if item.inputs.get("accountRoleName") == "SCIENTISTS"]
    assert {item.name for item in mine} == {"database-schema-people", "storage-files-people"}
    assert {item.deleted_with for item in mine} == {""}
    assert 'TO ROLE "SCIENTISTS"' in made.named("notebook-service-people").inputs["execute"]


def test_the_stacks_warehouse_is_used_by_an_existing_role() -> None:
    made = program.run({"existingRole": "SCIENTISTS"})
    assert grants(made, "WAREHOUSE") == {
        "MILVUS_NOTEBOOK_ROLE": "MILVUS_WAREHOUSE",
        "SCIENTISTS": "MILVUS_WAREHOUSE",
    }


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"existingWarehouse": "MILVUS_WAREHOUSE"}, "existingWarehouse: MILVUS_WAREHOUSE is what the stack"),
        (
            {"existingDatabase": "DEV_MILVUS_DEMO", "prefix": "DEV"},
            "existingDatabase: DEV_MILVUS_DEMO is what",
        ),
        ({"existingRole": "A", "generateUserPassword": True}, "generateUserPassword cannot be set with it"),
        ({"existingRole": "A", "notebookUsers": [{"name": "B"}]}, "notebookUsers cannot be set with it"),
        ({"existingIntegration": "A", "egressHosts": ["example.com"]}, "existingIntegration and egressHosts"),
        ({"existingWarehouse": "compute_wh"}, "a name as SHOW lists it"),
    ],
)
def test_what_does_not_fit_together_is_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        program.run(settings)


def test_names_of_objects_follow_the_settings() -> None:
    chosen = Settings(prefix="DEV")
    assert (chosen.warehouse, chosen.namespace) == ("DEV_MILVUS_WAREHOUSE", "DEV_MILVUS_DEMO.PUBLIC")
