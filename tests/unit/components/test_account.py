"""The connection to Snowflake: where its settings come from, and what is said when they are wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components.account import diagnosis
from components.account.account import Account, AccountError, from_config
from components.account.errors import AddressError, ResumeError
from components.account.place import Place
from components.services import endpoints
from components.services.suspension import Resumer
from tests.unit import program

ENVIRONMENT = {
    "SNOWFLAKE_ORGANIZATION_NAME": "ORG",
    "SNOWFLAKE_ACCOUNT_NAME": "ACCT",
    "SNOWFLAKE_USER": "DEPLOY",
    "SNOWFLAKE_ROLE": "DEPLOYER",
    "SNOWFLAKE_PASSWORD": "from-the-environment",
}


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    import os

    for name in list(os.environ):
        if name.startswith("SNOWFLAKE_"):
            monkeypatch.delenv(name)
    pulumi.runtime.set_all_config({})
    yield
    pulumi.runtime.set_all_config({})


def configure(**values: str) -> None:
    pulumi.runtime.set_all_config({f"snowflake:{key}": value for key, value in values.items()})


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    account = from_config()
    assert (account.organization, account.name, account.user, account.role) == (
        "ORG", "ACCT", "DEPLOY", "DEPLOYER",
    )  # fmt: skip
    assert (account.host, account.port, account.protocol) == (None, None, "https")
    assert account.password == "from-the-environment"


def test_settings_come_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    configure(user="OTHER", host="localhost", port="8480", protocol="http")
    account = from_config()
    assert (account.user, account.port, account.protocol, account.role) == ("OTHER", 8480, "http", "DEPLOYER")


def test_missing_settings_are_named_with_the_way_out() -> None:
    with pytest.raises(AccountError) as refused:
        from_config()
    message = str(refused.value)
    for name in ("organizationName", "accountName", "user", "role"):
        assert f"{name} is missing" in message
    assert "credentials are missing: one of password, privateKey or token is needed" in message
    assert "pulumi config set snowflake:NAME VALUE" in message
    assert "SNOWFLAKE_ACCOUNT_NAME" in message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"protocol": "ftp"}, "protocol: 'ftp' cannot be used; it must be https or http"),
        ({"port": "http"}, "port: 'http' cannot be used; it must be a number from 1 to 65535"),
        ({"port": "70000"}, "port: '70000'"),
        (
            {"authenticator": "OKTA"},
            "authenticator: 'OKTA' cannot be used; it must be one of SNOWFLAKE, SNOWFLAKE_JWT",
        ),
        (
            {"authenticator": "snowflake_jwt"},
            "privateKey is missing; authenticator SNOWFLAKE_JWT needs it",
        ),
        ({"authenticator": "OAUTH"}, "token is missing"),
        ({"authenticator": "WORKLOAD_IDENTITY"}, "workloadIdentityProvider is missing"),
        ({"workloadIdentityProvider": "OKTA"}, "it must be AWS, AZURE, GCP or OIDC"),
        ({"password": ""}, "credentials are missing"),
    ],
)
def test_bad_settings(change: dict[str, str], said: str) -> None:
    configure(**{**program.CONNECTION, **change})
    with pytest.raises(AccountError) as refused:
        from_config()
    assert said in str(refused.value)
    assert program.CONNECTION["password"] not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "authenticator"),
    [
        ({"password": "p"}, "SNOWFLAKE"),
        ({"privateKey": "k"}, "SNOWFLAKE_JWT"),
        ({"token": "t"}, "PROGRAMMATIC_ACCESS_TOKEN"),
        ({"token": "t", "authenticator": "oauth"}, "OAUTH"),
        ({"workloadIdentityProvider": "aws", "authenticator": "workload_identity"}, "WORKLOAD_IDENTITY"),
    ],
)
def test_the_authenticator_follows_from_the_credential(given: dict[str, str], authenticator: str) -> None:
    configure(**{**{key: value for key, value in program.CONNECTION.items() if key != "password"}, **given})
    assert from_config().authenticator == authenticator


def test_a_workload_identity_goes_to_provider_and_connector(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"workloadIdentityProvider": "oidc", "authenticator": "WORKLOAD_IDENTITY", "token": "id-token"}
    configure(**{key: value for key, value in program.CONNECTION.items() if key != "password"}, **given)
    account, said = from_config(), {}
    assert (account.workload_identity_provider, account.token) == ("OIDC", "id-token")
    monkeypatch.setattr("snowflake.connector.connect", lambda **settings: said.update(settings))
    account.connect()
    assert {"OIDC", "WORKLOAD_IDENTITY", "id-token"} <= set(map(str, said.values()))


def test_credentials_do_not_show() -> None:
    account = Account(
        organization="O", name="A", user="U", role="R",
        password="secret1", private_key="secret2", private_key_passphrase="secret3", token="secret4",
    )  # fmt: skip
    assert "secret" not in repr(account)


def test_a_token_is_the_registrys_password_too() -> None:
    connection = {**program.CONNECTION, "token": "pat"}
    del connection["password"]
    made = program.run(connection=connection)
    image = next(item for item in made.resources.values() if item.type == "docker-build:index:Image")
    assert image.inputs["registries"] == [
        {"address": "localhost:8482", "username": "ADMIN", "password": "pat"}
    ]


def test_a_key_pair_gets_a_session_token_for_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"data": {"sessionToken": "st", "validityInSecondsST": 3600}}

    # Without `close`: the registry takes the token only while its session lives.
    def connect(_: Account) -> Any:
        return SimpleNamespace(
            rest=SimpleNamespace(_token_request=lambda kind: answer if kind == "ISSUE" else None)
        )

    monkeypatch.setattr(Account, "connect", connect)
    connection = {**program.CONNECTION, "privateKey": "pem"}
    del connection["password"]
    made = program.run(connection=connection)
    image = next(item for item in made.resources.values() if item.type == "docker-build:index:Image")
    (login,) = image.inputs["registries"]
    assert login["username"] == "0sessiontoken"
    assert json.loads(login["password"]) == {"token": "st", "expires_in": 3600}
    assert "registries" in image.secrets


CONTAINERS = [
    {"container_name": "milvus", "instance_id": "0", "status": "FAILED", "message": "User application error",
     "restart_count": 3, "last_exit_code": 1},
    {"container_name": "side", "instance_id": "0", "status": "READY", "message": "Running",
     "restart_count": 0},
    {"container_name": "none", "instance_id": None, "status": "PENDING", "message": "Waiting to start"},
]  # fmt: skip


def answer(statement: str) -> list[dict[str, Any]]:
    if statement.startswith("SHOW SERVICE CONTAINERS"):
        return CONTAINERS
    assert statement == "SELECT SYSTEM$GET_SERVICE_LOGS('D.S.MILVUS', '0', 'milvus', 30) AS LOGS"
    return [{"LOGS": "starting\npanic: no disk\n"}]


def test_a_failure_report_has_states_and_log_lines() -> None:
    assert diagnosis.describe(answer, "D.S.MILVUS").splitlines() == [
        "D.S.MILVUS did not succeed:",
        "  container milvus, instance 0: FAILED, User application error; 3 restarts, last exit code 1",
        "    | starting",
        "    | panic: no disk",
        "  container side, instance 0: READY, Running; 0 restarts",
        "  container none, instance None: PENDING, Waiting to start; 0 restarts",
    ]


@pytest.fixture
def place() -> Place:
    account = Account(organization="O", name="A", user="U", role="R", protocol="http")
    return Place(account=account, owner_role="OWNER", database="D", schema="S")


def test_a_failed_job_is_dropped_as_its_owner(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    @contextmanager
    def queries(_: Account, role: str) -> Iterator[Any]:
        assert role == "OWNER"
        yield lambda statement: said.append(statement) or []

    monkeypatch.setattr(Account, "queries", queries)
    report = diagnosis.Diagnosis(place=place, service=None)  # type: ignore[arg-type]
    report._examine("D.S.J", drop=True)
    assert said == [
        'SHOW SERVICE CONTAINERS IN SERVICE "D"."S"."J"',
        'DROP SERVICE IF EXISTS "D"."S"."J" FORCE',
    ]


def test_an_unreadable_status_is_said(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from snowflake.connector import Error

    @contextmanager
    def queries(_: Account, role: str) -> Iterator[Any]:
        raise Error(msg="no connection")
        yield

    monkeypatch.setattr(Account, "queries", queries)
    report = diagnosis.Diagnosis(place=place, service=None)._examine("D.S.J", drop=False)  # type: ignore[arg-type]
    assert report.startswith("D.S.J: its status and logs could not be read: ")
    assert "no connection" in report


def test_a_service_that_does_not_resume_is_explained(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from snowflake.connector import Error

    rows = {
        "DESCRIBE": [{"status": "SUSPENDED"}],
        "SHOW": [
            {"container_name": "main", "instance_id": None, "status": "PENDING", "message": "No free node"}
        ],
    }

    @contextmanager
    def queries(_: Account, role: str) -> Iterator[Any]:
        def query(statement: str) -> list[dict[str, Any]]:
            if statement.startswith("CALL"):
                raise Error(msg="it has not reached RUNNING")
            return rows.get(statement.split()[0], [])

        yield query

    monkeypatch.setattr(Account, "queries", queries)
    with pytest.raises(ResumeError) as failed:
        Resumer(place=place, service=None, timeout=1)._resume("D.S.M")  # type: ignore[arg-type]
    assert "it has not reached RUNNING" in str(failed.value)
    assert "container main, instance None: PENDING, No free node" in str(failed.value)


PROVISIONING = {"ingress_url": "Endpoints provisioning in progress... check back in a few minutes"}
THERE = {"ingress_url": "abc-org-acct.example.app"}


@pytest.mark.parametrize(
    ("rows", "address"),
    [
        ([], None),
        ([PROVISIONING], None),
        ([{"ingress_url": None}], None),
        ([{"ingress_url": ""}, THERE], "abc-org-acct.example.app"),
    ],
)
def test_addresses(rows: list[dict[str, str | None]], address: str | None) -> None:
    assert endpoints.find_address(rows) == address


def wait(
    place: Place, monkeypatch: pytest.MonkeyPatch, answers: list[Any], *, dry_run: bool, timeout: int
) -> str:
    @contextmanager
    def queries(_: Account, role: str) -> Iterator[Any]:
        yield lambda _: [answers.pop(0)]

    monkeypatch.setattr(Account, "queries", queries)
    monkeypatch.setattr(endpoints, "_PAUSE_SECONDS", 0)
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: dry_run)
    return asyncio.run(endpoints.Addresses(place, timeout).public_url([PROVISIONING], '"S"'))


def test_an_address_is_waited_for(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    url = wait(place, monkeypatch, [PROVISIONING, PROVISIONING, THERE], dry_run=False, timeout=60)
    assert url == "http://abc-org-acct.example.app"


def test_a_preview_looks_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert wait(place, monkeypatch, [PROVISIONING], dry_run=True, timeout=60) == ""


def test_waiting_for_an_address_ends(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        AddressError, match=r"has not provisioned the public endpoint of \"S\" within 0 seconds"
    ):
        wait(place, monkeypatch, [PROVISIONING], dry_run=False, timeout=0)
