"""Taking over what the account has: ids, what stands against it, and what the state says afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.checks.data_loss import DataLossError, MilvusDeployment, changed, deployed_milvus
from machine.paths import PROJECT
from operations.importing import existing, plan, state_file
from operations.importing.existing import Found
from operations.importing.plan import UNKNOWN, Planned
from operations.objects import Managed
from settings import Settings
from tests.unit import program
from tests.unit.operations.test_drift import Answers

PAGE = (PROJECT / "docs" / "import.md").read_text()
PLACE = {"database": "MILVUS_DEMO", "schema": "PUBLIC"}
STACK, OWNER = "urn:pulumi:dev::milvus-spcs::", "MILVUS_OWNER_ROLE"
SPECIFICATION = (
    "spec:\n  containers:\n  - name: milvus\n    image: /d/s/r/milvus:v2.6.16-0123456789abcdef\n"
    "  volumes:\n  - name: data\n    source: block\n    size: 10Gi\n"
    "    blockConfig:\n      iops: 3000\n      throughput: 125\n"
)


def urn(kind: str, name: str) -> str:
    return f"{STACK}milvus-spcs:index:Part$snowflake:index/{kind[0].lower()}{kind[1:]}:{kind}::{name}"


def planned(kind: str, owner: str = OWNER, stash: str = "", **inputs: Any) -> Planned:
    return Planned(urn(kind, "it"), Managed("it", kind, owner, inputs), stash)


def grant(**inputs: Any) -> Managed:
    return Managed("it", "GrantPrivilegesToAccountRole", OWNER, {"accountRoleName": "MILVUS_ROLE", **inputs})


IDS = [
    (Managed("it", "AccountRole", "", {"name": OWNER}), OWNER),
    (Managed("it", "Schema", "", {"database": "MILVUS_DEMO", "name": "PUBLIC"}), '"MILVUS_DEMO"."PUBLIC"'),
    (Managed("it", "Service", "", {**PLACE, "name": "MILVUS"}), '"MILVUS_DEMO"."PUBLIC"."MILVUS"'),
    (
        Managed("it", "GrantAccountRole", "", {"roleName": "MILVUS_ROLE", "userName": "MILVUS_USER"}),
        '"MILVUS_ROLE"|USER|"MILVUS_USER"',
    ),
    (
        grant(privileges=["USAGE"], onAccountObject={"objectType": "DATABASE", "objectName": "MILVUS_DEMO"}),
        '"MILVUS_ROLE"|false|false|USAGE|OnAccountObject|DATABASE|"MILVUS_DEMO"',
    ),
    (
        grant(privileges=["USAGE"], onSchema={"schemaName": '"MILVUS_DEMO"."PUBLIC"'}),
        '"MILVUS_ROLE"|false|false|USAGE|OnSchema|OnSchema|"MILVUS_DEMO"."PUBLIC"',
    ),
    (
        grant(
            privileges=["READ", "WRITE"],
            onSchemaObject={"objectType": "STAGE", "objectName": '"MILVUS_DEMO"."PUBLIC"."FILES"'},
        ),
        '"MILVUS_ROLE"|false|false|READ,WRITE|OnSchemaObject|OnObject|STAGE|"MILVUS_DEMO"."PUBLIC"."FILES"',
    ),
]


@pytest.mark.parametrize(("item", "expected"), IDS, ids=[item.kind for item, _ in IDS])
def test_ids_are_those_of_the_page(item: Managed, expected: str) -> None:
    assert plan.resource_id(item) == expected
    assert f"`{expected}`" in PAGE.replace("\\|", "|")


def test_the_page_has_every_type_of_the_program() -> None:
    everything = {"egressHosts": ["example.com"], "ingressIntegration": True, "warehouseMonthlyCredits": 1}
    people = {"notebookUsers": [{"name": "BOB", "create": True, "generatePassword": True}]}
    resources = program.run(everything | people).resources.values()
    kinds = {item.type.split(":")[-1] for item in resources if not item.type.startswith("milvus-spcs:")}
    missing = {kind for kind in kinds - {"Stack", "snowflake"} if f"| `{kind}`" not in PAGE}
    assert missing == set()


def test_names_that_are_still_to_be_known_follow_from_other_resources() -> None:
    schema, granted = urn("Schema", "schema"), urn("GrantPrivilegesToAccountRole", "grant")
    provider = f"{STACK}pulumi:providers:snowflake::deployer"
    steps = [
        {
            "op": "create",
            "urn": provider,
            "newState": {
                "custom": True,
                "type": "pulumi:providers:snowflake",
                "inputs": {"role": "DEPLOYER"},
            },
        },
        {
            "op": "create",
            "urn": schema,
            "newState": {
                "custom": True,
                "type": "snowflake:index/schema:Schema",
                "inputs": {"database": "D", "name": "S"},
                "provider": f"{provider}::{UNKNOWN}",
            },
        },
        {
            "op": "create",
            "urn": granted,
            "newState": {
                "custom": True,
                "type": "snowflake:index/grantPrivilegesToAccountRole:GrantPrivilegesToAccountRole",
                "inputs": {
                    "accountRoleName": "R",
                    "privileges": ["USAGE"],
                    "onSchema": {"schemaName": UNKNOWN},
                },
                "propertyDependencies": {"onSchema": [schema]},
            },
        },
        {"op": "same", "urn": urn("AccountRole", "role"), "newState": {"custom": True, "inputs": {}}},
    ]
    found = plan.planned(steps)
    assert [(one.urn, one.id, one.item.owner) for one in found] == [
        (schema, '"D"."S"', "DEPLOYER"),
        (granted, '"R"|false|false|USAGE|OnSchema|OnSchema|"D"."S"', ""),
    ]


def test_what_the_account_has_is_found_and_similar_names_are_not() -> None:
    role, other = planned("AccountRole", name="MILVUS_ROLE"), planned("AccountRole", name="MILVUS1ROLE")
    wanted = {"accountRoleName": "MILVUS_ROLE", "onAccount": True}
    there = replace(planned("GrantPrivilegesToAccountRole", **wanted, privileges=["A"]), urn="there")
    absent = replace(planned("GrantPrivilegesToAccountRole", **wanted, privileges=["A", "B"]), urn="absent")
    query = Answers(
        SHOW_ROLES=[{"name": "MILVUS_ROLE", "owner": OWNER}],
        SHOW_GRANTS_TO_ROLE=[{"privilege": "A", "granted_on": "ACCOUNT", "name": "X"}],
    )
    found = existing.find(query, [absent, there, other, role])
    assert [one.planned for one in found] == [there, role]


OBSTACLES = [
    (planned("Warehouse", name="W"), {"owner": "SYSADMIN"}, 'GRANT OWNERSHIP ON WAREHOUSE "W" TO ROLE'),
    (
        planned("Service", **PLACE, name="S"),
        {"owner": "SYSADMIN", "compute_pool": "P"},
        "cannot be given away",
    ),
    (
        planned("StageInternal", **PLACE, name="S"),
        {"owner": OWNER, "type": "INTERNAL"},
        "services cannot mount",
    ),
    (
        planned("SecretWithBasicAuthentication", **PLACE, name="S"),
        {"owner": OWNER, "secret_type": "GENERIC_STRING"},
        "of type GENERIC_STRING",
    ),
]


@pytest.mark.parametrize(
    ("one", "row", "expected"), OBSTACLES, ids=[one.item.kind for one, _, _ in OBSTACLES]
)
def test_what_cannot_be_taken_over_is_named_with_the_way_out(
    one: Planned, row: dict[str, Any], expected: str
) -> None:
    (problem,) = existing.obstacles([Found(one, row)], Settings())
    assert expected in problem


@pytest.mark.parametrize(
    ("specification", "expected"),
    [
        (SPECIFICATION, ""),
        (SPECIFICATION.replace("10Gi", "20Gi"), "milvusVolumeSize: 20 is deployed, 10 is set"),
        (SPECIFICATION.replace("3000", "4000"), "milvusVolumeIops: 4000 is deployed, none is set"),
        (SPECIFICATION.replace("v2.6.16", "v9.9.9"), "Milvus v9.9.9 is deployed"),
        (SPECIFICATION.replace("name: data", "name: other"), "has no block volume 'data'"),
    ],
)
def test_a_milvus_that_the_settings_would_replace_is_not_taken_over(
    specification: str, expected: str
) -> None:
    service = planned("Service", **PLACE, name="MILVUS")
    row = {"owner": OWNER, "compute_pool": "MILVUS_COMPUTE_POOL"}
    problems = existing.obstacles([Found(service, row, specification)], Settings())
    assert expected in "\n".join(problems)
    assert bool(problems) is bool(expected)


def test_what_was_imported_by_hand_is_understood() -> None:
    outputs = {**PLACE, "name": "MILVUS", "computePool": "P", "describeOutputs": [{"spec": SPECIFICATION}]}
    resources = [{"type": "snowflake:index/service:Service", "outputs": outputs}]
    holder = deployed_milvus(resources)
    assert holder is not None
    assert (holder.size, holder.iops, holder.version) == (10, 3000, "v2.6.16")
    # Left open and Snowflake's default is the same volume.
    assert changed(holder, MilvusDeployment(**{**vars(holder), "iops": 0, "throughput": 0})) == []
    outputs["describeOutputs"] = [{"spec": SPECIFICATION.replace("name: data", "name: other")}]
    with pytest.raises(DataLossError, match="cannot continue with it"):
        deployed_milvus(resources)


SECRET = planned(
    "SecretWithBasicAuthentication",
    stash=f"{STACK}milvus-spcs:index:Part$pulumi:index:Stash::pw",
    **PLACE,
    name="S",
)


def test_the_file_has_what_is_there_with_its_providers_and_parents() -> None:
    file = {
        "resources": [
            {"type": "milvus-spcs:index:Whole", "name": "whole", "component": True},
            {"type": "milvus-spcs:index:Part", "name": "part", "component": True, "parent": "whole"},
            {"type": "milvus-spcs:index:Part", "name": "unused", "component": True},
            {"type": "pulumi:providers:snowflake", "name": "owner", "inputs": {}},
            {"type": "pulumi:providers:snowflake", "name": "notebook", "inputs": {}},
            {
                "type": "snowflake:index/secretWithBasicAuthentication:SecretWithBasicAuthentication",
                "name": "itSecret",
                "logicalName": "it",
                "id": "<PLACEHOLDER>",
                "parent": "part",
                "provider": "owner",
            },
            {"type": "snowflake:index/warehouse:Warehouse", "name": "absent", "id": "<PLACEHOLDER>"},
            {"type": "pulumi:index:Stash", "name": "pw", "id": "<PLACEHOLDER>", "parent": "part"},
        ]
    }
    found = [Found(SECRET, {})]
    passwords = state_file.placeholders(found)
    entries = {entry["name"]: entry for entry in state_file.narrowed(file, found, passwords)["resources"]}
    assert list(entries) == ["whole", "part", "owner", "itSecret", "pw"]
    # Both say the same, so no `up` writes it into the account's secret.
    assert entries["itSecret"]["inputs"]["password"] == entries["pw"]["outputs"]["output"]


def test_the_state_leaves_open_what_the_program_leaves_open() -> None:
    declared = {"name": "S", "comment": "new", "isTransient": "default", "__defaults": ["isTransient"]}
    one = planned("Schema", **declared)
    read = {"name": "S", "comment": "old", "isTransient": "false", "withManagedAccess": "false"}
    # The official provider crashes on a record of its own that no longer fits the outputs.
    outputs = {**read, "fullyQualifiedName": "Q", "__pulumi_raw_state_delta": {"obj": {}}}
    resource = {"urn": one.urn, "inputs": dict(read), "outputs": outputs}
    state_file.complete({"deployment": {"resources": [resource]}}, [Found(one, {})], {})
    expected = {"name": "S", "comment": "old", "isTransient": "default"}
    assert resource["outputs"] == {**expected, "fullyQualifiedName": "Q"}
    assert resource["inputs"] == {**expected, "__defaults": ["isTransient"]}
