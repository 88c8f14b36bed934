"""Every type of the program is imported under the id that `make import` gives it."""

from __future__ import annotations

from typing import Any

import pytest

from operations.importing.plan import resource_id
from operations.objects import Managed
from tests.plugin.account import Answer, ScriptedAccount, checked, kind
from tests.plugin.creations import CASES

IMPORTED = (
    "AccountRole",
    "ComputePool",
    "Database",
    "ExternalAccessIntegration",
    "ImageRepository",
    "NetworkRule",
    "ResourceMonitor",
    "Schema",
    "SecretWithBasicAuthentication",
    "Service",
    "StageInternal",
    "User",
    "Warehouse",
)
OBJECTS = [case for case in CASES if case[0] in IMPORTED]


@pytest.mark.parametrize("case", OBJECTS, ids=[case[0] for case in OBJECTS])
def test_an_object_is_imported_under_the_id_of_its_name(
    case: tuple[str, dict[str, Any], str, list[str], dict[str, Answer]],
) -> None:
    name, inputs, expected, _, answers = case
    found = resource_id(Managed("it", name, "", inputs))
    assert found == expected
    state = kind(name).read(ScriptedAccount(answers), found, {})
    assert state is not None
    for part in ("database", "schema", "name"):
        assert state.get(part) == inputs.get(part)


def test_every_type_was_tried() -> None:
    assert {case[0] for case in OBJECTS} == set(IMPORTED)


GRANTED = {
    "granted_by": "O",
    "grant_option": "false",
    "granted_to": "ROLE",
    "grantee_name": "R",
    "privilege": "USAGE",
}
GRANTS: list[tuple[dict[str, Any], str, str]] = [
    ({"onAccount": True}, "ACCOUNT", "ACCOUNT"),
    ({"onAccountObject": {"objectType": "DATABASE", "objectName": "D"}}, 'DATABASE "D"', "DATABASE"),
    ({"onSchema": {"schemaName": '"D"."S"'}}, 'SCHEMA "D"."S"', "SCHEMA"),
    (
        {"onSchemaObject": {"objectType": "STAGE", "objectName": '"D"."S"."N"'}},
        'STAGE "D"."S"."N"',
        "STAGE",
    ),
]


@pytest.mark.parametrize(("target", "on", "granted_on"), GRANTS, ids=[on for _, on, _ in GRANTS])
def test_privileges_are_imported_and_nothing_is_left_to_change(
    target: dict[str, Any], on: str, granted_on: str
) -> None:
    name = "GrantPrivilegesToAccountRole"
    inputs = checked(name, accountRoleName="R", privileges=["USAGE"], **target)
    account = ScriptedAccount(
        {
            "SHOW ROLES LIKE 'R'": [{"name": "R"}],
            f"SHOW GRANTS ON {on}": [{**GRANTED, "granted_on": granted_on}],
        }
    )
    found = resource_id(Managed("it", name, "", inputs))
    state = kind(name).read(account, found, {})
    assert state is not None
    assert kind(name).diff(account, found, state, inputs).changes == {}


@pytest.mark.parametrize(("grantee", "to"), [("parentRoleName", "ROLE"), ("userName", "USER")])
def test_a_granted_role_is_imported(grantee: str, to: str) -> None:
    inputs = checked("GrantAccountRole", roleName="R", **{grantee: "G"})
    account = ScriptedAccount({'SHOW GRANTS OF ROLE "R"': [{"granted_to": to, "grantee_name": "G"}]})
    found = resource_id(Managed("it", "GrantAccountRole", "", inputs))
    state = kind("GrantAccountRole").read(account, found, {})
    assert state is not None
    assert kind("GrantAccountRole").diff(account, found, state, inputs).changes == {}
