"""What every account has from the beginning: the database SNOWFLAKE and the warehouse COMPUTE_WH.

Nobody owns the database, so nobody can change or drop it. Roles get it with GRANT IMPORTED PRIVILEGES,
and its database roles one by one. See https://docs.snowflake.com/en/sql-reference/snowflake-db and
https://docs.snowflake.com/en/sql-reference/snowflake-db-roles
"""

from __future__ import annotations

from local_account.base.result import now
from local_account.base.sql import Name
from local_account.catalog.catalog import Catalog, Object
from local_account.identity import access
from local_account.objects.warehouse import Warehouse, default_size

DATABASE = "SNOWFLAKE"
PROVIDED = "PROVIDED"
_WAREHOUSE = "COMPUTE_WH"
_ADMINISTRATOR = "ACCOUNTADMIN"
_SCHEMAS = (
    *("ACCOUNT_USAGE", "CORE", "CORTEX", "IMAGES", "INFORMATION_SCHEMA", "LOCAL", "ML", "NETWORK_SECURITY"),
    *("ORGANIZATION_USAGE", "SPCS", "TELEMETRY"),
)
_ROLES = (
    *("ALERT_VIEWER", "CLASSIFICATION_ADMIN", "COPILOT_USER", "CORE_VIEWER", "CORTEX_EMBED_USER"),
    *("CORTEX_USER", "DATA_METRIC_USER", "DATA_QUALITY_MONITORING_VIEWER", "DOCUMENT_INTELLIGENCE_CREATOR"),
    *("EVENTS_ADMIN", "EVENTS_VIEWER", "GOVERNANCE_VIEWER", "ML_USER", "MONITORING_VIEWER"),
    *("NOTIFICATION_VIEWER", "OBJECT_VIEWER", "ORGANIZATION_ACCOUNTS_VIEWER", "ORGANIZATION_BILLING_VIEWER"),
    *("ORGANIZATION_USAGE_VIEWER", "PYPI_REPOSITORY_USER", "READER_USAGE_VIEWER", "SECURITY_VIEWER"),
    "USAGE_VIEWER",
)
_GIVEN_TO_ALL = "CORTEX_USER"
_REPOSITORY = Name(DATABASE, "IMAGES", "SNOWFLAKE_IMAGES")


def seed(catalog: Catalog) -> None:
    """Make what is missing. COMPUTE_WH is made once only, because its owner may drop it."""
    with catalog.transaction():
        database = catalog.find("DATABASE", Name("", "", DATABASE))
        if database is None:
            properties = {PROVIDED: True}
            database = catalog.create("DATABASE", Name("", "", DATABASE), "", properties)
            catalog.grant("USAGE", database.id, _ADMINISTRATOR, with_option=True, granted_by="")
            _seed_warehouse(catalog)
        elif not database.properties.get(PROVIDED):
            return  # An older version let somebody make a database of this name.
        for name in _SCHEMAS:
            _seed_schema(catalog, name)
        for name in _ROLES:
            _seed_role(catalog, database, name)
        if catalog.find("IMAGE REPOSITORY", _REPOSITORY) is None:
            images = catalog.create("IMAGE REPOSITORY", _REPOSITORY, "", {"ENCRYPTION": "SNOWFLAKE_FULL"})
            catalog.grant("READ", images.id, access.PUBLIC, with_option=False, granted_by="")


def _seed_warehouse(catalog: Catalog) -> None:
    name = Name("", "", _WAREHOUSE)
    if catalog.find("WAREHOUSE", name) is None:
        state = {"SUSPENDED": True, "RESUMED_ON": now(), "USED_ON": now()}
        size = {"WAREHOUSE_SIZE": default_size(Warehouse.defaults["WAREHOUSE_TYPE"])}
        catalog.create("WAREHOUSE", name, _ADMINISTRATOR, {**Warehouse.defaults, **size, **state})


def _seed_schema(catalog: Catalog, schema: str) -> None:
    name = Name(DATABASE, "", schema)
    if catalog.find("SCHEMA", name) is None:
        made = catalog.create("SCHEMA", name, "")
        # Who may use the database may look into its schemas.
        catalog.grant("USAGE", made.id, access.PUBLIC, with_option=False, granted_by="")


def _seed_role(catalog: Catalog, database: Object, role: str) -> None:
    name = Name(DATABASE, "", role)
    if catalog.find(access.DATABASE_ROLE, name) is None:
        made = catalog.create(access.DATABASE_ROLE, name, "")
        key = access.role_key(made)
        catalog.grant("USAGE", database.id, key, with_option=False, granted_by="")
        if role == _GIVEN_TO_ALL:
            catalog.grant_role(key, "ROLE", access.PUBLIC, granted_by="")


def is_provided(catalog: Catalog, item: Object) -> bool:
    """Whether this is the database SNOWFLAKE or something in it."""
    name = item.name if item.type == "DATABASE" else item.database
    if name != DATABASE:
        return False
    database = catalog.find("DATABASE", Name("", "", name))
    return database is not None and bool(database.properties.get(PROVIDED))
