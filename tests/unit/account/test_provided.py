"""What every account has from the beginning: https://docs.snowflake.com/en/sql-reference/snowflake-db"""

from __future__ import annotations

from pathlib import Path

import pytest

from local_account.base.sql import Name
from local_account.catalog.catalog import Catalog
from local_account.identity import access
from local_account.objects import provided

SNOWFLAKE, WAREHOUSE = Name("", "", "SNOWFLAKE"), Name("", "", "COMPUTE_WH")


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    made = Catalog(tmp_path / "catalog.sqlite")
    access.seed(made)
    return made


def test_a_dropped_warehouse_does_not_come_back(catalog: Catalog) -> None:
    provided.seed(catalog)
    found = catalog.find("WAREHOUSE", WAREHOUSE)
    assert found
    catalog.delete(found)
    provided.seed(catalog)
    assert catalog.find("WAREHOUSE", WAREHOUSE) is None


def test_what_a_newer_version_adds_comes_to_an_older_account(catalog: Catalog) -> None:
    provided.seed(catalog)
    schema = catalog.find("SCHEMA", Name("SNOWFLAKE", "", "SPCS"))
    assert schema
    catalog.delete(schema)
    provided.seed(catalog)
    assert catalog.find("SCHEMA", Name("SNOWFLAKE", "", "SPCS"))


def test_a_database_that_somebody_made_under_this_name_stays_his(catalog: Catalog) -> None:
    made = catalog.create("DATABASE", SNOWFLAKE, "SYSADMIN")
    provided.seed(catalog)
    assert catalog.inside(made) == []
    assert not provided.is_provided(catalog, made)


def test_a_role_that_public_has_reaches_everybody(catalog: Catalog) -> None:
    catalog.create("ROLE", Name("", "", "SHARED"), "USERADMIN")
    catalog.grant_role("SHARED", "ROLE", "PUBLIC", granted_by="USERADMIN")
    assert "SHARED" in access.closure(catalog, ["SYSADMIN"])
    assert "SHARED" not in access.inherited(catalog, ["SYSADMIN"])
