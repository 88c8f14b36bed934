"""Settings: every bad value is refused with the setting, the value and what is allowed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from local_account.spcs.spec import families
from machine.paths import PROJECT
from settings import NotebookUser, Settings, SettingsError, documents, load
from settings.milvus_config import environment
from settings.values import INSTANCE_FAMILIES

SCHEMA: dict[str, dict[str, Any]] = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["config"]
PYTHON_TYPES = {"string": str, "boolean": bool, "integer": int, "array": tuple, "object": dict}
ITEMS = {"notebookUsers": "object", "egressHosts": "string"}
KEY = "MII" + "A" * 389


@pytest.fixture(autouse=True)
def _clean_configuration() -> Iterator[None]:
    yield
    pulumi.runtime.set_all_config({})


def read(*, secret: str = "userPassword", **values: str) -> Settings:
    pulumi.runtime.set_all_config(
        {f"milvus-spcs:{key}": value for key, value in values.items()}, [f"milvus-spcs:{secret}"]
    )
    return load(pulumi.Config("milvus-spcs"))


@pytest.mark.parametrize("path", documents.FILES, ids=lambda path: path.name)
def test_generated_files_are_up_to_date(path: Path) -> None:
    text = path.read_text()
    assert documents.FILES[path](text) == text, f"{path} is out of date; run `{documents.COMMAND}`"


def test_generated_parts_are_written_again_and_the_rest_stays() -> None:
    project, lifecycle = (path.read_text() for path in documents.FILES)
    assert documents.project_file(project.replace("from 1 to 20.", "from 1 to 30.")) == project
    own = project.replace("name: milvus-spcs", "name: another")
    assert documents.project_file(own) == own
    stale = re.sub("^.*`verify`.*\n", "", lifecycle, flags=re.MULTILINE)
    assert stale != lifecycle
    assert documents.lifecycle_page(stale) == lifecycle


def test_schema_and_code_have_the_same_settings() -> None:
    assert list(SCHEMA) == [to_camel(name) for name in Settings.model_fields]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_schema_and_code_agree(name: str) -> None:
    declared, default = SCHEMA[to_camel(name)], getattr(Settings(), name)
    assert type(default) is PYTHON_TYPES[declared["type"]]
    assert declared.get("items") == ({"type": ITEMS[to_camel(name)]} if to_camel(name) in ITEMS else None)
    assert declared["default"] == (list(default) if isinstance(default, tuple) else default)
    assert len(declared["description"]) > 20


def test_defaults_of_the_schema_are_good() -> None:
    """The engine gives a default as text, as it gives every value."""
    texts = {
        name: declared["default"] if declared["type"] == "string" else json.dumps(declared["default"])
        for name, declared in SCHEMA.items()
    }
    assert read(**texts) == Settings()


@pytest.mark.parametrize("stack", ["dev", "prod", "local"])
def test_stacks_have_good_settings_and_no_credential(stack: str) -> None:
    config = yaml.safe_load((PROJECT / f"Pulumi.{stack}.yaml").read_text())["config"]
    values = {key.partition(":")[2]: value for key, value in config.items() if key.startswith("milvus-spcs:")}
    assert values.keys() <= SCHEMA.keys()
    read(
        **{
            key: str(value).lower() if isinstance(value, bool) else str(value)
            for key, value in values.items()
        }
    )
    allowed = {"organizationName", "accountName", "host", "protocol", "role"}
    connection = {key.partition(":")[2] for key in config if key.startswith("snowflake:")}
    assert connection <= allowed


def test_notebook_users() -> None:
    text = """[{"name": "ALICE"}, {"name": "bob@example.com", "create": true, "generatePassword": true}]"""
    assert read(notebookUsers=text).notebook_users == (
        NotebookUser(name="ALICE"), NotebookUser(name="bob@example.com", create=True, generate_password=True),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("ALICE", "it must be a list"),
        ('["ALICE"]', "each with name and, if wanted, create, generatePassword, publicKey, email"),
        ('[{"name": ""}]', "each with name"),
        ('[{"name": "A\\" SET PASSWORD"}]', "each with name"),
        ('[{"create": true}]', "each with name"),
        ('[{"name": "A", "role": "ACCOUNTADMIN"}]', "each with name"),
        ('[{"name": "A", "create": "true"}]', "each with name"),
        ('[{"name": "A", "create": true, "generate_password": true}]', "each with name"),
        ('[{"name": "A", "email": "a@b.c"}]', "only users with create: true"),
        ('[{"name": "A", "generatePassword": true}]', "only users with create: true"),
        ('[{"name": "A", "create": true, "publicKey": "ssh-rsa"}]', "an RSA public key"),
        ('[{"name": "A"}, {"name": "A", "create": true}]', "no name is twice"),
        ('[{"name": "MILVUS_USER"}]', "made by the stack anyway"),
    ],
)
def test_bad_notebook_users(value: str, said: str) -> None:
    with pytest.raises(SettingsError, match=f"notebookUsers: .*{said}"):
        read(notebookUsers=value)


def test_defaults_are_good() -> None:
    assert read() == Settings()


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("prefix", "dev", "1 to 20 of A-Z"),
        ("prefix", "1DEV", "beginning with a letter"),
        ("prefix", "DEV_", "not ending with _"),
        ("prefix", "A" * 21, "1 to 20"),
        ("prefix", 'DEV"', "1 to 20 of A-Z"),
        ("generateUserPassword", "yes", "true or false"),
        ("userPublicKey", "ssh-rsa AAAA", "an RSA public key"),
        (
            "userPublicKey",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
            "an RSA public key",
        ),
        ("warehouseSize", "X-LARGE", "XSMALL, SMALL, MEDIUM"),
        ("warehouseAutoSuspend", "10", "a whole number of seconds from 60 to 86400"),
        ("warehouseAutoSuspend", "soon", "a whole number"),
        ("milvusInstanceFamily", "STANDARD_1", "CPU_X64_XS, CPU_X64_S"),
        ("milvusInstanceFamily", "GEN_ARM_G1_2", "CPU_X64_XS"),
        ("jupyterInstanceFamily", "", "CPU_X64_XS"),
        ("sharedComputePool", "1", "true or false"),
        ("monthlyCreditBudget", "-1", "credits from 0 to 1000000"),
        ("milvusVolumeSize", "0", "GiB from 1 to 16384"),
        ("milvusVolumeSize", "10Gi", "a whole number"),
        ("milvusVolumeIops", "1000", "from 2000 to 160000, or 0"),
        ("milvusVolumeThroughput", "3000", "MiB per second from 125 to 2400, or 0"),
        ("egressHosts", "example.com", "a list of strings"),
        ("egressHosts", '["https://example.com"]', "without scheme"),
        ("egressHosts", '["*.example.com"]', "wildcard"),
        ("egressHosts", '["example.com:25"]', "22, 80, 443"),
        ("egressHosts", '["example.com:99999"]', "22, 80, 443"),
        ("egressHosts", '["localhost"]', "HOST or HOST:PORT"),
        ("egressHosts", '["0.0.0.0:22"]', "0.0.0.0 only with port 80 or 443"),
        ("egressHosts", "[443]", "a list of strings"),
        ("ingressIntegration", "maybe", "true or false"),
        ("milvusConfig", '["proxy"]', "a map (pulumi config set"),
        ("milvusConfig", '{"proxy": 1}', "'proxy' is not such a key"),
        ("milvusConfig", '{"a.b": [1]}', "a map (pulumi config set"),
        ("milvusConfig", '{"a.b": NaN}', "the value of a.b is not"),
        (
            "milvusConfig",
            '{"mq.type": "kafka"}',
            "without mq.type, which the stack sets itself: the message queue",
        ),
        ("milvusConfig", '{"Common.Security.x": 1}', "the stack makes users and passwords"),
        ("milvusConfig", '{"local_Storage.path": 1}', "the data is on the service's block volume"),
        ("milvusConfig", '{"a.bC": 1, "a.b_c": 2}', "without one of a.bC and a.b_c"),
        ("baseImages", '["python"]', "a map of strings"),
        ("baseImages", '{"python:3": 3}', "a map of strings"),
        ("builder", "my builder", "the name of a buildx builder"),
        ("readyTimeout", "5", "seconds from 30 to 3600"),
        ("protect", "True", "true or false"),
        ("verify", "on", "true or false"),
        ("verify", "1", "true or false"),
        ("notebooks", "2.0", "a whole number of services from 1 to 20"),
        ("notebooks", "true", "a whole number"),
        ("notebooks", "[[", "a whole number"),
        ("egressHosts", '{"example.com": "443"}', "a list of strings"),
    ],
)
def test_bad_values(name: str, value: str, allowed: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(**{name: value})
    message = str(refused.value)
    assert f"{name}: {value!r} cannot be used; it must be " in message
    assert allowed in message


def test_a_bad_password_is_not_shown() -> None:
    with pytest.raises(SettingsError) as refused:
        read(userPassword="geheim")
    assert "userPassword: the secret value cannot be used; it must be 8 to 256 characters" in str(
        refused.value
    )
    assert "geheim" not in str(refused.value)
    assert "geheim" not in repr(Settings(user_password="geheim-geheim"))
    with pytest.raises(ValidationError) as refused_by_model:
        Settings(user_password="geheim")
    assert "geheim" not in str(refused_by_model.value)


def test_a_password_must_be_stored_as_secret() -> None:
    with pytest.raises(SettingsError, match="userPassword: stored as plain text; set it with") as refused:
        read(secret="", userPassword="long enough 1")
    assert "long enough" not in str(refused.value)
    assert read(userPassword="long enough 1").user_password == "long enough 1"


def test_all_bad_values_are_named_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        read(prefix="dev", readyTimeout="5")
    assert "prefix: 'dev'" in str(refused.value)
    assert "readyTimeout: '5'" in str(refused.value)


def test_all_conflicts_are_named_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        read(
            existingWarehouse="A",
            warehouseMonthlyCredits="1",
            existingRole="MILVUS_ROLE",
            existingIntegration="B",
            egressHosts='["example.com"]',
        )
    for text in (
        "warehouseMonthlyCredits: it limits",
        "existingRole: MILVUS_ROLE is",
        "existingIntegration and",
    ):
        assert f"\n  {text}" in str(refused.value)


def test_a_deeply_nested_value_is_refused_as_any_other() -> None:
    with pytest.raises(SettingsError, match=r"egressHosts: .* it must be a list of strings"):
        read(egressHosts="[" * 100_000)


def test_two_passwords_are_one_too_many() -> None:
    with pytest.raises(SettingsError, match="userPassword and generateUserPassword: only one"):
        read(userPassword="long enough 1", generateUserPassword="true")


def test_good_values() -> None:
    given = read(
        prefix="TEAM_1",
        egressHosts='["Example.com", "files.example.com:443", "0.0.0.0:80", "db.example.com:5432"]',
        userPublicKey=f"-----BEGIN PUBLIC KEY-----\n{KEY}\n-----END PUBLIC KEY-----",
        baseImages='{"python:3.12": "docker-image://localhost:5000/python"}',
        milvusConfig='{"queryNode.cache.memoryLimit": 1024, "log.level": "warn", "a.b": true, "a.c": 0.5}',
        milvusInstanceFamily="GEN_X64_G2_4",
    )
    assert given.named("MILVUS_DEMO") == "TEAM_1_MILVUS_DEMO"
    assert given.egress_hosts == (
        "example.com:443", "files.example.com:443", "0.0.0.0:80", "db.example.com:5432",
    )  # fmt: skip
    assert given.user_public_key == KEY
    assert given.base_images == {"python:3.12": "docker-image://localhost:5000/python"}
    assert environment(given.milvus_config) == {
        "QUERYNODE_CACHE_MEMORYLIMIT": "1024",
        "LOG_LEVEL": "warn",
        "A_B": "true",
        "A_C": "0.5",
    }


def test_instance_families_are_those_that_the_images_run_on() -> None:
    # ARM families would need other images.
    fitting = {
        family.name: (family.vcpu, family.memory)
        for family in families.FAMILIES.values()
        if family.architecture == "amd64" and not family.gpus
    }
    assert {name: (family["vcpu"], family["memory"]) for name, family in INSTANCE_FAMILIES.items()} == fitting
