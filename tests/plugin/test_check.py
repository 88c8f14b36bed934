"""Input that is refused before anything is sent, and what the refusal says."""

from __future__ import annotations

from typing import Any

import pytest

from standins.snowflake_plugin.errors import PluginError
from standins.snowflake_plugin.wire import UNKNOWN
from tests.plugin.account import ScriptedAccount, kind

PLACE = {"database": "D", "schema": "S", "name": "N"}
POOL = {"name": "P", "minNodes": 1, "maxNodes": 1, "instanceFamily": "CPU_X64_XS"}
SERVICE = {**PLACE, "computePool": "P", "fromSpecification": {"text": "a"}}
GRANT = {"accountRoleName": "R", "privileges": ["USAGE"], "onAccount": True}


@pytest.mark.parametrize(
    ("name", "inputs", "property_name", "reason"),
    [
        (
            "ComputePool",
            {**POOL, "instanceFamily": "CPU_X64_XXL"},
            "instanceFamily",
            "invalid compute pool instance family: CPU_X64_XXL; allowed values: CPU_X64_XS, CPU_X64_S,",
        ),
        ("ComputePool", {**POOL, "minNodes": 0}, "minNodes", "expected minNodes to be at least (1), got 0"),
        ("ComputePool", {**POOL, "autoSuspendSecs": -2}, "autoSuspendSecs", "at least (0), got -2"),
        (
            "ComputePool",
            {**POOL, "autoResume": "yes"},
            "autoResume",
            'to be one of ["true" "false"], got yes',
        ),
        ("ComputePool", {**POOL, "maxNodes": "two"}, "maxNodes", "expected a whole number, got 'two'"),
        (
            "ComputePool",
            {"name": "P", "minNodes": 1, "maxNodes": 1},
            "instanceFamily",
            "Missing required property 'instanceFamily'",
        ),
        ("ComputePool", {**POOL, "colour": "red"}, "colour", "does not support 'colour' of ComputePool"),
        (
            "Service",
            {**SERVICE, "fromSpecification": {"text": "a $$ b"}},
            "fromSpecification",
            "The value cannot contain the $$ sequence.",
        ),
        (
            "Service",
            {**SERVICE, "fromSpecification": {"text": "a", "file": "f", "stage": "D.S.X"}},
            "fromSpecification",
            "one of `file,text` must be specified",
        ),
        (
            "Service",
            {**SERVICE, "fromSpecification": {"file": "f"}},
            "fromSpecification",
            "`stage` and `file` must be specified together",
        ),
        (
            "Service",
            {**SERVICE, "fromSpecificationTemplate": {"text": "a", "usings": [{"key": "k", "value": "v"}]}},
            "fromSpecification",
            "only one of `fromSpecification,fromSpecificationTemplate` can be specified",
        ),
        (
            "Service",
            {**PLACE, "computePool": "P"},
            "fromSpecification",
            "one of `fromSpecification,fromSpecificationTemplate` must be specified",
        ),
        ("Service", {**SERVICE, "computePool": "A.B"}, "computePool", "expected <name>, got 2 parts"),
        (
            "ExternalAccessIntegration",
            {"name": "I", "enabled": True, "allowedNetworkRules": ["N"]},
            "allowedNetworkRules",
            "expected <database>.<schema>.<name>, got 1 parts",
        ),
        (
            "NetworkRule",
            {**PLACE, "type": "HOST", "mode": "EGRESS", "valueLists": []},
            "type",
            "invalid network rule type: HOST; allowed values: IPV4,",
        ),
        (
            "Warehouse",
            {"name": "W", "warehouseSize": "HUGE"},
            "warehouseSize",
            "invalid warehouse size: HUGE",
        ),
        (
            "Warehouse",
            {"name": "W", "generation": "2", "resourceConstraint": "MEMORY_1X"},
            "resourceConstraint",
            "only one of `resourceConstraint,generation` can be specified",
        ),
        (
            "GrantPrivilegesToAccountRole",
            {**GRANT, "privileges": ["usage"]},
            "privileges",
            "invalid privilege: usage; privileges are words in upper case, such as USAGE",
        ),
        (
            "GrantPrivilegesToAccountRole",
            {**GRANT, "privileges": ["OWNERSHIP"]},
            "privileges",
            "Unsupported privilege 'OWNERSHIP'",
        ),
        (
            "GrantPrivilegesToAccountRole",
            {"accountRoleName": "R", "onAccount": True},
            "privileges",
            "one of `privileges,allPrivileges` must be specified",
        ),
        (
            "GrantPrivilegesToAccountRole",
            {"accountRoleName": "R", "privileges": ["USAGE"]},
            "onAccount",
            "one of `onAccount,onAccountObject,onSchema,onSchemaObject` must be specified",
        ),
        (
            "GrantPrivilegesToAccountRole",
            {
                "accountRoleName": "R",
                "privileges": ["USAGE"],
                "onAccountObject": {"objectType": "SERVICE", "objectName": "X"},
            },
            "onAccountObject",
            "expected objectType to be one of ['USER',",
        ),
        (
            "GrantPrivilegesToAccountRole",
            {
                "accountRoleName": "R",
                "privileges": ["USAGE"],
                "onSchemaObject": {"future": {"objectTypePlural": "TAGS", "inSchema": "D.S"}},
            },
            "onSchemaObject",
            "expected objectTypePlural to be one of",
        ),
        (
            "GrantOwnership",
            {"accountRoleName": "R", "on": {"objectType": "SERVICE", "objectName": "D.S.N"}},
            "on",
            "got SERVICE",
        ),
        (
            "GrantAccountRole",
            {"roleName": "R"},
            "userName",
            "one of `userName,parentRoleName` must be specified",
        ),
        (
            "Database",
            {"name": "D", "replication": {}},
            "replication",
            "does not support 'replication' of Database",
        ),
        (
            "StageInternal",
            {**PLACE, "encryption": {"other": {}}},
            "encryption",
            "one of `snowflakeFull,snowflakeSse` must be specified",
        ),
    ],
)
def test_refused(name: str, inputs: dict[str, Any], property_name: str, reason: str) -> None:
    _, failures = kind(name).check("unit", {}, inputs)

    assert [failure.property for failure in failures] == [property_name]
    assert reason in failures[0].reason


def test_values_that_are_not_known_yet_are_not_judged() -> None:
    inputs = {
        **SERVICE,
        "computePool": UNKNOWN,
        "fromSpecification": {"text": UNKNOWN},
        "minInstances": UNKNOWN,
    }

    assert kind("Service").check("unit", {}, inputs)[1] == []


def test_a_name_left_out_is_made_up_once() -> None:
    resource = kind("AccountRole")

    first, _ = resource.check("unit", {}, {})
    again, _ = resource.check("unit", first, {})

    assert first["name"].startswith("unit-")
    assert again["name"] == first["name"]
    assert "name" in first["__defaults"]


@pytest.mark.parametrize(
    ("name", "flag"),
    [
        ("JobService", "snowflake_job_service_resource"),
        ("ExternalAccessIntegration", "snowflake_external_access_integration_resource"),
        ("UserPublicKeys", "snowflake_user_public_keys_resource"),
    ],
)
def test_preview_features_have_to_be_switched_on(name: str, flag: str) -> None:
    text = (
        f"{flag} is currently a preview feature, and must be enabled by adding {flag} to "
        "`preview_features_enabled`"
    )

    with pytest.raises(PluginError, match=text):
        kind(name).gated(ScriptedAccount(features=frozenset()))
    kind(name).gated(ScriptedAccount(features=frozenset({flag})))


def test_others_need_no_switch() -> None:
    kind("Service").gated(ScriptedAccount(features=frozenset()))
