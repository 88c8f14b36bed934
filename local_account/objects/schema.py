"""SCHEMA objects. See https://docs.snowflake.com/en/sql-reference/sql/create-schema"""

from __future__ import annotations

from typing import Any, ClassVar

from local_account.base import errors
from local_account.base.result import Result, columns, status
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Object
from local_account.identity import parameters
from local_account.objects.container import Container, contents
from local_account.objects.database import INFORMATION_SCHEMA
from local_account.statement.context import Context
from local_account.statement.object_type import Reader, read_options

KIND = "SCHEMA"
MANAGED = "MANAGED ACCESS"
_CREATE = (
    "AGGREGATION POLICY|ALERT|AUTHENTICATION POLICY|CORTEX SEARCH SERVICE|DYNAMIC TABLE|EVENT TABLE|"
    "EXTERNAL TABLE|FILE FORMAT|FUNCTION|GATEWAY|GIT REPOSITORY|HYBRID TABLE|ICEBERG TABLE|IMAGE REPOSITORY|"
    "MASKING POLICY|MATERIALIZED VIEW|MODEL|NETWORK RULE|NOTEBOOK|PACKAGES POLICY|PASSWORD POLICY|PIPE|"
    "PRIVACY POLICY|PROCEDURE|PROJECTION POLICY|RESOURCE GROUP|ROW ACCESS POLICY|SECRET|SEMANTIC VIEW|"
    "SEQUENCE|SERVICE|SESSION POLICY|SNAPSHOT|SNOWFLAKE.CORE.BUDGET|SNOWFLAKE.ML.ANOMALY_DETECTION|"
    "SNOWFLAKE.ML.CLASSIFICATION|SNOWFLAKE.ML.FORECAST|SNOWFLAKE.ML.TOP_INSIGHTS|"
    "STAGE|STREAM|STREAMLIT|TABLE|TAG|TASK|TEMPORARY TABLE|VIEW"
)


class Schema(Container):
    """Schemas. If a schema has managed access, only its owner grants privileges on its contents."""

    kind, plural, scope = KIND, "SCHEMAS", "database"
    filters_privileges = True
    redefinable = True
    modifiers = frozenset({"TRANSIENT"})
    privileges = frozenset(
        {"ADD SEARCH OPTIMIZATION", "APPLYBUDGET", "MODIFY", "MONITOR", "USAGE"}
        | {f"CREATE {kind}" for kind in _CREATE.split("|")}
    )
    options: ClassVar[dict[str, Reader]] = {**parameters.readers(KIND)}
    show_columns = columns(
        "created_on:timestamp_ltz name is_default is_current database_name owner comment options "
        "retention_time owner_role_type"
    )

    def read_create(self, context: Context, statement: Statement) -> dict[str, Any]:
        if statement.words(1) == ("CLONE",):
            raise errors.unsupported("CREATE SCHEMA CLONE")
        managed = statement.accept("WITH", "MANAGED", "ACCESS")
        return {MANAGED: managed, **read_options(statement, self.all_options())}

    def created(self, context: Context, item: Object) -> None:
        context.session.database, context.session.schema = item.database, item.name

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        session = context.session
        user = context.catalog.find("USER", Name("", "", session.account_user))
        options = [word for word in ("TRANSIENT", MANAGED) if item.properties.get(word)]
        retention, _ = parameters.values_of(context.catalog, item).get("DATA_RETENTION_TIME_IN_DAYS")
        default = user and user.properties.get("DEFAULT_NAMESPACE") == f"{item.database}.{item.name}"
        current = (item.database, item.name) == (session.database, session.schema)
        return {
            "database_name": item.database,
            "is_default": "Y" if default else "N",
            "is_current": "Y" if current else "N",
            "options": ", ".join(options),
            "retention_time": retention,
        }

    def describe(self, context: Context, item: Object) -> Result:
        found = [one for one in context.catalog.inside(item) if context.access.sees(one)]
        return contents(found)

    def action(self, context: Context, item: Object, statement: Statement) -> Result | None:
        """{ENABLE | DISABLE} MANAGED ACCESS"""
        if statement.words(2) not in (("ENABLE", "MANAGED"), ("DISABLE", "MANAGED")):
            return None
        enable = statement.word() == "ENABLE"
        statement.expect("MANAGED", "ACCESS")
        statement.end()
        context.require_ownership(item)
        with context.catalog.transaction():
            item = self.fresh(context, item)
            item.properties[MANAGED] = enable
            context.catalog.save(item)
        return status("Statement executed successfully.")

    def require_drop(self, context: Context, item: Object) -> None:
        if item.name == INFORMATION_SCHEMA:
            raise errors.insufficient_privileges("schema", item.name)
        super().require_drop(context, item)


TYPES = [Schema()]
