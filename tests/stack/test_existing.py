"""A second stack in the same account, on objects that others made; both live and die independently."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.deployer import bootstrap, keys
from settings import Settings
from tests.stack.conftest import Deployment
from tests.stack.program_copy import PREFIX, copied

pytestmark = pytest.mark.docker

DEPLOYER = f"{PREFIX}_MILVUS_DEPLOYER"
THERE = {
    "existingWarehouse": "THERE_WH",
    "existingDatabase": "THERE_DB",
    "existingRole": "THERE_ROLE",
    "existingIntegration": "THERE_EAI",
}
CHOSEN = Settings(
    prefix=PREFIX,
    existing_warehouse="THERE_WH",
    existing_database="THERE_DB",
    existing_role="THERE_ROLE",
    existing_integration="THERE_EAI",
)


@pytest.fixture
def there(deployed: Deployment) -> Iterator[Deployment]:
    """The account with objects, and grants among them, that no stack made."""
    for statement in (
        "CREATE WAREHOUSE THERE_WH INITIALLY_SUSPENDED = TRUE",
        "CREATE DATABASE THERE_DB",
        "CREATE TABLE THERE_DB.PUBLIC.KEPT (A INT)",
        "CREATE NETWORK RULE THERE_DB.PUBLIC.THERE_RULE TYPE = HOST_PORT MODE = EGRESS "
        "VALUE_LIST = ('example.com')",
        "CREATE EXTERNAL ACCESS INTEGRATION THERE_EAI ENABLED = TRUE "
        "ALLOWED_NETWORK_RULES = (THERE_DB.PUBLIC.THERE_RULE)",
        "CREATE ROLE THERE_ROLE",
        "GRANT USAGE ON WAREHOUSE THERE_WH TO ROLE THERE_ROLE",
        "GRANT USAGE ON DATABASE THERE_DB TO ROLE THERE_ROLE",
    ):
        deployed.sql(statement)
    yield deployed
    for statement in (
        "DROP INTEGRATION THERE_EAI",
        "DROP DATABASE THERE_DB",
        "DROP WAREHOUSE THERE_WH",
        "DROP ROLE THERE_ROLE",
    ):
        deployed.sql(statement)


@pytest.fixture
def deployer(there: Deployment) -> Iterator[str]:
    """The private key of a deployer without any right beyond what the bootstrap gives."""
    private = keys.new_private_key()
    made = bootstrap.Deployer(DEPLOYER, bootstrap.privileges(CHOSEN))
    bootstrap.make(there.sql, made, keys.public_half(private))
    yield private
    bootstrap.drop(there.sql, DEPLOYER)


def test_what_others_made_is_used_and_stays(there: Deployment, deployer: str, tmp_path: Path) -> None:
    before = _objects(there)
    with copied(there, tmp_path) as copy:
        copy.sign_in(DEPLOYER, "SNOWFLAKE_JWT", "SNOWFLAKE_PRIVATE_KEY", deployer)
        copy.configure("generateUserPassword", False)
        copy.configure("existingWarehouse", "NOT_THERE")
        code, output = copy.pulumi("preview")
        assert code, output
        assert "NOT_THERE" in output
        for setting, name in THERE.items():
            copy.configure(setting, name)
        copy.configure("notebooks", 2)
        for command in (("up", "--skip-preview", "--yes"), ("preview", "--expect-no-changes")):
            code, output = copy.pulumi(*command)
            assert code == 0, output
        services = there.sql("SHOW SERVICES EXCLUDE JOBS IN ACCOUNT")
        assert {
            (row["database_name"], row["schema_name"], row["name"], row["status"])
            for row in services
            if row["database_name"] == "THERE_DB"
        } == {
            ("THERE_DB", f"{PREFIX}_MILVUS", "MILVUS", "RUNNING"),
            ("THERE_DB", f"{PREFIX}_MILVUS", "JUPYTER", "RUNNING"),
            ("THERE_DB", f"{PREFIX}_MILVUS", "JUPYTER_2", "RUNNING"),
        }
        code, output = copy.pulumi("destroy", "--skip-preview", "--yes")
        assert code == 0, output
    assert _objects(there) == before
    (row,) = there.sql("SHOW SERVICES LIKE 'MILVUS' IN ACCOUNT")
    assert (row["database_name"], row["status"]) == ("MILVUS_DEMO", "RUNNING")
    unchanged = there.pulumi("preview", "--expect-no-changes")
    assert unchanged.returncode == 0, unchanged.stdout


def _objects(account: Deployment) -> set[tuple[str, ...]]:
    """What is in the account, and who may use what is there already."""
    kinds = (
        "ROLES",
        "USERS",
        "WAREHOUSES",
        "DATABASES",
        "SCHEMAS",
        "COMPUTE POOLS",
        "INTEGRATIONS",
        "TABLES",
    )
    found = {
        (kind, str(row.get("database_name", "")), row["name"])
        for kind in kinds
        for row in account.sql(f"SHOW {kind}" + (" IN ACCOUNT" if kind in ("SCHEMAS", "TABLES") else ""))
    }
    for kind, name in (("WAREHOUSE", "THERE_WH"), ("DATABASE", "THERE_DB"), ("INTEGRATION", "THERE_EAI")):
        rows = account.sql(f"SHOW GRANTS ON {kind} {name}")
        found |= {(name, row["privilege"], row["grantee_name"]) for row in rows}
    return found
