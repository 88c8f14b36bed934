"""What the program registers: types, names, parents, order, providers, secrets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pulumi
import pytest

from components.account.account import Account, Query
from components.services import endpoints
from tests.unit import program

SETTINGS = {"generateUserPassword": True, "egressHosts": ["example.com"]}

OBJECTS = {
    ("AccountRole", "MILVUS_NOTEBOOK_ROLE"),
    ("AccountRole", "MILVUS_OWNER_ROLE"),
    ("AccountRole", "MILVUS_ROLE"),
    ("ComputePool", "JUPYTER_COMPUTE_POOL"),
    ("ComputePool", "MILVUS_COMPUTE_POOL"),
    ("Database", "MILVUS_DEMO"),
    ("ExternalAccessIntegration", "MILVUS_EGRESS_EAI"),
    ("ImageRepository", "MILVUS_REPO"),
    ("NetworkRule", "MILVUS_EGRESS_RULE"),
    ("Schema", "PUBLIC"),
    ("SecretWithBasicAuthentication", "MILVUS_NOTEBOOK"),
    ("SecretWithBasicAuthentication", "MILVUS_ROOT"),
    ("Service", "JUPYTER"),
    ("Service", "MILVUS"),
    ("StageInternal", "DATA"),
    ("StageInternal", "FILES"),
    ("StageInternal", "YAML_STAGE"),
    ("User", "MILVUS_USER"),
    ("Warehouse", "MILVUS_WAREHOUSE"),
}
ACCOUNT_LEVEL = {"AccountRole", "ComputePool", "Database", "ExternalAccessIntegration", "User", "Warehouse"}
MADE_BY_OWNER = {"ImageRepository", "SecretWithBasicAuthentication", "Service", "StageInternal"}


@pytest.fixture(scope="module")
def made() -> program.Program:
    return program.run(SETTINGS)


def objects(made: program.Program) -> set[tuple[str, str]]:
    """Type and Snowflake name of every named object."""
    return {
        (item.type.split(":")[-1], item.inputs["name"])
        for item in made.resources.values()
        if item.type.startswith("snowflake:") and "name" in item.inputs
    }


def test_objects_have_the_names_of_the_tutorial(made: program.Program) -> None:
    assert objects(made) == OBJECTS


def test_prefix_goes_before_account_level_names_only() -> None:
    prefixed = program.run({**SETTINGS, "prefix": "DEV"})
    assert objects(prefixed) == {
        (kind, f"DEV_{name}" if kind in ACCOUNT_LEVEL else name) for kind, name in OBJECTS
    }
    assert prefixed.named("notebook-service").inputs["queryWarehouse"] == "DEV_MILVUS_WAREHOUSE"
    assert "DEV_MILVUS_DEMO.PUBLIC.MILVUS_ROOT" in specification(prefixed, "milvus-service")
    assert '"DEV_MILVUS_DEMO"."PUBLIC"."MILVUS_SETUP"' in prefixed.named("milvus-setup").inputs["execute"]


def test_every_object_is_named_by_the_program(made: program.Program) -> None:
    unnamed = {"Execute", "GrantAccountRole", "GrantPrivilegesToAccountRole"}
    for item in made.resources.values():
        kind = item.type.split(":")[-1]
        if item.type.startswith("snowflake:") and kind not in unnamed:
            assert item.inputs.get("name"), item.urn


def test_every_resource_of_a_component_has_it_as_parent(made: program.Program) -> None:
    for item in made.resources.values():
        at_the_top = item.type.startswith(("milvus-spcs:", "pulumi:providers:"))
        assert at_the_top or "milvus-spcs:index:" in item.parent, item.urn


def test_objects_with_fixed_names_are_deleted_before_they_are_replaced(made: program.Program) -> None:
    for item in made.resources.values():
        if item.type.startswith("snowflake:"):
            assert item.delete_before_replace, item.urn


def test_each_object_is_made_in_the_role_that_shall_own_it(made: program.Program) -> None:
    for item in made.resources.values():
        kind = item.type.split(":")[-1]
        if item.type.startswith("snowflake:") and "name" in item.inputs:
            expected = "owner" if kind in MADE_BY_OWNER else "deployer"
            expected = "notebook" if item.inputs["name"] == "JUPYTER" else expected
            assert made.provider_name(item) == expected, item.urn
    for item in made.of_type("Execute"):
        expected = "notebook" if item.name.startswith(("notebook-", "verification-")) else "owner"
        assert made.provider_name(item) == expected, item.urn


def test_providers_act_in_their_roles_with_the_preview_features_of_the_program(made: program.Program) -> None:
    providers = {item.name: item.inputs for item in made.of_type("snowflake")}
    assert {name: inputs["role"] for name, inputs in providers.items()} == {
        "deployer": "ACCOUNTADMIN",
        "owner": "MILVUS_OWNER_ROLE",
        "notebook": "MILVUS_NOTEBOOK_ROLE",
    }
    for inputs in providers.values():
        assert "snowflake_external_access_integration_resource" in inputs["previewFeaturesEnabled"]
        # The owner role does not exist yet when a first preview opens its connection.
        assert inputs["validateDefaultParameters"] == "false"


@pytest.mark.parametrize(
    ("later", "earlier"),
    [
        # The owner acts only when it has its privileges, so they are taken away last.
        ("storage-repository", "identity-owner-sysadmin"),
        ("storage-repository", "database-schema-owner"),
        ("milvus-service", "milvus-pool-owner"),
        ("notebook-service", "identity-notebook-endpoints"),
        ("notebook-service", "identity-notebook-owner"),
        ("notebook-service", "milvus-notebook-reader"),
        ("notebook-service", "storage-files-notebook"),
        ("notebook-service", "storage-repository-notebook"),
        ("verification-job", "milvus-service-notebook"),
        ("milvus-service", "milvus-pool"),
        ("notebook-service", "jupyter-pool"),
        ("notebook-service", "egress-integration"),
        ("notebook-service", "egress-notebook"),
        ("egress-integration", "egress-rule"),
        ("egress-rule", "database-schema"),
        ("milvus-setup", "milvus-service-ready"),
        ("verification-job", "milvus-setup"),
        ("notebook-service-endpoints", "notebook-service-ready"),
        ("storage-repository", "database"),
    ],
)
def test_order(made: program.Program, later: str, earlier: str) -> None:
    assert earlier in made.needs(made.named(later))


def test_services_start_side_by_side(made: program.Program) -> None:
    assert "milvus-service" not in made.needs(made.named("notebook-service"))
    assert "notebook-service" not in made.needs(made.named("milvus-service"))


def test_what_belongs_to_a_service_ends_and_begins_with_it(made: program.Program) -> None:
    service = made.named("notebook-service").urn
    for name in ("notebook-service-ready", "notebook-service-people", "notebook-service-endpoints"):
        assert made.named(name).deleted_with == service
        assert made.named(name).replace_with == {service}
    milvus = made.named("milvus-service").urn
    assert made.named("milvus-setup").replace_with == {milvus}


def test_what_is_replaced_with_another_resource_has_its_provider(made: program.Program) -> None:
    """The engine deletes it with the other one, when it may not know another provider yet."""
    together = [item for item in made.resources.values() if item.replace_with]
    assert together
    for item in together:
        assert {made.resources[urn].provider for urn in item.replace_with} == {item.provider}, item.name


def test_every_secret_is_secret(made: program.Program) -> None:
    for item in made.resources.values():
        for key in item.inputs:
            if key in ("password", "privateKey", "token", "registries") or item.type == "pulumi:index:Stash":
                assert key in item.secrets, f"{item.urn} {key}"
    plain = [
        item.inputs[key]
        for item in made.resources.values()
        for key in ("password",)
        if key in item.inputs and item.type.startswith("snowflake:")
    ]
    text = repr([_without_secrets(item) for item in made.resources.values()])
    assert len(plain) == 3
    assert all(value not in text for value in plain)
    assert program.CONNECTION["password"] not in text
    assert made.secret_outputs == {"userPassword"}


def _without_secrets(item: program.Registered) -> dict[str, object]:
    return {key: value for key, value in item.inputs.items() if key not in item.secrets}


def test_generated_passwords_are_kept_and_differ(made: program.Program) -> None:
    stashes = made.of_type("Stash")
    assert len({item.inputs["input"] for item in stashes}) == len(stashes) == 3
    assert all(item.ignore_changes == ["input"] for item in stashes)
    kept = {item.inputs["input"] for item in stashes}
    assert made.named("milvus-root").inputs["password"] in kept
    assert made.outputs["userPassword"] == made.named("identity-user").inputs["password"]


def test_each_notebook_is_a_service_with_an_address_of_its_own() -> None:
    made = program.run({"notebooks": 3})
    names = {item.inputs["name"] for item in made.of_type("Service")}
    assert names == {"MILVUS", "JUPYTER", "JUPYTER_2", "JUPYTER_3"}
    assert made.outputs["notebookUrls"].keys() == {"JUPYTER", "JUPYTER_2", "JUPYTER_3"}
    assert made.outputs["services"].keys() == names


def test_outputs(made: program.Program) -> None:
    image = r"localhost:8482/milvus_demo/public/milvus_repo/{}:"
    assert made.outputs.keys() == {
        "notebookUrl", "milvusEndpoint", "repositoryUrl", "images", "services", "roles",
        "cost", "userName", "userPassword", "verification",
    }  # fmt: skip
    assert made.outputs["notebookUrl"] == "http://abc.localhost:8481"
    assert made.outputs["milvusEndpoint"] == "milvus.k3m6.svc.spcs.internal:19530"
    assert made.outputs["repositoryUrl"] == program.REPOSITORY_URL
    assert made.outputs["services"] == {"MILVUS": "RUNNING", "JUPYTER": "RUNNING"}
    assert made.outputs["roles"] == {
        "owner": "MILVUS_OWNER_ROLE", "notebook": "MILVUS_NOTEBOOK_ROLE", "people": "MILVUS_ROLE",
    }  # fmt: skip
    assert made.outputs["verification"] == program.FOUND
    for name, reference in made.outputs["images"].items():
        assert reference.startswith(image.format(name))
        assert "@sha256:" in reference


def test_defaults_make_neither_password_nor_egress() -> None:
    plain = program.run()
    assert "password" not in plain.named("identity-user").inputs
    assert "userPassword" not in plain.outputs
    assert not plain.of_type("NetworkRule")
    assert not plain.of_type("ExternalAccessIntegration")
    assert not any("INGRESS" in item.inputs["execute"] for item in plain.of_type("Execute"))


def test_only_users_that_are_to_be_created_are_users_of_the_stack() -> None:
    listed = [{"name": "ALICE"}, {"name": "BOB", "create": True, "generatePassword": True}]
    found = program.run({"notebookUsers": listed})
    assert {item.inputs["name"] for item in found.of_type("User")} == {"MILVUS_USER", "BOB"}
    granted = {item.inputs.get("userName") for item in found.of_type("GrantAccountRole")}
    assert granted - {None} == {"MILVUS_USER", "ALICE", "BOB"}
    bob = found.named("people-bob")
    assert (bob.inputs["mustChangePassword"], bob.ignore_changes) == ("true", ["mustChangePassword"])
    assert "password" in bob.secrets
    assert found.outputs["userPasswords"] == {"BOB": bob.inputs["password"]}
    assert "userPasswords" in found.secret_outputs
    assert "userPasswords" not in program.run().outputs


def test_settings_that_leave_parts_out() -> None:
    small = program.run({"sharedComputePool": True, "verify": False})
    assert [item.inputs["name"] for item in small.of_type("ComputePool")] == ["MILVUS_COMPUTE_POOL"]
    assert small.named("notebook-service").inputs["computePool"] == "MILVUS_COMPUTE_POOL"
    assert "verification" not in small.outputs


def test_pools_suspend_themselves_after_the_time_that_is_set() -> None:
    pools = program.run({"poolAutoSuspend": 0}).of_type("ComputePool")
    assert [pool.inputs["autoSuspendSecs"] for pool in pools] == [0, 0]


def test_ingress_integration_is_made_and_dropped_on_request_only() -> None:
    old_account = program.run({"ingressIntegration": True})
    statement = old_account.named("identity-ingress").inputs
    assert statement["execute"].startswith("CREATE SECURITY INTEGRATION SNOWSERVICES_INGRESS_OAUTH ")
    assert "IF NOT EXISTS" not in statement["execute"]
    assert statement["revert"] == "DROP SECURITY INTEGRATION IF EXISTS SNOWSERVICES_INGRESS_OAUTH"


def test_protection_covers_the_data_and_no_statement() -> None:
    protected = program.run({"protect": True})
    assert protected.named("database").protect
    assert protected.named("milvus-pool").protect
    assert protected.named("milvus-service").protect
    assert not any(item.protect for item in protected.of_type("Execute"))
    assert not any(item.protect for item in program.run().resources.values())


def test_a_key_of_the_user_goes_to_the_user() -> None:
    key = "MII" + "A" * 389
    made = program.run({"userPublicKey": f"-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n"})
    assert made.named("identity-user").inputs["rsaPublicKey"] == key


def test_a_deploying_role_below_sysadmin_gets_the_owner_role() -> None:
    made = program.run(connection={**program.CONNECTION, "role": "DEPLOYER"})
    assert made.named("identity-owner-deployer").inputs["parentRoleName"] == "DEPLOYER"


def test_waiting_runs_again_when_the_specification_changes() -> None:
    def statements(size: int) -> dict[str, str]:
        made = program.run({"milvusVolumeSize": size})
        names = ("milvus-service-ready", "notebook-service-ready", "milvus-setup", "verification-job")
        return {name: made.named(name).inputs["execute"] for name in names}

    first, second = statements(10), statements(20)
    changed = {name for name in first if first[name] != second[name]}
    assert changed == {"milvus-service-ready", "verification-job"}
    assert (
        """CALL "MILVUS_DEMO"."PUBLIC"."MILVUS"!SPCS_WAIT_FOR('RUNNING', 600)"""
        in first["milvus-service-ready"]
    )


def test_entry_is_by_service_role(made: program.Program) -> None:
    entry = made.named("notebook-service-people").inputs
    role = '"MILVUS_DEMO"."PUBLIC"."JUPYTER"!ALL_ENDPOINTS_USAGE'
    assert entry["execute"] == f'GRANT SERVICE ROLE {role} TO ROLE "MILVUS_ROLE"'
    assert entry["revert"] == f'REVOKE SERVICE ROLE {role} FROM ROLE "MILVUS_ROLE"'


def test_images_are_pushed_for_compute_pools_and_left_to_their_repository(made: program.Program) -> None:
    images = [item for item in made.resources.values() if item.type == "docker-build:index:Image"]
    assert {item.name for item in images} == {"milvus", "jupyter"}
    for item in images:
        assert item.inputs["platforms"] == ["linux/amd64"]
        assert item.inputs["push"] is True
        assert item.inputs["registries"] == [
            {"address": "localhost:8482", "username": "ADMIN", "password": program.CONNECTION["password"]}
        ]
        assert item.retain_on_delete


def test_failures_are_explained(made: program.Program) -> None:
    waiting = {"milvus-service-ready", "notebook-service-ready", "milvus-setup", "verification-job"}
    assert {name for name in waiting if made.named(name).error_hooks == [name]} == waiting
    assert made.hooks.keys() == waiting


def test_what_needs_a_service_resumes_it_first(made: program.Program) -> None:
    needed = {
        "milvus-service-ready": "milvus-service-awake",
        "milvus-setup": "milvus-service-awake",
        "verification-job": "milvus-service-awake",
        "notebook-service-ready": "notebook-service-awake",
    }
    found = {item.name: item.hooks_before for item in made.resources.values() if item.hooks_before}
    assert found == {name: [hook] for name, hook in needed.items()}
    assert made.resource_hooks.keys() == set(needed.values())


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("RUNNING", []),
        ("SUSPENDED", ["ALTER SERVICE {} RESUME", "CALL {}!SPCS_WAIT_FOR('RUNNING', 600)"]),
        ("SUSPENDING", ["ALTER SERVICE {} RESUME", "CALL {}!SPCS_WAIT_FOR('RUNNING', 600)"]),
    ],
)
def test_only_a_suspended_service_is_resumed(
    made: program.Program, monkeypatch: pytest.MonkeyPatch, status: str, expected: list[str]
) -> None:
    sent: list[str] = []

    @contextmanager
    def queries(account: Account, role: str | None = None) -> Iterator[Query]:
        assert role == "MILVUS_OWNER_ROLE"

        def query(statement: str) -> list[dict[str, object]]:
            sent.append(statement)
            return [{"status": status}]

        yield query

    monkeypatch.setattr(Account, "queries", queries)
    monkeypatch.setattr("pulumi.log.info", lambda _: None)
    args = pulumi.ResourceHookArgs("urn", "", "milvus-service-ready", "type")
    asyncio.run(_call(made.resource_hooks["milvus-service-awake"], args))
    service = '"MILVUS_DEMO"."PUBLIC"."MILVUS"'
    assert sent[1:] == [statement.format(service) for statement in expected]


class Provisioning(program.Answers):
    """Answers in which Snowflake has no public address yet."""

    def rows(self, query: str) -> list[dict[str, str]]:
        text = "Endpoints provisioning in progress... check back in a few minutes"
        return [{"ingress_url": text}] if query.startswith("SHOW ENDPOINTS") else super().rows(query)


def test_an_address_that_is_not_there_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def wait(_: endpoints.Addresses, service: str) -> str:
        asked.append(service)
        return "late.localhost:8481"

    monkeypatch.setattr(endpoints.Addresses, "_wait", wait)
    made = program.run(answers=Provisioning())
    assert made.outputs["notebookUrl"] == "http://late.localhost:8481"
    assert asked == ['"MILVUS_DEMO"."PUBLIC"."JUPYTER"']


def test_preview_needs_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a preview must not connect")

    monkeypatch.setattr("components.account.account.Account.connect", refuse)
    assert objects(program.run(SETTINGS, preview=True)) == OBJECTS


def specification(made: program.Program, name: str) -> str:
    """Specification text of a service."""
    return made.named(name).inputs["fromSpecification"]["text"]


def test_hooks_never_retry_a_failed_wait(made: program.Program, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr("components.account.diagnosis.Diagnosis.show", nothing)

    def retries(hook: str, *errors: str) -> object:
        args = pulumi.ErrorHookArgs("urn", "", hook, "type", errors=list(errors))
        return asyncio.run(_call(made.hooks[hook], args))

    assert retries("milvus-service-ready", "already exists") is False
    assert retries("milvus-setup", "Object 'MILVUS_SETUP' already exists.") is True
    assert retries("milvus-setup", "already exists", "already exists") is False
    assert retries("milvus-setup", "the job failed") is False


async def _call(hook: Callable[[Any], Any], args: object) -> object:
    return await hook(args)
