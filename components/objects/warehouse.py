"""The warehouse for the queries of the notebook and of people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_snowflake as snowflake

from components.account.errors import MonitorError
from components.roles import grants
from components.roles.role import Role

_ADMINISTRATOR = "ACCOUNTADMIN"
_NOTIFY_PERCENT, _SUSPEND_PERCENT = 80, 100


@dataclass(kw_only=True)
class WarehouseArgs:
    """Inputs of Warehouse.

    Attributes:
        name: name of the warehouse.
        users: the roles that may use the warehouse, by a short name for the grant.
        size: XSMALL to X6LARGE; default XSMALL.
        auto_suspend: seconds without a query after which the warehouse suspends itself; default 180.
        existing: whether the warehouse exists already; then it is read and used, and never changed or
            dropped. Default false.
        monthly_credits: credits that a new warehouse may use per calendar month; 0: no limit; default 0.
        monitor: name of the resource monitor that enforces this limit; default MILVUS_MONITOR.
    """

    name: str
    users: Mapping[str, Role]
    size: str = "XSMALL"
    auto_suspend: int = 180
    existing: bool = False
    monthly_credits: int = 0
    monitor: str = "MILVUS_MONITOR"


class Warehouse(pulumi.ComponentResource):
    """A new warehouse that resumes by itself, or an existing one, and the grants of USAGE on it.

    If there is a limit of credits, a resource monitor suspends the new warehouse when it has used them.
    """

    name: pulumi.Output[str]

    def __init__(self, name: str, args: WarehouseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("milvus-spcs:index:Warehouse", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self, delete_before_replace=True)
        monitor = self._monitor(f"{name}-monitor", args, child) if args.monthly_credits else None
        warehouse = (
            snowflake.Warehouse.get(name, args.name, opts=child)
            if args.existing
            else snowflake.Warehouse(
                name,
                name=args.name,
                warehouse_size=args.size,
                auto_suspend=args.auto_suspend,
                auto_resume="true",
                initially_suspended=True,
                resource_monitor=monitor.name if monitor else None,
                comment="Queries of the Milvus notebook",
                opts=child,
            )
        )
        for user, role in args.users.items():
            if grants.is_managed(role, args.existing):
                grants.grant(f"{name}-{user}", role, ["USAGE"], ("WAREHOUSE", warehouse.name), self)
        self.name = warehouse.name
        self.register_outputs({"name": self.name})

    def _monitor(
        self, name: str, args: WarehouseArgs, child: pulumi.ResourceOptions
    ) -> snowflake.ResourceMonitor:
        # Without a frequency, the quota is for each calendar month.
        return snowflake.ResourceMonitor(
            name,
            name=args.monitor,
            credit_quota=args.monthly_credits,
            notify_triggers=[_NOTIFY_PERCENT],
            suspend_trigger=_SUSPEND_PERCENT,
            opts=child,
        )


def require_monitor_role(monthly_credits: int, role: str) -> None:
    """Stop the program if it needs a resource monitor and the deploying role cannot make one.

    See https://docs.snowflake.com/en/user-guide/resource-monitors.

    Args:
        monthly_credits: the setting `warehouseMonthlyCredits`; 0: no resource monitor is needed.
        role: the deploying role.

    Raises:
        MonitorError: a resource monitor is needed, and the role is not ACCOUNTADMIN.
    """
    if monthly_credits and role.upper() != _ADMINISTRATOR:
        raise MonitorError(
            "Nothing was changed. warehouseMonthlyCredits needs a resource monitor, which only "
            f"{_ADMINISTRATOR} can make; role {role} deploys. Deploy with snowflake:role {_ADMINISTRATOR}, "
            "or set warehouseMonthlyCredits to 0 and have an administrator watch the account's credits "
            "(ALTER ACCOUNT SET RESOURCE_MONITOR)."
        )
