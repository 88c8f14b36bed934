"""A compute pool: the machines that services run on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_snowflake as snowflake

from components.roles import grants
from components.roles.role import Role


@dataclass(kw_only=True)
class ComputePoolArgs:
    """Inputs of ComputePool.

    Attributes:
        name: the pool's name.
        users: the roles that may run services on the pool, by a short name for the grant.
        instance_family: kind of machine; default CPU_X64_S.
        nodes: number of machines, fixed; default 1.
        auto_suspend: seconds without a running service after which the pool suspends itself; 0: never;
            default 600.
    """

    name: str
    users: Mapping[str, Role]
    instance_family: str = "CPU_X64_S"
    nodes: int = 1
    auto_suspend: int = 600


class ComputePool(pulumi.ComponentResource):
    """A pool of fixed size. Deleting it drops all services on it, so a stack deletes its services first."""

    name: pulumi.Output[str]

    def __init__(self, name: str, args: ComputePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("milvus-spcs:index:ComputePool", name, {}, opts)
        pool = snowflake.ComputePool(
            name,
            name=args.name,
            instance_family=args.instance_family,
            min_nodes=args.nodes,
            max_nodes=args.nodes,
            auto_resume="true",
            # A running service keeps the pool running, even if nobody uses the service.
            auto_suspend_secs=args.auto_suspend,
            comment="Runs Milvus and its notebook",
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        for user, role in args.users.items():
            grants.grant(f"{name}-{user}", role, ["USAGE"], ("COMPUTE POOL", pool.name), self)
        self.name = pool.name
        self.register_outputs({"name": self.name})
