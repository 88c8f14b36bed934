"""Statements of pools and services: result columns, refusals, privileges."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import yaml

from tests.account.conftest import RunningAccount
from tests.account.spcs_world import DATABASE, OWNER, POOL, READY, SERVER, World

pytestmark = pytest.mark.docker
ENDPOINTS = [{"name": "web", "port": 8000, "public": True}, {"name": "rpc", "port": 8001, "protocol": "TCP"}]
SERVICE_COLUMNS = (
    "name status database_name schema_name owner compute_pool dns_name current_instances target_instances "
    "min_ready_instances min_instances max_instances auto_resume external_access_integrations created_on "
    "updated_on resumed_on suspended_on auto_suspend_secs comment owner_role_type query_warehouse is_job "
    "is_async_job spec_digest is_upgrading managing_object_domain managing_object_name"
)
POOL_COLUMNS = (
    "name state min_nodes max_nodes instance_family num_services num_jobs auto_suspend_secs auto_resume "
    "active_nodes idle_nodes target_nodes created_on resumed_on updated_on owner comment is_exclusive "
    "application placement_group backup_instance_families"
)


@pytest.fixture(scope="module")
def service(world: World) -> Iterator[str]:
    roles = [{"name": "people", "endpoints": ["web"]}]
    specification = world.spec(SERVER, container=READY, endpoints=ENDPOINTS, serviceRoles=roles)
    with world.service("SHOWN", specification, options="COMMENT = 'a comment'") as name:
        yield name


def test_specification_with_escaped_line_breaks(world: World) -> None:
    value = "one\ttwo\\three 'four'"
    main = {"name": "main", "image": world.image, "env": {"TEXT": value}}
    text = yaml.safe_dump({"spec": {"containers": [main]}})
    assert text.count("\n") > 4
    escapes = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "'": "\\'"}
    written = "".join(escapes.get(letter, letter) for letter in text)
    with world.service("ESCAPED", f"FROM SPECIFICATION '{written}'", wait=False) as name:
        stored = yaml.safe_load(world.run(f"DESCRIBE SERVICE {name}")[0]["spec"])
    assert stored["spec"]["containers"][0]["env"] == {"TEXT": value}


def test_pool_columns(world: World) -> None:
    shown = world.run("SHOW COMPUTE POOLS LIKE 'spcs_pool'")
    assert " ".join(shown[0]) == POOL_COLUMNS
    described = world.run(f"DESCRIBE COMPUTE POOL {POOL}")[0]
    added = " application budget error_code status_message "
    assert " ".join(described) == POOL_COLUMNS.replace(" application ", added)
    assert (described["comment"], described["error_code"], described["auto_resume"]) == (None, "", "true")


def test_pool_life(account: RunningAccount, world: World) -> None:
    create = "CREATE COMPUTE POOL LIFE MIN_NODES = 1 MAX_NODES = 2 INSTANCE_FAMILY = CPU_X64_XS"
    account.run(f"{create} INITIALLY_SUSPENDED = TRUE")

    def pool() -> dict[str, object]:
        return account.run("SHOW COMPUTE POOLS LIKE 'LIFE'")[0]

    assert (pool()["state"], pool()["target_nodes"]) == ("SUSPENDED", 0)
    assert world.refused(create, role="ACCOUNTADMIN").errno == 2002
    account.run("ALTER COMPUTE POOL LIFE SET INSTANCE_FAMILY = CPU_X64_S", "ALTER COMPUTE POOL LIFE RESUME")
    world.eventually(lambda: pool()["state"] == "IDLE")
    assert (pool()["instance_family"], pool()["idle_nodes"]) == ("CPU_X64_S", 1)
    refused = world.refused("ALTER COMPUTE POOL LIFE SET INSTANCE_FAMILY = CPU_X64_M", role="ACCOUNTADMIN")
    assert "only while it is suspended" in str(refused)
    account.run("ALTER COMPUTE POOL LIFE SET MAX_NODES = 3 COMMENT = 'c' AUTO_SUSPEND_SECS = 0")
    account.run("ALTER COMPUTE POOL LIFE UNSET AUTO_SUSPEND_SECS, COMMENT", "ALTER COMPUTE POOL LIFE SUSPEND")
    assert (pool()["max_nodes"], pool()["auto_suspend_secs"], pool()["comment"]) == (3, 3600, None)
    account.run("ALTER COMPUTE POOL IF EXISTS LIFE STOP ALL", "DROP COMPUTE POOL IF EXISTS LIFE")
    assert account.run("SHOW COMPUTE POOLS LIKE 'LIFE'") == []


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ("MIN_NODES = 0 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_S", "'MIN_NODES'. Allowed: 1 or more"),
        ("MIN_NODES = 2 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_S", "'MAX_NODES'. Allowed: MIN_NODES (2)"),
        ("MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X99", "invalid value [CPU_X99]"),
        ("MIN_NODES = 1 MAX_NODES = 1", "Missing option(s): [INSTANCE_FAMILY]"),
        ("MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_S SIZE = 1", "unexpected 'SIZE'"),
    ],
)
def test_bad_pools(world: World, options: str, text: str) -> None:
    assert text in str(world.refused(f"CREATE COMPUTE POOL BAD {options}", role="ACCOUNTADMIN"))


def test_instance_families(account: RunningAccount) -> None:
    rows = {row["name"]: row for row in account.run("SHOW COMPUTE POOL INSTANCE FAMILIES")}
    assert (rows["CPU_X64_S"]["vcpu"], rows["CPU_X64_S"]["memory_gib"]) == (3, 13)


def test_service_columns(world: World, service: str) -> None:
    shown = world.run(f"SHOW SERVICES LIKE '{service}' IN SCHEMA {DATABASE}.PUBLIC")[0]
    assert " ".join(shown) == SERVICE_COLUMNS
    assert (shown["status"], shown["current_instances"], shown["target_instances"]) == ("RUNNING", 1, 1)
    assert (shown["owner"], shown["comment"], shown["external_access_integrations"]) == (
        OWNER,
        "a comment",
        None,
    )
    assert (shown["is_job"], shown["is_upgrading"], shown["suspended_on"]) == (False, False, None)
    described = world.run(f"DESCRIBE SERVICE {service}")[0]
    assert " ".join(described) == SERVICE_COLUMNS.replace(" dns_name ", " spec dns_name ")
    assert 'sha256: "@sha256:' in described["spec"]


def test_inside_a_service(world: World, account: RunningAccount, service: str) -> None:
    container = world.containers(service)[0]
    assert (container["instance_id"], container["status"], container["message"]) == ("0", "READY", "Running")
    assert container["image_name"] == account.settings.registry_host + world.image
    assert container["start_time"].endswith("Z")
    instance = world.run(f"SHOW SERVICE INSTANCES IN SERVICE {service}")[0]
    assert instance["status"] == "READY"
    assert instance["ip_address"].count(".") == 3
    endpoints = {row["name"]: row for row in world.run(f"SHOW ENDPOINTS IN SERVICE {service}")}
    assert endpoints["web"]["ingress_url"].endswith(
        f"-local-account.localhost:{account.settings.ingress_port}"
    )
    assert (endpoints["rpc"]["ingress_url"], endpoints["rpc"]["is_public"]) == (None, "false")
    roles = [row["name"] for row in world.run(f"SHOW ROLES IN SERVICE {service}")]
    assert roles == ["ALL_ENDPOINTS_USAGE", "PEOPLE"]
    status = world.run(f"SELECT SYSTEM$GET_SERVICE_STATUS('{service}') AS S")[0]["S"]
    assert json.loads(status)[0]["status"] == "READY"
    domain = world.run(f"SELECT SYSTEM$GET_SERVICE_DNS_DOMAIN('{DATABASE}.PUBLIC') AS D")[0]["D"]
    assert world.run(f"SHOW SERVICES LIKE '{service}'")[0]["dns_name"] == f"shown.{domain}"


def test_other_roles_see_only_what_was_granted(world: World, account: RunningAccount, service: str) -> None:
    account.run(
        "CREATE ROLE IF NOT EXISTS SPCS_GUEST",
        "GRANT ROLE SPCS_GUEST TO ROLE SYSADMIN",
        f"GRANT USAGE ON DATABASE {DATABASE} TO ROLE SPCS_GUEST",
        f"GRANT USAGE ON SCHEMA {DATABASE}.PUBLIC TO ROLE SPCS_GUEST",
    )
    guest = "SPCS_GUEST"
    assert world.run("SHOW SERVICES", role=guest) == []
    assert world.refused(f"DESCRIBE SERVICE {service}", role=guest).errno == 2003
    world.run(f"GRANT SERVICE ROLE {service}!PEOPLE TO ROLE {guest}")
    endpoints = world.run(f"SHOW ENDPOINTS IN SERVICE {service}", role=guest)
    assert [row["name"] for row in endpoints] == ["web"]
    assert world.refused(f"SELECT SYSTEM$GET_SERVICE_LOGS('{service}', 0, 'main')", role=guest).errno == 3001
    world.run(f"GRANT USAGE ON SERVICE {service} TO ROLE {guest}")
    assert world.run(f"DESCRIBE SERVICE {service}", role=guest)[0]["spec"] == ""
    assert world.refused(f"ALTER SERVICE {service} SUSPEND", role=guest).errno == 3001
    assert world.refused(f"DROP SERVICE {service}", role=guest).errno == 3001


def test_refused_services(world: World, account: RunningAccount) -> None:
    def refused(specification: str, role: str = OWNER, pool: str = POOL, options: str = "") -> str:
        statement = f"CREATE SERVICE BAD IN COMPUTE POOL {pool} {specification} {options}"
        return str(world.refused(statement, role=role))

    good = world.spec()
    assert "Compute pool 'NONE' does not exist or not authorized" in refused(good, pool="NONE")
    assert "unknown option 'port'" in refused(world.spec(container={"port": 1}))
    secret = {"secrets": [{"snowflakeSecret": "NO_SECRET", "directoryPath": "/s"}]}
    assert "NO_SECRET' does not exist or not authorized" in refused(world.spec(container=secret))
    assert "'MAX_INSTANCES'" in refused(good, options="MIN_INSTANCES = 2 MAX_INSTANCES = 1")
    assert "'AUTO_SUSPEND_SECS'" in refused(good, options="AUTO_SUSPEND_SECS = 10")
    block = {"volumes": [{"name": "data", "source": "block", "size": "1Gi"}]}
    assert "as block volumes need it" in refused(world.spec(**block), options="MAX_INSTANCES = 2")
    assert "syntax error" in refused(good, options="SIZE = 1")
    replace = f"CREATE OR REPLACE SERVICE BAD IN COMPUTE POOL {POOL} {good}"
    assert "CREATE OR REPLACE SERVICE" in str(world.refused(replace))


def test_bind_service_endpoint_is_needed(world: World, account: RunningAccount) -> None:
    account.run(f"REVOKE BIND SERVICE ENDPOINT ON ACCOUNT FROM ROLE {OWNER}", role="ACCOUNTADMIN")
    try:
        specification = world.spec(endpoints=ENDPOINTS)
        refused = world.refused(f"CREATE SERVICE BAD IN COMPUTE POOL {POOL} {specification}")
        assert refused.errno == 3001
        assert "BIND SERVICE ENDPOINT" in str(refused)
    finally:
        account.run(f"GRANT BIND SERVICE ENDPOINT ON ACCOUNT TO ROLE {OWNER}", role="ACCOUNTADMIN")
