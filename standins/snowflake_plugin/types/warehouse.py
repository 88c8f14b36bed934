"""Warehouses. See https://docs.snowflake.com/en/sql-reference/sql/create-warehouse."""

import time
from collections.abc import Sequence
from typing import ClassVar

from standins.snowflake_plugin import sql
from standins.snowflake_plugin.columns import columns
from standins.snowflake_plugin.objects import COMMENT, NAME
from standins.snowflake_plugin.parameters import ParameterResource, parameters
from standins.snowflake_plugin.properties import Prop
from standins.snowflake_plugin.resource import State
from standins.snowflake_plugin.session import Session

SIZES = (
    "XSMALL",
    "SMALL",
    "MEDIUM",
    "LARGE",
    "XLARGE",
    "XXLARGE",
    "XXXLARGE",
    "X4LARGE",
    "X5LARGE",
    "X6LARGE",
)
_OTHER_SIZES = {
    "X-SMALL": "XSMALL",
    "X-LARGE": "XLARGE",
    "X2LARGE": "XXLARGE",
    "2X-LARGE": "XXLARGE",
    "X3LARGE": "XXXLARGE",
    "3X-LARGE": "XXXLARGE",
    "4X-LARGE": "X4LARGE",
    "5X-LARGE": "X5LARGE",
    "6X-LARGE": "X6LARGE",
}
_CONSTRAINTS = (
    "STANDARD_GEN_1",
    "STANDARD_GEN_2",
    "MEMORY_1X",
    "MEMORY_1X_X86",
    "MEMORY_16X",
    "MEMORY_16X_X86",
    "MEMORY_64X",
    "MEMORY_64X_X86",
)


class Warehouse(ParameterResource):
    """A virtual warehouse."""

    type = "Warehouse"
    kind = "WAREHOUSE"
    level = "WAREHOUSE"
    at_most_one = (("resourceConstraint", "generation"),)
    props = (
        NAME,
        Prop(
            "warehouseType",
            "enum",
            choices=("STANDARD", "SNOWPARK-OPTIMIZED"),
            what="warehouse type",
            drift="type",
        ),
        Prop(
            "warehouseSize", "enum", choices=SIZES, aliases=_OTHER_SIZES, what="warehouse size", drift="size"
        ),
        Prop("maxClusterCount", "int", minimum=1, drift="maxClusterCount"),
        Prop("minClusterCount", "int", minimum=1, drift="minClusterCount"),
        Prop(
            "scalingPolicy",
            "enum",
            choices=("STANDARD", "ECONOMY"),
            what="scaling policy",
            drift="scalingPolicy",
        ),
        Prop("autoSuspend", "count", minimum=0, drift="autoSuspend"),
        Prop("autoResume", "flag", drift="autoResume"),
        Prop("initiallySuspended", "bool", create_only=True),
        Prop(
            "resourceMonitor",
            "ident",
            drift="resourceMonitor",
            from_show=lambda value: "" if value == "null" else value,
        ),
        COMMENT,
        Prop("enableQueryAcceleration", "flag", drift="enableQueryAcceleration"),
        Prop("queryAccelerationMaxScaleFactor", "count", minimum=0, drift="queryAccelerationMaxScaleFactor"),
        Prop(
            "resourceConstraint",
            "enum",
            choices=_CONSTRAINTS,
            what="warehouse resource constraint",
            drift="resourceConstraint",
        ),
        Prop("generation", "enum", choices=("1", "2"), what="generation", drift="generation"),
        *parameters(
            "MAX_CONCURRENCY_LEVEL:int STATEMENT_QUEUED_TIMEOUT_IN_SECONDS:int"
            " STATEMENT_TIMEOUT_IN_SECONDS:int"
        ),
    )
    # UNSET AUTO_SUSPEND does not give Snowflake's default, so the default is set.
    unset_as: ClassVar = {"AUTO_SUSPEND": "600"}
    show_columns = columns(
        "name state type size min_cluster_count:int max_cluster_count:int started_clusters:int"
        " running:int queued:int is_default:bool is_current:bool auto_suspend:int auto_resume:bool"
        " available:int provisioning:int quiescing:int other:int created_on resumed_on updated_on"
        " owner comment enable_query_acceleration:bool query_acceleration_max_scale_factor:int"
        " resource_monitor scaling_policy owner_role_type resource_constraint generation"
    )
    computed = ("fullyQualifiedName", "showOutputs")

    def changes(self, session: Session, resource_id: str, olds: State, news: State) -> dict[str, bool]:
        """A size cannot be unset, so leaving it out replaces the warehouse."""
        changes = super().changes(session, resource_id, olds, news)
        if "warehouseSize" in changes and not news.get("warehouseSize"):
            changes["warehouseSize"] = True
        return changes

    def apply(self, session: Session, names: Sequence[str], setting: list[str], unsetting: list[str]) -> None:
        """Wait for a new size; a new type can only be set while the warehouse is suspended."""
        for position, change in enumerate(setting):
            if change.startswith("WAREHOUSE_SIZE"):
                setting.insert(position + 1, "WAIT_FOR_COMPLETION = true")
                break
        retyped = any(change.startswith("WAREHOUSE_TYPE") for change in setting)
        resume = retyped and self._suspend(session, names)
        super().apply(session, names, setting, unsetting)
        if resume:
            session.run(f"ALTER WAREHOUSE {sql.path(names)} RESUME IF SUSPENDED", self.timeout)

    def _suspend(self, session: Session, names: Sequence[str]) -> bool:
        """Suspend a started warehouse and wait up to 5 s; returns whether it was started."""
        row = self.show(session, names)
        if row is None or row["state"] != "STARTED":
            return False
        session.run(f"ALTER WAREHOUSE {sql.path(names)} SUSPEND", self.timeout)
        for _ in range(5):
            if (row := self.show(session, names)) and row["state"] == "SUSPENDED":
                break
            time.sleep(1)
        return True
