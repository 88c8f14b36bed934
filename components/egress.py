"""Which hosts outside Snowflake the notebook may reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_snowflake as snowflake

from components import grants
from components.role import Role


@dataclass(kw_only=True)
class EgressArgs:
    """Inputs of Egress.

    Attributes:
        hosts: HOST:PORT each; none when the integration is there already.
        rule: name of the network rule.
        integration: name of the external access integration.
        existing: the integration is there already: read, used, and never changed or dropped; default false.
        database, schema: where the rule is made.
        user: role that owns the notebook; it may attach the integration but not change it.
    """

    hosts: Sequence[str]
    rule: str
    integration: str
    database: pulumi.Input[str]
    schema: pulumi.Input[str]
    user: Role
    existing: bool = False


class Egress(pulumi.ComponentResource):
    """The integration that services attach: with a network rule of its own, or one that is there already.

    Made by the deploying role: code in the notebook acts as its owner and must not widen its own egress.
    See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/service-network-communications.
    """

    integration: pulumi.Output[str]

    def __init__(self, name: str, args: EgressArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("milvus-spcs:index:Egress", name, {}, opts)
        integration = (
            snowflake.ExternalAccessIntegration.get(
                f"{name}-integration", args.integration, opts=pulumi.ResourceOptions(parent=self)
            )
            if args.existing
            else self._integration(name, args)
        )
        grants.grant(f"{name}-notebook", args.user, ["USAGE"], ("INTEGRATION", integration.name), self)
        self.integration = integration.name
        self.register_outputs({"integration": self.integration})

    def _integration(self, name: str, args: EgressArgs) -> snowflake.ExternalAccessIntegration:
        child = pulumi.ResourceOptions(parent=self, delete_before_replace=True)
        rule = snowflake.NetworkRule(
            f"{name}-rule",
            name=args.rule,
            database=args.database,
            schema=args.schema,
            type="HOST_PORT",
            mode="EGRESS",
            value_lists=list(args.hosts),
            comment="Hosts that the notebook may reach",
            opts=child,
        )
        return snowflake.ExternalAccessIntegration(
            f"{name}-integration",
            name=args.integration,
            allowed_network_rules=[rule.fully_qualified_name],
            enabled=True,
            comment="Egress of the notebook",
            opts=child,
        )
