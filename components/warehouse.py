"""The warehouse that runs the queries of the notebook and of people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_snowflake as snowflake

from components import grants
from components.role import Role


@dataclass(kw_only=True)
class WarehouseArgs:
    """Inputs of Warehouse.

    Attributes:
        name: the warehouse's name.
        users: roles that may use it, by a short name for the grant.
        size: XSMALL to X6LARGE; default XSMALL.
        auto_suspend: seconds without a query until it suspends; default 180.
        existing: it is there already: read, used, and never changed or dropped; default false.
    """

    name: str
    users: Mapping[str, Role]
    size: str = "XSMALL"
    auto_suspend: int = 180
    existing: bool = False


class Warehouse(pulumi.ComponentResource):
    """A warehouse that starts by itself, or one that is there already, and USAGE on it."""

    name: pulumi.Output[str]

    def __init__(self, name: str, args: WarehouseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("milvus-spcs:index:Warehouse", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self, delete_before_replace=True)
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
                comment="Queries of the Milvus notebook",
                opts=child,
            )
        )
        for user, role in args.users.items():
            if grants.ours(role, args.existing):
                grants.on_account_object(f"{name}-{user}", role, ["USAGE"], "WAREHOUSE", warehouse.name, self)
        self.name = warehouse.name
        self.register_outputs({"name": self.name})
